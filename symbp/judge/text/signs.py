"""Signs of mathematics in Unicode, as the LaTeX that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
)  # fmt: skip

COMMANDS: Mapping[str, str] = {
    **{chr(0x3B1 + k): name for k, name in enumerate(GREEK)},
    "Δ": "Delta", "Σ": "sum", "∑": "sum", "Θ": "Theta", "Λ": "Lambda", "Φ": "Phi", "Ω": "Omega",
    "ϕ": "phi", "φ": "phi", "ε": "epsilon", "ϵ": "epsilon", "𝜎": "sigma", "𝛿": "delta",
    "∂": "partial", "𝜕": "partial", "∇": "nabla", "⊙": "odot", "∘": "circ", "○": "circ", "◦": "circ",
    "·": "cdot", "⋅": "cdot", "∙": "cdot", "×": "times", "⊗": "otimes", "√": "sqrt", "ℒ": "loss",
    "ℓ": "ell", "←": "leftarrow", "⇒": "implies", "→": "to", "≤": "le", "≥": "ge", "≠": "ne",
    "⟹": "implies", "∴": "implies", "≡": "equiv", "≔": "coloneqq", "𝟙": "ones", "𝟏": "ones",
    "‖": "norm", "⊤": "top", "ᵗ": "top", "½": "half",
}  # fmt: skip

SIMPLE: Mapping[str, str] = {
    "−": "-", "–": "-", "—": "-", "∗": "*", "＊": "*", "÷": "/", "∕": "/", "′": "'", "’": "'",
    "ʹ": "'", "（": "(", "）": ")", "，": ",", "；": ";", "：": ":", "＝": "=", "［": "[", "］": "]",
}  # fmt: skip
DOUBLE: Mapping[str, str] = {"″": "'", "‴": "'"}  # primes written as one sign

LOWERED = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+-()aeoxhklmnpstijruv", strict=True)
)
RAISED = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀⁿⁱᴸˡᵐ*", "0123456789+-()TniLlm*", strict=True)
)  # fmt: skip
del RAISED["*"]
MARKS: Mapping[str, str] = {  # combining, behind their letter
    "\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u20d7": "vec",
}  # fmt: skip
COMPOSED: Mapping[str, tuple[str, str]] = {
    "ŷ": ("y", "hat"), "â": ("a", "hat"), "ĥ": ("h", "hat"), "ẑ": ("z", "hat"), "ô": ("o", "hat"),
    "ȳ": ("y", "bar"), "ỹ": ("y", "tilde"), "x̂": ("x", "hat"), "z̄": ("z", "bar"),
}  # fmt: skip
