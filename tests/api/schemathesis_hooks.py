"""Rules between values, which a JSON Schema cannot say: data that breaks one is sound by its schema and refused all the same.

Whatever is generated as valid is made to keep them; what is generated as invalid stays as it is.
"""

from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

_KEY = "Idempotency-Key"
_USUAL_OPTIONS = ("options", "trio_when_odd", "junior_up_to_level", "seats_per_senior")

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]))
schemathesis.openapi.format(
    "date-time", st.integers(0, 364).map(lambda day: f"20{27 + day % 10}-{1 + day % 12:02}-{1 + day % 28:02}T09:30:00Z")
)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """A key belongs to one request; dates and times end after they begin; options go with their format; places in the event
    log are those it has; webhooks and issuers lead somewhere; what cells of a file mean is what there is.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.headers and _KEY in case.headers:
        case.headers[_KEY] = str(uuid4())
    body = case.body
    for name, value in (("zone", "Berlin=Europe/Berlin"), ("value", "employee_level:Senior=4")):
        if isinstance(case.query, dict) and name in case.query:
            case.query[name] = [value]
    for place in (case.query, body):
        if isinstance(place, dict) and "after" in place:
            place["after"] = "latest"
    if isinstance(body, dict):
        if "url" in body:
            body["url"] = "https://hooks.example.com/peerloom"
        _in_order(body, "starts_on", "ends_on", "2026-12-01", "2027-06-01")
        _in_order(body, "hired_from", "hired_until", "2026-12-01", "2027-06-01")
        _in_order(body, "lowest_level", "highest_level", 1, 12)
        _in_order(body.get("working_hours"), "starts", "ends", 540, 1020)
        if "issuer" in body:
            body["issuer"] = f"https://login.example.com/{uuid4()}"
            body["organisation_claim"] = body["organisation_value"] = None
        if "metric" in body and case.method == "POST":
            body["format"] = "one-to-one"
            for name in _USUAL_OPTIONS:
                body.pop(name, None)
        if "with_skills_only" in body or case.path.endswith(("/enrolments", "/audience-preview")):
            body["everybody"] = True


def _in_order(body: Any, first: str, last: str, usual_first: Any, usual_last: Any) -> None:
    if isinstance(body, dict) and (first in body or last in body):
        one, other = body.get(first, usual_first), body.get(last, usual_last)
        if one is None or other is None or one >= other:
            body[first], body[last] = usual_first, usual_last
