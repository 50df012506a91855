"""What Python users hold: a network, its derivation, its code, and the proof that the two agree."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from symbp.errors import InputError
from symbp.language import network_file
from symbp.language.spec import Spec

if TYPE_CHECKING:
    from symbp.judge.report import Report as Judgement
    from symbp.network.program import Program
    from symbp.proof.report import Report
    from symbp.writers.derivation import Derivation


class Network:
    """A layered network: the tables of a network file as keyword arguments.

    ``Network(name="xor", input={"shape": [2]}, layer=[{"type": "dense", "units": 3}, ...],
    loss={"type": "mse"})`` equals the network that ``load`` reads from a file with the same tables.
    Raises InputError for anything that is not a usable network.
    """

    def __init__(self, **tables: object) -> None:
        self.spec: Spec = network_file.from_tables(dict(tables))
        self.program  # noqa: B018  shapes are checked when the network is made

    @classmethod
    def from_spec(cls, spec: Spec) -> Network:
        """The network of a specification that was read already."""
        network = cls.__new__(cls)
        network.spec = spec
        network.program  # noqa: B018
        return network

    @property
    def name(self) -> str:
        return self.spec.name

    @cached_property
    def program(self) -> Program:
        """All equations of the network, forward and backward, in the order in which they run."""
        from symbp.network import assemble, program

        return program.build(assemble.build(self.spec))

    def derive(self, **options: Any) -> Derivation:
        """See :func:`symbp.derive`."""
        return derive(self, **options)

    def generate(self, **options: Any) -> str:
        """See :func:`symbp.generate`."""
        return generate(self, **options)

    def verify(self, **options: Any) -> Report:
        """See :func:`symbp.verify`."""
        return verify(self, **options)

    def check(
        self, answer: str | os.PathLike[str] | Callable[..., Any], **options: Any
    ) -> Judgement:
        """See :func:`symbp.check`."""
        return check(self, answer, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.spec == other.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"<symbp.Network {self.name!r}, {len(self.spec.layers)} layers>"

    def _repr_latex_(self) -> str:
        """The forward pass and the gradients, for a notebook."""
        return derive(self)._repr_latex_()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the linked page, else the gradients as formulas."""
        found = derive(self)._repr_mimebundle_(include, exclude)
        return found | ({"text/plain": repr(self)} if "text/plain" in found else {})

    @cached_property
    def _pages(self) -> dict[str, str]:
        """The framed pages that a notebook showed already, by language."""
        return {}

    def _page(self, lang: str) -> str:
        """The lecture page in a frame; empty where the network's data are not there."""
        from symbp.lecture.display import framed

        if lang not in self._pages:
            try:
                self._pages[lang] = framed(self, lang)
            except InputError:
                return ""
        return self._pages[lang]


def load(path: str | os.PathLike[str]) -> Network:
    """The network of a file, or of a built-in example by its name.

    Raises InputError, with file and line, for anything that is not a usable network file.
    """
    from symbp import examples

    return Network.from_spec(network_file.load(examples.locate(os.fspath(path))))


def derive(
    network: Network,
    *,
    notation: str = "matrix",
    wrt: tuple[str, ...] = (),
    lang: str = "en",
    order: int = 1,
) -> Derivation:
    """The derivation of every gradient, or of those by ``wrt`` (parameters or intermediates).

    ``notation`` is scalar, matrix or index; ``lang`` is en or zh. Raises InputError for a name that
    the network does not have.
    """
    from symbp.writers.derivation import derivation

    made = derivation(network.program, notation=notation, wrt=tuple(wrt), lang=lang, order=order)
    return replace(made, page=partial(network._page, lang))


def generate(
    network: Network,
    *,
    style: str = "lecture",
    dtype: str = "float64",
    hvp: bool = False,
    processes: bool = False,
) -> str:
    """The source of the standalone module; it imports NumPy and the standard library alone.

    The same bytes as the command line writes: data below 4 kB are in it, larger ones are read from
    ``NAME_data.npz`` beside it. With ``processes``, its ``train`` can share each minibatch between
    processes. Raises InputError where the network's data do not fit it, or its samples depend on each
    other and cannot be shared.
    """
    from symbp.fast.styles import writer
    from symbp.writers.package import package

    if style not in ("lecture", "fast"):
        raise InputError(f"unknown style '{style}'; known are lecture, fast")
    if dtype not in ("float64", "float32"):
        raise InputError(f"unknown dtype '{dtype}'; known are float64, float32")
    chosen = writer(style)
    made = package(network.program, writer=chosen, dtype=dtype, hvp=hvp, processes=processes)
    return made.module.source


def verify(network: Network, *, seed: int = 0, samples: int = 6) -> Report:
    """Generate the module in memory and check every gradient, in training mode and out of it.

    The data are the network's own, ``samples`` of them, else made up to suit it; the parameters are
    random and unequal. Raises InputError where the data cannot be read or do not fit.
    """
    from symbp.proof import verify as proof

    return proof.verify(network.program, seed=seed, samples=samples)


def check(
    network: Network,
    answer: str | os.PathLike[str] | Callable[..., Any],
    *,
    lang: str = "en",
    hints: int = 3,
) -> Judgement:
    """Judge a hand-written gradient: which factor is wrong, in which equation.

    ``answer`` is the path of a file, a text with formulas, a function ``gradients(params, x, t)`` that
    gives a dict by parameter names, or a class like a textbook's. A function and a class run in this
    process, a Python file in a child with limits, text never. ``hints`` says how much is given away:
    1 the equation, 2 the factor, 3 all; ``lang`` is en or zh. Raises InputError for a path that does
    not exist; an answer that cannot be used gives a report that says so.
    """
    from symbp.judge import check as judge

    return judge.check(network, answer, lang=lang, hints=hints)
