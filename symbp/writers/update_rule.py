"""What one training step does to a parameter, as formulas: the rule of each optimizer.

Sources are those of the code in ``optimizers.py``: torch.optim's definitions.
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.language.spec import Train
from symbp.writers.document import Formula, Text

MOVED = r"\leftarrow"


@dataclass(frozen=True)
class Rule:
    """``formulas`` in order; ``constants`` are the symbols beside alpha, with their values; ``moments``
    those that are kept from step to step and start at zero."""

    formulas: tuple[Formula, ...]
    constants: tuple[tuple[Text, str], ...] = ()
    moments: tuple[Text, ...] = ()
    counts_steps: bool = False


def update_rule(train: Train, own: Text, slope: Text) -> Rule:
    """The rule for a parameter ``own`` with the gradient ``slope``."""
    if train.optimizer == "sgd" and not train.weight_decay and not train.momentum:
        step = Text(rf"{own.latex} - \alpha {slope.latex}", f"{own.plain} - α {slope.plain}")
        return Rule((Formula(own, step, "update", relation=MOVED),))
    return _Writer(train, own, slope).rule()


class _Writer:
    def __init__(self, train: Train, own: Text, slope: Text) -> None:
        self.train = train
        self.own = own
        self.slope = slope
        self.formulas: list[Formula] = []
        self.constants: dict[Text, str] = {}
        self.moments: list[Text] = []

    def rule(self) -> Rule:
        match self.train.optimizer:
            case "adam" | "adamw":
                self.adam()
            case "rmsprop":
                self.rmsprop()
            case _:
                self.descent()
        adam = self.train.optimizer in ("adam", "adamw")
        return Rule(tuple(self.formulas), tuple(self.constants.items()), tuple(self.moments), adam)

    def constant(self, latex: str, plain: str, value: float) -> None:
        self.constants[Text(latex, plain)] = f"{value:g}"

    def says(self, left: Text, latex: str, plain: str, relation: str = MOVED) -> None:
        self.formulas.append(Formula(left, Text(latex, plain), "update", relation=relation))

    def moment(self, latex: str, plain: str | None = None) -> Text:
        self.moments.append(Text(latex, plain or latex))
        return self.moments[-1]

    def gradient(self) -> None:
        """``g``, with weight decay where there is one that counts as a penalty."""
        latex, plain = self.slope.latex, self.slope.plain
        if self.train.weight_decay and self.train.optimizer != "adamw":
            self.constant(r"\lambda", "λ", self.train.weight_decay)
            latex += rf" + \lambda {self.own.latex}"
            plain += f" + λ {self.own.plain}"
        self.says(Text("g", "g"), latex, plain, "=")

    def minus(self, latex: str, plain: str) -> None:
        self.says(self.own, f"{self.own.latex} - {latex}", f"{self.own.plain} - {plain}")

    def descent(self) -> None:
        self.gradient()
        if not self.train.momentum:
            return self.minus(r"\alpha g", "α g")
        self.constant(r"\mu", "μ", self.train.momentum)
        v = self.moment("v")
        self.says(v, r"\mu v + g", "μ v + g")
        if self.train.optimizer == "nesterov":
            return self.minus(r"\alpha (g + \mu v)", "α (g + μ v)")
        return self.minus(r"\alpha v", "α v")

    def rmsprop(self) -> None:
        self.gradient()
        self.constant(r"\rho", "ρ", self.train.alpha)
        self.constant(r"\varepsilon", "ε", self.train.eps)
        s = self.moment("s")
        self.says(s, r"\rho s + (1 - \rho) g^2", "ρ s + (1 - ρ) g²")
        scaled = (r"\frac{g}{\sqrt{s} + \varepsilon}", "g/(√s + ε)")
        if not self.train.momentum:
            return self.minus(rf"\alpha {scaled[0]}", f"α {scaled[1]}")
        self.constant(r"\mu", "μ", self.train.momentum)
        v = self.moment("v")
        self.says(v, rf"\mu v + {scaled[0]}", f"μ v + {scaled[1]}")
        return self.minus(r"\alpha v", "α v")

    def adam(self) -> None:
        first, second = self.train.betas
        self.constant(r"\beta_1", "β₁", first)
        self.constant(r"\beta_2", "β₂", second)
        self.constant(r"\varepsilon", "ε", self.train.eps)
        self.gradient()
        if self.train.optimizer == "adamw" and self.train.weight_decay:
            self.constant(r"\lambda", "λ", self.train.weight_decay)
            latex = rf"(1 - \alpha \lambda) {self.own.latex}"
            self.says(self.own, latex, f"(1 - α λ) {self.own.plain}")
        m, v = self.moment("m"), self.moment("v")
        self.says(m, r"\beta_1 m + (1 - \beta_1) g", "β₁ m + (1 - β₁) g")
        self.says(v, r"\beta_2 v + (1 - \beta_2) g^2", "β₂ v + (1 - β₂) g²")
        self.minus(
            r"\frac{\alpha}{1 - \beta_1^k} \frac{m}{\sqrt{v / (1 - \beta_2^k)} + \varepsilon}",
            "α/(1 - β₁^k) m/(√(v/(1 - β₂^k)) + ε)",
        )
