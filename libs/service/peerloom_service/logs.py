"""Structured logs: one JSON object a line, with the trace it belongs to. Never a body, a token or a name."""

import logging
import sys
from typing import Any

import structlog
from opentelemetry import trace

_NOISY = ("aiokafka", "httpx", "httpcore", "alembic.runtime.migration")


def configure_logs(service: str, level: str) -> None:
    """Send this process's logs, and those of its libraries, to standard output."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _add_trace,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # An outage makes the Kafka client log some fifty lines a second; our own loops log what matters of it.
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "aiokafka" else logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def _add_trace(_logger: Any, _method: str, record: dict[str, Any]) -> dict[str, Any]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        record["trace_id"] = f"{span.trace_id:032x}"
    return record
