"""The page the main job ends with."""

from collections.abc import Iterable

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from peerloom_dev.report import Report, Run
from peerloom_events import event_types


def show(report: Report, console: Console) -> None:
    """Print what happened, readably on one page."""
    console.print()
    console.print(Panel(Group(*_parts(report)), title="A company's people, matched", border_style="cyan", padding=(1, 2)))


def _parts(report: Report) -> Iterable[Table | str]:
    yield _facts(
        ("people", f"{report.people_registered:,} registered, {report.rows_refused} of {report.people_in_file:,} rows refused"),
        *((f"  line {one['line']}", f"{one['column'] or 'row'}: {one['message']}") for one in _worst(report)),
        ("enrolled", f"{report.enrolled:,}"),
        *(row for number, run in enumerate(report.runs, start=1) for row in _run(number, run)),
        ("an example", _example(report)),
        ("matches", ", ".join(f"{count:,} {state}" for state, count in sorted(report.matches.items()))),
        (
            "people matched",
            f"{report.people_matched:,} of {report.enrolled:,} ({_share(report.people_matched, report.enrolled)})",
        ),
        ("sessions", ", ".join(f"{count:,} {state}" for state, count in sorted(report.sessions.items()))),
        ("feedback", _feedback(report)),
    )
    yield ""
    yield _events(report)
    yield ""
    yield _agreement(report)
    yield ""
    total = sum(report.seconds.values())
    steps = " · ".join(f"{title} {seconds:.1f}" for title, seconds in report.seconds.items())
    yield f"[bold]seconds[/bold]  {steps} · [bold]all {total:.1f}[/bold]"
    yield ""
    yield _facts(*((name, f"[link={url}]{url}[/link]") for name, url in report.addresses.items()))


def _facts(*rows: tuple[str, str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def _worst(report: Report) -> list[dict[str, object]]:
    return [one for one in report.findings if one["severity"] == "error"][:3]


def _run(number: int, run: Run) -> Iterable[tuple[str, str]]:
    left = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in sorted(run.unmatched.items())) or "nobody left over"
    trios = f" and {run.trios:,} trio{'s' * (run.trios != 1)}" if run.trios else ""
    found = f"{run.pairs:,} pairs{trios} among {run.people:,} people; worth {run.value / 1e6:,.3f} of at most"
    yield f"round {number}", f"{found} {run.upper_bound / 1e6:,.3f} (certified within {run.gap:.4%}); {left}"
    compared = "every pair there is" if run.bound_checked_people == run.people else f"all pairs of {run.bound_checked_people}"
    checked = f"from what was stored, the matches weighed again and the bound compared with {compared}"
    yield "  certificate", f"{checked}; answer {run.answer_sha256[:16]}…"


def _example(report: Report) -> str:
    """The best pair's reasons in words; people are called A and B, names are profile's alone."""
    best = report.example
    if not best:
        return "no pair was proposed"
    names = dict(zip(best["participant_ids"], "AB", strict=False))
    other = {"A": "B", "B": "A"}
    words = [f"worth {best['weight'] / 1e6:.3f}"]
    for reason in best["reasons"]:
        giver, subject, amount = names.get(reason["giver_id"] or "", ""), reason["subject"], reason["amount"]
        match reason["code"]:
            case "learns_from":
                words.append(f"{other[giver]} learns {subject} from {giver}, {amount:g} level{'s' * (amount != 1)} up")
            case "shared_goal":
                words.append(f"both want {subject}")
            case "common_hours":
                words.append(f"{amount:g} common hours a week")
    return "; ".join(words)


def _feedback(report: Report) -> str:
    answered, asked = report.surveys.get("answered", 0), sum(report.surveys.values())
    mean = f", usefulness {report.usefulness_mean:.2f} of 5" if report.usefulness_mean is not None else ""
    return f"{answered:,} of {asked:,} surveys answered ({_share(answered, asked)}){mean}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _events(report: Report) -> Table:
    names = {kind: event.__name__ for kind, event in event_types().items()}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left", show_header=False)
    table.add_column(style="bold")
    entries = [(names[kind], f"[cyan]{report.events[kind]:,}[/cyan]") for kind in names if kind in report.events]
    half = -(-len(entries) // 2)
    for place in range(half):
        cells = [cell for entry in entries[place::half] for cell in entry]
        table.add_row("events" if place == 0 else "", *cells)
    return table


def _agreement(report: Report) -> str:
    wrong = [one for one in report.agreement if not one["agrees"]]
    if not wrong and report.agreement:
        return (
            f"[green]✓[/green] analytics agrees with the other services and with Kafka in all {len(report.agreement)} figures"
        )
    lines = [f"[red]✗[/red] {one['figure']}: held {one['held']}, analytics says {one['analytics']}" for one in wrong]
    return "\n".join(lines) or "[red]✗[/red] nothing was compared"
