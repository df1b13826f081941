"""`python -m peerloom_events.contracts`: check, accept, docs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from peerloom_events import MalformedSample, event_types

try:
    from peerloom_events.contracts.accept import accept
    from peerloom_events.contracts.asyncapi import asyncapi_yaml
    from peerloom_events.contracts.catalogue import catalogue
    from peerloom_events.contracts.checks import check
    from peerloom_events.contracts.files import ContractFiles
    from peerloom_events.contracts.history import history_of
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed: pip install 'peerloom-events[contracts]'")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all is well, 1 when something is to do."""
    options = _options(arguments)
    try:
        match options.command:
            case "check":
                return _check()
            case "accept":
                return _accept()
            case _:
                return _docs(options.directory, compare=options.check)
    except MalformedSample as error:
        print(f"a golden sample cannot be read: {error}; `check` says which")
        return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m peerloom_events.contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="is every event still what was promised?")
    commands.add_parser("accept", help="write the snapshots, samples and digests that are missing")
    docs = commands.add_parser("docs", help="write asyncapi.yaml and events.md")
    docs.add_argument("--check", action="store_true", help="only compare them with what is there")
    docs.add_argument("--directory", type=Path, default=Path("docs"), help="where they lie (default: docs)")
    return parser.parse_args(arguments)


def _check() -> int:
    files = ContractFiles()
    history = history_of(files)
    findings = check(event_types(), files, history)
    for finding in findings:
        print(finding)
    if history.gap:
        print(f"note: {history.gap}")
    print(f"{len(event_types())} events, {len(files.paths())} snapshots and samples: {_verdict(len(findings))}")
    return 1 if findings else 0


def _accept() -> int:
    accepted = accept(event_types(), ContractFiles())
    for path in accepted.written:
        print(f"new {path}{': a draft; make it realistic' if path.startswith('samples/') else ''}")
    for finding in accepted.refused:
        print(f"not accepted: {finding}")
    if accepted.refused:
        print("If the earlier revision was never committed, delete its files and accept again.")
    return 1 if accepted.refused else 0


def _docs(directory: Path, *, compare: bool) -> int:
    if not directory.is_dir():
        print(f"{directory} is not a folder here: run this from the repository's root, or give --directory")
        return 1
    stale = 0
    for name, render in (("asyncapi.yaml", asyncapi_yaml), ("events.md", catalogue)):
        file, text = directory / name, render(event_types(), ContractFiles())
        if not compare:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            stale += 1
            print(f"{file} is not what the events say. Run `python -m peerloom_events.contracts docs` and commit it.")
    return 1 if stale else 0


def _verdict(findings: int) -> str:
    return "every promise holds." if not findings else f"{findings} broken."


if __name__ == "__main__":
    sys.exit(main())
