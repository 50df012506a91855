"""Layers that move entries about: flatten, reshape, and the merging layers."""

from __future__ import annotations

from symbp.layers.definition import Definition

LETTERS = "abcdefgh"


def _row_major(source: tuple[int, ...], letters: str, name: str) -> str:
    """``name`` read or written as one axis that is made of ``source``'s axes."""
    inside = ",".join(letters[: len(source)])
    return f"{name}[n,({inside})]" if len(source) > 1 else f"{name}[n,{inside}]"


def reshape(source: tuple[int, ...], target: tuple[int, ...]) -> Definition:
    """The entries of one sample in row-major order, in another shape."""
    read = ",".join(LETTERS[: len(source)])
    sizes = dict(zip(LETTERS, source, strict=False))
    if len(target) == 1:
        return Definition(f"{_row_major(source, LETTERS, 'y')} = x[n,{read}]", sizes=sizes)
    others = "ijklpqrs"
    sizes |= dict(zip(others, target, strict=False))
    write = ",".join(others[: len(target)])
    if len(source) == 1:
        return Definition(
            f"y[n,{write}] = {_row_major(target, others, 'x')}",
            sizes={i: s for i, s in sizes.items() if i in others},
        )
    return Definition(
        f"f[n,({read})] = x[n,{read}]\ny[n,{write}] = {_row_major(target, others, 'f')}",
        sizes=sizes,
    )


def combine(op: str, count: int) -> Definition:
    """Entrywise sum or product of ``count`` inputs of one shape."""
    names = tuple(f"x{k}" for k in range(1, count + 1))
    return Definition(f" {op} ".join(names), inputs=names)


def concat(ranks: int, axis: int, sizes: tuple[int, ...]) -> Definition:
    """Inputs one behind the other along ``axis`` of a sample with ``ranks`` axes."""
    names = tuple(f"x{k}" for k in range(1, len(sizes) + 1))
    lines, offset = [], 0
    for k, (name, size) in enumerate(zip(names, sizes, strict=True)):
        others = list(LETTERS[:ranks])
        own = "ijklpqrs"[k] if k < 8 else f"i{k}"
        others[axis] = own
        read = ",".join(["n", *others])
        others[axis] = own if offset == 0 else f"{own}+{offset}"
        lines.append(f"y[{','.join(['n', *others])}] += {name}[{read}]")
        offset += size
    return Definition("\n".join(lines), inputs=names)
