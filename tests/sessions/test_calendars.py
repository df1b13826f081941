"""Sessions in people's calendars: invites and feeds, as other calendar programs read them."""

import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from icalendar import Calendar

from peerloom_events import MatchConfirmed
from peerloom_service.identifiers import new_id
from sessions_service.calendars import Addresses, feed, invite
from sessions_service.domain.sessions import Session, SessionState
from tests.support import RunningService

ADA, GRACE = (UUID(int=number) for number in (1, 2))
AT = Addresses("mentoring.example.org")
WRITTEN = datetime(2026, 11, 30, 9, 30, 15, 250_000, tzinfo=UTC)
READERS = Path(__file__).with_name("read_calendar.js")
PACKAGES = ("node-ical@0.27.2", "ical.js@2.2.1")

Clock = Callable[[str], Awaitable[None]]
Person = Callable[..., Awaitable[UUID]]
Confirmed = Callable[..., Awaitable[MatchConfirmed]]
SessionOf = Callable[[MatchConfirmed], Awaitable[dict[str, Any]]]

AROUND_THE_CLOCK_CHANGES = [
    datetime(2027, 3, 14, 6, 59, tzinfo=UTC),  # New York, one minute before
    datetime(2027, 3, 14, 7, 0, tzinfo=UTC),
    datetime(2027, 3, 28, 0, 45, tzinfo=UTC),  # Berlin, across the change
    datetime(2027, 4, 3, 15, 0, tzinfo=UTC),  # Lord Howe, half an hour
    datetime(2027, 10, 31, 0, 30, tzinfo=UTC),  # Berlin, the hour that comes twice
    datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 45, tzinfo=UTC),  # into the next year
]


def a_session(starts_at: datetime = AROUND_THE_CLOCK_CHANGES[0], **changed: Any) -> Session:
    usual: dict[str, Any] = {
        "id": new_id(),
        "version": 3,
        "match_id": new_id(),
        "program_id": new_id(),
        "participant_ids": (ADA, GRACE),
        "number": 2,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=45),
    }
    return Session(**(usual | changed))


def read(text: bytes) -> tuple[Calendar, list[Any]]:
    """A calendar with its events, as Python's icalendar reads it; nothing in it is wrong."""
    calendar = Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    assert not calendar.errors
    assert not [event.errors for event in events if event.errors]
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert text.endswith(b"END:VCALENDAR\r\n")
    return calendar, list(events)


@pytest.mark.parametrize("starts_at", AROUND_THE_CLOCK_CHANGES)
def test_an_invite_says_when_who_and_which_version(starts_at: datetime) -> None:
    session = a_session(starts_at)

    calendar, (event,) = read(invite(session, AT, written_at=WRITTEN))

    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert event["UID"] == f"{session.id}@mentoring.example.org"
    assert (event["SEQUENCE"], event["STATUS"]) == (2, "CONFIRMED")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (session.starts_at, session.ends_at)
    assert event.decoded("DTSTAMP") == WRITTEN.replace(microsecond=0)
    assert event["ORGANIZER"] == "mailto:sessions@mentoring.example.org"
    assert [str(one) for one in event["ATTENDEE"]] == [f"mailto:{one}@mentoring.example.org" for one in (ADA, GRACE)]
    for attendee in event["ATTENDEE"]:
        assert dict(attendee.params) == {
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "NEEDS-ACTION",
            "RSVP": "TRUE",
        }


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.MISSED])
def test_a_session_that_will_not_take_place_is_taken_out_under_the_same_uid(state: SessionState) -> None:
    session = a_session()
    off = a_session(id=session.id, version=4, state=state)

    calendar, (event,) = read(invite(off, AT, written_at=WRITTEN))

    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)
    assert event["UID"] == read(invite(session, AT, written_at=WRITTEN))[1][0]["UID"]


def test_a_feed_holds_the_sessions_that_take_place_and_is_the_same_while_they_are() -> None:
    sessions = [a_session(starts_at) for starts_at in AROUND_THE_CLOCK_CHANGES]
    off = [a_session(state=SessionState.CANCELLED), a_session(state=SessionState.MISSED)]

    calendar, events = read(feed([*sessions, *off], AT))

    assert "METHOD" not in calendar
    assert [event.decoded("DTSTART") for event in events] == AROUND_THE_CLOCK_CHANGES
    assert len({event["UID"] for event in events}) == len(sessions)
    assert feed(sessions, AT) == feed(sessions, AT)


