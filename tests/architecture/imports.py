"""Runs the import contracts of pyproject.toml with `{service}` filled in by every service there is. Part of `make lint`."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from peerloom_service.manifest import manifests

ROOT = Path(__file__).parents[2]


def contracts(services: Sequence[str]) -> dict[str, Any]:
    """import-linter's configuration for the packages of these services."""
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    filled: dict[str, Any] = _filled(written, services)
    return filled


def _filled(value: Any, services: Sequence[str]) -> Any:
    """The same, each text of a list that names `{service}` once for every service."""
    if isinstance(value, dict):
        return {key: _filled(each, services) for key, each in value.items()}
    if isinstance(value, list):
        texts = [each for each in value if isinstance(each, str)]
        others = [_filled(each, services) for each in value if not isinstance(each, str)]
        filled = [text.replace("{service}", one) for text in texts for one in (services if "{service}" in text else [""])]
        return [*filled, *others]
    return value


def main() -> int:
    """import-linter's own exit code."""
    settings = contracts([one.module for one in manifests(ROOT / "services")])
    file = ROOT / "build" / "importlinter.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(_toml(settings))
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([linter, "--no-cache", "--config", file], cwd=ROOT, check=False).returncode


def _toml(settings: dict[str, Any]) -> str:
    """Texts, truths and lists of texts are written in TOML as in JSON."""
    tables = settings["contracts"]
    lines = ["[tool.importlinter]", *_pairs({key: value for key, value in settings.items() if key != "contracts"})]
    for table in tables:
        lines += ["", "[[tool.importlinter.contracts]]", *_pairs(table)]
    return "\n".join([*lines, ""])


def _pairs(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]


if __name__ == "__main__":
    sys.exit(main())
