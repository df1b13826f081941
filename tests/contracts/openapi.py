"""Writes each service's OpenAPI document to docs/openapi/, or compares what is there: `python -m tests.contracts.openapi`."""

import importlib
import json
import sys
from pathlib import Path

from fastapi import FastAPI

from peerloom_service.manifest import manifests

ROOT = Path(__file__).parents[2]
SERVICES = tuple(one.name for one in manifests(ROOT / "services"))
FOLDER = ROOT / "docs" / "openapi"


def document(service: str) -> str:
    """The service's OpenAPI 3.1 document, as it is checked in."""
    declared = importlib.import_module(f"{service}_service.main").service
    app = FastAPI(title=f"Peerloom {service}", description=declared.description, version="1")
    app.include_router(declared.routes)
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Exit code 1 when `--check` finds a document that is not what the code says."""
    outdated = []
    FOLDER.mkdir(exist_ok=True)
    for service in SERVICES:
        path, wanted = FOLDER / f"{service}.json", document(service)
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
