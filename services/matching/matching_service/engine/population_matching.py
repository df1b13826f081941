"""From a population and a policy to pairs, the people left over and why, and the certificate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_service.engine.auction import FREE, tighten
from matching_service.engine.bound import Bound, Proof, bound
from matching_service.engine.field import Field, edges_of, floors
from matching_service.engine.graph import Graph, lots
from matching_service.engine.matching import solve
from matching_service.engine.policy import MICRO, Policy
from matching_service.engine.population import Population
from matching_service.engine.results import ENGINE_VERSION, NO_WORTH, MatchedPopulation, Unmatched, WhyUnmatched
from matching_service.engine.scoring import RULES, weigh
from matching_service.engine.solver import METHOD, Solved, best_known, close_enough, value_of

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]
Progress = Callable[[str, float, float | None], None]
"""Hears the phase, the share of it that is done (0 to 1), and the gap certified so far."""

_ALL_PAIRS: Final = 3_000
"""Up to so many people every feasible pair is held in memory."""

_ALL_COMPARED: Final = 300_000
"""Up to so many people every pair is compared with the prices; beyond, a sample of people with everybody."""

_LISTED: Final = 8
_COLUMNS_SEEN: Final = 8_192
"""How many partners everybody is listed, and out of how many, before all pairs are compared."""

_JOINED: Final = 16
_MARGIN: Final = 40_000
"""How many pairs a comparison lists for one person, and how far short of the prices they may be, in doubled micro-units.

