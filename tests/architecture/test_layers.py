"""Each layer does its own work: HTTP and events are translated, use cases decide, queries read, formats know formats.

Import contracts (pyproject.toml) hold what imports show: a use case knows no HTTP, a domain is pure. The rest is read here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from peerloom_dev.stack import ROOT, SERVICES

_SQL = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s", re.IGNORECASE)
FOLDERS = [pytest.param(ROOT / "services" / one.name / one.module, id=one.name) for one in SERVICES]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", ["routes", "handlers"])
def test_routes_and_handlers_translate_and_hold_no_sql(folder: Path, name: str) -> None:
    for path in layer(folder, name):
        assert list(statements(path)) == [], f"{path}: reads belong into queries.py, changes into a use case"


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", ["routes", "handlers"])
def test_routes_and_handlers_use_no_statement_of_sql_py(folder: Path, name: str) -> None:
    for path in layer(folder, name):
        imported = {
            alias.name
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if alias.name == "sql" or (isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".sql"))
        }
        assert not imported, f"{path} takes statements from sql.py: call a query by its name"


def test_only_a_format_asks_which_format_a_program_has() -> None:
    """Everywhere else the registry is asked for it."""
    files = [path for folder in ("libs", "services") for path in sorted((ROOT / folder).rglob("*.py"))]
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        if path.stem != "formats" and not {"formats", "migrations", "build"} & {*path.parts}
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Compare) and asks_for_a_format(node)
    ]

    assert asked == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_service_with_many_use_cases_has_a_folder_of_them_and_not_both(folder: Path) -> None:
    for name in ("domain", "use_cases"):
        assert (folder / f"{name}.py").exists() != (folder / name).is_dir(), f"{folder}: either {name}.py or {name}/"


def layer(folder: Path, name: str) -> list[Path]:
    """The files of a layer: `name.py`, or those of the folder `name`; none where the service has no such layer."""
    single = folder / f"{name}.py"
    return [single] if single.exists() else sorted((folder / name).rglob("*.py"))


def statements(path: Path) -> Iterator[str]:
    """Texts that are SQL; docstrings, which may begin with such a word too, are sentences and end with a full stop."""
    for node in ast.walk(tree(path)):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and _SQL.match(text) and not text.rstrip().endswith("."):
            yield text.split("\n")[0]


def asks_for_a_format(node: ast.Compare) -> bool:
    """Whether `<something>.format` is compared with a value; whether there is one at all (`is None`) asks for none."""
    sides = [node.left, *node.comparators]
    is_there = all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
    return not is_there and any(isinstance(side, ast.Attribute) and side.attr == "format" for side in sides)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))
