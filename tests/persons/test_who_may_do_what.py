"""Every operation of every service, asked by nine kinds of callers: who may is written here once more, by hand.

Who is named may do it; everybody else is refused. On lists everybody who may ask sees what is theirs and nothing else.
"""

import importlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from feedback_service.domain import surveys
from feedback_service.domain.concerns import Concern, ConcernState
from feedback_service.domain.recognition import Kudos
from feedback_service.domain.relationships import Relationship as FeedbackRelationship
from matching_service import handlers as matching_handlers
from matching_service.domain.matches import Match
from matching_service.domain.replays import Replay
from matching_service.domain.runs import Certificate, Run, RunState
from peerloom_events import ProgramLaunched
from peerloom_service import auth
from peerloom_service.access.registrations import subject_id
from peerloom_service.access.rules import CLIENTS
from peerloom_service.http.routing import Route
from peerloom_service.http.work import Work, allowed
from peerloom_service.identifiers import new_id
from profile_service import domain as profile_domain
from profile_service import domain_access
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.sessions import Session
from sessions_service.domain.together import ActionItem, ActionState, CheckIn, Note
from sessions_service.handlers import WorkingPerson, keep_people
from tests.contracts.openapi import SERVICES
from tests.persons.callers import KINDS, Callers
from tests.support import Surroundings, a_participant_registered, a_person, a_program, a_program_launched

EVERYBODY: Final = "self, partner, other, manager, other manager, hr, client"
STAFF: Final = "manager, hr, client"
OFFICE: Final = "hr, client"

