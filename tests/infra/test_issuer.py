"""The development issuer over real HTTP: its tokens convince a standard verifier, and nothing else gets one."""

import base64
import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from peerloom_dev.launch import is_ready
from peerloom_kafka.ports import free_ports

from .helpers import ENVIRONMENT, eventually

OPERATOR_SECRET = "an operator's secret of enough length"


class Issuer:
    """An issuer process that keeps its state in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.start()

    def start(self) -> None:
        settings = {
            "PEERLOOM_ISSUER_URL": self.url,
            "PEERLOOM_ISSUER_PORT": self.url.rpartition(":")[2],
            "PEERLOOM_ISSUER_OPERATOR_SECRET": OPERATOR_SECRET,
            "PEERLOOM_ISSUER_DIRECTORY": str(self.directory),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "peerloom_issuer"], env={**ENVIRONMENT, **settings})
        assert eventually(lambda: is_ready(self.url), 30), "the issuer starts"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    running = Issuer(tmp_path_factory.mktemp("issuer"))
    yield running
    running.stop()


@pytest.fixture
async def http(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=issuer.url, trust_env=False) as client:
        yield client


async def token(http: httpx.AsyncClient, client_id: str, secret: str, **form: str) -> httpx.Response:
    return await http.post("/oauth/token", data={"grant_type": "client_credentials", **form}, auth=(client_id, secret))


async def register(http: httpx.AsyncClient, **metadata: str) -> httpx.Response:
    operator = (await token(http, "operator", OPERATOR_SECRET)).json()["access_token"]
    body = {"client_name": "An HR system", "scope": "people:read people:write", "org_id": str(uuid4()), **metadata}
    return await http.post("/oauth/register", json=body, headers={"Authorization": f"Bearer {operator}"})


def verified(issuer: Issuer, access_token: str, *algorithms: str) -> dict[str, object]:
    """The claims, if a verifier that knows nothing but the issuer's address believes the token."""
    discovery = httpx.get(f"{issuer.url}/.well-known/openid-configuration", trust_env=False).json()
    key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(access_token)
    required = ["iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti", "scope"]
    claims: dict[str, object] = jwt.decode(
        access_token, key, list(algorithms), audience="peerloom", issuer=issuer.url, options={"require": required}
    )
    return claims


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_of_each_algorithm_is_believed_by_a_standard_verifier(
    issuer: Issuer, http: httpx.AsyncClient, algorithm: str
) -> None:
    client = (await register(http, token_signed_response_alg=algorithm)).json()

    answer = (await token(http, client["client_id"], client["client_secret"])).json()

    claims = verified(issuer, answer["access_token"], algorithm)
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert claims["client_id"] == claims["sub"] == client["client_id"]
    assert claims["org_id"] == client["org_id"]
    assert claims["scope"] == answer["scope"] == "people:read people:write"
    assert answer["token_type"] == "Bearer"
    assert abs(int(str(claims["exp"])) - time.time() - answer["expires_in"]) < 10


async def test_the_operator_belongs_to_no_organisation(issuer: Issuer, http: httpx.AsyncClient) -> None:
    answer = (await token(http, "operator", OPERATOR_SECRET)).json()

    claims = verified(issuer, answer["access_token"], "RS256")
    assert "org_id" not in claims
    assert claims["scope"] == "organisations:write clients:write"


async def test_a_client_may_show_its_secret_in_the_body(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "operator", "client_secret": OPERATOR_SECRET}

    answer = await http.post("/oauth/token", data=form)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("client_id", ["operator", "nobody-we-know"])
