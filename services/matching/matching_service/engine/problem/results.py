"""What a run of the engine hands back, as data: frozen, and byte for byte the same for the same input."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from matching_service.engine.core.types import Int32Array, Int64Array
from matching_service.engine.problem.certificate import Proof

__all__ = ["ENGINE_VERSION", "NO_WORTH", "Group", "MatchedPopulation", "Pair", "Proof", "Trio", "Unmatched", "WhyUnmatched"]

ENGINE_VERSION: Final = "2.2.0"
"""Raised with every change that can alter an answer."""

WhyUnmatched = Literal["no_feasible_partner", "odd_one_out", "better_pairs_elsewhere", "search_ended", "no_group"]

NO_WORTH: Final = "no_worth"
"""Listed beside the rules in ``Unmatched.removed``: no rule forbids the pair, but it would be worth nothing."""

_TEXT: Final = ("upper_bound", "most_people", "method", "population_hash", "policy", "policy_fingerprint")
_SETTINGS: Final = ("target_gap", "seed", "engine_version")
_ARRAYS: Final = {"a": "<i4", "b": "<i4", "weight": "<i8", "benefit_a": "<i8", "benefit_b": "<i8"}


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pair(_Result):
    """Two people, ``a`` the one with the lower id. All figures in micro-units (1,000,000 is the most).

    ``benefit_a``: the share of what a seeks that b can give; ``benefit_b``: the same the other way.
    """

    a: UUID
    b: UUID
    weight: int
    benefit_a: int
    benefit_b: int
    round: int = 1

    @property
    def people(self) -> tuple[UUID, UUID]:
        return self.a, self.b

    @property
    def mean_weight(self) -> int:
        """Its weight; as of a trio, what a pair in it is worth."""
        return self.weight


class Trio(_Result):
    """Three people, by ascending ids; ``weight``: half of what the three pairs among them are worth, in micro-units.

    So a trio is worth up to 1,500,000: to each of the three as much as a pair of that worth is.
    """

    a: UUID
    b: UUID
    c: UUID
    weight: int

    @property
    def people(self) -> tuple[UUID, UUID, UUID]:
        return self.a, self.b, self.c

    @property
    def mean_weight(self) -> int:
        """What a pair among the three is worth on average: on the scale of a pair, up to 1,000,000."""
        return self.weight * 2 // 3


class Group(_Result):
    """The people of a group, by ascending ids; ``weight``: the worths of its pairs, divided by its size less one."""

    people: tuple[UUID, ...]
    weight: int

    @property
    def mean_weight(self) -> int:
        """What a pair in the group is worth on average, up to 1,000,000."""
        return self.weight * 2 // len(self.people)


class Unmatched(_Result):
    """Somebody without a partner.

    ``no_feasible_partner``: the rules leave nobody; ``removed`` says how many people each rule removed, the most
    first. ``odd_one_out``: an odd number of people could be matched with each other, one had to stay; with trios, because
    the rules let nobody join a pair. ``better_pairs_elsewhere``: every one of the ``partners`` possible partners is in a
    pair or trio, or in as many pairs as they have seats, that serve all better. ``search_ended``: the search was stopped
    with so many left over that nobody looked for their partners. ``no_group``: some of the ``partners`` would do, but no group
    is better with this person in it.
    """

    person: UUID
    why: WhyUnmatched
    partners: int
    removed: dict[str, int]

    @property
    def rule(self) -> str | None:
        """The rule that removed most candidates; None if none did."""
        return next(iter(self.removed), None)


@dataclass(frozen=True, eq=False)
class MatchedPopulation:
    """The pairs and trios of a population with their certificate, and everything needed to get the same answer again.

    ``a``, ``b``: positions of both people of every pair, the lower one first; who has several seats may be in several.
    ``weight``, ``benefit_a``, ``benefit_b`` as in ``Pair``. ``trio``: positions of all three of every trio, in a row;
    ``trio_weight`` as in ``Trio``. ``ids``: 16 bytes for each person, in the order of positions.

    Formats of groups have these instead: ``group_member`` from ``group_start[g]`` up to ``group_start[g + 1]`` has the
    positions of one; ``exhaustive``: all groups that could make up a better answer were weighed, so ``upper_bound`` is the
    best, although the prices alone prove less.

    ``round``: where several rounds are made at once, the round of every pair, from 1; of length 0 else. Formats of exchanges
    have pairs and trios whose worths are those of exchanges.

    ``upper_bound``: no matching is worth more (with coverage first: none in which as many people are matched).
    ``most_people``: in no matching are more people matched. Where the policy has trios, both hold for matchings of pairs
    and trios. Where people have seats, they count once for each of their pairs. ``proofs`` prove both.
    """

    ids: NDArray[np.uint8]
    a: Int32Array
    b: Int32Array
    weight: Int64Array
    benefit_a: Int64Array
    benefit_b: Int64Array
    trio: Int32Array
    trio_weight: Int64Array
    unmatched: tuple[Unmatched, ...]
    upper_bound: int
    most_people: int
    method: str
    proofs: tuple[Proof, ...]
    population_hash: str
    policy: str
    policy_fingerprint: str
    target_gap: float
    seed: int
    engine_version: str
    group_start: Int64Array = field(default_factory=lambda: np.zeros(1, np.int64))
    group_member: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))
    group_weight: Int64Array = field(default_factory=lambda: np.zeros(0, np.int64))
    exhaustive: bool = False
    round: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))

    @property
    def value(self) -> int:
        """The sum of the weights of all pairs and trios, in micro-units."""
        return int(self.weight.sum() + self.trio_weight.sum() + self.group_weight.sum())

    @property
    def people(self) -> int:
        """How many people are in a pair or trio."""
        return 2 * len(self.a) + 3 * len(self.trio) + len(self.group_member)

    @property
    def most_pairs(self) -> int:
        """No matching has more pairs, nor pairs and trios."""
        return self.most_people // 2

    @property
    def gap(self) -> float:
        """What may be missing, as a share of the bound."""
        return (self.upper_bound - self.value) / self.upper_bound if self.upper_bound else 0.0

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs one by one."""
        rows = zip(
            self.a.tolist(),
            self.b.tolist(),
            self.weight.tolist(),
            self.benefit_a.tolist(),
            self.benefit_b.tolist(),
            self.round.tolist() if len(self.round) else [1] * len(self.a),
            strict=True,
        )
        return tuple(
            Pair(a=self._id(a), b=self._id(b), weight=weight, benefit_a=of_a, benefit_b=of_b, round=number)
            for a, b, weight, of_a, of_b, number in rows
        )

    @cached_property
    def trios(self) -> tuple[Trio, ...]:
        """The trios one by one."""
        rows = zip(self.trio.tolist(), self.trio_weight.tolist(), strict=True)
        return tuple(Trio(a=self._id(a), b=self._id(b), c=self._id(c), weight=weight) for (a, b, c), weight in rows)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups one by one."""
        members = np.split(self.group_member, self.group_start[1:-1])
        rows = zip(members, self.group_weight.tolist(), strict=True) if len(self.group_weight) else ()
        return tuple(Group(people=tuple(self._id(one) for one in of_one.tolist()), weight=weight) for of_one, weight in rows)

    @property
    def matches(self) -> tuple[Pair | Trio | Group, ...]:
        """The pairs, then the trios, then the groups."""
        return (*self.pairs, *self.trios, *self.groups)

    def _id(self, position: int) -> UUID:
        return UUID(bytes=self.ids[position].tobytes())

    def to_bytes(self) -> bytes:
        """A line of JSON and the arrays behind it, little-endian; equal inputs give equal bytes."""
        header: dict[str, Any] = {name: getattr(self, name) for name in (*_TEXT, *_SETTINGS)}
        header["people"], header["pairs"], header["trios"] = len(self.ids), len(self.a), len(self.trio)
        header["unmatched"] = [one.model_dump(mode="json") for one in self.unmatched]
        header["proofs"] = [
            {"unit": p.unit, "bonus": p.bonus, "counts_pairs": p.counts_pairs, **({"beyond": p.beyond} if p.beyond else {})}
            for p in self.proofs
        ]
        if len(self.group_weight) or self.exhaustive:
            header["groups"], header["members"], header["exhaustive"] = (
                len(self.group_weight),
                len(self.group_member),
                self.exhaustive,
            )
        if len(self.round):
            header["rounds"] = True
        arrays = [self.ids.tobytes()]
        arrays += [getattr(self, name).astype(kind).tobytes() for name, kind in _ARRAYS.items()]
        arrays += [self.trio.astype("<i4").tobytes(), self.trio_weight.astype("<i8").tobytes()]
        if "groups" in header:
            arrays += [self.group_start.astype("<i8").tobytes(), self.group_member.astype("<i4").tobytes()]
            arrays += [self.group_weight.astype("<i8").tobytes()]
        arrays += [self.round.astype("<i4").tobytes()] if len(self.round) else []
        arrays += [proof.prices.astype("<i8").tobytes() for proof in self.proofs]
        return b"".join((json.dumps(header, separators=(",", ":")).encode(), b"\n", *arrays))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """What ``to_bytes`` wrote."""
        line = stored.index(b"\n")
        header = json.loads(stored[:line])
        people, pairs, trios, at = header["people"], header["pairs"], header["trios"], line + 1

        def array(count: int, kind: str) -> NDArray[Any]:
            nonlocal at
            read = np.frombuffer(stored, dtype=kind, count=count, offset=at)
            at += read.nbytes
            return read.astype(read.dtype.newbyteorder("="))

        ids = array(people * 16, "u1").reshape(-1, 16)
        columns: dict[str, Any] = {name: array(pairs, kind) for name, kind in _ARRAYS.items()}
        columns["trio"], columns["trio_weight"] = array(3 * trios, "<i4").reshape(-1, 3), array(trios, "<i8")
        if "groups" in header:
            columns["group_start"] = array(header["groups"] + 1, "<i8")
            columns["group_member"] = array(header["members"], "<i4")
            columns["group_weight"] = array(header["groups"], "<i8")
            columns["exhaustive"] = header["exhaustive"]
        if "rounds" in header:
            columns["round"] = array(pairs, "<i4")
        proofs = tuple(Proof(array(people, "<i8"), **proof) for proof in header["proofs"])
        unmatched = tuple(Unmatched.model_validate(one) for one in header["unmatched"])
        settings: dict[str, Any] = {name: header[name] for name in (*_TEXT, *_SETTINGS)}
        return cls(ids=ids, unmatched=unmatched, proofs=proofs, **columns, **settings)
