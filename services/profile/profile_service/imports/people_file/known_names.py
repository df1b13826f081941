"""Cells that must hold a name of a known list: time zones and languages, with a suggestion for a misspelt one."""

import difflib
import functools
import re
import zoneinfo
from collections.abc import Iterable

from profile_service.imports.people_file.cells import CellError, missing, parts, required_text, shown, text
from profile_service.imports.people_file.languages import english_names, language_codes


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
    """The rule of a cell that names an IANA time zone; case and blanks for underscores are forgiven."""

    def __init__(self, nearest: NearestName) -> None:
        self._nearest = nearest

    def __call__(self, cell: str) -> str:
        """The zone's name as the time zone database writes it."""
        words = required_text(cell)
        folded = words.casefold().replace(" ", "_")
        known = _time_zones()
        if folded in known:
            return known[folded]
        same_city = [zone for key, zone in known.items() if key.rpartition("/")[2] == folded]
        hint = f" Did you mean {same_city[0]}?" if same_city else self._nearest.suggestion(words, known.values())
        raise CellError(
            "unknown_time_zone",
            f"{shown(words)} is not an IANA time zone.{hint} Write a name such as Europe/Berlin.",
        )


class LanguageCells:
    """The rule of a cell that lists languages, by name or by code (`English; de-CH`): ISO 639-1 codes, in order."""

    def __init__(self, nearest: NearestName) -> None:
        self._nearest = nearest

    def __call__(self, cell: str) -> tuple[str, ...]:
        """At least one code, none twice."""
        codes = dict.fromkeys(self._code(part) for part in parts(cell.replace(",", ";")))
        if not codes:
            missing()
        return tuple(codes)

    def _code(self, part: str) -> str:
        name = text(part)
        known = language_codes()
        folded = name.casefold()
        code = known.get(folded) or known.get(re.split("[-_]", folded)[0] if len(folded) <= 8 else "")
        if code is None:
            hint = self._nearest.suggestion(name, english_names())
            raise CellError(
                "unknown_language",
                f"{shown(name)} is not a language we know.{hint} Write its English name or its two-letter code (ISO 639-1).",
            )
        return code


@functools.cache
def _time_zones() -> dict[str, str]:
    """Every zone of this machine's time zone database, by its case-folded name; areas' names before old aliases."""
    zones = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
    return {zone.casefold(): zone for zone in zones}
