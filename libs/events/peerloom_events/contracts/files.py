"""Where the contracts lie: schema snapshots, golden samples, and the digests that hold both still."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerloom_events.event import Event
from peerloom_events.golden import PACKAGE

Schema = dict[str, Any]
EventClass = type[Event]
Models = Mapping[str, EventClass]

_SNAPSHOT_NAME = re.compile(r"[1-9][0-9]*\.json")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: `about` what, `what` broke and for whom, what `todo` about it."""

    about: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.about}: {self.what}. {self.todo}."


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """The files below `root` (the package itself, or a copy of it).

    `schemas/<type>/<revision>.json`, `samples/<type>/<revision>-<name>.json` and `SHA256SUMS` over both, where <type>
    is the CloudEvents type without `io.peerloom.`.
    """

    root: Path = PACKAGE

    @property
    def digests(self) -> Path:
        """File that holds the digest of every snapshot and sample."""
        return self.root / "SHA256SUMS"

    def revisions(self, name: str) -> dict[int, Path]:
        """Snapshots of a type by revision, oldest first."""
        files = (self.root / "schemas" / name).glob("*.json")
        return dict(sorted((int(file.stem), file) for file in files if _SNAPSHOT_NAME.fullmatch(file.name)))

    def samples(self, name: str) -> list[Path]:
        """Golden samples of a type."""
        return sorted((self.root / "samples" / name).glob("*.json"))

    def names(self) -> set[str]:
        """Types that have a snapshot or a sample."""
        return {folder.name for kind in ("schemas", "samples") for folder in (self.root / kind).glob("*/")}

    def paths(self) -> list[str]:
        """Every snapshot and sample, relative to `root`, with `/`."""
        found = (file for kind in ("schemas", "samples") for file in (self.root / kind).rglob("*") if file.is_file())
        return sorted(file.relative_to(self.root).as_posix() for file in found)

    def digest(self, path: str) -> str:
        """SHA-256 of a file as it is now, in hex."""
        return hashlib.sha256((self.root / path).read_bytes()).hexdigest()

    def recorded_digests(self) -> dict[str, str]:
        """Digest by path, as committed (format of `sha256sum`)."""
        if not self.digests.exists():
            return {}
        lines = self.digests.read_text(encoding="utf-8").splitlines()
        return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}

    def record_digests(self, digests: Mapping[str, str]) -> None:
        """Write the digest file anew."""
        lines = [f"{digest}  {path}\n" for path, digest in sorted(digests.items())]
        self.digests.write_text("".join(lines), encoding="utf-8")


def short_name(event: EventClass) -> str:
    """The CloudEvents type without its vendor prefix: name of the event's folders."""
    return event.type.removeprefix("io.peerloom.")


def schema_of(event: EventClass) -> Schema:
    """JSON Schema of an event as its snapshot keeps it: sorted, with `$id`, topic and key.

    Titles made from field names are left out; they say nothing the name does not.
    """
    schema = event.model_json_schema()
    for model in (schema, *schema.get("$defs", {}).values()):
        for field in model.get("properties", {}).values():
            field.pop("title", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": event.dataschema(),
        "x-topic": event.topic.name,
        "x-key": event.key_field,
        **schema,
    }


def read_snapshot(file: Path) -> Schema:
    """A snapshot as committed.

    Raises: ValueError when it is not a JSON object.
    """
    snapshot = json.loads(file.read_bytes())
    if not isinstance(snapshot, dict):
        raise ValueError("not a JSON object")
    return snapshot


def snapshot_text(schema: Schema) -> str:
    """How a snapshot is written: sorted, so that two runs give the same bytes."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def sample_text(record: dict[str, Any]) -> str:
    """How a sample is written: in the order people read it."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
