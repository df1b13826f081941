"""Writes each service's OpenAPI document to docs/openapi/, or compares what is there: `python -m tests.contracts.openapi`."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from peerloom_dev.stack import BASE_PORT
from peerloom_service.http.openapi import openapi_document
from peerloom_service.manifest import manifests

ROOT = Path(__file__).parents[2]
SERVICES = tuple(one.name for one in manifests(ROOT / "services"))
FOLDER = ROOT / "docs" / "openapi"


def document(service: str) -> dict[str, Any]:
    """The service's OpenAPI 3.1 document, with the addresses `make up` and Compose give it and the issuer."""
    declared = importlib.import_module(f"{service}_service.main").service
    return openapi_document(
        title=f"Peerloom {service}",
        description=declared.description,
        routes=declared.routes.routes,
        scopes=declared.manifest.scopes,
        server=f"http://127.0.0.1:{declared.manifest.port}",
        token_url=f"http://127.0.0.1:{BASE_PORT}/oauth/token",
    )


def main() -> int:
    """Exit code 1 when `--check` finds a document that is not what the code says."""
    outdated = []
    FOLDER.mkdir(exist_ok=True)
    for service in SERVICES:
        path, wanted = FOLDER / f"{service}.json", json.dumps(document(service), indent=1, sort_keys=True) + "\n"
        if path.exists() and path.read_text() == wanted:
            continue
        outdated.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(wanted)
    if outdated and "--check" in sys.argv:
        print(f"docs/openapi: {', '.join(outdated)} not as the code says; run `make contracts-accept` and look at the diff")
        return 1
    print(f"docs/openapi: {len(SERVICES)} documents" + (f", {len(outdated)} written" if outdated else " as the code says"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
