"""Guides and agendas over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from peerloom_service.http.messages import Response
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound
from sessions_service import guides, queries
from sessions_service.domain.people import FactsMissing
from sessions_service.rules import GuideReader, MeetingReader
from sessions_service.schemas import AgendaOut, GuidesOut

router = Router(prefix="/v1")

Language = Annotated[Literal["en", "de"], Query(description="ISO 639-1.")]


@router.get("/guides", response_model=GuidesOut, tags=["guides"])
async def list_guides(work: GuideReader) -> GuidesOut:  # noqa: ARG001 - whoever may read sessions may read these
    """Every guide there is: by format, version and language."""
    return GuidesOut.of(guides.all_guides())


@router.get(
    "/sessions/{session_id}/agenda", response_model=AgendaOut, responses=problems(NotFound, FactsMissing), tags=["guides"]
)
async def read_agenda(session_id: UUID, work: MeetingReader, language: Language = "en") -> Response:
    """What a session is about, with prompts and minutes: made from the newest guide of its program's format."""
    return await work(queries.agenda, queries.AgendaOf(session_id, language), returns=AgendaOut.of)