The margin is what later prices may fall without another comparison.
"""

_ROUNDS: Final = 5
_PARTLY: Final = (16, 8, 4)
"""When all pairs are too many to compare: one of so many blocks, round after round."""

_SAMPLE: Final = 20_000
_CONFIDENCE: Final = 0.999
_GAIN_WORTH_A_PATH: Final = 100
"""Micro-units of worth below which no alternating path is looked for in a large population."""


class _Stopped(Exception):
    """The caller has had enough."""


def match_population(
    population: Population,
    policy: Policy,
    *,
    target_gap: float = 1e-3,
    seed: int = 0,
    fast: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> MatchedPopulation:
    """Pair the people of a population under a policy.

    Every pair of people is weighed against prices, exactly; see ``docs/matching.md`` for the method. The policy says
    whether coverage comes first. ``target_gap``: comparing goes on until the certified gap is this small, or nothing
    more is found. ``fast``: stop after the first certificate. ``seed`` decides ties. Beyond 300,000 people the bound
    is an estimate from a sample that holds with the ``confidence`` told.

    ``progress`` hears (phase, share of it done, certified gap if there is one yet), with the phases "scoring",
    "matching" and "explaining". ``stop`` is asked now and then; once it says yes, the best pairs so far are returned
    with what is proven about them.

    The same population hash, policy fingerprint, target gap, seed, mode and engine version give the same bytes, on any
    number of threads, unless stopped. Memory: some 1.5 KB a person. Pure computation, to be run off any event loop.

    Raises: ValueError for a target gap that is no share.
    """
    if not 0.0 <= target_gap < 1.0:
        raise ValueError(f"target_gap {target_gap} is not a share from 0 to 1.")
    search = _Search(Field(population, policy, seed), policy, target_gap, seed, progress or _unheard, stop or _never)
    try:
        search.run(fast)
    except _Stopped:
        search.take_what_there_is()
    search.tell("explaining", 0.0)
    result = _result(population, policy, search, target_gap, seed)
    search.tell("explaining", 1.0)
    return result


@dataclass
class _Search:
    """What is known so far: edges worth keeping, the best pairs, and proofs. Vertices are the places of the field."""

    field: Field
    policy: Policy
    target_gap: float
    seed: int
    progress: Progress
    stop: Callable[[], bool]

    def __post_init__(self) -> None:
        n = len(self.field.order)
        self.bonus = MICRO if self.policy.coverage_first else 0
        self.graph = Graph.empty(n)
        self.mate = np.full(n, FREE, dtype=np.int32)
        self.proofs = [Proof(np.full(n, MICRO + self.bonus, dtype=np.int64), 2, self.bonus)]
        self.confidence = 1.0
        self.lonely = np.zeros(0, dtype=np.int32)
        self._phase = "scoring"

    def run(self, fast: bool) -> None:
        """Search until the gap is closed, as far as the mode asks for."""
        active = self.field.active
        if active <= _ALL_PAIRS:
            self._exhaustive()
            return
        stride = max(1, round(active / _COLUMNS_SEEN))
        self._learn(edges_of(self.field.by_worth(_LISTED, stride, self._heard("scoring"))))
        self._phase = "matching"
        solved = self._solve()
        prices = self._shifted(solved)
        self._learn(edges_of(self.field.by_key(prices, self.graph, _LISTED, stride, self._heard("matching"))))
        solved = self._solve()
        if active <= _ALL_COMPARED:
            self._compare_all(solved, fast)
        else:
            self._compare_partly(solved, fast)
        self._leave_nobody_behind()
        self._polish()

    def _exhaustive(self) -> None:
        self.graph = self.field.complete(self._heard("scoring"))
        self.tell("matching", 0.0)
        self.mate, proofs = solve(self.graph, coverage_first=self.policy.coverage_first, target_gap=self.target_gap)
        self.proofs += proofs
        self.tell("matching", 1.0)

    def _compare_all(self, solved: Solved, fast: bool) -> None:
        margin = 0 if not fast else _MARGIN
        for _ in range(_ROUNDS):
            prices = self._shifted(solved)
            lists = self.field.join(prices, margin, _JOINED, 1, self._heard("matching"))
            self._learn(edges_of(lists))
            solved = self._solve()
            self._certify(solved, np.maximum(0, floors(lists, prices, margin) + self.bonus))
            if self._close_enough(slack=1e-5) or fast:
                return
            margin = _MARGIN

    def _compare_partly(self, solved: Solved, fast: bool) -> None:
        for stride in _PARTLY[:1] if fast else _PARTLY:
            prices = self._shifted(solved)
            self._learn(edges_of(self.field.join(prices, 0, _JOINED, stride, self._heard("matching"))))
            solved = self._solve()
        self._certify_by_sample(solved)

    def _solve(self) -> Solved:
        if self.stop():
            raise _Stopped
        solved = Solved.of(self.graph, self.bonus)
        self._consider(solved.mate)
        self.tell(self._phase, 1.0)
        return solved

    def _consider(self, mate: Int32Array) -> None:
        self.mate = best_known(self.graph, [self.mate, mate.copy()], coverage_first=self.policy.coverage_first)

    def _learn(self, edges: tuple[Int32Array, Int32Array, Int64Array]) -> None:
        self.graph = self.graph.merged(*edges)

    def _shifted(self, solved: Solved) -> Int64Array:
        """Prices for twice the worth, less the bonus of one's own side."""
        return -(-2 * solved.prices // self.graph.unit) - self.bonus

    def _certify(self, solved: Solved, least: Int64Array) -> None:
        """Keep the lowest prices that cover the graph and respect what a comparison has left out."""
        unit = self.graph.unit
        floor = least * (unit // 2)
        prices = np.maximum(solved.prices, floor)
        tighten(solved.by_vertex, prices, floor, 4)
        self.proofs.append(Proof(prices, unit, self.bonus))

    def _certify_by_sample(self, solved: Solved) -> None:
        """Estimate what the prices fail to cover from some people against everybody.

        Raising every price by half the worst violation of its owner covers all pairs. The mean of that is estimated
        with the empirical Bernstein bound (Maurer and Pontil 2009, theorem 4) at the confidence told.
        """
        active = self.field.active
        drawn = np.sort(np.argsort(lots(active, self.seed + 1), kind="stable")[:_SAMPLE].astype(np.int32))
        raised = self.field.violations(drawn, self._shifted(solved), self._heard("matching")) / 4
        count, most, doubt = len(drawn), MICRO / 2, math.log(2 / (1 - _CONFIDENCE))
        mean = float(raised.mean())
        mean += math.sqrt(2 * float(raised.var(ddof=1)) * doubt / count) + 7 * most * doubt / (3 * (count - 1))
        self.proofs.append(Proof(solved.prices, self.graph.unit, self.bonus, excess=math.ceil(mean * active)))
        self.confidence = _CONFIDENCE

    def _leave_nobody_behind(self) -> None:
        """Look among everybody for those without a mate, find out who can have none, and try again with their edges."""
        loose = np.flatnonzero(self.mate[: self.field.active] == FREE).astype(np.int32)
        degree = np.bincount(self.graph.u, minlength=self.graph.n) + np.bincount(self.graph.v, minlength=self.graph.n)
        prices = self._shifted(Solved.of(self.graph, self.bonus)) if len(loose) else np.zeros(self.graph.n, np.int64)
        lists = self.field.partners_of(loose, prices, _LISTED, self._heard("matching"))
        self.lonely = loose[(lists.length[loose] == 0) & (degree[loose] == 0)]
        reachable = self.field.active - len(self.lonely)
        self._prove_coverage()
        if self.policy.coverage_first and int((self.mate != FREE).sum()) // 2 < reachable // 2:
            self._learn(edges_of(lists))
            self._consider(Solved.of(self.graph, self.graph.coverage_bonus).repaired().mate)

    def _prove_coverage(self) -> None:
        """Half a pair for everybody who has a possible partner: a cover of all feasible pairs by people."""
        halves = np.zeros(self.graph.n, dtype=np.int64)
        halves[: self.field.active] = 1
        halves[self.lonely] = 0
        self.proofs.append(Proof(halves, 2, 1, counts_pairs=True))

    def _polish(self) -> None:
        """Alternating paths from the best prices known; they start where a pair is worth less than its prices."""
        if not self._close_enough() or self.policy.coverage_first:
            solved = Solved.of(self.graph, self.bonus).repaired(_GAIN_WORTH_A_PATH)
            self._consider(solved.mate)

    def take_what_there_is(self) -> None:
        """After a stop: the pairs of the edges known, if none were made of them yet."""
        if len(self.graph.u) and not (self.mate != FREE).any():
            self._consider(Solved.of(self.graph, self.bonus).mate)

    def proven(self) -> Bound:
        """What all proofs together say about the best pairs found."""
        everybody_together = np.zeros(self.graph.n, dtype=np.int32)
        part = self.graph.part if self.field.active <= _ALL_PAIRS else everybody_together
        return bound(self.proofs, part, self.mate)

    def gap(self) -> float | None:
        """The gap certified so far; None before the first certificate."""
        if len(self.proofs) == 1:
            return None
        proven = self.proven()
        return (proven.value - value_of(self.graph, self.mate)) / proven.value if proven.value else 0.0

    def _close_enough(self, slack: float = 0.0) -> bool:
        pairs, value = int((self.mate != FREE).sum()) // 2, value_of(self.graph, self.mate)
        return close_enough(self.proven(), pairs, value, self.target_gap - slack, coverage_first=False)

    def tell(self, phase: str, share: float) -> None:
        """Let the caller know how far it is."""
        self._phase = phase
        self.progress(phase, share, self.gap())

    def _heard(self, phase: str) -> Callable[[float], None]:
        gap = self.gap()

        def heard(share: float) -> None:
            if self.stop():
                raise _Stopped
            self.progress(phase, share, gap)

        return heard


def _result(population: Population, policy: Policy, search: _Search, target_gap: float, seed: int) -> MatchedPopulation:
    """The answer by position instead of by place, with everything a reader wants to know."""
    field, order = search.field, search.field.order
    one = np.flatnonzero(search.mate > np.arange(len(order))).astype(np.int32)
    other = search.mate[one]
    swapped = order[one] > order[other]
    one, other = np.where(swapped, other, one), np.where(swapped, one, other)
    by_position = np.argsort(order[one], kind="stable")
    one, other = one[by_position], other[by_position]
    weight, benefit_a, benefit_b = weigh(field.people, field.terms, field.skills, one, other)
    proven, value = search.proven(), int(weight.sum())
    return MatchedPopulation(
        ids=population.ids,
        a=order[one].astype(np.int32),
        b=order[other].astype(np.int32),
        weight=weight,
        benefit_a=benefit_a,
        benefit_b=benefit_b,
        unmatched=_unmatched(population, search),
        upper_bound=max(value, proven.value),
        most_pairs=proven.pairs,
        confidence=search.confidence,
        method=METHOD,
        proofs=tuple(_by_position(proof, order) for proof in search.proofs[1:] or search.proofs),
        population_hash=population.hash,
        policy=policy.label,
        policy_fingerprint=policy.fingerprint,
        target_gap=target_gap,
        seed=seed,
        engine_version=ENGINE_VERSION,
    )


def _by_position(proof: Proof, order: Int64Array) -> Proof:
    prices = np.empty_like(proof.prices)
    prices[order] = proof.prices
    return Proof(prices, proof.unit, proof.bonus, proof.counts_pairs, proof.excess)


def _unmatched(population: Population, search: _Search) -> tuple[Unmatched, ...]:
    order = search.field.order
    places = np.flatnonzero(search.mate == FREE).astype(np.int32)
    places = places[np.argsort(order[places], kind="stable")]
    counts = search.field.alternatives(places)
    possible = counts[:, -1]
    part = search.graph.part
    others_loose = np.bincount(part[places[possible > 0]], minlength=int(part.max(initial=-1)) + 1)
    result: list[Unmatched] = []
    for place, of_one, partners in zip(places.tolist(), counts.tolist(), possible.tolist(), strict=True):
        why: WhyUnmatched = "odd_one_out" if others_loose[part[place]] == 1 else "better_pairs_elsewhere"
        removed: dict[str, int] = {}
        if not partners:
            why = "no_feasible_partner"
            named = zip((*RULES, NO_WORTH), of_one, strict=False)
            removed = {rule: n for rule, n in sorted(named, key=lambda item: (-item[1], item[0])) if n}
        result.append(Unmatched(person=population.id(order[place]), why=why, partners=partners, removed=removed))
    return tuple(result)


def _unheard(_: str, __: float, ___: float | None) -> None:
    """Nobody listens to the progress."""


def _never() -> bool:
    """Nobody stops it."""
    return False
