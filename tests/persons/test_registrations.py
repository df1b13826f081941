"""What the claims of four identity providers say, by how an organisation has registered its issuer."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from peerloom_service.access.registrations import chosen, is_of_kind, subject_id
from peerloom_service.problems import Unauthenticated
from tests.persons.providers import CLAIMS, ENTRA, GOOGLE, HR, KEYCLOAK, REGISTERED

SCOPES = {"entra": {"matching:read", "matching:answer"}, "okta": {"openid", "sessions:read"}, "keycloak": None, "google": None}
TYPES = {"entra": "JWT", "okta": "JWT", "keycloak": "JWT", "google": "JWT"}


@pytest.mark.parametrize("provider", CLAIMS)
def test_a_providers_token_is_of_the_organisation_that_registered_it(provider: str) -> None:
    others = [replace(one, tenant_id=uuid4(), audience="another") for one in REGISTERED.values()]

    assert chosen([*others, REGISTERED[provider]], CLAIMS[provider]) is REGISTERED[provider]


@pytest.mark.parametrize("provider", CLAIMS)
def test_scopes_and_roles_are_read_where_the_provider_puts_them(provider: str) -> None:
    registration, claims = REGISTERED[provider], CLAIMS[provider]

    assert registration.scopes_of(claims) == SCOPES[provider]
    assert registration.roles_of(claims) == (set() if provider == "google" else {HR})


@pytest.mark.parametrize("provider", CLAIMS)
def test_a_token_counts_as_the_kind_the_issuer_was_registered_for_and_as_no_other(provider: str) -> None:
    registration, claims = REGISTERED[provider], CLAIMS[provider]
    header = {"typ": TYPES[provider]}

    assert is_of_kind(registration.token_kind, header, claims, registration.audience)
    assert not is_of_kind("at+jwt", header, claims, registration.audience), "only a token that says at+jwt is one"


@pytest.mark.parametrize(
    ("kind", "header", "claims"),
    [
        ("jwt", {"typ": "JWT"}, GOOGLE),
        ("jwt", {"typ": "JWT"}, {**ENTRA, "nonce": "x"}),
        ("jwt", {}, {**KEYCLOAK, "typ": "ID"}),
        ("jwt", {}, {**KEYCLOAK, "typ": "Refresh"}),
        ("jwt", {"typ": "dpop+jwt"}, ENTRA),
        ("jwt", {"typ": "logout+jwt"}, ENTRA),
        ("id-token", {"typ": "at+jwt"}, GOOGLE),
        ("id-token", {"typ": "JWT"}, KEYCLOAK),
        ("id-token", {"typ": "JWT"}, {**GOOGLE, "aud": [GOOGLE["aud"], "another"], "azp": "another"}),
        ("at+jwt", {"typ": "JWT"}, ENTRA),
        ("at+jwt", {}, ENTRA),
        ("at+jwt", {"typ": ["at+jwt"]}, ENTRA),
    ],
)
def test_a_token_of_another_kind_is_refused(kind: str, header: dict[str, Any], claims: dict[str, Any]) -> None:
    assert not is_of_kind(kind, header, claims, GOOGLE["aud"])


def test_a_token_that_could_be_of_two_organisations_is_of_neither() -> None:
    one = REGISTERED["entra"]

    with pytest.raises(Unauthenticated, match="more than one"):
        chosen([one, replace(one, tenant_id=uuid4(), organisation_claim=None)], ENTRA)


@pytest.mark.parametrize("value", [None, 5, ["other.example"], {"is": "example.com"}, "EXAMPLE.COM", ""])
def test_a_token_of_another_organisation_at_the_same_issuer_is_refused(value: Any) -> None:
    with pytest.raises(Unauthenticated, match="no organisation"):
        chosen([REGISTERED["google"]], {**GOOGLE, "hd": value})


def test_an_account_has_one_id_and_another_issuer_or_subject_has_another() -> None:
    assert subject_id("https://a", "b") == subject_id("https://a", "b")
    assert len({subject_id("https://a", "b"), subject_id("https://a", "c"), subject_id("https://ab", "")}) == 3
