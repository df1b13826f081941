"""People sign in: a plain page to choose who one is, a code for a front end (PKCE), and signing out. There are no passwords:
this is for one machine.
"""

from __future__ import annotations

import html
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from fastapi import Cookie, Depends, FastAPI, HTTPException
from fastapi.requests import Request as HttpRequest
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from peerloom_issuer.clients import Client, Clients
from peerloom_issuer.keys import SigningKeys
from peerloom_issuer.oauth import NO_STORE, OAuthError
from peerloom_issuer.people import People, Person, Request, Session, SignedIn
from peerloom_issuer.settings import is_loopback

COOKIE = "peerloom_issuer"
PEOPLES_AUDIENCE = "peerloom-people"
PERSONS_TOKEN_SECONDS = 600
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


class NewPerson(BaseModel):
    """Somebody who may sign in."""

    sub: str = Field(min_length=1, max_length=255)
    email: str = Field(min_length=3, max_length=320)
    name: str = Field(min_length=1, max_length=200)
    roles: list[str] = []


def is_local(uri: str) -> bool:
    """Whether an address to come back to is on this machine."""
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "") and not parts.fragment


def add_login(app: FastAPI, clients: Clients, people: People, signed_in: SignedIn, operator: Callable[..., None]) -> None:
    """The addresses that browsers see, and the operator's for saying who there is."""

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

    @app.put("/people/{org_id}", status_code=204, dependencies=[Depends(operator)])
    async def replace_people(org_id: UUID, people_of_it: list[NewPerson]) -> None:
        people.replace(
            str(org_id),
            [Person(one.sub, one.email, one.name, str(org_id), tuple(one.roles)) for one in people_of_it],
        )


def peoples_token(form: dict[str, str], issuer: str, keys: SigningKeys, clients: Clients, signed_in: SignedIn) -> JSONResponse:
    """An access token for a code or a refresh token, and the next refresh token. Raises: OAuthError."""
    client = clients.public(form.get("client_id", ""))
    if client is None:
        raise OAuthError(401, "invalid_client", "There is no client with this id through which people sign in.")
    if form["grant_type"] == "refresh_token":
        found = signed_in.refresh(form.get("refresh_token", ""), client.client_id)
    else:
        given = (form.get(name, "") for name in ("code", "client_id", "redirect_uri", "code_verifier"))
        found = signed_in.redeem(*given)
    if found is None:
        raise OAuthError(400, "invalid_grant", "It was used, is too old, belongs to another, or they have signed out.")
    asked, session = found
    now = int(time.time())
    times = {"iss": issuer, "iat": now, "exp": now + PERSONS_TOKEN_SECONDS, "jti": secrets.token_urlsafe(16)}
    claims = _claims(session, asked)
    body = {
        "access_token": keys.sign(times | claims | {"aud": PEOPLES_AUDIENCE, "scope": asked.scope}, client.algorithm),
        "token_type": "Bearer",
        "expires_in": PERSONS_TOKEN_SECONDS,
        "refresh_token": signed_in.refresh_token(asked, session),
        "scope": asked.scope,
    }
    if "openid" in asked.scope.split():
        own = {"aud": client.client_id, "name": session.person.name, **({"nonce": asked.nonce} if asked.nonce else {})}
        body["id_token"] = keys.sign(times | claims | own, client.algorithm, typ="JWT")
    return JSONResponse(body, headers=NO_STORE)


def _claims(session: Session, asked: Request) -> dict[str, Any]:
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
