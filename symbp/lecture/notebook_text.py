"""Every sentence of a notebook, in English and in Chinese."""

from __future__ import annotations

from symbp.writers.phrases import LANGUAGES

WORDS: dict[str, tuple[str, str]] = {
    "title": ("{name}, line by line", "{name}：逐行推导"),
    "signature": (
        "Written by symbp. Each step below has its formula, the lines of code that compute it, and "
        "a check of what they computed. Run the cells from top to bottom; they need NumPy and "
        "nothing else.",
        "Written by symbp. 下面每一步都有公式、计算它的代码，以及对结果的检验。请自上而下运行各单元；"
        "只需要 NumPy。",
    ),
    "data": ("Data", "数据"),
    "data_text": (
        "`_all_x` and `_all_t` hold {count} samples. The steps below look at {few} of them, `_x` "
        "and `_t`.",
        "`_all_x` 与 `_all_t` 共有 {count} 个样本。下面各步只用其中 {few} 个：`_x` 与 `_t`。",
    ),
    "part": (
        "They are {count} of the {given} samples of the whole set.",
        "它们取自全部 {given} 个样本中的 {count} 个。",
    ),
    "module": ("The module", "模块"),
    "module_text": (
        "This is the code that symbp generates for the network. The steps below take its "
        "`_forward`, `_loss` and `_backward` apart.",
        "这是 symbp 为该网络生成的代码。下面各步把其中的 `_forward`、`_loss` 和 `_backward` 逐行拆开。",
    ),
    "start": ("Parameters, and what to check against", "参数与检验的依据"),
    "start_text": (
        "The parameters stand a little beside the ones that training starts from: there some are "
        "zero, and zero may be just where a function has a kink. The module computes the whole "
        "step once; its gradients are compared with central differences below.",
        "这里的参数与训练的初始值略有不同：初始值中有些为零，而零可能恰好是函数的尖点。模块先把整个步骤计算"
        "一遍；下面再把它的梯度与中心差分比较。",
    ),
    "symbols": ("Symbols", "符号"),
    "functions": ("Activations and their derivatives", "激活函数及其导数"),
    "forward": ("Forward pass", "前向传播"),
    "loss": ("Loss", "损失函数"),
    "backward": ("Backward pass", "反向传播"),
    "update": ("Update", "参数更新"),
    "training": ("Training", "训练"),
    "also": ("The code also computes:", "代码还计算："),
    "same": ("as in the module", "与模块一致"),
    "difference": ("differs from central differences by", "与中心差分之差"),
    "loss_word": ("loss", "损失"),
    "held_out": ("held out", "验证"),
    "accuracy": ("accuracy", "准确率"),
    "epochs": ("epochs", "轮"),
    "gradients": (
        "All gradients together are those that the module returns, bit by bit.",
        "所有梯度合在一起，与模块返回的逐位相同。",
    ),
    "all_same": ("all gradients as in the module", "所有梯度与模块一致"),
    "step": ("loss before and after the step", "更新前后的损失"),
    "training_text": (
        "The same step over and over: {epochs} epochs.",
        "反复进行同样的步骤：共 {epochs} 轮。",
    ),
    "shorter": (
        "The same step over and over: {epochs} of the {planned} epochs that the network file asks "
        "for, so that it takes seconds.",
        "反复进行同样的步骤：网络文件要求 {planned} 轮，这里只训练 {epochs} 轮，数秒即可完成。",
    ),
    "predictions": (
        "What the trained network says about the samples above:",
        "训练后的网络对上面样本的输出：",
    ),
}


def word(key: str, lang: str, **fields: object) -> str:
    """One phrase with its fields filled in."""
    return WORDS[key][LANGUAGES.index(lang)].format(**fields)
