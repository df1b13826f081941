"""What analytics makes of events: the same figures however they arrive."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from analytics_service.main import service
from peerloom_events import (
    Event,
    MatchReplayRequested,
    MatchRunFailed,
    MatchRunRequested,
    ParticipantRegistered,
    ParticipantUpdated,
)
from peerloom_service.consuming.delivery import Delivery
from peerloom_service.identifiers import new_id
from tests.support import RunningService, Surroundings
from tests.support.facts import (
    a_match_accepted,
    a_match_confirmed,
    a_match_declined,
    a_match_expired,
    a_match_proposed,
    a_match_run_completed,
    a_participant_enrolled,
    a_participant_registered,
    a_participant_updated,
    a_program_launched,
    a_relationship_at_risk,
    a_relationship_completed,
    a_session_cancelled,
    a_session_completed,
    a_session_missed,
    a_session_rescheduled,
    a_session_scheduled,
    a_survey_requested,
    feedback_submitted,
)
from tests.support.log import envelope_of

Deliver = Callable[..., Awaitable[None]]

ANN, BEN, CLEO, DAN, EVE = PEOPLE = [new_id() for _ in range(5)]


@pytest.fixture
def program() -> UUID:
    return new_id()


@pytest.fixture(scope="session")
async def alone(surroundings: Surroundings) -> AsyncIterator[RunningService]:
    """Analytics without its worker, handed its events by the tests: on the wire other services would answer to them."""
    async with surroundings.running(service, worker=False) as it:
        yield it


@pytest.fixture
def client(alone: RunningService, tenant: UUID) -> httpx.AsyncClient:
    return alone.client(tenant)


@pytest.fixture
def deliver(alone: RunningService, tenant: UUID) -> Deliver:
    """`await deliver(event, …)`: the consumer is given these records of the test's organisation together."""

    async def deliver(*events: Event, **attributes: str) -> None:
        deliveries = [
            Delivery(event.topic.name, 0, 0, str(event.key).encode(), event.to_json(), tuple(envelope.headers()))
            for event, envelope in ((event, envelope_of(event, tenant, **attributes)) for event in events)
        ]
        await service.chain(alone.runtime).handle(deliveries)

    return deliver


def a_program_run(program: UUID) -> list[list[Event]]:
    """All that happened in a small program, as every topic tells it.

    Five people are enrolled. Ann and Ben say yes and meet three times (once in vain, once still to come); Ben answers the
    survey. Cleo says yes and Dan says no; then Dan and Eve let a proposal expire; Cleo and Eve still think about theirs.
    """
    ann_ben = a_match_proposed((ANN, BEN), program)
    cleo_dan = a_match_proposed((CLEO, DAN), program)
    dan_eve = a_match_proposed((DAN, EVE), program)
    cleo_eve = a_match_proposed((CLEO, EVE), program)
    pair, met, missed, to_come = ann_ben.match_id, new_id(), new_id(), new_id()
    first, second, third = sorted(new_id() for _ in range(3))  # ids made within a millisecond have no order
    asked_ann = a_survey_requested(pair, program, ANN, session_id=met)
    asked_ben = a_survey_requested(pair, program, BEN, session_id=met)
    return [
        [
            *(a_participant_registered(person) for person in PEOPLE),
            a_participant_updated(ANN),
            *(a_participant_enrolled(person, program) for person in PEOPLE),
        ],
        [a_program_launched(program, goal="Broader skills", metric="Skills learned")],
        [
            MatchRunRequested(version=1, run_id=first, program_id=program, seed=1),
            a_match_run_completed(program, run_id=first, people=5, pairs=2, unmatched=1, value=900_000, upper_bound=1_200_000),
            MatchRunRequested(version=1, run_id=second, program_id=program, seed=2),
            a_match_run_completed(program, run_id=second, people=3, pairs=1, unmatched=1, value=300_000, upper_bound=400_000),
            MatchRunRequested(version=1, run_id=third, program_id=program, seed=3),
            MatchRunFailed(version=2, run_id=third, program_id=program, reason="The worker ran out of memory."),
        ],
        [
            ann_ben,
            cleo_dan,
            dan_eve,
            cleo_eve,
            a_match_accepted(pair, program, ANN),
            a_match_accepted(pair, program, BEN, version=3),
            a_match_confirmed((ANN, BEN), program, match_id=pair, version=3),
            a_match_accepted(cleo_dan.match_id, program, CLEO),
            a_match_declined(cleo_dan.match_id, program, (DAN, CLEO), version=3),
            a_match_expired(dan_eve.match_id, program, (DAN, EVE)),
        ],
        [
            a_session_scheduled(pair, program, (ANN, BEN), session_id=missed),
            a_session_missed(pair, program, (ANN, BEN), session_id=missed),
            a_session_scheduled(pair, program, (ANN, BEN), session_id=met),
            a_session_completed(pair, program, (ANN, BEN), session_id=met),
            a_session_scheduled(pair, program, (ANN, BEN), session_id=to_come),
        ],
        [
            asked_ann,
            asked_ben,
            feedback_submitted(pair, program, BEN, survey_id=asked_ben.survey_id, usefulness=4, meet_again=False),
        ],
    ]


