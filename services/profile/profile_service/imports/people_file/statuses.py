"""What a status column says: whether somebody works here, is away for long, or has left. English, German and French."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Final

from profile_service.imports.people_file.cells import CellError, CellNote, shown, text


class Status(Enum):
    """What is said of an employment; `UNSAID` where nothing is."""

    UNSAID = ""
    ACTIVE = "active"
    LEAVE = "leave"
    LEFT = "left"


_YES: Final = frozenset({"1", "y", "yes", "true", "t", "x", "ja", "j", "oui", "wahr", "vrai"})
_NO: Final = frozenset({"0", "n", "no", "false", "f", "nein", "non", "falsch", "faux"})
_LEFT: Final = frozenset(
    [
        "terminated",
        "termination",
        "inactive",
        "retired",
        "retiree",
        "resigned",
        "resignation",
        "left",
        "leaver",
        "former",
        "exited",
        "separated",
        "deceased",
        "dismissed",
        "offboarded",
        "ex",
        "ausgeschieden",
        "inaktiv",
        "ruhestand",
        "rentner",
        "rentnerin",
        "pensioniert",
        "ehemalig",
        "ehemalige",
        "ehemaliger",
        "ausgetreten",
        "inactif",
        "inactive",
        "sorti",
        "sortie",
        "parti",
        "partie",
        "retraité",
        "retraitée",
        "retraite",
        "démissionné",
        "licencié",
        "licenciée",
    ]
)
_LEAVE: Final = frozenset(
    [
        "leave",
        "loa",
        "sabbatical",
        "furlough",
        "furloughed",
        "elternzeit",
        "mutterschutz",
        "beurlaubt",
        "beurlaubung",
        "sabbatjahr",
        "langzeitkrank",
        "congé",
        "conge",
        "suspended",
        "suspendu",
        "suspendue",
    ]
)
_ACTIVE: Final = frozenset(
    [
        "active",
        "a",
        "employed",
        "current",
        "working",
        "aktiv",
        "beschäftigt",
        "angestellt",
        "actif",
        "présent",
        "présente",
        "employé",
        "employée",
        "probation",
    ]
)
_NEGATIONS: Final = frozenset({"not", "non", "no", "nicht", "pas"})
_UNDECIDED: Final = frozenset({"pending", "notice", "future", "planned", "geplant", "prévu"})
_YES_MEANS_LEFT: Final = re.compile(r"attrition|terminat|inactive|hasleft|left|leaver|retired|resigned|ausgeschieden")
_WORD: Final = re.compile(r"[^\W_]+")


def status_rule(header: str) -> Callable[[str], Status]:
    """The rule of a status column under that header: yes and no mean what the header asks."""
    yes_means_left = bool(_YES_MEANS_LEFT.search("".join(_WORD.findall(header.casefold()))))

    def status(cell: str) -> Status:
        return _status(cell, yes_means_left=yes_means_left)

    return status


def _status(cell: str, *, yes_means_left: bool) -> Status:
    words = text(cell)
    said = {word.casefold() for word in _WORD.findall(words)}
    if not said:
        return Status.UNSAID
    if len(said) == 1 and said & (_YES | _NO):
        return Status.LEFT if bool(said & _YES) == yes_means_left else Status.ACTIVE
    if not said & _UNDECIDED:
        if said & _LEAVE:
            return Status.LEAVE
        if said & _LEFT or (said & _ACTIVE and said & _NEGATIONS):
            return Status.LEFT
        if said & _ACTIVE:
            return Status.ACTIVE
    raise CellNote(
        Status.UNSAID,
        "unknown_status",
        f"{shown(words)} is not a status we know; people with it are taken as being here. "
        "Say what it means by value=status:…=active, leave or left.",
    )


def refuse_other(cell: str) -> Status:
    """A status in our own words, for what a mapping says that theirs mean."""
    try:
        return Status(cell.strip().casefold())
    except ValueError:
        raise CellError("bad_status", f"{shown(cell)} is none of active, leave, left.") from None
