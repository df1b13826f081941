"""The clients an operator has registered. Their secrets are kept as digests only."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from peerloom_issuer.keys import Algorithm, write_private

OPERATOR = "operator"
OPERATOR_SCOPES = ("organisations:write", "clients:write")


@dataclass(frozen=True)
class Client:
    """Who may ask for tokens and what stands in them. `org_id`: the organisation it acts for; an operator has none."""

    client_id: str
    secret_digest: str
    client_name: str
    scopes: tuple[str, ...]
    org_id: str | None
    algorithm: Algorithm
    issued_at: int
    redirect_uris: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether people sign in through it: then it runs in their browser and keeps no secret."""
        return bool(self.redirect_uris)


class Clients:
    """All clients by id; in memory, and in `file` too when one is given, so that a restart keeps them."""

    def __init__(self, operator_secret: str, file: Path | None) -> None:
        self._file = file
        self._registered: dict[str, Client] = {}
        if file is not None and file.exists():
            for kept in json.loads(file.read_bytes()):
                self._registered[kept["client_id"]] = Client(
                    **{**kept, "scopes": tuple(kept["scopes"]), "redirect_uris": tuple(kept.get("redirect_uris", ()))}
                )
        self._operator = Client(OPERATOR, _digest(operator_secret), "Operator", OPERATOR_SCOPES, None, "RS256", 0)

    def register(
        self,
        name: str,
        scopes: tuple[str, ...],
        org_id: str | None,
        algorithm: Algorithm,
        redirect_uris: tuple[str, ...] = (),
    ) -> tuple[Client, str]:
        """A new client, and its secret, which is shown this once."""
        secret = secrets.token_urlsafe(32)
        client = Client(
            secrets.token_hex(12), _digest(secret), name, scopes, org_id, algorithm, int(time.time()), redirect_uris
        )
        self._registered[client.client_id] = client
        if self._file is not None:
            kept = [asdict(each) for each in self._registered.values()]
            write_private(self._file, json.dumps(kept, indent=1).encode())
        return client, secret

    def public(self, client_id: str) -> Client | None:
        """The client through which people sign in that has this id, or None."""
        client = self._registered.get(client_id)
        return client if client is not None and client.is_public else None

    def authenticate(self, client_id: str, secret: str) -> Client | None:
        """The client whose id and secret these are, or None."""
        client = self._operator if client_id == OPERATOR else self._registered.get(client_id)
        known = client.secret_digest if client else ""
        sound = hmac.compare_digest(known, _digest(secret)) and client is not None and not client.is_public
        return client if sound else None


def _digest(secret: str) -> str:
    # A slow password hash would add nothing: the secrets are 256 random bits, not words a person chose.
    return hashlib.sha256(secret.encode()).hexdigest()
