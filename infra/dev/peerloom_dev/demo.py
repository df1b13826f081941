"""The main job: a company's people, matched, the whole way, through the public API and Kafka only.

What people would decide is decided by a seeded generator: most say yes, some say no, some never answer. At the end it is
proven that what analytics counted agrees with what the other services hold and with what is on Kafka.
"""

import asyncio
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from peerloom_dev.company import Addresses, Company, TookTooLong, at_once, events_by_type
from peerloom_dev.credentials import organisation_client
from peerloom_dev.people import write_people_file
from peerloom_dev.report import Report, Run

PEOPLE: Final = 2_400
BAD_ROWS: Final = 12
SEED: Final = 1
SHORTEST_ANSWER_SECONDS: Final = 10
ROUNDS: Final = 2

_ACCEPTS, _DECLINES = 0.86, 0.07  # the rest never answers
_COMES, _RESPONDS = 0.9, 0.8
_WAIT_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05


class Demo:
    """The job, step by step; each step's method leaves what it found in `report`.

    `credential`: the client of the organisation it founds.
    """

    def __init__(self, addresses: Addresses, console: Console, people: int = PEOPLE) -> None:
        self._addresses = addresses
        self._people = people
        self._rng = random.Random(SEED)  # noqa: S311 - what people decide is no secret
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self.credential: dict[str, str] = {}
        self.report = Report(addresses={name: f"{url}/docs" for name, url in addresses.services.items()})

    async def run(self) -> Report:
        """All of it.

        Raises: CallRefused, TookTooLong or CredentialError when something does not go as it must.
        """
        with self._progress:
            with self._step("organisation and client", 1) as advance:
                await asyncio.to_thread(self._found_organisation)
                advance(1)
            async with Company.client(self._addresses, self.credential) as company:
                await self._import_people(company)
                await self._launch_program(company)
                for number in range(1, ROUNDS + 1):
                    await self._match(company, number)
                    await self._answer(company, number)
                await self._meet(company)
                await self._give_feedback(company)
                await self._prove(company)
        return self.report

    def _found_organisation(self) -> None:
        addresses = self._addresses
        self.credential = organisation_client(
            addresses.services["profile"], addresses.issuer, addresses.operator_secret, "Demo company"
        )
        self.report.organisation_id = self.credential["organisation_id"]

    async def _import_people(self, company: Company) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "people.csv"
            await asyncio.to_thread(write_people_file, path, self._people, SEED, BAD_ROWS)
            content = path.read_bytes()
        with self._step("people imported", self._people) as advance:
            job = await company.post("profile", "/v1/imports", content=content)

            async def finished() -> dict[str, Any] | None:
                now = await company.get("profile", f"/v1/imports/{job['id']}")
                advance(now["rows_done"])
                return now if now["state"] not in ("waiting", "running") else None

            done = await _until("the import to end", finished)
            if done["state"] != "completed":
                raise TookTooLong(f"the import was {done['state']}: {done['problem']}")
            findings = await company.get("profile", f"/v1/imports/{job['id']}/findings", limit=1000)
            advance(self._people)
        report = self.report
        report.import_id = job["id"]
        report.people_in_file, report.people_registered = done["rows_total"], done["registered"]
        report.rows_refused, report.findings = done["rows_refused"], findings["items"]

    async def _launch_program(self, company: Company) -> None:
        today = datetime.now(UTC).date()
        program = {
            "name": "Peers across teams",
            "goal": "Colleagues learn from each other what their own team cannot teach them",
            "metric": "Nine of ten say that a session was useful",
            "expectations": "Meet every other week, prepare one question, take turns in teaching.",
            "starts_on": today.isoformat(),
            "ends_on": _months_later(today, 6).isoformat(),
            "answer_within_seconds": await self._patience(company),
            "trio_when_odd": True,
        }
        with self._step("people enrolled by rule", 1) as advance:
            launched = await company.post("profile", "/v1/programs", program)
            audience = {"lowest_level": 1, "highest_level": 6, "with_skills_only": True}
            enrolled = await company.post("profile", f"/v1/programs/{launched['id']}/enrolments", audience)

            async def heard() -> dict[str, Any] | None:
                pool = await company.found("matching", f"/v1/match-pools/{launched['id']}")
                return pool if pool and pool["enrolled"] == enrolled["enrolled"] else None

            await _until("matching to hear of everybody enrolled", heard)
            advance(1)
        self.report.program_id, self.report.enrolled = launched["id"], enrolled["enrolled"]

    async def _patience(self, company: Company) -> int:
        """Seconds in which everybody can answer at the pace of this machine, and half as long again.

        The first calls are not counted: they pay for connections and for what else a process does once.
        """
        calls = 200
        for _ in range(2):
            began = time.perf_counter()
            await at_once(company.get("profile", "/v1/participants", limit=1) for _ in range(calls))
            pace = (time.perf_counter() - began) / calls
        return max(SHORTEST_ANSWER_SECONDS, math.ceil(1.5 * pace * self._people))

    async def _match(self, company: Company, number: int) -> None:
        with self._step(f"matched, round {number}", 100) as advance:
            run = await company.post("matching", "/v1/match-runs", {"program_id": self.report.program_id, "seed": SEED})
            phases = ("waiting", "reading", "scoring", "matching", "explaining", "checking", "done")

            async def finished() -> dict[str, Any] | None:
                now = await company.get("matching", f"/v1/match-runs/{run['id']}")
                advance(round(100 * (phases.index(now["phase"]) + now["share"]) / len(phases)))
                return now if now["state"] in ("completed", "failed") else None

            done = await _until("the match run to end", finished)
            if done["state"] == "failed":
                raise TookTooLong(f"the match run failed: {done['problem']}")
            unmatched = await company.all("matching", f"/v1/match-runs/{run['id']}/unmatched")
            proven = await company.get("matching", f"/v1/match-runs/{run['id']}/certificate")
            advance(100)
        figures = ("people", "pairs", "trios", "value", "upper_bound", "gap", "bound_checked_people", "answer_sha256")
        why = Counter(one["why"] for one in unmatched)
        self.report.runs.append(Run(unmatched=dict(why), **{name: proven[name] for name in figures}))

    async def _answer(self, company: Company, number: int) -> None:
        proposals = await company.all("matching", "/v1/matches", program_id=self.report.program_id, state="proposed")
        if not self.report.example:
            pairs = [proposal for proposal in proposals if len(proposal["participant_ids"]) == 2]
            self.report.example = max(pairs, key=lambda proposal: proposal["weight"], default={})
        last = number == ROUNDS
        answers = [(proposal, self._decisions(proposal, everybody=last)) for proposal in proposals]
        with self._step(f"proposals answered, round {number}", len(answers)) as advance:
            finished = 0

            def one_more() -> None:
                nonlocal finished
                finished += 1
                advance(finished)

            await at_once((self._say(company, *answer) for answer in answers), one_more)

            async def nothing_open() -> bool:
                pool = await company.get("matching", f"/v1/match-pools/{self.report.program_id}")
                return bool(pool["proposed"] == 0)

            await _until("unanswered proposals to expire", nothing_open)

    def _decisions(self, proposal: dict[str, Any], *, everybody: bool) -> list[tuple[str, str]]:
        """What each of its people answers; who never answers is missing."""
        decisions: list[tuple[str, str]] = []
        for person in proposal["participant_ids"]:
            chance = self._rng.random() * (_ACCEPTS + _DECLINES if everybody else 1.0)
            if chance < _ACCEPTS:
                decisions.append((person, "accept"))
            elif chance < _ACCEPTS + _DECLINES:
                decisions.append((person, "decline"))
        return decisions

    async def _say(self, company: Company, proposal: dict[str, Any], decisions: list[tuple[str, str]]) -> None:
        for person, answer in decisions:
            said = await company.attempt(
                "matching", f"/v1/matches/{proposal['id']}/answers", {"participant_id": person, "answer": answer}
            )
            if said.status_code == 409:
                return
            said.raise_for_status()

    async def _meet(self, company: Company) -> None:
        program = self.report.program_id
        confirmed = await company.all("matching", "/v1/matches", program_id=program, state="confirmed")
        with self._step("first sessions scheduled", len(confirmed)) as advance:

            async def all_scheduled() -> list[dict[str, Any]] | None:
                relationships = await company.all("sessions", "/v1/relationships", program_id=program)
                settled = [one for one in relationships if one["state"] == "running" or one["reason"] == "no_common_hours"]
                advance(len(settled))
                return relationships if len(settled) == len(confirmed) else None

            await _until("every match to have its first session", all_scheduled)
            sessions = await company.all("sessions", "/v1/sessions", program_id=program, state="scheduled")
        last_end = max((datetime.fromisoformat(session["ends_at"]) for session in sessions), default=datetime.now(UTC))
        # Nobody waits a week for the page: the organisation's test clock is moved behind its last session.
        await company.put("sessions", "/v1/test-clock", {"now": (last_end + timedelta(hours=1)).isoformat()})
        with self._step("sessions held or missed", len(sessions)) as advance:
            finished = 0

            def one_more() -> None:
                nonlocal finished
                finished += 1
                advance(finished)

            await at_once((self._attend(company, session) for session in sessions), one_more)

    async def _attend(self, company: Company, session: dict[str, Any]) -> None:
        if self._rng.random() < _COMES:
            await company.post("sessions", f"/v1/sessions/{session['id']}/complete")
        else:
            absent = [self._rng.choice(session["participant_ids"])]
            await company.post("sessions", f"/v1/sessions/{session['id']}/miss", {"absent_ids": absent})

    async def _give_feedback(self, company: Company) -> None:
        program = self.report.program_id
        held = await company.all("sessions", "/v1/sessions", program_id=program, state="completed")
        asked = sum(len(session["participant_ids"]) for session in held)
        with self._step("feedback given", asked) as advance:

            async def all_asked() -> list[dict[str, Any]] | None:
                surveys = await company.all("feedback", "/v1/surveys", program_id=program)
                return surveys if len(surveys) == asked else None

            surveys = await _until("everybody to be asked", all_asked)
            responding = [survey for survey in surveys if self._rng.random() < _RESPONDS]
            finished = asked - len(responding)

            def one_more() -> None:
                nonlocal finished
                finished += 1
                advance(finished)

            advance(finished)
            await at_once((self._respond(company, survey) for survey in responding), one_more)

    async def _respond(self, company: Company, survey: dict[str, Any]) -> None:
        usefulness = self._rng.choices((1, 2, 3, 4, 5), (1, 3, 12, 44, 40))[0]
        response = {
            "usefulness": usefulness,
            "learned_something": usefulness >= 3,
            "meet_again": usefulness >= 4 or self._rng.random() < 0.5,
        }
        await company.post("feedback", f"/v1/surveys/{survey['id']}/responses", response)

    async def _prove(self, company: Company) -> None:
        """What analytics counted must be what the other services hold, and its events those on Kafka."""
        report, program = self.report, self.report.program_id
        with self._step("analytics agrees", 1) as advance:
            matches = await company.all("matching", "/v1/matches", program_id=program)
            await self._next_sessions_planned(company)
            sessions = await company.all("sessions", "/v1/sessions", program_id=program)
            surveys = await company.all("feedback", "/v1/surveys", program_id=program)
            people = await company.all("profile", "/v1/participants")
            states = Counter(match["state"] for match in matches)
            met = Counter(session["state"] for session in sessions)
            asked = Counter(survey["state"] for survey in surveys)
            confirmed = [match for match in matches if match["state"] == "confirmed"]
            matched = {person for match in confirmed for person in match["participant_ids"]}
            held = {
                "participants": len(people),
                "enrolled": report.enrolled,
                "proposed": len(matches),
                "confirmed": states["confirmed"],
                "declined": states["declined"],
                "expired": states["expired"],
                "people_matched": len(matched),
                "sessions_scheduled": len(sessions),
                "sessions_completed": met["completed"],
                "sessions_missed": met["missed"],
                "surveys_requested": len(surveys),
                "surveys_answered": asked["answered"],
            }
            report.matches, report.sessions, report.surveys = dict(states), dict(met), dict(asked)
            report.people_matched = len(matched)

            async def agrees() -> bool:
                on_kafka = await events_by_type(self._addresses, company.organisation_id)
                overview = await company.get("analytics", "/v1/analytics/overview")
                figures = await company.get("analytics", f"/v1/analytics/programs/{program}")
                counted = _counted(overview, figures)
                report.agreement = [_compared(name, value, counted[name]) for name, value in held.items()]
                report.agreement += [
                    _compared(f"events {kind}", on_kafka[kind], overview["events"].get(kind, 0)) for kind in sorted(on_kafka)
                ]
                report.events = dict(sorted(on_kafka.items()))
                report.usefulness_mean = figures["feedback"]["usefulness_mean"]
                return report.agrees

            with suppress(TookTooLong):  # the page shows what does not agree
                await _until("analytics to agree with everybody", agrees)
            advance(1)

    async def _next_sessions_planned(self, company: Company) -> None:
        """Relationships go on: each gets its next session soon after one is over, unless its people find no time."""

        async def all_planned() -> bool:
            waiting = await company.all("sessions", "/v1/relationships", program_id=self.report.program_id, state="waiting")
            return all(one["reason"] == "no_common_hours" for one in waiting)

        await _until("every relationship to have its next session", all_planned)

    @contextmanager
    def _step(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """A line with a bar, and the step's seconds in the report."""
        line = self._progress.add_task(title, total=max(total, 1))
        began = time.perf_counter()
        yield lambda done: self._progress.update(line, completed=done)
        self._progress.update(line, completed=max(total, 1))
        self.report.seconds[title] = round(time.perf_counter() - began, 2)


def _counted(overview: dict[str, Any], figures: dict[str, Any]) -> dict[str, int]:
    """Analytics' figures by the names the demo has for them."""
    proposals, met, feedback = figures["proposals"], figures["sessions"], figures["feedback"]
    return {
        "participants": overview["participants"],
        "enrolled": figures["people"]["enrolled"],
        "proposed": proposals["made"],
        **{state: proposals[state] for state in ("confirmed", "declined", "expired")},
        "people_matched": figures["people"]["matched"],
        **{f"sessions_{state}": met[state] for state in ("scheduled", "completed", "missed")},
        "surveys_requested": feedback["surveys_requested"],
        "surveys_answered": feedback["surveys_answered"],
    }


def _compared(figure: str, held: int, counted: int) -> dict[str, Any]:
    return {"figure": figure, "held": held, "analytics": counted, "agrees": held == counted}


async def _until(what: str, look: Callable[[], Awaitable[Any]], within: float = _WAIT_SECONDS) -> Any:
    """What `look` finds once it finds something.

    Raises: TookTooLong.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(_POLL_SECONDS)
    raise TookTooLong(f"waited {within:.0f} s for {what}")


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))
