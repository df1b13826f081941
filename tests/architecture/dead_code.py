"""`python tests/architecture/dead_code.py`: vulture at its keenest, with what only seems unused and the reason why.

Fields are data: pydantic, SQLModel, the settings' prefix or a dataclass's constructor read them by name. So declared fields
of classes are passed over, but for those of settings, which somebody must ask for. Everything else is named here, or goes.
"""

import ast
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from vulture import Vulture

ROOT: Final = Path(__file__).parents[2]
_CONFIDENCE: Final = 60

DECORATED: Final = ["@router.*", "@app.*", "@field_validator", "@model_validator", "@njit", "@overload"]
"""Called by a framework that its decorator hands it to."""

ALLOWED: Final = {
    "model_config": "pydantic reads it",
    "_refuse_what_is_unsafe": "pydantic calls it",
    "on_partitions_revoked": "aiokafka calls it",
    "on_partitions_assigned": "aiokafka calls it",
    "_closed": "aiokafka reads it",
    "record_count": "aiokafka calls it",
    "_set_producer_state": "aiokafka calls it",
    "_build": "aiokafka calls it",
    "build_middleware_stack": "Starlette calls it",
    "scheme_name": "FastAPI reads it",
    "openapi": "FastAPI calls it",
    "CLOSED": "a state rows may have; nothing closes a program yet",
    "ignore_aliases": "PyYAML calls it",
    "chassis_tables": "migrations call it",
    "chassis_tables_v2": "migrations call it",
    "chassis_tables_v3": "migrations call it",
    "thaw": "tests call it",
    "answer_error": "FastAPI calls it",
    "answer_bad_metadata": "FastAPI calls it",
    "to_come": "read by name where the figures are answered",
    "response_rate": "read by name where the figures are answered",
    "share_learned_something": "read by name where the figures are answered",
    "share_meet_again": "read by name where the figures are answered",
    "DONE": "a value that people choose",
    "DROPPED": "a value that people choose",
    "IN_HAND": "a value that people choose",
    "connect_unix_socket": "httpcore calls it",
    "most_pairs": "read by name where a result is answered",
}


def main() -> int:
    """Exit code 1 when something is used nowhere."""
    chosen: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vulture"]
    vulture = Vulture(ignore_names=list(ALLOWED), ignore_decorators=DECORATED)
    vulture.scavenge([str(ROOT / path) for path in chosen["paths"]], exclude=chosen["exclude"])
    fields: dict[Path, set[int]] = {}
    dead = [
        item
        for item in vulture.get_unused_code(min_confidence=_CONFIDENCE)
        if item.first_lineno not in fields.setdefault(item.filename, _declared(item.filename))
    ]
    for item in dead:
        where = item.filename.relative_to(ROOT)
        print(f"{where}:{item.first_lineno}: {item.message}: remove it, or say in {Path(__file__).name} who uses it")
    return 1 if dead else 0


def _declared(file: Path) -> set[int]:
    """Lines on which a class declares a field, or a table is declared: SQLModel finds that one by itself."""
    if file.name == "settings.py":
        return set()
    classes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef)]
    fields = {line.lineno for one in classes for line in one.body if isinstance(line, ast.AnnAssign)}
    return fields | {one.lineno for one in classes if any(keyword.arg == "table" for keyword in one.keywords)}


if __name__ == "__main__":
    sys.exit(main())
