"""Every sentence of an exercise sheet, in English and in Chinese; what is between dollars is math."""

from __future__ import annotations

from symbp.writers.phrases import LANGUAGES

PHRASES: dict[str, tuple[str, str]] = {
    "worksheet": ("Backpropagation by hand: {name}", "手算反向传播：{name}"),
    "solution": ("Backpropagation by hand: {name}, solution", "手算反向传播：{name}（解答）"),
    "faulty": ("Find the mistake: {name}", "找出错误：{name}"),
    "key": ("Find the mistake: {name}, key", "找出错误：{name}（答案）"),
    "intro": (
        "Work from the loss back to the input, one step at a time. Write each derivative as a "
        "formula in what you know by then, and then its value to four digits.",
        "从损失出发，逐步向输入方向推导。每一步先用已知的量写出导数的公式，再算出数值（保留四位有效数字）。",
    ),
    "intro_faulty": (
        "Somebody has worked from the loss back to the input. One of the steps of the backward "
        "pass is wrong; all that follows was worked out from it without another mistake. Find "
        "the step, say what is wrong, and put it right.",
        "下面有人从损失出发推导到输入。反向传播中有一步是错的，其后的各步都由它正确地算出。"
        "请找出这一步，说明错在哪里，并改正它。",
    ),
    "scalar": (
        "To keep the numbers few, every layer has one neuron here.",
        "为减少计算量，这里每层只有一个神经元。",
    ),
    "shrunk": (
        "To keep the numbers few, the layers are smaller here than in the network file.",
        "为减少计算量，这里各层比网络文件中的小。",
    ),
    "matrix_note": (
        "There is one sample, $N = 1$; activations and biases are rows.",
        "只有一个样本，$N = 1$；激活值与偏置都是行向量。",
    ),
    "scalar_note": ("There is one sample.", "只有一个样本。"),
    "network": ("The network", "网络"),
    "given": ("Given", "已知"),
    "forward": ("Forward pass", "前向传播"),
    "backward": ("Backward pass", "反向传播"),
    "layer": ("layer", "层"),
    "type": ("type", "类型"),
    "output": ("neurons", "神经元数"),
    "parameters": ("parameters", "参数"),
    "input": ("input", "输入"),
    "step": ("step", "步骤"),
    "value": ("Value", "数值"),
    "functions": ("With", "其中"),
    "loss": ("Loss", "损失"),
    "symbol": ("symbol", "符号"),
    "number": ("value", "数值"),
    "mistake": ("The mistake", "错误所在"),
    "wrong_step": (
        "Step {number} of the backward pass is wrong. There stands",
        "反向传播的第 {number} 步是错的。原文写的是",
    ),
    "right_is": ("and it should be", "正确的是"),
    "check": (
        "`symbp check {network} FILE` judges a filled sheet: put each formula in the place of its "
        "line.",
        "填好后可用 `symbp check {network} 文件` 批改：把每个公式填到对应的横线处。",
    ),
}


def phrase(key: str, lang: str, **fields: object) -> str:
    """One sentence in a language, its fields filled in."""
    text = PHRASES[key][LANGUAGES.index(lang)]
    return text.format(**fields)
