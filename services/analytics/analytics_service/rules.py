"""Who may read which figures: clients and HR administrators all of them, managers those of their programs."""

from typing import Annotated

from analytics_service.domain import ProgramFact
from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, Tie
from peerloom_service.http.work import Work, allowed

PROGRAM = Tie(ProgramFact, program="id")

OverviewReader = Annotated[Work, allowed("analytics:read", CLIENTS, ADMINISTRATORS)]
ProgramReader = Annotated[Work, allowed("analytics:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=PROGRAM)]
