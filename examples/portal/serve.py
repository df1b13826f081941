"""Serves the portal on this machine, with the API behind the same address, as a gateway does in production.

    make up                              # prints `export …` lines: paste them into your shell
    python examples/portal/serve.py      # http://127.0.0.1:8180/

The browser logs in as the organisation's client, whose secret stays here: `/session` hands out its access token. That is for
one's own machine. In production the files lie on any web server, `config.json` names the organisation's identity provider, and
people log in there by authorization code with PKCE (`auth.js`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from peerloom_client.paths import SERVICE_OF

HERE: Final = Path(__file__).parent
CLIENT: Final = HERE.parents[1] / "clients" / "typescript" / "peerloom.js"
_PASSED_ON: Final = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id")
_HANDED_BACK: Final = ("content-type", "etag", "location", "retry-after", "x-correlation-id", "cache-control")
_POLICY: Final = "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


def portal(addresses: Mapping[str, str], issuer: str, client_id: str, client_secret: str) -> Starlette:
    """The portal as an app. `addresses`: of the services, by name."""
    # A stream lives as long as it says something every 15 seconds.
    http = httpx.AsyncClient(timeout=httpx.Timeout(30, read=60), limits=httpx.Limits(max_connections=200), trust_env=False)

    async def session(_request: Request) -> Response:
        answer = await http.post(
            f"{issuer}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, client_secret)
        )
        told = answer.json()
        kept = {name: told[name] for name in ("access_token", "expires_in")}
        return JSONResponse(kept, headers={"cache-control": "no-store"})

    async def api(request: Request) -> Response:
        service = SERVICE_OF.get(request.path_params["rest"].partition("/")[0])
        if service is None:
            return JSONResponse({"title": "Nobody serves this address."}, 404)
        url = httpx.URL(addresses[service] + request.url.path, query=request.url.query.encode())
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        try:
            asked = http.build_request(request.method, url, headers=headers, content=await request.body())
            answer = await http.send(asked, stream=True)
        except httpx.TransportError:
            return JSONResponse({"title": "The service cannot be reached."}, 502)
        given = {name: answer.headers[name] for name in _HANDED_BACK if name in answer.headers}
        return StreamingResponse(_body(answer), answer.status_code, given)

    async def client(_request: Request) -> Response:
        return FileResponse(CLIENT, media_type="text/javascript", headers={"cache-control": "no-cache"})

    return Starlette(
        routes=[
            Route("/session", session, methods=["POST"]),
            Route("/peerloom.js", client),
            Route("/v1/{rest:path}", api, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Mount("/", _Files(directory=HERE / "files", html=True)),
        ]
    )


async def _body(answer: httpx.Response):  # type: ignore[no-untyped-def]
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    except httpx.TransportError:
        return  # cut off: the browser comes again
    finally:
        await answer.aclose()


class _Files(StaticFiles):
    """The portal's files, which load nothing from another host."""

    def file_response(self, *args: object, **options: object) -> Response:
        """With the policy that keeps them to it."""
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers.update({"content-security-policy": _POLICY, "cache-control": "no-cache"})
        return response


def main() -> None:
    """Serve on 127.0.0.1:8180, or at the port PORT says."""
    try:
        addresses = {name: os.environ[name.upper()] for name in sorted(set(SERVICE_OF.values()))}
        app = portal(addresses, os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    except KeyError as missing:
        raise SystemExit(f"{missing} is not set. Run `make up`, and paste the lines it prints into your shell.") from None
    port = int(os.environ.get("PORT", "8180"))
    print(f"The portal is at http://127.0.0.1:{port}/")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2)


if __name__ == "__main__":
    main()
