"""What people keep of their relationship: what they undertake to do, notes for themselves, and how it goes."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import CheckInRecorded
from peerloom_service.identifiers import new_id
from tests.sessions.test_relationships import Received, problem
from tests.support import RunningService


@pytest.fixture
def pair(session: dict[str, Any]) -> tuple[str, str, str]:
    """A relationship and its two people."""
    ada, grace = session["participant_ids"]
    return f"/v1/relationships/{session['match_id']}", ada, grace


async def test_an_action_item_has_an_owner_and_a_day_and_is_done(client: httpx.AsyncClient, pair: tuple[str, str, str]) -> None:
    relationship, ada, _grace = pair
    wanted = {"owner_id": ada, "text": "Show the team the new dashboard", "due_on": "2027-01-15"}

    added = await client.post(f"{relationship}/action-items", json=wanted)

    assert added.status_code == 201, added.text
    at, item = added.headers["location"], added.json()
    assert {name: item[name] for name in wanted} == wanted
    assert item["state"] == "open"
    change = {"state": "done", "due_on": "2027-01-15"}
    assert (await client.patch(at, json=change)).status_code == 428
    done = await client.patch(at, json=change, headers={"If-Match": added.headers["etag"]})
    assert (done.status_code, done.json()["state"], done.json()["version"]) == (200, "done", 2)
    late = await client.patch(at, json=change | {"state": "open"}, headers={"If-Match": added.headers["etag"]})
    assert late.status_code == 412
    assert (await client.get(at)).json() == done.json()


async def test_action_items_are_found_by_relationship_owner_and_state(
    client: httpx.AsyncClient, pair: tuple[str, str, str]
) -> None:
    relationship, ada, grace = pair
    items = [
        (await client.post(f"{relationship}/action-items", json={"owner_id": owner, "text": "Read a chapter"})).json()
        for owner in (ada, ada, grace)
    ]
    dropped = {"state": "dropped", "due_on": None}
    await client.patch(f"/v1/action-items/{items[0]['id']}", json=dropped, headers={"If-Match": '"1"'})

    async def found(**asked: str) -> list[str]:
        return [one["id"] for one in (await client.get("/v1/action-items", params=asked)).json()["items"]]

    assert await found(match_id=relationship.rpartition("/")[2]) == sorted(one["id"] for one in items)
    assert await found(owner_id=ada, state="open") == [items[1]["id"]]
    assert await found(owner_id=grace) == [items[2]["id"]]
    assert await found(match_id=str(new_id())) == []


async def test_a_note_is_shown_to_its_author_only(
    client: httpx.AsyncClient, pair: tuple[str, str, str], sessions: RunningService, tenant: UUID
) -> None:
    relationship, ada, grace = pair
    written = await client.post(f"{relationship}/notes", json={"author_id": ada, "text": "Ask about the move to Berlin"})
    assert written.status_code == 201, written.text
    note = written.json()

    assert (await client.get("/v1/notes", params={"author_id": ada})).json()["items"] == [note]
    assert (await client.get("/v1/notes", params={"author_id": grace})).json()["items"] == []
    assert problem(await client.get("/v1/notes")) == (422, "invalid")
    with_sessions_only = sessions.client(tenant, ["sessions:read", "sessions:write"])
    assert (await with_sessions_only.get("/v1/notes", params={"author_id": ada})).status_code == 403
    assert (await client.delete(f"/v1/notes/{note['id']}", params={"author_id": grace})).status_code == 404
    assert (await client.delete(f"/v1/notes/{note['id']}", params={"author_id": ada})).status_code == 200
    assert (await client.get("/v1/notes", params={"author_id": ada})).json()["items"] == []


async def test_a_check_in_is_published_without_its_words(
    client: httpx.AsyncClient, pair: tuple[str, str, str], heard: Received, sessions: RunningService, tenant: UUID
) -> None:
    relationship, ada, _grace = pair
    told = {"participant_id": ada, "mood": 2, "progress": "Stuck with the budget"}

    recorded = await client.post(f"{relationship}/check-ins", json=told)

    assert recorded.status_code == 201, recorded.text
    assert recorded.json()["progress"] == told["progress"]
    (event,) = await heard(CheckInRecorded)
    assert (str(event.check_in_id), str(event.participant_id), event.mood) == (recorded.json()["id"], ada, 2)
    (overheard,) = sessions.log.overheard(CheckInRecorded, tenant)
    assert b"budget" not in overheard.record.value
    assert (await client.get("/v1/check-ins", params={"participant_id": ada})).json()["items"] == [recorded.json()]
    assert (await client.get(recorded.headers["location"])).json() == recorded.json()
    for wrong in ({"mood": 0}, {"mood": 6}, {"mood": "3"}, {"mood": True}):
        assert problem(await client.post(f"{relationship}/check-ins", json=told | wrong)) == (422, "invalid"), wrong


async def test_only_people_of_a_relationship_keep_something_in_it(
    client: httpx.AsyncClient, pair: tuple[str, str, str], sessions: RunningService
) -> None:
    relationship, _ada, _grace = pair
    stranger, elsewhere = str(new_id()), sessions.client(new_id())
    for what, body in (
        ("action-items", {"owner_id": stranger, "text": "Anything"}),
        ("notes", {"author_id": stranger, "text": "Anything"}),
        ("check-ins", {"participant_id": stranger, "mood": 3}),
    ):
        assert problem(await client.post(f"{relationship}/{what}", json=body)) == (422, "not-of-the-relationship"), what
        assert (await elsewhere.post(f"{relationship}/{what}", json=body)).status_code == 404, what
