"""The guides that come with the service: a file for each format, version and language. A version never changes."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import TypeAdapter

from sessions_service.domain.guides import Guide

USUAL_FORMAT: Final = "one-to-one"
USUAL_LANGUAGE: Final = "en"


@cache
def all_guides() -> tuple[Guide, ...]:
    """Every guide there is, by format, version and language."""
    found = [_read(one.name, one.read_text("utf-8")) for one in files(__package__).iterdir() if one.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda guide: (guide.format, guide.version, guide.language)))


def guide_for(format_: str | None, language: str) -> Guide:
    """The newest guide of a format; where the format or the language has none, the usual one."""
    by_format: dict[str | None, list[Guide]] = {}
    for guide in all_guides():
        by_format.setdefault(guide.format, []).append(guide)
    of_format = by_format.get(format_, by_format[USUAL_FORMAT])
    in_language = [guide for guide in of_format if guide.language == language]
    return (in_language or [guide for guide in of_format if guide.language == USUAL_LANGUAGE])[-1]


def _read(name: str, text: str) -> Guide:
    format_, version, language, _toml = name.split(".")
    declared: dict[str, Any] = tomllib.loads(text)
    return TypeAdapter(Guide).validate_python({"format": format_, "version": version, "language": language, **declared})
