"""Text that compares equal where it looks equal: one normalisation for every way facts of people arrive."""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_JOINERS: Final = re.compile("[\u200c\u200d]")


def plain(text: str) -> str:
    """In composed form (NFC), without characters that cannot be seen. Joiners stay: some scripts need them."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def plain_identity(text: str) -> str:
    """`plain` for what identifies a person: without joiners too."""
    return text if text.isascii() else _JOINERS.sub("", plain(text))
