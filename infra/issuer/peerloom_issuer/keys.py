"""The issuer's signing keys, one for each algorithm the services accept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.utils import base64url_encode

Algorithm = Literal["RS256", "ES256", "EdDSA"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

MAKERS: Final[dict[Algorithm, Callable[[], PrivateKey]]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
THUMBPRINT_MEMBERS: Final = ("crv", "e", "kty", "n", "x", "y")  # those that RFC 7638 hashes, for all three key types


class SigningKeys:
    """The private keys, made at start or read from `directory`, and the public half as a JWK set (RFC 7517)."""

    def __init__(self, directory: Path | None) -> None:
        self._private = {algorithm: _key(algorithm, directory) for algorithm in MAKERS}
        self._public = {algorithm: _public_jwk(algorithm, key) for algorithm, key in self._private.items()}

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The document that verifiers fetch."""
        return {"keys": list(self._public.values())}

    def sign(self, claims: dict[str, Any], algorithm: Algorithm, typ: str = "at+jwt") -> str:
        """The claims as a signed token: an access token (RFC 9068) unless another type is asked for."""
        headers = {"typ": typ, "kid": self._public[algorithm]["kid"]}
        return jwt.encode(claims, self._private[algorithm], algorithm, headers)

    def verify(self, token: str, *, issuer: str, audience: str) -> dict[str, Any]:
        """The claims of a token that these keys signed. Raises: jwt.InvalidTokenError."""
        kid = jwt.get_unverified_header(token).get("kid")
        for algorithm, public in self._public.items():
            if public["kid"] == kid:
                key = self._private[algorithm].public_key()
                claims: dict[str, Any] = jwt.decode(token, key, [algorithm], issuer=issuer, audience=audience)
                return claims
        raise jwt.InvalidTokenError("it names no key of this issuer")


def _key(algorithm: Algorithm, directory: Path | None) -> PrivateKey:
    if directory is None:
        return MAKERS[algorithm]()
    file = directory / f"{algorithm}.pem"
    if file.exists():
        kept = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(kept, PrivateKey):
            raise ValueError(f"{file} holds another kind of key")
        return kept
    made = MAKERS[algorithm]()
    write_private(
        file,
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    return made


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, all or nothing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(content)
    part.replace(file)


def _public_jwk(algorithm: Algorithm, key: PrivateKey) -> dict[str, Any]:
    jwk = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    members = {name: jwk[name] for name in THUMBPRINT_MEMBERS if name in jwk}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return {**members, "kid": base64url_encode(digest).decode(), "use": "sig", "alg": algorithm}
