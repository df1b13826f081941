"""Traces and metrics by OpenTelemetry. The messaging names are still in development upstream: they stand only here.

A trace context travels in the outbox row and the record's `ce_traceparent`, and consumers and tasks go on with it, so that one
trace shows a request and everything other services did because of it. Events that are sent or handled together share a span: it
is in the trace of the first, and linked to those of the others. Spans carry ids of aggregates, never of people.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_TRACEPARENT: Final = b"ce_traceparent"
_TRACEPARENT_LENGTH: Final = 55  # behind its name stands its length, which takes one byte
_MOST_LINKS: Final = 128
_AGES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("peerloom_service")
_meter = metrics.get_meter("peerloom_service")

published = _meter.create_counter("messaging.client.sent.messages", description="Events acknowledged by the broker")
consumed = _meter.create_counter("messaging.client.consumed.messages", description="Events whose effect was committed")
repeated = _meter.create_counter("peerloom.inbox.repeats", description="Deliveries of an event handled before")
dead_lettered = _meter.create_counter("peerloom.dead_letters", description="Events given up on and parked with their key")
lost = _meter.create_counter("peerloom.consumer.lost", description="Events that retention removed before they were handled")
set_aside = _meter.create_counter(
    "peerloom.outbox.refused", description="Events the broker refused for good, set aside with their key"
)
outbox_age = _meter.create_histogram(
    "peerloom.outbox.age",
    unit="s",
    description="Commit to acknowledgement by the broker",
    explicit_bucket_boundaries_advisory=_AGES,
)
event_age = _meter.create_histogram(
    "peerloom.event.age",
    unit="s",
    description="Fact to effect: how old the oldest of the events handled together is when its effect is committed",
    explicit_bucket_boundaries_advisory=_AGES,
)


def record_event_age(written: str, *, topic: str, group: str) -> None:
    """The age of an event, by its time in RFC 3339: how far behind its group is, in seconds."""
    age = (datetime.now(UTC) - datetime.fromisoformat(written)).total_seconds()
    event_age.record(max(0.0, age), {"messaging.destination.name": topic, "messaging.consumer.group.name": group})


Reading = Callable[[], Iterable[tuple[float, Mapping[str, str]]]]
"""Values with their attributes, as they are in the moment they are asked for."""


class Gauge:
    """A value that is read when somebody asks for the metrics, and not recorded when something succeeds."""

    def __init__(self, name: str, unit: str, description: str) -> None:
        self._readings: list[Reading] = []
        _meter.create_observable_gauge(name, callbacks=[self._observe], unit=unit, description=description)

    @contextmanager
    def showing(self, reading: Reading) -> Iterator[None]:
        """Show this reading for as long as the context lasts."""
        self._readings.append(reading)
        try:
            yield
        finally:
            self._readings.remove(reading)

    def _observe(self, _options: CallbackOptions) -> list[Observation]:
        return [Observation(value, attributes) for reading in self._readings for value, attributes in reading()]


outbox_depth = Gauge("peerloom.outbox.depth", "{event}", "Events that wait in the outbox")
outbox_oldest = Gauge("peerloom.outbox.oldest.age", "s", "How long the oldest event has waited in the outbox")
outbox_set_aside = Gauge("peerloom.outbox.set_aside", "{key}", "Keys set aside, because the broker refused an event of theirs")
parked_keys = Gauge("peerloom.parked.keys", "{key}", "Keys that wait behind an event that could not be handled")
relay_shards = Gauge("peerloom.relay.shards", "{shard}", "Shards of the outbox whose lease this process holds; 8 in all")
relay_silence = Gauge("peerloom.relay.acknowledged.age", "s", "Since the broker last acknowledged, or nothing was to be sent")
consumer_lag = Gauge("peerloom.consumer.lag", "{event}", "Events not handled yet, of the partitions this process has")
consumer_lag_age = Gauge("peerloom.consumer.lag.age", "s", "Age of the oldest event in hand")
consumer_silence = Gauge("peerloom.consumer.silence", "s", "Since the broker last answered a consumer that waits for events")


def configure_telemetry(service: str, *, otlp: bool, trace_share: float) -> None:
    """Make this process's meter and tracer real: metrics for `/metrics`, traces by OTLP where an endpoint is set."""
    resource = Resource.create({"service.name": service, "service.namespace": "peerloom"})
    metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()], resource=resource))
    if otlp:
        provider = TracerProvider(resource=resource, sampler=ParentBasedTraceIdRatio(trace_share))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)


def current_traceparent() -> str:
    """W3C trace context of the running span; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent", "")


def current_trace_id() -> str:
    """Trace id as 32 hex digits; empty when nothing is traced."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


@contextmanager
def processing(traceparents: Iterable[str], *, topic: str, group: str, event_type: str) -> Iterator[Span]:
    """Span of handling these events together: child of what published the first, linked to what published the others."""
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.consumer.group.name": group,
        "cloudevents.event_type": event_type,
    }
    with _span(f"process {topic}", SpanKind.CONSUMER, traceparents, attributes) as span:
        yield span


@contextmanager
def sending(records: Callable[[], Iterable[bytes]]) -> Iterator[Span | None]:
    """Span of sending records of these encoded headers to Kafka; None where nothing is traced: then nothing is looked at."""
    headers = list(records()) if tracing() else []
    if not headers:
        yield None
        return
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.batch.message_count": len(headers),
    }
    with _span("send", SpanKind.PRODUCER, [_traceparent_in(one) for one in headers], attributes) as span:
        yield span


@contextmanager
def working(name: str, traceparent: str) -> Iterator[Span]:
    """Span of work that a request asked for and a worker does later, in the request's trace."""
    with _span(name, SpanKind.INTERNAL, [traceparent], {}) as span:
        yield span


def tracing() -> bool:
    """Whether spans go anywhere."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


@contextmanager
def _span(name: str, kind: SpanKind, traceparents: Iterable[str], attributes: Mapping[str, str | int]) -> Iterator[Span]:
    parent, links = None, list[Link]()
    if tracing():
        first, *others = list(dict.fromkeys(filter(None, traceparents)))[:_MOST_LINKS] or [""]
        parent = _context_of(first) if first else None
        links = [Link(trace.get_current_span(_context_of(other)).get_span_context()) for other in others]
    with _tracer.start_as_current_span(name, context=parent, kind=kind, links=links, attributes=attributes) as span:
        yield span


def _context_of(traceparent: str) -> Context:
    return _propagator.extract({"traceparent": traceparent}, context=Context())


def _traceparent_in(encoded_headers: bytes) -> str:
    """The trace context among a record's headers, found without decoding the others."""
    _, name, behind = encoded_headers.partition(_TRACEPARENT)
    return behind[1 : 1 + _TRACEPARENT_LENGTH].decode("ascii", errors="replace") if name else ""
