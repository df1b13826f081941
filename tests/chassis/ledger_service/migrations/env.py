from ledger_service.main import Base

from peerloom_service.storage.migrations import run_migrations

run_migrations(Base.metadata)
