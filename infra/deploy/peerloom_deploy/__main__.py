"""`python -m peerloom_deploy [--check]`: write the generated part of `k8s/`, the dashboards and the alerts, or compare it."""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from peerloom_deploy import alerts, dashboards, kubernetes
from peerloom_service.manifest import Manifest, manifests

ROOT: Final = Path(__file__).parents[3]
TELEMETRY: Final = ROOT / "infra/telemetry"
_HEAD: Final = "# Written from infra/deploy/peerloom_deploy: change that, and run `make contracts-accept`.\n"


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    version = tomllib.loads((ROOT / "libs/service/pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    services = manifests(ROOT / "services")
    files = kubernetes.rendered(services, ROOT / "docs" / "openapi", version)
    rules = alerts.groups()
    files["components/telemetry/rules.yaml"] = _HEAD + yaml.safe_dump(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "peerloom"},
            "spec": {"groups": rules},
        },
        sort_keys=False,
        width=120,
    )
    found = {ROOT / "k8s" / path: text for path, text in files.items()}
    found[TELEMETRY / "rules.yaml"] = _HEAD + yaml.safe_dump({"groups": rules}, sort_keys=False, width=120)
    found[TELEMETRY / "prometheus.yaml"] = _HEAD + yaml.safe_dump(_scraping(services), sort_keys=False, width=120)
    for name in dashboards.DASHBOARDS:
        text = json.dumps(dashboards.dashboard(name), indent=1) + "\n"
        found[TELEMETRY / "dashboards" / f"{name}.json"] = text
        found[ROOT / "k8s/components/telemetry/dashboards" / f"{name}.json"] = text
    return found


def _scraping(services: Sequence[Manifest]) -> dict[str, object]:
    """Prometheus in Compose: every container of every process, however many there are, by the name they share."""
    names = [f"{one.name}-{process}" for one in services for process in one.processes]
    label = [
        {"source_labels": ["__meta_dns_name"], "regex": r"(.+)-(\w+)", "target_label": target, "replacement": group}
        for target, group in (("service", "$1"), ("process", "$2"))
    ]
    found = {"names": names, "type": "A", "port": 8000, "refresh_interval": "5s"}
    return {
        "global": {"scrape_interval": "5s", "evaluation_interval": "15s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": "peerloom", "dns_sd_configs": [found], "relabel_configs": label},
            {"job_name": "collector", "static_configs": [{"targets": ["collector:8889"]}]},
        ],
    }


def main() -> int:
    """Exit code 1 when `--check` finds a file that is not as the manifests say, or one of a service that is gone."""
    files = generated()
    stray = [path for path in (ROOT / "k8s/base/services").glob("*.yaml") if path not in files]
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        for path in [*stale, *stray]:
            print(f"{path.relative_to(ROOT)}: not as the manifests say; run `make contracts-accept` and look at the diff")
        print(f"k8s, telemetry: {len(files)} generated files, {len(stale) + len(stray)} differ")
        return 1 if stale or stray else 0
    for path in stray:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    print(f"k8s, telemetry: {len(files)} generated files, {len(stale)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
