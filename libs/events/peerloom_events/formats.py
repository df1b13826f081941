"""The formats a program may have, and what each lets a program choose: the contract behind `ProgramLaunched.options`.

Append-only like the events: a format or an option, once here, stays; a new option has a default that means what was so before.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue

from peerloom_events.event import Fact
from peerloom_events.profile import ProgramLaunched


class FormatOptions(Fact):
    """What a program of any format may choose. Subclasses add what their own format asks for."""

    reporting_line: Literal["whole-line", "off"] | Annotated[int, Field(ge=1, le=50)] = Field(
        default="whole-line",
        description="Who is never matched with whom because one reports to the other: 'whole-line', at any depth; a number, so "
        "many levels up and down; 'off', nobody.",
    )
    same_manager: bool = Field(default=False, description="Whether two people who report to the same manager may be matched.")


class OneToOneOptions(FormatOptions):
    """Pairs of peers."""

    trio_when_odd: bool = Field(default=False, description="Whoever would be left over joins a pair: three people meet.")


class JuniorSeniorOptions(FormatOptions):
    """Pairs of one junior and one senior."""

    junior_up_to_level: int = Field(ge=1, description="Up to this employee level people are juniors, above it seniors.")
    seats_per_senior: int = Field(default=1, ge=1, le=5, description="How many juniors a senior may have at once.")


FORMATS: Final[Mapping[str, type[FormatOptions]]] = {
    "one-to-one": OneToOneOptions,
    "junior-senior": JuniorSeniorOptions,
}
"""Every format by its name on the wire, with the model of its options."""


def options_of(program: ProgramLaunched) -> dict[str, JsonValue]:
    """The options a program was launched with, also where its event is older than `options` and names each in a field."""
    if program.options is not None:
        return program.options
    named: dict[str, Any] = {
        "trio_when_odd": program.trio_when_odd,
        "junior_up_to_level": program.junior_up_to_level,
        "seats_per_senior": program.seats_per_senior,
    }
    known = FORMATS.get(program.format, FormatOptions).model_fields
    return {name: value for name, value in named.items() if name in known}
