"""What a match is worth, and which matches may never be.

A policy is data. Two people who break one of its *rules* are never paired, whatever they could give each other.
Everybody else gets a *worth*, a whole number of micro-units from 0 to 1,000,000:

    worth = weaker_side x (harmonic mean of both benefits)    a pair is as good as its weaker side
          + both_sides  x (plain mean of both benefits)
          + context     x (goals, levels, common hours, complementary strengths)
          + junior_side x (the junior's benefit)            where a junior is paired with a senior

The benefit of one side is the share of what that person seeks which the other side can give. Three people, where the
policy allows it, are worth half of what the three pairs among them are worth together. No rule may forbid any of these, and
the hours and the language that two must have in common, all three must.
The shares are micro-units too and must add up to exactly 1,000,000, so that a worth never leaves its scale.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MICRO = 1_000_000
ENOUGH_NEAR: Final = 5
"""So many others of a similar job level are enough for that to be a rule."""
ANY_DEPTH: Final = 2**31
"""More levels than any reporting line has."""

Micro = Annotated[int, Field(ge=0, le=MICRO, strict=True)]
Attribute = Literal["department", "location"]


_LATER: Final = ("levels_apart", "experience", "nobody_learns", "rounds", "practice", "rings", "newcomers_within_days")
"""What policies have had since there were groups, each with a default that means what was so before."""


class Context(BaseModel):
    """How the context part of a worth is shared out. The shares add up to 1,000,000."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goals: Micro = Field(400_000, description="The other side is experienced in a goal, or has the same goal.")
    level: Micro = Field(200_000, description="Both have a similar job level.")
    common_hours: Micro = Field(200_000, description="Both work at the same time.")
    complement: Micro = Field(200_000, description="Their strengths complement each other rather than repeat.")
    nearness: Micro = Field(
        0, description="They are as near or as far as the policy's prefer_same and prefer_different would have them."
    )

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        total = self.goals + self.level + self.common_hours + self.complement + self.nearness
        if total != MICRO:
            raise ValueError(f"The context shares must add up to {MICRO:,}; they add up to {total:,}.")
        return self


