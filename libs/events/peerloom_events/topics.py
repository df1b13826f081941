"""The Kafka topics, as data: whoever creates, subscribes to or documents a topic reads it here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the event log.

    `key` names the aggregate whose id is the record key: events of one aggregate keep their order, and several event
    types share a topic where order between them matters.
    """

    name: str
    key: str
    purpose: str
    partitions: int = 12
    retention_days: int = 30


PARTICIPANTS = Topic("profile.participants.v1", "participant", "People of an organisation and their enrolments.")
PROGRAMS = Topic("profile.programs.v1", "program", "Programs an organisation runs.")
ACCESS = Topic("profile.access.v1", "issuer, link, grant or organisation", "Who may act for an organisation.")
RUNS = Topic("matching.runs.v1", "match run or replay", "Work for the matching workers, and what became of it.", partitions=24)
MATCHES = Topic("matching.matches.v1", "match", "Proposals, the answers to them, and the matches they become.")
SESSIONS = Topic("sessions.sessions.v1", "match", "Meetings of a match.")
RESPONSES = Topic("feedback.responses.v1", "survey", "Surveys asked and answered.")
RECOGNITION = Topic("feedback.recognition.v1", "kudos", "What colleagues thank each other for.")
CONCERNS = Topic("feedback.concerns.v1", "concern", "That somebody told the owner of a program something in private.")

TOPICS = (PARTICIPANTS, PROGRAMS, ACCESS, RUNS, MATCHES, SESSIONS, RESPONSES, RECOGNITION, CONCERNS)


def dead_letter_topic(group: str, topic: str) -> str:
    """Where consumer group `group` puts the records of `topic` it could not handle."""
    return f"dlt.{group}.{topic}"