def figures_of_that(second_run: UUID) -> dict[str, Any]:
    """What a program manager would count by hand."""
    return {
        "people": {"enrolled": 5, "matched": 2, "without_match": 3},
        "runs": {
            "requested": 3,
            "completed": 2,
            "failed": 1,
            "last": {
                "id": str(second_run),
                "people": 3,
                "pairs": 1,
                "trios": 0,
                "unmatched": 1,
                "value": 300_000,
                "upper_bound": 400_000,
                "gap": 0.25,
            },
        },
        "proposals": {"made": 4, "acceptances": 3, "waiting": 1, "declined": 1, "expired": 1, "confirmed": 1, "ended": 0},
        "sessions": {"scheduled": 3, "to_come": 1, "completed": 1, "missed": 1, "cancelled": 0},
        "relationships": {"at_risk": 0, "completed": 0},
        "feedback": {
            "surveys_requested": 2,
            "surveys_answered": 1,
            "response_rate": 0.5,
            "usefulness_mean": 4.0,
            "usefulness_distribution": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
            "share_learned_something": 1.0,
            "share_meet_again": 0.0,
        },
    }


async def the_figures(client: httpx.AsyncClient, program: UUID) -> dict[str, Any]:
    answer = await client.get(f"/v1/analytics/programs/{program}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert (body.pop("program")["id"], bool(body.pop("as_of"))) == (str(program), True)
    return body


@pytest.mark.parametrize("order", ["as it happened", "the other way round"])
async def test_the_topics_may_arrive_in_any_order(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID, order: str
) -> None:
    topics = a_program_run(program)
    runs = topics[2]

    for events in topics if order == "as it happened" else reversed(topics):
        await deliver(*events)

    assert await the_figures(client, program) == figures_of_that(runs[2].key)


async def test_an_event_delivered_again_and_again_counts_once(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID
) -> None:
    topics = a_program_run(program)
    events = list(itertools.chain(*topics))

    for event in events:
        once = str(new_id())
        await deliver(event, event, id=once)
        await deliver(event, id=once)

    assert await the_figures(client, program) == figures_of_that(topics[2][2].key)
    overview = (await client.get("/v1/analytics/overview")).json()
    assert sum(overview["events"].values()) == len(events)
    assert overview["events"][ParticipantRegistered.type] == 5
    assert overview["events"][ParticipantUpdated.type] == 1
    assert (overview["participants"], overview["programs"]) == (5, 1)


async def test_what_is_older_does_not_replace_what_is_newer(client: httpx.AsyncClient, deliver: Deliver, program: UUID) -> None:
    match = a_match_confirmed((ANN, BEN), program, version=3)
    met = a_session_completed(match.match_id, program, (ANN, BEN), version=2)
    answered = feedback_submitted(match.match_id, program, ANN)
    about = {"match_id": match.match_id}

    await deliver(a_program_launched(program), match, met, answered)
    await deliver(
        a_match_proposed((ANN, BEN), program, **about),
        a_match_accepted(match.match_id, program, ANN),
        a_session_scheduled(match.match_id, program, (ANN, BEN), session_id=met.session_id),
        a_survey_requested(match.match_id, program, ANN, survey_id=answered.survey_id, session_id=met.session_id),
    )

    found = await the_figures(client, program)
    assert (found["proposals"]["made"], found["proposals"]["confirmed"], found["proposals"]["acceptances"]) == (1, 1, 1)
    assert (found["sessions"]["scheduled"], found["sessions"]["completed"]) == (1, 1)
    assert (found["feedback"]["surveys_requested"], found["feedback"]["surveys_answered"]) == (1, 1)


async def test_somebody_in_two_matches_is_one_person_matched(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID
) -> None:
    await deliver(a_program_launched(program), *(a_participant_enrolled(person, program) for person in (ANN, BEN, CLEO)))
    await deliver(a_match_confirmed((ANN, BEN), program), a_match_confirmed((ANN, CLEO), program))

    assert (await the_figures(client, program))["people"] == {"enrolled": 3, "matched": 3, "without_match": 0}


async def test_a_trio_is_one_match_of_three_people(client: httpx.AsyncClient, deliver: Deliver, program: UUID) -> None:
    three = (ANN, BEN, CLEO)
    trio, met = a_match_proposed(three, program), new_id()
    about = {"match_id": trio.match_id}
    await deliver(
        a_program_launched(program),
        *(a_participant_enrolled(person, program) for person in PEOPLE),
        a_match_run_completed(program, people=5, pairs=1, trios=1, unmatched=0, value=900_000, upper_bound=900_000),
    )
    await deliver(trio, a_match_proposed((DAN, EVE), program))
    await deliver(*(a_match_accepted(trio.match_id, program, person, version=2 + n) for n, person in enumerate(three)))
    await deliver(
        a_match_confirmed(three, program, version=4, **about),
        a_session_completed(trio.match_id, program, three, session_id=met),
        *(a_survey_requested(trio.match_id, program, person, session_id=met) for person in three),
    )

    found = await the_figures(client, program)

    assert found["people"] == {"enrolled": 5, "matched": 3, "without_match": 2}
    assert (found["runs"]["last"]["pairs"], found["runs"]["last"]["trios"]) == (1, 1)
    assert found["proposals"] == {
        "made": 2,
        "acceptances": 3,
        "waiting": 1,
        "declined": 0,
        "expired": 0,
        "ended": 0,
        "confirmed": 1,
    }
    assert (found["sessions"]["completed"], found["feedback"]["surveys_requested"]) == (1, 3)


async def test_a_relationship_that_needed_help_and_was_closed_is_completed(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID
) -> None:
    pair, other, two = new_id(), new_id(), (ANN, BEN)
    called_off, moved = new_id(), new_id()
    await deliver(a_program_launched(program))
    await deliver(
        a_session_scheduled(pair, program, two, session_id=called_off),
        a_session_cancelled(pair, program, two, session_id=called_off),
        a_session_scheduled(pair, program, two, session_id=moved),
        a_session_rescheduled(pair, program, two, session_id=moved),
        a_relationship_completed(pair, program, two, version=9),
        a_relationship_at_risk(pair, program, two, version=7),
        a_relationship_at_risk(other, program, (CLEO, DAN)),
    )

    found = await the_figures(client, program)

    assert found["sessions"] == {"scheduled": 2, "to_come": 1, "completed": 0, "missed": 0, "cancelled": 1}
    assert found["relationships"] == {"at_risk": 1, "completed": 1}


async def test_a_program_is_there_from_its_launch_with_what_came_before(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID
) -> None:
    await deliver(a_participant_enrolled(ANN, program))
    assert (await client.get(f"/v1/analytics/programs/{program}")).status_code == 404

    await deliver(a_program_launched(program))

    assert (await the_figures(client, program))["people"]["enrolled"] == 1


async def test_programs_of_an_organisation_do_not_mix(client: httpx.AsyncClient, deliver: Deliver, program: UUID) -> None:
    empty = new_id()
    await deliver(*itertools.chain(*a_program_run(program)), a_program_launched(empty))

    found = await the_figures(client, empty)

    assert found["people"] == {"enrolled": 0, "matched": 0, "without_match": 0}
    assert found["runs"] == {"requested": 0, "completed": 0, "failed": 0, "last": None}
    assert found["feedback"]["response_rate"] is None


async def test_a_run_that_is_replayed_is_counted_and_changes_no_figure(
    client: httpx.AsyncClient, deliver: Deliver, program: UUID
) -> None:
    await deliver(*itertools.chain(*a_program_run(program)))
    before = await the_figures(client, program)

    await deliver(*(MatchReplayRequested(version=1, replay_id=new_id(), run_id=new_id()) for _ in range(3)))

    overview = (await client.get("/v1/analytics/overview")).json()
    assert overview["events"][MatchReplayRequested.type] == 3
    after = await the_figures(client, program)
    assert after | {"as_of": None} == before | {"as_of": None}


async def test_another_organisation_sees_nothing_of_it(alone: RunningService, deliver: Deliver, program: UUID) -> None:
    await deliver(*itertools.chain(*a_program_run(program)))
    stranger = alone.client(new_id())

    assert (await stranger.get(f"/v1/analytics/programs/{program}")).status_code == 404
    overview = (await stranger.get("/v1/analytics/overview")).json()
    assert (overview["participants"], overview["programs"], sum(overview["events"].values())) == (0, 0, 0)


async def test_figures_need_their_scope(alone: RunningService, tenant: UUID) -> None:
    without = alone.client(tenant, ["feedback:read"])

    assert (await without.get("/v1/analytics/overview")).status_code == 403
    assert (await without.get(f"/v1/analytics/programs/{new_id()}")).status_code == 403


async def test_what_is_on_the_wire_is_counted_once(
    analytics: RunningService, feed: Callable[..., Awaitable[Any]], tenant: UUID, program: UUID
) -> None:
    once = str(new_id())
    await feed(*(a_participant_registered(person) for person in PEOPLE), a_program_launched(program))
    await feed(a_participant_enrolled(ANN, program), a_participant_updated(ANN))
    await feed(a_participant_enrolled(BEN, program), id=once)
    await feed(a_participant_enrolled(BEN, program), id=once)

    await analytics.settled()

    client = analytics.client(tenant)
    assert (await the_figures(client, program))["people"]["enrolled"] == 2
    overview = (await client.get("/v1/analytics/overview")).json()
    assert (overview["participants"], overview["programs"], sum(overview["events"].values())) == (5, 1, 9)
