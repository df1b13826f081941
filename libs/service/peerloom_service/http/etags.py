"""Entity tags as RFC 9110 has them: `"7"` is version 7, `W/"7"` a weak one, `*` any; headers may list several."""

import re
from typing import Final

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import PreconditionFailed

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST: Final = re.compile(rf"\s*{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*\s*")
_LONGEST_VERSION: Final = 9


def etag(version: int) -> str:
    """The strong tag of a version."""
    return f'"{version}"'


def is_known(if_none_match: str, current: str) -> bool:
    """Whether If-None-Match names the current tag. Weak tags count: §13.1.2 compares weakly."""
    if not if_none_match or if_none_match == current:
        return bool(if_none_match)
    return if_none_match.strip() == "*" or any(f'"{opaque}"' == current for _, opaque in _TAG.findall(if_none_match))


def expected_version(if_match: str) -> ExpectedVersion:
    """The versions If-Match allows to change. Weak tags never count: §13.1.1 compares strongly.

    Raises: PreconditionFailed for what cannot be a tag of ours, saying why.
    """
    if if_match.strip() == "*":
        return ExpectedVersion(None)
    if not _LIST.fullmatch(if_match):
        raise PreconditionFailed('If-Match is no ETag. Send it as you were given it, with its quotes: If-Match: "3".')
    tags = _TAG.findall(if_match)
    versions = frozenset(
        int(opaque) for weak, opaque in tags if not weak and opaque.isdecimal() and len(opaque) <= _LONGEST_VERSION
    )
    if not versions and any(weak for weak, _ in tags):
        raise PreconditionFailed("If-Match needs a strong ETag. Read the resource again and send its ETag without W/.")
    return ExpectedVersion(versions)
