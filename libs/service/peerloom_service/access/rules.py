"""Who may use a route. A service's `rules.py` is made of these and reads as sentences::

    MATCH = Tie(Match, people="participant_ids", program="program_id")

    Answerer = Annotated[Work, allowed("matching:answer", CLIENTS, PEOPLE, of=MATCH)]

An organisation's client is held to its scopes. A person is held to what they have to do with the thing itself: they are one of
its people, they manage its program, or they administer the organisation. Whatever a route reads or changes for a person passes
the rule on its way: entities one by one, lists as a condition of their statement. A route whose rule has a tie and that asked
about nothing is refused at its end, before anything is committed.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from uuid import UUID

from peerloom_service.context import Caller
from peerloom_service.problems import Forbidden


class Who(Enum):
    CLIENTS = "clients"
    OPERATORS = "the operator"
    ADMINISTRATORS = "HR administrators"
    MANAGERS = "managers of its program"
    PEOPLE = "its people"
    NEWCOMERS = "people whose account is not linked yet"


CLIENTS: Final = Who.CLIENTS
OPERATORS: Final = Who.OPERATORS
ADMINISTRATORS: Final = Who.ADMINISTRATORS
MANAGERS: Final = Who.MANAGERS
PEOPLE: Final = Who.PEOPLE
NEWCOMERS: Final = Who.NEWCOMERS


@dataclass(frozen=True, slots=True)
class Tie:
    """How people and programs are tied to a kind of thing: its fields, which are its columns too, with their ids. `people` may
    name a field with one id or with several.
    """

    thing: type
    people: str = ""
    program: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route with a scope; `ties`: of which things people and managers have to be."""

    scope: str
    who: frozenset[Who]
    ties: tuple[Tie, ...] = ()

    def __str__(self) -> str:
        return ", ".join(one.value for one in Who if one in self.who)

    def admit(self, caller: Caller) -> "Guard":
        """What has to be looked at while this caller uses the route.

        Raises: Forbidden where they may not use it at all.
        """
        if not caller.is_person:
            if not self.who & ({CLIENTS} if caller.tenant_id else {CLIENTS, OPERATORS}):
                raise Forbidden(f"This is for {self}.")
            return Guard(self, caller, settled=True)
        if caller.person_id is None:
            if NEWCOMERS not in self.who and not (caller.administrator and ADMINISTRATORS in self.who):
                raise Forbidden("This account is not linked to a participant yet. PUT /v1/me of profile once, then try again.")
            return Guard(self, caller, settled=True)
        if ADMINISTRATORS in self.who and caller.administrator:
            return Guard(self, caller, settled=True)
        if not (PEOPLE in self.who or NEWCOMERS in self.who or (MANAGERS in self.who and caller.programs)):
            raise Forbidden(f"This is for {self}.")
        return Guard(self, caller, settled=not self.ties)


class Guard:
    """One request's rule. `settled`: enough was asked for the request to go on."""

    def __init__(self, rule: Rule, caller: Caller, *, settled: bool) -> None:
        self._rule = rule
        self._caller = caller
        self._open = settled
        self._settled = settled

    def check(self, entity: Any) -> None:
        """Let an entity pass. Raises: Forbidden where the caller has nothing to do with it."""
        tie = self._tie(type(entity))
        if tie is None:
            return
        people = getattr(entity, tie.people) if tie.people else ()
        program = getattr(entity, tie.program) if tie.program else None
        if self._is_of(people if isinstance(people, Collection) else (people,)) or self._manages(program):
            self._settled = True
            return
        raise Forbidden(f"You have nothing to do with this one. It is for {self._rule}.")

    def condition(self, thing: type, columns: Callable[[str, int], str], first: int) -> tuple[str, list[Any]]:
        """Condition of a statement that lists such things, with parameters from `$first` on; nothing to add is "".

        `columns`: how a column is compared with a parameter.
        """
        tie = self._tie(thing)
        if tie is None:
            return "", []
        parts: list[str] = []
        values: list[Any] = []
        if tie.people and PEOPLE in self._rule.who:
            parts.append(columns(tie.people, first))
            values.append(self._caller.person_id)
        if tie.program and MANAGERS in self._rule.who and self._caller.programs:
            parts.append(f"{tie.program} = ANY(${first + len(values)}::uuid[])")
            values.append(list(self._caller.programs))
        self._settled = True
        return (f" AND ({' OR '.join(parts)})" if parts else " AND false"), values

    def person(self, named: UUID | None, program_id: UUID | None = None) -> UUID | None:
        """About whom a question is: whoever is named, where the caller may ask about them; of a plain person only themselves,
        also where they name nobody.

        Raises: Forbidden.
        """
        if self._open:
            return named
        if self._manages(program_id):
            self._settled = True
            return named
        if PEOPLE in self._rule.who and named in (None, self._caller.person_id):
            self._settled = True
            return self._caller.person_id
        raise Forbidden(f"People act and ask for themselves: your participant is {self._caller.person_id}.")

    def program(self, program_id: UUID) -> None:
        """The request is about a program. Raises: Forbidden where the caller does not manage it."""
        if not self._open:
            if not self._manages(program_id):
                raise Forbidden(f"You do not manage this program. This is for {self._rule}.")
            self._settled = True

    def require(self) -> None:
        """Raises: Forbidden where nothing has been asked about that shows the caller's right."""
        if not self._settled:
            raise Forbidden(f"You have nothing to do with this. It is for {self._rule}.")

    def _tie(self, thing: type) -> Tie | None:
        if self._open:
            return None
        return next((tie for tie in self._rule.ties if tie.thing is thing), None)

    def _is_of(self, people: Collection[UUID]) -> bool:
        return PEOPLE in self._rule.who and self._caller.person_id in people

    def _manages(self, program_id: UUID | None) -> bool:
        return MANAGERS in self._rule.who and program_id in self._caller.programs
