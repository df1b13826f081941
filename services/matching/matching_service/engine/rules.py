"""The hard rules of a policy over whole blocks of pairs at once.

Every rule answers, for some rows and some columns of the population, which pairs it allows. A pair is feasible when
every rule allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching_service.engine.policy import Policy
from matching_service.engine.population import Population

BoolArray = NDArray[np.bool_]
_Block = Callable[[slice, slice], BoolArray]

COMMON_HOURS: Final = "common_hours"
COMMON_LANGUAGE: Final = "common_language"
REPORTING_LINE: Final = "reporting_line"
EXCLUDED: Final = "excluded"
SIMILAR_LEVEL: Final = "similar_level"

_WORD = 64


class RuleBook:
    """The rules of one policy for one population, ready to be asked about any block of pairs."""

    def __init__(self, population: Population, policy: Policy) -> None:
        self.levels: NDArray[np.int64] = np.array([person.level for person in population.people], dtype=np.int64)
        self._hours = _words(population.availability)
        self._rules: dict[str, _Block] = {}
        if policy.min_common_hours:
            self._rules[COMMON_HOURS] = lambda rows, columns: self.common_hours(rows, columns) >= policy.min_common_hours
        if policy.common_language:
            spoken = _words(_bits(person.languages for person in population.people))
            self._rules[COMMON_LANGUAGE] = lambda rows, columns: _share_a_bit(spoken, rows, columns)
        if policy.reporting_line_depth:
            managers = _codes(line[0] if line else None for line in population.lines)
            above = _marked(population, (line[: policy.reporting_line_depth] for line in population.lines))
            self._rules[REPORTING_LINE] = lambda rows, columns: (
                ~_same(managers, rows, columns) & ~above[rows, columns].toarray()
            )
        excluded = _marked(population, (person.excluded for person in population.people))
        if excluded.nnz:
            self._rules[EXCLUDED] = lambda rows, columns: ~excluded[rows, columns].toarray()
        if policy.level_rule == "require":
            self._rules[SIMILAR_LEVEL] = lambda rows, columns: (
                np.abs(self.levels[rows, None] - self.levels[None, columns]) <= policy.similar_level_within
            )
        for attribute in sorted(policy.must_share | policy.must_differ):
            codes = _codes(getattr(person, attribute) for person in population.people)
            if attribute in policy.must_share:
                self._rules[f"same_{attribute}"] = _same_rule(codes)
            else:
                self._rules[f"different_{attribute}"] = _different_rule(codes)

    def common_hours(self, rows: slice, columns: slice) -> NDArray[np.int64]:
        """Common working hours a week, for every row against every column."""
        hours: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        for word in self._hours:
            hours = hours + np.bitwise_count(word[rows, None] & word[None, columns])
        return hours

    def feasible(self, rows: slice, columns: slice) -> BoolArray:
        """Which pairs of the block break no rule. A person is not their own partner."""
        allowed = _different_people(rows, columns)
        for rule in self._rules.values():
            allowed &= rule(rows, columns)
        return allowed

    def removed(self, row: int, count: int) -> dict[str, int]:
        """How many of the ``count`` people each rule keeps from person ``row``; one may be kept off by several."""
        rows, everyone = slice(row, row + 1), slice(0, count)
        others = _different_people(rows, everyone)
        return {name: int((others & ~rule(rows, everyone)).sum()) for name, rule in self._rules.items()}


def _different_people(rows: slice, columns: slice) -> BoolArray:
    different: BoolArray = np.arange(rows.start, rows.stop)[:, None] != np.arange(columns.start, columns.stop)[None, :]
    return different


def _same(codes: NDArray[np.int64], rows: slice, columns: slice) -> BoolArray:
    """Where both have the same known value; -1 is unknown and equals nothing."""
    here, there = codes[rows, None], codes[None, columns]
    same: BoolArray = (here == there) & (here >= 0)
    return same


def _same_rule(codes: NDArray[np.int64]) -> _Block:
    return lambda rows, columns: _same(codes, rows, columns)


def _different_rule(codes: NDArray[np.int64]) -> _Block:
    """Both known and different: what is not known cannot be promised to differ."""
    known = codes >= 0
    return lambda rows, columns: known[rows, None] & known[None, columns] & (codes[rows, None] != codes[None, columns])


def _share_a_bit(words: list[NDArray[np.uint64]], rows: slice, columns: slice) -> BoolArray:
    shared: BoolArray = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=np.bool_)
    for word in words:
        shared |= (word[rows, None] & word[None, columns]) != 0
    return shared


def _codes(values: Iterable[object]) -> NDArray[np.int64]:
    """A number for each distinct value; -1 for None."""
    numbers: dict[object, int] = {}
    return np.array([-1 if v is None else numbers.setdefault(v, len(numbers)) for v in values], dtype=np.int64)


def _bits(collections: Iterable[Iterable[str]]) -> tuple[int, ...]:
    """Each collection as an integer with one bit per distinct member."""
    numbers: dict[str, int] = {}
    return tuple(sum(1 << numbers.setdefault(member, len(numbers)) for member in collection) for collection in collections)


def _words(masks: tuple[int, ...]) -> list[NDArray[np.uint64]]:
    """Wide bit masks as columns of 64-bit words, the lowest word first."""
    width = max((mask.bit_length() for mask in masks), default=0)
    low = (1 << _WORD) - 1
    return [np.array([(mask >> shift) & low for mask in masks], dtype=np.uint64) for shift in range(0, max(width, 1), _WORD)]


def _marked(population: Population, others: Iterable[Iterable[object]]) -> csr_array:
    """A symmetric n x n matrix of bool: True where one of two people lists the other."""
    index = population.index
    rows: list[int] = []
    columns: list[int] = []
    for person, listed in enumerate(others):
        for other in listed:
            position = index.get(other)  # type: ignore[call-overload]
            if position is not None:
                rows += (person, position)
                columns += (position, person)
    shape = (len(population), len(population))
    return csr_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), shape=shape)
