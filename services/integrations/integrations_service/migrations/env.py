"""Run by Alembic for each migration command."""

from integrations_service.models import Base
from peerloom_service.storage.migrations import run_migrations

run_migrations(Base.metadata)
