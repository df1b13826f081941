"""What every request and answer body is made of: nothing unknown is taken, and no text PostgreSQL could not keep."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Body(BaseModel):
    """A request body. Unknown fields are refused, so that a typing error is not taken for consent, and so is a value of another
    kind than the documents say: what somebody means by "5", 0 or yes is not guessed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Out(BaseModel):
    """An answer body. One with a `version` is sent with its ETag."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The form of a text: a regular expression for the documents and programs, a sentence for people.

    It is matched against the whole text as it was sent; the text is kept without the blanks around it.
    """

    regex: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        matches, sentence = re.compile(self.regex).fullmatch, self.sentence

        def check(text: str) -> str:
            if matches(text) is None:
                raise PydanticCustomError("pattern", sentence)
            return text.strip()

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.regex}


_PRINTABLE = r"[^\x00-\x08\x0b-\x1f\x7f]"

Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Pattern(
        rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f]{_PRINTABLE}*$", "Write at least one visible character, and no control characters."
    ),
]
"""One line of text, 1 to 200 characters."""

Passage = Annotated[
    str, StringConstraints(max_length=4000), Pattern(rf"^{_PRINTABLE}*$", "Leave out control characters such as NUL.")
]
"""Up to 4,000 characters of text."""
