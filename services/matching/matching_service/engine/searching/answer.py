"""From the matches a search found, by place, to the answer: by position, with who is left over and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import Proof
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import ENGINE_VERSION, NO_WORTH, MatchedPopulation, Unmatched, WhyUnmatched
from matching_service.engine.searching.search import Search
from matching_service.engine.weighing.all_pairs import Field
from matching_service.engine.weighing.profiles import RULES
from matching_service.engine.weighing.scoring import weigh

_LOOKED_UP: Final = 50_000_000
"""How many pairs are looked at after a stop, to find out why people are left over: some seconds' worth."""


def answer(population: Population, policy: Policy, search: Search, target_gap: float, seed: int) -> MatchedPopulation:
    """The answer by position instead of by place, with everything a reader wants to know."""
    field, order = search.field, search.field.order
    pairs, first = _by_first_position(np.column_stack(search.pairs()), order)
    trios, _ = _by_first_position(search.trios, order)
    a, b = (np.ascontiguousarray(column) for column in pairs.T)
    weight, (_, benefit_a, benefit_b) = search.pair_worths(a, b), weigh(field.people, field.terms, field.skills, a, b)
    of_trio = search.trio_worths(trios)
    groups = sorted(sorted(order[list(group)].tolist()) for group in search.groups)
    place = np.argsort(order)
    of_group = np.array([_worth(field, place[group]) for group in groups], dtype=np.int64)
    proven, value = search.proven(), int(weight.sum() + of_trio.sum() + of_group.sum())
    return MatchedPopulation(
        ids=population.ids,
        a=order[pairs[:, 0]].astype(np.int32),
        b=order[pairs[:, 1]].astype(np.int32),
        weight=weight,
        benefit_a=benefit_a,
        benefit_b=benefit_b,
        trio=order[trios].astype(np.int32),
        trio_weight=of_trio,
        unmatched=_unmatched(population, search),
        upper_bound=max(value, proven.value),
        most_people=proven.people,
        method=search.method,
        proofs=tuple(_by_position(proof, order) for proof in search.proofs),
        population_hash=population.hash,
        policy=policy.label,
        policy_fingerprint=policy.fingerprint,
        target_gap=target_gap,
        seed=seed,
        engine_version=ENGINE_VERSION,
        group_start=np.cumsum([0, *map(len, groups)]),
        group_member=np.array([one for group in groups for one in group], dtype=np.int32),
        group_weight=of_group,
        exhaustive=search.exhaustive,
        round=search.rounds[first] if len(search.rounds) else search.rounds,
    )


def _worth(field: Field, group: Int64Array) -> int:
    """The worths of a group's pairs, divided by its size less one."""
    first, second = np.triu_indices(len(group), 1)
    places = group.astype(np.int32)
    worths = weigh(field.people, field.terms, field.skills, places[first], places[second])[0]
    return int(worths.sum()) // (len(group) - 1)


def _by_first_position(places: Int32Array, order: Int64Array) -> tuple[Int32Array, Int64Array]:
    """Matches, a row each, in the order of people's positions, within a match and of the first two of each match.

    With the row that each was before.
    """
    within = np.take_along_axis(places, np.argsort(order[places], axis=1, kind="stable"), axis=1)
    first = np.lexsort((order[within[:, 1]], order[within[:, 0]]))
    return within[first], first


def _by_position(proof: Proof, order: Int64Array) -> Proof:
    prices = np.empty_like(proof.prices)
    prices[order] = proof.prices
    return replace(proof, prices=prices)


def _unmatched(population: Population, search: Search) -> tuple[Unmatched, ...]:
    order = search.field.order
    places = np.flatnonzero(~search.matched).astype(np.int32)
    places = places[np.argsort(order[places], kind="stable")]
    if search.stopped and len(places) * len(order) > _LOOKED_UP:
        everybody = (population.id(order[place]) for place in places.tolist())
        return tuple(Unmatched(person=person, why="search_ended", partners=0, removed={}) for person in everybody)
    counts = search.field.alternatives(places)
    possible = counts[:, -1]
    part = search.graph.part
    others_left = np.bincount(part[places[possible > 0]], minlength=int(part.max(initial=-1)) + 1)
    result: list[Unmatched] = []
    for place, of_one, partners in zip(places.tolist(), counts.tolist(), possible.tolist(), strict=True):
        why: WhyUnmatched = "better_pairs_elsewhere"
        if search.groups_only:
            why = "no_group"
        elif search.one_match_each and others_left[part[place]] == 1:
            why = "odd_one_out"
        removed: dict[str, int] = {}
        if not partners:
            why = "no_feasible_partner"
            named = zip((*RULES, NO_WORTH), of_one, strict=False)
            removed = {rule: n for rule, n in sorted(named, key=lambda item: (-item[1], item[0])) if n}
        result.append(Unmatched(person=population.id(order[place]), why=why, partners=partners, removed=removed))
    return tuple(result)
