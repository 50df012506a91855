"""Every sentence that a derivation says, in English and in Chinese.

``{}`` fields take finished text; what stands between dollar signs is math. Keys of rewrite rules are
those that calculus/derive.py records.
"""

from __future__ import annotations

LANGUAGES = ("en", "zh")

PHRASES: dict[str, tuple[str, str]] = {
    "title": ("Backpropagation through the network {name}", "网络 {name} 的反向传播推导"),
    "symbols": ("Symbols", "符号"),
    "forward": ("Forward pass", "前向传播"),
    "loss": ("Loss", "损失函数"),
    "functions": ("Activations and their derivatives", "激活函数及其导数"),
    "backward": ("Backward pass", "反向传播"),
    "update": ("Update", "参数更新"),
    "scalar_intro": (
        "Every layer has one neuron, and there is one sample.",
        "每层只有一个神经元，且只有一个样本。",
    ),
    "matrix_intro": (
        "The rows of a matrix are the $N$ samples of a batch; functions and powers act on each entry. "
        "A row vector such as a bias is added to every row, a column of one number per sample is "
        "repeated along the rows. Shapes stand below each equation.",
        "矩阵的每一行是一个样本，一批共 $N$ 个样本；函数与幂逐元素作用。行向量（如偏置）加到每一行上，"
        "每个样本一个数的列向量沿行重复。每个等式下方标出形状。",
    ),
    "index_intro": (
        "Every entry is written with its indices: $n$ counts the $N$ samples of a batch, the other "
        "letters the entries of a sample or a parameter; a prime marks a second letter of the same "
        "kind.",
        "每个元素都带下标书写：$n$ 表示一批 $N$ 个样本中的第 $n$ 个，其余字母为样本或参数内部的下标；"
        "带撇的字母是同类的另一个下标。",
    ),
    "sign:odot": ("$\\odot$ is the product of entries.", "$\\odot$ 表示逐元素乘积。"),
    "sign:oslash": ("$\\oslash$ is the quotient of entries.", "$\\oslash$ 表示逐元素相除。"),
    "sign:ones": (
        "$\\mathbf{{1}}$ is a column of ones.",
        "$\\mathbf{{1}}$ 是元素全为 1 的列向量。",
    ),
    "sign:variance": (
        "$\\sigma^2$ with the index of its layer is a variance, $\\sigma(u)$ is the sigmoid.",
        "带层号下标的 $\\sigma^2$ 表示方差，$\\sigma(u)$ 表示 sigmoid 函数。",
    ),
    "sign:bracket": (
        "A condition in square brackets is 1 where it holds and 0 elsewhere.",
        "方括号中的条件成立时为 1，否则为 0。",
    ),
    "means": ("{symbols}: {meaning}", "{symbols}: {meaning}"),
    "degenerate": (
        "With one neuron in each layer there would be nothing left of {kinds}; so this is the index "
        "form.",
        "若每层只有一个神经元，{kinds} 将退化而失去意义，因此这里改用下标形式。",
    ),
    "input": ("the input", "输入"),
    "target": ("the target", "真实值"),
    "parameter": ("parameters", "参数"),
    "noise": ("random masks of dropout", "dropout 的随机掩码"),
    "constant": ("constants", "常量"),
    "buffer": ("running statistics, kept by training", "训练中维护的滑动统计量"),
    "alpha": ("the learning rate", "学习率"),
    "loss_symbol": ("the loss", "损失"),
    "copies": (
        "The superscript $({letter})$ counts the {times} copies of a layer, from 0: one set of "
        "formulas serves them all.",
        "上标 $({letter})$ 从 0 开始为重复的 {times} 层编号：同一组公式适用于所有层。",
    ),
    "forward_copies": (
        "From {start} on, for ${letter} = 0, \\dots, {last}$:",
        "从 {start} 开始，对 ${letter} = 0, \\dots, {last}$：",
    ),
    "behind": ("Behind the copies:", "重复的层之后："),
    "before": ("In front of the copies:", "重复的层之前："),
    "chain_for": ("The chain rule for {symbol}:", "对 {symbol} 应用链式法则："),
    "slope_of": ("The derivative of the loss by {symbol}:", "损失对 {symbol} 的导数："),
    "share": (
        "The share of {symbol} that comes through {layer}:",
        "{symbol} 经由 {layer} 得到的那一部分：",
    ),
    "joined": (
        "The loss and the last activation are differentiated as one: apart, the first divides by "
        "what the second multiplies with.",
        "损失函数与最后的激活函数合在一起求导：若分开求，前者除以的量正是后者乘上的量。",
    ),
    "one_hot": (
        "Used here: the targets of a sample sum to one, {fact}.",
        "这里用到：每个样本的目标值之和为 1，即 {fact}。",
    ),
    "recursion": (
        "From copy ${letter}+1$ back to copy ${letter}$, for ${letter} = {last}, \\dots, 0$:",
        "从第 ${letter}+1$ 层递推到第 ${letter}$ 层，${letter} = {last}, \\dots, 0$：",
    ),
    "title2": (
        "Products with the Hessian of the network {name}",
        "网络 {name} 的海森矩阵与向量之积",
    ),
    "direction": (
        "{symbol} is the derivative of $u$ along a direction in the space of the parameters, whose "
        "parts are those of the parameters themselves; inputs and targets stay as they are. Along it "
        "the gradients change by the product of the Hessian with the direction.",
        "{symbol} 表示 $u$ 沿参数空间中某个方向的导数，方向的各分量即各参数的分量；输入与真实值不变。"
        "梯度沿该方向的变化就是海森矩阵与该方向之积。",
    ),
    "time_forward": (
        "For each step ${letter} = 0, \\dots, {last}$; before the first step {memory} is zero, unless a "
        "start is given:",
        "对每一步 ${letter} = 0, \\dots, {last}$；若未给出初值，第一步之前 {memory} 为零：",
    ),
    "time_ahead": (
        "For each step ${letter} = {last}, \\dots, 0$; behind the last step {memory} is zero, unless a "
        "start is given:",
        "对每一步 ${letter} = {last}, \\dots, 0$；若未给出初值，最后一步之后 {memory} 为零：",
    ),
    "time_backward": (
        "Back through time, for ${letter} = {first}, \\dots, {last}$; nothing comes from beyond:",
        "沿时间反向，对 ${letter} = {first}, \\dots, {last}$；更远处没有贡献：",
    ),
    "handed_back": (
        "What each step hands back to {symbol} of the step before it:",
        "每一步传回给前一步 {symbol} 的部分：",
    ),
    "time_recursion": (
        "Together they are the recursion of backpropagation through time:",
        "合起来就是沿时间反向传播的递推式：",
    ),
    "time_jacobian": (
        "One step back multiplies the derivative by {memory} with the Jacobian of the step:",
        "每后退一步，对 {memory} 的导数就乘上该步的雅可比矩阵：",
    ),
    "time_product": (
        "From step $s$ to step $t$ these Jacobians multiply, {product}. Where their singular values "
        "stay below one the gradient vanishes with the distance $s - t$, where they stay above one it "
        "explodes. The gradients of the shared parameters are sums over time.",
        "从第 $s$ 步到第 $t$ 步，这些雅可比矩阵连乘：{product}。若奇异值总小于 1，梯度随距离 "
        "$s - t$ 消失；若总大于 1，则爆炸。共享参数的梯度是对时间求和。",
    ),
    "routing": (
        "The derivative goes to the first place at which the maximum is taken, and nowhere else.",
        "导数只传给取得最大值的第一个位置，其余位置为零。",
    ),
    "correlation": (
        "This is the correlation of what the layer read with the derivative of what it gave.",
        "这正是该层的输入与其输出导数的互相关。",
    ),
    "collected_rows": (
        "Every row collects the derivatives of all places at which it was read.",
        "每一行累加所有读取它的位置上的导数。",
    ),
    "flipped": (
        "Read from the side of the input, with zeros beyond the edges, it is the full correlation with "
        "the kernel turned around:",
        "从输入一侧看（边界之外为零），这就是与翻转后的卷积核做的完全互相关：",
    ),
    "stable": (
        "The code computes the logarithm from the pre-activations, which is the same number and "
        "finite for any finite input.",
        "代码由激活前的值直接计算对数，结果相同，且对任何有限输入都有限。",
    ),
    "training:dropout": (
        "These are the equations of training; outside it dropout passes its input on.",
        "以上为训练时的等式；训练之外，dropout 原样传递输入。",
    ),
    "training:batchnorm": (
        "These are the equations of training; outside it batch normalisation takes the running "
        "statistics in place of those of the batch.",
        "以上为训练时的等式；训练之外，批归一化用滑动统计量代替该批的统计量。",
    ),
    "step:insert": ("inserted", "代入"),
    "step:derivative": ("the derivative in the output", "导数用输出表示"),
    "step:names": ("known by name", "沿用已有名称"),
    "step:sums": ("out of the sums", "移出求和号"),
    "step:outputs": ("in the output", "用输出表示"),
    "step:facts": ("known sums", "代入已知的和"),
    "step:collect": ("collected", "合并整理"),
    "any_parameter": (
        "For every parameter {theta} and its gradient:",
        "对每个参数 {theta} 及其梯度：",
    ),
    "constant:μ": ("momentum", "动量系数"),
    "constant:λ": ("weight decay", "权重衰减"),
    "constant:ρ": ("decay of the mean square", "均方的衰减率"),
    "constant:ε": ("keeps the divisor from zero", "防止除以零"),
    "constant:β₁": ("decay of the mean", "一阶矩的衰减率"),
    "constant:β₂": ("decay of the mean square", "二阶矩的衰减率"),
    "moments": ("kept from step to step, zero at first", "逐步保留的量，初始为零"),
    "steps": ("counts the steps from 1", "从 1 开始的步数"),
    "and": (" and ", " 和 "),
}

