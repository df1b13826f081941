"""Languages by name or code, as the CLDR knows them: two-letter codes (ISO 639-1)."""

import functools
import re
from collections.abc import Iterator
from typing import Final

_NAMES_IN: Final = ("en", "de", "fr", "es", "it", "nl", "pt")
_OWN_NAMES_OF: Final = [
    "ar",
    "bg",
    "bn",
    "ca",
    "cs",
    "cy",
    "da",
    "el",
    "et",
    "eu",
    "fa",
    "fi",
    "ga",
    "gl",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "ja",
    "ka",
    "ko",
    "lt",
    "lv",
    "mk",
    "ms",
    "nb",
    "pl",
    "ro",
    "ru",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
]
_OTHER_NAMES: Final = {
    "farsi": "fa", "mandarin": "zh", "mandarin chinese": "zh", "castilian": "es", "flemish": "nl", "filipino": "tl",
    "cantonese": "zh", "chinese": "zh", "bangla": "bn", "norwegian": "no", "norsk": "no", "gaelic": "gd",
    "bahasa indonesia": "id", "bahasa melayu": "ms", "kiswahili": "sw",
}  # fmt: skip
_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_](?:[a-z]{4}|[a-z]{2}|[0-9]{3}))*(?:\.[a-z0-9-]+)?(?:@\w+)?")
_NO_TAGS: Final = frozenset({"so-so"})
"""Answers to another question that look like a code."""
_REGION: Final = re.compile(r"[-_]([A-Za-z]{2})(?=$|[-_.@])")


def language_code(name: str) -> str | None:
    """The two-letter code of a language given by its name in some languages, or by a code (`de-CH`, `zh-Hans`, `eng`)."""
    folded = name.casefold()
    return _names().get(folded) or _from_tag(name) or _own_names().get(folded)


def english_names() -> tuple[str, ...]:
    """For suggestions."""
    from babel import Locale  # noqa: PLC0415 - a file whose languages are plain codes needs none of it

    return tuple(name for code, name in Locale("en").languages.items() if len(code) == 2)


@functools.cache
def _names() -> dict[str, str]:
    """Code by case-folded name, also names of a language as it is spoken somewhere (`American English`)."""
    from babel import Locale  # noqa: PLC0415

    found = dict(_OTHER_NAMES)
    for language in _NAMES_IN:
        for code, name in Locale(language).languages.items():
            short = _short(code.split("_")[0])
            if short is not None:
                found.setdefault(str(name).casefold(), short)
    return found


@functools.cache
def _own_names() -> dict[str, str]:
    from babel import Locale  # noqa: PLC0415

    return {str(Locale(code).languages[code]).casefold(): code for code in _OWN_NAMES_OF}


@functools.lru_cache(1024)
def _from_tag(name: str) -> str | None:
    """A code with what may follow it. A region that is none makes it no code: `so-so` is not Somali."""
    from babel import Locale  # noqa: PLC0415

    found = _TAG.fullmatch(name.casefold())
    if found is None or name.casefold() in _NO_TAGS:
        return None
    for region in _REGION.findall(name):
        if region.upper() not in Locale("en").territories:
            return None
    return _short(found[1])


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(_two_letter_codes())


def _two_letter_codes() -> Iterator[str]:
    from babel import Locale  # noqa: PLC0415

    yield from (code for code in map(str, Locale("en").languages) if len(code) == 2)


def _short(code: str) -> str | None:
    """The two-letter code of a language's two or three letters."""
    from babel.core import get_global  # noqa: PLC0415

    if code not in _known():
        code = str(get_global("language_aliases").get(code, ""))[:2]
    return code if code in _known() else None
