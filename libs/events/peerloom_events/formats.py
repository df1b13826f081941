"""The formats a program may have, and what each lets a program choose: the contract behind `ProgramLaunched.options`.

Append-only like the events: a format or an option, once here, stays; a new option has a default that means what was so before.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Protocol, Self

from pydantic import Field, JsonValue, model_validator

from peerloom_events.event import Fact


class FormatOptions(Fact):
    """What a program of any format may choose. Subclasses add what their own format asks for.

    ``for_new_programs``: what a program launched from now on chooses unless it says otherwise, where the programs before it,
    which could not choose, go on with something else.
    """

    for_new_programs: ClassVar[Mapping[str, JsonValue]] = {}

    reporting_line: Literal["whole-line", "off"] | Annotated[int, Field(ge=1, le=50)] = Field(
        default="whole-line",
        description="Who is never matched with whom because one reports to the other: 'whole-line', at any depth; a number, so "
        "many levels up and down; 'off', nobody.",
    )
    same_manager: bool = Field(default=False, description="Whether two people who report to the same manager may be matched.")


class TrioOptions(FormatOptions):
    """Formats of pairs in which three may meet."""

    trio_when_odd: bool = Field(default=False, description="Whoever would be left over joins a pair: three people meet.")


class TeachingOptions(TrioOptions):
    """Formats of pairs in which somebody learns from somebody."""

    for_new_programs: ClassVar[Mapping[str, JsonValue]] = {"learning": "prefer"}

    experience: Literal["prefer", "require"] = Field(
        default="prefer",
        description="Somebody experienced on each goal that two share: 'prefer', it counts; 'require', it is a rule.",
    )
    learning: Literal["any", "prefer", "require"] = Field(
        default="any",
        description="Pairs in which neither learns anything: 'any', they may be; 'prefer', only where nothing else is left; "
        "'require', never. New programs have 'prefer' unless they choose.",
    )


class OneToOneOptions(TeachingOptions):
    """Pairs of peers."""

    for_new_programs: ClassVar[Mapping[str, JsonValue]] = {"learning": "prefer", "levels_apart": 1}

    levels_apart: Annotated[int, Field(ge=0, le=50)] | None = Field(
        default=None,
        description="How many job levels two people may be apart at most, where enough are that near; who has fewer than five "
        "such others may be further from somebody. null: it counts, and is no rule. New programs have 1 unless they choose.",
    )


class JuniorSeniorOptions(FormatOptions):
    """Pairs of one junior and one senior."""

    junior_up_to_level: int = Field(ge=1, description="Up to this employee level people are juniors, above it seniors.")
    seats_per_senior: int = Field(default=1, ge=1, le=5, description="How many juniors a senior may have at once.")


class RoundOptions(Fact):
    """Formats of pairs that change."""

    rounds: int = Field(
        default=1,
        ge=1,
        le=12,
        description="So many rounds are planned by one match run, with a new partner in each; from 2 on nobody joins a pair: "
        "who goes without in one round comes first in the next.",
    )


class NetworkOptions(TrioOptions, RoundOptions):
    """Pairs of people who would not meet otherwise."""

    differ_in: Literal["department", "location"] = Field(
        default="department", description="What two people must not have in common."
    )
    trio_when_odd: bool = Field(default=True, description="Whoever would be left over joins a pair: three people meet.")


class FlashOptions(TeachingOptions, RoundOptions):
    """Short meetings of pairs, a new partner in every round."""

    trio_when_odd: bool = Field(default=True, description="Whoever would be left over joins a pair: three people meet.")


class SkillsPracticeOptions(FormatOptions):
    """Two who teach each other, or practise what both seek; three of whom each teaches the next."""

    rings_of_three: bool = Field(
        default=True, description="Whether three may meet of whom each teaches the next, where no two could teach each other."
    )
    practice_together: bool = Field(
        default=True, description="Whether two may meet who seek the same skill from about the same level, to practise it."
    )


class OnboardingBuddyOptions(FormatOptions):
    """Pairs of somebody new and a buddy who has been there longer."""

    same_manager: bool = Field(default=True, description="Whether two people who report to the same manager may be matched.")
    newcomer_for_days: int = Field(
        default=90, ge=1, le=365, description="For so many days after they are hired people are new."
    )
    newcomers_per_buddy: int = Field(default=1, ge=1, le=5, description="How many newcomers a buddy may have at once.")
    match_on_arrival: bool = Field(
        default=True, description="Whether newcomers are matched as they arrive, without somebody asking for a match run."
    )


class AccountabilityOptions(TrioOptions):
    """Pairs, or a trio, of people who pursue their goals side by side."""

    same: Literal["department", "location"] = Field(default="department", description="What two people must have in common.")
    trio_when_odd: bool = Field(default=True, description="Whoever would be left over joins a pair: three people meet.")


class GroupOptions(FormatOptions):
    """Formats of groups."""

    smallest: int = Field(default=4, ge=3, le=12, description="A group has at least so many people.")
    largest: int = Field(default=8, ge=3, le=12, description="A group has at most so many people.")

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        if self.smallest > self.largest:
            raise ValueError(f"A group cannot have at least {self.smallest} and at most {self.largest} people.")
        return self


class LearningCircleOptions(GroupOptions):
    """Groups who learn towards the same goal."""

    same_goal: bool = Field(default=True, description="Whether all of a circle have a goal in common.")


class TigerTeamOptions(GroupOptions):
    """Small teams for a challenge."""

    smallest: int = Field(default=3, ge=3, le=12, description="A team has at least so many people.")
    largest: int = Field(default=6, ge=3, le=12, description="A team has at most so many people.")
    needed_skills: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(),
        max_length=20,
        description="Skills in each of which somebody of every team is experienced.",
    )


FORMATS: Final[Mapping[str, type[FormatOptions]]] = {
    "one-to-one": OneToOneOptions,
    "junior-senior": JuniorSeniorOptions,
    "network": NetworkOptions,
    "flash": FlashOptions,
    "accountability": AccountabilityOptions,
    "learning-circle": LearningCircleOptions,
    "tiger-team": TigerTeamOptions,
    "skills-practice": SkillsPracticeOptions,
    "onboarding-buddy": OnboardingBuddyOptions,
}
"""Every format by its name on the wire, with the model of its options."""


OPTIONS_WITH_FIELDS: Final = ("trio_when_odd", "junior_up_to_level", "seats_per_senior")
"""Options older than `ProgramLaunched.options`: each has a field of its own as well, which goes on being written."""


class OfFormat(Protocol):
    """What a program has to have for `options_of`; `ProgramLaunched` does, and so may a service's own record of a program."""

    @property
    def format(self) -> str: ...
    @property
    def options(self) -> dict[str, JsonValue] | None: ...


def options_of(program: OfFormat) -> dict[str, JsonValue]:
    """The options a program was launched with, also where it is older than `options` and names each in a field of its own."""
    if program.options is not None:
        return program.options
    known = FORMATS.get(program.format, FormatOptions).model_fields
    return {name: getattr(program, name) for name in OPTIONS_WITH_FIELDS if name in known}
