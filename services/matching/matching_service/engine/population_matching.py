"""From a population and a policy to pairs, the people left over and why, and the certificate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.graph import MAX_VERTICES, Graph, PopulationTooLarge
from matching_service.engine.matching import Matching, solve
from matching_service.engine.policy import Policy
from matching_service.engine.population import Population
from matching_service.engine.results import (
    ENGINE_VERSION,
    NO_WORTH,
    MatchedPopulation,
    Pair,
    PriceProof,
    Unmatched,
    WhyUnmatched,
)
from matching_service.engine.rounding import FREE
from matching_service.engine.scoring import FeasiblePairs, Scores

Int64Array = NDArray[np.int64]
Progress = Callable[[str, float], None]


def match_population(
    population: Population,
    policy: Policy,
    *,
    target_gap: float = 1e-3,
    seed: int = 0,
    progress: Progress | None = None,
) -> MatchedPopulation:
    """Pair the people of a population under a policy.

    Every feasible pair is scored; see ``match_graph`` for the method, ``target_gap`` and ``seed``. The policy says
    whether coverage comes first. ``progress`` hears (phase, share of it done) with the phases "scoring", "matching"
    and "explaining". The same population hash, policy fingerprint, target gap, seed and engine version give the same
    bytes.

    Time O(n^3) at worst, memory 8 bytes for each ordered pair of people and up to 60 for each feasible pair; pure
    computation, to be run off any event loop.

    Raises: PopulationTooLarge beyond 10,000 people.
    """
    if len(population) > MAX_VERTICES:
        raise PopulationTooLarge(len(population))
    tell = progress or _unheard
    tell("scoring", 0.0)
    scores = Scores(population, policy)
    feasible = scores.feasible_pairs(lambda share: tell("scoring", share))
    tell("matching", 0.0)
    matching = solve(
        Graph(len(population), feasible.u, feasible.v, feasible.weight),
        coverage_first=policy.coverage_first,
        target_gap=target_gap,
        seed=seed,
        progress=lambda share: tell("matching", share),
    )
    tell("explaining", 0.0)
    pairs = _pairs(population, scores, feasible, matching)
    unmatched = _unmatched(population, scores, feasible, matching)
    tell("explaining", 1.0)
    return MatchedPopulation(
        pairs=pairs,
        unmatched=unmatched,
        value=matching.value,
        upper_bound=matching.upper_bound,
        gap=matching.gap,
        most_pairs=matching.most_pairs,
        method=matching.method,
        proofs=tuple(
            PriceProof(doubled_prices=tuple(proof.doubled_prices.tolist()), bonus=proof.bonus) for proof in matching.proofs
        ),
        population_hash=population.hash,
        policy=policy.label,
        policy_fingerprint=policy.fingerprint,
        target_gap=target_gap,
        seed=seed,
        engine_version=ENGINE_VERSION,
    )


def _pairs(population: Population, scores: Scores, feasible: FeasiblePairs, matching: Matching) -> tuple[Pair, ...]:
    mate = matching.mate
    a = np.flatnonzero(mate > np.arange(len(mate))).astype(np.int32)
    b = mate[a]
    rows = zip(
        a.tolist(),
        b.tolist(),
        feasible.weight_of(a, b, len(mate)).tolist(),
        scores.benefits(a, b).tolist(),
        scores.benefits(b, a).tolist(),
        strict=True,
    )
    ids = [person.id for person in population.people]
    return tuple(
        Pair(a=ids[one], b=ids[other], weight=weight, benefit_a=benefit_a, benefit_b=benefit_b)
        for one, other, weight, benefit_a, benefit_b in rows
    )


def _unmatched(population: Population, scores: Scores, feasible: FeasiblePairs, matching: Matching) -> tuple[Unmatched, ...]:
    count = len(population)
    partners = np.bincount(feasible.u, minlength=count) + np.bincount(feasible.v, minlength=count)
    free = np.flatnonzero(matching.mate == FREE)
    part_free = np.bincount(matching.part[free])
    result: list[Unmatched] = []
    for person in free.tolist():
        why: WhyUnmatched
        removed: dict[str, int] = {}
        if not partners[person]:
            why = "no_feasible_partner"
            removed = _removed(scores, person, count)
        elif part_free[matching.part[person]] == 1:
            why = "odd_one_out"
        else:
            why = "better_pairs_elsewhere"
        result.append(Unmatched(person=population.people[person].id, why=why, partners=int(partners[person]), removed=removed))
    return tuple(result)


def _removed(scores: Scores, person: int, count: int) -> dict[str, int]:
    """How many people each rule removed, the most first; those no rule removed were worth nothing."""
    removed = scores.rules.removed(person, count)
    removed[NO_WORTH] = int(scores.rules.feasible(slice(person, person + 1), slice(0, count)).sum())
    return {rule: n for rule, n in sorted(removed.items(), key=lambda item: (-item[1], item[0])) if n}


def _unheard(_: str, __: float) -> None:
    """Nobody listens to the progress."""
