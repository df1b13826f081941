"""How one organisation's files are to be read: what a sender says of a file beside sending it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from profile_service.imports.people_file.dates import DateOrder
from profile_service.imports.people_file.skills import USUAL_OFFERED_LEVEL, USUAL_SOUGHT_LEVEL

ENCODINGS: Final = (
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso-8859-1",
    "iso-8859-2", "iso-8859-5", "iso-8859-9", "iso-8859-15", "koi8-r", "cp437", "cp850", "cp852", "mac-roman", "cp932",
    "euc-jp", "gbk", "gb18030", "big5", "euc-kr",
)  # fmt: skip
"""Those a sender may name."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """`values`: {our column: {their cell, case-folded: ours}}, such as grades. `zones`: {location, case-folded: time zone}, for
    people whose row names none. `date_order`: of day and month; None: as the column shows. `encoding`: None: as the bytes show.
    `offered_level` and `sought_level`: of a skill that has none. `without_email`: people without an address are taken.
    """

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    date_order: DateOrder | None = None
    encoding: str | None = None
    offered_level: int = USUAL_OFFERED_LEVEL
    sought_level: int = USUAL_SOUGHT_LEVEL
    without_email: bool = False
