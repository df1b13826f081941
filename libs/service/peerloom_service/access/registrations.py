"""What an organisation says about its issuer of people's tokens, and what a token's claims say by that. Pure.

The shapes are those of Microsoft Entra ID, Okta, Keycloak and Google: `scp` as text or list, `roles` or `groups` as lists, a
claim that may lie inside another (`realm_access.roles`).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from peerloom_service.problems import Unauthenticated

_MARKS_OF_ID_TOKENS: Final = ("nonce", "at_hash", "c_hash")
_OTHER_KEYCLOAK_TYPES: Final = ("ID", "Refresh", "Offline", "Logout")


@dataclass(frozen=True, slots=True)
class Registration:
    """One organisation's issuer. See `IssuerRegistered` for what each part means."""

    tenant_id: UUID
    id: UUID
    issuer: str
    audience: str
    organisation_claim: str | None = None
    organisation_value: str | None = None
    scopes_claim: str | None = None
    roles_claim: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    token_kind: str = "at+jwt"  # noqa: S105 - no secret

    def is_meant(self, claims: Mapping[str, Any]) -> bool:
        """Whether the token is of this organisation."""
        if self.organisation_claim is None:
            return True
        return self.organisation_value in texts(claim(claims, self.organisation_claim))

    def scopes_of(self, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """The scopes the token is narrowed to; None: roles alone decide."""
        if self.scopes_claim is None:
            return None
        return frozenset(part for text in texts(claim(claims, self.scopes_claim)) for part in text.split())

    def roles_of(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """What the person is here by the roles or groups the token names."""
        if self.roles_claim is None:
            return frozenset()
        return frozenset(self.roles[text] for text in texts(claim(claims, self.roles_claim)) if text in self.roles)


def chosen(registrations: Iterable[Registration], claims: Mapping[str, Any]) -> Registration:
    """The one registration a verified token is meant for.

    Raises: Unauthenticated where there is none, or more than one: a token that could be of two organisations is of neither.
    """
    meant = [one for one in registrations if one.audience in audiences(claims) and one.is_meant(claims)]
    if len(meant) != 1:
        said = "no organisation that is registered" if not meant else "more than one organisation"
        raise Unauthenticated(f"The access token is of {said} with this issuer and audience.", error="invalid_token")
    return meant[0]


def is_of_kind(kind: str, header: Mapping[str, Any], claims: Mapping[str, Any], audience: str) -> bool:
    """Whether the token is what the issuer was registered to send."""
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if kind == "at+jwt":
        return typ == "at+jwt"
    if kind == "id-token":
        only = len(audiences(claims)) == 1 or claims.get("azp") == audience
        return typ in ("", "jwt") and only and claims.get("typ", "ID") == "ID"
    looks_like_id_token = any(mark in claims for mark in _MARKS_OF_ID_TOKENS) or claims.get("typ") in _OTHER_KEYCLOAK_TYPES
    return typ in ("", "jwt", "at+jwt") and not looks_like_id_token


def subject_id(issuer: str, subject: str) -> UUID:
    """An id for an account: the same for the same issuer and subject, and telling neither."""
    return UUID(bytes=hashlib.sha256(f"{issuer}\n{subject}".encode()).digest()[:16], version=5)


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """The value of a claim by its name, or inside others by a path with dots; a name that has dots itself comes first."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A claim that is a text or a list of texts; anything else says nothing."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The claim `aud` as a list."""
    return texts(claims.get("aud"))