MAY: Final[dict[str, dict[str, str]]] = {
    "matching": {
        "GET /v1/match-pools/{program_id}": STAFF,
        "GET /v1/match-replays": OFFICE,
        "GET /v1/match-replays/{replay_id}": OFFICE,
        "POST /v1/match-replays/{replay_id}/cancel": OFFICE,
        "GET /v1/match-runs": "manager, other manager, hr, client",
        "POST /v1/match-runs": STAFF,
        "GET /v1/match-runs/{run_id}": STAFF,
        "POST /v1/match-runs/{run_id}/cancel": STAFF,
        "GET /v1/match-runs/{run_id}/certificate": STAFF,
        "POST /v1/match-runs/{run_id}/replays": OFFICE,
        "POST /v1/match-runs/{run_id}/stop": STAFF,
        "GET /v1/match-runs/{run_id}/unmatched": STAFF,
        "GET /v1/matches": EVERYBODY,
        "GET /v1/matches/{match_id}": "self, partner, manager, hr, client",
        "POST /v1/matches/{match_id}/answers": "self, client",
        "POST /v1/matches/{match_id}/end": "self, client",
    },
    "sessions": {
        "GET /v1/action-items": "self, partner, other, manager, other manager, hr, client",
        "GET /v1/action-items/{action_item_id}": "self, client",
        "PATCH /v1/action-items/{action_item_id}": "self, client",
        "GET /v1/calendar-feeds/{participant_id}": "self, client",
        "PUT /v1/calendar-feeds/{participant_id}": "self, client",
        "DELETE /v1/calendar-feeds/{participant_id}": "self, client",
        "GET /v1/check-ins": EVERYBODY,
        "GET /v1/check-ins/{check_in_id}": "self, client",
        "GET /v1/guides": EVERYBODY,
        "GET /v1/notes?author_id={participant_id}": "self, client",
        "DELETE /v1/notes/{note_id}?author_id={participant_id}": "self, client",
        "GET /v1/relationships": EVERYBODY,
        "GET /v1/relationships/{relationship_id}": "self, partner, manager, hr, client",
        "GET /v1/relationships/{relationship_id}/slots": "self, partner, manager, hr, client",
        "POST /v1/relationships/{relationship_id}/action-items": "self, client",
        "POST /v1/relationships/{relationship_id}/check-ins": "self, client",
        "POST /v1/relationships/{relationship_id}/notes": "self, client",
        "POST /v1/relationships/{relationship_id}/sessions": "self, client",
        "POST /v1/relationships/{relationship_id}/close": "self, partner, client",
        "GET /v1/sessions": EVERYBODY,
        "GET /v1/sessions/{session_id}": "self, partner, manager, hr, client",
        "GET /v1/sessions/{session_id}/agenda": "self, partner, manager, hr, client",
        "GET /v1/sessions/{session_id}/invite": "self, partner, manager, hr, client",
        "POST /v1/sessions/{session_id}/attendance": "self, partner, client",
        "POST /v1/sessions/{session_id}/cancel": "self, client",
        "POST /v1/sessions/{session_id}/complete": "self, partner, client",
        "POST /v1/sessions/{session_id}/miss": "self, partner, client",
        "POST /v1/sessions/{session_id}/reschedule": "self, client",
        "GET /v1/test-clock": "client",
        "PUT /v1/test-clock": "client",
    },
    "feedback": {
        "GET /v1/concerns": "manager, other manager, hr, client",
        "POST /v1/concerns": "self, client",
        "GET /v1/concerns/{concern_id}": STAFF,
        "PATCH /v1/concerns/{concern_id}": STAFF,
        "GET /v1/kudos": EVERYBODY,
        "POST /v1/kudos": "self, client",
        "GET /v1/kudos/{kudos_id}": "self, client",
        "PATCH /v1/kudos/{kudos_id}": "self, client",
        "GET /v1/responses": EVERYBODY,
        "GET /v1/responses/{response_id}": "self, client",
        "GET /v1/surveys": EVERYBODY,
        "GET /v1/surveys/{survey_id}": "self, manager, hr, client",
        "POST /v1/surveys/{survey_id}/responses": "self, client",
        "GET /v1/survey-results/{program_id}": STAFF,
    },
    "integrations": {
        "GET /v1/events": "client",
        "GET /v1/events/stream": "client",
        "POST /v1/events/tickets": "client",
        "GET /v1/webhooks": "client",
        "POST /v1/webhooks": "client",
        "GET /v1/webhooks/{webhook_id}": "client",
        "PATCH /v1/webhooks/{webhook_id}": "client",
        "DELETE /v1/webhooks/{webhook_id}": "client",
        "POST /v1/webhooks/{webhook_id}/secrets": "client",
        "POST /v1/webhooks/{webhook_id}/test": "client",
        "GET /v1/webhook-deliveries": "client",
        "GET /v1/webhook-deliveries/{delivery_id}": "client",
        "POST /v1/webhook-deliveries/{delivery_id}/replay": "client",
    },
    "analytics": {
        "GET /v1/analytics/overview": OFFICE,
        "GET /v1/analytics/programs/{program_id}": STAFF,
    },
    "profile": {
        "GET /v1/account-links": OFFICE,
        "POST /v1/account-links": OFFICE,
        "GET /v1/account-links/{link_id}": OFFICE,
        "DELETE /v1/account-links/{link_id}": OFFICE,
        "GET /v1/imports": OFFICE,
        "POST /v1/imports": OFFICE,
        "GET /v1/imports/{import_id}": OFFICE,
        "GET /v1/imports/{import_id}/findings": OFFICE,
        "GET /v1/issuers": OFFICE,
        "POST /v1/issuers": OFFICE,
        "GET /v1/issuers/{issuer_id}": OFFICE,
        "DELETE /v1/issuers/{issuer_id}": OFFICE,
        "GET /v1/me": EVERYBODY,
        "PUT /v1/me": "self, partner, other, manager, other manager, hr",
        "GET /v1/me/partners": EVERYBODY,
        "POST /v1/organisations": "",
        "GET /v1/organisations/{organisation_id}": EVERYBODY,
        "PUT /v1/organisations/{organisation_id}/state": "",
        "GET /v1/participants": OFFICE,
        "POST /v1/participants": OFFICE,
        "GET /v1/participants/{participant_id}": "self, hr, client",
        "PATCH /v1/participants/{participant_id}": OFFICE,
        "GET /v1/programs": EVERYBODY,
        "POST /v1/programs": OFFICE,
        "GET /v1/programs/{program_id}": EVERYBODY,
        "PATCH /v1/programs/{program_id}": OFFICE,
        "POST /v1/programs/{program_id}/close": OFFICE,
        "POST /v1/enrolments/{enrolment_id}/{change}": OFFICE,
        "POST /v1/programs/{program_id}/audience-preview": STAFF,
        "GET /v1/programs/{program_id}/enrolments": STAFF,
        "POST /v1/programs/{program_id}/enrolments": STAFF,
        "GET /v1/role-grants": OFFICE,
        "POST /v1/role-grants": OFFICE,
        "GET /v1/role-grants/{grant_id}": OFFICE,
        "DELETE /v1/role-grants/{grant_id}": OFFICE,
    },
}
CHANGES: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
"""What only reads comes first, what removes last."""

