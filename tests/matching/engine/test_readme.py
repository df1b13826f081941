"""What the engine's README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matching_service import engine


def test_the_example_of_the_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(engine.__file__).parent / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    promised = re.findall(r"print\(.*\)\s+# (.*)", example)

    exec(compile(example, "README.md", "exec"), {})

    assert capsys.readouterr().out.splitlines() == promised
