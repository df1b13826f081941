"""Cells that must hold a name of a known list: time zones and languages, with a suggestion for a misspelt one."""

import difflib
import functools
import re
import zoneinfo
from collections.abc import Iterable
from typing import Final

from profile_service.imports.people_file.cells import CellError, CellNote, missing, parts, required_text, shown, text
from profile_service.imports.people_file.languages import english_names, language_code

NO_PLACES: Final = frozenset({"Factory", "localtime", "posixrules"})
"""Names of the time zone database that are nobody's time."""

_IGNORES_SUMMER_TIME: Final = frozenset({"EST", "MST", "HST"})
_OLD_RULES: Final = frozenset({"CET", "MET", "EET", "WET", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"})
_OFFSET: Final = re.compile(r"(?:UTC|GMT)([+-])([0-9]{1,2})(?::?(00))?", re.IGNORECASE)
_SURROUNDED: Final = re.compile(r"(.+?) ?\([^()]*\)")
_PROFICIENCY: Final = re.compile(r"(.+?)(?: ?: ?| [-–—] | ?\().*")
_LANGUAGE_BREAK: Final = re.compile(r"[,/&]| and | und | et ", re.IGNORECASE)


class NearestName:
    """Suggests what a misspelt name probably meant.

    Comparing costs milliseconds, so a file gets this many comparisons; after that, messages do without.
    """

    def __init__(self, comparisons: int = 20) -> None:
        self._left = comparisons
        self._known: dict[str, str] = {}

    def suggestion(self, name: str, names: Iterable[str]) -> str:
        """` Did you mean …?`, or nothing."""
        if name not in self._known:
            if self._left == 0 or len(name) > 64:
                return ""
            self._left -= 1
            by_fold = {candidate.casefold(): candidate for candidate in names}
            near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
            self._known[name] = f" Did you mean {by_fold[near[0]]}?" if near else ""
        return self._known[name]


class TimeZoneCells:
    """The rule of a cell that names a time zone: by IANA, or as Windows calls it (CLDR). Case and blanks for underscores are
    forgiven. What ignores summer time is taken and said; an abbreviation that several zones share is refused.
    """

    def __init__(self, nearest: NearestName) -> None:
        self._nearest = nearest

    def __call__(self, cell: str) -> str:
        """The zone's name as the time zone database writes it."""
        words = required_text(cell)
        known = _time_zones()
        for name in (words, *_SURROUNDED.findall(words)):
            folded = name.casefold().replace(" ", "_")
            if folded in known:
                return self._said(words, known[folded])
            if folded in _windows_zones():
                return _windows_zones()[folded]
        if offset := _OFFSET.fullmatch(words):
            turned = "-" if offset[1] == "+" else "+"
            if (zone := f"etc/gmt{turned}{int(offset[2])}") in known:
                raise self._fixed(words, known[zone])
        same_city = [zone for key, zone in known.items() if key.rpartition("/")[2] == folded and "/" in key]
        if same_city:
            hint = f" Did you mean {same_city[0]}?"
        else:
            hint = self._nearest.suggestion(words, (zone for zone in known.values() if "/" in zone)) if len(words) > 5 else ""
        raise CellError(
            "unknown_time_zone",
            f"{shown(words)} is not an IANA time zone.{hint} Write a name such as Europe/Berlin.",
        )

    def _said(self, words: str, zone: str) -> str:
        if zone in _IGNORES_SUMMER_TIME or (zone.startswith("Etc/GMT") and zone[7:]):
            raise self._fixed(words, zone)
        if zone in _OLD_RULES:
            raise CellNote(
                zone,
                "doubtful_time_zone",
                f"{shown(words)} names no place. Write the place people work at, such as Europe/Berlin.",
            )
        return zone

    def _fixed(self, words: str, zone: str) -> CellNote:
        return CellNote(
            zone,
            "fixed_time_zone",
            f"{shown(words)} was taken as {zone}, which ignores summer time. Write a place, such as Europe/Berlin.",
        )


class LanguageCells:
    """The rule of a cell that lists languages, by name or by code (`English (US); de-CH`): ISO 639-1 codes, in order."""

    def __init__(self, nearest: NearestName) -> None:
        self._nearest = nearest

    def __call__(self, cell: str) -> tuple[str, ...]:
        """At least one code where there is one, none twice. What is no language is left out, and said."""
        entries = [entry for part in parts(cell) for entry in _entries(part)]
        if not entries:
            missing()
        found = {entry: _code(entry) for entry in entries}
        codes = tuple(dict.fromkeys(code for code in found.values() if code is not None))
        unknown = [entry for entry, code in found.items() if code is None]
        if not unknown:
            return codes
        name = unknown[0]
        hint = self._nearest.suggestion(name, english_names())
        message = f"{shown(name)} is not a language we know.{hint} Write its English name or its two-letter code (ISO 639-1)."
        raise CellNote(codes, "unknown_language", f"{message} The person is taken without it.")


def _entries(part: str) -> list[str]:
    words = text(part)
    return [words] if _code(words) else [entry for one in _LANGUAGE_BREAK.split(words) if (entry := one.strip())]


def _code(name: str) -> str | None:
    """The language an entry names, with or without how well somebody speaks it."""
    if code := language_code(name):
        return code
    said = _PROFICIENCY.fullmatch(name)
    return language_code(said[1]) if said else None


@functools.cache
def _time_zones() -> dict[str, str]:
    """Every zone of this machine's time zone database, by its case-folded name; areas' names before old aliases."""
    zones = sorted(zoneinfo.available_timezones() - NO_PLACES)
    return {zone.casefold(): zone for zone in zones}


@functools.cache
def _windows_zones() -> dict[str, str]:
    """Zones by the names Windows gives them, as the CLDR says, written as `_time_zones` are."""
    from babel.core import get_global  # noqa: PLC0415 - most files name zones by IANA, and need none of it

    known = _time_zones()
    zones = get_global("windows_zone_mapping").items()
    return {name.casefold().replace(" ", "_"): known[zone.casefold()] for name, zone in zones if zone.casefold() in known}
