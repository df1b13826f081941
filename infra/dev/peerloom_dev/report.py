"""What the main job has seen, as data."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

STACK_STARTED: Final = "stack started"


@dataclass
class Run:
    """One match run as the report shows it; `unmatched` counts people by the reason why they have no partner.

    The certificate: so many people's pairs were compared with the prices again, and this is the stored answer's SHA-256.
    """

    people: int
    pairs: int
    trios: int
    value: int
    upper_bound: int
    gap: float
    unmatched: dict[str, int]
    bound_checked_people: int
    answer_sha256: str


@dataclass
class Report:
    """What the job has seen, and how long each step took."""

    organisation_id: str = ""
    import_id: str = ""
    program_id: str = ""
    people_in_file: int = 0
    people_registered: int = 0
    rows_refused: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    enrolled: int = 0
    runs: list[Run] = field(default_factory=list)
    example: dict[str, Any] = field(default_factory=dict)
    matches: dict[str, int] = field(default_factory=dict)
    people_matched: int = 0
    sessions: dict[str, int] = field(default_factory=dict)
    surveys: dict[str, int] = field(default_factory=dict)
    usefulness_mean: float | None = None
    events: dict[str, int] = field(default_factory=dict)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether analytics, the other services and Kafka all tell the same."""
        return bool(self.agreement) and all(one["agrees"] for one in self.agreement)

    @property
    def job_seconds(self) -> float:
        """The main job: every step but the stack's start."""
        return round(sum(seconds for step, seconds in self.seconds.items() if step != STACK_STARTED), 2)

    def as_json(self) -> dict[str, Any]:
        """The report as it is written to `build/demo/report.json`."""
        return {**asdict(self), "agrees": self.agrees, "job_seconds": self.job_seconds}
