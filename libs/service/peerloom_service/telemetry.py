"""Traces and metrics by OpenTelemetry. The messaging names are still in development upstream: they stand only here.

A trace context travels in the outbox row and the record's `ce_traceparent`, and the consumer goes on with it, so that one
trace shows a request and everything other services did because of it. Spans carry ids of aggregates, never of people.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("peerloom_service")
_meter = metrics.get_meter("peerloom_service")

published = _meter.create_counter("messaging.client.sent.messages", description="Events acknowledged by the broker")
consumed = _meter.create_counter("messaging.client.consumed.messages", description="Events whose effect was committed")
repeated = _meter.create_counter("peerloom.inbox.repeats", description="Deliveries of an event handled before")
dead_lettered = _meter.create_counter("peerloom.dead_letters", description="Events given up on and parked with their key")
outbox_age = _meter.create_histogram("peerloom.outbox.age", unit="s", description="Commit to acknowledgement by the broker")


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
def processing(traceparent: str, *, topic: str, group: str, event_type: str) -> Iterator[Span]:
    """Span of handling one event, child of the span that published it."""
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    with _tracer.start_as_current_span(
        f"process {topic}",
        context=parent,
        kind=SpanKind.CONSUMER,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "cloudevents.event_type": event_type,
        },
    ) as span:
        yield span
