"""One trace shows a request and everything other services did because of it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from ledgers import Ledger, a_match, an_account
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from peerloom_events import ParticipantRegistered
from tests.support import EventLog

FROM_OUTSIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def _all_spans() -> InMemorySpanExporter:
    """Where every span of this process goes from now on: OpenTelemetry takes one provider for good."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(_all_spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Spans of the test, of services that were told where to export them."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    _all_spans.clear()
    yield _all_spans
    _all_spans.clear()


def processed(spans: InMemorySpanExporter, group: str) -> list[ReadableSpan]:
    """Spans of the consumer group's handlers."""
    return [
        span for span in spans.get_finished_spans() if (span.attributes or {}).get("messaging.consumer.group.name") == group
    ]


async def test_the_callers_trace_goes_through_the_outbox_to_whoever_hears(
    own_ledger: Ledger, event_log: EventLog, tenant: UUID, spans: InMemorySpanExporter
) -> None:
    async with own_ledger.serving() as ledger:
        answer = await ledger.client(tenant).post("/v1/accounts", json=an_account(), headers={"traceparent": FROM_OUTSIDE})
        await own_ledger.settled()
        assert answer.status_code == 201

    (said,) = event_log.overheard(ParticipantRegistered, tenant)
    version, trace_id, parent, flags = said.envelope.traceparent.split("-")
    request = {f"{span.context.span_id:016x}": span for span in spans.get_finished_spans()}[parent]
    assert (version, trace_id, flags) == ("00", FROM_OUTSIDE.split("-")[1], "01")
    assert f"{request.context.trace_id:032x}" == trace_id


async def test_a_consumer_goes_on_with_the_trace_of_the_event_and_hands_it_to_what_it_says(
    own_ledger: Ledger, tenant: UUID, feed, spans: InMemorySpanExporter
) -> None:
    match = a_match()
    async with own_ledger.serving():
        (sent,) = await feed(match, traceparent=FROM_OUTSIDE)
        await own_ledger.settled()

    (span,) = processed(spans, own_ledger.service.name)
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == FROM_OUTSIDE.split("-")[1]
    assert f"{span.parent.span_id:016x}" == FROM_OUTSIDE.split("-")[2]
    (said,) = own_ledger.said(tenant)
    assert said.envelope.traceparent == f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"
    assert said.envelope.causationid == sent.id
    assert said.envelope.correlationid == sent.correlationid


async def test_a_problem_names_the_trace_it_belongs_to(own_ledger: Ledger, tenant: UUID, spans: InMemorySpanExporter) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        answer = await ledger.client(tenant).post("/v1/accounts", json={}, headers={"traceparent": FROM_OUTSIDE})

    assert answer.json()["trace_id"] == FROM_OUTSIDE.split("-")[1]
