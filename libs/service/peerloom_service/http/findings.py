"""What is wrong with a request's values, said to people: where, what to do, and a code for programs."""

from typing import Any, Final

from peerloom_service.http.fastapi_parts import Finding
from peerloom_service.problems import BadRequest, Invalid

_MOST_FINDINGS: Final = 100
_VALUE_ERROR: Final = "Value error, "
_SENTENCES: Final = {
    "extra_forbidden": "There is no field of this name here; look at its spelling.",
    "string_pattern_mismatch": "The text does not have the form that is documented for this field.",
    "is_instance_of": "The value is of another kind than this field takes.",
}
_UNKNOWN_PARAMETER: Final = "There is no parameter of this name here; look at its spelling."


def refusal(findings: list[Finding]) -> Invalid | BadRequest:
    """One problem for all of them, the first hundred named."""
    if any(finding["type"] == "json_invalid" for finding in findings):
        return BadRequest("The body is not valid JSON.")
    errors = [
        {"pointer": _pointer(finding["loc"]), "detail": _sentence(finding), "code": finding["type"]}
        for finding in findings[:_MOST_FINDINGS]
    ]
    return Invalid("See errors for each value and what is wrong with it.", errors=errors)


def _sentence(finding: Finding) -> str:
    if finding["type"] == "extra_forbidden" and finding["loc"][0] == "query":
        return _UNKNOWN_PARAMETER
    message: str = finding["msg"]
    return _SENTENCES.get(finding["type"], message.removeprefix(_VALUE_ERROR))


def _pointer(location: tuple[Any, ...]) -> str:
    where, *path = location
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return f"#{steps}" if where == "body" else f"{where}:{steps.lstrip('/')}"
