"""Whether the samples of a minibatch can be shared between processes.

They can where every sample is on its own up to the loss, and the loss is one mean or one sum of them.
"""

from __future__ import annotations

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, Letter, MeanOver, SumOver
from symbp.errors import InputError
from symbp.network.items import statements
from symbp.network.program import Program
from symbp.writers.work import finished, of_batch

ONCE, MEAN, SUM = "once", "mean", "sum"


def reduction(program: Program) -> str:
    """``mean`` or ``sum``: how the losses of parts of a batch make that of the whole.

    Raises InputError, with the reason, where they do not.
    """
    spec = program.graph.spec
    if program.graph.buffers:
        raise _refused(program, f"the buffer {program.graph.buffers[0].key} is of the whole batch")
    for statement in statements(program.forward):
        if statement.mode != "inference":
            for f in finished(statement):
                if not _apart(f.equation, f.unit):
                    raise _refused(program, f"in {statement.layer}, {statement.defines} mixes them")
    kinds = set()
    for head in program.heads:
        *before, last = head.forward
        kinds.add(_kind(last.equation.rhs, last.unit))
        if None in kinds or not all(_apart(f.equation, f.unit) for f in before):
            raise _refused(program, "the loss compares them")
    if len(kinds) > 1:
        raise _refused(program, "one loss is a mean over them and another is a sum")
    if kinds == {SUM} and (spec.l1 or spec.l2):
        raise _refused(
            program, 'each part of a sum adds the penalty anew; reduction = "mean" has it once'
        )
    return SUM if kinds == {SUM} else MEAN


def _refused(program: Program, reason: str) -> InputError:
    message = f"--processes needs samples that do not depend on each other: {reason}; leave it out"
    return InputError(message, program.graph.spec.file)


def _apart(equation: Equation, unit: Unit) -> bool:
    """Whether each sample of the left side reads that sample alone on the right."""
    if any(of_batch(link.letter, unit) for link in unit.links):
        return False
    own = {i for i in equation.target.indices if i.is_Symbol and of_batch(i, unit)}
    return len(own) < 2 and _bare(equation.target, own, unit) and _bare(equation.rhs, own, unit)


def _bare(expr: sp.Basic, own: set[Letter], unit: Unit) -> bool:
    """Whether letters of the batch stand as bare indices alone, and are among these."""
    if isinstance(expr, Entry):
        return all(
            not of_batch(i, unit) or i in own if i.is_Symbol else _bare(i, own, unit)
            for i in expr.indices
        )
    if isinstance(expr, sp.Symbol):
        return not of_batch(expr, unit)
    return all(_bare(a, own, unit) for a in expr.args)


def _kind(expr: sp.Basic, unit: Unit) -> str | None:
    """Over the batch a term is a mean, a sum, or there once; None is anything else."""
    if _bare(expr, set(), unit):
        return ONCE
    if isinstance(expr, (MeanOver, SumOver)):
        bound = {i for i in expr.letters if of_batch(i, unit)}
        if bound and len(bound) == 1 and _bare(expr.body, bound, unit):
            return MEAN if isinstance(expr, MeanOver) else SUM
        inner = _kind(expr.body, unit) if not bound else None
        return inner if inner != ONCE else None
    found = [_kind(a, unit) for a in expr.args]
    other = {kind for kind in found if kind != ONCE}
    if isinstance(expr, sp.Mul) and len([k for k in found if k != ONCE]) == 1:
        return other.pop()
    if isinstance(expr, sp.Add) and (other == {MEAN} or (other == {SUM} and ONCE not in found)):
        return other.pop()
    return None
