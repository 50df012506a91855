"""The text of one optimizer's step and of the learning-rate schedule, as torch.optim has them."""

from __future__ import annotations

from dataclasses import dataclass

from symbp.language.spec import Train

Options = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Optimizer:
    """``options`` are keyword arguments of ``train``; ``moments`` are kept from step to step.

    ``body`` holds the lines of the step function, which returns the new value and the moments.
    """

    title: str
    options: Options
    moments: tuple[str, ...]
    body: tuple[str, ...]
    counts_steps: bool = False

    @property
    def needs_function(self) -> bool:
        """False for plain gradient descent, which is one expression."""
        return bool(self.options or self.moments)

    @property
    def extra(self) -> list[str]:
        """The names of the step function's arguments behind value, gradient and moments."""
        counted = ["step"] if self.counts_steps else []
        return [*counted, "rate", *(name for name, _ in self.options)]


def optimizer_of(train: Train) -> Optimizer:
    """The chosen optimizer; options that change nothing are left out."""
    match train.optimizer:
        case "sgd" | "momentum" | "nesterov":
            return _descent(train)
        case "rmsprop":
            return _rmsprop(train)
    return _adam(train)


def _decay(train: Train) -> tuple[Options, tuple[str, ...]]:
    """Weight decay as an L2 term in the gradient: its option and its line."""
    if not train.weight_decay:
        return (), ()
    return (
        (("weight_decay", train.weight_decay),),
        ("gradient = gradient + weight_decay * value",),
    )


def _descent(train: Train) -> Optimizer:
    options, decay = _decay(train)
    if not train.momentum:
        return Optimizer(
            "gradient descent", options, (), (*decay, "return value - rate * gradient")
        )
    nesterov = train.optimizer == "nesterov"
    direction = "(gradient + momentum * velocity)" if nesterov else "velocity"
    return Optimizer(
        "gradient descent with Nesterov's momentum"
        if nesterov
        else "gradient descent with momentum",
        (("momentum", train.momentum), *options),
        ("velocity",),
        (
            *decay,
            "velocity = momentum * velocity + gradient",
            f"return value - rate * {direction}, velocity",
        ),
    )


def _rmsprop(train: Train) -> Optimizer:
    """Tieleman and Hinton (2012), lecture 6.5."""
    decayed, decay = _decay(train)
    options: Options = (("alpha", train.alpha), ("eps", train.eps))
    body = (
        *decay,
        "square = alpha * square + (1 - alpha) * gradient * gradient",
        "scaled = gradient / (np.sqrt(square) + eps)",
    )
    if not train.momentum:
        step = "return value - rate * scaled, square"
        return Optimizer("RMSProp", (*options, *decayed), ("square",), (*body, step))
    return Optimizer(
        "RMSProp with momentum",
        (*options, ("momentum", train.momentum), *decayed),
        ("square", "velocity"),
        (
            *body,
            "velocity = momentum * velocity + scaled",
            "return value - rate * velocity, square, velocity",
        ),
    )


def _adam(train: Train) -> Optimizer:
    """Kingma and Ba (2015), algorithm 1; AdamW: Loshchilov and Hutter (2019), algorithm 2."""
    options, decay = _decay(train)
    decoupled = train.optimizer == "adamw"
    if decoupled and decay:
        decay = ("value = (1 - rate * weight_decay) * value",)
    return Optimizer(
        "AdamW" if decoupled else "Adam",
        (("betas", train.betas), ("eps", train.eps), *options),
        ("mean", "square"),
        (
            *decay,
            "mean = betas[0] * mean + (1 - betas[0]) * gradient",
            "square = betas[1] * square + (1 - betas[1]) * gradient * gradient",
            "root = np.sqrt(square / (1 - betas[1] ** step))",
            "return value - rate / (1 - betas[0] ** step) * mean / (root + eps), mean, square",
        ),
        counts_steps=True,
    )


def learning_rate_lines(train: Train) -> tuple[str, ...]:
    """The body of ``_rate(epoch, learning_rate)``; () where the rate is constant.

    The lengths are those of the network file, whatever ``epochs`` a caller asks for: a run may stop
    early and be resumed.
    """
    options = dict(train.schedule_options)
    match train.schedule:
        case "constant":
            return ()
        case "step":
            gamma, size = options.get("gamma", 0.1), options["step_size"]
            return (f"return learning_rate * {gamma!r} ** (epoch // {size!r})",)
        case "cosine":
            length = options.get("t_max") or train.epochs
            return _half_cosine(options, f"min(epoch / {length!r}, 1)")
    warm = options.get("warmup_epochs")
    warm = train.epochs // 10 if not isinstance(warm, int) else warm
    rest = max(1, train.epochs - warm)
    if not warm:
        return _half_cosine(options, f"min(epoch / {rest}, 1)")
    return (
        f"if epoch < {warm}:",
        f"    return learning_rate * (epoch + 1) / {warm}",
        *_half_cosine(options, f"min((epoch - {warm}) / {rest}, 1)"),
    )


def _half_cosine(options: dict[str, object], part: str) -> tuple[str, ...]:
    """From the learning rate down to the smallest one as ``part`` goes from 0 to 1.

    Loshchilov and Hutter (2017), eq. 5.
    """
    low = options.get("min_learning_rate", 0.0)
    fall = f"(1 + math.cos(math.pi * {part})) / 2"
    if not low:
        return (f"return learning_rate * {fall}",)
    return (f"return {low!r} + (learning_rate - {low!r}) * {fall}",)
