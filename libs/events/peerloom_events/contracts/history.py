"""What git remembers: the content every snapshot and sample was first committed with."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from peerloom_events.contracts.files import ContractFiles


@dataclass(frozen=True, slots=True)
class History:
    """`first`: path (relative to the contract files) → blob id at its first commit.

    `gap` says in words why git could not be asked, or not about everything; empty when it could.
    """

    first: dict[str, str] = field(default_factory=dict)
    gap: str = ""


def history_of(files: ContractFiles) -> History:
    """Ask git about the folder the files lie in; no git, no repository, a shallow clone are said in `gap`."""
    try:
        shallow = _git(files.root, "rev-parse", "--is-shallow-repository").strip() == "true"
    except (OSError, subprocess.CalledProcessError) as error:
        return History(gap=f"git history was not asked: {_reason(error)}")
    try:
        _git(files.root, "rev-parse", "--quiet", "--verify", "HEAD")
    except subprocess.CalledProcessError:
        return History()
    # -m: a merge may add a file too. Oldest first, so the first mention of a path is its birth.
    listing = _git(
        files.root, "log", "-m", "--reverse", "--topo-order", "--relative", "--raw", "--no-abbrev", "--no-renames",
        "--diff-filter=A", "--format=", "--", "schemas", "samples",
    )  # fmt: skip
    first: dict[str, str] = {}
    for line in filter(None, listing.splitlines()):
        changed, path = line.split("\t", 1)
        first.setdefault(path, changed.split()[3])
    return History(first, "the clone is shallow: older history was not asked" if shallow else "")


def blobs_now(files: ContractFiles, paths: list[str]) -> dict[str, str]:
    """Blob id each existing file would be committed with today."""
    ids = _git(files.root, "hash-object", "--", *paths) if paths else ""
    return dict(zip(paths, ids.split(), strict=True))


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.quotepath=off", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return (str(error.stderr).strip().splitlines() or ["git failed"])[0]
    return "git is not installed" if isinstance(error, FileNotFoundError) else str(error)