LISTS_OF_OWN: Final = {
    f"/v1/{name}"
    for name in (
        "matches",
        "relationships",
        "sessions",
        "action-items",
        "check-ins",
        "surveys",
        "responses",
        "kudos",
        "concerns",
    )
}
"""Lists on which a stranger who may ask sees nothing of what is the pair's."""

NOW: Final = datetime.now(UTC)

LOCAL: Final = {"test_clocks": True, "stream_seconds": 0.05}
"""Settings of those services that have them: all of a service is there, and no stream goes on."""


def both_programs(callers: Callers) -> list[ProgramLaunched]:
    return [a_program_launched(callers.program), a_program_launched(callers.other_program)]


async def of_matching(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    await callers.have(
        matching_handlers.keep_programs, [a_program_launched(callers.program), a_program_launched(callers.other_program)]
    )
    run = Run(new_id(), 1, callers.program, 0, NOW)
    certificate = Certificate(
        run.id,
        1,
        NOW,
        2,
        1,
        0,
        0,
        1,
        1,
        2,
        "",
        False,
        2,
        "",
        {"name": "x", "version": 1},
        "",
        0,
        0.0,
        False,
        None,
        "1",
        "",
        None,
    )
    replay = Replay(new_id(), 1, run.id, NOW, state=RunState.REQUESTED)
    match = Match(new_id(), 1, run.id, callers.program, callers.pair, 1, (), NOW, NOW + timedelta(days=1))
    await callers.add(run, certificate, replay, match)
    bodies = {
        "POST /v1/match-runs": {"program_id": str(callers.program)},
        "POST /v1/matches/{match_id}/answers": {"participant_id": str(callers.pair[0]), "answer": "accept"},
        "POST /v1/matches/{match_id}/end": {"participant_id": str(callers.pair[0]), "reason": "no_time"},
    }
    return {"run_id": run.id, "replay_id": replay.id, "match_id": match.id, "program_id": callers.program}, bodies


async def of_sessions(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    me = callers.pair[0]
    known = [msgspec.json.decode(a_participant_registered(one).to_json(), type=WorkingPerson) for one in callers.pair]
    await callers.have(keep_people, known)
    relationship = Relationship(new_id(), 1, callers.program, callers.pair, NOW)
    starts = NOW + timedelta(days=2)
    session = Session(new_id(), 1, relationship.id, callers.program, callers.pair, 1, starts, starts + timedelta(hours=1))
    item = ActionItem(new_id(), 1, relationship.id, me, "Read", None, ActionState.OPEN, NOW)
    note = Note(new_id(), 1, relationship.id, me, "Mine", NOW)
    check_in = CheckIn(new_id(), 1, relationship.id, callers.program, me, 3, "Words", NOW)
    await callers.add(relationship, session, item, note, check_in, CalendarFeed(me, 1, me.bytes, NOW))
    ids = {
        "relationship_id": relationship.id,
        "session_id": session.id,
        "action_item_id": item.id,
        "note_id": note.id,
        "check_in_id": check_in.id,
        "participant_id": me,
    }
    by, at = {"participant_id": str(me)}, (starts + timedelta(days=1)).isoformat()
    bodies: dict[str, Any] = {
        "PATCH /v1/action-items/{action_item_id}": {"state": "done", "due_on": None},
        "POST /v1/relationships/{relationship_id}/action-items": {"owner_id": str(me), "text": "Write"},
        "POST /v1/relationships/{relationship_id}/check-ins": {**by, "mood": 3},
        "POST /v1/relationships/{relationship_id}/notes": {"author_id": str(me), "text": "Mine too"},
        "POST /v1/relationships/{relationship_id}/sessions": {**by, "starts_at": at},
        "POST /v1/relationships/{relationship_id}/close": {"reason": "no_time"},
        "POST /v1/sessions/{session_id}/attendance": {"present_ids": []},
        "POST /v1/sessions/{session_id}/cancel": by,
        "POST /v1/sessions/{session_id}/miss": {"absent_ids": [str(me)]},
        "POST /v1/sessions/{session_id}/reschedule": {**by, "starts_at": at},
        "PUT /v1/test-clock": {"now": (NOW + timedelta(days=1)).isoformat()},
    }
    return ids, bodies


async def of_feedback(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    me = callers.pair[0]
    match, first, second = new_id(), new_id(), new_id()
    open_ = surveys.Survey(new_id(), 1, first, match, callers.program, me, NOW)
    answered = surveys.Survey(new_id(), 1, second, match, callers.program, me, NOW)
    about = (answered.id, second, match, callers.program, me)
    response = surveys.Response(new_id(), 1, *about, 5, True, True, "Words", NOW)
    relationship = FeedbackRelationship(match, 1, callers.program, callers.pair)
    kudos = Kudos(new_id(), 1, match, callers.program, callers.pair[1], me, "Words", False, NOW)
    concern = Concern(new_id(), 1, match, callers.program, me, "Words", ConcernState.OPEN, NOW)
    await callers.add(open_, answered, response, relationship)
    await callers.add(kudos, concern)
    ids = {
        "survey_id": open_.id,
        "response_id": response.id,
        "program_id": callers.program,
        "kudos_id": kudos.id,
        "concern_id": concern.id,
    }
    of_match = {"match_id": str(match), "text": "Words"}
    bodies: dict[str, Any] = {
        "POST /v1/surveys/{survey_id}/responses": {"usefulness": 5, "learned_something": True, "meet_again": True},
        "POST /v1/kudos": {**of_match, "giver_id": str(me), "receiver_id": str(callers.pair[1])},
        "PATCH /v1/kudos/{kudos_id}": {"shared": True},
        "POST /v1/concerns": {**of_match, "participant_id": str(me)},
        "PATCH /v1/concerns/{concern_id}": {"state": "closed"},
    }
    return ids, bodies


async def of_integrations(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    client = callers.clients["client"]
    webhook = (await client.post("/v1/webhooks", json={"url": "https://hooks.example.com/"})).json()["id"]
    delivery = (await client.post(f"/v1/webhooks/{webhook}/test", json={})).json()["id"]
    bodies: dict[str, Any] = {
        "POST /v1/events/tickets": {},
        "POST /v1/webhooks": {"url": "https://hooks.example.com/"},
        "PATCH /v1/webhooks/{webhook_id}": {"description": "Ours"},
    }
    return {"webhook_id": webhook, "delivery_id": delivery}, bodies


async def of_analytics(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    handlers = importlib.import_module("analytics_service.handlers")
    await callers.have(handlers.programs, both_programs(callers))
    return {"program_id": callers.program}, {}


async def of_profile(callers: Callers) -> tuple[dict[str, UUID], dict[str, Any]]:
    organisation = profile_domain.Organisation(callers.tenant, 1, "Acme", NOW)
    facts = {**a_person(), "hired_on": NOW.date(), "offers": (), "seeks": (), "goals": (), "languages": ("en",)}
    people = [
        profile_domain.Participant(id=id_, version=1, **{**facts, "employee_number": kind, "email": f"{kind}@example.com"})
        for kind, id_ in callers.people.items()
    ]
    dates = {"starts_on": NOW.date(), "ends_on": NOW.date() + timedelta(days=90)}
    programs = [
        profile_domain.Program(
            id=id_,
            version=1,
            name="x",
            format="one-to-one",
            goal="x",
            metric="x",
            expectations="x",
            **dates,
            session_minutes=60,
            cadence_days=14,
            answer_within_seconds=600,
            launched_at=NOW,
        )
        for id_ in (callers.program, callers.other_program)
    ]
    issuer = domain_access.Issuer(new_id(), 1, NOW, f"https://{new_id()}.example.com", "x")
    signed_in = [
        domain_access.Issuer(callers.issuer_id, 1, NOW, callers.service.issuer.url, "people"),
        *(
            domain_access.Link(new_id(), 1, NOW, callers.issuer_id, id_, subject_id(callers.service.issuer.url, kind))
            for kind, id_ in callers.people.items()
        ),
    ]
    link = domain_access.Link(new_id(), 1, NOW, issuer.id, callers.pair[0], new_id())
    grant = domain_access.Grant(new_id(), 1, NOW, callers.pair[1], domain_access.Role.HR_ADMINISTRATOR)
    job = profile_domain.Import(new_id(), 1, NOW, state=profile_domain.ImportState.COMPLETED)
    partners = domain_access.Partnership(new_id(), 1, callers.pair)
    enrolment = profile_domain.Enrolment(new_id(), 1, callers.program, callers.pair[0], NOW)
    await callers.add(organisation, *people, *programs, issuer, link, grant, job, partners, *signed_in)
    await callers.add(enrolment)
    ids: dict[str, Any] = {
        "enrolment_id": enrolment.id,
        "change": "pause",
        "organisation_id": callers.tenant,
        "participant_id": callers.pair[0],
        "program_id": callers.program,
        "issuer_id": issuer.id,
        "link_id": link.id,
        "grant_id": grant.id,
        "import_id": job.id,
    }
    other = str(callers.people["other"])
    bodies: dict[str, Any] = {
        "POST /v1/account-links": {"issuer_id": str(issuer.id), "participant_id": other, "subject": "somebody"},
        "POST /v1/issuers": {"issuer": "https://login.example.com", "audience": str(new_id())},
        "POST /v1/organisations": {"name": "Another"},
        "PUT /v1/organisations/{organisation_id}/state": {"state": "suspended"},
        "POST /v1/participants": a_person(),
        "PATCH /v1/participants/{participant_id}": {"department": "Legal"},
        "POST /v1/programs": a_program(),
        "PATCH /v1/programs/{program_id}": {"goal": "y"},
        "POST /v1/programs/{program_id}/audience-preview": {"everybody": True},
        "POST /v1/programs/{program_id}/enrolments": {"everybody": True},
        "POST /v1/role-grants": {"participant_id": other, "role": "hr_administrator"},
    }
    return ids, bodies


HAVE: Final[dict[str, Callable[[Callers], Awaitable[tuple[dict[str, UUID], dict[str, Any]]]]]] = {
    "matching": of_matching,
    "sessions": of_sessions,
    "feedback": of_feedback,
    "integrations": of_integrations,
    "analytics": of_analytics,
    "profile": of_profile,
}


def as_declared(kind: str, may: bool, method: str, path: str, status: int, *, shown: bool) -> bool:
    """Whether an answer is what the caller is due; `shown`: it holds an id of the pair's."""
    if status == 500:
        return False
    if may:
        stranger = kind in ("other", "other manager") and path in LISTS_OF_OWN
        return status not in (401, 403) and (status != 404 or method == "DELETE") and not (stranger and shown)
    if kind == "other tenant" and "{" not in path.partition("?")[0]:
        return not shown  # they do it in their own organisation
    return status in ((401,) if kind == "none" else (403, 404))


@pytest.mark.parametrize("name", MAY)
async def test_whoever_is_named_may_and_nobody_else(
    name: str, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_ISSUERS_SECONDS", 0)  # its organisation is registered just now
    service = importlib.import_module(f"{name}_service.main").service
    local = {field: value for field, value in LOCAL.items() if field in service.settings.model_fields}
    wrong = []
    async with surroundings.running(service, worker=False, **local) as running:
        callers = await Callers.of(running)
        ids, bodies = await HAVE[name](callers)
        for operation, may in sorted(MAY[name].items(), key=lambda one: CHANGES.index(one[0].partition(" ")[0])):
            method, _, path = operation.partition(" ")
            headers = {"If-Match": '"1"'} if method == "PATCH" else {}
            for kind in sorted(KINDS, key=lambda kind: kind in may.split(", ")):  # who may comes last, and changes things
                body = bodies.get(operation)
                answer = await callers.clients[kind].request(method, path.format(**ids), json=body, headers=headers)
                shown = answer.is_success and any(str(one) in answer.text for one in ids.values())
                if not as_declared(kind, kind in may.split(", "), method, path, answer.status_code, shown=shown):
                    wrong.append(f"{operation} by {kind}: {answer.status_code} {answer.text[:300]}")

    assert wrong == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_route_has_a_rule_and_is_in_the_matrix(name: str) -> None:
    """A new route is refused until it says who may use it, and until that is written above too."""
    router = importlib.import_module(f"{name}_service.main").service.routes
    routes = [route for route in router.routes if isinstance(route, Route)]

    asked = {f"{method} {route.path}" for route in routes for method in route.methods or ()}
    assert asked == {operation.partition("?")[0] for operation in MAY[name]}
    assert all(route.allowed.rule.who for route in routes)


def test_a_route_without_a_rule_is_no_route() -> None:
    async def endpoint(work: Work) -> None: ...

    with pytest.raises(Exception, match=r"rule|Work"):
        Route("/v1/things", endpoint, methods=["GET"], response_model=None)


def test_a_rule_reads_as_a_sentence() -> None:
    assert str(allowed("things:read", CLIENTS).dependency.rule) == "clients"