@pytest.fixture(scope="module")
def node_readers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with node-ical and ical.js."""
    if shutil.which("npm") is None:
        pytest.skip("reads calendars with node-ical and ical.js: needs Node with npm")
    folder = tmp_path_factory.mktemp("node")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES],
        check=True,
        capture_output=True,
        timeout=300,
    )
    shutil.copy(READERS, folder / "read_calendar.js")
    return folder


def test_node_ical_and_ical_js_read_what_was_written(node_readers: Path) -> None:
    sessions = [a_session(starts_at) for starts_at in AROUND_THE_CLOCK_CHANGES]
    off = a_session(state=SessionState.CANCELLED, version=4)
    texts = [invite(one, AT, written_at=WRITTEN) for one in [*sessions, off]] + [feed(sessions, AT)]

    found = subprocess.run(
        ["node", "read_calendar.js"],
        cwd=node_readers,
        input=json.dumps([text.decode() for text in texts]).encode(),
        check=True,
        capture_output=True,
        timeout=120,
    )

    def told(session: Session, method: str | None, status: str) -> dict[str, Any]:
        return {
            "method": method,
            "uid": f"{session.id}@mentoring.example.org",
            "sequence": session.version - 1,
            "status": status,
            "start": session.starts_at.isoformat().replace("+00:00", ".000Z"),
            "end": session.ends_at.isoformat().replace("+00:00", ".000Z"),
            "organizer": "mailto:sessions@mentoring.example.org",
            "attendees": [f"mailto:{one}@mentoring.example.org" for one in session.participant_ids],
        }

    expected = [
        *([told(one, "REQUEST", "CONFIRMED")] for one in sessions),
        [told(off, "CANCEL", "CANCELLED")],
        [told(one, None, "CONFIRMED") for one in sessions],
    ]
    assert json.loads(found.stdout) == {"node-ical": expected, "ical.js": expected}


# -- over HTTP ----------------------------------------------------------------------------------------------------------


async def test_an_invite_follows_its_session(client: httpx.AsyncClient, session: dict[str, Any], tenant: UUID) -> None:
    path = f"/v1/sessions/{session['id']}/invite"
    asked = await client.get(path)
    assert asked.status_code == 200, asked.text
    assert asked.headers["content-type"] == "text/calendar; charset=utf-8; method=REQUEST"
    _, (first,) = read(asked.content)
    assert first.decoded("DTSTART") == datetime.fromisoformat(session["starts_at"])

    await client.post(f"/v1/sessions/{session['id']}/cancel", json={})

    cancelled = await client.get(path)
    assert cancelled.headers["content-type"].endswith("method=CANCEL")
    _, (second,) = read(cancelled.content)
    assert (second["UID"], second["SEQUENCE"]) == (first["UID"], first["SEQUENCE"] + 1)


async def test_a_person_subscribes_to_their_sessions_by_an_address_that_can_be_changed_and_closed(
    client: httpx.AsyncClient, session: dict[str, Any], sessions: RunningService
) -> None:
    feed_of, anybody = f"/v1/calendar-feeds/{session['participant_ids'][0]}", sessions.client_with(None)
    assert (await client.get(feed_of)).status_code == 404

    opened = await client.put(feed_of)

    assert opened.status_code == 200, opened.text
    address = opened.json()["path"]
    subscribed = await anybody.get(address)
    assert subscribed.status_code == 200, subscribed.text
    assert subscribed.headers["content-type"].startswith("text/calendar")
    _, (event,) = read(subscribed.content)
    assert str(event["UID"]).startswith(session["id"])
    again = await anybody.get(address, headers={"If-None-Match": subscribed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    moved = {"starts_at": (datetime.fromisoformat(session["starts_at"]) + timedelta(days=1)).isoformat()}
    await client.post(f"/v1/sessions/{session['id']}/reschedule", json=moved)
    changed = await anybody.get(address, headers={"If-None-Match": subscribed.headers["etag"]})
    assert changed.status_code == 200
    assert read(changed.content)[1][0].decoded("DTSTART") == datetime.fromisoformat(moved["starts_at"])

    renewed = (await client.put(feed_of)).json()["path"]
    assert (await anybody.get(address)).status_code == 404
    assert (await anybody.get(renewed)).status_code == 200
    shown = (await client.get(feed_of)).json()
    assert (shown["active"], shown["version"], "path" in shown) == (True, 2, False)
    assert (await client.delete(feed_of)).json()["active"] is False
    assert (await anybody.get(renewed)).status_code == 404


async def test_the_secret_of_a_feed_is_kept_nowhere(
    client: httpx.AsyncClient, session: dict[str, Any], sessions: RunningService
) -> None:
    path = (await client.put(f"/v1/calendar-feeds/{session['participant_ids'][0]}")).json()["path"]
    secret = path.removeprefix("/v1/calendar/").removesuffix(".ics")
    assert len(secret) >= 43
    for table in ("calendar_feed", "idempotency_key", "outbox"):
        rows = await sessions.value(f"SELECT string_agg({table}::text, '') FROM {table}")
        assert secret not in (rows or "")
        assert secret.encode().hex() not in (rows or "")


async def test_a_stranger_gets_neither_invite_nor_feed(
    client: httpx.AsyncClient, session: dict[str, Any], sessions: RunningService, tenant: UUID
) -> None:
    stranger, reader = sessions.client(new_id()), sessions.client(tenant, ["sessions:read"])
    feed_of = f"/v1/calendar-feeds/{session['participant_ids'][0]}"
    assert (await stranger.get(f"/v1/sessions/{session['id']}/invite")).status_code == 404
    assert (await stranger.put(feed_of)).status_code == 404
    assert (await reader.put(feed_of)).status_code == 403
    assert (await reader.delete(feed_of)).status_code == 403
    assert (await sessions.client_with(None).get("/v1/calendar/not-a-secret.ics")).status_code == 404


async def test_a_change_names_the_version_it_is_meant_for(client: httpx.AsyncClient, session: dict[str, Any]) -> None:
    of = f"/v1/sessions/{session['id']}"
    moved = {"starts_at": (datetime.fromisoformat(session["starts_at"]) + timedelta(days=1)).isoformat()}
    read_before = (await client.get(of)).headers["etag"]

    assert (await client.post(f"{of}/reschedule", json=moved, headers={"If-Match": read_before})).status_code == 200

    for act, body in (("reschedule", moved), ("cancel", {}), ("complete", None), ("attendance", {"present_ids": []})):
        late = await client.post(f"{of}/{act}", json=body, headers={"If-Match": read_before})
        assert late.status_code == 412, act
    close = f"/v1/relationships/{session['match_id']}/close"
    assert (await client.post(close, json={"reason": "other"}, headers={"If-Match": '"99"'})).status_code == 412
    assert (await client.post(f"{of}/cancel", json={}, headers={"If-Match": '"2"'})).status_code == 200
