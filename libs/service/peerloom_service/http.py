"""The HTTP app of a service: its routes, problems for everything that goes wrong, health, and a correlation id for all."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from peerloom_service.identifiers import random_bytes
from peerloom_service.problems import (
    BadRequest,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Problem,
)
from peerloom_service.runtime import Runtime
from peerloom_service.telemetry import current_trace_id

_TOO_LARGE: Final = PayloadTooLarge("Send less at once: the body is larger than this address takes.")
_CORRELATION_HEADER: Final = b"x-correlation-id"
_LONGEST_CORRELATION: Final = 64

_DURATION: Final = Histogram(
    "http_server_request_duration_seconds",
    "Duration of HTTP server requests",
    ("http_request_method", "http_route", "http_response_status_code"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_series: dict[tuple[str, str, int], Histogram] = {}

Health = Callable[[], Awaitable[dict[str, str]]]
"""What is wrong, by part; empty when the process is ready."""


def create_app(
    *,
    title: str,
    description: str,
    router: APIRouter,
    run: Callable[[FastAPI], AbstractAsyncContextManager[tuple[Runtime, Health]]],
    body_limit: int,
    tracing: bool,
) -> FastAPI:
    """The app. `run` opens what the process needs and closes it when the server stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with run(app) as (runtime, health):
            app.state.runtime, app.state.health = runtime, health
            yield

    app = _App(
        title=title,
        description=description,
        version="1",
        lifespan=lifespan,
        max_body_size=body_limit,
        telemetry={"tracing": tracing, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.router.routes.extend(router.routes)  # including the router would have each request matched twice
    add_health(app)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(asyncpg.CharacterNotInRepertoireError, _unkeepable)
    app.add_exception_handler(asyncpg.UntranslatableCharacterError, _unkeepable)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


def add_health(app: FastAPI) -> None:
    """Routes for whoever runs the process: alive, ready, metrics. The only ones without a token."""

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready", include_in_schema=False)
    async def ready(request: Request) -> Response:
        wrong = await request.app.state.health()
        return JSONResponse({"status": "not ready" if wrong else "ready", **wrong}, 503 if wrong else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route documents of how it can go wrong: `responses=problems(NotFound, SlotTaken)`."""
    documented: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = documented.setdefault(
            kind.status, {"description": "", "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}}}
        )
        entry["description"] = "; ".join(filter(None, (entry["description"], kind.title)))
    return documented


_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "instance", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}


class _App(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """With the correlation id outside of everything, so that the framework's own answers have it too."""
        return _Correlation(super().build_middleware_stack())


class _Correlation:
    """Gives each request a correlation id, the caller's own where it sent a sound one, and sends it back; times the request.

    The duration goes to a histogram of the Prometheus client under OpenTelemetry's stable name: recording it through the SDK
    costs 50 µs a request, half of what a plain FastAPI route costs as a whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _CORRELATION_HEADER), b"")
        sound = 0 < len(given) <= _LONGEST_CORRELATION and given.replace(b"-", b"").replace(b"_", b"").isalnum()
        correlation = given if sound else random_bytes(16).hex().encode()
        scope["correlation_id"] = correlation.decode()

        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_CORRELATION_HEADER, correlation)]
            await send(message)

        try:
            await self._app(scope, receive, _bare_413_as_problem(scope, receive, send_with_id))
        finally:
            _observe(scope["method"], getattr(scope.get("route"), "path", ""), status, time.perf_counter() - began)


def _observe(method: str, route: str, status: int, seconds: float) -> None:
    series = _series.get((method, route, status))
    if series is None:
        method = method if method in _METHODS else "_OTHER"  # whatever a client makes up is one series
        series = _series[method, route, status] = _DURATION.labels(method, route, str(status))
    series.observe(seconds)


def _bare_413_as_problem(scope: Scope, receive: Receive, send: Send) -> Send:
    """The framework's body limit answers in plain text before any handler is asked; say it as a problem instead."""
    replaced = False

    async def send_problem(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] == 413:
            replaced = (b"content-type", b"application/problem+json") not in message["headers"]
            if replaced:
                answer = await _problem(Request(scope), _TOO_LARGE)
                await answer(scope, receive, send)
        if not replaced:
            await send(message)

    return send_problem


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    document = error.body(instance=request.url.path, trace_id=current_trace_id() or request.scope.get("correlation_id", ""))
    return JSONResponse(document, error.status, error.headers, media_type="application/problem+json")


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    findings = error.errors()
    if any(finding["type"] == "json_invalid" for finding in findings):
        return await _problem(request, BadRequest("The body is not valid JSON."))
    errors = [
        {"pointer": _pointer(finding["loc"]), "detail": finding["msg"], "code": finding["type"]} for finding in findings[:100]
    ]
    return await _problem(request, Invalid("See errors for each value and what is wrong with it.", errors=errors))


async def _unkeepable(request: Request, _error: Exception) -> Response:
    return await _problem(request, BadRequest("Some text has a character that cannot be kept, such as NUL."))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: dict[int, Problem] = {
        400: BadRequest(str(error.detail)),
        404: NotFound(f"There is nothing at {request.url.path}."),
        405: MethodNotAllowed(f"{request.method} is not possible here.", headers=error.headers),
        413: _TOO_LARGE,
        422: Invalid(str(error.detail)),
    }
    if error.status_code in known:
        return await _problem(request, known[error.status_code])
    return JSONResponse(
        {"type": "about:blank", "title": str(error.detail), "status": error.status_code},
        error.status_code,
        error.headers,
        media_type="application/problem+json",
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed", path=request.url.path, exc_info=error)
    return await _problem(request, Problem("The failure was logged under this trace id; nothing was changed."))


def _pointer(location: tuple[Any, ...]) -> str:
    where, *path = location
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return f"#{steps}" if where == "body" else f"{where}:{steps.lstrip('/')}"


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
