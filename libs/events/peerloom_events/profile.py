"""What profile says: people, programs and who takes part."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from peerloom_events.event import Event, Fact
from peerloom_events.topics import PARTICIPANTS, PROGRAMS


class OfferedSkill(Fact):
    """A skill someone can help with. `level` 1 (beginner) to 5 (expert)."""

    skill: str
    level: int = Field(ge=1, le=5)


class SoughtSkill(Fact):
    """A skill someone wants to learn. `level` is where they stand now, 0 (nothing yet) to 5."""

    skill: str
    level: int = Field(ge=0, le=5)
    priority: int = Field(default=1, ge=1, le=3)


class WorkingHours(Fact):
    """When someone works, in wall time of their own zone: minutes after midnight, ISO weekdays 1 (Monday) to 7."""

    starts: int = Field(ge=0, le=1440)
    ends: int = Field(ge=0, le=1440)
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)


class ParticipantFacts(Fact):
    """What other services may know of a participant: no name, no address."""

    employee_level: int = Field(ge=1, description="Level in the organisation's job ladder; 1 is the entry level.")
    department: str
    job_title: str
    location: str
    time_zone: str = Field(description="IANA name")
    languages: tuple[str, ...]
    hired_on: date
    manager_id: UUID | None
    working_hours: WorkingHours
    offers: tuple[OfferedSkill, ...]
    seeks: tuple[SoughtSkill, ...]
    goals: tuple[str, ...]
    leaving_on: date | None = Field(
        default=None, description="The day from which they no longer work here; null: none is known, or they came back."
    )
    on_leave: bool = Field(default=False, description="They work here and are away for long: nobody is matched with them.")


class ParticipantRegistered(
    Event, type="io.peerloom.profile.participant.registered.v1", topic=PARTICIPANTS, key="participant_id"
):
    """A person of an organisation became known."""

    participant_id: UUID
    facts: ParticipantFacts


class ParticipantUpdated(Event, type="io.peerloom.profile.participant.updated.v1", topic=PARTICIPANTS, key="participant_id"):
    """A person's facts changed. Carries all of them, so that a consumer needs no earlier event."""

    participant_id: UUID
    facts: ParticipantFacts


class EmploymentChanged(
    Event, type="io.peerloom.profile.participant.employment_changed.v1", topic=PARTICIPANTS, key="participant_id"
):
    """When somebody works here changed: a leaving date was set, moved or taken back, a leave began or ended, or they came back.

    `status` holds from `effective_on`: `active`, `leave` or `left`. ParticipantUpdated with the same version has all facts.
    """

    participant_id: UUID
    status: str
    effective_on: date
    hired_on: date
    leaving_on: date | None = None


class ParticipantDeactivated(
    Event, type="io.peerloom.profile.participant.deactivated.v1", topic=PARTICIPANTS, key="participant_id"
):
    """Somebody has left, published on the day: their enrolments, open proposals, matches and sessions to come end."""

    participant_id: UUID
    left_on: date


class ParticipantEnrolled(Event, type="io.peerloom.profile.participant.enrolled.v1", topic=PARTICIPANTS, key="participant_id"):
    """A participant takes part in a program. `version` is the enrolment's."""

    participant_id: UUID
    program_id: UUID
    enrolment_id: UUID


class ParticipantPaused(Event, type="io.peerloom.profile.participant.paused.v1", topic=PARTICIPANTS, key="participant_id"):
    """A participant is not to be matched in a program for now. Matches they have go on. `version` is the enrolment's."""

    participant_id: UUID
    program_id: UUID
    enrolment_id: UUID


class ParticipantResumed(Event, type="io.peerloom.profile.participant.resumed.v1", topic=PARTICIPANTS, key="participant_id"):
    """A participant takes part in a program again. `version` is the enrolment's."""

    participant_id: UUID
    program_id: UUID
    enrolment_id: UUID


class ParticipantWithdrawn(
    Event, type="io.peerloom.profile.participant.withdrawn.v1", topic=PARTICIPANTS, key="participant_id"
):
    """A participant no longer takes part in a program: they withdrew (`withdrew`) or left the organisation (`left`).

    `version` is the enrolment's.
    """

    participant_id: UUID
    program_id: UUID
    enrolment_id: UUID
    reason: str


class ProgramLaunched(Event, type="io.peerloom.profile.program.launched.v1", topic=PROGRAMS, key="program_id"):
    """A program opened: people may be enrolled, matched and meet."""

    program_id: UUID
    format: str
    goal: str
    metric: str
    starts_on: date
    ends_on: date
    session_minutes: int = Field(ge=15, le=240)
    cadence_days: int = Field(ge=1, le=90)
    answer_within_seconds: int = Field(ge=1, description="How long a proposal waits for everybody's answer.")
    launched_at: AwareDatetime
    trio_when_odd: bool = Field(default=False, description="Whoever would be left over joins a pair: three people meet.")
    junior_up_to_level: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="A match is one junior, up to this level, and one senior, above it; null: peers."
    )
    seats_per_senior: int = Field(default=1, ge=1, le=5, description="How many juniors a senior may have at once.")
    options: dict[str, JsonValue] | None = Field(
        default=None,
        description="What the program chose of its format's options (`peerloom_events.formats`); null: see the fields above.",
    )
    ask_again_after_days: int = Field(
        default=90, ge=0, description="So long after a proposal nobody answered in time, its people may be proposed again."
    )


class ProgramUpdated(Event, type="io.peerloom.profile.program.updated.v1", topic=PROGRAMS, key="program_id"):
    """A program's dates or expectations changed. Carries all that can change, so that a consumer needs no earlier event."""

    program_id: UUID
    format: str
    goal: str
    metric: str
    starts_on: date
    ends_on: date
    session_minutes: int = Field(ge=15, le=240)
    cadence_days: int = Field(ge=1, le=90)
    answer_within_seconds: int = Field(ge=1)
    options: dict[str, JsonValue]
    ask_again_after_days: int = Field(ge=0)


class ProgramClosed(Event, type="io.peerloom.profile.program.closed.v1", topic=PROGRAMS, key="program_id"):
    """A program ended before its time: nobody is enrolled or matched any more, and what is open ends."""

    program_id: UUID
    closed_at: AwareDatetime
