"""What an event is: a frozen fact with a type, a topic and a key, all three declared beside its fields."""

from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from peerloom_events.topics import Topic


class Fact(BaseModel):
    """A value inside an event. Frozen; unknown fields of a newer minor revision are ignored.

    NaN and infinity are refused: JSON has neither, and would silently carry null.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Fact):
    """A fact about one aggregate, said by the service that owns it.

    A subclass declares itself in its first line and is registered by that::

        class MatchExpired(Event, type="io.peerloom.matching.match.expired.v1", topic=MATCHES, key="match_id"):
            match_id: UUID

    Events carry ids and facts, never a name or an e-mail address.
    """

    type: ClassVar[str]
    topic: ClassVar[Topic]
    key_field: ClassVar[str]

    version: int = Field(ge=1, description="Version of the aggregate after this fact; consumers apply only newer ones.")

    def __init_subclass__(cls, *, type: str, topic: Topic, key: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]  # the declaration's keywords, as pydantic passes them on
        cls, *, type: str, topic: Topic, key: str, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if key not in cls.model_fields:
            raise TypeError(f"{cls.__name__}: its key {key!r} is not one of its fields")
        if type in _registry:
            raise TypeError(f"{cls.__name__}: event type {type!r} is already taken by {_registry[type].__name__}")
        cls.type, cls.topic, cls.key_field = type, topic, key
        _registry[type] = cls

    @property
    def key(self) -> UUID:
        """Id of the aggregate this is about: the Kafka record key."""
        value: UUID = getattr(self, self.key_field)
        return value

    @classmethod
    def service(cls) -> str:
        """Name of the service that says this event (third part of the type)."""
        return cls.type.split(".")[2]

    @classmethod
    def dataschema(cls) -> str:
        """URI of this event's JSON Schema: CloudEvents attribute `dataschema`."""
        return f"urn:peerloom:schema:{cls.type.removeprefix('io.peerloom.')}"

    @classmethod
    def from_json(cls, value: bytes) -> Self:
        """Read the body of a record.

        Raises: pydantic.ValidationError.
        """
        return cls.model_validate_json(value)

    def to_json(self) -> bytes:
        """Body of the record: compact JSON."""
        return self.__pydantic_serializer__.to_json(self)


_registry: dict[str, type[Event]] = {}


def event_types() -> dict[str, type[Event]]:
    """Every event class declared so far, by its CloudEvents type."""
    return dict(_registry)
