"""Who is in a relationship: what feedback knows of it."""

from dataclasses import dataclass
from uuid import UUID

from peerloom_service.problems import Invalid


class NotOfThisRelationship(Invalid):
    title = "Somebody named is not a participant of this relationship"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A confirmed match, from when it was confirmed on. `id` is the match's."""

    id: UUID
    version: int
    program_id: UUID
    participant_ids: tuple[UUID, ...]

    def admit(self, *people: UUID) -> None:
        """Raises: NotOfThisRelationship."""
        if not set(people) <= set(self.participant_ids):
            raise NotOfThisRelationship("Name participants of this relationship. They are listed at the match.")
