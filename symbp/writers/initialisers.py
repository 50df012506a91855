"""The text of ``init_params``: one readable line a parameter."""

from __future__ import annotations

import math

from symbp.writers.interface import Interface, Parameter

WIDTH = 100

# Draw, and what scales it; {i} and {o} are the fans. Glorot and Bengio (2010), eq. 16; He et al.
# (2015), eq. 10; LeCun et al. (1998), section 4.6. A KERNEL has its channels before its window.
KERNEL = "glorot_uniform_kernel"
RANDOM = {
    "normal": ("rng.standard_normal({shape})", ""),
    "glorot_uniform": ("rng.uniform(-1, 1, {shape})", "np.sqrt(6 / ({i} + {o}))"),
    KERNEL: ("rng.uniform(-1, 1, {shape})", "np.sqrt(6 / ({i} + {o}))"),
    "glorot_normal": ("rng.standard_normal({shape})", "np.sqrt(2 / ({i} + {o}))"),
    "he_uniform": ("rng.uniform(-1, 1, {shape})", "np.sqrt(6 / {i})"),
    "he_normal": ("rng.standard_normal({shape})", "np.sqrt(2 / {i})"),
    "lecun_normal": ("rng.standard_normal({shape})", "np.sqrt(1 / {i})"),
}
WORDS = {
    "normal": "standard normal",
    "glorot_uniform": "uniform after Glorot and Bengio",
    KERNEL: "uniform after Glorot and Bengio",
    "glorot_normal": "normal after Glorot and Bengio",
    "he_uniform": "uniform after He and others",
    "he_normal": "normal after He and others",
    "lecun_normal": "normal after LeCun and others",
}


def init_sections(net: Interface) -> dict[str, object]:
    """What ``init.jinja`` fills in."""
    everything = [*net.parameters, *net.buffers]
    used = {_initialiser(parameter) for parameter in everything}
    random = list(dict.fromkeys(WORDS[name] for name in RANDOM if name in used))
    doc = f"New parameters; random ones are {', '.join(random)}." if random else "New parameters."
    lines = [_entry(parameter) for parameter in everything]
    return {
        "init_doc": doc if len(doc) + 10 <= WIDTH else "New parameters.",
        "init_is_random": bool(random),
        "init_values": "\n".join(["{", *lines, "    }"]) if lines else "{}",
    }


def _initialiser(parameter: Parameter) -> str | float:
    if parameter.init is not None:
        return parameter.init
    return "glorot_uniform" if len(parameter.own_shape) > 1 else "zeros"


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
    init, shape = _initialiser(parameter), parameter.shape
    size = repr(shape[0] if len(shape) == 1 else shape)
    if isinstance(init, str) and init in RANDOM:
        fan_in, fan_out = _fans(parameter)
        draw, scale = RANDOM[init]
        return draw.format(shape=repr(shape)), scale.format(i=fan_in, o=fan_out)
    if init in ("zeros", "ones"):
        return f"np.{init}({size})", ""
    value = float(init)
    return (f"np.full({size}, {value!r})" if shape else f"np.array({value!r})"), ""


def _fans(parameter: Parameter) -> tuple[int, int]:
    """(fan-in, fan-out); each filter (filters, channels, *window) meets a whole window at once."""
    if parameter.init != KERNEL:
        return parameter.fans
    filters, channels, *window = parameter.own_shape
    return channels * math.prod(window), filters * math.prod(window)
