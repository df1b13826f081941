"""What every format of mentoring defines: one subclass, in one module, for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

from pydantic import ValidationError

from matching_service.engine.checking.grouped import check_grouped
from matching_service.engine.checking.matches import Violation, check_bound, check_matches
from matching_service.engine.checking.rounds import check_rounds
from matching_service.engine.problem.policy import MICRO, Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation
from matching_service.engine.searching.groups import GroupSearch
from matching_service.engine.searching.peers import PeerSearch
from matching_service.engine.searching.rounds import RoundSearch
from matching_service.engine.searching.search import Search
from peerloom_events.formats import FormatOptions, GroupOptions, TrioOptions

OptionsT = TypeVar("OptionsT", bound=FormatOptions)
TrioT = TypeVar("TrioT", bound=TrioOptions)
GroupT = TypeVar("GroupT", bound=GroupOptions)


WITHOUT_LEARNING: Final[Mapping[str, int]] = {"any": MICRO, "prefer": MICRO // 10, "require": 0}
"""What the context of two counts of whom neither learns anything, as a program chooses."""


class Format(ABC, Generic[OptionsT]):
    """A format: what a program may choose, what a match is worth then, how many people it has, and how matches are found.

    ``name``: as programs name it. ``options_model``: the contract of its options. ``search``: finds the matches.
    ``newcomers``: whether it distinguishes newcomers (``newcomer_days``). ``example``: options of a
    typical program, as they travel.
    """

    name: ClassVar[str]
    search: ClassVar[type[Search]]
    example: ClassVar[Mapping[str, Any]]
    newcomers: ClassVar[bool] = False
    options_model: type[OptionsT]

    def options(self, raw: Mapping[str, Any]) -> OptionsT:
        """The options of a program, from JSON. What a newer release may have added is passed over.

        Raises: ValueError with a sentence for every option that is missing or impossible.
        """
        try:
            return self.options_model.model_validate(dict(raw))
        except ValidationError as error:
            wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors())
            raise ValueError(" ".join(self._refusal(option, raw) for option in wrong)) from error

    def _refusal(self, option: str, raw: Mapping[str, Any]) -> str:
        what = f"{raw[option]!r} is no value for" if option in raw else "A program needs"
        return f"{what} the option {option} of the format {self.name}. {self.options_model.model_fields[option].description}"

    @abstractmethod
    def policy(self, options: OptionsT) -> Policy:
        """What a match is worth in such a program, and which matches may never be."""

    @abstractmethod
    def sizes(self, options: OptionsT) -> range:
        """How many people a match may have."""

    @abstractmethod
    def seats(self, options: OptionsT, employee_level: int) -> int:
        """How many matches of the program somebody of this level may be in at once."""

    def search_for(self, policy: Policy) -> type[Search]:  # noqa: ARG002 - the same for all policies of most formats
        """What finds the matches under this policy."""
        return self.search

    def newcomer_days(self, options: OptionsT) -> int | None:  # noqa: ARG002 - most formats know no newcomers
        """Where the format distinguishes newcomers, for so many days after they are hired people are; they have one seat."""
        return None

    def on_arrival(self, options: OptionsT) -> bool:  # noqa: ARG002 - most formats wait to be asked
        """Whether newcomers are matched as they arrive, without somebody asking for a run."""
        return False

    def recognises(self, policy: Policy) -> bool:  # noqa: ARG002 - for formats that are older than `Policy.format`
        """Whether a policy that was stored without the name of its format is one of this format."""
        return False

    def check(
        self, population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
    ) -> list[Violation]:
        """What is wrong with an answer, by code that shares nothing with the search; empty when nothing is.

        The prices behind the bound are compared for every pair there is, or for those of ``people`` people with everybody.
        """
        return check_matches(population, policy, matched) or check_bound(population, policy, matched, people=people)


class PeerFormat(Format[TrioT]):
    """Formats of pairs of peers, everybody in one at a time, with a trio where the program has them."""

    search: ClassVar[type[Search]] = PeerSearch

    def search_for(self, policy: Policy) -> type[Search]:
        """Pairs, or rounds of them."""
        return RoundSearch if policy.rounds > 1 else self.search

    def sizes(self, options: TrioT) -> range:
        """Two, or three with a trio."""
        return range(2, 4 if options.trio_when_odd else 3)

    def seats(self, options: TrioT, employee_level: int) -> int:  # noqa: ARG002 - the same for everybody
        """One, whoever it is; where several rounds are made at once, one a round."""
        return getattr(options, "rounds", 1)

    def check(
        self, population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
    ) -> list[Violation]:
        """What is wrong with pairs and trios, or with rounds of pairs; empty when nothing is."""
        if policy.rounds > 1:
            return check_rounds(population, policy, matched, people=people)
        return super().check(population, policy, matched, people)


class GroupFormat(Format[GroupT]):
    """Formats of groups, everybody in one at a time."""

    search: ClassVar[type[Search]] = GroupSearch

    def sizes(self, options: GroupT) -> range:
        """From the smallest to the largest group."""
        return range(options.smallest, options.largest + 1)

    def seats(self, options: GroupT, employee_level: int) -> int:  # noqa: ARG002 - the same for everybody
        """One, whoever it is."""
        return 1

    def check(
        self, population: Population, policy: Policy, matched: MatchedPopulation, people: int | None = None
    ) -> list[Violation]:
        """What is wrong with groups; empty when nothing is."""
        return check_grouped(population, policy, matched, people=people)
