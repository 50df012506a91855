"""What a report says, in English and Chinese.

{left} is the derivative that an equation computes, {term} what stands in it as it should be, {wrong} what
stands there instead or too much.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "zh")

# One sentence for each kind of mistake; a variant behind the dot says what is known beside the kind.
MISTAKES: Final[dict[str, tuple[str, str]]] = {
    "missing_factor": (
        "In {left} the factor {term} is missing.",
        "{left} 中缺少因子 {term}。",
    ),
    "extra_factor": (
        "In {left} the factor {wrong} is too much.",
        "{left} 中多了因子 {wrong}。",
    ),
    "replaced_factor": (
        "In {left}, {wrong} stands where {term} should be.",
        "{left} 中应为 {term}，却写成了 {wrong}。",
    ),
    "missing_term": (
        "In {left} the term {term} is left out of the argument of {wrong}.",
        "{left} 中 {wrong} 的自变量里漏掉了 {term} 这一项。",
    ),
    "transpose": (
        "In {left}, {term} is transposed the wrong way.",
        "{left} 中 {term} 的转置不对。",
    ),
    "transpose.product": (
        "In {left} a factor of a matrix product is not transposed, or the factors stand in another "
        "order: {problem}.",
        "{left} 中矩阵乘积的某个因子没有转置，或因子的顺序不对：{problem}。",
    ),
    "transpose.whole": (
        "{left} is transposed.",
        "{left} 被转置了。",
    ),
    "transpose.kernel": (
        "In {left}, {term} is not turned the right way around.",
        "{left} 中 {term} 的翻转方向不对。",
    ),
    "order": (
        "In {left} the factors of the matrix product stand in the wrong order.",
        "{left} 中矩阵乘积的顺序不对。",
    ),
    "missing_sum": (
        "In {left} the sum {term} is not taken over all its values.",
        "{left} 中没有对 {term} 的全部项求和。",
    ),
    "missing_sum.shape": (
        "In {left} a sum is not taken: {problem}.",
        "{left} 中少了求和：{problem}。",
    ),
    "extra_sum": (
        "In {left} something is summed over that should stay apart.",
        "{left} 中对不该求和的指标求了和。",
    ),
    "batch_scale.missing": (
        "In {left} the factor {term} is missing: the loss is a mean over the batch, not a sum.",
        "{left} 中缺少因子 {term}：损失是对批次取平均，而不是求和。",
    ),
    "batch_scale": (
        "In {left} the factor {wrong} is too much: a sum over the batch is no mean, and is not scaled.",
        "{left} 中多了因子 {wrong}：对批次的求和被多除或多乘了批次大小。",
    ),
    "sign": (
        "In {left} the sign of {term} is wrong.",
        "{left} 中 {term} 的符号错了。",
    ),
    "sign.whole": (
        "The sign of {left} is wrong.",
        "{left} 的符号错了。",
    ),
    "scale": (
        "{left} is {wrong} times what it should be.",
        "{left} 是正确值的 {wrong} 倍。",
    ),
    "scale.missing": (
        "In {left} the constant {term} is missing.",
        "{left} 中缺少常数 {term}。",
    ),
    "other_loss": (
        "This is the gradient of another loss: {loss}.",
        "这是另一个损失函数的梯度：{loss}。",
    ),
    "other_reduction": (
        "This is the gradient of the same loss with another reduction over the batch: {loss}.",
        "这是同一损失函数的梯度，但对批次的归约方式不同：{loss}。",
    ),
    "regularization": (
        "In {left} the penalty's share should be {term}, not {wrong}.",
        "{left} 中正则项应为 {term}，而不是 {wrong}。",
    ),
    "regularization.missing": (
        "In {left} the penalty's share {term} is missing.",
        "{left} 中缺少正则项 {term}。",
    ),
    "regularization.share": (
        "{left} has {wrong} times the parameter (or its signs) too much.",
        "{left} 中多出了参数（或其符号）的 {wrong} 倍。",
    ),
    "missing_path": (
        "In {left} a path is left out: {term} is missing.",
        "{left} 中漏掉了一条路径：缺少 {term}。",
    ),
    "truncated": (
        "In {left} the path through the next step is left out: {term} is missing (truncated "
        "backpropagation through time).",
        "{left} 中漏掉了经过下一时间步的路径：缺少 {term}（截断的沿时间反向传播）。",
    ),
    "bias_missing": (
        "{left}, the gradient of a bias, is missing.",
        "缺少偏置的梯度 {left}。",
    ),
    "bias_missing.class": (
        "{left} is missing: the bias never moves.",
        "缺少 {left}：偏置从不更新。",
    ),
    "bias_missing.forward": (
        "In {left} the bias {term} is not added.",
        "{left} 中没有加上偏置 {term}。",
    ),
    "updated_weight": (
        "In {left} the weight {term} is used after its own update; the gradient needs the value from "
        "before the step.",
        "{left} 中使用了已经更新过的权重 {term}；梯度应使用更新之前的值。",
    ),
    "dropout_scale": (
        "In {left} the scale {wrong} of dropout is wrong: the mask brings its factor 1/(1 - rate) in "
        "training, and nothing is scaled outside it.",
        "{left} 中 dropout 的缩放 {wrong} 不对：训练时掩码自带因子 1/(1 - rate)，其余时候不缩放。",
    ),
    "softmax_elementwise": (
        "In {left} only the diagonal of the Jacobian is used, as if the function worked entry by entry: "
        "the sum {term} is missing.",
        "{left} 中只用了雅可比矩阵的对角线，好像函数是逐元素的：缺少求和 {term}。",
    ),
    "shape": (
        "{left} has the wrong shape: {problem}.",
        "{left} 的形状不对：{problem}。",
    ),
    "missing": (
        "{left} is missing.",
        "缺少 {left}。",
    ),
    "missing.class": (
        "{left} is missing: the parameter never moves.",
        "缺少 {left}：参数从不更新。",
    ),
    "unknown": (
        "{left} is wrong, and no single mistake that is known explains it.",
        "{left} 是错的，但没有已知的单个错误可以解释它。",
    ),
    "unknown.problem": (
        "{left} has no value: {problem}.",
        "{left} 没有值：{problem}。",
    ),
}

PHRASES: Final[dict[str, tuple[str, str]]] = {
    "right": ("right", "正确"),
    "wrong": ("wrong", "错误"),
    "missing": ("missing", "缺失"),
    "unusable": ("unusable", "无法评判"),
    "all right": ("All {count} gradients are right.", "全部 {count} 个梯度都正确。"),
    "one right": ("The one gradient is right.", "唯一的梯度正确。"),
    "some wrong": ("{count} of {all} gradients are not right.", "{all} 个梯度中有 {count} 个不对。"),
    "follows": ("It makes {names} wrong, too.", "{names} 也因此出错。"),
    "following": ("This follows from {left}, which is wrong before it.", "这由之前就错了的 {left} 引起。"),
    "partial": ("It is so only in what {names} is computed from.", "只在计算 {names} 时才是这样。"),
    "also": ("That makes it the gradient of {loss}.", "这样得到的就是{loss}的梯度。"),
    "gap": (" ", ""),
    "loss": ("{name}, {reduction}", "{reduction}的{name}"),
    "with": ("{text} Here {what}.", "{text}其中 {what}。"),
    "look": ("Look again at {left} ({where}).", "请再看看 {left}（{where}）。"),
    "formula": ("right", "正确公式"),
    "code": ("code", "代码"),
    "off": ("relative error {error}", "相对误差 {error}"),
    "cosine": ("angle to the right gradient {angle}°", "与正确梯度的夹角 {angle}°"),
    "times": ("{scale} times the right gradient", "正确梯度的 {scale} 倍"),
    "first": ("The first deviation is in {left} ({where}).", "最早的偏差出现在 {left}（{where}）。"),
    "known": ("{numbers}.", "{numbers}。"),
    "agree": ("Right are {names}.", "正确的有 {names}。"),
    "line": ("line {line} of the answer", "答案第 {line} 行"),
    "parameter": ("gradient of", "参数"),
    "verdict": ("verdict", "评判"),
    "error": ("error", "误差"),
    "remark": ("remark", "说明"),
    "title": ("{answer}, judged against {network}", "{answer}：对照 {network} 评判"),
    "answer": ("answer", "答案"),
    "points": ("points", "得分"),
    "summary": ("{right} of {all} answers are right, {unusable} unusable.",
                "{all} 份答案中 {right} 份正确，{unusable} 份无法评判。"),
    "sum": ("summed over the batch", "对批次求和"),
    "mean": ("mean over the batch", "对批次取平均"),
    "mse": ("the squared error (mse)", "平方误差（mse）"),
    "mae": ("the absolute error (mae)", "绝对误差（mae）"),
    "huber": ("the Huber loss", "Huber 损失"),
    "binary_cross_entropy": ("binary cross-entropy", "二元交叉熵"),
    "cross_entropy": ("cross-entropy", "交叉熵"),
    "hinge": ("the hinge loss", "合页损失"),
    "formula loss": ("the loss of the network file", "网络文件中的损失"),
    "separator": (", ", "、"),
    "and": (" and ", "和"),
}  # fmt: skip


def say(lang: str, key: str, **values: object) -> str:
    """A phrase in a language, filled in."""
    return PHRASES[key][LANGUAGES.index(lang)].format(**values)


def listed(lang: str, names: list[str]) -> str:
    """``W2, b2 and W1``."""
    if len(names) < 2:
        return "".join(names)
    return say(lang, "separator").join(names[:-1]) + say(lang, "and") + names[-1]
