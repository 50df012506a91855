"""Every word of the lecture page, in English and in Chinese."""

from __future__ import annotations

from symbp.writers.phrases import LANGUAGES

WORDS: dict[str, tuple[str, str]] = {
    "picture": ("Network", "网络"),
    "derivation": ("Derivation", "推导"),
    "code": ("Code", "代码"),
    "notation": ("Notation", "记号"),
    "scalar": ("Scalar", "标量"),
    "matrix": ("Matrix", "矩阵"),
    "index": ("Index", "下标"),
    "no_scalar": (
        "With one neuron a layer, this network would be nothing to look at",
        "每层只有一个神经元时，该网络将退化而失去意义",
    ),
    "steps": ("Steps", "步骤"),
    "steps_hint": ("Unfold the steps of every equation", "展开每个等式的推导步骤"),
    "mode": ("View", "视图"),
    "read": ("Read", "阅读"),
    "step": ("Step by step", "逐步计算"),
    "train": ("Training", "训练"),
    "theme": ("Light or dark", "浅色或深色"),
    "help": ("Keys", "按键"),
    "close": ("Close", "关闭"),
    "skip": ("To the derivation", "跳到推导"),
    "forward": ("Forward pass", "前向传播"),
    "loss": ("Loss", "损失函数"),
    "backward": ("Backward pass", "反向传播"),
    "update": ("Update", "参数更新"),
    "symbols": ("Symbols", "符号"),
    "unfold": ("How it follows", "如何得出"),
    "from": ("Where from?", "从何而来？"),
    "path": ("Back to the definitions:", "回溯到定义："),
    "kind:chain": ("chain rule", "链式法则"),
    "kind:factor": ("local derivative", "局部导数"),
    "kind:step": ("put together", "代入合并"),
    "kind:definition": ("definition", "定义"),
    "kind:result": ("result", "结果"),
    "kind:shape": ("shapes", "形状"),
    "kind:update": ("update", "更新"),
    "whole": ("and so on: the rest of the module", "模块的其余部分"),
    "lines": ("{count} lines", "{count} 行"),
    "comments": ("Comments", "注释"),
    "times": ("{times} times", "重复 {times} 次"),
    "copies": ("{letter} = 0, …, {last}", "{letter} = 0, …, {last}"),
    "input": ("input", "输入"),
    "target": ("target", "真实值"),
    "loss_box": ("loss", "损失"),
    "batch": ("a batch of {count} samples", "一批 {count} 个样本"),
    "given": ("Given: inputs, targets and parameters", "已知：输入、真实值与参数"),
    "first": ("Back to the start", "回到开头"),
    "back": ("One step back", "后退一步"),
    "next": ("One step on", "前进一步"),
    "play": ("Play", "播放"),
    "pause": ("Pause", "暂停"),
    "last": ("To the end", "到结尾"),
    "position": ("Step {step} of {steps}", "第 {step} 步，共 {steps} 步"),
    "epoch": ("Epoch {epoch} of {epochs}", "第 {epoch} 轮，共 {epochs} 轮"),
    "largest": ("largest {value}", "最大值 {value}"),
    "recorded": (
        "The generated module, trained for {epochs} epochs on {samples} samples.",
        "生成的模块在 {samples} 个样本上训练 {epochs} 轮的记录。",
    ),
    "shortened": (
        "The generated module, trained for {epochs} of {planned} epochs on {samples} of {given} "
        "samples, to be short.",
        "为节省时间，生成的模块只在 {given} 个样本中的 {samples} 个上训练了 {epochs} 轮（共 {planned} 轮）。",
    ),
    "curve": ("Loss", "损失"),
    "training": ("training", "训练"),
    "held": ("held out", "验证"),
    "accuracy": ("Accuracy", "准确率"),
    "norms": ("Gradient norm of each parameter", "各参数的梯度范数"),
    "flow": ("Before training: the gradient on its way back", "训练之前：回传途中的梯度"),
    "healthy": ("healthy", "正常"),
    "vanishing": ("vanishing", "消失"),
    "exploding": ("exploding", "爆炸"),
    "not measured": ("not measured", "未测量"),
    "not finite": ("not finite", "非有限值"),
    "boundary": ("Output over the plane of inputs", "输入平面上的输出"),
    "fit": ("The curve it has learned", "学到的曲线"),
    "keys": (
        "→ ←\tnext step, step before\nSpace\tplay, pause\nHome End\tto the start, to the end\n"
        "↑ ↓\tthe terms of the equation in focus\nEnter\tpin what is in focus\nEsc\tunpin",
        "→ ←\t下一步，上一步\n空格\t播放，暂停\nHome End\t到开头，到结尾\n"
        "↑ ↓\t在当前等式的各项之间移动\nEnter\t固定当前高亮\nEsc\t取消固定",
    ),
}  # fmt: skip


def word(key: str, lang: str, **fields: object) -> str:
    """One phrase with its fields filled in."""
    return WORDS[key][LANGUAGES.index(lang)].format(**fields)


def words(lang: str) -> dict[str, str]:
    """All phrases; fields in them are left to the page's script."""
    place = LANGUAGES.index(lang)
    return {key: both[place] for key, both in WORDS.items()}
