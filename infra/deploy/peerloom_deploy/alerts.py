"""Prometheus rules: objectives of the service levels as burn rates, and what somebody must look at.

An objective is alerted over several windows at once, as Google's SRE workbook does: a long window says that it matters, a
short one that it still goes on. 14.4 times the budget's pace burns two days' worth in an hour, which wakes somebody; once its
pace over three days is a ticket. Every alert has a page of its name in docs/runbooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RUNBOOKS: Final = "https://github.com/peerloom/peerloom/blob/main/docs/runbooks"


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level. `bad`, `all`: rates by service, with WINDOW in place of a range; `target`: the share that is good."""

    name: str
    alert: str
    target: float
    bad: str
    all: str
    summary: str


_REQUESTS: Final = "http_server_request_duration_seconds"
_APIS: Final = 'http_route=~"/v1/.+"'

OBJECTIVES: Final = (
    Objective(
        "availability",
        "ApiErrors",
        0.999,
        f'sum by (service) (rate({_REQUESTS}_count{{{_APIS}, http_response_status_code=~"5.."}}[WINDOW]))',
        f"sum by (service) (rate({_REQUESTS}_count{{{_APIS}}}[WINDOW]))",
        "Requests to {{ $labels.service }} fail faster than 99.9 % a month allows.",
    ),
    Objective(
        "latency",
        "ApiSlow",
        0.99,
        f"sum by (service) (rate({_REQUESTS}_count{{{_APIS}}}[WINDOW]))"
        f' - sum by (service) (rate({_REQUESTS}_bucket{{{_APIS}, le="0.5"}}[WINDOW]))',
        f"sum by (service) (rate({_REQUESTS}_count{{{_APIS}}}[WINDOW]))",
        "More than 1 % of the requests to {{ $labels.service }} take half a second or longer.",
    ),
    Objective(
        "publishing",
        "OutboxLate",
        0.99,
        "sum by (service) (rate(peerloom_outbox_age_seconds_count[WINDOW]))"
        ' - sum by (service) (rate(peerloom_outbox_age_seconds_bucket{le="5.0"}[WINDOW]))',
        "sum by (service) (rate(peerloom_outbox_age_seconds_count[WINDOW]))",
        "More than 1 % of the events of {{ $labels.service }} reach Kafka later than 5 s after they were committed.",
    ),
    Objective(
        "consuming",
        "EventsLate",
        0.99,
        "sum by (service) (rate(peerloom_event_age_seconds_count[WINDOW]))"
        ' - sum by (service) (rate(peerloom_event_age_seconds_bucket{le="30.0"}[WINDOW]))',
        "sum by (service) (rate(peerloom_event_age_seconds_count[WINDOW]))",
        "More than 1 % of what {{ $labels.service }} handles is older than 30 s.",
    ),
)

_PACES: Final = ((14.4, "1h", "5m", "2m", "page"), (6.0, "6h", "30m", "15m", "page"), (1.0, "3d", "6h", "1h", "ticket"))
"""Pace, long window, short window, how long it must hold, and what becomes of it."""

_WINDOWS: Final = ("5m", "30m", "1h", "6h", "3d")

Rule = dict[str, Any]

CAUSES: Final[tuple[Rule, ...]] = (
    {
        "alert": "EventsParked",
        "expr": "sum by (service) (increase(peerloom_dead_letters_total[15m])) > 0",
        "for": "0m",
        "labels": {"severity": "ticket"},
        "annotations": {"summary": "{{ $labels.service }} could not handle an event; later ones of its key wait behind it."},
    },
    {
        "alert": "MatchRunsFail",
        "expr": 'sum(increase(peerloom_match_run_duration_seconds_count{outcome="failed"}[1h]))'
        " / sum(increase(peerloom_match_run_duration_seconds_count[1h])) > 0.2",
        "for": "10m",
        "labels": {"severity": "ticket"},
        "annotations": {"summary": "More than a fifth of the match runs of the last hour failed."},
    },
    {
        "alert": "MatchRunsWait",
        "expr": 'max(keda_scaler_metrics_value{scaledObject="matching-tasks"}) > 0'
        " unless sum(increase(peerloom_match_run_duration_seconds_count[30m])) > 0",
        "for": "30m",
        "labels": {"severity": "page"},
        "annotations": {"summary": "Match runs wait, and none has ended for half an hour."},
    },
    {
        "alert": "NothingPublished",
        "expr": f'sum by (service) (rate({_REQUESTS}_count{{http_request_method=~"POST|PUT|PATCH|DELETE", {_APIS}, '
        'http_response_status_code=~"2.."}[10m])) > 0.1'
        " unless sum by (service) (rate(messaging_client_sent_messages_total[10m])) > 0",
        "for": "10m",
        "labels": {"severity": "page"},
        "annotations": {"summary": "{{ $labels.service }} takes changes, and nothing of it reaches Kafka."},
    },
    {
        "alert": "ProcessGone",
        "expr": 'sum by (service, process) (up{service!=""}) == 0',
        "for": "5m",
        "labels": {"severity": "page"},
        "annotations": {"summary": "No {{ $labels.process }} of {{ $labels.service }} answers."},
    },
    {
        "alert": "ProposalsDoNotExpire",
        "expr": "sum(increase(peerloom_matching_expiry_skipped_total[30m])) > 0",
        "for": "30m",
        "labels": {"severity": "ticket"},
        "annotations": {"summary": "Proposals that are overdue cannot be ended; their people's seats stay taken."},
    },
)


def groups() -> list[dict[str, Any]]:
    """The rule groups, as a Prometheus rule file and a PrometheusRule have them."""
    return [
        {"name": "peerloom-levels", "interval": "30s", "rules": [rule for one in OBJECTIVES for rule in _recorded(one)]},
        {"name": "peerloom-burn-rates", "rules": [rule for one in OBJECTIVES for rule in _burn_rates(one)]},
        {"name": "peerloom-causes", "rules": [_with_runbook(rule) for rule in CAUSES]},
    ]


def _recorded(one: Objective) -> list[Rule]:
    """The share of what was bad, over each window. Where nothing was asked there is no share."""
    return [
        {
            "record": f"peerloom:{one.name}:bad_{window}",
            "expr": f"({one.bad.replace('WINDOW', window)}) / ({one.all.replace('WINDOW', window)} > 0)",
        }
        for window in _WINDOWS
    ]


def _burn_rates(one: Objective) -> list[Rule]:
    share = f"peerloom:{one.name}:bad"
    return [
        _with_runbook(
            {
                "alert": one.alert,
                "expr": f"{share}_{long} > {_budget(one, pace)} and {share}_{short} > {_budget(one, pace)}",
                "for": holds,
                "labels": {"severity": severity, "window": long},
                "annotations": {"summary": one.summary},
            }
        )
        for pace, long, short, holds, severity in _PACES
    ]


def _budget(one: Objective, pace: float) -> str:
    return f"{(1 - one.target) * pace:.6g}"


def _with_runbook(rule: Mapping[str, Any]) -> Rule:
    return {**rule, "annotations": {**rule["annotations"], "runbook_url": f"{RUNBOOKS}/{rule['alert']}.md"}}
