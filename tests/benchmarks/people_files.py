"""people_cases_right, public_exports_staff_taken, public_exports_leavers_taken: what becomes of files as HR systems write them.

Nothing is timed, and no parts are needed: each file is read as an import reads it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.figures import Measured
from tests.profile import test_people_file_kinds as kinds
from tests.profile.public_exports import EXPORTS
from tests.profile.test_public_exports import taken

KEYS = ("people_cases_right", "public_exports_staff_taken", "public_exports_leavers_taken")


def measure(wanted: Sequence[str]) -> list[Measured]:
    """Read every case and every export, once."""
    wrong = [*_wrong(kinds.RIGHT, kinds.test_a_file_of_this_kind_is_read_as_it_should_be)]
    wrong += _wrong(kinds.REFUSED, kinds.test_a_file_that_cannot_be_read_is_explained)
    cases = len(kinds.RIGHT) + len(kinds.REFUSED)
    exports = [make() for make in EXPORTS.values()]
    took = [taken(export) for export in exports]
    staff = sum(len(export.staff & some) for export, some in zip(exports, took, strict=True))
    leavers = sum(len(export.leavers & some) for export, some in zip(exports, took, strict=True))
    everybody = sum(len(export.staff) for export in exports)
    measured = {
        "people_cases_right": Measured(
            "people_cases_right", 1 - len(wrong) / cases, f"{cases} cases; wrong: {wrong or 'none'}"
        ),
        "public_exports_staff_taken": Measured(
            "public_exports_staff_taken", staff / everybody, f"{staff:,} of {everybody:,} in {', '.join(EXPORTS)}"
        ),
        "public_exports_leavers_taken": Measured("public_exports_leavers_taken", leavers, f"in {', '.join(EXPORTS)}"),
    }
    return [measured[key] for key in wanted]


def _wrong(names: dict[str, object], check: object) -> list[str]:
    wrong = []
    for name in names:
        try:
            check(name)  # type: ignore[operator]
        except BaseException:  # noqa: BLE001 - pytest's own failures are none of Exception
            wrong.append(name)
    return wrong
