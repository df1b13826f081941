"""A company goes the whole way through all services; whatever happens to them, nothing is lost or done twice."""

import asyncio
import itertools
import json
import random
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import ConsumerRecord

from analytics_service.main import service as analytics
from peerloom_dev.commands import shell_lines
from peerloom_dev.company import Company
from peerloom_dev.credentials import organisation_client
from peerloom_dev.demo import BAD_ROWS, Demo
from peerloom_dev.report import Report
from peerloom_dev.stack import ROOT, SERVICES
from peerloom_events import TOPICS
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.publishing.producer import Record
from tests.journeys.conftest import PEOPLE, Platform
from tests.support import Surroundings, a_program, eventually

LISTS = {
    "participants": ("profile", "/v1/participants"),
    "programs": ("profile", "/v1/programs"),
    "match-runs": ("matching", "/v1/match-runs"),
    "matches": ("matching", "/v1/matches"),
    "relationships": ("sessions", "/v1/relationships"),
    "sessions": ("sessions", "/v1/sessions"),
    "surveys": ("feedback", "/v1/surveys"),
    "responses": ("feedback", "/v1/responses"),
}


async def test_a_company_is_matched_meets_and_says_how_it_was(done: Demo, company: Company) -> None:
    report = done.report
    matches = await company.all("matching", "/v1/matches", program_id=report.program_id, state="confirmed")
    sessions = await company.all("sessions", "/v1/sessions", program_id=report.program_id, state="completed")
    sizes = Counter(len(match["participant_ids"]) for match in matches)

    assert report.people_in_file == PEOPLE + BAD_ROWS
    assert report.people_registered + report.rows_refused == report.people_in_file
    assert report.runs[0].people == report.enrolled
    assert report.runs[0].unmatched.keys() <= {"odd_one_out", "no_feasible_partner"}, "nobody who could be matched is left"
    assert report.runs[0].trios == report.enrolled % 2 == 1, "the last one of an odd number joins a pair"
    assert all(run.value <= run.upper_bound for run in report.runs)
    assert [2 * run.pairs + 3 * run.trios + sum(run.unmatched.values()) for run in report.runs] == [
        run.people for run in report.runs
    ]
    assert report.matches["confirmed"] == sizes[2] + sizes[3]
    assert 2 * sizes[2] + 3 * sizes[3] == report.people_matched > report.enrolled / 2
    assert sizes[3] <= sum(run.trios for run in report.runs)
    assert len(sessions) == report.sessions["completed"]
    assert sum(len(session["participant_ids"]) for session in sessions) == sum(report.surveys.values())
    assert disagreements(report) == []


async def test_a_newcomer_follows_the_readme_to_a_confirmed_match(platform: Platform) -> None:
    """With what `make up` prints, and the example: the five calls, once."""
    stack = platform.stack
    founded = await asyncio.to_thread(
        organisation_client, stack.services["profile"], stack.issuer, stack.operator_secret, "Newcomers"
    )
    pasted = "\n".join(shell_lines(stack, founded))

    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", f"{pasted}\nexec examples/first_match.sh examples/people.csv",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaints = (text.decode() for text in await process.communicate())

    assert process.returncode == 0, f"{complaints}\n{printed}"
    match = json.loads(printed[printed.rindex("\n{\n") :])
    assert match["state"] == "confirmed"
    assert len(match["accepted_ids"]) == 2
    assert '"items": []' in printed, "no row of the example is refused"


async def test_every_service_crashes_while_a_company_uses_it(platform: Platform) -> None:
    """In turn, in the midst of whatever each is doing; who asked and got no answer asks again with the same key."""
    demo, crashes = platform.new_company(), 0
    living = asyncio.ensure_future(demo.run())
    await eventually(lambda: demo.credential or living.done(), within=30)

    for service in itertools.cycle(SERVICES):
        if living.done():
            break
        await platform.crash(service.name)
        crashes += 1

    assert disagreements(await living) == []
    assert crashes > len(SERVICES), "it was over before every service had crashed"


