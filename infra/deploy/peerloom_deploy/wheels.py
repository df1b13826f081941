"""Builds a wheel of every package and installs each alone: `python -m peerloom_deploy.wheels [PART …]`.

Each gets an environment of its own. What it needs of ours is taken from the wheels beside it, the rest from where pip's
configuration says, in the versions of constraints.txt. It is imported from an empty folder, so that nothing of the checkout
helps it, and its data files must be there.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
WHEELS: Final = ROOT / "build" / "wheels"

_IMPORTED: Final = """
import importlib, pathlib, sys
module = importlib.import_module(sys.argv[1])
folder = pathlib.Path(module.__file__).parent
assert "site-packages" in str(folder), folder
assert (folder / "py.typed").exists(), "py.typed"
if folder.name.endswith("_service") and folder.name != "peerloom_service":
    importlib.import_module(f"{sys.argv[1]}.main")
    assert list((folder / "migrations/versions").glob("0*.py")), "migrations"
print(module.__name__, "works")
"""


def main(names: list[str]) -> int:
    """How many packages do not work alone."""
    parts = sorted(
        path.parent for pattern in ("libs", "services", "infra") for path in ROOT.glob(f"{pattern}/*/pyproject.toml")
    )
    WHEELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # setuptools leaves a folder `build` beside what it builds
        for part in parts:
            copy = shutil.copytree(part, Path(folder) / part.name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
            _run(
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "--quiet",
                "--no-deps",
                "--no-build-isolation",
                f"--wheel-dir={WHEELS}",
                str(copy),
            )
    print(f"{len(parts)} wheels in {WHEELS.relative_to(ROOT)}")
    return sum(not _works_alone(part) for part in parts if not names or part.name in names)


def _works_alone(part: Path) -> bool:
    project = tomllib.loads((part / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (package,) = (path.parent.name for path in part.glob("*/py.typed"))
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        try:
            constraints = f"--constraint={ROOT / 'constraints.txt'}"
            (wheel,) = WHEELS.glob(f"{project['name'].replace('-', '_')}-*.whl")
            _run(python, "-m", "pip", "install", "--quiet", f"--find-links={WHEELS}", constraints, str(wheel))
            _run(python, "-I", "-c", _IMPORTED, package, folder=folder)
        except subprocess.CalledProcessError as error:
            print(f"{project['name']}: does not work alone: {(error.stderr or '').strip()[-600:]}")
            return False
    print(f"{wheel.name}: works alone")
    return True


def _run(*command: str, folder: str | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
