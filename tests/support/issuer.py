"""An OAuth 2.0 issuer inside the tests: real discovery and JWKS over HTTP, and tokens as wrong as a test wants them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.types import Receive, Scope, Send

from tests.support.serving import served

AUDIENCE = "peerloom"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Issuer:
    """Signs with one key each for RS256, ES256 and EdDSA. `keys`: private key by kid; `published`: the JWK set served.

    `reachable` false makes every answer a 503, and while `answers` is not set there is none.
    `fetches` counts how often the key set was read.
    """

    def __init__(self) -> None:
        self.url = ""
        self.keys: dict[str, PrivateKey] = {}
        self.published: list[dict[str, Any]] = []
        self.reachable = True
        self.fetches = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.kids = {algorithm: self.new_key(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")}

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        """Served on a loopback port."""
        issuer = cls()
        async with served(issuer) as url:
            issuer.url = url
            yield issuer

    def new_key(self, algorithm: str, *, publish: bool = True) -> str:
        """A fresh key, known under the kid that is returned."""
        kid = f"{algorithm}-{uuid4().hex[:8]}"
        if algorithm == "RS256":
            self.keys[kid] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        elif algorithm == "ES256":
            self.keys[kid] = ec.generate_private_key(ec.SECP256R1())
        else:
            self.keys[kid] = ed25519.Ed25519PrivateKey.generate()
        if publish:
            self.publish(kid, algorithm)
        return kid

    def publish(self, kid: str, algorithm: str) -> None:
        """Put a key's public half into the key set."""
        jwk = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(self.keys[kid].public_key()))
        self.published.append({**jwk, "kid": kid, "use": "sig", "alg": algorithm})

    def token(self, tenant: UUID | None, scopes: Iterable[str], *, algorithm: str = "ES256", **claims: Any) -> str:
        """An access token for an organisation's client (None: an operator's); claims given as None are left out."""
        return self.sign(self.claims(tenant, scopes, **claims), algorithm=algorithm)

    def claims(self, tenant: UUID | None, scopes: Iterable[str], **changed: Any) -> dict[str, Any]:
        """What stands in a sound token, with these claims changed; those given as None are left out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "tests",
            "client_id": "tests",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "jti": uuid4().hex,
            "scope": " ".join(scopes),
            "org_id": None if tenant is None else str(tenant),
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], *, algorithm: str = "ES256", kid: str | None = None) -> str:
        """Any claims as a signed token, by the algorithm's own key or by that of `kid`."""
        kid = kid or self.kids[algorithm]
        return jwt.encode(claims, self.keys[kid], algorithm, {"typ": "at+jwt", "kid": kid})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: the two documents verifiers fetch."""
        if scope["type"] != "http":
            return
        await self.answers.wait()
        document: dict[str, Any] | None = None
        if scope["path"] == "/.well-known/openid-configuration":
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        elif scope["path"] == "/jwks":
            self.fetches += 1
            document = {"keys": self.published}
        status = 503 if not self.reachable else 404 if document is None else 200
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document if status == 200 else {}).encode()})