async def test_a_run_whose_worker_is_killed_is_worked_off_again_and_proposes_once(
    platform: Platform, done: Demo, company: Company
) -> None:
    program = a_program()
    launched = await company.post("profile", "/v1/programs", program)
    enrolled = await company.post("profile", f"/v1/programs/{launched['id']}/enrolments", {"everybody": True})

    async def known() -> bool:
        pool = await company.found("matching", f"/v1/match-pools/{launched['id']}")
        return pool is not None and pool["enrolled"] == enrolled["enrolled"]

    await eventually(known, within=30)
    run = await company.post("matching", "/v1/match-runs", {"program_id": launched["id"]})

    async def state(*phases: str) -> bool:
        now = await company.get("matching", f"/v1/match-runs/{run['id']}")
        assert now["state"] != "failed", now["problem"]
        return now["phase"] in phases

    await eventually(lambda: state("scoring", "matching", "explaining", "checking"), within=30)
    await platform.crash("matching")
    await eventually(lambda: state("done"), within=90)

    matches = await company.all("matching", "/v1/matches", run_id=run["id"])
    people = [person for match in matches for person in match["participant_ids"]]
    left_over = await company.all("matching", f"/v1/match-runs/{run['id']}/unmatched")
    certificate = await company.get("matching", f"/v1/match-runs/{run['id']}/certificate")
    assert len(people) == len(set(people)) == certificate["people"] - len(left_over)
    assert len(people) >= 0.95 * enrolled["enrolled"], "not yet there or on leave are few"


@pytest.mark.breaks_kafka
async def test_the_broker_goes_away_while_a_company_uses_the_api(platform: Platform) -> None:
    assert platform.broker is not None
    demo, outages = platform.new_company(), 0
    living = asyncio.ensure_future(demo.run())
    for steps in (1, 5):  # its people are being imported; its first proposals are being answered
        await eventually(lambda steps=steps: len(demo.report.seconds) >= steps or living.done(), within=120)
        await asyncio.to_thread(platform.broker.kill)
        await eventually(lambda: platform.unsent() or living.done(), within=120, every=0.1)
        outages += not living.done()
        await asyncio.to_thread(platform.broker.restart)

    assert disagreements(await living) == []
    assert outages == 2, "it was over before the broker had gone twice"


@pytest.mark.real_kafka
async def test_every_event_delivered_again_and_in_another_order_changes_nothing(platform: Platform, company: Company) -> None:
    await platform.caught_up()
    before, records = await everything(company), await events_of(platform, company)
    assert len(records) > 5 * PEOPLE
    again = random.Random(1).sample(records, len(records))

    await platform.log.feed_records(*(Record(one.topic, one.key, one.value, one.headers) for one in again))
    await platform.caught_up()

    assert await everything(company) == before
    assert len(await events_of(platform, company)) == 2 * len(records), "nobody said anything because of it"


async def test_analytics_made_again_from_the_log_counts_the_same_in_any_order(
    platform: Platform, done: Demo, company: Company, surroundings: Surroundings
) -> None:
    paths = ("/v1/analytics/overview", f"/v1/analytics/programs/{done.report.program_id}")
    counted = [timeless(await company.get("analytics", path)) for path in paths]
    records = {dict(one.headers)["ce_id"]: one for one in await events_of(platform, company)}
    shuffled = random.Random(2).sample(list(records.values()), len(records))

    async with surroundings.running(analytics, worker=False) as newborn:
        for first in range(0, len(shuffled), 500):
            await analytics.chain(newborn.runtime).handle(
                [
                    Delivery(one.topic, one.partition, one.offset, one.key, one.value, tuple(one.headers))
                    for one in shuffled[first : first + 500]
                ]
            )
        client = newborn.client(UUID(company.organisation_id))
        assert [timeless((await client.get(path)).json()) for path in paths] == counted


