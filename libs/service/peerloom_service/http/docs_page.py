"""/openapi.json and /docs: the document of this process, and a page to try it on that needs nothing from the internet."""

import importlib.resources
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from peerloom_service.http.request_bodies import limited, read
from peerloom_service.problems import NotFound, Unavailable
from peerloom_service.settings import ServiceSettings

Describe = Callable[[str], dict[str, Any]]
"""The OpenAPI document for an address where tokens are handed out."""

_OURS: Final = importlib.resources.files("peerloom_service.http") / "static"
_SWAGGER_UI: Final = importlib.resources.files("fastapi_offline") / "static"
_ASSETS: Final = {
    "docs.js": (_OURS, "text/javascript"),
    "swagger-ui-bundle.js": (_SWAGGER_UI, "text/javascript"),
    "swagger-ui.css": (_SWAGGER_UI, "text/css"),
}
_ONLY_OURS: Final = {
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
}
_TOKEN_REQUEST_BYTES: Final = 16_384
_REMEMBERED_SECONDS: Final = 300.0
_ISSUER_SECONDS: Final = 5.0


class DocsPage:
    """The page and what it loads. None of it needs a token, and nothing of it depends on an organisation."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._token_url = ""
        self._found_at = float("-inf")

    def add_to(self, app: FastAPI) -> None:
        """Serve it."""
        app.add_route("/openapi.json", self._document, include_in_schema=False)
        app.add_route("/docs", self._page, include_in_schema=False)
        app.add_route("/docs/token", self._token, methods=["POST"], include_in_schema=False)
        app.add_route("/docs/{asset}", self._asset, include_in_schema=False)

    async def _document(self, request: Request) -> Response:
        document = self._describe(await self._token_address(_settings(request)))
        return Response(orjson.dumps(document), media_type="application/json")

    async def _page(self, _request: Request) -> Response:
        return Response((_OURS / "docs.html").read_bytes(), media_type="text/html", headers=_ONLY_OURS)

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["asset"]
        if name not in _ASSETS:
            raise NotFound(f"There is nothing at {request.url.path}.")
        folder, media_type = _ASSETS[name]
        headers = {**_ONLY_OURS, "cache-control": "max-age=3600"}
        return Response((folder / name).read_bytes(), media_type=media_type, headers=headers)

    async def _token(self, request: Request) -> Response:
        """Ask the issuer for a token on the page's behalf: issuers answer no page of another origin.

        The client's credentials pass through and are neither kept nor logged. Raises: Unavailable.
        """
        body = await read(limited(request.scope, request.receive, _TOKEN_REQUEST_BYTES, _settings(request).request_seconds))
        address = await self._token_address(_settings(request))
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if "authorization" in request.headers:
            headers["authorization"] = request.headers["authorization"]
        try:
            async with httpx.AsyncClient(timeout=_ISSUER_SECONDS) as http:
                answer = await http.post(address, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable("The issuer cannot be reached at the moment. Try again.") from error
        return Response(answer.content, answer.status_code, {"cache-control": "no-store"}, "application/json")

    async def _token_address(self, settings: ServiceSettings) -> str:
        """The issuer's token endpoint as its discovery document has it; our guess while that cannot be read."""
        if time.monotonic() - self._found_at > _REMEMBERED_SECONDS:
            issuer = settings.auth_issuer.rstrip("/")
            try:
                async with httpx.AsyncClient(timeout=_ISSUER_SECONDS) as http:
                    found = await http.get(f"{issuer}/.well-known/openid-configuration")
                self._token_url = str(found.raise_for_status().json()["token_endpoint"])
                self._found_at = time.monotonic()
            except (httpx.HTTPError, KeyError, TypeError, ValueError):
                return self._token_url or f"{issuer}/oauth/token"
        return self._token_url


def _settings(request: Request) -> ServiceSettings:
    settings: ServiceSettings = request.app.state.runtime.settings
    return settings
