"""What analytics does: remembers what it hears, and answers what it comes to."""

from typing import Any
from uuid import UUID

import asyncpg
from sqlmodel import SQLModel

from analytics_service import sql
from analytics_service.domain import (
    CompletedRun,
    Feedback,
    Overview,
    People,
    Program,
    ProgramFigures,
    Proposals,
    Runs,
    Sessions,
)
from peerloom_events import Event, event_types
from peerloom_service.http.work import Work
from peerloom_service.problems import NotFound
from peerloom_service.use_cases.transaction import Transaction


async def remember(tx: Transaction, kind: type[Event], table: type[SQLModel], facts: list[dict[str, Any]]) -> None:
    """Keep what events of one kind say, one fact each and by column name, unless something newer is known; count the events."""
    await tx.execute(sql.REMEMBER[table], tx.tenant_id, kind.type, len(facts), facts)


async def count(tx: Transaction, kind: type[Event], events: int) -> None:
    """Count events of one kind that no figure is made of."""
    await tx.execute(sql.COUNT, tx.tenant_id, kind.type, events)


async def overview(work: Work) -> Overview:
    """The caller's organisation at a glance."""
    row = await work.row(sql.OVERVIEW, work.tenant_id)
    assert row is not None
    return Overview(row["as_of"], row["participants"], row["programs"], dict.fromkeys(sorted(event_types()), 0) | row["events"])


async def program_figures(work: Work, program_id: UUID) -> ProgramFigures:
    """A program from enrolment to feedback.

    Raises: NotFound (also where it belongs to another organisation, or its launch has not been heard of yet).
    """
    row = await work.row(sql.PROGRAM_FIGURES, work.tenant_id, program_id)
    if row is None:
        raise NotFound(f"There is no program {program_id} in your organisation.")
    return _figures(row)


def _figures(row: asyncpg.Record) -> ProgramFigures:
    return ProgramFigures(
        as_of=row["as_of"],
        program=Program(row["id"], row["format"], row["goal"], row["metric"], row["starts_on"], row["ends_on"]),
        people=People(row["enrolled"], row["matched"], row["without_match"]),
        runs=Runs(row["runs_requested"], row["runs_completed"], row["runs_failed"], _last_run(row)),
        proposals=Proposals(row["made"], row["acceptances"], row["declined"], row["expired"], row["confirmed"]),
        sessions=Sessions(row["sessions_scheduled"], row["sessions_completed"], row["sessions_missed"]),
        feedback=Feedback(row["surveys_requested"], tuple(row["usefulness"]), row["learned_something"], row["meet_again"]),
    )


def _last_run(row: asyncpg.Record) -> CompletedRun | None:
    if row["run_id"] is None:
        return None
    return CompletedRun(
        row["run_id"], row["people"], row["pairs"], row["trios"], row["unmatched"], row["value"], row["upper_bound"]
    )