KINDS = {
    "softmax": ("softmax", "softmax"), "layernorm": ("layer normalisation", "层归一化"),
    "batchnorm": ("batch normalisation", "批归一化"), "rmsnorm": ("RMS normalisation", "RMS 归一化"),
    "concat": ("concatenation", "拼接"), "formula": ("a layer by formula", "公式定义的层"),
    "dropout": ("dropout", "dropout"), "conv1d": ("convolution", "卷积"),
    "conv2d": ("convolution", "卷积"), "maxpool2d": ("max-pooling", "最大池化"),
    "avgpool2d": ("average pooling", "平均池化"), "globalavgpool": ("average pooling", "平均池化"),
    "embedding": ("an embedding", "词嵌入"), "positional": ("positions", "位置编码"),
    "rnn": ("a recurrent layer", "循环层"), "lstm": ("an LSTM", "LSTM"), "gru": ("a GRU", "GRU"),
    "attention": ("attention", "注意力"),
}  # fmt: skip


def phrase(key: str, lang: str, **fields: str) -> str:
    """One sentence with its fields filled in."""
    text = PHRASES[key][LANGUAGES.index(lang)]
    return text.format(**fields)


def kinds(names: tuple[str, ...], lang: str) -> str:
    """Kinds of layers, listed."""
    place = LANGUAGES.index(lang)
    words = [KINDS.get(name, (name, name))[place] for name in names]
    return phrase("and", lang).join(words)