async def test_a_wrong_secret_and_an_unknown_client_get_the_same_refusal(http: httpx.AsyncClient, client_id: str) -> None:
    answer = await token(http, client_id, "not the secret")

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["error_description"] == "There is no client with this id and secret."
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_client_gets_only_scopes_it_was_registered_with(http: httpx.AsyncClient) -> None:
    client = (await register(http)).json()

    narrowed = await token(http, client["client_id"], client["client_secret"], scope="people:read")
    widened = await token(http, client["client_id"], client["client_secret"], scope="people:read programs:write")

    assert narrowed.json()["scope"] == "people:read"
    assert (widened.status_code, widened.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&client_secret=x", "invalid_request"),
        ("no form at all", "invalid_request"),
        ("", "unsupported_grant_type"),
    ],
)
async def test_a_malformed_token_request_is_told_why(http: httpx.AsyncClient, body: str, error: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = await http.post("/oauth/token", content=body, headers=headers, auth=("operator", OPERATOR_SECRET))

    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_client_of_an_organisation_cannot_make_clients_whatever_its_scopes(http: httpx.AsyncClient) -> None:
    client = (await register(http, scope="clients:write")).json()
    tenant = (await token(http, client["client_id"], client["client_secret"])).json()["access_token"]

    answer = await http.post(
        "/oauth/register", json={"client_name": "x", "scope": "a"}, headers={"Authorization": f"Bearer {tenant}"}
    )

    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


async def test_a_token_that_the_issuer_did_not_sign_registers_nothing(issuer: Issuer, http: httpx.AsyncClient) -> None:
    genuine = (await token(http, "operator", OPERATOR_SECRET)).json()["access_token"]
    claims = jwt.decode(genuine, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(genuine)["kid"]}
    forged = [
        jwt.encode(claims, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256", headers),
        jwt.encode(claims, "", "none", headers),
        jwt.encode({**claims, "iss": "https://elsewhere.example"}, "x" * 32, "HS256", headers),
        "not.a.token",
    ]

    for bearer in [*(f"Bearer {each}" for each in forged), "Basic b3BlcmF0b3I6eA==", ""]:
        answer = await http.post("/oauth/register", json={"client_name": "x", "scope": "a"}, headers={"Authorization": bearer})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token"), bearer
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "metadata",
    [{"scope": ""}, {"scope": 'people:"read'}, {"org_id": "acme"}, {"client_name": ""}, {"token_signed_response_alg": "none"}],
)
async def test_wrong_client_metadata_is_named(http: httpx.AsyncClient, metadata: dict[str, str]) -> None:
    answer = await register(http, **metadata)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert next(iter(metadata)) in answer.json()["error_description"]


async def test_a_restart_keeps_keys_and_clients_but_no_secret_is_on_disk(issuer: Issuer, http: httpx.AsyncClient) -> None:
    client = (await register(http)).json()
    before = (await token(http, client["client_id"], client["client_secret"])).json()["access_token"]

    issuer.stop()
    kept = {file.name: file.read_text() for file in issuer.directory.iterdir()}
    issuer.start()

    assert verified(issuer, before, "RS256")["client_id"] == client["client_id"]
    assert (await token(http, client["client_id"], client["client_secret"])).status_code == 200
    assert client["client_id"] in kept["clients.json"]
    assert not any(client["client_secret"] in text or OPERATOR_SECRET in text for text in kept.values())
    assert {file.stat().st_mode & 0o077 for file in issuer.directory.iterdir()} == {0}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "issuer.example"])
def test_the_issuer_refuses_to_listen_where_others_can_reach_it(host: str) -> None:
    settings = {"PEERLOOM_ISSUER_HOST": host, "PEERLOOM_ISSUER_OPERATOR_SECRET": OPERATOR_SECRET}

    command = [sys.executable, "-m", "peerloom_issuer"]
    done = subprocess.run(command, env={**ENVIRONMENT, **settings}, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert f"does not listen on {host}" in done.stderr
    assert "Traceback" not in done.stderr


# -- people -------------------------------------------------------------------------------------------------------------

BACK = "http://127.0.0.1:3000/signed-in"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"


async def front_end(http: httpx.AsyncClient) -> str:
    """Id of a client through which Ada of an organisation can sign in."""
    organisation = str(uuid4())
    registered = await register(http, org_id=organisation, redirect_uris=[BACK], scope="matching:read")  # type: ignore[arg-type]
    assert (registered.status_code, registered.json()["client_secret"]) == (201, "")
    operator = (await token(http, "operator", OPERATOR_SECRET)).json()["access_token"]
    ada = {"sub": "ada-1", "email": "ada@example.com", "name": "Ada <Lovelace>", "roles": ["manager"]}
    said = await http.put(f"/people/{organisation}", json=[ada], headers={"Authorization": f"Bearer {operator}"})
    assert said.status_code == 204
    client_id: str = registered.json()["client_id"]
    return client_id


def asked(for_client: str, **changed: str) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code",
        "client_id": for_client,
        "redirect_uri": BACK,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "scope": "openid matching:read people:write",
        "state": "s t",
        "nonce": "n",
        **changed,
    }


