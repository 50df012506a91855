"""One step of the optimizer as the lines of a notebook's cell."""

from __future__ import annotations

from symbp.language.spec import Train
from symbp.writers.optimizers import learning_rate_lines, optimizer_of

NEW = "_new"  # the parameters after the step


def update_lines(train: Train) -> list[str]:
    """Lines that turn ``params`` and ``grads`` into ``_new``, from moments that are zero."""
    optimizer = optimizer_of(train)
    lines = [f"learning_rate = {train.learning_rate!r}"]
    rate = "learning_rate"
    if learning_rate_lines(train):
        lines.append("rate = _rate(0, learning_rate)")
        rate = "rate"
    slopes = "grads"
    if train.clip_norm:
        lines += [
            "norm = float(np.sqrt(sum(np.vdot(g, g) for g in grads.values())))",
            f"scale = min(1.0, {train.clip_norm!r} / (norm + 1e-6))",
            "clipped = {name: scale * gradient for name, gradient in grads.items()}",
        ]
        slopes = "clipped"
    if not optimizer.needs_function:
        new = f"name: params[name] - {rate} * {slopes}[name] for name in grads"
        return [*lines, f"{NEW} = params | {{{new}}}"]
    lines += ["rate = learning_rate"] if rate != "rate" else []
    lines += [f"{name} = {value!r}" for name, value in optimizer.options]
    lines += ["step = 1"] if optimizer.counts_steps else []
    moments = "".join(f"{moment} = " for moment in optimizer.moments)
    *body, last = optimizer.body
    made = ", ".join([f"{NEW}[name]", *optimizer.moments])
    return [
        *lines,
        f"{NEW} = dict(params)",
        f"for name, gradient in {slopes}.items():",
        "    value = params[name]",
        *([f"    {moments}np.zeros_like(value)"] if moments else []),
        *(f"    {line}" for line in body),
        f"    {made} = {last.removeprefix('return ')}",
    ]


def update_check(train: Train) -> list[str]:
    """Lines that compare ``_new`` with the module's own step."""
    optimizer = optimizer_of(train)
    if not optimizer.needs_function:
        return []
    slopes = "clipped" if train.clip_norm else "grads"
    zeros = "".join("0.0, " for _ in optimizer.moments)
    call = f"_updated(params[name], {slopes}[name], {zeros}{', '.join(optimizer.extra)})"
    found = f"{call}[0]" if optimizer.moments else call
    return ["for name in grads:", f"    assert np.array_equal({NEW}[name], {found})"]
