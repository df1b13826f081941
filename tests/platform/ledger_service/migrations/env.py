from ledger_service.main import Base

from peerloom_service.migrations import run_migrations

run_migrations(Base.metadata)
