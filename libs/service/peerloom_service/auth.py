"""OAuth 2.0 access tokens (RFC 9068): signature, issuer, audience, times and scope, and the tenant from a claim.

Keys come from the issuer by OpenID Connect discovery and are fetched again when a token names one we do not know, and aside,
while those that are known still answer, every few minutes. A verified
token is remembered by its digest for at most a minute: verifying an RSA signature costs more than the rest of a read.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import httpx
import jwt
from jwt import PyJWK

from peerloom_service.context import Caller
from peerloom_service.problems import Forbidden, Unauthenticated, Unavailable

ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Accepted signature algorithms and the key type each needs; a token cannot choose another pairing."""

TENANT_CLAIM: Final = "org_id"
_REQUIRED_CLAIMS: Final = ["exp", "iss", "aud", "sub", "iat"]
_LONGEST_TOKEN: Final = 8192
_LEEWAY_SECONDS: Final = 30
_REMEMBERED_SECONDS: Final = 60
_REMEMBERED_TOKENS: Final = 4096
_KEYS_SECONDS: Final = 300
_OLDEST_KEYS_SECONDS: Final = 86_400
_COOLDOWN_SECONDS: Final = 10


class TokenVerifier:
    """Turns a bearer token into a `Caller`."""

    def __init__(self, issuer: str, audience: str, http: httpx.AsyncClient) -> None:
        self._issuer = issuer
        self._audience = audience
        self._http = http
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._remembered: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, token: str) -> Caller:
        """Who the token speaks for.

        Raises: Unauthenticated, saying what is wrong with it; Forbidden when its tenant claim is no id; Unavailable when
        the issuer's keys cannot be had.
        """
        if len(token) > _LONGEST_TOKEN:
            raise _refused(f"The access token is longer than {_LONGEST_TOKEN} characters.")
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._remembered.get(digest)
        now = time.time()
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        claims = await self._verified(token)
        caller = _caller(claims)
        if len(self._remembered) >= _REMEMBERED_TOKENS:
            self._remembered.clear()
        self._remembered[digest] = (min(float(claims["exp"]), now + _REMEMBERED_SECONDS), caller)
        return caller

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise _refused("The access token is not a signed JWT.") from error
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _refused(f"The access token's algorithm must be one of {', '.join(ALGORITHMS)}.")
        key = await self._key(str(header.get("kid", "")))
        if key.key_type != ALGORITHMS[algorithm]:
            raise _refused("The access token's algorithm does not fit the key it names.")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED_CLAIMS},
            )
        except jwt.InvalidTokenError as error:
            raise _refused(f"The access token {self._lack(error)}.") from error
        return claims

    def _lack(self, error: jwt.InvalidTokenError) -> str:  # noqa: PLR0911 - a sentence a case
        match error:
            case jwt.ExpiredSignatureError():
                return "has expired: ask its issuer for a new one"
            case jwt.MissingRequiredClaimError():
                return f"lacks the claim '{error.claim}'"
            case jwt.InvalidAudienceError():
                return f"is for somebody else: its claim 'aud' must contain '{self._audience}'"
            case jwt.InvalidIssuerError():
                return f"is of another issuer: its claim 'iss' must be '{self._issuer}'"
            case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
                return "is not valid yet: look at 'iat' and 'nbf', and at the clocks of this machine and the issuer"
            case jwt.InvalidSignatureError():
                return "has a signature that does not fit the key it names"
            case _:
                return "is malformed"

    async def _key(self, kid: str) -> PyJWK:
        age = time.monotonic() - self._fetched_at
        if kid not in self._keys or age > _OLDEST_KEYS_SECONDS:
            await self._refresh(kid)
        elif age > _KEYS_SECONDS and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.ensure_future(self._refresh(None))  # aside: a key that is known answers at once
        if kid not in self._keys:
            raise _refused("The access token is signed with a key its issuer does not publish.")
        return self._keys[kid]

    async def _refresh(self, kid: str | None) -> None:
        """Fetch the keys, unless somebody just has. `kid`: only where this one is missing, or all are too old."""
        async with self._fetching:
            age = time.monotonic() - self._fetched_at
            wanted = age > _KEYS_SECONDS if kid is None else kid not in self._keys or age > _OLDEST_KEYS_SECONDS
            if wanted and time.monotonic() - self._tried_at > (_COOLDOWN_SECONDS if self._keys else 0):
                await self._fetch_keys()

    async def _fetch_keys(self) -> None:
        self._tried_at = time.monotonic()
        try:
            discovery = await self._http.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            discovery.raise_for_status()
            found = await self._http.get(discovery.json()["jwks_uri"])
            found.raise_for_status()
            keys = _usable(found.json()["keys"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            if self._keys:
                return  # Those we have stay good until the issuer can be reached again.
            raise Unavailable("The issuer's signing keys cannot be read at the moment.") from error
        self._keys = keys
        self._fetched_at = time.monotonic()
        self._remembered.clear()


def _usable(published: list[dict[str, Any]]) -> dict[str, PyJWK]:
    """The keys we can verify with, by their id. An issuer may publish others for other ends; they are passed over."""
    keys: dict[str, PyJWK] = {}
    for entry in published:
        if "kid" in entry and entry.get("kty") in ALGORITHMS.values() and entry.get("use", "sig") == "sig":
            with suppress(jwt.PyJWTError):
                keys[str(entry["kid"])] = PyJWK(entry)
    return keys


def require_scopes(caller: Caller, needed: Sequence[str]) -> None:
    """Raises: Forbidden when the token lacks one of them; it says which, and which it has."""
    if caller.scopes.issuperset(needed):
        return
    lacking = " ".join(scope for scope in needed if scope not in caller.scopes)
    has = " ".join(sorted(caller.scopes)) or "none"
    raise Forbidden(f"The access token lacks the scope {lacking}; it has {has}.", scope=" ".join(needed))


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, error="invalid_token")


def _caller(claims: dict[str, Any]) -> Caller:
    tenant = claims.get(TENANT_CLAIM)
    try:
        tenant_id = None if tenant is None else UUID(str(tenant))
    except ValueError as error:
        raise Forbidden(f"The access token's claim '{TENANT_CLAIM}' is not the id of an organisation.") from error
    scope = claims.get("scope", "")
    client_id = str(claims.get("client_id") or claims["sub"])
    return Caller(client_id, tenant_id, frozenset(scope.split()) if isinstance(scope, str) else frozenset())
