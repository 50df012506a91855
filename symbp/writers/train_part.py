"""The lines of ``train`` and of the small functions it calls."""

from __future__ import annotations

from symbp.language.spec import Train
from symbp.writers.interface import Interface
from symbp.writers.optimizers import Optimizer, learning_rate_lines, optimizer_of
from symbp.writers.targets import accuracies, rows_of
from symbp.writers.train_head import docstring, setup, signature

WIDTH = 100
ROWS = '''\
def _rows(t, rows):
    """Some rows of every target."""
    return {name: values[rows] for name, values in t.items()}
'''
NAMED = '''\
def _named(t, *names):
    """The targets, which must be a dict with these names."""
    if not isinstance(t, dict) or not set(names) <= set(t):
        found = ", ".join(t) if isinstance(t, dict) else type(t).__name__
        raise ValueError(f"t holds {found or 'nothing'}; expected a dict of {', '.join(names)}")
    return t
'''
SPLIT = '''\
def _split(labels, held_out, seed):
    """The rows to train on and those to hold out, each label in both with its share."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    count = round(held_out * len(labels))
    if not 0 < count < len(labels):
        raise ValueError(f"held_out = {held_out} takes {count} of {len(labels)} samples")
    held = order[(2 * np.arange(count) + 1) * len(labels) // (2 * count)]
    return np.setdiff1d(order, held), held
'''


def train_sections(net: Interface, train: Train, processes: bool = False) -> dict[str, object]:
    """What ``train.jinja`` fills in; with ``processes`` for minibatches that these may share."""
    optimizer = optimizer_of(train)
    return {
        "train_signature": signature(train, optimizer, processes),
        "train_doc": docstring(net, train, optimizer, processes),
        "train_setup": setup(net, train, optimizer),
        "train_epoch": _epoch(net, train, optimizer, processes),
        "train_step": _step(net, train, optimizer, processes),
        "train_record": _record(net, train, optimizer),
        "train_helpers": _helpers(net, train, optimizer),
    }


def _epoch(net: Interface, train: Train, optimizer: Optimizer, processes: bool) -> list[str]:
    """What happens at the head of an epoch, up to the loop over minibatches."""
    split = "np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))"
    lines = ["rate = _rate(epoch, learning_rate)"] if learning_rate_lines(train) else []
    lines += ["params = dict(params)"] if optimizer.needs_function or net.buffers else []
    if net.counted and not train.held_out:
        lines.append("losses, norms, shares = [], [], []")
    else:
        lines.append("losses, norms = [], []")
    if optimizer.counts_steps:
        return [
            *lines,
            f"batches = {split}",
            "for step, rows in enumerate(batches, 1 + epoch * len(batches)):",
        ]
    if processes:
        return [*lines, f"batches = {split}", "for step, rows in enumerate(batches):"]
    return [*lines, f"for rows in {split}:"]


def _step(net: Interface, train: Train, optimizer: Optimizer, processes: bool) -> list[str]:
    """One minibatch: gradients, update, and what is recorded of it."""
    weight = " * len(rows) / len(x)"
    shares = bool(net.counted) and not train.held_out
    rows = rows_of(net, "rows")
    if processes:
        share = ", share" if shares else ""
        lines = [f"value, grads{share} = compute(params, rows, rng, [seed, epoch, step])"]
    elif net.prepares_targets or net.buffers or shares:
        y = "y" if shares else "_"
        lines = [
            f"batch = {rows}",
            f"{y}, cache = _forward(params, x[rows], True, rng)",
            "value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)",
        ]
    else:
        call = f"loss_and_grads(params, x[rows], {rows}, training=True, rng=rng)"
        lines = [f"value, grads = {call}"]
    lines.append(f"losses.append(value{weight if net.reduction == 'mean' else ''})")
    lines.append("norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))")
    if shares:
        accuracy = "share" if processes else "_accuracy(y, batch)"
        lines.append(f"shares.append({accuracy}{weight})")
    if train.clip_norm:
        lines += [
            "scale = min(1.0, clip_norm / (norms[-1] + 1e-6))",
            "grads = {name: scale * gradient for name, gradient in grads.items()}",
        ]
    if net.buffers:
        lines.append("params.update(_updated_buffers(params, cache))")
    return [*lines, *_update(train, optimizer, WIDTH - 4 * processes)]


def _update(train: Train, optimizer: Optimizer, width: int) -> list[str]:
    """The lines that take one step; plain descent is short enough to stand here itself."""
    rate = "rate" if learning_rate_lines(train) else "learning_rate"
    if not optimizer.needs_function:
        return [
            f"params = params | {{name: params[name] - {rate} * grads[name] for name in grads}}"
        ]
    moments = ", *moments[name]" if optimizer.moments else ""
    extra = [rate if name == "rate" else name for name in optimizer.extra]
    arguments = f"params[name], gradient{moments}, {', '.join(extra)}"
    head = f"    params[name]{moments} = _updated("
    fits = len(head) + len(arguments) + 13 <= width
    call = [f"{head}{arguments})"] if fits else [head, f"        {arguments}", "    )"]
    return ["for name, gradient in grads.items():", *call]


def _record(net: Interface, train: Train, optimizer: Optimizer) -> list[str]:
    lines = ['history["loss"].append(sum(losses))']
    if train.held_out:
        y = "y" if net.counted else "_"
        lines += [
            f"{y}, cache = _forward(params, x_held, False, None)",
            'history["held_out_loss"].append(float(_loss(params, cache, t_held)))',
        ]
    if net.counted:
        value = "_accuracy(y, t_held)" if train.held_out else "sum(shares)"
        lines.append(f'history["accuracy"].append({value})')
    lines.append('history["grad_norm"].append(sum(norms) / len(norms))')
    return [*lines, *(["history.update(moments)"] if optimizer.moments else [])]


def _helpers(net: Interface, train: Train, optimizer: Optimizer) -> list[str]:
    """The functions that ``train`` calls, as finished text."""
    helpers = []
    if optimizer.needs_function:
        arguments = ["value", "gradient", *optimizer.moments, *optimizer.extra]
        kept = ", ".join(["value", *optimizer.moments])
        doc = f"One step of {optimizer.title} for one parameter: the new {kept}."
        helpers.append(_function("_updated", arguments, doc, optimizer.body))
    if rate := learning_rate_lines(train):
        doc = f"The learning rate of an epoch, counted from 0: schedule {train.schedule}."
        helpers.append(_function("_rate", ["epoch", "learning_rate"], doc, rate))
    if train.held_out:
        helpers.append(SPLIT.rstrip())
    if net.several:
        helpers += [NAMED.rstrip(), ROWS.rstrip()]
    if net.counted:
        doc = "The share of samples whose class is right."
        helpers.append(_function("_accuracy", ["y", "t"], doc, (f"return {accuracies(net)}",)))
    return helpers


def _function(name: str, arguments: list[str], doc: str, body: tuple[str, ...]) -> str:
    lines = [f"def {name}({', '.join(arguments)}):", f'    """{doc}"""']
    return "\n".join([*lines, *(f"    {line}" for line in body)])
