"""The issuer's HTTP surface: discovery, JWKS, tokens of clients and of people, registration by an operator."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from collections import Counter
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, field_validator

from peerloom_issuer.clients import Client, Clients
from peerloom_issuer.keys import Algorithm, SigningKeys
from peerloom_issuer.login import add_login, is_local, peoples_token
from peerloom_issuer.oauth import NO_STORE, OAuthError
from peerloom_issuer.people import People, SignedIn
from peerloom_issuer.settings import IssuerSettings

AUDIENCE = "peerloom"
TOKEN_SECONDS = 3600
REGISTER_SCOPE = "clients:write"
SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3


class ClientMetadata(BaseModel):
    """What is said about a client when it is registered (RFC 7591), with the organisation it will act for."""

    client_name: str = Field(min_length=1, max_length=200)
    scope: str = Field(max_length=4000, description="Scopes the client may ask for, with spaces between.")
    org_id: UUID | None = None
    token_signed_response_alg: Algorithm = "RS256"  # noqa: S105 - no secret, an algorithm
    redirect_uris: list[str] = Field(
        default=[], max_length=10, description="Where people come back to who sign in; such a client keeps no secret."
    )

    @field_validator("redirect_uris")
    @classmethod
    def _on_this_machine(cls, uris: list[str]) -> list[str]:
        if not all(map(is_local, uris)):
            raise ValueError("this issuer is for development: people come back to http://127.0.0.1 or localhost only")
        return uris

    @field_validator("scope")
    @classmethod
    def _of_scope_tokens(cls, scope: str) -> str:
        if not scope.split() or not all(map(SCOPE_TOKEN.fullmatch, scope.split())):
            raise ValueError("name one scope or more, of printable ASCII without quotes and backslashes")
        return " ".join(dict.fromkeys(scope.split()))


class RegisteredClient(ClientMetadata):
    """The answer to a registration; the secret is shown this once."""

    client_id: str
    client_secret: str
    client_id_issued_at: int
    client_secret_expires_at: int = Field(default=0, description="0: never")
    grant_types: list[str] = ["client_credentials"]
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - no secret, a method


def create_app(settings: IssuerSettings) -> FastAPI:
    """The issuer as an ASGI application."""
    keys = SigningKeys(settings.directory)
    file = settings.directory / "clients.json" if settings.directory else None
    clients = Clients(settings.operator_secret.get_secret_value(), file)
    people = People(settings.directory / "people.json" if settings.directory else None)
    signed_in = SignedIn()
    app = FastAPI(title="Peerloom development issuer", max_body_size=2 * 1024 * 1024)

    @app.exception_handler(OAuthError)
    async def answer_error(_: Request, error: OAuthError) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def answer_bad_metadata(_: Request, error: RequestValidationError) -> JSONResponse:
        findings = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
        return OAuthError(400, "invalid_client_metadata", "; ".join(findings)).response()

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {
            "issuer": settings.url,
            "jwks_uri": f"{settings.url}/oauth/jwks",
            "token_endpoint": f"{settings.url}/oauth/token",
            "registration_endpoint": f"{settings.url}/oauth/register",
            "authorization_endpoint": f"{settings.url}/oauth/authorize",
            "end_session_endpoint": f"{settings.url}/oauth/logout",
            "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @app.get("/oauth/jwks")
    async def jwks() -> dict[str, Any]:
        return keys.jwks()

    @app.post("/oauth/token")
    async def token(request: Request) -> JSONResponse:
        form = _form(await request.body())
        if form.get("grant_type") in ("authorization_code", "refresh_token"):
            return peoples_token(form, settings.url, keys, clients, signed_in)
        client = _authenticated(clients, request.headers.get("authorization"), form)
        if form.get("grant_type") != "client_credentials":
            text = "A grant_type is client_credentials, authorization_code or refresh_token."
            raise OAuthError(400, "unsupported_grant_type", text)
        scope = _granted(client, form.get("scope"))
        now = int(time.time())
        claims = {
            "iss": settings.url,
            "aud": AUDIENCE,
            "sub": client.client_id,
            "client_id": client.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
        }
        if client.org_id is not None:
            claims["org_id"] = client.org_id
        signed = keys.sign(claims, client.algorithm)
        body = {"access_token": signed, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": scope}
        return JSONResponse(body, headers=NO_STORE)

    def operator(authorization: Annotated[str | None, Header()] = None) -> None:
        scheme, _, bearer = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise OAuthError(401, "invalid_token", "An operator's access token is needed.", "Bearer")
        try:
            claims = keys.verify(bearer.strip(), issuer=settings.url, audience=AUDIENCE)
        except jwt.InvalidTokenError as error:
            text = f"The access token is not accepted: {error}"
            raise OAuthError(401, "invalid_token", text, 'Bearer error="invalid_token"') from error
        # A client of an organisation must not be able to make clients, whatever scopes it was registered with.
        if REGISTER_SCOPE not in claims["scope"].split() or "org_id" in claims:
            challenge = f'Bearer error="insufficient_scope", scope="{REGISTER_SCOPE}"'
            text = f"This needs the scope {REGISTER_SCOPE} of an operator."
            raise OAuthError(403, "insufficient_scope", text, challenge)

    @app.post("/oauth/register", status_code=201, dependencies=[Depends(operator)])
    async def register(metadata: ClientMetadata) -> RegisteredClient:
        org_id = str(metadata.org_id) if metadata.org_id else None
        scopes = tuple(metadata.scope.split())
        if metadata.redirect_uris and org_id is None:
            raise OAuthError(400, "invalid_client_metadata", "People sign in for an organisation: give org_id.")
        algorithm, uris = metadata.token_signed_response_alg, tuple(metadata.redirect_uris)
        client, secret = clients.register(metadata.client_name, scopes, org_id, algorithm, uris)
        public = {"grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none"}
        return RegisteredClient(
            **metadata.model_dump(),
            client_id=client.client_id,
            client_secret="" if client.is_public else secret,
            client_id_issued_at=client.issued_at,
            **(public if client.is_public else {}),
        )

    add_login(app, clients, people, signed_in, operator)

    @app.get("/health/live")
    @app.get("/health/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=20) if body else []
    except ValueError as error:
        raise OAuthError(400, "invalid_request", "The body must be a form (application/x-www-form-urlencoded).") from error
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise OAuthError(400, "invalid_request", f"{repeated[0]} is given more than once.")
    return dict(pairs)


def _authenticated(clients: Clients, authorization: str | None, form: dict[str, str]) -> Client:
    """The client of a token request: by client_secret_basic or by client_secret_post, never both."""
    if authorization and "client_secret" in form:
        raise OAuthError(400, "invalid_request", "Give the client's secret either in the header or in the body.")
    if authorization:
        client_id, secret = _basic(authorization)
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    client = clients.authenticate(client_id, secret)
    if client is None:
        raise OAuthError(401, "invalid_client", "There is no client with this id and secret.", 'Basic realm="peerloom"')
    return client


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret of an HTTP Basic header, both form-encoded inside it (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme")
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as error:
        text = "The Authorization header must be HTTP Basic."
        raise OAuthError(401, "invalid_client", text, 'Basic realm="peerloom"') from error
    return unquote_plus(client_id), unquote_plus(secret)


def _granted(client: Client, requested: str | None) -> str:
    """The scopes of the new token: those asked for, or all that the client was registered with."""
    if not requested:
        return " ".join(client.scopes)
    foreign = [scope for scope in requested.split() if scope not in client.scopes]
    if foreign:
        raise OAuthError(400, "invalid_scope", f"The client was not registered with the scope {foreign[0]!r}.")
    return " ".join(dict.fromkeys(requested.split()))
