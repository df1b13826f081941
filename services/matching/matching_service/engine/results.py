"""What a run of the engine hands back, as data: frozen, and byte for byte the same for the same input."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

ENGINE_VERSION = "1.0.0"
"""Raised with every change that can alter an answer."""

WhyUnmatched = Literal["no_feasible_partner", "odd_one_out", "better_pairs_elsewhere"]

NO_WORTH = "no_worth"
"""Listed beside the rules in ``Unmatched.removed``: no rule forbids the pair, but it would be worth nothing."""


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


class Unmatched(_Result):
    """Somebody without a partner.

    ``no_feasible_partner``: the rules leave nobody; ``removed`` says how many people each rule removed, the most
    first. ``odd_one_out``: an odd number of people could be matched with each other, one had to stay.
    ``better_pairs_elsewhere``: every one of the ``partners`` possible partners is in a pair that serves all better.
    """

    person: UUID
    why: WhyUnmatched
    partners: int
    removed: dict[str, int]

    @property
    def rule(self) -> str | None:
        """The rule that removed most candidates; None if none did."""
        return next(iter(self.removed), None)


class PriceProof(_Result):
    """Doubled prices, one for each person in the order of ids, for weights with ``bonus`` added: see ``bound.py``."""

    doubled_prices: tuple[int, ...]
    bonus: int


class MatchedPopulation(_Result):
    """The pairs of a population with their certificate, and everything needed to get the same answer again.

    ``value``: sum of the pairs' weights; ``upper_bound``: no matching is worth more (with coverage first: none with
    at least as many pairs in every connected part); ``gap``: what may be missing, as a share of the bound;
    ``most_pairs``: no matching has more pairs. ``proofs`` prove it.
    """

    pairs: tuple[Pair, ...]
    unmatched: tuple[Unmatched, ...]
    value: int
    upper_bound: int
    gap: float
    most_pairs: int
    method: str
    proofs: tuple[PriceProof, ...]
    population_hash: str
    policy: str
    policy_fingerprint: str
    target_gap: float
    seed: int
    engine_version: str

    def to_bytes(self) -> bytes:
        """The result as JSON; equal inputs give equal bytes."""
        return self.model_dump_json().encode()
