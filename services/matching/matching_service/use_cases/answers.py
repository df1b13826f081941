"""Answers to proposals, and proposals nobody answered in time."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from matching_service import sql
from matching_service.domain.matches import Match, MatchState
from peerloom_events import MatchAccepted, MatchConfirmed, MatchDeclined, MatchExpired
from peerloom_service.use_cases.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AnswerProposal:
    match_id: UUID
    participant_id: UUID
    answer: Literal["accept", "decline"]


async def answer(tx: Transaction, command: AnswerProposal) -> Match:
    """One of its people answers; with the last yes the match is confirmed, with a no it is over.

    Raises: NotFound, NotYourMatch, AnsweredAlready, TooLate.
    """
    match, now = await tx.lock(Match, command.match_id), await tx.now()
    if command.answer == "decline":
        declined = match.declined(command.participant_id, now)
        await tx.save(declined)
        await tx.execute(sql.LEAVE_SEATS, tx.tenant_id, match.id)
        tx.publish(
            MatchDeclined(
                version=declined.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_id=command.participant_id,
                participant_ids=match.participant_ids,
            )
        )
        return declined
    if command.participant_id in match.accepted_ids:
        return match  # saying yes twice changes nothing
    accepted = match.accepted(command.participant_id, now)
    tx.publish(
        MatchAccepted(
            version=accepted.version,
            match_id=match.id,
            program_id=match.program_id,
            participant_id=command.participant_id,
        )
    )
    if accepted.unanimous:
        accepted = accepted.confirmed()
        tx.publish(
            MatchConfirmed(
                version=accepted.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_ids=match.participant_ids,
                confirmed_at=now,
                round=match.round,
            )
        )
    await tx.save(accepted)
    return accepted


async def expire(tx: Transaction, match_id: UUID) -> None:
    """A proposal whose time to answer is over ends, unless it was answered in this very moment."""
    match = await tx.lock(Match, match_id)
    if match.state is MatchState.PROPOSED and match.answer_by <= await tx.now():
        expired = match.expired()
        await tx.save(expired)
        await tx.execute(sql.LEAVE_SEATS, tx.tenant_id, match.id)
        tx.publish(
            MatchExpired(
                version=expired.version,
                match_id=match.id,
                program_id=match.program_id,
                participant_ids=match.participant_ids,
            )
        )
