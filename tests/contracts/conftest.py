"""An event of our own, which the tests change in every way someone might."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, create_model

from peerloom_events import Event, Fact
from peerloom_events import event as event_module
from peerloom_events.contracts.accept import accept
from peerloom_events.contracts.checks import check
from peerloom_events.contracts.files import ContractFiles
from peerloom_events.contracts.history import History
from peerloom_events.topics import PARTICIPANTS, Topic

NOT_ASKED = History(gap="git was not asked")
TYPE = "io.peerloom.profile.guild.joined.v1"
NAME = "profile.guild.joined.v1"


class Craft(Fact):
    """Something a member knows how to do."""

    skill: str
    level: int = Field(ge=1, le=5)


class CraftWithHobby(Craft):
    """The same, grown as it may."""

    hobby: bool = False


FIELDS: dict[str, Any] = {
    "person_id": UUID,
    "guild_id": UUID,
    "title": str,
    "standing": Literal["apprentice", "journeyman"],
    "hours": Annotated[int, Field(ge=1, le=40)],
    "crafts": tuple[Craft, ...],
    "best": Craft,
    "sponsor_id": UUID | None,
    "joined_at": AwareDatetime,
    "span": tuple[int, int],
    "pace": (int, Field(default=2, ge=1, le=9)),
    "note": (str | None, None),
}

Declare = Callable[..., type[Event]]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declares GuildJoined anew: with fields changed or added by name, or left out by `without`."""

    def declare(*, topic: Topic = PARTICIPANTS, key: str = "person_id", without: str = "", **changed: Any) -> type[Event]:
        monkeypatch.setattr(event_module, "_registry", {})
        fields: dict[str, Any] = {
            name: field if isinstance(field, tuple) else (field, ...)
            for name, field in (FIELDS | changed).items()
            if name != without
        }
        declaration = {"type": TYPE, "topic": topic, "key": key}
        return create_model("GuildJoined", __base__=Event, __cls_kwargs__=declaration, **fields)

    return declare


@pytest.fixture
def promised(declare: Declare, tmp_path: Path) -> ContractFiles:
    """Files in which GuildJoined has been promised to everyone, as revision 1."""
    files = ContractFiles(tmp_path / "package")
    accepted = accept({TYPE: declare()}, files, NOT_ASKED)
    assert accepted.written == [f"schemas/{NAME}/1.json", f"samples/{NAME}/1-typical.json"]
    assert findings(declare(), files) == []
    return files


def findings(event: type[Event], files: ContractFiles) -> list[str]:
    """What the check says of one event, git not asked."""
    return [str(finding) for finding in check({event.type: event}, files, NOT_ASKED)]
