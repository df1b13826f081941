"""Analytics' HTTP API."""

from uuid import UUID

from analytics_service import queries
from analytics_service.rules import OverviewReader, ProgramReader
from analytics_service.schemas import OverviewOut, ProgramFiguresOut
from peerloom_service.http.messages import Response
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound

router = Router(prefix="/v1/analytics", tags=["figures"])


@router.get("/overview", response_model=OverviewOut)
async def read_overview(work: OverviewReader) -> Response:
    """The organisation at a glance: people, programs, and every event by type."""
    return await work(queries.overview, None, returns=OverviewOut.of)


@router.get("/programs/{program_id}", response_model=ProgramFiguresOut, responses=problems(NotFound))
async def read_program_figures(program_id: UUID, work: ProgramReader) -> Response:
    """A program from enrolment to feedback: who was enrolled, proposed, matched, met, and what they answered."""
    return await work(queries.program_figures, work.program(program_id), returns=ProgramFiguresOut.of)
