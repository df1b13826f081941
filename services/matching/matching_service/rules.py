"""Who may do what in matching.

People see their own proposals and matches, with their partners' ids, and answer their own. Managers of a program, and HR
administrators, start its runs and see what came of them. Clients are held to their scopes, and say for whom they answer.
"""

from typing import Annotated

from matching_service.domain.matches import Match
from matching_service.domain.programs import Program
from matching_service.domain.runs import Run
from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, PEOPLE, Tie
from peerloom_service.http.work import Work, allowed

MATCH = Tie(Match, people="participant_ids", program="program_id")
RUN = Tie(Run, program="program_id")
POOL = Tie(Program)
"""A program by its id alone: the route says which one it is about."""

RunReader = Annotated[Work, allowed("matching:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=RUN)]
PoolReader = Annotated[Work, allowed("matching:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=POOL)]
Runner = Annotated[Work, allowed("matching:run", CLIENTS, ADMINISTRATORS, MANAGERS, of=RUN)]
ReplayReader = Annotated[Work, allowed("matching:read", CLIENTS, ADMINISTRATORS)]
Replayer = Annotated[Work, allowed("matching:run", CLIENTS, ADMINISTRATORS)]
MatchReader = Annotated[Work, allowed("matching:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE, of=MATCH)]
Answerer = Annotated[Work, allowed("matching:answer", CLIENTS, PEOPLE, of=MATCH)]
