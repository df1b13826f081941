"""Kudos: what a colleague did well, in the words of another."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from peerloom_service.context import ExpectedVersion
from peerloom_service.problems import Invalid, PreconditionFailed


class KudosToOneself(Invalid):
    title = "Kudos go to somebody else"


@dataclass(frozen=True, slots=True)
class Kudos:
    """`shared`: the receiver agrees that others of the organisation see them; until then they are for the two alone."""

    id: UUID
    version: int
    match_id: UUID
    program_id: UUID
    giver_id: UUID
    receiver_id: UUID
    text: str
    shared: bool
    given_at: datetime

    def __post_init__(self) -> None:
        if self.giver_id == self.receiver_id:
            raise KudosToOneself("Give kudos to a colleague: the giver and the receiver are one person here.")

    def shown(self, expected: ExpectedVersion, *, shared: bool) -> "Kudos":
        """As their receiver wants them shown.

        Raises: PreconditionFailed where they have been changed since the caller read them.
        """
        if not expected.allows(self.version):
            raise PreconditionFailed(f"These kudos are at version {self.version} now. Read them again, then decide.")
        return replace(self, version=self.version + 1, shared=shared)
