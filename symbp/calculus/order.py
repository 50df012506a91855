"""Strongly connected components: what depends on itself, and in which order the rest comes."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def components(nodes: Sequence[T], needs: Mapping[T, Sequence[T]]) -> list[list[T]]:
    """The strongly connected components, each behind all that it needs (Tarjan 1972).

    Iterative: a chain may be longer than Python's stack. Components and their members keep the order
    of ``nodes`` where what they need allows it.
    """
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    open_nodes: set[T] = set()
    found: list[list[T]] = []
    for start in nodes:
        if start in number:
            continue
        work = [(start, iter(needs.get(start, ())))]
        number[start] = low[start] = len(number)
        stack.append(start)
        open_nodes.add(start)
        while work:
            node, rest = work[-1]
            following = next((n for n in rest if n not in number or n in open_nodes), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    k = stack.index(node)
                    found.append(stack[k:])
                    open_nodes -= set(stack[k:])
                    del stack[k:]
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                open_nodes.add(following)
                work.append((following, iter(needs.get(following, ()))))
            else:
                low[node] = min(low[node], number[following])
    return _in_order(nodes, needs, found)


def _in_order(
    nodes: Sequence[T], needs: Mapping[T, Sequence[T]], found: list[list[T]]
) -> list[list[T]]:
    """Each component as soon as all that it needs is there, earlier ones first."""
    place = {node: k for k, node in enumerate(nodes)}
    groups = [sorted(group, key=place.__getitem__) for group in found]
    groups.sort(key=lambda group: place[group[0]])
    owner = {node: k for k, group in enumerate(groups) for node in group}
    waiting = {
        k: {owner[n] for node in group for n in needs.get(node, ())} - {k}
        for k, group in enumerate(groups)
    }
    users: dict[int, list[int]] = {}
    for k, others in waiting.items():
        for other in others:
            users.setdefault(other, []).append(k)
    ready = [k for k, others in waiting.items() if not others]
    heapq.heapify(ready)
    ordered: list[list[T]] = []
    while ready:
        done = heapq.heappop(ready)
        ordered.append(groups[done])
        for user in users.get(done, ()):
            waiting[user].discard(done)
            if not waiting[user]:
                heapq.heappush(ready, user)
    return ordered
