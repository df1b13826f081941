"""A run of the service: from enrolled people to proposals, with progress everybody can follow."""

from typing import Any

import httpx
import pytest

from peerloom_events import MatchProposed, MatchRunCompleted, MatchRunFailed, MatchRunProgressed, ProgramLaunched
from tests.matching.programs import enrol, over, requested


async def test_a_run_proposes_everybody_and_tells_how_far_it_is_and_how_good(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    people = await enrol(client, feed, program, 12)

    run = await over(client, await requested(client, program))

    assert (run["state"], run["people"], run["pairs"], run["unmatched"]) == ("completed", 12, 6, 0)
    assert run["value"] <= run["upper_bound"]
    assert run["gap"] == pytest.approx(1 - run["value"] / run["upper_bound"])
    proposed = await heard(MatchProposed, 6)
    assert sorted(person for match in proposed for person in match.participant_ids) == sorted(people)
    (completed,) = await heard(MatchRunCompleted)
    assert (completed.pairs, completed.upper_bound) == (6, run["upper_bound"])
    progressed = await heard(MatchRunProgressed, 4)
    assert list(dict.fromkeys(news.phase for news in progressed)) == ["scoring", "matching", "explaining", "checking"]
    assert all(0 <= news.share <= 1 for news in progressed)
    assert [news.version for news in progressed] == sorted({news.version for news in progressed})


async def test_the_gap_is_told_while_a_run_is_being_checked(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 6)

    run = await over(client, await requested(client, program))

    checking = [news for news in await heard(MatchRunProgressed, 4) if news.phase == "checking"]
    assert [news.gap for news in checking] == [pytest.approx(run["gap"])]


async def test_one_person_alone_is_a_failed_run_that_says_why(
    client: httpx.AsyncClient, feed: Any, heard: Any, program: ProgramLaunched
) -> None:
    await enrol(client, feed, program, 1)

    run = await over(client, await requested(client, program))

    assert run["state"] == "failed"
    assert "it takes two" in run["problem"]
    (failed,) = await heard(MatchRunFailed)
    assert failed.reason == run["problem"]
