"""Who leaves is out of everything on that day, in every service; who comes back is the same person again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from peerloom_events import EmploymentChanged, MatchEnded, ParticipantDeactivated, RelationshipCompleted, SessionCancelled
from tests.profile.test_imports import imported
from tests.support import RunningService, eventually

TODAY = datetime.now(UTC).date()
HEADER = (
    "Employee ID,Name,E-mail,Department,Job title,Level,Location,Time zone,Languages,Hire date,Skills offered,Skills sought"
)
PEOPLE = {
    "E1": "E1,Ann One,e1@example.com,Sales,Rep,3,Berlin,Europe/Berlin,English,2020-01-02,SQL:5,Sales:1",
    "E2": "E2,Bea Two,e2@example.com,Sales,Rep,3,Berlin,Europe/Berlin,English,2020-01-02,Sales:5,SQL:1",
    "E3": "E3,Cy Three,e3@example.com,Sales,Rep,3,Berlin,Europe/Berlin,English,2020-01-02,Sales:5,SQL:1",
}


def file_of(**leaving: str) -> bytes:
    """All three, with the leaving dates given; those given as None are left out."""
    return "\n".join([f"{HEADER},Termination date", *(f"{row},{leaving.get(one, '')}" for one, row in PEOPLE.items())]).encode()


class Company:
    """One organisation in the services at once."""

    def __init__(self, profile: httpx.AsyncClient, matching: httpx.AsyncClient, sessions: httpx.AsyncClient) -> None:
        self.profile, self.matching, self.sessions = profile, matching, sessions

    async def people(self) -> dict[str, dict[str, Any]]:
        page = (await self.profile.get("/v1/participants", params={"limit": 100})).json()
        return {one["employee_number"]: one for one in page["items"]}

    async def program(self) -> str:
        body = {
            "name": "Peers", "goal": "Learn", "metric": "Learned",
            "starts_on": str(TODAY), "ends_on": str(TODAY + timedelta(days=90)),
        }  # fmt: skip
        launched = await self.profile.post("/v1/programs", json=body)
        assert launched.status_code == 201, launched.text
        return str(launched.json()["id"])

    async def enrol(self, program: str) -> int:
        enrolled = await self.profile.post(f"/v1/programs/{program}/enrolments", json={"everybody": True})
        assert enrolled.status_code == 201, enrolled.text
        count: int = enrolled.json()["enrolled"]
        return count

    async def matched(self, program: str, people: int) -> list[dict[str, Any]]:
        """What a run over so many free people proposes."""

        async def arrived() -> bool:
            pool = await self.matching.get(f"/v1/match-pools/{program}")
            return pool.status_code == 200 and pool.json()["enrolled"] == people

        await eventually(arrived, within=60, what="the people")
        run = await self.matching.post("/v1/match-runs", json={"program_id": program})
        assert run.status_code == 202, run.text

        async def ended() -> bool:
            answer = await self.matching.get(f"/v1/match-runs/{run.json()['id']}")
            return answer.json()["state"] in ("completed", "failed")

        await eventually(ended, within=60, what="the run")
        return await self.matches(run_id=run.json()["id"])

    async def matches(self, **asked: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.matching.get("/v1/matches", params=asked)).json()["items"]
        return items

    async def accept(self, match: dict[str, Any]) -> None:
        for person in match["participant_ids"]:
            answer = {"participant_id": person, "answer": "accept"}
            given = await self.matching.post(f"/v1/matches/{match['id']}/answers", json=answer)
            assert given.status_code == 200, given.text


@pytest.fixture
async def company(
    profile: RunningService, matching: RunningService, sessions: RunningService, tenant: UUID
) -> AsyncIterator[Company]:
    async with AsyncExitStack():
        yield Company(profile.client(tenant), matching.client(tenant), sessions.client(tenant))


async def test_who_leaves_is_out_of_everything_and_who_returns_is_the_same_person(company: Company, heard: Any) -> None:
    await imported(company.profile, file_of())
    before = await company.people()
    program = await company.program()
    assert await company.enrol(program) == 3
    (match,) = await company.matched(program, people=3)
    await company.accept(match)

    async def scheduled() -> list[dict[str, Any]]:
        found = (await company.sessions.get("/v1/sessions", params={"match_id": match["id"]})).json()["items"]
        return [one for one in found if one["state"] == "scheduled"]

    await eventually(scheduled, within=60, what="a session")
    leaver = next(number for number, person in before.items() if person["id"] in match["participant_ids"])
    partner = next(id_ for id_ in match["participant_ids"] if id_ != before[leaver]["id"])

    yesterday = str(TODAY - timedelta(days=1))
    job = await imported(company.profile, file_of(**{leaver: yesterday}))

    assert (job["state"], job["updated"], job["unchanged"], job["rows_refused"]) == ("completed", 1, 2, 0)
    (deactivated,) = await heard(ParticipantDeactivated, within=60)
    (ended,) = await heard(MatchEnded, within=60)
    (cancelled,) = await heard(SessionCancelled, within=60)
    (completed,) = await heard(RelationshipCompleted, within=60)
    assert str(deactivated.participant_id) == before[leaver]["id"]
    assert str(deactivated.left_on) == yesterday
    assert (ended.reason, ended.was_confirmed) == ("participant_left", True)
    assert UUID(partner) in ended.participant_ids
    assert {str(cancelled.match_id), str(completed.match_id)} == {match["id"]}
    assert completed.reason == "participant_left"
    assert (await company.people())[leaver]["status"] == "left"

    (again,) = await company.matched(program, people=2)
    assert partner in again["participant_ids"], "the partner is matched again"
    assert before[leaver]["id"] not in again["participant_ids"]

    same_again = await imported(company.profile, file_of(**{leaver: yesterday}))
    assert (same_again["updated"], same_again["unchanged"]) == (0, 3)

    back = await imported(company.profile, file_of())
    after = (await company.people())[leaver]
    assert back["updated"] == 1
    assert (after["id"], after["status"], after["leaving_on"]) == (before[leaver]["id"], "active", None)
    assert await company.enrol(program) == 1, "who is back takes part again"
    left, returned = await heard(EmploymentChanged, 2, within=60)
    assert (left.status, returned.status) == ("left", "active")


async def test_an_open_proposal_ends_kindly_when_somebody_leaves_by_the_api(company: Company, heard: Any) -> None:
    await imported(company.profile, file_of())
    program = await company.program()
    await company.enrol(program)
    (match,) = await company.matched(program, people=3)
    leaver = (await company.profile.get(f"/v1/participants/{match['participant_ids'][0]}")).json()

    gone = await company.profile.patch(
        f"/v1/participants/{leaver['id']}", json={"leaving_on": str(TODAY)}, headers={"If-Match": f'"{leaver["version"]}"'}
    )
    assert gone.status_code == 200, gone.text
    (ended,) = await heard(MatchEnded, within=60)

    assert (str(ended.match_id), ended.reason, ended.was_confirmed) == (match["id"], "participant_left", False)
    (shown,) = await company.matches(run_id=match["run_id"])
    assert (shown["state"], shown["ended_reason"]) == ("ended", "participant_left")
    answer = {"participant_id": match["participant_ids"][1], "answer": "accept"}
    refused = await company.matching.post(f"/v1/matches/{match['id']}/answers", json=answer)
    assert refused.status_code == 409
    assert "no longer there" in refused.json()["detail"]

    newcomer = {name: leaver[name] for name in ("name", "email", "department", "job_title", "employee_level", "location")}
    newcomer |= {"employee_number": "N1", "time_zone": "Europe/Berlin", "hired_on": str(TODAY)}
    taken = await company.profile.post("/v1/participants", json=newcomer)
    assert taken.status_code == 201, "the address of who has left is free"


async def test_a_leaving_date_to_come_takes_effect_on_the_day(company: Company, heard: Any, profile: RunningService) -> None:
    tomorrow = TODAY + timedelta(days=1)
    await imported(company.profile, file_of(E1=str(tomorrow)))
    program = await company.program()
    assert await company.enrol(program) == 3
    (match,) = await company.matched(program, people=3)
    people = await company.people()
    assert people["E1"]["status"] == "active"
    assert people["E1"]["id"] not in match["participant_ids"], "nobody is matched beyond their last day"

    await profile.runtime.database.execute(
        None, "UPDATE participant SET leaving_on = current_date WHERE id = $1", UUID(people["E1"]["id"])
    )
    (deactivated,) = await heard(ParticipantDeactivated, within=60)

    assert str(deactivated.participant_id) == people["E1"]["id"]
    enrolments = (await company.profile.get(f"/v1/programs/{program}/enrolments", params={"state": "withdrawn"})).json()[
        "items"
    ]
    assert [(one["participant_id"], one["ended_because"]) for one in enrolments] == [(people["E1"]["id"], "left")]


async def test_either_side_ends_a_match_and_who_pauses_or_withdraws_is_not_proposed(company: Company, heard: Any) -> None:
    await imported(company.profile, file_of())
    program = await company.program()
    await company.enrol(program)
    (match,) = await company.matched(program, people=3)
    await company.accept(match)

    ended = await company.matching.post(f"/v1/matches/{match['id']}/end", json={"participant_id": match["participant_ids"][0]})
    assert (ended.status_code, ended.json()["state"], ended.json()["ended_reason"]) == (200, "ended", "other")
    assert (await company.matching.post(f"/v1/matches/{match['id']}/end", json={})).status_code == 409
    await heard(RelationshipCompleted, within=60)

    enrolments = (await company.profile.get(f"/v1/programs/{program}/enrolments")).json()["items"]
    paused, withdrawn, _ = enrolments
    assert (await company.profile.post(f"/v1/enrolments/{paused['id']}/pause")).json()["state"] == "paused"
    assert (await company.profile.post(f"/v1/enrolments/{withdrawn['id']}/withdraw")).json()["state"] == "withdrawn"
    assert (await company.profile.post(f"/v1/enrolments/{withdrawn['id']}/pause")).status_code == 409
    assert await company.matched(program, people=1) == []
    assert (await company.profile.post(f"/v1/enrolments/{paused['id']}/resume")).json()["state"] == "active"

    closed = await company.profile.post(f"/v1/programs/{program}/close")
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    refused = await company.profile.post(f"/v1/programs/{program}/enrolments", json={"everybody": True})
    assert refused.status_code == 409

    async def over() -> bool:
        return (await company.matching.post("/v1/match-runs", json={"program_id": program})).status_code == 409

    await eventually(over, within=60, what="the end of the program")