class Policy(BaseModel):
    """The rules and the worth of a match; the defaults are those of peers, one to one. Formats make their policies from it.

    Change a value, raise ``version``: a run stores both, and the ``fingerprint`` shows whether somebody forgot to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("one-to-one peers", min_length=1, max_length=120)
    version: int = Field(1, ge=1, strict=True)
    format: str | None = Field(
        None,
        max_length=120,
        description="The format of the program, which finds the matches. Nothing, in policies stored before formats were "
        "named: the format that recognises the policy.",
    )

    coverage_first: bool = Field(
        True, description="Pair as many people as possible, then make the pairs worth as much as possible."
    )
    trios: bool = Field(
        False,
        description="Whoever is left over joins a pair with both of whom every rule holds, at most one to a pair; unless "
        "coverage comes first, only where that adds worth.",
    )

    weaker_side: Micro = Field(700_000, description="Share of a worth that follows the side which gains less.")
    both_sides: Micro = Field(150_000, description="Share of a worth that follows the mean of both benefits.")
    context: Micro = Field(150_000, description="Share of a worth that follows the context.")
    junior_side: Micro = Field(0, description="Share of a worth that follows what the junior gains, where there is one.")
    context_shares: Context = Context()

    experienced_level: int = Field(
        3, ge=1, le=5, strict=True, description="From this skill level on somebody counts as experienced in a goal."
    )
    shared_goal_without_experience: Micro = Field(
        500_000, description="What a shared goal counts when the other side is a beginner in it too."
    )
    similar_level_within: int = Field(
        1, ge=0, le=20, strict=True, description="Job levels that differ by at most this much are similar."
    )
    full_common_hours: int = Field(
        10, ge=1, le=168, strict=True, description="Common working hours a week beyond which more hours add nothing."
    )

    prefer_same: frozenset[Attribute] = Field(frozenset(), description="Preference: both have the same of each of these.")
    prefer_different: frozenset[Attribute] = Field(frozenset(), description="Preference: both have a different one of each.")

    juniors_up_to: int | None = Field(
        None,
        ge=0,
        le=1000,
        strict=True,
        description="Rule: a match is one junior, up to this job level, with one senior, above it, and everybody may be in "
        "as many as they have seats. Nothing: everybody is a peer and may be in one.",
    )
    level_rule: Literal["prefer", "require"] = Field(
        "prefer", description="Whether a similar job level is a preference or a rule."
    )
    min_common_hours: int = Field(
        1, ge=0, le=168, strict=True, description="Rule: at least so many common working hours a week."
    )
    common_language: bool = Field(True, description="Rule: at least one common language.")
    reporting_line: Literal["whole-line", "off"] | Annotated[int, Field(ge=1, le=50, strict=True)] | None = Field(
        None,
        description="Rule: nobody is matched with somebody above or below them in the reporting line: 'whole-line', at any "
        "depth; a number, up to so many levels; 'off', no such rule. Nothing: what reporting_line_depth says.",
    )
    same_manager: bool = Field(
        False, description="Whether two people with the same manager may be matched, where reporting_line is chosen."
    )
    reporting_line_depth: int | None = Field(
        2,
        ge=0,
        le=20,
        strict=True,
        description="Rule of policies stored before there was a choice: reporting_line as this number, and from 1 on nobody is "
        "matched with somebody who has the same manager either. 0: no such rule. Nothing, where reporting_line is chosen.",
    )
    must_share: frozenset[Attribute] = Field(frozenset(), description="Rule: both have the same of each of these.")
    must_differ: frozenset[Attribute] = Field(frozenset(), description="Rule: both have a different one of each.")
    group_sizes: tuple[int, int] | None = Field(
        None, description="Everybody is in one group of at least and at most so many people. Nothing: in pairs."
    )
    group_goal: bool = Field(False, description="Rule: all of a group have a goal in common.")
    group_skills: tuple[str, ...] = Field((), description="Rule: somebody in each group is experienced in each of these.")
    levels_apart: int | None = Field(
        None,
        ge=0,
        le=1000,
        strict=True,
        description="Rule: two people are at most so many job levels apart; whoever has fewer than five others that near may "
        "be as far from somebody as it takes to have five.",
    )
    experience: Literal["prefer", "require"] = Field(
        "prefer",
        description="Whether it is a rule that of two with a goal in common one is experienced in it, for every such goal.",
    )
    nobody_learns: Micro = Field(
        MICRO, description="What the context counts where neither learns anything from the other; 0: such a pair is never made."
    )
    rounds: int = Field(
        1, ge=1, le=12, strict=True, description="So many rounds of pairs are made at once, nobody with the same person twice."
    )
    practice: Micro | None = Field(
        None,
        description="Matches are exchanges: two who teach each other, or three of whom each teaches the next; or two who "
        "practise what both seek, which counts this much of being taught it. Nothing: other matches.",
    )
    rings: bool = Field(True, description="Whether three may be an exchange, each of whom teaches the next.")
    newcomers_within_days: int | None = Field(
        None, ge=1, le=3650, strict=True, description="Juniors are those hired within so many days; they have job level 0 here."
    )

    @model_validator(mode="before")
    @classmethod
    def _a_chosen_line_replaces_its_depth(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("reporting_line") is not None:
            return {"reporting_line_depth": None, **values}
        return values

    @model_validator(mode="after")
    def _one_kind_of_match(self) -> Self:
        if (self.rounds > 1 or self.practice is not None) and (
            self.trios or self.juniors_up_to is not None or self.group_sizes is not None
        ):
            raise ValueError("Rounds and exchanges have neither trios that are joined nor juniors nor groups; choose one.")
        if self.rounds > 1 and self.practice is not None:
            raise ValueError("Exchanges are made once; leave out rounds or practice.")
        if self.newcomers_within_days is not None and self.juniors_up_to != 0:
            raise ValueError("Newcomers are the juniors, of level 0; say juniors_up_to: 0.")
        if self.levels_apart is not None and (self.level_rule == "require" or self.juniors_up_to is not None):
            raise ValueError("Choose level_rule, levels_apart or juniors_up_to: each says how levels may differ.")
        return self

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        total = self.weaker_side + self.both_sides + self.context + self.junior_side
        if total != MICRO:
            raise ValueError(
                f"weaker_side, both_sides, context and junior_side must add up to {MICRO:,}; they add up to {total:,}."
            )
        if (self.reporting_line is None) == (self.reporting_line_depth is None):
            raise ValueError("Choose reporting_line or reporting_line_depth, and leave the other one out.")
        if self.group_sizes is None and (self.group_goal or self.group_skills):
            raise ValueError("group_goal and group_skills are rules of groups; say with group_sizes how large these are.")
        if self.group_sizes is not None and (self.trios or self.juniors_up_to is not None):
            raise ValueError("Groups have neither trios nor juniors; leave out trios and juniors_up_to, or group_sizes.")
        if self.juniors_up_to is not None and self.trios:
            raise ValueError("A junior and a senior are two people; leave out trios or juniors_up_to.")
        if self.juniors_up_to is None and self.junior_side:
            raise ValueError("junior_side counts what a junior gains; say with juniors_up_to who is one.")
        if self.juniors_up_to is not None and (self.level_rule == "require" or self.context_shares.level):
            raise ValueError(
                "A junior and a senior differ in job level (juniors_up_to), so a similar one cannot be asked for or count; "
                "leave level_rule at 'prefer' and context_shares.level at 0."
            )
        both = sorted((self.must_share | self.prefer_same) & (self.must_differ | self.prefer_different))
        if both:
            raise ValueError(f"A pair cannot have the same and a different {' and '.join(both)}; choose one.")
        if self.context_shares.nearness and not self.prefer_same | self.prefer_different:
            raise ValueError("context_shares.nearness counts nothing: name what in prefer_same or prefer_different.")
        if self.full_common_hours < self.min_common_hours:
            raise ValueError(
                f"min_common_hours asks for {self.min_common_hours} common hours but full_common_hours stops counting "
                f"at {self.full_common_hours}; raise full_common_hours or lower min_common_hours."
            )
        return self

    @property
    def line_levels(self) -> int:
        """Up to how many levels the reporting line keeps people apart; 0: not at all. ``ANY_DEPTH``: the whole line."""
        if self.reporting_line_depth is not None:
            return self.reporting_line_depth
        if isinstance(self.reporting_line, int):
            return self.reporting_line
        return ANY_DEPTH if self.reporting_line == "whole-line" else 0

    @property
    def same_manager_rule(self) -> Literal["reporting_line", "same_manager"] | None:
        """The rule that two people with the same manager break, if any; before there was a choice, the reporting line's."""
        if self.reporting_line_depth is not None:
            return "reporting_line" if self.reporting_line_depth else None
        return None if self.same_manager else "same_manager"

    @property
    def label(self) -> str:
        """Name and version, as a run records them."""
        return f"{self.name}@{self.version}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over every value of the policy."""
        content = self.model_dump(mode="python")
        if self.juniors_up_to is None:  # a policy for peers is what it was before there were juniors
            del content["juniors_up_to"], content["junior_side"]
        if self.format is None:  # nor had it a format
            del content["format"]
        if self.reporting_line is None:  # nor a choice of reporting lines
            del content["reporting_line"], content["same_manager"]
        if self.group_sizes is None:  # nor were there groups
            del content["group_sizes"], content["group_goal"], content["group_skills"]
        for name in _LATER:  # nor what came after them, unless it is chosen
            if content[name] == type(self).model_fields[name].default:
                del content[name]
        for name in ("must_share", "must_differ", "prefer_same", "prefer_different"):
            content[name] = sorted(content[name])
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
