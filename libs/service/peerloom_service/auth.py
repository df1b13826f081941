"""Access tokens: signature, issuer, audience, kind, times; and for whom they speak.

Tokens of the platform's own issuer (RFC 9068) are clients' and the operator's; the organisation is a claim. Tokens of an issuer
that an organisation has registered are its people's, and are never of another organisation, whatever they claim. A verified
token is remembered by its digest for at most a minute: verifying an RSA signature costs more than the rest of a read.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import httpx
import jwt

from peerloom_service.access.directory import ACTIVE, Directory
from peerloom_service.access.keys import ALGORITHMS, KeySet
from peerloom_service.access.registrations import Registration, audiences, chosen, is_of_kind, subject_id
from peerloom_service.context import Account, Caller
from peerloom_service.problems import Forbidden, OrganisationSuspended, Unauthenticated, Unavailable
from peerloom_service.storage.database import TRANSIENT

TENANT_CLAIM: Final = "org_id"
LONGEST_LIFE_SECONDS: Final = 24 * 3600
"""Between `iat` and `exp`: a token that lives longer is refused, because nobody can take it back."""

_REQUIRED_CLAIMS: Final = ["exp", "iss", "aud", "sub", "iat"]
_TIMES: Final = ("exp", "iat", "nbf")
_LONGEST_TOKEN: Final = 8192
_LONGEST_ID: Final = 255
_LEEWAY_SECONDS: Final = 30
_END_OF_TIME: Final = 2**53
_REMEMBERED_SECONDS: Final = 60
_REMEMBERED_TOKENS: Final = 4096
_ISSUERS_SECONDS: Final = 2.0
_NO_CLIENT: Final = ""


class TokenVerifier:
    """Turns a bearer token into a `Caller`. `anywhere`: registered issuers may be on this machine."""

    def __init__(self, issuer: str, audience: str, http: httpx.AsyncClient, directory: Directory, *, anywhere: bool) -> None:
        self._issuer = issuer
        self._audience = audience
        self._http = http
        self._directory = directory
        self._anywhere = anywhere
        self._key_sets: dict[str, KeySet] = {}
        self._registrations: dict[str, list[Registration]] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._remembered: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, token: str) -> Caller:
        """Who the token speaks for.

        Raises: Unauthenticated, saying what is wrong with it; Forbidden when its tenant claim is no id, or its organisation is
        suspended; Unavailable when the issuer's keys, or what is known of the caller, cannot be had.
        """
        if len(token) > _LONGEST_TOKEN:
            raise _refused(f"The access token is longer than {_LONGEST_TOKEN} characters.")
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._remembered.get(digest)
        now = time.time()
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        try:
            caller, expires = await self._verified(token)
        except TRANSIENT as error:
            raise Unavailable("What is known of the caller cannot be read at the moment. Try again.") from error
        if caller.account is None or caller.person_id is not None:
            if len(self._remembered) >= _REMEMBERED_TOKENS:
                self._remembered.clear()
            self._remembered[digest] = (min(expires, now + _REMEMBERED_SECONDS), caller)
        return caller

    async def _verified(self, token: str) -> tuple[Caller, float]:
        try:
            header = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError) as error:
            raise _refused("The access token is not a signed JWT.") from error
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _refused(f"The access token's algorithm must be one of {', '.join(ALGORITHMS)}.")
        if "crit" in header or "b64" in header:
            raise _refused("The access token asks for an extension that is not understood here.")
        issuer = said.get("iss")
        registered = [] if not isinstance(issuer, str) else await self._registered(issuer, audiences(said))
        if not registered and issuer != self._issuer:
            raise _refused("The access token is of an issuer that no organisation has registered for its audience.")
        key = await self._key_set(str(issuer)).key(str(header.get("kid", "")))
        if key.key_type != ALGORITHMS[algorithm]:
            raise _refused("The access token's algorithm does not fit the key it names.")
        asked = [one.audience for one in registered] or [self._audience]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=asked,
                issuer=str(issuer),
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED_CLAIMS},
            )
        except (jwt.InvalidTokenError, OverflowError, ValueError, TypeError) as error:
            raise _refused(f"The access token {self._lack(error, str(issuer), asked)}.") from error
        _check_times(claims)
        _check_id("sub", claims["sub"])
        if registered:
            return await self._person(chosen(registered, claims), header, claims), float(claims["exp"])
        if not is_of_kind("at+jwt", header, claims, self._audience):
            raise _refused("The token is no access token: its header 'typ' must be 'at+jwt' (RFC 9068).")
        return await self._client(claims), float(claims["exp"])

    async def _client(self, claims: dict[str, Any]) -> Caller:
        client_id = claims.get("client_id", claims["sub"])
        _check_id("client_id", client_id)
        tenant_id = _tenant(claims)
        if tenant_id is not None:
            _refuse_unless_active(await self._directory.state(tenant_id))
        scope = claims.get("scope", "")
        return Caller(client_id, tenant_id, frozenset(scope.split()) if isinstance(scope, str) else frozenset())

    async def _person(self, registration: Registration, header: dict[str, Any], claims: dict[str, Any]) -> Caller:
        if not is_of_kind(registration.token_kind, header, claims, registration.audience):
            raise _refused(f"The token is not of the kind its issuer was registered for ({registration.token_kind}).")
        account = Account(registration.id, subject_id(registration.issuer, claims["sub"]), claims)
        known = await self._directory.account(registration.tenant_id, account.subject_id, registration.id)
        _refuse_unless_active(known.state)
        roles = known.roles | registration.roles_of(claims)
        client_id = claims.get("client_id") or claims.get("azp") or claims.get("appid") or claims.get("cid") or _NO_CLIENT
        if client_id != _NO_CLIENT:
            _check_id("client_id", client_id)
        return Caller(
            client_id,
            registration.tenant_id,
            registration.scopes_of(claims),
            account=account,
            person_id=known.person_id,
            administrator="hr_administrator" in roles,
            programs=known.programs,
        )

    async def _registered(self, issuer: str, named: Sequence[str]) -> list[Registration]:
        """Registrations of the issuer for one of these audiences. They are read again at most every other second, so that
        tokens of invented issuers cost no statement each."""
        if issuer == self._issuer and self._audience in named:
            return []
        if time.monotonic() - self._read_at > _ISSUERS_SECONDS:
            async with self._reading:
                if time.monotonic() - self._read_at > _ISSUERS_SECONDS:
                    found: dict[str, list[Registration]] = {}
                    for one in await self._directory.issuers():
                        found.setdefault(one.issuer, []).append(one)
                    self._registrations = found
                    self._read_at = time.monotonic()
        return [one for one in self._registrations.get(issuer, ()) if one.audience in named]

    def _key_set(self, issuer: str) -> KeySet:
        keys = self._key_sets.get(issuer)
        if keys is None:
            anywhere = self._anywhere or issuer == self._issuer
            keys = self._key_sets[issuer] = KeySet(issuer, self._http, self._remembered.clear, anywhere=anywhere)
        return keys

    def _lack(self, error: Exception, issuer: str, audience: Sequence[str]) -> str:  # noqa: PLR0911 - a sentence a case
        match error:
            case jwt.ExpiredSignatureError():
                return "has expired: ask its issuer for a new one"
            case jwt.MissingRequiredClaimError():
                return f"lacks the claim '{error.claim}'"
            case jwt.InvalidAudienceError():
                return f"is for somebody else: its claim 'aud' must contain '{audience[0]}'"
            case jwt.InvalidIssuerError():
                return f"is of another issuer: its claim 'iss' must be '{issuer}'"
            case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
                return "is not valid yet: look at 'iat' and 'nbf', and at the clocks of this machine and the issuer"
            case jwt.InvalidSignatureError():
                return "has a signature that does not fit the key it names"
            case _:
                return "is malformed"


def require_scopes(caller: Caller, needed: Sequence[str]) -> None:
    """Raises: Forbidden when the token lacks one of them; it says which, and which it has."""
    if caller.scopes is None or caller.scopes.issuperset(needed):
        return
    lacking = " ".join(scope for scope in needed if scope not in caller.scopes)
    has = " ".join(sorted(caller.scopes)) or "none"
    raise Forbidden(f"The access token lacks the scope {lacking}; it has {has}.", scope=" ".join(needed))


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, error="invalid_token")


def _check_times(claims: dict[str, Any]) -> None:
    for name in _TIMES:
        value = claims.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _END_OF_TIME
        ):
            raise _refused(f"The access token's claim '{name}' is no time.")
    if claims["exp"] - claims["iat"] > LONGEST_LIFE_SECONDS:
        raise _refused(f"The access token lives for more than {LONGEST_LIFE_SECONDS // 3600} hours.")


def _check_id(name: str, value: Any) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isprintable():
        raise _refused(f"The access token's claim '{name}' is no id: 1 to {_LONGEST_ID} printable characters.")


def _tenant(claims: dict[str, Any]) -> UUID | None:
    tenant = claims.get(TENANT_CLAIM)
    if tenant is None:
        return None
    try:
        tenant_id = UUID(tenant)
        if str(tenant_id) != tenant.lower() or not tenant_id.int:
            raise ValueError("no organisation has this id")
    except (ValueError, AttributeError, TypeError) as error:
        raise Forbidden(f"The access token's claim '{TENANT_CLAIM}' is not the id of an organisation.") from error
    return tenant_id


def _refuse_unless_active(state: str) -> None:
    if state != ACTIVE:
        raise OrganisationSuspended(f"Your organisation is {state}. Its data is kept; ask the operator of the platform.")
