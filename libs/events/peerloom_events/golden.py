"""Golden samples: records as they lie on Kafka, one file each, kept for as long as anyone may still hold such a record.

Whoever consumes the events may feed them to their own consumer's tests.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerloom_events.envelope import Headers

PACKAGE = Path(__file__).parent
_FILE_NAME = re.compile(r"(?P<revision>[1-9][0-9]*)-(?P<name>[a-z0-9-]+)\.json")


class MalformedSample(ValueError):
    """A sample file is not a record: named wrongly, not JSON, or without headers, key and data."""


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """One Kafka record of an event type, written by revision `revision` of its schema.

    `path` is relative to the package, `data` the body as JSON values.
    """

    path: str
    revision: int
    name: str
    headers: Headers
    key: bytes
    data: Any

    @property
    def value(self) -> bytes:
        """Body of the record: compact JSON."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def read(cls, file: Path, root: Path = PACKAGE) -> "GoldenRecord":
        """Raises: MalformedSample."""
        named = _FILE_NAME.fullmatch(file.name)
        if named is None:
            raise MalformedSample("its file name is not <revision>-<name>.json in lower case")
        try:
            record = json.loads(file.read_bytes())
            headers = [(str(name), str(value).encode()) for name, value in record["headers"].items()]
            key, data = str(record["key"]).encode(), record["data"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MalformedSample(f"it is not a JSON object of headers, key and data ({error})") from error
        return cls(file.relative_to(root).as_posix(), int(named["revision"]), named["name"], headers, key, data)


def golden_records(event_type: str, root: Path = PACKAGE) -> Iterator[GoldenRecord]:
    """Every golden sample of a CloudEvents type, oldest revision first.

    Raises: MalformedSample.
    """
    folder = root / "samples" / event_type.removeprefix("io.peerloom.")
    records = [GoldenRecord.read(file, root) for file in folder.glob("*.json")]
    yield from sorted(records, key=lambda record: (record.revision, record.name))
