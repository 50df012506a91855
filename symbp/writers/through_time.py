"""Backpropagation through time as a lecturer writes it: the recursion from step t+1 to step t, and the
product of Jacobians that makes gradients vanish or explode (Bengio, Simard and Frasconi 1994, sec. III).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, Link
from symbp.calculus.expression import Entry, entries
from symbp.calculus.index import freshen, map_entries, substitute
from symbp.network.items import Piece, Scan, Statement
from symbp.printers.finished import Finished
from symbp.printers.naming import Name
from symbp.writers.document import Text


@dataclass(frozen=True)
class Memory:
    """A tensor that a recurrence hands from step to step: ``recursion`` is its adjoint at t from
    adjoints at t+1; ``jacobian`` what the step from t to t-1 makes of the adjoint of itself alone."""

    tensor: str
    recursion: Statement
    jacobian: Statement | None


def memories(scan: Scan, links: tuple[Link, ...]) -> list[Memory]:
    """Of the loop that runs back through time, every tensor that carries something back."""
    body = {s.pieces[0].finished.equation.name: s for s in scan.body if _plain(s)}  # type: ignore[union-attr]
    found: list[Memory] = []
    for link in links:
        share, total = body.get(link.base), body.get(ADJOINT + _base(link, scan))
        if share is None or total is None or abs(link.offset) != 1:
            continue
        recursion = _with(total, _shifted(total, share, link))
        found.append(Memory(total.defines, recursion, _jacobian(share, total, body)))
    return found


def _base(link: Link, scan: Scan) -> str:
    """The tensor whose past the link's base is: of ``dh_prev`` it is ``h``."""
    unit = _finished(scan.body[0]).unit
    forward = {k.name: k.base for k in unit.links}
    return forward.get(link.base.removeprefix(ADJOINT), "")


def _finished(statement: Statement) -> Finished:
    finished = statement.pieces[0].finished
    assert finished is not None
    return finished


def _plain(statement: Statement) -> bool:
    """Whether one equation says all of a step's entries."""
    finished = statement.pieces[0].finished
    return (
        len(statement.pieces) == 1
        and finished is not None
        and finished.unit.covers(finished.equation.target)
    )


def _shifted(total: Statement, share: Statement, link: Link) -> sp.Expr:
    """The right side of ``total`` with the share of step t+1 written out."""
    equation, other = _finished(total).equation, _finished(share).equation

    def value(entry: Entry) -> sp.Expr:
        own = other.target.indices
        there = list(entry.indices)
        there[link.axis] = there[link.axis] + link.offset
        rhs = freshen(other.rhs, equation.rhs.atoms(sp.Symbol))
        return substitute(rhs, dict(zip(own, there, strict=True)))

    return map_entries(equation.rhs, link.name, value)


def _jacobian(share: Statement, total: Statement, body: dict[str, Statement]) -> Statement | None:
    """The share written in the adjoint of the tensor itself; None where other ways lead back, too."""
    expr = _finished(share).equation.rhs
    goal = _finished(total).equation.name
    for _ in body:
        names = [r.name for r in entries(expr) if r.name.startswith(ADJOINT) and r.name != goal]
        if not names:
            break
        step = body.get(names[0])
        if step is None or step is share:
            return None
        equation = _finished(step).equation

        def value(entry: Entry, equation: Equation = equation, expr: sp.Expr = expr) -> sp.Expr:
            rhs = freshen(equation.rhs, expr.atoms(sp.Symbol))
            return substitute(rhs, dict(zip(equation.target.indices, entry.indices, strict=True)))

        expr = map_entries(expr, names[0], value)
    reads = [r for r in entries(expr) if r.name.startswith(ADJOINT)]
    return _with(share, expr) if reads and all(r.name == goal for r in reads) else None


def _with(statement: Statement, rhs: sp.Expr) -> Statement:
    """The statement with another right side, for reading alone."""
    piece = statement.pieces[0]
    finished = _finished(statement)
    equation = Equation(finished.equation.target, rhs)
    shown = Finished(equation, finished.unit, finished.order)
    defines = piece.tensor(finished.equation.name)
    return replace(statement, defines=defines, pieces=(Piece(shown, piece.names),))


def jacobians(name: Name, step: str) -> Text:
    """``dh_s/dh_t`` as the product of the Jacobians of single steps."""
    inside = "k"
    late, early, one, before = (name.latex(i) for i in ("s", step, inside, f"{inside}-1"))
    latex = (
        rf"\frac{{\partial {late}}}{{\partial {early}}} = \prod_{{{inside}={step}+1}}^{{s}} "
        rf"\frac{{\partial {one}}}{{\partial {before}}}"
    )
    late, early, one, before = (name.unicode(i) for i in ("s", step, inside, f"{inside}-1"))
    return Text(latex, f"∂{late}/∂{early} = Π_{inside}={step}+1..s ∂{one}/∂{before}")


__all__ = ["Memory", "jacobians", "memories"]