async def test_another_organisation_finds_and_changes_nothing_of_it(platform: Platform, done: Demo, company: Company) -> None:
    before = await lists(company)
    replay = await company.post("matching", f"/v1/match-runs/{before['match-runs'][0]['id']}/replays")
    relationship = before["relationships"][0]
    at, somebody = f"/v1/relationships/{relationship['id']}", relationship["participant_ids"][0]
    item = await company.post("sessions", f"{at}/action-items", {"owner_id": somebody, "text": "Send the slides"})
    note = await company.post("sessions", f"{at}/notes", {"author_id": somebody, "text": "Ask about the move"})
    check_in = await company.post("sessions", f"{at}/check-ins", {"participant_id": somebody, "mood": 4})
    program, match = relationship["program_id"], relationship["id"]
    enrolment = (await company.all("profile", f"/v1/programs/{program}/enrolments"))[0]
    issuer = await company.post("profile", "/v1/issuers", {"issuer": f"https://{uuid4()}.example.com", "audience": "people"})
    account = {"issuer_id": issuer["id"], "participant_id": somebody, "subject": "somebody"}
    link = await company.post("profile", "/v1/account-links", account)
    grant = await company.post("profile", "/v1/role-grants", {"participant_id": somebody, "role": "hr_administrator"})
    thanks = {"match_id": match, "giver_id": somebody, "receiver_id": relationship["participant_ids"][1], "text": "Thanks"}
    kudos = await company.post("feedback", "/v1/kudos", thanks)
    concern = await company.post("feedback", "/v1/concerns", {"match_id": match, "participant_id": somebody, "text": "Hm"})
    webhook = await company.post("integrations", "/v1/webhooks", {"url": "https://hooks.example.com/"})
    delivery = await company.post("integrations", f"/v1/webhooks/{webhook['id']}/test")
    ids = {f"{name.rstrip('s')}_id": before[name][0]["id"] for name in LISTS} | {
        "enrolment_id": enrolment["id"],
        "change": "pause",
        "issuer_id": issuer["id"],
        "link_id": link["id"],
        "grant_id": grant["id"],
        "kudos_id": kudos["id"],
        "concern_id": concern["id"],
        "webhook_id": webhook["id"],
        "delivery_id": delivery["id"],
        "organisation_id": company.organisation_id,
        "match_id": before["matches"][0]["id"],
        "run_id": before["match-runs"][0]["id"],
        "replay_id": replay["id"],
        "action_item_id": item["id"],
        "note_id": note["id"],
        "check_in_id": check_in["id"],
        "import_id": done.report.import_id,
    }
    asked: dict[str, int] = {}

    async with await platform.newcomer() as stranger:
        for service, path in LISTS.values():
            listed = await stranger.get(platform.stack.services[service] + path)
            assert listed.json()["items"] == [], f"{path} shows what is another organisation's"
        for base, method, path in await routes_with_ids(platform):
            once = {"Idempotency-Key": uuid4().hex, "If-Match": '"1"'}
            author = {"author_id": somebody} if path == "/v1/notes/{note_id}" else {}
            address = base + path.format(**ids)
            answer = await stranger.request(method, address, headers=once, params=author, json=body_for(path, before))
            asked[f"{method} {path}"] = answer.status_code

    assert len(asked) >= 20
    assert {route: status for route, status in asked.items() if status != httpx.codes.NOT_FOUND} == {}
    assert await lists(company) == before


def disagreements(report: Report) -> list[dict[str, Any]]:
    """Figures of analytics that are not what the other services hold, or not what is on Kafka."""
    assert report.agreement
    return [figure for figure in report.agreement if not figure["agrees"]]


def timeless(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures without the moment they were counted."""
    return {name: value for name, value in figures.items() if name != "as_of"}


async def lists(company: Company) -> dict[str, list[dict[str, Any]]]:
    """What the services that own it hold of a company."""
    return {name: await company.all(service, path) for name, (service, path) in LISTS.items()}


async def everything(company: Company) -> dict[str, list[dict[str, Any]]]:
    """The same, and what analytics makes of it."""
    return await lists(company) | {"overview": [timeless(await company.get("analytics", "/v1/analytics/overview"))]}


async def events_of(platform: Platform, company: Company) -> list[ConsumerRecord]:
    """A company's records of all topics."""
    own = ("ce_tenantid", company.organisation_id.encode())
    return [record for topic in TOPICS for record in await platform.log.records(topic.name) if own in record.headers]


async def routes_with_ids(platform: Platform) -> list[tuple[str, str, str]]:
    """Base address, method and path of every route with an id in it."""
    found = []
    async with httpx.AsyncClient(trust_env=False) as client:
        for base in platform.stack.services.values():
            paths = (await client.get(f"{base}/openapi.json")).json()["paths"]
            found += [(base, method.upper(), path) for path, methods in paths.items() if "{" in path for method in methods]
    return [one for one in found if one[2] != "/v1/organisations/{organisation_id}/state"]  # the operator's alone: 403


def body_for(path: str, held: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """A good body for what is posted to a path."""
    somebody, session = held["participants"][0]["id"], held["sessions"][0]
    bodies: dict[str, dict[str, Any]] = {
        "answers": {"participant_id": somebody, "answer": "decline"},
        "enrolments": {"everybody": True},
        "audience-preview": {"everybody": True},
        "attendance": {"present_ids": session["participant_ids"]},
        "sessions": {"starts_at": session["starts_at"]},
        "close": {"reason": "no_time"},
        "action-items": {"owner_id": somebody, "text": "Send the slides"},
        "{action_item_id}": {"state": "done", "due_on": None},
        "{program_id}": {"goal": "Theirs"},
        "{kudos_id}": {"shared": True},
        "{concern_id}": {"state": "closed"},
        "{webhook_id}": {"description": "Theirs"},
        "notes": {"author_id": somebody, "text": "Ask about the move"},
        "check-ins": {"participant_id": somebody, "mood": 4},
        "miss": {"absent_ids": session["participant_ids"][:1]},
        "reschedule": {"starts_at": session["starts_at"]},
        "responses": {"usefulness": 1, "learned_something": False, "meet_again": False},
    }
    return bodies.get(path.rpartition("/")[2], {})
