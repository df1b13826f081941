"""The pages of docs/problems: `python -m tests.contracts.problems` begins one for each problem that has none, and lists all."""

import importlib
import pkgutil
import sys
from pathlib import Path

from peerloom_service.problems import Problem
from tests.contracts.openapi import SERVICES

PAGES = Path(__file__).parents[2] / "docs" / "problems"
_TO_BE_WRITTEN = "Write here what whoever meets this should do."


def every_problem() -> list[type[Problem]]:
    """The problems of the chassis and of all services, by code."""
    for service in SERVICES:
        package = importlib.import_module(f"{service}_service")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found: set[type[Problem]] = set()
    left = [Problem]
    while left:
        kind = left.pop()
        found.add(kind)
        left += kind.__subclasses__()
    ours = [
        kind for kind in found if kind.__module__.partition(".")[0] in ("peerloom_service", *(f"{s}_service" for s in SERVICES))
    ]
    return sorted(ours, key=lambda kind: kind.code())


def head(problem: type[Problem]) -> str:
    """What a page begins with; the rest is written by hand."""
    service = problem.__module__.partition("_service")[0]
    by = "every service" if service == "peerloom" else service
    return f"# {problem.title}\n\n`{problem.uri()}` · status {problem.status} · answered by {by}\n"


def index() -> str:
    """The list of all pages."""
    rows = "".join(f"| [`{one.code()}`]({one.code()}.md) | {one.status} | {one.title} |\n" for one in every_problem())
    return (
        "# Problems\n\n"
        "Whatever goes wrong is answered with a problem document (RFC 9457). Its `code` names one of these pages, which say\n"
        "what it means and what to do. Written by `make contracts-accept`, but for what stands under *What to do*.\n\n"
        f"| code | status | title |\n|---|---|---|\n{rows}"
    )


def main() -> int:
    """Exit code 1 when `--check` finds a page that is missing, does not agree with its problem or says nothing."""
    wrong = []
    PAGES.mkdir(exist_ok=True)
    for problem in every_problem():
        path = PAGES / f"{problem.code()}.md"
        said = path.read_text() if path.exists() else ""
        advice = said.partition("## What to do\n")[2].strip() or _TO_BE_WRITTEN
        if advice == _TO_BE_WRITTEN or not said.startswith(head(problem)):
            wrong.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(f"{head(problem)}\n## What to do\n\n{advice}\n")
    if not (PAGES / "README.md").exists() or (PAGES / "README.md").read_text() != index():
        wrong.append("README.md")
        if "--check" not in sys.argv:
            (PAGES / "README.md").write_text(index())
    if wrong and "--check" in sys.argv:
        print(f"docs/problems: {', '.join(wrong)} not as the code says; run `make contracts-accept`, and write what to do")
        return 1
    print(f"docs/problems: {len(every_problem())} pages" + (f", {len(wrong)} written" if wrong else " as the code says"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
