"""Grafana dashboards as data. A panel is a title, a unit and queries; where it stands follows from its order."""

from dataclasses import dataclass
from typing import Any, Final

_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
_SERVICE: Final = 'service=~"$service"'
_ROUTE: Final = "http_request_method, http_route"
_ROUTE_LEGEND: Final = "{{http_request_method}} {{http_route}}"


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph. `queries`: PromQL by legend."""

    title: str
    unit: str
    queries: dict[str, str]
    says: str = ""


def _rate(name: str, *labels: str) -> str:
    return f"rate({name}{{{', '.join((_SERVICE, *labels))}}}[$__rate_interval])"


def _sum(name: str, *labels: str, by: str = "service") -> str:
    return f"sum by ({by}) ({_rate(name, *labels)})"


def _quantile(share: float, name: str, *labels: str, by: str = "service") -> str:
    return f"histogram_quantile({share}, {_sum(f'{name}_bucket', *labels, by=f'le, {by}')})"


def _requests(*labels: str, by: str = "service") -> str:
    return _sum("http_server_request_duration_seconds_count", 'http_route=~"/v1/.+"', *labels, by=by)


def _latency(share: float, by: str = "service") -> str:
    return _quantile(share, "http_server_request_duration_seconds", 'http_route=~"/v1/.+"', by=by)


_FAILED: Final = 'http_response_status_code=~"5.."'
_REFUSED: Final = 'http_response_status_code=~"[45].."'
_RUN: Final = "peerloom_match_run_duration_seconds"

DASHBOARDS: Final[dict[str, tuple[str, tuple[Panel, ...]]]] = {
    "overview": (
        "Peerloom: overview",
        (
            Panel("Requests", "reqps", {"{{service}}": _requests()}),
            Panel(
                "Failed requests",
                "percentunit",
                {"{{service}}": f"{_requests(_FAILED)} / {_requests()}"},
                "The objective allows 0.1 % a month.",
            ),
            Panel(
                "Latency, 99th percentile", "s", {"{{service}}": _latency(0.99)}, "99 % shall be answered within half a second."
            ),
            Panel("Events published", "cps", {"{{service}}": _sum("messaging_client_sent_messages_total")}),
            Panel("Events handled", "cps", {"{{service}}": _sum("messaging_client_consumed_messages_total")}),
            Panel("Age of the outbox, 99th percentile", "s", {"{{service}}": _quantile(0.99, "peerloom_outbox_age_seconds")}),
            Panel(
                "Lag in seconds, 99th percentile",
                "s",
                {
                    "{{messaging_consumer_group_name}} {{messaging_destination_name}}": _quantile(
                        0.99, "peerloom_event_age_seconds", by="messaging_consumer_group_name, messaging_destination_name"
                    )
                },
                "How old an event is when its effect is committed.",
            ),
            Panel(
                "Events given up on",
                "short",
                {"{{service}}": f"sum by (service) (increase(peerloom_dead_letters_total{{{_SERVICE}}}[1h]))"},
            ),
            Panel("Deliveries seen before", "cps", {"{{service}}": _sum("peerloom_inbox_repeats_total")}),
        ),
    ),
    "requests": (
        "Peerloom: requests by route",
        (
            Panel("Rate", "reqps", {_ROUTE_LEGEND: _requests(by=_ROUTE)}),
            Panel(
                "Refused and failed",
                "reqps",
                {
                    f"{_ROUTE_LEGEND} {{{{http_response_status_code}}}}": _requests(
                        _REFUSED, by=f"{_ROUTE}, http_response_status_code"
                    )
                },
            ),
            Panel("Duration, 95th percentile", "s", {_ROUTE_LEGEND: _latency(0.95, by=_ROUTE)}),
            Panel(
                "CPU", "short", {"{{service}} {{process}}": _sum("process_cpu_seconds_total", by="service, process")}, "Cores."
            ),
            Panel(
                "Memory",
                "bytes",
                {"{{service}} {{process}}": f"max by (service, process) (process_resident_memory_bytes{{{_SERVICE}}})"},
            ),
            Panel("Processes", "short", {"{{service}} {{process}}": f"sum by (service, process) (up{{{_SERVICE}}})"}),
        ),
    ),
    "matching": (
        "Peerloom: match runs",
        (
            Panel("Runs ended", "short", {"{{outcome}}": f"sum by (outcome) (increase({_RUN}_count[$__rate_interval]))"}),
            Panel("Duration, 95th percentile", "s", {"{{outcome}}": _quantile(0.95, _RUN, by="outcome")}),
            Panel(
                "Gap of completed runs, 95th percentile",
                "percentunit",
                {"{{service}}": _quantile(0.95, "peerloom_match_run_gap")},
                "What the certificate leaves open; 0 is proven best.",
            ),
            Panel("Workers", "short", {"{{process}}": 'sum by (process) (up{service="matching", process=~"tasks|worker"})'}),
            Panel(
                "Overdue proposals passed over",
                "short",
                {"{{service}}": "sum by (service) (increase(peerloom_matching_expiry_skipped_total[1h]))"},
            ),
        ),
    ),
}


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as Grafana imports it."""
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"peerloom-{name}",
        "title": title,
        "tags": ["peerloom"],
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_variable()]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _variable() -> dict[str, Any]:
    return {
        "name": "service",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "query": {"query": "label_values(up, service)", "refId": "service"},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "gridPos": {"x": number % _COLUMNS * _WIDTH, "y": number // _COLUMNS * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend, "exemplar": True}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }
