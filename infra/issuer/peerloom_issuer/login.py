"""People sign in: a plain page to choose who one is, a code for a front end (PKCE), and signing out. There are no passwords:
this is for one machine.
"""

from __future__ import annotations

import html
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Cookie, FastAPI, HTTPException
from fastapi.requests import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from peerloom_issuer.clients import Client, Clients
from peerloom_issuer.people import People, Request, Session, SignedIn
from peerloom_issuer.settings import is_loopback

COOKIE = "peerloom_issuer"
_SHOWN = 60
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<style>body{{font:16px system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}button{{font:inherit;margin:.15rem 0}}
input{{font:inherit;width:70%}}li{{list-style:none}}ul{{padding:0}}</style>
<h1>Who are you today?</h1><p>This issuer is for development: it asks for no password.</p>{problem}
<form method="post"><label>E-mail address<br><input name="email" type="email" autofocus></label> <button>Sign in</button></form>
<form method="post"><ul>{people}</ul></form>"""


def is_local(uri: str) -> bool:
    """Whether an address to come back to is on this machine."""
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "") and not parts.fragment


def add_login(app: FastAPI, clients: Clients, people: People, signed_in: SignedIn) -> None:
    """The addresses that browsers see."""

    @app.get("/oauth/authorize")
    async def authorize(request: HttpRequest, peerloom_issuer: Annotated[str | None, Cookie()] = None) -> Response:
        asked, client, state = _asked(request, clients)
        session = signed_in.session(peerloom_issuer)
        if session is not None and session.person.org_id == client.org_id and request.query_params.get("prompt") != "login":
            return _back(asked, signed_in.code(asked, session), state)
        return _page(client, people)

    @app.post("/oauth/authorize")
    async def sign_in(request: HttpRequest) -> Response:
        asked, client, state = _asked(request, clients)
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        person = people.find(client.org_id or "", form.get("email", ""))
        if person is None:
            return _page(client, people, "Nobody has this address.", 404)
        session = signed_in.begin(person)
        response = _back(asked, signed_in.code(asked, session), state)
        response.set_cookie(COOKIE, session.id, httponly=True, samesite="lax", path="/oauth")
        return response

    @app.get("/oauth/logout")
    async def sign_out(
        client_id: str = "",
        post_logout_redirect_uri: str = "",
        state: str = "",
        peerloom_issuer: Annotated[str | None, Cookie()] = None,
    ) -> Response:
        signed_in.end(peerloom_issuer)
        client = clients.public(client_id)
        response: Response = HTMLResponse("<!doctype html><title>Signed out</title><p>You are signed out.", headers=_HEADERS)
        if client is not None and post_logout_redirect_uri in client.redirect_uris:
            query = f"?{urlencode({'state': state})}" if state else ""
            response = RedirectResponse(f"{post_logout_redirect_uri}{query}", 303, _HEADERS)
        response.delete_cookie(COOKIE, path="/oauth")
        return response


def claims_of(session: Session, asked: Request) -> dict[str, Any]:
    """What an access token says of somebody."""
    person = session.person
    return {
        "sub": person.sub,
        "client_id": asked.client_id,
        "email": person.email,
        "email_verified": True,
        "org_id": person.org_id,
        "roles": list(person.roles),
        "auth_time": session.since,
    }


def _asked(request: HttpRequest, clients: Clients) -> tuple[Request, Client, str]:
    """What the front end asked for. What is wrong with it is told here, never at an address nobody has registered."""
    given = request.query_params
    client = clients.public(given.get("client_id", ""))
    if client is None or given.get("redirect_uri") not in client.redirect_uris:
        raise HTTPException(400, "There is no such client with this redirect_uri.")
    if given.get("response_type") != "code" or given.get("code_challenge_method") != "S256":
        raise HTTPException(400, "Ask for response_type=code with code_challenge_method=S256 (RFC 7636).")
    if not 43 <= len(given.get("code_challenge", "")) <= 128:
        raise HTTPException(400, "The code_challenge is missing.")
    wanted = [scope for scope in given.get("scope", "").split() if scope in (*client.scopes, "openid")]
    asked = Request(client.client_id, given["redirect_uri"], given["code_challenge"], " ".join(wanted), given.get("nonce", ""))
    return asked, client, given.get("state", "")


def _back(asked: Request, code: str, state: str) -> Response:
    query = urlencode({"code": code, **({"state": state} if state else {})})
    joint = "&" if urlsplit(asked.redirect_uri).query else "?"
    return RedirectResponse(f"{asked.redirect_uri}{joint}{query}", 303, _HEADERS)


def _page(client: Client, people: People, problem: str = "", status: int = 200) -> Response:
    shown = people.of(client.org_id or "")[:_SHOWN]
    items = "".join(
        f'<li><button name="email" value="{html.escape(one.email)}">{html.escape(one.name)}</button> '
        f"{html.escape(', '.join(one.roles))}</li>"
        for one in shown
    )
    said = f"<p role=alert>{html.escape(problem)}</p>" if problem else ""
    return HTMLResponse(_PAGE.format(problem=said, people=items), status, headers=_HEADERS)
