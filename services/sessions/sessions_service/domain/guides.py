"""Guides: what people talk about when they meet, and the agenda made of it for one session."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sessions_service.domain.people import Program
from sessions_service.domain.sessions import Session


class Part(StrEnum):
    """Where in a relationship a session stands."""

    FIRST = "first"
    MIDDLE = "middle"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class GuideItem:
    """`share`: percent of the session's time."""

    title: str
    share: int
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuideSession:
    part: Part
    title: str
    aim: str
    items: tuple[GuideItem, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """`swaps`: whether the topic comes from one person after the other, so that everybody teaches and learns."""

    format: str
    version: int
    language: str
    title: str
    summary: str
    swaps: bool
    sessions: tuple[GuideSession, ...]


@dataclass(frozen=True, slots=True)
class AgendaItem:
    title: str
    minutes: int
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a session is about. `topic_from`: whose topic it is; None: nobody's in particular."""

    session_id: UUID
    guide: str
    version: int
    language: str
    part: Part
    title: str
    aim: str
    topic_from: UUID | None
    items: tuple[AgendaItem, ...]


def agenda_of(session: Session, program: Program, guide: Guide) -> Agenda:
    """The agenda of a session: its part of the guide, in as many minutes as the session has."""
    part = part_of(session, program)
    (chosen,) = (one for one in guide.sessions if one.part is part)
    length = round((session.ends_at - session.starts_at).total_seconds() / 60)
    timings = minutes([item.share for item in chosen.items], length)
    return Agenda(
        session_id=session.id,
        guide=guide.format,
        version=guide.version,
        language=guide.language,
        part=part,
        title=chosen.title,
        aim=chosen.aim,
        topic_from=_whose_topic(session) if guide.swaps and part is Part.MIDDLE else None,
        items=tuple(AgendaItem(item.title, given, item.prompts) for item, given in zip(chosen.items, timings, strict=True)),
    )


def part_of(session: Session, program: Program) -> Part:
    """The first session comes first; the last one is that after which the program has no room for another."""
    if session.number == 1:
        return Part.FIRST
    if (session.starts_at + program.cadence).date() > program.ends_on:
        return Part.CLOSING
    return Part.MIDDLE


def minutes(shares: Sequence[int], length: int) -> list[int]:
    """Whole minutes in these proportions that add up to `length`; what rounding leaves goes to those it cut most."""
    exact = [share * length / sum(shares) for share in shares]
    given = [int(one) for one in exact]
    by_loss = sorted(range(len(shares)), key=lambda index: given[index] - exact[index])
    for index in by_loss[: length - sum(given)]:
        given[index] += 1
    return given


def _whose_topic(session: Session) -> UUID:
    return session.participant_ids[(session.number - 2) % len(session.participant_ids)]
