"""E-mail addresses as files have them."""

import re
from typing import Final

from profile_service.imports.people_file.cells import CellError, CellNote, missing, shown, text
from profile_service.plain_text import plain_identity

MAX_EMAIL_CHARS: Final = 254

_EMAIL: Final = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\".]+(\.[^\s@,;<>\".]+)+")
_LINK: Final = "mailto:"
_IN_BRACKETS: Final = re.compile(r"[^<>]*<([^<>]+)>")


def email(cell: str) -> str:
    """An address that can plausibly receive mail; only mailing it would tell. What is around it is taken away, and said."""
    words = plain_identity(text(cell, most=MAX_EMAIL_CHARS)) or missing()
    if _EMAIL.fullmatch(words) and not words.startswith(_LINK):
        return words
    mended = _mended(words)
    if not _EMAIL.fullmatch(mended):
        raise CellError("bad_email", f"{shown(words)} is not an e-mail address. Write one, such as ann@example.com.")
    raise CellNote(mended, "mended_email", f"{shown(words)} was taken as {shown(mended)}. Correct it if that is wrong.")


def optional_email(cell: str) -> str:
    """`email`, empty where there is none: for an organisation that takes people without an address."""
    return email(cell) if cell.strip() else ""


def _mended(words: str) -> str:
    """The first address of what may be a list, a name with an address, or a link."""
    first = re.split("[;,]", words.replace("\uff20", "@"))[0].strip()
    if bracketed := _IN_BRACKETS.fullmatch(first):
        first = bracketed[1].strip()
    return first.removeprefix(_LINK).rstrip(".")
