"""Skills and goals as files list them."""

import re
from typing import Final

from profile_service.imports.people_file.cells import CellError, CellNote, Remembered, SkillLevel, parts, shown, text

MAX_SKILLS: Final = 100
MAX_GOALS: Final = 20

USUAL_OFFERED_LEVEL: Final = 3
USUAL_SOUGHT_LEVEL: Final = 1

_WITH_NUMBER: Final = re.compile(r"(.*\S)(?: ?[:=] ?| - | \()([0-9](?:[.,]0+)?)\)?")
_WITH_WORD: Final = re.compile(r"(.*\S)(?: ?[:=] ?| - | \()([^\W\d]+)\)?")
_LOOKS_LIKE_A_LEVEL: Final = re.compile(r".*: ?\S{0,2}|.*: ?[0-9]+[.,][0-9]+|:.*|.*: ?[0-9],.*")
_WORDS: Final = {
    "none": 0, "keine": 0, "novice": 1, "beginner": 1, "basic": 1, "anfänger": 1, "débutant": 1, "grundkenntnisse": 1,
    "elementary": 2, "intermediate": 3, "mittel": 3, "fortgeschritten": 4, "intermédiaire": 3, "proficient": 4, "advanced": 4,
    "avancé": 4, "expert": 5, "experte": 5, "expertin": 5, "master": 5, "native": 5,
}  # fmt: skip


def goals(cell: str) -> tuple[str, ...]:
    """In the order of the cell, none twice."""
    found = tuple(dict.fromkeys(text(part) for part in parts(cell)))
    if len(found) > MAX_GOALS:
        raise CellError("too_many_entries", f"The cell lists {len(found)} goals. Keep at most {MAX_GOALS}.")
    return found


class SkillCells:
    """The rule of a cell such as `Python:3; Public speaking:5`. A skill without a level takes the `usual` one.

    Entries repeat from person to person far more than cells do, so the entries are what is remembered.
    """

    def __init__(self, lowest: int, usual: int) -> None:
        self._lowest = lowest
        self._usual = usual
        self._entries = Remembered(self._entry)

    def __call__(self, cell: str) -> tuple[SkillLevel, ...]:
        """In the order of the cell, none twice."""
        entries = parts(cell)
        if len(entries) == 1 and "," in cell:
            entries = [part for part in cell.split(",") if part.strip()]
        note: CellNote | None = None
        by_name: dict[str, SkillLevel] = {}
        for entry in entries:
            try:
                name, skill = self._entries[entry]
            except CellNote as found:
                note, (name, skill) = note or found, found.value
            if by_name.setdefault(name, skill).level != skill.level:
                raise CellError("duplicate_skill", f"A skill is listed twice in {shown(cell)}. Keep one level for each.")
        if len(by_name) > MAX_SKILLS:
            raise CellError("too_many_entries", f"The cell lists {len(by_name)} skills. Keep at most {MAX_SKILLS}.")
        if note is not None:
            raise CellNote(tuple(by_name.values()), note.code, note.message)
        return tuple(by_name.values())

    def _entry(self, entry: str) -> tuple[str, SkillLevel]:
        words = text(entry)
        if found := _WITH_NUMBER.fullmatch(words):
            return self._skill(words, found[1], int(found[2][0]))
        if (found := _WITH_WORD.fullmatch(words)) and (level := _WORDS.get(found[2].casefold())) is not None:
            return self._skill(words, found[1], max(level, self._lowest))
        if not words or _LOOKS_LIKE_A_LEVEL.fullmatch(words):
            raise self._bad(words)
        raise CellNote(
            self._skill(words, words, self._usual),
            "skill_without_level",
            f"{shown(words)} has no level and was taken at level {self._usual}, and so wherever it has none.",
        )

    def _skill(self, words: str, name: str, level: int) -> tuple[str, SkillLevel]:
        if not self._lowest <= level <= 5:
            raise self._bad(words)
        return name.casefold(), SkillLevel(name, level)

    def _bad(self, words: str) -> CellError:
        return CellError(
            "bad_skill",
            f"{shown(words)} is not a skill with a level from {self._lowest} to 5. "
            "Write Skill:3, and a semicolon between skills.",
        )
