"""The same input gives the same answer on every Python from 3.11 to 3.13, on any number of threads, to the last bit.

The digests are of the answers' arrays as one Python once gave them; running these tests on another one is the proof.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matching_service.engine import ENGINE_VERSION, Policy, match_graph, match_population, match_seats
from tests.matching.engine.people import company as made_up_company

MADE_BY = "2.2.0"
PEOPLE = {
    300: "c6db3ddbd5696a83d2c3de8d5a01b9631ad3e207bb53b85ea52a504bc4548a8b",
    4_500: "1db09118249ac4b5b39934a5d37431743999f58629b057cf291e3c5fd651b0bc",
}
ANSWERS = {
    "300 people, coverage first": "1d3e52252c50dbfd1f90bb8b8be4c5d249bb186aa2fb06e52a70a56b99890e5d",
    "300 people, value first": "992b988a366e0fe3857193ff1438d1129d39b698b6cda13f36c7a1afcb233bab",
    "4500 people, coverage first": "07db29a45f7ad0696d6a12119e41c69202c22c7546b24020ee48b533f8ad5846",
    "4500 people, value first": "e23bea36904f335c2737de5596e67dc63daa33befca087c4d1c784a240d6e205",
    "a graph, coverage first": "abeddb63752f765940711f1e7521af0df172810046eb426689733b19571926de",
    "a graph, value first": "e42d8acb8bde250d45d9d91ffef467a92cf3093a7fb8be4f5f4176cfdaf82a8f",
    "seats, coverage first": "746f5dc914e31d6f776ee011339c03072ab74a72b233984bfac364f8b8f6a7be",
    "seats, value first": "f643bfee6f1940c491619319383dc05e1166715a93cd8ea748285e665033c2c8",
}
OTHERWISE = (
    f"is not what engine {MADE_BY} gave. Where that is meant, raise ENGINE_VERSION, since stored runs are replayed by it, "
    "and put the new version and digests here; where it is not, this Python or machine computes something else"
)


company = cache(made_up_company)


def digest(*arrays: NDArray[Any]) -> str:
    """Of numbers alone, so that a header may say more some day."""
    digested = hashlib.sha256()
    for array in arrays:
        digested.update(f"{array.shape}".encode())
        digested.update(np.ascontiguousarray(array).astype("<i8").tobytes())
    return digested.hexdigest()


def matched_people(size: int, *, coverage_first: bool) -> str:
    matched = match_population(company(size), Policy(coverage_first=coverage_first), seed=11)
    prices = [proof.prices for proof in matched.proofs]
    totals = np.array([matched.upper_bound, matched.most_pairs])
    return digest(matched.a, matched.b, matched.weight, matched.benefit_a, matched.benefit_b, totals, *prices)


def matched_graph(_: int, *, coverage_first: bool) -> str:
    rng = random.Random(5)
    edges = [(rng.randrange(2_000), rng.randrange(2_000), rng.randrange(1, 1_000_000)) for _ in range(9_000)]
    matching = match_graph(2_000, *np.array(edges).T, coverage_first=coverage_first, seed=11)
    return digest(matching.mate, *(proof.prices for proof in matching.proofs))


def matched_seats(_: int, *, coverage_first: bool) -> str:
    rng = random.Random(6)
    edges = [(rng.randrange(900), rng.randrange(400), rng.randrange(1, 1_000_000)) for _ in range(8_000)]
    right = [rng.randrange(4) for _ in range(400)]
    matching = match_seats([1] * 900, right, *np.array(edges).T, coverage_first=coverage_first, seed=11)
    prices = [side for proof in matching.proofs for side in (proof.left, proof.right)]
    return digest(matching.u, matching.v, matching.weight, *prices)


CASES: dict[str, tuple[Callable[..., str], int]] = {
    "300 people": (matched_people, 300),
    "4500 people": (matched_people, 4_500),
    "a graph": (matched_graph, 0),
    "seats": (matched_seats, 0),
}


@pytest.mark.parametrize("size", PEOPLE)
def test_the_same_people_have_the_same_hash_on_every_python(size: int) -> None:
    assert company(size).hash == PEOPLE[size], "these are other people: random numbers, time zones or the hash have changed"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_same_input_has_the_same_answer_on_every_python_and_number_of_threads(
    answer: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching_service.engine.core.kernels.THREADS", threads)
    case, objective = answer.split(", ")
    matched, size = CASES[case]

    assert matched(size, coverage_first=objective == "coverage first") == ANSWERS[answer], f"{answer}: the answer {OTHERWISE}"


def test_the_digests_are_those_of_this_engine() -> None:
    assert ENGINE_VERSION == MADE_BY, "a new engine version: look at the digests here, and say by which version they were made"
