"""The options of a program's format: checked by the format's own model, with sentences for whoever chose them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from peerloom_events.formats import FORMATS, FormatOptions, options_of
from profile_service.domain import Program, ProgramFormatWrong


def chosen_anew(format_: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a program that is launched now: what is recommended for new ones, unless it chose otherwise."""
    model = FORMATS.get(format_, FormatOptions)
    return {**model.for_new_programs, **options}


def checked(format_: str, options: Mapping[str, Any]) -> FormatOptions:
    """The options as the format understands them, with its defaults where none was chosen.

    Raises: ProgramFormatWrong, naming each option that is unknown, missing or wrong.
    """
    model = FORMATS[format_]
    try:
        return model.model_validate(options, extra="forbid")
    except ValidationError as error:
        wrong = dict(_wrong_options(format_, model, error))
        findings = [{"pointer": f"#/options/{name}", "detail": sentence} for name, sentence in wrong.items()]
        raise ProgramFormatWrong(" ".join(wrong.values()), errors=findings) from None


def full(program: Program) -> dict[str, JsonValue]:
    """Every option of a program, also where its row is older than `options` and has columns for them."""
    return checked(program.format, options_of(program)).model_dump(mode="json")


def _wrong_options(format_: str, model: type[FormatOptions], error: ValidationError) -> Iterator[tuple[str, str]]:
    reasons: dict[str, list[str]] = {}
    for finding in error.errors(include_url=False):
        name = str(finding["loc"][0])
        match finding["type"]:
            case "extra_forbidden":
                yield name, f"options.{name}: the format {format_} has no such option. It has {', '.join(model.model_fields)}."
            case "missing":
                yield name, f"options.{name}: the format {format_} needs it. {model.model_fields[name].description}"
            case _:
                reasons.setdefault(name, []).append(finding["msg"][0].lower() + finding["msg"][1:])
    for name, found in reasons.items():
        yield name, f"options.{name}: {', or '.join(found)}. {model.model_fields[name].description}"
