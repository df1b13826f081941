"""What analytics writes: facts, each unless a newer one is known, and how many events there were."""

from typing import Final

from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from analytics_service import models
from analytics_service.domain import (
    AcceptanceFact,
    EnrolmentFact,
    Fact,
    MatchFact,
    ParticipantFact,
    ProgramFact,
    RelationshipFact,
    RunFact,
    SessionFact,
    SurveyFact,
)

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

# Workers that count the same type must not wait for each other's transactions, nor deadlock over the order of types: each
# database session adds to a row of its own, as far as the slots reach.
COUNT: Final = """
    INSERT INTO event_count AS known (tenant_id, type, slot, events) VALUES ($1, $2, pg_backend_pid() % 64, $3)
    ON CONFLICT (tenant_id, type, slot) DO UPDATE SET events = known.events + excluded.events
"""


def _keep(table: type[SQLModel]) -> str:
    """Keep facts in their table, each unless a newer one of the same thing is known, and count their events.

    Parameters: tenant, event type, number of events, JSON array of facts by column name.
    """
    declared = [column for column in table.__table__.columns if column.name != "tenant_id"]  # type: ignore[attr-defined]
    typed = ", ".join(f"{column.name} {column.type.compile(dialect=_POSTGRESQL)}" for column in declared)
    names = ", ".join(column.name for column in declared)
    key = ", ".join(column.name for column in declared if column.primary_key)
    stated = [column.name for column in declared if not column.primary_key]
    return f"""
        WITH counted AS ({COUNT})
        INSERT INTO {table.__tablename__} AS known (tenant_id, {names})
        SELECT DISTINCT ON ({key}) $1, {names} FROM jsonb_to_recordset($4) AS fact ({typed}) ORDER BY {key}, version DESC
        ON CONFLICT (tenant_id, {key}) DO UPDATE
        SET ({", ".join(stated)}) = ROW ({", ".join(f"excluded.{name}" for name in stated)})
        WHERE known.version < excluded.version
    """


KEEP: Final[dict[type[Fact], str]] = {
    ParticipantFact: _keep(models.ParticipantRow),
    ProgramFact: _keep(models.ProgramRow),
    EnrolmentFact: _keep(models.EnrolmentRow),
    RunFact: _keep(models.MatchRunRow),
    MatchFact: _keep(models.MatchRow),
    AcceptanceFact: _keep(models.AcceptanceRow),
    SessionFact: _keep(models.SessionRow),
    RelationshipFact: _keep(models.RelationshipRow),
    SurveyFact: _keep(models.SurveyRow),
}
