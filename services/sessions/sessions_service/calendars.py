"""Sessions as iCalendar (RFC 5545, RFC 5546): an invite for one, a feed for a person.

All times are in UTC, so that no time zone has to travel. Participants appear under opaque addresses made of their ids: whoever
sends the invites knows the real ones.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress

from sessions_service.domain.sessions import Session, SessionState

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"

_PRODUCT: Final = "-//Peerloom//Sessions 1//EN"
_STATUS: Final = {SessionState.CANCELLED: "CANCELLED", SessionState.MISSED: "CANCELLED"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where invites come from and go to. `domain`: right of the @, and of every UID."""

    domain: str

    @property
    def organiser(self) -> vCalAddress:
        return vCalAddress(f"mailto:sessions@{self.domain}")

    def of(self, participant_id: UUID) -> vCalAddress:
        """A participant, as somebody who has yet to answer."""
        address = vCalAddress(f"mailto:{participant_id}@{self.domain}")
        for name, value in (
            ("CUTYPE", "INDIVIDUAL"),
            ("ROLE", "REQ-PARTICIPANT"),
            ("PARTSTAT", "NEEDS-ACTION"),
            ("RSVP", "TRUE"),
        ):
            address.params[name] = value
        return address


def method_of(session: Session) -> Literal["REQUEST", "CANCEL"]:
    """What an invite asks of a calendar: to take the session in, or to take it out."""
    return "CANCEL" if session.state in _STATUS else "REQUEST"


def invite(session: Session, addresses: Addresses, *, written_at: datetime) -> bytes:
    """The invite to a session, or its cancellation.

    Its UID stays the same for the session's life and its SEQUENCE rises with each change, so that calendars keep one entry.
    """
    calendar = _calendar()
    calendar.add("METHOD", method_of(session))
    calendar.add_component(_event(session, addresses, written_at))
    written: bytes = calendar.to_ical()
    return written


def feed(sessions: Iterable[Session], addresses: Addresses) -> bytes:
    """A person's sessions to subscribe to; those cancelled or missed are left out. The same sessions are the same bytes."""
    calendar = _calendar()
    calendar.add("X-WR-CALNAME", "Peer mentoring")
    for session in sessions:
        if session.state not in _STATUS:
            calendar.add_component(_event(session, addresses, _made_at(session)))
    written: bytes = calendar.to_ical()
    return written


def etag(sessions: Sequence[Session]) -> str:
    """The entity tag of a feed: another one whenever a session is added or changed."""
    told = ",".join(f"{session.id}:{session.version}" for session in sessions)
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def _event(session: Session, addresses: Addresses, stamp: datetime) -> Event:
    event = Event()
    event.add("UID", f"{session.id}@{addresses.domain}")
    event.add("SEQUENCE", session.version - 1)
    event.add("DTSTAMP", stamp.astimezone(UTC).replace(microsecond=0))
    event.add("DTSTART", session.starts_at.astimezone(UTC))
    event.add("DTEND", session.ends_at.astimezone(UTC))
    event.add("SUMMARY", f"Peer mentoring: session {session.number}")
    event.add("STATUS", _STATUS.get(session.state, "CONFIRMED"))
    event.add("TRANSP", "OPAQUE")
    event.add("ORGANIZER", addresses.organiser)
    for participant_id in session.participant_ids:
        event.add("ATTENDEE", addresses.of(participant_id), encode=False)
    return event


def _made_at(session: Session) -> datetime:
    """When a session was made: its id, a UUID version 7, begins with the millisecond."""
    return datetime.fromtimestamp((session.id.int >> 80) / 1000, UTC)
