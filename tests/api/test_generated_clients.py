"""Clients other tools make from our documents have a function for every operation, with all it needs."""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.contracts.openapi import SERVICES, document

CONFIG = Path(__file__).with_name("openapi-python-client.yaml")


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_python_client_makes_a_function_of_every_operation(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = document(service)
    (tmp_path / "document.json").write_text(json.dumps(described))
    package = f"generated_{service}_client"
    made = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", "document.json", "--config", str(CONFIG),
            "--output-path", package, "--meta", "none", "--fail-on-warning",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr

    monkeypatch.syspath_prepend(tmp_path)
    for methods in described["paths"].values():
        for method, operation in methods.items():
            (tag,) = operation["tags"]
            module = import_module(f"{package}.api.{tag.replace(' ', '_').replace('-', '_')}.{operation['operationId']}")
            parameters = inspect.signature(module.asyncio_detailed).parameters
            assert ("idempotency_key" in parameters) == (method == "post"), operation["operationId"]
            documented = {one.get("$ref", "").rsplit("/", 1)[-1] for one in operation.get("parameters", ())}
            assert method != "patch" or "IfMatch" in documented, operation["operationId"]
            assert ("if_match" in parameters) == bool({"IfMatch", "IfMatchIfAtAll"} & documented), operation["operationId"]
