"""What matching believes about proposals, answers and matches. Pure: no I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from peerloom_service.problems import Conflict, Forbidden


class NotYourMatch(Forbidden):
    title = "Only the participants of a proposal can answer it"


class AnsweredAlready(Conflict):
    title = "This proposal is no longer open"


class MatchOver(Conflict):
    title = "This match is over already"


class TooLate(Conflict):
    title = "The time to answer this proposal is over"


class MatchState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a proposal or match ended before its time."""

    PARTICIPANT_LEFT = "participant_left"
    PARTICIPANT_WITHDREW = "participant_withdrew"
    PARTICIPANT_PAUSED = "participant_paused"
    PROGRAM_CLOSED = "program_closed"
    PROGRAM_ENDED = "program_ended"
    GOALS_REACHED = "goals_reached"
    NO_TIME = "no_time"
    NOT_A_FIT = "not_a_fit"
    OTHER = "other"

    @property
    def for_everybody(self) -> bool:
        """Whether confirmed matches end too; somebody who only pauses keeps them."""
        return self is not EndReason.PARTICIPANT_PAUSED


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two people, or three, were brought together. `giver_id` brings `subject`; `amount` is in the code's own unit."""

    code: str
    giver_id: UUID | None = None
    subject: str | None = None
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """Whom a run brings together, why, and what that is worth: see `Match`."""

    participant_ids: tuple[UUID, ...]
    weight: int
    reasons: tuple[Reason, ...]
    round: int = 1


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Whom a run left without a partner. `partners`: how many people the rules allow; `removed`: how many each rule forbids."""

    participant_id: UUID
    why: str
    partners: int
    removed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Match:
    """Two people, or three, proposed to each other, and what became of it.

    `weight`: 0 to 1,000,000 micro-units; of three people's three pairs the mean. `round`: which one of several rounds that were
    planned at once, from 1.
    """

    id: UUID
    version: int
    run_id: UUID
    program_id: UUID
    participant_ids: tuple[UUID, ...]
    weight: int
    reasons: tuple[Reason, ...]
    proposed_at: datetime
    answer_by: datetime
    state: MatchState = MatchState.PROPOSED
    accepted_ids: tuple[UUID, ...] = ()
    declined_id: UUID | None = None
    ended_at: datetime | None = None
    ended_reason: EndReason | None = None
    round: int = 1

    def accepted(self, participant_id: UUID, now: datetime) -> "Match":
        """One of them says yes.

        Raises: NotYourMatch, AnsweredAlready, TooLate.
        """
        self._open_to(participant_id, now)
        return replace(self, version=self.version + 1, accepted_ids=(*self.accepted_ids, participant_id))

    def declined(self, participant_id: UUID, now: datetime) -> "Match":
        """One of them says no, even after having said yes, as long as not all have.

        Raises: NotYourMatch, AnsweredAlready, TooLate.
        """
        self._open_to(participant_id, now)
        return replace(self, version=self.version + 1, state=MatchState.DECLINED, declined_id=participant_id)

    def confirmed(self) -> "Match":
        """Everybody said yes."""
        return replace(self, version=self.version + 1, state=MatchState.CONFIRMED)

    def expired(self) -> "Match":
        """Not everybody answered in time."""
        return replace(self, version=self.version + 1, state=MatchState.EXPIRED)

    def ended(self, reason: EndReason, now: datetime) -> "Match":
        """A proposal, or a match, is over before its time; its people are free to be matched with others.

        Raises: MatchOver.
        """
        if self.state not in OPEN:
            raise MatchOver(f"It is {self.state}. Its people can be matched again in another run.")
        return replace(self, version=self.version + 1, state=MatchState.ENDED, ended_at=now, ended_reason=reason)

    def refuse_strangers(self, participant_id: UUID) -> None:
        """Raises: NotYourMatch."""
        if participant_id not in self.participant_ids:
            raise NotYourMatch("This participant is not part of the match. Name one of its participants, or nobody.")

    @property
    def unanimous(self) -> bool:
        """Whether everybody said yes."""
        return set(self.accepted_ids) == set(self.participant_ids)

    def _open_to(self, participant_id: UUID, now: datetime) -> None:
        if participant_id not in self.participant_ids:
            raise NotYourMatch("This participant is not part of the proposal. Answer with the id of one of its participants.")
        if self.state is not MatchState.PROPOSED:
            raise AnsweredAlready(_ENDED[self.state])
        if now >= self.answer_by:
            raise TooLate(f"Answers were accepted until {self.answer_by.isoformat()}. The next run may propose a new match.")


OPEN: Final = (MatchState.PROPOSED, MatchState.CONFIRMED)
"""The states that hold their people's seats."""

_ENDED: Final = {
    MatchState.CONFIRMED: "This proposal has already been answered: everybody accepted, and the match is confirmed.",
    MatchState.DECLINED: "This proposal has already been answered: it was declined. The next run may propose a new match.",
    MatchState.EXPIRED: "This proposal has expired. The next run may propose a new match.",
    MatchState.ENDED: "This proposal has ended: somebody is no longer there for it. The next run may propose a new match.",
}
"""Why a proposal can no longer be answered."""
