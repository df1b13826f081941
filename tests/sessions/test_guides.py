"""What people talk about: the guides that come with the service, and the agendas made of them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_service.domain.guides import Guide, Part, agenda_of, minutes, part_of
from sessions_service.domain.sessions import SessionState
from sessions_service.guides import all_guides, guide_for
from tests.sessions.test_domain import ADA, EDSGER, ENDS, GRACE, STARTS, a_program, a_session
from tests.sessions.test_relationships import next_of

Clock = Callable[[str], Awaitable[None]]


def named(guide: Guide) -> str:
    return f"{guide.format} {guide.version} {guide.language}"


@pytest.mark.parametrize("guide", all_guides(), ids=named)
def test_a_guide_leads_from_a_first_meeting_to_a_closing_one(guide: Guide) -> None:
    assert [session.part for session in guide.sessions] == [Part.FIRST, Part.MIDDLE, Part.CLOSING]
    for session in guide.sessions:
        assert sum(item.share for item in session.items) == 100, session.title
        assert all(item.prompts for item in session.items), session.title


@pytest.mark.parametrize("guide", all_guides(), ids=named)
def test_a_guide_says_the_same_in_english_and_german(guide: Guide) -> None:
    other = guide_for(guide.format, "de" if guide.language == "en" else "en")
    shapes = [
        (one.swaps, [(part.part, [(item.share, len(item.prompts)) for item in part.items]) for part in one.sessions])
        for one in (guide, other)
    ]
    assert shapes[0] == shapes[1]
    assert (other.format, other.version, other.language != guide.language) == (guide.format, guide.version, True)
    assert other.title != guide.title


def test_a_format_or_language_without_a_guide_gets_the_usual_one() -> None:
    assert guide_for("a format of a later release", "de").format == "one-to-one"
    assert guide_for(None, "en").format == "one-to-one"
    assert guide_for("junior-senior", "fr").language == "en"


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.integers(15, 240))
def test_timings_are_whole_minutes_that_fill_the_session(shares: list[int], length: int) -> None:
    given = minutes(shares, length)
    assert sum(given) == length
    for share, one in zip(shares, given, strict=True):
        assert abs(one - share * length / sum(shares)) < 1


def test_a_relationship_opens_works_and_closes() -> None:
    program = a_program()
    assert part_of(a_session(number=1), program) is Part.FIRST
    assert part_of(a_session(number=2), program) is Part.MIDDLE
    ending = a_program(ends_on=STARTS.date())
    assert part_of(a_session(number=7), ending) is Part.CLOSING
    assert part_of(a_session(number=1), ending) is Part.FIRST


def test_whose_topic_it_is_goes_round() -> None:
    guide, three = guide_for("one-to-one", "en"), (ADA, GRACE, EDSGER)
    turns = [agenda_of(a_session(number=n, participant_ids=three), a_program(), guide).topic_from for n in range(1, 6)]
    assert turns == [None, ADA, GRACE, EDSGER, ADA]
    seniors = guide_for("junior-senior", "en")
    assert agenda_of(a_session(number=2), a_program(), seniors).topic_from is None


def test_an_agenda_fills_the_session_whatever_its_length() -> None:
    for length in (25, 45, 60, 90):
        session = a_session(starts_at=STARTS, ends_at=STARTS + (ENDS - STARTS) * length / 45)
        assert sum(item.minutes for item in agenda_of(session, a_program(), guide_for("one-to-one", "de")).items) == length


async def test_each_session_has_its_agenda_in_two_languages(
    client: httpx.AsyncClient, session: dict[str, Any], clock: Clock
) -> None:
    async def agenda(of: dict[str, Any], **asked: str) -> dict[str, Any]:
        answer = await client.get(f"/v1/sessions/{of['id']}/agenda", params=asked)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    english, german = await agenda(session), await agenda(session, language="de")
    assert (english["part"], english["guide"], english["language"]) == ("first", "one-to-one", "en")
    assert (german["title"], german["language"]) == ("Einander kennenlernen", "de")
    assert sum(item["minutes"] for item in german["items"]) == 45
    assert (await client.get(f"/v1/sessions/{session['id']}/agenda", params={"language": "xx"})).status_code == 422

    await clock(session["ends_at"])
    assert (await client.post(f"/v1/sessions/{session['id']}/complete")).json()["state"] == SessionState.COMPLETED
    second = await agenda(await next_of(client, session))
    assert (second["part"], second["topic_from"]) == ("middle", session["participant_ids"][0])
    listed = (await client.get("/v1/guides")).json()["items"]
    assert {(one["format"], one["language"]) for one in listed} >= {
        (format_, language) for format_ in ("one-to-one", "junior-senior") for language in ("en", "de")
    }
