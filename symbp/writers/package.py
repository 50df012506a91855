"""A network as files: the module, and beside it the data that are too large to write into it.

    package(network.program).files  # (("digits_mlp.py", b"..."), ("digits_mlp_data.npz", b"..."))

Everything that writes a module comes through here, so that the same network gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from symbp import data
from symbp.data.dataset import Dataset
from symbp.errors import InputError
from symbp.language.spec import Data, Spec
from symbp.network.program import Program
from symbp.writers.files import signed_archive
from symbp.writers.interface import Interface, Output
from symbp.writers.main_part import Arrays, Targets
from symbp.writers.module import Module, write
from symbp.writers.outline import interface

Writer = Callable[..., Module]
MADE_UP = "a small made-up set, as the network file names no [data]"


@dataclass(frozen=True, eq=False)
class Package:
    """``module`` is named NAME.py; ``data`` are the bytes of NAME_data.npz, empty where there is
    none; ``arrays`` are the samples x (n, ...) and targets t (n, ...) that the module trains on."""

    name: str
    module: Module
    data: bytes
    arrays: Arrays
    note: str  # one line on where the data come from

    @property
    def data_file(self) -> str:
        return f"{self.name}_data.npz"

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """Names and bytes; the data first, as the module reads them."""
        module = (f"{self.name}.py", self.module.source.encode())
        return ((self.data_file, self.data), module) if self.data else (module,)


def package(
    program: Program,
    *,
    writer: Writer = write,
    dtype: str = "float64",
    hvp: bool = False,
    processes: bool = False,
) -> Package:
    """The module and its data; ``writer`` decides on the module's style.

    Raises InputError where the data of ``[data]`` cannot be read or do not fit the network, or where
    its minibatches cannot be shared between ``processes``.
    """
    spec = program.graph.spec
    writer = partial(writer, processes=True) if processes else writer
    net = interface(program, dtype)
    if spec.data is None:
        arrays = made_up(net)
        _check_split(spec, len(arrays[0]))
        return Package(spec.name, writer(program, dtype=dtype, hvp=hvp), b"", arrays, MADE_UP)
    found = read_data(spec, spec.data)
    arrays = _fitted(spec, found, net)
    _check_split(spec, len(arrays[0]))
    small = data.is_small(*arrays)
    file = "" if small else f"{spec.name}_data.npz"
    module = writer(program, dtype=dtype, data=arrays, note=found.note, file=file, hvp=hvp)
    beside = b"" if small else signed_archive(data.npz_bytes(*arrays, note=found.note))
    return Package(spec.name, module, beside, arrays, found.note)


def made_up(net: Interface) -> Arrays:
    """The set that a module without ``[data]`` makes up for itself."""
    targets = [(o.target, o.expected, o.classes, _classes(o)) for o in net.outputs]
    return data.made_up(net.input_shape, targets, net.vocabulary)


def read_data(spec: Spec, named: Data) -> Dataset:
    """The data set that ``[data]`` names: built-in, or a file seen from the network file."""
    if named.source in data.NAMES:
        return data.dataset(named.source)
    return data.from_file(Path(spec.base or ".") / named.source, named.target)


def _check_split(spec: Spec, samples: int) -> None:
    """Raise InputError where ``held_out`` leaves nothing to train on, or nothing to hold out."""
    share = spec.train.held_out
    count = round(share * samples)
    if share and not 0 < count < samples:
        raise InputError(
            f"held_out = {share:g} takes {count} of {samples} samples; {1 / samples:.2g} takes one",
            spec.file,
        )


def _fitted(spec: Spec, found: Dataset, net: Interface) -> Arrays:
    try:
        x = data.fit_input(found, net.input_shape, net.vocabulary)
        return x, _targets(found, net)
    except InputError as error:
        if error.file is not None or spec.data is None:
            raise
        raise InputError(error.message, spec.file, spec.data.line or None) from None


def _targets(found: Dataset, net: Interface) -> Targets:
    if net.several:
        return {o.target: _target(found, o, o.target) for o in net.outputs}
    return _target(found, net.outputs[0], None)


def _target(found: Dataset, output: Output, name: str | None) -> np.ndarray:
    integers, signs = output.classes == "integer", output.classes == "sign"
    shape = output.shape if output.classes else output.expected
    return data.fit_target(found, shape, name=name, integer_targets=integers, signs=signs)


def _classes(output: Output) -> int:
    return output.count or (output.shape[-1] if output.shape else 1)
