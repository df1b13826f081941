"""One trace shows a request and everything other services did because of it."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from ledgers import Ledger, a_match, an_account
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from peerloom_events import MatchConfirmed, ParticipantRegistered
from peerloom_service.consuming.decoding import InBatches
from peerloom_service.context import Cause
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.use_cases.transaction import Transaction
from tests.support import EventLog, eventually

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


async def test_a_batch_is_in_the_trace_of_its_first_event_and_linked_to_those_of_the_others(
    own_ledger: Ledger, feed, spans: InMemorySpanExporter
) -> None:
    other = FROM_OUTSIDE.replace("0af7651916cd43dd", "1bf7651916cd43dd")
    subscribes = {MatchConfirmed: InBatches(take_them_all)}
    await feed(a_match(), a_match(), traceparent=FROM_OUTSIDE)
    await feed(a_match(), traceparent=other)
    await feed(a_match())
    async with own_ledger.changed(subscribes=subscribes).serving():
        await own_ledger.settled()

    found = processed(spans, own_ledger.service.name)
    reached = {f"{span.context.trace_id:032x}" for span in found}
    reached |= {f"{link.context.trace_id:032x}" for span in found for link in span.links}
    assert {FROM_OUTSIDE.split("-")[1], other.split("-")[1]} <= reached
    assert any(span.parent is not None for span in found)


async def take_them_all(_tx: Transaction, _events: Sequence[MatchConfirmed]) -> None:
    """A handler that takes its events in batches."""


async def test_the_relay_sends_in_the_trace_of_what_published(
    own_ledger: Ledger, tenant: UUID, spans: InMemorySpanExporter
) -> None:
    async with own_ledger.serving() as ledger:
        await ledger.client(tenant).post("/v1/accounts", json=an_account(), headers={"traceparent": FROM_OUTSIDE})
        await own_ledger.settled()

    (sent,) = [span for span in spans.get_finished_spans() if span.name == "send"]
    assert f"{sent.context.trace_id:032x}" == FROM_OUTSIDE.split("-")[1]
    assert (sent.attributes or {})["messaging.batch.message_count"] == 1


async def test_a_task_goes_on_with_the_trace_of_its_event_and_hands_it_on(
    own_ledger: Ledger, feed, spans: InMemorySpanExporter
) -> None:
    causes: list[Cause] = []

    async def work_off(_runtime: Runtime, _event: MatchConfirmed, _tenant_id: UUID, cause: Cause) -> None:
        causes.append(cause)

    group = f"{own_ledger.service.name}.tasks"
    await own_ledger.surroundings.log.start_at_the_end(group, {MatchConfirmed.topic.name})
    (sent,) = await feed(a_match(), traceparent=FROM_OUTSIDE)
    async with own_ledger.changed(subscribes={}, tasks={MatchConfirmed: work_off}).serving():
        await eventually(lambda: sent.id in {cause.causation_id for cause in causes}, within=30)

    (cause,) = [cause for cause in causes if cause.causation_id == sent.id]
    in_trace = [span for span in processed(spans, group) if f"{span.context.trace_id:032x}" == FROM_OUTSIDE.split("-")[1]]
    assert cause.traceparent in {f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01" for span in in_trace}
    assert cause.correlation_id == sent.correlationid


async def test_work_that_is_done_later_is_in_the_trace_of_its_request(spans: InMemorySpanExporter) -> None:
    with Cause("a-request", traceparent=FROM_OUTSIDE).working("import people") as cause:
        assert cause.correlation_id == "a-request"
        assert cause.traceparent.split("-")[1] == FROM_OUTSIDE.split("-")[1]
        assert cause.traceparent != FROM_OUTSIDE
    with Cause("a-request").working("import people") as cause:
        assert cause.correlation_id == "a-request"

    assert [span.name for span in spans.get_finished_spans()] == ["import people"] * 2


def test_what_a_cause_is_kept_as_makes_the_same_one() -> None:
    cause = Cause("a-request", traceparent=FROM_OUTSIDE)

    assert Cause.of(cause.kept(), otherwise="own") == cause
    assert Cause.of(None, otherwise="own") == Cause("own")


async def test_a_problem_names_the_trace_it_belongs_to(own_ledger: Ledger, tenant: UUID, spans: InMemorySpanExporter) -> None:
    async with own_ledger.serving(worker=False) as ledger:
        answer = await ledger.client(tenant).post("/v1/accounts", json={}, headers={"traceparent": FROM_OUTSIDE})

    assert answer.json()["trace_id"] == FROM_OUTSIDE.split("-")[1]
