"""Analytics' HTTP API."""

from typing import Annotated
from uuid import UUID

from fastapi import Security

from analytics_service import use_cases
from analytics_service.schemas import OverviewOut, ProgramFiguresOut
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work, authorized
from peerloom_service.problems import NotFound

SCOPES = {
    "analytics:read": "Read the figures of the organisation and its programs.",
}
router = Router(prefix="/v1/analytics", scopes=SCOPES, tags=["figures"])

Reader = Annotated[Work, Security(authorized, scopes=["analytics:read"])]


@router.get("/overview")
async def read_overview(work: Reader) -> OverviewOut:
    """The organisation at a glance: people, programs, and every event by type."""
    return OverviewOut.of(await use_cases.overview(work))


@router.get("/programs/{program_id}", responses=problems(NotFound))
async def read_program_figures(program_id: UUID, work: Reader) -> ProgramFiguresOut:
    """A program from enrolment to feedback: who was enrolled, proposed, matched, met, and what they said."""
    return ProgramFiguresOut.of(await use_cases.program_figures(work, program_id))
