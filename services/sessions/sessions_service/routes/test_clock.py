"""The test clock over HTTP: only where test clocks are on."""

from peerloom_service.http.messages import Response
from peerloom_service.http.routing import Router, problems
from peerloom_service.http.work import Work
from peerloom_service.problems import NotFound
from sessions_service import clock
from sessions_service.rules import ClockKeeper
from sessions_service.schemas import TestClock, TestClockOut
from sessions_service.settings import Settings

router = Router(prefix="/v1")


@router.get("/test-clock", response_model=TestClockOut, responses=problems(NotFound), tags=["test clock"])
async def read_test_clock(work: ClockKeeper) -> Response:
    """What time it is for the organisation. Only where test clocks are on."""
    _refuse_without_test_clocks(work)
    return await work(clock.read, None, returns=lambda now: TestClockOut(now=now))


@router.put(
    "/test-clock", response_model=TestClockOut, responses=problems(NotFound, clock.ClockOnlyGoesForward), tags=["test clock"]
)
async def put_test_clock_forward(body: TestClock, work: ClockKeeper) -> Response:
    """Try the months ahead without waiting: set the organisation's clock forward. It goes on from there.
    Only where test clocks are on."""
    _refuse_without_test_clocks(work)
    return await work(clock.put_forward, body.now, returns=lambda now: TestClockOut(now=now))


def _refuse_without_test_clocks(work: Work) -> None:
    assert isinstance(work.settings, Settings)
    if not work.settings.test_clocks:
        raise NotFound("Test clocks are off. PEERLOOM_TEST_CLOCKS turns them on in a local environment.")
