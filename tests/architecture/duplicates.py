"""Finds lines written twice: runs of eight or more like lines in two places. Part of `make lint`.

White space, comments and imports do not count, nor do declarations of fields (one in the domain and one in an API body are
two contracts); names do count: two services may have the same shape without saying the same.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

RUN = 8
ROOT = Path(__file__).parents[2]
_DOES_NOT_COUNT = re.compile(r'#|from |import |"""|@|[\w.]+,$|\w+: [\w\[\], .|]+$')


def code_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that count, with their numbers."""
    lines = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = re.sub(r"\s+", " ", line).strip()
        if len(text) > 3 and not _DOES_NOT_COUNT.match(text):
            lines.append((number, text))
    return lines


def twice(folders: tuple[str, ...] = ("libs", "services", "infra")) -> list[str]:
    """Pairs of places that share a run, the first place of each pair once."""
    seen: dict[tuple[str, ...], list[tuple[Path, int]]] = defaultdict(list)
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts or "build" in path.parts:
                continue
            lines = code_lines(path)
            for start in range(len(lines) - RUN + 1):
                window = lines[start : start + RUN]
                seen[tuple(text for _, text in window)].append((path.relative_to(ROOT), window[0][0]))
    found: dict[tuple[Path, Path], str] = {}
    for places in seen.values():
        if len(places) > 1:
            (one, line), (other, elsewhere) = places[0], places[1]
            found.setdefault((one, other), f"{one}:{line} ~ {other}:{elsewhere}")
    return sorted(found.values())


def main() -> int:
    """Exit code 1 when something is written twice."""
    found = twice()
    for pair in found:
        print(f"written twice: {pair}")
    if not found:
        print("nothing is written twice")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
