"""What a people file may say about managers, against the file itself and against who is known already."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from profile_service.imports.people_file import PeopleFileReader, check_reporting_lines

from .people_files import cells, outcomes, text_of


def reporting(
    pairs: dict[str, str], known: dict[str, str | None] | None = None
) -> tuple[list[tuple[int, str]], set[str], list[str]]:
    reader = PeopleFileReader()
    people, errors = outcomes(
        text_of([cells(number, manager_employee_number=manager) for number, manager in pairs.items()]), reader
    )
    assert (len(people), errors) == (len(pairs), [])
    check = reader.check_reporting_lines(known or {})
    assert check.refused == frozenset()
    assert {(warning.column, warning.severity) for warning in check.findings} <= {("Manager ID", "warning")}
    told = [(warning.line, warning.code) for warning in check.findings]
    return told, set(check.without_manager), [warning.message for warning in check.findings]


def test_a_manager_in_a_later_row_or_known_already_is_fine() -> None:
    assert reporting({"1": "2", "2": "0", "3": ""}, known={"0": None}) == ([], set(), [])


def test_an_unknown_manager_is_a_warning_and_the_person_is_kept() -> None:
    told, without_manager, messages = reporting({"1": "", "2": "9"})

    assert told == [(3, "unknown_manager")]
    assert without_manager == {"2"}
    assert "“9”" in messages[0]


def test_a_column_of_managers_that_are_all_unknown_is_doubted() -> None:
    told, _, messages = reporting({str(place): f"Manager {place % 3}" for place in range(20)})

    assert told[0] == (1, "doubtful_manager_column")
    assert messages[0].startswith("20 of 20")


def test_being_ones_own_manager_is_a_warning() -> None:
    assert reporting({"1": "1"})[:2] == ([(2, "own_manager")], {"1"})


def test_each_circle_of_managers_is_told_once_with_its_members() -> None:
    told, without_manager, messages = reporting(
        {"report": "b", "a": "c", "b": "a", "c": "b", "lone": "", "x": "y", "y": "x", "under-x": "x"}
    )

    assert told == [(3, "manager_cycle"), (7, "manager_cycle")]
    assert without_manager == {"a", "b", "c", "x", "y"}
    assert "“a” → “c” → “b” → “a”" in messages[0]


def test_a_circle_through_people_who_are_not_in_the_file_is_an_error_of_the_row_that_closes_it() -> None:
    people: dict[str, tuple[int, str | None]] = {"lead": (2, None), "a": (3, "b"), "c": (4, "d"), "new": (5, "c")}
    known = {"b": "c", "d": "a", "a": None, "c": None}

    check = check_reporting_lines(people, known, "Manager ID")

    (error,) = check.findings
    assert (error.line, error.column, error.code, error.severity) == (4, "Manager ID", "manager_cycle", "error")
    assert error.message == (
        "4 people would be managers of each other in a circle: “c” → “d” → “a” → “b” → “c”. Not imported; correct this "
        "manager, or add “b” to the file with the manager they have now."
    )
    assert (check.refused, check.without_manager) == ({"c"}, set())


def test_two_people_who_swap_places_are_no_circle() -> None:
    assert reporting({"boss": "deputy", "deputy": ""}, known={"boss": None}) == ([], set(), [])


def test_who_is_refused_stays_as_they_are_and_may_close_a_circle_for_another_row() -> None:
    people: dict[str, tuple[int, str | None]] = {"x": (2, "y"), "y": (3, "p")}
    known = {"p": "y", "y": "x", "x": None}

    check = check_reporting_lines(people, known, None)

    assert [finding.line for finding in check.findings] == [2, 3]
    assert check.refused == {"x", "y"}


numbers_in = st.integers(0, 6).map(str)


@given(
    file=st.dictionaries(numbers_in, st.none() | numbers_in, max_size=7),
    ranks=st.permutations([str(number) for number in range(7)]),
    managed=st.lists(st.none() | st.integers(0, 6), min_size=7, max_size=7),
)
def test_after_an_import_nobody_reports_in_a_circle_and_no_line_is_lost_without_need(
    file: dict[str, str | None], ranks: list[str], managed: list[int | None]
) -> None:
    # Before it everybody is known, and reports to somebody of a higher rank or to nobody.
    known = {
        one: ranks[manager] if manager is not None and manager < rank else None
        for rank, (one, manager) in enumerate(zip(ranks, managed, strict=True))
    }
    people = {number: (line, manager) for line, (number, manager) in enumerate(file.items(), start=2)}

    check = check_reporting_lines(people, known, None)

    wanted = known | {number: None if manager == number else manager for number, manager in file.items()}
    after = wanted | {number: known[number] for number in check.refused} | dict.fromkeys(check.without_manager)
    assert not any(in_a_circle(number, after) for number in after)
    if not any(in_a_circle(number, wanted) for number in wanted):
        assert after == wanted


def in_a_circle(person: str, lines: Mapping[str, str | None]) -> bool:
    above = lines[person]
    for _ in lines:
        if above is None or above == person:
            break
        above = lines[above]
    return above == person


def test_managers_to_look_up_are_those_that_no_row_has() -> None:
    reader = PeopleFileReader()
    outcomes(text_of([cells("1", manager_employee_number="2"), cells("2", manager_employee_number="boss")]), reader)

    assert reader.managers_outside() == {"boss"}
