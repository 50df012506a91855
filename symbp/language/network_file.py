"""A network file, or the same tables from Python -> a checked Spec with every default filled in.

    load("article.toml")                     # reads TOML, knows the line of every mistake
    from_tables({"name": "article", ...})    # the same structure; the two compare equal

Checked here is all that needs no shapes: keys, kinds, ranges, names and references. Each kind of
table has a file of its own: layer_tables, loss_tables, train_tables; options.py lists every key.
"""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Mapping

from symbp.language.kinds import LINE, SHAPE, Option
from symbp.language.layer_tables import read_layers
from symbp.language.loss_tables import read_outputs
from symbp.language.names import MAX_NAME
from symbp.language.options import INIT
from symbp.language.scope import Scope
from symbp.language.sections import Origin, Section, plain
from symbp.language.spec import Spec
from symbp.language.toml_lines import Lines
from symbp.language.toml_text import read_text, read_toml
from symbp.language.train_tables import read_data, read_regularization, read_train

KEYS = (
    "name", "title", "init", "input", "target", "layer", "layers", "loss", "output",
    "regularization", "train", "data",
)  # fmt: skip


def load(path: str | os.PathLike[str]) -> Spec:
    """The network of a TOML file.

    Raises InputError, with file and line, for anything that is not a usable network file.
    """
    file = os.fspath(path)
    tables, lines = read_toml(read_text(file), file)
    return from_tables(tables, file=file, lines=lines, base=os.path.dirname(file) or ".")


def from_tables(
    tables: Mapping[str, object],
    *,
    file: str | None = None,
    lines: Lines | None = None,
    base: str | None = None,
) -> Spec:
    """The network of tables laid out as in a network file; ``layers`` may stand for ``layer``.

    Tuples, NumPy arrays and NumPy numbers count as lists and numbers; None counts as not given.
    ``base`` is the folder that a relative path in ``[data]`` starts from (None: the current one).
    Raises InputError for any mistake.
    """
    origin = Origin(file, lines or Lines())
    top = Section(plain(tables, file), "the network", origin)
    top.only(KEYS)
    scope = Scope(init=top.get("init", INIT))
    input_name, input_shape = _read_input(top, scope)
    layers = read_layers(_layer_sections(top), scope)
    regularization = read_regularization(top)
    return Spec(
        name=_read_name(top),
        title=str(top.get("title", Option(LINE, ""))),
        input_name=input_name,
        input_shape=input_shape,
        layers=layers,
        outputs=read_outputs(top, scope),
        l2=regularization["l2"],
        l1=regularization["l1"],
        train=read_train(top),
        data=read_data(top),
        file=file,
        base=base,
    )


def is_network_name(name: str) -> bool:
    """Whether a network can have this name; it becomes a module's, never a name in formulas."""
    word = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    return bool(word) and len(name) <= MAX_NAME and not keyword.iskeyword(name)


def _read_name(top: Section) -> str:
    name = top.get("name", Option(LINE, "network"))
    assert isinstance(name, str)
    if not is_network_name(name):
        raise top.error(
            f"the network's name must be an identifier of at most {MAX_NAME} letters, digits "
            f"and _, a letter first, and no keyword of Python, not {name!r}",
            "name",
        )
    return name


def _read_input(top: Section, scope: Scope) -> tuple[str, tuple[int, ...]]:
    if "input" not in top.values:
        raise top.error("the network needs [input] with shape = [2], for example")
    section = top.table("input", "[input]")
    section.only(["name", "shape"])
    scope.input_name = scope.name(section, section.values.get("name", "x"), "input")
    shape = section.get("shape", Option(SHAPE))
    assert isinstance(shape, tuple)
    return scope.input_name, shape


def _layer_sections(top: Section) -> list[Section]:
    if "layer" in top.values and "layers" in top.values:
        raise top.error("layer and layers mean the same; give one of them", "layers")
    sections = top.tables("layers" if "layers" in top.values else "layer", "a layer")
    if not sections:
        raise top.error('the network has no layers; write [[layer]] with type = "dense"')
    return sections
