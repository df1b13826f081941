"""Exports shaped as public samples: with one saved mapping each, who is here is taken and who has left is not."""

import pytest

from profile_service.imports.good_rows import GoodRow
from profile_service.imports.people_file import PeopleFileReader
from profile_service.imports.refusals import has_left

from .people_files import outcomes
from .public_exports import EXPORTS, TODAY, Export


def taken(export: Export) -> set[str]:
    """Employee numbers of those an import would register or keep on that day."""
    reader = PeopleFileReader(mapping=export.mapping, defaults=export.defaults, options=export.options)
    people, _ = outcomes(export.content, reader)
    rows = map(GoodRow.of, people)
    return {row.employee_number for row in rows if not has_left(row.leaving_date, TODAY.isoformat())}


@pytest.mark.parametrize("name", EXPORTS)
def test_current_staff_are_taken_and_leavers_are_not(name: str) -> None:
    export = EXPORTS[name]()
    assert export.leavers

    assert taken(export) == export.staff
