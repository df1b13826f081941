"""Run by Alembic for each migration command."""

from peerloom_service.storage.migrations import run_migrations
from sessions_service.models import Base

run_migrations(Base.metadata)