async def code_of(http: httpx.AsyncClient, client_id: str) -> str:
    answer = await http.post("/oauth/authorize", params=asked(client_id), data={"email": "ADA@example.com"})
    assert answer.status_code == 303
    back = urlsplit(answer.headers["location"])
    query = dict(parse_qsl(back.query))
    assert (f"{back.scheme}://{back.netloc}{back.path}", query["state"]) == (BACK, "s t")
    return query["code"]


async def redeem(http: httpx.AsyncClient, client_id: str, code: str, **changed: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": BACK}
    return await http.post("/oauth/token", data={**form, "code_verifier": VERIFIER, **changed})


async def test_somebody_signs_in_stays_signed_in_and_signs_out(issuer: Issuer, http: httpx.AsyncClient) -> None:
    client_id = await front_end(http)
    page = await http.get("/oauth/authorize", params=asked(client_id))
    tokens = (await redeem(http, client_id, await code_of(http, client_id))).json()
    again = await http.get("/oauth/authorize", params=asked(client_id))
    refresh = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": tokens["refresh_token"]}
    refreshed = await http.post("/oauth/token", data=refresh)
    reused = await http.post("/oauth/token", data=refresh)
    out = await http.get("/oauth/logout", params={"client_id": client_id, "post_logout_redirect_uri": BACK})
    later = await http.post("/oauth/token", data={**refresh, "refresh_token": refreshed.json()["refresh_token"]})

    assert "Ada &lt;Lovelace&gt;" in page.text
    assert "<Lovelace>" not in page.text
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["aud"], claims["roles"], claims["scope"]) == (
        "ada-1",
        "peerloom-people",
        ["manager"],
        "openid matching:read",
    )
    assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["nonce"] == "n"
    assert again.status_code == 303, "signed in already: no page"
    assert (refreshed.status_code, reused.status_code) == (200, 400)
    assert (out.status_code, out.headers["location"], later.status_code) == (303, BACK, 400)


async def test_a_code_is_good_once_and_only_for_who_asked_for_it(http: httpx.AsyncClient) -> None:
    client_id, other = await front_end(http), await front_end(http)
    code = await code_of(http, client_id)

    answers = [
        await redeem(http, client_id, await code_of(http, client_id), code_verifier="x" * 43),
        await redeem(http, client_id, await code_of(http, client_id), redirect_uri="http://127.0.0.1:3000/other"),
        await redeem(http, other, await code_of(http, client_id)),
        await redeem(http, client_id, "made up"),
        await redeem(http, client_id, code),
        await redeem(http, client_id, code),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 200, 400]


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "unknown"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"response_type": "token"},
    ],
)
async def test_nobody_is_sent_anywhere_by_a_request_that_is_not_sound(http: httpx.AsyncClient, changed: dict[str, str]) -> None:
    answer = await http.get("/oauth/authorize", params=asked(await front_end(http), **changed))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_people_come_back_to_this_machine_only(http: httpx.AsyncClient) -> None:
    for uri in ("https://portal.example.com/", "http://192.168.1.5/", "javascript:alert(1)", "http://127.0.0.1/#x"):
        assert (await register(http, redirect_uris=[uri])).status_code == 400  # type: ignore[arg-type]


def test_it_calls_itself_by_a_name_of_this_machine_only() -> None:
    settings = {"PEERLOOM_ISSUER_URL": "https://login.example.com", "PEERLOOM_ISSUER_OPERATOR_SECRET": OPERATOR_SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "peerloom_issuer"],
        env={**ENVIRONMENT, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "does not call itself login.example.com" in done.stderr
