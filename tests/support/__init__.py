"""What tests stand on: real parts, an issuer, the event log, running services, and builders of what goes in and out."""

from tests.support import parts
from tests.support.bodies import a_person, a_program, an_organisation
from tests.support.facts import (
    a_match_accepted,
    a_match_confirmed,
    a_match_declined,
    a_match_expired,
    a_match_proposed,
    a_match_run_completed,
    a_participant_enrolled,
    a_participant_registered,
    a_participant_updated,
    a_program_launched,
    a_session_completed,
    a_session_missed,
    a_session_scheduled,
    a_survey_requested,
    feedback_submitted,
    some_facts,
)
from tests.support.log import EventLog, Overheard
from tests.support.processes import ServiceProcess
from tests.support.services import RunningService, Surroundings
from tests.support.waiting import eventually

__all__ = [
    "EventLog",
    "Overheard",
    "RunningService",
    "ServiceProcess",
    "Surroundings",
    "a_match_accepted",
    "a_match_confirmed",
    "a_match_declined",
    "a_match_expired",
    "a_match_proposed",
    "a_match_run_completed",
    "a_participant_enrolled",
    "a_participant_registered",
    "a_participant_updated",
    "a_person",
    "a_program",
    "a_program_launched",
    "a_session_completed",
    "a_session_missed",
    "a_session_scheduled",
    "a_survey_requested",
    "an_organisation",
    "eventually",
    "feedback_submitted",
    "parts",
    "some_facts",
]
