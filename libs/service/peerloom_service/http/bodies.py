"""What every request and answer body is made of: nothing unknown is taken, and no text PostgreSQL could not keep."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Body(BaseModel):
    """A request body. Unknown fields are refused, so that a typing error is not taken for consent."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Out(BaseModel):
    """An answer body."""

    model_config = ConfigDict(frozen=True)


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("control characters and lone surrogates are not allowed")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)]
"""One line of text, 1 to 200 characters."""

Passage = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_printable)]
"""Up to 4,000 characters of text."""
