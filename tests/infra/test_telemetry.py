"""Alerts, dashboards and their documents name metrics that processes have; each alert is caused once and has its page."""

import json
import re

import pytest
import yaml

from peerloom_deploy import alerts, dashboards
from peerloom_dev.stack import ROOT

NAME = re.compile(r"\b(?:http_server|peerloom|messaging)_\w+")
SUFFIX = re.compile(r"_(bucket|count|sum|total)$")
OF_OTHERS = {"up", "keda_scaler_metrics_value"}
ALERTS = {rule["alert"] for group in alerts.groups() for rule in group["rules"] if "alert" in rule}
PAGE = ROOT / "docs/operations/metrics.md"


def known() -> set[str]:
    """Names of our metrics in Prometheus, without what is added to them by their kind."""
    named = set(re.findall(r"^\| `(\w+)`", PAGE.read_text(), re.MULTILINE))
    return {SUFFIX.sub("", name) for name in named}


def asked() -> dict[str, str]:
    """Every query, by where it stands."""
    found = {f"{rule.get('alert', rule.get('record'))}": rule["expr"] for group in alerts.groups() for rule in group["rules"]}
    for name, (_, panels) in dashboards.DASHBOARDS.items():
        found |= {f"{name}: {panel.title} {legend}": query for panel in panels for legend, query in panel.queries.items()}
    return found


@pytest.mark.parametrize(("place", "query"), asked().items(), ids=asked().keys())
def test_a_query_asks_for_metrics_of_the_page(place: str, query: str) -> None:
    ours = {SUFFIX.sub("", name) for name in NAME.findall(query) if not re.search(r"_(route|method|status_code|name)$", name)}

    assert ours <= known()
    assert ours or any(name in query for name in OF_OTHERS) or "process_" in query or "peerloom:" in query


def test_the_page_names_what_the_code_has_and_nothing_else() -> None:
    code = "\n".join(path.read_text() for folder in ("libs", "services") for path in (ROOT / folder).glob("*/*/**/*.py"))
    meters = re.findall(r'create_(?:counter|histogram|\w*gauge)\(\s*"([\w.]+)"(?:,\s*unit="(\w+)")?', code)
    names = {name.replace(".", "_") + ("_seconds" if unit == "s" else "") for name, unit in meters}
    names |= set(re.findall(r'(?:Histogram|Counter|Gauge)\(\s*"([a-z_]+)"', code))

    assert len(names) > 5, "this test proves nothing"
    assert names == known()


def test_every_alert_has_a_runbook_that_says_what_to_do_and_no_page_is_left_over() -> None:
    pages = {path.stem: path.read_text() for path in (ROOT / "docs/runbooks").glob("[A-Z]*.md") if path.stem != "README"}

    assert pages.keys() == ALERTS
    for name, text in pages.items():
        assert text.startswith(f"# {name}\n")
        assert {"## What it means", "## Look", "## Do"} <= set(text.splitlines()), name


def test_every_alert_is_caused_once_and_silent_once() -> None:
    cases = yaml.safe_load((ROOT / "infra/telemetry/rules.test.yaml").read_text())["tests"]
    caused = {one["alertname"] for case in cases for one in case["alert_rule_test"] if one["exp_alerts"]}
    silent = {one["alertname"] for case in cases for one in case["alert_rule_test"] if not one["exp_alerts"]}

    assert caused == silent == ALERTS


def test_what_wakes_somebody_is_a_page_and_the_rest_a_ticket() -> None:
    rules = [rule for group in alerts.groups() for rule in group["rules"] if "alert" in rule]

    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    assert all(rule["annotations"]["runbook_url"].endswith(f"/{rule['alert']}.md") for rule in rules)


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_a_dashboard_has_panels_that_do_not_overlap(name: str) -> None:
    written = json.loads((ROOT / f"infra/telemetry/dashboards/{name}.json").read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in written["panels"]]

    assert len(places) == len(set(places)) == len(dashboards.DASHBOARDS[name][1])
    assert (ROOT / f"k8s/components/telemetry/dashboards/{name}.json").read_text() == json.dumps(written, indent=1) + "\n"
