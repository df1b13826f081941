"""What all respondents of a program say together, never so that one of them could be told from the rest."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from feedback_service.domain.surveys import Answer

SMALLEST_CELL: Final = 5
"""Answers are released in batches of at least so many people, each batch for good. What two looks at the results differ by is
whole batches, so nobody learns an answer from fewer people by looking before and after (differencing)."""


@dataclass(frozen=True, slots=True)
class Results:
    """Of the answers that are released. `usefulness`: how often each score from 1 to 5 was given.

    The shares are of `responses`. `comments` are in the order of their words, not of their arrival. With no response there are
    no figures: None.
    """

    responses: int
    usefulness: tuple[int, int, int, int, int]
    usefulness_mean: float | None
    learned_something: float | None
    meet_again: float | None
    comments: Sequence[str]

    @classmethod
    def of(cls, released: Iterable[Answer]) -> "Results":
        """The figures of these answers."""
        answers = list(released)
        count = len(answers)
        scores = Counter(answer.usefulness for answer in answers)

        def share(total: int) -> float | None:
            return total / count if count else None

        return cls(
            responses=count,
            usefulness=(scores[1], scores[2], scores[3], scores[4], scores[5]),
            usefulness_mean=share(sum(score * times for score, times in scores.items())),
            learned_something=share(sum(answer.learned_something for answer in answers)),
            meet_again=share(sum(answer.meet_again for answer in answers)),
            comments=sorted(answer.comment for answer in answers if answer.comment),
        )
