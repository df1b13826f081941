"""From halves to pairs: the cycles and paths of an assignment become a matching.

An assignment sends every vertex to one vertex. Followed along its edges it falls into mutual pairs, longer cycles and
paths. On each of them the heaviest matching is found exactly, by dynamic programming. Nothing is lost on paths and
even cycles; an odd cycle must leave one vertex out, the one that costs least, so at least two thirds of the relaxed
value remain in any case.
"""

from __future__ import annotations

from collections.abc import Sequence

FREE = -1


def round_to_pairs(successor: Sequence[int], worth: Sequence[int]) -> list[int]:
    """The partner of every vertex, ``FREE`` for none.

    ``successor``: the vertex each vertex is sent to; ``worth``: the weight of that edge, 0 where it is none.
    """
    n = len(successor)
    follows = [worth[x] > 0 for x in range(n)]
    has_predecessor = [False] * n
    for x in range(n):
        if follows[x]:
            has_predecessor[successor[x]] = True
    mate = [FREE] * n
    seen = [False] * n
    heads_first = [x for x in range(n) if not has_predecessor[x]] + [x for x in range(n) if has_predecessor[x]]
    for head in heads_first:
        if seen[head]:
            continue
        walk = [head]
        seen[head] = True
        while follows[walk[-1]] and not seen[successor[walk[-1]]]:
            walk.append(successor[walk[-1]])
            seen[walk[-1]] = True
        edges = [worth[x] for x in walk]
        closed = follows[walk[-1]] and len(walk) > 2
        for position in heaviest_on_cycle(edges) if closed else heaviest_on_path(edges[:-1]):
            one, other = walk[position], walk[(position + 1) % len(walk)]
            mate[one], mate[other] = other, one
    return mate


def heaviest_on_path(edges: Sequence[int]) -> list[int]:
    """Positions of the edges of the heaviest matching on a path, given its edge weights in order."""
    best = [0, 0]
    for weight in edges:
        best.append(max(best[-1], best[-2] + weight))
    chosen: list[int] = []
    position = len(edges) - 1
    while position >= 0:
        if best[position + 2] > best[position + 1]:
            chosen.append(position)
            position -= 2
        else:
            position -= 1
    return chosen


def heaviest_on_cycle(edges: Sequence[int]) -> list[int]:
    """The same on a cycle of at least three vertices; the last edge leads from the last vertex to the first."""
    without_last = heaviest_on_path(edges[:-1])
    with_last = [len(edges) - 1, *(position + 1 for position in heaviest_on_path(edges[1:-2]))]
    return max(with_last, without_last, key=lambda chosen: sum(edges[position] for position in chosen))
