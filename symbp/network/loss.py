"""The loss as statements: the terms of the outputs, and the penalties that are added to them."""

from __future__ import annotations

from symbp.network.graph import Tensor
from symbp.network.heads import Head, penalty
from symbp.network.items import Item, Piece, Statement
from symbp.network.maker import Maker

LOSS = "L"


def loss(maker: Maker, heads: list[Head]) -> tuple[tuple[Item, ...], list[dict[str, str]]]:
    """The statements of the loss, and for each head the network's tensors by their local names."""
    made: list[Item] = []
    total: list[Piece] = []
    known: list[dict[str, str]] = []
    penalties = _penalties(maker)
    for h in heads:
        names = _with_constants(maker, h)
        known.append(names)
        if penalties and len(heads) == 1:
            names["L"] = maker.tensor("data_loss", (), "loss", r"L_{\mathrm{data}}")
        for finished in h.forward:
            local = finished.equation.name
            if local not in names:
                shape = h.text.unit.shape_of(finished.equation.target.indices)
                names[local] = maker.tensor(_loss_name(local, h), shape, "activation", None)
            made.append(
                Statement(
                    maker.id("loss", names[local]), "loss", "loss", names[local],
                    (Piece(finished, names),),
                )
            )  # fmt: skip
        total.append(Piece(None, {}, names["L"]))
    if len(heads) > 1 or penalties:
        maker.tensors["loss"] = Tensor("loss", (), "loss", (), LOSS)
        made.append(
            Statement(maker.id("loss", "loss"), "loss", "loss", "loss", (*total, *penalties))
        )
    return tuple(made), known


def _with_constants(maker: Maker, h: Head) -> dict[str, str]:
    """The names of a head's tensors; constants declared beside its formula become tensors."""
    names = dict(h.names)
    for local, value in dict(h.output.loss.options).get("constants", ()):  # type: ignore[call-overload]
        shape = tuple(h.text.unit.sizes[i.name] for i in h.text.unit.letters[local])
        names[local] = maker.tensor(local, shape, "constant", None)
        maker.constants[names[local]] = value
    return names


def _penalties(maker: Maker) -> list[Piece]:
    """The penalties on weights, each a share of the loss."""
    spec, made = maker.graph.spec, []
    if not spec.l2 and not spec.l1:
        return []
    for name in maker.graph.regularized:
        tensor = maker.tensors[name]
        rank = len(tensor.shape) + len(tensor.levels)
        text, local = penalty(maker.graph.library, rank, spec.l2, spec.l1, spec.file)
        names = {local: name, "R": "loss"}
        made += [Piece(f, names, whole=True) for f in text.forward if f.equation.name == "R"]
    return made


def _loss_name(local: str, h: Head) -> str:
    """``log_y`` of a loss over an output named p is ``log_p``."""
    others = (("", f"_others{end}") for end in ("", "_max", "_exp", "_sum"))
    for prefix, suffix in (("log_", ""), ("log_not_", ""), ("", "_max"), ("", "_sum"), *others):
        if local == f"{prefix}y{suffix}":
            return f"{prefix}{h.names['y'].rstrip('_')}{suffix}"
    return local
