"""Rounds without the same pair twice, and exchanges of two and three: against every possible answer where there are few."""

from functools import lru_cache
from itertools import combinations, permutations

import numpy as np
import pytest

from matching_service.engine.checking.seats import check_seats
from matching_service.engine.solvers.exchanges import Exchanges, match_exchanges
from matching_service.engine.solvers.rounds import Rounds, match_rounds


def acquaintances(people: int, seed: int, share: float = 0.6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    u, v = np.triu_indices(people, 1)
    kept = rng.random(len(u)) < share
    return u[kept], v[kept], rng.integers(1, 1000, int(kept.sum()))


def most_in_rounds(people: int, u: np.ndarray, v: np.ndarray, weight: np.ndarray, rounds: int) -> int:
    """The greatest worth of rounds without the same pair twice, by trying all."""
    worth = {(int(a), int(b)): int(w) for a, b, w in zip(u, v, weight, strict=True)}

    def matchings(free: tuple[int, ...]) -> list[frozenset[tuple[int, int]]]:
        if not free:
            return [frozenset()]
        first, rest = free[0], free[1:]
        found = matchings(rest)
        for other in rest:
            if (first, other) in worth:
                found += [one | {(first, other)} for one in matchings(tuple(x for x in rest if x != other))]
        return found

    every = matchings(tuple(range(people)))

    @lru_cache(None)
    def best(left: int, taken: frozenset[tuple[int, int]]) -> int:
        if not left:
            return 0
        return max(sum(worth[p] for p in one) + best(left - 1, taken | one) for one in every if not one & taken)

    return best(rounds, frozenset())


def sound(found: Rounds, people: int, u: np.ndarray, v: np.ndarray, weight: np.ndarray) -> None:
    known = {(int(a), int(b)): int(w) for a, b, w in zip(u, v, weight, strict=True)}
    met = []
    for mate in found.mates:
        assert all(mate[mate[one]] == one for one in range(people) if mate[one] >= 0)
        met += [(one, int(mate[one])) for one in range(people) if mate[one] > one]
    assert len(set(met)) == len(met), "somebody met the same person twice"
    assert sum(known[pair] for pair in met) == found.value <= found.upper_bound
    assert found.pairs == len(met) <= found.most_pairs
    both = np.concatenate((u, v)), np.concatenate((v, u)), np.tile(weight, 2)
    seats = np.full(people, len(found.mates))
    assert check_seats(seats, seats, *both, found.relaxed) == []


@pytest.mark.parametrize("seed", range(40))
def test_rounds_of_a_few_people_keep_their_bound_and_come_near_the_best(seed: int) -> None:
    people, rounds = 4 + seed % 3, 2 + seed % 2
    edges = acquaintances(people, seed)

    found = match_rounds(people, *edges, rounds=rounds, coverage_first=False, seed=seed)

    best = most_in_rounds(people, *edges, rounds)
    sound(found, people, *edges)
    assert found.value <= best <= found.upper_bound
    assert found.value >= 0.8 * best


def test_everybody_meets_somebody_new_every_round_where_there_are_enough_people() -> None:
    edges = acquaintances(60, 1)

    found = match_rounds(60, *edges, rounds=6)

    sound(found, 60, *edges)
    assert found.pairs == 6 * 30
    assert found.gap < 0.02


def test_nobody_goes_without_twice_before_everybody_did_once() -> None:
    u, v = np.triu_indices(7, 1)

    found = match_rounds(7, u, v, np.full(len(u), 10), rounds=4)

    assert sorted((found.mates < 0).sum(axis=0).tolist()) == [0, 0, 0, 1, 1, 1, 1]


def test_a_horizon_longer_than_there_are_partners_leaves_rounds_empty() -> None:
    found = match_rounds(4, [0, 2], [1, 3], [5, 7], rounds=3)

    assert [int((mate >= 0).sum()) for mate in found.mates] == [4, 0, 0]
    assert (found.value, found.upper_bound, found.most_pairs) == (12, 12, 2)


def test_fewer_rounds_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        match_rounds(4, [0], [1], [1], rounds=0)


def lessons(people: int, seed: int, share: float = 0.35) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    giver, taker = np.nonzero((rng.random((people, people)) < share) & ~np.eye(people, dtype=bool))
    return giver, taker, rng.integers(1, 1000, len(giver))


def best_exchanges(people: int, giver: np.ndarray, taker: np.ndarray, gain: np.ndarray, *, coverage: bool) -> tuple[int, int]:
    learns = {(int(a), int(b)): int(g) for a, b, g in zip(giver, taker, gain, strict=True)}
    possible: list[tuple[int, int]] = []
    for size in (2, 3):
        for some in combinations(range(people), size):
            ways = [
                sum(learns[step] for step in steps)
                for first, *rest in [some]
                for order in permutations(rest)
                for steps in [list(zip((first, *order), (*order, first), strict=True))]
                if all(step in learns for step in steps)
            ]
            if ways:
                possible.append((sum(1 << one for one in some), max(ways) // 2))

    @lru_cache(None)
    def best(at: int, taken: int) -> tuple[int, int]:
        if at == len(possible):
            return 0, 0
        answer = best(at + 1, taken)
        mask, worth = possible[at]
        if not mask & taken:
            people_then, worth_then = best(at + 1, taken | mask)
            more = people_then + mask.bit_count(), worth_then + worth
            answer = max(answer, more, key=lambda a: a if coverage else a[::-1])
        return answer

    return best(0, 0)


def teaches(found: Exchanges, giver: np.ndarray, taker: np.ndarray, gain: np.ndarray) -> None:
    learns = {(int(a), int(b)): int(g) for a, b, g in zip(giver, taker, gain, strict=True)}
    in_one = [one for exchange in found.exchanges for one in exchange]
    assert len(set(in_one)) == len(in_one), "somebody is in two exchanges"
    for exchange, worth in zip(found.exchanges, found.worths, strict=True):
        assert sum(learns[step] for step in zip(exchange, (*exchange[1:], exchange[0]), strict=True)) // 2 == worth
    assert found.value <= found.upper_bound


@pytest.mark.parametrize("seed", range(40))
def test_exchanges_of_a_few_people_are_the_best_there_are(seed: int) -> None:
    people, coverage = 4 + seed % 4, seed % 2 == 0
    known = lessons(people, seed)

    found = match_exchanges(people, *known, coverage_first=coverage)

    most_people, most_worth = best_exchanges(people, *known, coverage=coverage)
    teaches(found, *known)
    assert found.value == most_worth
    assert not coverage or found.people == most_people
    for exchange, worth in zip(found.exchanges, found.worths, strict=True):
        assert 2 * found.unit * worth <= int(found.prices[list(exchange)].sum())


def test_three_teach_each_other_round_where_no_two_could() -> None:
    ring = ([0, 1, 2], [1, 2, 0], [600, 600, 600])

    assert match_exchanges(3, *ring).exchanges == ((0, 1, 2),)
    assert match_exchanges(3, *ring, trios=False).exchanges == ()


def test_three_hundred_people_exchange_as_well_as_can_be() -> None:
    known = lessons(300, 4, 0.03)

    swaps, rings = (match_exchanges(300, *known, trios=trios) for trios in (False, True))

    teaches(rings, *known)
    assert rings.value == rings.upper_bound > swaps.value
