"""Kudos between colleagues, and the private channel to the owner of a program, on a real database and a real wire."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import ConcernRaised, KudosGiven, MatchConfirmed
from peerloom_service.identifiers import new_id
from tests.support import RunningService
from tests.support.facts import a_match_confirmed

Feed = Callable[..., Awaitable[Any]]
Received = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def client(feedback: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return feedback.client(tenant)


@pytest.fixture
async def match(feedback: RunningService, feed: Feed) -> MatchConfirmed:
    """A match that both said yes to."""
    match = a_match_confirmed((new_id(), new_id()), new_id())
    await feed(match)
    await feedback.settled()
    return match


def kudos(match: MatchConfirmed, **changed: Any) -> dict[str, str]:
    giver, receiver = match.participant_ids
    usual = {"match_id": match.match_id, "giver_id": giver, "receiver_id": receiver, "text": "Explained indexes with cake."}
    return {name: str(value) for name, value in (usual | changed).items()}


async def test_kudos_are_for_the_two_until_their_receiver_shares_them(
    feedback: RunningService, client: httpx.AsyncClient, match: MatchConfirmed, heard: Received, tenant: UUID
) -> None:
    given = await client.post("/v1/kudos", json=kudos(match))

    assert (given.status_code, given.json()["shared"]) == (201, False)
    (told,) = await heard(KudosGiven)
    assert (told.giver_id, told.receiver_id, told.match_id) == (*match.participant_ids, match.match_id)
    (overheard,) = feedback.log.overheard(KudosGiven, tenant)
    assert b"cake" not in overheard.record.value
    assert (await client.get("/v1/kudos", params={"shared": "true"})).json()["items"] == []

    place = given.headers["location"]
    shown = await client.patch(place, json={"shared": True}, headers={"If-Match": given.headers["etag"]})

    assert (shown.status_code, shown.json()["shared"], shown.json()["version"]) == (200, True, 2)
    listed = await client.get("/v1/kudos", params={"shared": "true", "receiver_id": str(match.participant_ids[1])})
    assert [one["text"] for one in listed.json()["items"]] == ["Explained indexes with cake."]
    late = await client.patch(place, json={"shared": False}, headers={"If-Match": given.headers["etag"]})
    assert late.status_code == 412


@pytest.mark.parametrize("role", ["giver_id", "receiver_id"])
async def test_kudos_are_between_people_of_one_relationship(
    client: httpx.AsyncClient, match: MatchConfirmed, role: str
) -> None:
    answer = await client.post("/v1/kudos", json=kudos(match, **{role: new_id()}))

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:peerloom:problem:not-of-this-relationship")


async def test_nobody_gives_kudos_to_themselves(client: httpx.AsyncClient, match: MatchConfirmed) -> None:
    answer = await client.post("/v1/kudos", json=kudos(match, receiver_id=match.participant_ids[0]))

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:peerloom:problem:kudos-to-oneself")
    assert (await client.get("/v1/kudos")).json()["items"] == []


async def test_a_match_that_is_confirmed_again_stays_as_it_was(
    feedback: RunningService, client: httpx.AsyncClient, match: MatchConfirmed, feed: Feed
) -> None:
    await feed(match.model_copy(update={"version": 4, "participant_ids": (new_id(), new_id())}))
    await feedback.settled()

    assert (await client.post("/v1/kudos", json=kudos(match))).status_code == 201


async def test_a_concern_reaches_who_looks_after_programs_and_nobody_else(
    feedback: RunningService, match: MatchConfirmed, heard: Received, tenant: UUID
) -> None:
    participant, _ = match.participant_ids
    front_end = feedback.client(tenant, ["feedback:read", "feedback:write"])

    raised = await front_end.post(
        "/v1/concerns",
        json={"match_id": str(match.match_id), "participant_id": str(participant), "text": "He shouts."},
    )

    assert (raised.status_code, set(raised.json())) == (201, {"id", "raised_at"})
    assert (await front_end.get("/v1/concerns")).status_code == 403
    assert (await front_end.get(raised.headers["location"])).status_code == 403
    (told,) = await heard(ConcernRaised)
    assert told.program_id == match.program_id
    (overheard,) = feedback.log.overheard(ConcernRaised, tenant)
    for secret in (b"shouts", str(participant).encode(), str(match.match_id).encode()):
        assert secret not in overheard.record.value

    owner = feedback.client(tenant, ["concerns:read", "concerns:write"])
    (concern,) = (await owner.get("/v1/concerns", params={"program_id": str(match.program_id), "state": "open"})).json()[
        "items"
    ]
    assert (concern["text"], concern["participant_id"]) == ("He shouts.", str(participant))
    moved = await owner.patch(raised.headers["location"], json={"state": "in_hand"}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["state"]) == (200, "in_hand")
    assert (await feedback.client(new_id()).get(raised.headers["location"])).status_code == 404


async def test_a_concern_is_raised_by_somebody_of_the_relationship(client: httpx.AsyncClient, match: MatchConfirmed) -> None:
    about = {"match_id": str(match.match_id), "participant_id": str(new_id()), "text": "Something."}

    stranger = await client.post("/v1/concerns", json=about)
    unknown = await client.post("/v1/concerns", json=about | {"match_id": str(new_id())})

    assert (stranger.status_code, unknown.status_code) == (422, 404)
    assert (await client.get("/v1/concerns")).json()["items"] == []
