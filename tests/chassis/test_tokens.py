"""Which access tokens are taken, and what every other one is told."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ledger_service.main import ledger as make_ledger

from peerloom_service.access import keys
from tests.support import RunningService, Surroundings, eventually
from tests.support.issuer import Issuer

SCOPES = ["accounts:read", "accounts:write"]


async def ask(ledger: RunningService, token: str | bytes) -> Any:
    """The answer to reading what does not exist: 404 tells that the token was taken."""
    authorization = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
    return await ledger.client_with(authorization).get(f"/v1/accounts/{uuid4()}")  # type: ignore[arg-type]


def encoded(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def handmade(header: Any, claims: Any, signature: bytes = b"") -> str:
    return f"{encoded(header)}.{encoded(claims)}.{encoded(signature)}"


def hs256(issuer: Issuer, secret: bytes) -> str:
    """Signed by HMAC with something public, naming the RSA key: works where the token chooses the algorithm."""
    header = {"typ": "at+jwt", "alg": "HS256", "kid": issuer.kids["RS256"]}
    signed = f"{encoded(header)}.{encoded(issuer.claims(uuid4(), SCOPES))}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def public_key(issuer: Issuer, encoding: serialization.Encoding) -> bytes:
    public = issuer.keys[issuer.kids["RS256"]].public_key()
    return public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def signed_by_somebody_else(issuer: Issuer, **header: Any) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    headers = {"typ": "at+jwt", "kid": issuer.kids["ES256"], **header}
    if header.get("jwk") == "own":
        headers["jwk"] = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))
    return jwt.encode(issuer.claims(uuid4(), SCOPES), key, "ES256", headers)


def with_claims(**changed: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.token(uuid4(), SCOPES, **changed)


def typed(issuer: Issuer, typ: Any) -> str:
    """Sound but for its header `typ`, which a library would not write as it is."""
    header = {"alg": "ES256", "kid": issuer.kids["ES256"], **({} if typ is None else {"typ": typ})}
    signed = f"{encoded(header)}.{encoded(issuer.claims(uuid4(), SCOPES))}"
    algorithm = jwt.get_algorithm_by_name("ES256")
    return f"{signed}.{encoded(algorithm.sign(signed.encode(), issuer.keys[issuer.kids['ES256']]))}"


def now() -> int:
    return int(time.time())


def with_other_claims(issuer: Issuer) -> str:
    header, _, signature = issuer.token(uuid4(), SCOPES).split(".")
    return f"{header}.{encoded(issuer.claims(uuid4(), SCOPES))}.{signature}"


GOOD: dict[str, Callable[[Issuer], str]] = {
    "RS256": lambda issuer: issuer.token(uuid4(), SCOPES, algorithm="RS256"),
    "ES256": lambda issuer: issuer.token(uuid4(), SCOPES, algorithm="ES256"),
    "EdDSA": lambda issuer: issuer.token(uuid4(), SCOPES, algorithm="EdDSA"),
    "several audiences": with_claims(aud=["somebody", "peerloom"]),
    "no not-before": with_claims(nbf=None),
    "a clock a little behind": lambda issuer: issuer.token(uuid4(), SCOPES, exp=now() - 5),
    "claims nobody knows": with_claims(favourite_colour="blue"),
}

REFUSED: dict[str, Callable[[Issuer], str | bytes]] = {
    "expired": lambda issuer: issuer.token(uuid4(), SCOPES, exp=now() - 120),
    "not valid yet": lambda issuer: issuer.token(uuid4(), SCOPES, nbf=now() + 600),
    "issued in the future": lambda issuer: issuer.token(uuid4(), SCOPES, iat=now() + 600),
    "no expiry": with_claims(exp=None),
    "an expiry that is no time": with_claims(exp="tomorrow"),
    "no time of issue": with_claims(iat=None),
    "no subject": with_claims(sub=None),
    "another audience": with_claims(aud="payroll"),
    "no audience": with_claims(aud=None),
    "an audience that begins alike": with_claims(aud="peerloom.example.com"),
    "another issuer": with_claims(iss="https://issuer.example.com"),
    "no issuer": with_claims(iss=None),
    "alg none": lambda issuer: handmade({"alg": "none", "typ": "at+jwt"}, issuer.claims(uuid4(), SCOPES)),
    "alg nOnE with a kid": lambda issuer: handmade(
        {"alg": "nOnE", "kid": issuer.kids["RS256"]}, issuer.claims(uuid4(), SCOPES)
    ),
    "no alg": lambda issuer: handmade({"kid": issuer.kids["RS256"]}, issuer.claims(uuid4(), SCOPES)),
    "a list of algs": lambda issuer: handmade(
        {"alg": ["RS256", "none"], "kid": issuer.kids["RS256"]}, issuer.claims(uuid4(), SCOPES)
    ),
    "an alg that is a number": lambda issuer: handmade({"alg": 1, "kid": "x"}, issuer.claims(uuid4(), SCOPES)),
    "HS256 with the public key as PEM": lambda issuer: hs256(issuer, public_key(issuer, serialization.Encoding.PEM)),
    "HS256 with the public key as DER": lambda issuer: hs256(issuer, public_key(issuer, serialization.Encoding.DER)),
    "HS256 with the public key as JWK": lambda issuer: hs256(issuer, json.dumps(issuer.published[0]).encode()),
    "HS256 with nothing": lambda issuer: hs256(issuer, b""),
    "ES256 naming the RSA key": lambda issuer: jwt.encode(
        issuer.claims(uuid4(), SCOPES), issuer.keys[issuer.kids["ES256"]], "ES256", {"kid": issuer.kids["RS256"]}
    ),
    "RS256 naming the EC key": lambda issuer: jwt.encode(
        issuer.claims(uuid4(), SCOPES), issuer.keys[issuer.kids["RS256"]], "RS256", {"kid": issuer.kids["ES256"]}
    ),
    "RS512, which nobody agreed on": lambda issuer: jwt.encode(
        issuer.claims(uuid4(), SCOPES), issuer.keys[issuer.kids["RS256"]], "RS512", {"kid": issuer.kids["RS256"]}
    ),
    "signed by somebody else": signed_by_somebody_else,
    "signed by the key it brings along": lambda issuer: signed_by_somebody_else(issuer, jwk="own"),
    "signed by the key behind its jku": lambda issuer: signed_by_somebody_else(issuer, jku="http://127.0.0.1:9/jwks"),
    "signed by the key behind its x5u": lambda issuer: signed_by_somebody_else(issuer, x5u="http://127.0.0.1:9/x"),
    "a kid nobody published": lambda issuer: signed_by_somebody_else(issuer, kid="unknown"),
    "a kid that is a path": lambda issuer: signed_by_somebody_else(issuer, kid="../../../../dev/null"),
    "a kid that is a statement": lambda issuer: signed_by_somebody_else(issuer, kid="' OR '1'='1"),
    "a kid that is a number": lambda issuer: handmade({"alg": "ES256", "kid": 5}, issuer.claims(uuid4(), SCOPES)),
    "no kid": lambda issuer: handmade({"alg": "ES256"}, issuer.claims(uuid4(), SCOPES)),
    "an extension it must understand": lambda issuer: signed_by_somebody_else(issuer, crit=["unheard-of"]),
    "its signature cut off": lambda issuer: issuer.token(uuid4(), SCOPES).rpartition(".")[0] + ".",
    "its claims exchanged": with_other_claims,
    "two parts": lambda issuer: issuer.token(uuid4(), SCOPES).rpartition(".")[0],
    "an encrypted token's five parts": lambda _: "a.b.c.d.e",
    "a word": lambda _: "token",
    "bytes that are no text": lambda _: b"\xff\xfe\x00"[:2],
    "a header that is a list": lambda issuer: handmade([1, 2], issuer.claims(uuid4(), SCOPES)),
    "a header nested too deeply": lambda _: handmade(b"[" * 5000, {}),
    "a header with a lone surrogate": lambda _: handmade(b'{"alg":"ES256","kid":"\\ud800"}', {}),
    "an id token by its type": lambda issuer: typed(issuer, "JWT"),
    "no type": lambda issuer: typed(issuer, None),
    "a refresh token's type": lambda issuer: typed(issuer, "rt+jwt"),
    "a logout token": lambda issuer: typed(issuer, "logout+jwt"),
    "a DPoP proof": lambda issuer: typed(issuer, "dpop+jwt"),
    "a type that is a number": lambda issuer: typed(issuer, 1),
    "a type that is a list": lambda issuer: typed(issuer, ["at+jwt"]),
    "a type that only begins alike": lambda issuer: typed(issuer, "at+jwt2"),
    "a life of two days": lambda issuer: issuer.token(uuid4(), SCOPES, exp=now() + 2 * 86_400),
    "a life of a thousand years": lambda issuer: issuer.token(uuid4(), SCOPES, exp=now() + 31_536_000_000),
    "issued long ago for long": lambda issuer: issuer.token(uuid4(), SCOPES, iat=now() - 90_000, exp=now() + 60),
    "an expiry without an end": with_claims(exp=float("inf")),
    "an expiry that is no number": with_claims(exp=float("nan")),
    "an expiry that is a list": with_claims(exp=[now() + 60]),
    "an expiry that is true": with_claims(exp=True),
    "an expiry beyond all numbers": with_claims(exp=10**400),
    "a time of issue that is true": with_claims(iat=True),
    "a time of issue without an end": with_claims(iat=float("-inf")),
    "a time of issue that is text": with_claims(iat="now"),
    "a not-before that is true": with_claims(nbf=True),
    "a not-before that is no number": with_claims(nbf=float("nan")),
    "an empty subject": with_claims(sub=""),
    "a subject that is a number": with_claims(sub=7),
    "a subject that is a list": with_claims(sub=["tests"]),
    "a subject of a thousand characters": with_claims(sub="x" * 1000),
    "a subject with a line break": with_claims(sub="tests\nadmin"),
    "a subject with NUL": with_claims(sub="tests\x00"),
    "a subject with a lone surrogate": with_claims(sub="\ud800"),
    "an empty client": with_claims(client_id=""),
    "a client that is a list": with_claims(client_id=["tests"]),
    "a client that is an object": with_claims(client_id={"id": "tests"}),
    "a client with a line break": with_claims(client_id="tests\r\nX-Admin: 1"),
    "a client of a thousand characters": with_claims(client_id="x" * 1000),
    "an issuer that is a list": lambda issuer: handmade(
        {"alg": "ES256", "typ": "at+jwt", "kid": issuer.kids["ES256"]}, issuer.claims(uuid4(), SCOPES, iss=[issuer.url])
    ),
    "an issuer that begins alike": lambda issuer: issuer.token(uuid4(), SCOPES, iss=issuer.url + ".example.com"),
    "an issuer with a slash more": lambda issuer: issuer.token(uuid4(), SCOPES, iss=issuer.url + "/"),
    "an audience that is an object": with_claims(aud={"peerloom": True}),
    "an audience that is a list of lists": with_claims(aud=[["peerloom"]]),
    "an empty audience": with_claims(aud=""),
    "claims that are a list": lambda issuer: handmade({"alg": "ES256", "typ": "at+jwt", "kid": issuer.kids["ES256"]}, [1]),
    "claims that are no JSON": lambda issuer: handmade({"alg": "ES256", "kid": issuer.kids["ES256"]}, b"{"),
    "claims nested too deeply": lambda issuer: handmade({"alg": "ES256", "kid": issuer.kids["ES256"]}, b"[" * 5000),
    "an unencoded payload": lambda issuer: signed_by_somebody_else(issuer, b64=False, crit=["b64"]),
    "a hundred kilobytes": lambda issuer: issuer.token(uuid4(), SCOPES, padding="x" * 40_000)[:50_000],
}


@pytest.mark.parametrize("what", GOOD)
async def test_a_sound_token_is_taken(what: str, ledger: RunningService, issuer: Issuer) -> None:
    answer = await ask(ledger, GOOD[what](issuer))

    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("what", REFUSED)
async def test_any_other_token_is_refused(what: str, ledger: RunningService, issuer: Issuer) -> None:
    answer = await ask(ledger, REFUSED[what](issuer))

    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("authorization", [None, "Basic dXNlcjpwYXNz", "Bearer", "bearer\ttoken", "token"])
async def test_a_request_without_a_bearer_token_is_refused(authorization: str | None, ledger: RunningService) -> None:
    answer = await ledger.client_with(authorization).get(f"/v1/accounts/{uuid4()}")

    assert answer.status_code == 401


FORBIDDEN: dict[str, Callable[[Issuer], str]] = {
    "without the scope": lambda issuer: issuer.token(uuid4(), ["accounts:write"]),
    "with the scope in other letters": lambda issuer: issuer.token(uuid4(), ["Accounts:Read"]),
    "with half the scope": lambda issuer: issuer.token(uuid4(), ["accounts"]),
    "without any scope": with_claims(scope=None),
    "with scopes that are no text": with_claims(scope=SCOPES),
    "of no organisation": lambda issuer: issuer.token(None, SCOPES),
    "of an organisation that is no id": with_claims(org_id="acme"),
    "of an organisation that is a statement": with_claims(org_id="'; SET peerloom.tenant = '*"),
    "of the nil organisation": with_claims(org_id="00000000-0000-0000-0000-000000000000"),
    "of an organisation in braces": lambda issuer: issuer.token(uuid4(), SCOPES, org_id=f"{{{uuid4()}}}"),
    "of an organisation as a URN": lambda issuer: issuer.token(uuid4(), SCOPES, org_id=f"urn:uuid:{uuid4()}"),
    "of an organisation that is a number": with_claims(org_id=1),
    "of an organisation that is empty": with_claims(org_id=""),
    "of every organisation": with_claims(org_id="*"),
    "of an organisation that is a list": with_claims(org_id=[str(uuid4())]),
}


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_a_sound_token_that_does_not_allow_it_is_forbidden(what: str, ledger: RunningService, issuer: Issuer) -> None:
    answer = await ask(ledger, FORBIDDEN[what](issuer))

    assert answer.status_code == 403, answer.text


async def test_a_key_the_issuer_has_just_begun_to_use_is_found(
    ledger: RunningService, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(ledger, issuer.token(uuid4(), SCOPES))
    monkeypatch.setattr(keys, "_COOLDOWN_SECONDS", 0)
    kid = issuer.new_key("ES256")

    answer = await ask(ledger, issuer.sign(issuer.claims(uuid4(), SCOPES), kid=kid))

    assert answer.status_code == 404


async def test_tokens_with_invented_keys_do_not_make_us_ask_the_issuer_again_and_again(
    ledger: RunningService, issuer: Issuer
) -> None:
    await ask(ledger, issuer.token(uuid4(), SCOPES))
    before = issuer.fetches

    answers = await asyncio.gather(*(ask(ledger, signed_by_somebody_else(issuer, kid=uuid4().hex)) for _ in range(30)))

    assert {answer.status_code for answer in answers} == {401}
    assert issuer.fetches - before <= 1


async def test_a_token_that_was_taken_is_refused_once_it_has_expired(ledger: RunningService, issuer: Issuer) -> None:
    token = issuer.token(uuid4(), SCOPES, exp=now() - 27)  # within the half minute that clocks may differ

    first = await ask(ledger, token)
    await asyncio.sleep(4)
    second = await ask(ledger, token)

    assert (first.status_code, second.status_code) == (404, 401)


async def test_a_key_of_a_kind_we_do_not_use_does_not_spoil_the_others(surroundings: Surroundings) -> None:
    async with Issuer.running() as issuer:
        issuer.published[:0] = [
            {"kty": "RSA", "kid": "odd", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
            {"kty": "EC", "kid": "another curve", "crv": "secp256k1", "x": "AA", "y": "AA", "use": "sig"},
            {"kty": "OKP", "kid": "for agreement", "crv": "X25519", "x": "AA"},
            {"kty": "RSA", "kid": "broken", "use": "sig"},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        ]
        async with surroundings.running(make_ledger(), worker=False, auth_issuer=issuer.url) as ledger:
            ledger.issuer = issuer
            answer = await ask(ledger, issuer.token(uuid4(), SCOPES))

    assert answer.status_code == 404, answer.text


async def test_while_the_issuer_cannot_be_reached_new_callers_are_asked_to_come_back_and_known_keys_stay_good(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_COOLDOWN_SECONDS", 0)
    async with Issuer.running() as issuer:
        issuer.reachable = False
        async with surroundings.running(make_ledger(), worker=False, auth_issuer=issuer.url) as ledger:
            unknown = await ask(ledger, issuer.token(uuid4(), SCOPES))
            issuer.reachable = True
            known = await ask(ledger, issuer.token(uuid4(), SCOPES))
            issuer.reachable = False
            still_known = await ask(ledger, issuer.token(uuid4(), SCOPES))
            new = await ask(ledger, issuer.sign(issuer.claims(uuid4(), SCOPES), kid=issuer.new_key("ES256")))

    assert unknown.status_code == 503
    assert int(unknown.headers["retry-after"]) > 0
    assert (known.status_code, still_known.status_code, new.status_code) == (404, 404, 401)


async def test_while_the_issuer_hangs_a_known_key_answers_at_once(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_COOLDOWN_SECONDS", 0)
    async with (
        Issuer.running() as issuer,
        surroundings.running(make_ledger(), worker=False, auth_issuer=issuer.url) as ledger,
    ):
        ledger.runtime.verifier._http.timeout = httpx.Timeout(None)  # who waited for the issuer would wait for ever
        known = await ask(ledger, issuer.token(uuid4(), SCOPES))
        monkeypatch.setattr(keys, "_FRESH_SECONDS", 0)
        issuer.answers.clear()
        hanging = [await ask(ledger, issuer.token(uuid4(), SCOPES)) for _ in range(5)]
        fetched = issuer.fetches
        issuer.answers.set()
        await eventually(lambda: issuer.fetches > fetched, what="keys that are read again aside")

    assert [answer.status_code for answer in (known, *hanging)] == [404] * 6


async def test_the_organisation_of_a_token_is_the_one_that_is_served(ledger: RunningService, tenant: UUID) -> None:
    mine = (await ledger.client(tenant).post("/v1/accounts", json={"name": "mine"})).json()["id"]

    assert (await ledger.client(tenant).get(f"/v1/accounts/{mine}")).status_code == 200
    assert (await ledger.client(uuid4()).get(f"/v1/accounts/{mine}")).status_code == 404
