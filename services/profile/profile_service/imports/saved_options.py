"""The options of an import as its row keeps them: JSON, with what is usual left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from profile_service.domain import FileOptionWrong
from profile_service.imports.people_file import FileOptions
from profile_service.imports.people_file.dates import DateOrder
from profile_service.imports.people_file.options import ENCODINGS


def file_options(saved: Mapping[str, Any]) -> FileOptions:
    """What was said of a file."""
    return FileOptions(**{name: saved[name] for name in FileOptions.__slots__ if name in saved})


def saved_options(
    values: Sequence[str],
    zones: Sequence[str],
    date_order: DateOrder | None,
    encoding: str | None,
    *,
    without_email: bool,
) -> dict[str, Any]:
    """What a request says of its file (`column:theirs=ours`, `location=zone`), as an import keeps it.

    Raises: FileOptionWrong.
    """
    if encoding is not None and encoding.casefold() not in ENCODINGS:
        raise FileOptionWrong(f"encoding: {encoding} is none of {', '.join(ENCODINGS)}.")
    meanings: dict[str, dict[str, str]] = {}
    for one in values:
        column, _, said = one.partition(":")
        theirs, _, ours = said.rpartition("=")
        meanings.setdefault(column, {})[" ".join(theirs.split()).casefold()] = ours
    by_location = (one.rpartition("=") for one in zones)
    said_of_it = {
        "values": meanings,
        "zones": {" ".join(place.split()).casefold(): zone for place, _, zone in by_location},
        "date_order": date_order,
        "encoding": encoding and encoding.casefold(),
        "without_email": without_email,
    }
    return {name: value for name, value in said_of_it.items() if value}
