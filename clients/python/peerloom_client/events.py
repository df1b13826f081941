"""Events as they come: CloudEvents, each with the cursor behind it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvent. `cursor`: the place behind it, to go on from. `attributes`: all that is said about it."""

    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    cursor: str
    attributes: dict[str, Any]

    @classmethod
    def of(cls, document: dict[str, Any], cursor: str) -> "Event":
        """From CloudEvents' JSON format."""
        attributes = {name: value for name, value in document.items() if name != "data"}
        time = datetime.fromisoformat(document["time"])
        return cls(document["id"], document["type"], document["subject"], time, document["data"], cursor, attributes)


class StreamParser:
    """Reads server-sent events line by line. `cursor`: the last place seen. `retry_seconds`: the pause the server asks for."""

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        self.retry_seconds = 1.0
        self._data: list[str] = []

    def feed(self, line: str) -> Iterator[Event]:
        """The event that this line completes, if it does."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                self.cursor = value
            case "data":
                self._data.append(value)
            case "retry" if value.isdigit():
                self.retry_seconds = int(value) / 1000
            case "" if not line and self._data:
                document = json.loads("\n".join(self._data))
                self._data = []
                yield Event.of(document, self.cursor)
