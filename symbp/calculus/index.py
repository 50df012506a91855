"""Letters: capture-avoiding substitution, canonical bound letters, letter-free signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import sympy as sp

from symbp.calculus.expression import Entry, Letter, Reduction, Size, letter, rebuild


def base(index: Letter) -> str:
    """The letter that a fresh copy was made from: ``i`` for ``i_2``."""
    return index.name.partition("_")[0]


def fresh(index: Letter, taken: Iterable[Letter]) -> Letter:
    """A copy of ``index`` that is not among ``taken``."""
    names = {t.name for t in taken}
    count = 1
    while f"{base(index)}_{count}" in names:
        count += 1
    return letter(f"{base(index)}_{count}")


def substitute(expr: sp.Basic, mapping: Mapping[Letter, sp.Expr]) -> sp.Basic:
    """Replace letters by index expressions at once; a bound letter that would be caught moves aside."""
    mapping = {old: new for old, new in mapping.items() if old != new}
    if not mapping or not expr.free_symbols & mapping.keys():
        return expr
    if isinstance(expr, Entry):
        return expr.at(*(substitute(i, mapping) for i in expr.indices))
    if isinstance(expr, sp.Symbol):
        return mapping.get(expr, expr)
    if isinstance(expr, Reduction):
        bound = set(expr.letters)
        inner = {o: n for o, n in mapping.items() if o not in bound and o in expr.free_symbols}
        arriving = set().union(*(n.free_symbols for n in inner.values()))
        taken = arriving | expr.body.free_symbols
        for index in expr.letters:
            if index in arriving:
                inner[index] = fresh(index, taken)
                taken.add(inner[index])
        body = substitute(expr.body, inner)
        return expr.func(body, *(inner.get(i, i) for i in expr.letters))
    return rebuild(expr, [substitute(a, mapping) for a in expr.args])


def map_entries(expr: sp.Basic, name: str, value: Callable[[Entry], sp.Expr]) -> sp.Basic:
    """Replace every entry of tensor ``name``; ``value`` gets the entry and may use its letters."""
    if isinstance(expr, Entry):
        if expr.name == name:
            return value(expr)
        return rebuild(expr, [expr.args[0], *(map_entries(i, name, value) for i in expr.indices)])
    if not expr.args:
        return expr
    return rebuild(expr, [map_entries(a, name, value) for a in expr.args])


def freshen(expr: sp.Basic, taken: Iterable[Letter]) -> sp.Basic:
    """Rename every bound letter of ``expr`` that is among ``taken``."""
    taken = set(taken)
    if not expr.args or isinstance(expr, Entry):
        return expr
    if isinstance(expr, Reduction):
        moved: dict[Letter, sp.Expr] = {}
        avoid = taken | expr.body.free_symbols
        for index in expr.letters:
            if index in taken:
                moved[index] = fresh(index, avoid | set(moved.values()))
        body = freshen(substitute(expr.body, moved), taken | set(moved.values()))
        return expr.func(body, *(moved.get(i, i) for i in expr.letters))
    return rebuild(expr, [freshen(a, taken) for a in expr.args])


def canonical(expr: sp.Basic) -> sp.Basic:
    """Give every bound letter the first free name of its family: ``i``, then ``i_1``, from inside out."""
    if not expr.args or isinstance(expr, (Entry, Size)):
        return expr
    arguments = [canonical(a) for a in expr.args]
    if not isinstance(expr, Reduction):
        return rebuild(expr, arguments)
    inner = {i for node in _reductions(arguments[0]) for i in node.letters}
    used = {i.name for i in expr.free_symbols | inner}
    renamed: dict[Letter, Letter] = {}
    for index in expr.letters:
        candidates = (base(index) + suffix for suffix in _suffixes())
        name = next(c for c in candidates if c not in used)
        used.add(name)
        renamed[index] = letter(name)
    body = substitute(arguments[0], renamed)
    return expr.func(body, *sorted(renamed.values(), key=lambda i: i.name))


def _suffixes() -> Iterable[str]:
    yield ""
    count = 0
    while True:
        count += 1
        yield f"_{count}"


def _reductions(expr: sp.Basic) -> Iterable[Reduction]:
    if isinstance(expr, Reduction):
        yield expr
    for argument in expr.args:
        yield from _reductions(argument)


def signature(expr: sp.Basic) -> tuple[str, tuple[Letter, ...]]:
    """A text that is equal for expressions equal up to a renaming of letters, and the free letters in
    the order in which the text names them. Equal texts mean equal expressions under that renaming."""
    order: dict[Letter, int] = {}

    def shape(node: sp.Basic) -> str:
        if node.is_Symbol:
            return "?"
        children = [shape(a) for a in node.args]
        if node.is_Add or node.is_Mul:
            children.sort()
        head = str(node) if not node.args else type(node).__name__
        return f"{head}({','.join(children)})"

    def text(node: sp.Basic) -> str:
        if node.is_Symbol:
            return f"${order.setdefault(node, len(order))}"
        children = list(node.args)
        if node.is_Add or node.is_Mul:
            children.sort(key=shape)
        head = str(node) if not node.args else type(node).__name__
        return f"{head}({','.join(text(a) for a in children)})"

    result = text(expr)
    free = expr.free_symbols
    return result, tuple(i for i in order if i in free)
