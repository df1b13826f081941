"""What compares two builds has to be right itself."""

import json
import sys
from pathlib import Path

import pytest

from tests.benchmarks import older_build
from tests.benchmarks.figures import Figure
from tests.benchmarks.older_build import Build, compare, ratios
from tests.benchmarks.processes import MeasurementFailed

TIME, RATE = Figure("time_s", "s", "at_most", 2, ""), Figure("rate", "1/s", "at_least", 9, "")
FIGURES = {figure.key: figure for figure in (TIME, RATE)}
PRINTS = """\
import json, sys
print("a line for people")
for key in sys.argv[1:]:
    if not key.startswith("--"):
        print(json.dumps({"key": key, "value": VALUES.get(key)}))
sys.exit(1)
"""


def a_build(folder: Path, home: str, **values: float) -> Build:
    """A build whose benchmark prints these figures, as one that misses a bar."""
    (folder / home).mkdir(parents=True)
    (folder / home / "__main__.py").write_text(f"VALUES = {values!r}\n{PRINTS}")
    return Build(folder, Path(sys.executable))


def test_more_is_better_whichever_way_a_figure_goes() -> None:
    before = [{"time_s": 4.0, "rate": 10.0}, {"time_s": 6.0, "rate": 10.0}, {"time_s": 5.0}]
    now = [{"time_s": 2.5, "rate": 5.0}]

    found = {line["key"]: line["ratio"] for line in ratios(FIGURES, ["time_s", "rate"], before, now)}

    assert found == {"time_s": 2.0, "rate": 0.5}


def test_a_figure_only_one_build_has_has_no_ratio() -> None:
    (line,) = ratios(FIGURES, ["rate"], [{}], [{"rate": 1.0}])
    assert line == {"key": "rate", "ratio": None, "now": [1.0], "before": []}


@pytest.mark.parametrize(("rate", "code"), [(9.6, 0), (9.4, 1)])
def test_the_worst_ratio_decides_and_both_builds_are_asked_in_their_own_folders(
    rate: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    older = a_build(tmp_path / "older", "tests/bench", time_s=4.0, rate=10.0)
    this = a_build(tmp_path / "this", "tests/benchmarks", time_s=2.0, rate=rate)
    monkeypatch.setattr(older_build.Build, "of", lambda commit: {"0ld": older}[commit])
    monkeypatch.setattr(older_build.Build, "this", lambda: this)

    assert compare("", "0ld", FIGURES, ["time_s", "rate"], rounds=2) == code

    *each, worst = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["key"], line["ratio"]) for line in each] == [("time_s", 2.0), ("rate", pytest.approx(rate / 10))]
    assert (worst["key"], worst["value"], worst["ok"]) == ("house_vs_old_min", pytest.approx(rate / 10), code == 0)
    assert worst["how"] == "rate of 2 figures, 2 rounds in turn with 0ld"


def test_a_figure_that_could_not_be_compared_fails_the_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = a_build(tmp_path / "older", "tests/benchmarks", rate=10.0)
    this = a_build(tmp_path / "this", "tests/benchmarks", rate=10.0, time_s=1.0)
    monkeypatch.setattr(older_build.Build, "of", lambda _: older)
    monkeypatch.setattr(older_build.Build, "this", lambda: this)

    assert compare("", "0ld", FIGURES, ["rate"], rounds=1) == 0
    assert compare("", "0ld", FIGURES, ["rate", "time_s"], rounds=1) == 1


def test_a_commit_nobody_knows_is_refused() -> None:
    with pytest.raises(MeasurementFailed, match=r"rev-parse .* ended with code 128"):
        Build.of("no-such-commit")
