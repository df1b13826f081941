"""Surveys, responses and what they say together, over HTTP."""

from uuid import UUID

from feedback_service import queries
from feedback_service.domain.surveys import Response as SurveyResponse
from feedback_service.domain.surveys import Survey, SurveyAnswered, SurveyState
from feedback_service.routes.access import KEYED
from feedback_service.rules import Respondent, ResponseReader, ResultsReader, SurveyReader
from feedback_service.schemas import NewResponse, ResponseOut, ResultsOut, SurveyOut
from feedback_service.use_cases import surveys
from peerloom_service.http.messages import Response
from peerloom_service.http.paging import Cursor, Limit, Page
from peerloom_service.http.routing import Router, problems
from peerloom_service.problems import NotFound

router = Router(prefix="/v1")


@router.get("/surveys", response_model=Page[SurveyOut], tags=["surveys"])
async def list_surveys(
    work: SurveyReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    match_id: UUID | None = None,
    session_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: SurveyState | None = None,
) -> Page[SurveyOut]:
    """Surveys of the organisation: who is asked about which session, and whether they have answered."""
    return await work.page(
        Survey,
        returns=SurveyOut.of,
        limit=limit,
        cursor=cursor,
        program_id=program_id,
        match_id=match_id,
        session_id=session_id,
        participant_id=participant_id,
        state=state,
    )


@router.get("/surveys/{survey_id}", response_model=SurveyOut, responses=problems(NotFound), tags=["surveys"])
async def read_survey(survey_id: UUID, work: SurveyReader) -> Response:
    """One survey, with an ETag."""
    return await work.one(Survey, survey_id, returns=SurveyOut.of)


@router.post(
    "/surveys/{survey_id}/responses",
    status_code=201,
    response_model=ResponseOut,
    responses=problems(*KEYED, NotFound, SurveyAnswered),
    tags=["surveys"],
)
async def answer_survey(survey_id: UUID, body: NewResponse, work: Respondent) -> Response:
    """Answer a survey. It can be answered once."""
    return await work(
        surveys.answer_survey,
        surveys.AnswerSurvey(survey_id, body.answer()),
        returns=ResponseOut.of,
        status=201,
        location=lambda response: f"/v1/responses/{response.id}",
    )


@router.get("/responses", response_model=Page[ResponseOut], tags=["surveys"])
async def list_responses(
    work: ResponseReader,
    limit: Limit = 100,
    cursor: Cursor = None,
    program_id: UUID | None = None,
    match_id: UUID | None = None,
    session_id: UUID | None = None,
    participant_id: UUID | None = None,
) -> Page[ResponseOut]:
    """Responses of the organisation's participants."""
    return await work.page(
        SurveyResponse,
        returns=ResponseOut.of,
        limit=limit,
        cursor=cursor,
        program_id=program_id,
        match_id=match_id,
        session_id=session_id,
        participant_id=participant_id,
    )


@router.get("/responses/{response_id}", response_model=ResponseOut, responses=problems(NotFound), tags=["surveys"])
async def read_response(response_id: UUID, work: ResponseReader) -> Response:
    """One response, with an ETag."""
    return await work.one(SurveyResponse, response_id, returns=ResponseOut.of)


@router.get("/survey-results/{program_id}", response_model=ResultsOut, responses=problems(NotFound), tags=["surveys"])
async def read_results(program_id: UUID, work: ResultsReader) -> Response:
    """What the respondents of a program say together. Answers are released in batches of five people or more, so that nobody
    learns what one person answered, whenever and however often they look."""
    return await work(queries.results, work.program(program_id), returns=ResultsOut.of)
