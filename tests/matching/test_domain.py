"""What matching believes about runs, proposals and answers."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.matches import AnsweredAlready, Match, MatchState, NotYourMatch, TooLate
from matching_service.domain.runs import Progress, Result, Run, RunOver, RunState
from peerloom_service.identifiers import new_id

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=7)

Answers = list[tuple[int, Literal["accept", "decline"]]]
answers = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["accept", "decline"])), max_size=12)


def a_proposal(people: int = 2) -> Match:
    return Match(
        id=new_id(),
        version=1,
        run_id=new_id(),
        program_id=new_id(),
        participant_ids=tuple(new_id() for _ in range(people)),
        weight=500_000,
        reasons=(),
        proposed_at=NOON,
        answer_by=LATER,
    )


def a_run() -> Run:
    return Run(id=new_id(), version=1, program_id=new_id(), seed=0, requested_at=NOON)


def a_result() -> Result:
    return Result(
        people=2,
        pairs=1,
        trios=0,
        groups=0,
        unmatched=0,
        value=600_000,
        upper_bound=600_000,
        gap=0.0,
        most_people=2,
        method="exact",
        bound_checked_people=2,
        population_hash="0" * 64,
        policy={"name": "one-to-one peers", "version": 1},
        policy_label="one-to-one peers@1",
        policy_fingerprint="0" * 64,
        engine_version="2.1.0",
        answer_sha256="0" * 64,
        report={},
    )


def answered(match: Match, person: UUID, answer: str) -> Match:
    if answer == "decline":
        return match.declined(person, NOON)
    accepted = match.accepted(person, NOON)
    return accepted.confirmed() if accepted.unanimous else accepted


@given(st.integers(2, 3), answers)
def test_a_match_needs_everybodys_yes_and_one_no_ends_it(people: int, said: Answers) -> None:
    match = a_proposal(people)
    yes: set[int] = set()
    expected = MatchState.PROPOSED
    for number, answer in said:
        if number >= people:
            continue
        person = match.participant_ids[number]
        if expected is not MatchState.PROPOSED:
            with pytest.raises(AnsweredAlready):
                answered(match, person, answer)
            continue
        match = answered(match, person, answer)
        if answer == "decline":
            expected = MatchState.DECLINED
        else:
            yes.add(number)
            expected = MatchState.CONFIRMED if len(yes) == people else MatchState.PROPOSED
        assert match.state is expected


def test_somebody_else_has_no_say_in_it() -> None:
    match = a_proposal()

    with pytest.raises(NotYourMatch):
        match.accepted(new_id(), NOON)
    with pytest.raises(NotYourMatch):
        match.declined(new_id(), NOON)


@pytest.mark.parametrize("seconds", [0, 1, 86_400])
def test_from_the_last_moment_on_it_is_too_late(seconds: int) -> None:
    match = a_proposal()
    person = match.participant_ids[0]

    with pytest.raises(TooLate):
        match.accepted(person, LATER + timedelta(seconds=seconds))
    with pytest.raises(TooLate):
        match.declined(person, LATER + timedelta(seconds=seconds))
    assert match.accepted(person, LATER - timedelta(microseconds=1)).accepted_ids == (person,)


def test_a_run_taken_up_again_after_a_crash_begins_afresh() -> None:
    run = a_run().started(NOON)
    run = run.progressed(Progress(run.id, "matching", 0.7, 0.01))

    again = run.started(LATER)

    assert (again.state, again.phase, again.share) == (RunState.RUNNING, "reading", 0.0)
    assert again.version > run.version


@pytest.mark.parametrize("ending", ["completed", "failed", "cancelled"])
def test_a_run_that_is_over_cannot_be_called_off(ending: str) -> None:
    run = a_run().started(NOON)
    over = {
        "completed": lambda: run.completed(LATER, a_result(), ended_early=False),
        "failed": lambda: run.failed(LATER, "out of memory"),
        "cancelled": lambda: run.cancelled(LATER),
    }[ending]()

    with pytest.raises(RunOver):
        over.cancelled(LATER)
    assert (over.state, over.finished_at) == (RunState(ending), LATER)
