"""Tokens' claims as four identity providers send them, by their public documentation, and how each is registered.

Entra ID: learn.microsoft.com, "Access token claims reference" and "ID token claims reference" (v2.0). Okta: developer.okta.com,
"Access token scopes and claims" of a custom authorization server. Keycloak: the access token of its administration guide.
Google: developers.google.com, "OpenID Connect", an ID token of Google Workspace.
"""

from typing import Any, Final
from uuid import UUID, uuid4

from peerloom_service.access.registrations import Registration

HR: Final = "hr_administrator"
TENANT: Final = UUID("018f2f6a-2b6c-7d3e-8a41-3f0c2f9f5a10")


def registered(**facts: Any) -> Registration:
    """An organisation's registration with these facts."""
    return Registration(tenant_id=TENANT, id=uuid4(), **facts)


ENTRA: Final[dict[str, Any]] = {
    "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
    "iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
    "azp": "2c4a7d0e-4f5b-4e1f-9f4c-7d9b2b1c6a55",
    "azpacr": "0",
    "name": "Abe Lincoln",
    "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
    "preferred_username": "abeli@example.com",
    "rh": "I",
    "roles": ["Peerloom.HR", "Something.Else"],
    "scp": "matching:read matching:answer",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "ver": "2.0",
}
OKTA: Final[dict[str, Any]] = {
    "ver": 1,
    "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
    "iss": "https://acme.okta.com/oauth2/ausain6z9zIedDCxB0h7",
    "aud": "https://api.peerloom.example",
    "sub": "abe@example.com",
    "cid": "nmdP1fcyvdVO11AL7ECm",
    "uid": "00ujmkLgagxeRrAg20g3",
    "scp": ["openid", "sessions:read"],
    "groups": ["Everyone", "HR"],
}
KEYCLOAK: Final[dict[str, Any]] = {
    "jti": "e2d1f2a8-6f0e-4d6b-8f3c-3a1b7f4f0c11",
    "iss": "https://sso.example.com/realms/acme",
    "aud": ["peerloom", "account"],
    "sub": "f0a1e6b2-5f3d-4d8e-9b1a-0c9d8e7f6a5b",
    "typ": "Bearer",
    "azp": "intranet",
    "sid": "0b6f1d8c-5c2e-4a57-9d06-4f7c8b1e2a33",
    "realm_access": {"roles": ["offline_access", "hr-admin"]},
    "scope": "openid email",
    "email_verified": True,
    "preferred_username": "abe",
    "email": "abe@example.com",
}
GOOGLE: Final[dict[str, Any]] = {
    "iss": "https://accounts.google.com",
    "azp": "1234987819200.apps.googleusercontent.com",
    "aud": "1234987819200.apps.googleusercontent.com",
    "sub": "10769150350006150715113082367",
    "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
    "hd": "example.com",
    "email": "jsmith@example.com",
    "email_verified": True,
    "nonce": "0394852-3190485-2490358",
}

REGISTERED: Final = {
    "entra": registered(
        issuer=ENTRA["iss"],
        audience=ENTRA["aud"],
        organisation_claim="tid",
        organisation_value=ENTRA["tid"],
        scopes_claim="scp",
        roles_claim="roles",
        roles={"Peerloom.HR": HR},
        token_kind="jwt",
    ),
    "okta": registered(
        issuer=OKTA["iss"], audience=OKTA["aud"], scopes_claim="scp", roles_claim="groups", roles={"HR": HR}, token_kind="jwt"
    ),
    "keycloak": registered(
        issuer=KEYCLOAK["iss"],
        audience="peerloom",
        roles_claim="realm_access.roles",
        roles={"hr-admin": HR},
        token_kind="jwt",
    ),
    "google": registered(
        issuer=GOOGLE["iss"],
        audience=GOOGLE["aud"],
        organisation_claim="hd",
        organisation_value="example.com",
        token_kind="id-token",
    ),
}
CLAIMS: Final = {"entra": ENTRA, "okta": OKTA, "keycloak": KEYCLOAK, "google": GOOGLE}
