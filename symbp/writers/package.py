"""A network as files: the module, and beside it the data that are too large to write into it.

    package(network).files        # (("digits_mlp.py", b"..."), ("digits_mlp_data.npz", b"..."))

Everything that writes a module comes through here, so that the same network gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from symbp import data
from symbp.api import Network
from symbp.data.dataset import Dataset
from symbp.errors import InputError
from symbp.writers.files import signed_archive
from symbp.writers.interface import Interface, Output
from symbp.writers.main_part import Arrays, Targets
from symbp.writers.module import Module, interface, write


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


def package(network: Network, *, style: str = "lecture", dtype: str = "float64") -> Package:
    """The module and its data.

    Raises InputError where the data of ``[data]`` cannot be read or do not fit the network.
    """
    del style  # both are written in the lecture style
    program, spec = network.program, network.spec
    net = interface(program, dtype)
    if spec.data is None:
        arrays, note = made_up(net), "a small made-up set, as the network file names no [data]"
        return Package(spec.name, write(program, dtype=dtype), b"", arrays, note)
    found = read_data(network)
    arrays = _fitted(network, found, net)
    if data.is_small(*arrays):
        module = write(program, dtype=dtype, data=arrays, note=found.note)
        return Package(spec.name, module, b"", arrays, found.note)
    file = f"{spec.name}_data.npz"
    module = write(program, dtype=dtype, data=arrays, note=found.note, file=file)
    stored = signed_archive(data.npz_bytes(*arrays, note=found.note))
    return Package(spec.name, module, stored, arrays, found.note)


def made_up(net: Interface) -> Arrays:
    """The set that a module without ``[data]`` makes up for itself."""
    targets = [(o.target, o.expected, o.classes, _classes(o)) for o in net.outputs]
    return data.made_up(net.input_shape, targets, net.vocabulary)


def read_data(network: Network) -> Dataset:
    """The data set that ``[data]`` names: built-in, or a file seen from the network file."""
    spec = network.spec
    assert spec.data is not None
    if spec.data.source in data.NAMES:
        return data.dataset(spec.data.source)
    return data.from_file(Path(spec.base or ".") / spec.data.source, spec.data.target)


def _fitted(network: Network, found: Dataset, net: Interface) -> Arrays:
    spec = network.spec
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


def _target(found: Dataset, output: Output, name: str | None) -> Targets:
    integers = output.classes == "integer"
    shape = output.shape
    return data.fit_target(
        found, shape, name=name, integer_targets=integers, signs=output.classes == "sign"
    )


def _classes(output: Output) -> int:
    return output.count or (output.shape[-1] if output.shape else 1)
