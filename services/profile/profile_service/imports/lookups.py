"""What is looked up for a whole file is asked some thousands at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

_AT_ONCE: Final = 5000


def chunks(numbers: Iterable[str]) -> Iterator[list[str]]:
    """These in lists that one statement can take."""
    waiting = iter(numbers)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
