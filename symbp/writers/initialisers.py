"""The text of ``init_params``: one readable line a parameter; and how far its numbers spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.layers.definition import Normal, Start
from symbp.writers.interface import Interface, Parameter

WIDTH = 100
ORTHOGONAL = '''def _orthogonal(rng, shape):
    """Matrices whose columns or rows are orthonormal: Q of normal numbers (Saxe et al. 2014)."""
    *copies, rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((*copies, max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    return q if rows >= columns else np.swapaxes(q, -1, -2)'''


@dataclass(frozen=True)
class Scheme:
    """Random numbers of mean 0 and variance ``gain`` over a sum of fans; ``words`` for the reader."""

    draw: str  # normal | uniform
    gain: int
    fans: str  # {i} and {o}; "" for a variance of 1
    words: str


# Glorot and Bengio (2010), eq. 16; He et al. (2015), eq. 10; LeCun et al. (1998), section 4.6.
SCHEMES = {
    "normal": Scheme("normal", 1, "", "standard normal"),
    "glorot_uniform": Scheme("uniform", 2, "({i} + {o})", "uniform after Glorot and Bengio"),
    "glorot_normal": Scheme("normal", 2, "({i} + {o})", "normal after Glorot and Bengio"),
    "he_uniform": Scheme("uniform", 2, "{i}", "uniform after He and others"),
    "he_normal": Scheme("normal", 2, "{i}", "normal after He and others"),
    "lecun_normal": Scheme("normal", 1, "{i}", "normal after LeCun and others"),
}
DRAWS = {"normal": "rng.standard_normal({shape})", "uniform": "rng.uniform(-1, 1, {shape})"}
WORDS = {name: scheme.words for name, scheme in SCHEMES.items()}
OTHER_WORDS = ("normal of the variance that is written", "orthogonal after Saxe and others")


def init_sections(net: Interface) -> dict[str, object]:
    """What ``init.jinja`` fills in."""
    everything = [*net.parameters, *net.buffers]
    found = {_words(initialiser(parameter)) for parameter in everything}
    random = [words for words in (*WORDS.values(), *OTHER_WORDS) if words in found]
    doc = f"New parameters; random ones are {', '.join(random)}." if random else "New parameters."
    lines = [_entry(parameter) for parameter in everything]
    return {
        "init_doc": doc if len(doc) + 10 <= WIDTH else "New parameters.",
        "init_helper": ORTHOGONAL if any("_orthogonal(" in line for line in lines) else "",
        "init_is_random": bool(random),
        "init_values": "\n".join(["{", *lines, "    }"]) if lines else "{}",
    }


def initialiser(parameter: Parameter) -> Start:
    """What a parameter starts with, its default filled in."""
    if parameter.init is not None:
        return parameter.init
    return "glorot_uniform" if len(parameter.own_shape) > 1 else "zeros"


def _words(init: Start) -> str:
    if isinstance(init, Normal):
        return OTHER_WORDS[0]
    return OTHER_WORDS[1] if init == "orthogonal" else WORDS.get(str(init), "")


def _entry(parameter: Parameter) -> str:
    """A line of the dict, split before its factor where it is too long."""
    draw, scale = initial_value(parameter)
    line = f'        "{parameter.name}": {draw}'
    if not scale:
        return f"{line},"
    whole = f"{line} * {scale},"
    return whole if len(whole) <= WIDTH else f"{line}\n        * {scale},"


def initial_value(parameter: Parameter) -> tuple[str, str]:
    """The NumPy text of a parameter's first value, and of the factor on it ("" for none)."""
    init, shape = initialiser(parameter), parameter.shape
    size = repr(shape[0] if len(shape) == 1 else shape)
    fan_in, fan_out = parameter.fans
    if isinstance(init, Normal):
        over = f" / {fan_in}" if init.weights else ""
        return DRAWS["normal"].format(shape=shape), f"np.sqrt({_plain(init.variance)}{over})"
    if init in SCHEMES:
        scheme = SCHEMES[str(init)]
        gain = 3 * scheme.gain if scheme.draw == "uniform" else scheme.gain  # of uniform numbers
        over = scheme.fans.format(i=fan_in, o=fan_out)
        return DRAWS[scheme.draw].format(shape=shape), over and f"np.sqrt({gain} / {over})"
    if init == "orthogonal":
        matrix = (*shape[: parameter.levels], *_matrix(parameter))
        return f"_orthogonal(rng, {matrix})" + f".reshape{shape}" * (matrix != shape), ""
    if init in ("zeros", "ones"):
        return f"np.{init}({size})", ""
    value = float(init)
    return (f"np.full({size}, {value!r})" if shape else f"np.array({value!r})"), ""


def _plain(variance: float) -> str:
    return str(int(variance)) if variance.is_integer() else repr(variance)


def _matrix(parameter: Parameter) -> tuple[int, int]:
    """Inputs and outputs of a weight as rows and columns, of a kernel the other way round."""
    own = parameter.own_shape
    if parameter.kernel:
        return own[0], math.prod(own[1:])
    return math.prod(own[:-1]), own[-1]


def moments_of(parameter: Parameter) -> tuple[float, float]:
    """Mean and variance of one entry of a new parameter."""
    init = initialiser(parameter)
    fan_in, fan_out = parameter.fans
    if isinstance(init, Normal):
        return 0.0, init.variance / fan_in if init.weights else init.variance
    if init in SCHEMES:
        scheme = SCHEMES[str(init)]
        sums = {"": 1, "{i}": fan_in, "({i} + {o})": fan_in + fan_out}
        return 0.0, scheme.gain / sums[scheme.fans]
    if init == "orthogonal":
        return 0.0, 1 / max(_matrix(parameter))
    fixed = {"zeros": 0.0, "ones": 1.0}
    return fixed[str(init)] if init in fixed else float(init), 0.0
