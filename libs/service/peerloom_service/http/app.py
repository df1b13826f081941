"""The HTTP app of a service: its routes, problems for everything that goes wrong, health, and a correlation id for all."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette import responses
from starlette.requests import Request
from starlette.types import ASGIApp

from peerloom_service.http.docs_page import DocsPage
from peerloom_service.http.middleware import RequestMiddleware
from peerloom_service.http.openapi import openapi_document
from peerloom_service.use_cases.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Health:
    """`wrong`: what keeps the process from its work, by part; it is ready when that is empty. `hopeless`: the parts that only a
    new process may help; it lives while there are none.
    """

    wrong: Callable[[], Awaitable[dict[str, str]]]
    hopeless: Callable[[], list[str]]


def create_app(
    *,
    title: str,
    description: str,
    router: APIRouter,
    scopes: Mapping[str, str],
    run: Callable[[FastAPI], AbstractAsyncContextManager[tuple[Runtime, Health]]],
    tracing: bool,
) -> FastAPI:
    """The app. `run` opens what the process needs and closes it when the server stops.

    `scopes`: what each scope that routes ask for allows.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with run(app) as (runtime, health):
            app.state.runtime, app.state.health = runtime, health
            yield

    def describe(token_url: str) -> dict[str, Any]:
        return openapi_document(
            title=title,
            description=description,
            routes=router.routes,
            scopes=scopes,
            server="/",
            token_url=token_url,
        )

    app = _App(
        title=title,
        lifespan=lifespan,
        openapi_url=None,  # ours are below
        redirect_slashes=False,  # a redirect goes to whatever Host a client names
        telemetry={"tracing": tracing, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.describe = describe
    app.state.endings = []
    app.router.routes.extend(router.routes)  # including the router would have each request matched twice
    # For whoever runs the process, and for whoever writes a client. The only ones without a token.
    app.add_route("/health/live", _live, include_in_schema=False)
    app.add_route("/health/ready", _ready, include_in_schema=False)
    app.add_route("/metrics", _metrics, include_in_schema=False)
    if router.routes:
        DocsPage(describe).add_to(app)
    return app


async def _live(request: Request) -> responses.Response:
    hopeless = request.app.state.health.hopeless()
    if hopeless:
        return responses.JSONResponse({"status": "to be started again", "hangs": hopeless}, 503)
    return responses.JSONResponse({"status": "live"})


async def _ready(request: Request) -> responses.Response:
    wrong = await request.app.state.health.wrong()
    return responses.JSONResponse({"status": "not ready" if wrong else "ready", **wrong}, 503 if wrong else 200)


async def _metrics(_request: Request) -> responses.Response:
    return responses.Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class _App(FastAPI):
    describe: Callable[[str], dict[str, Any]]

    def build_middleware_stack(self) -> ASGIApp:
        """One layer does what FastAPI has six for, at a third of their cost."""
        return RequestMiddleware(self.router)

    def openapi(self) -> dict[str, Any]:
        """The document, with a token address that is the same in every place."""
        return self.describe("/oauth/token")
