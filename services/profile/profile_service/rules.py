"""Who may do what in profile.

HR administrators and clients keep people, programs and who may act. People see themselves, their organisation and its programs;
managers enrol people into the programs they were granted. Only the operator founds, suspends and closes organisations.
"""

from typing import Annotated

from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, NEWCOMERS, OPERATORS, PEOPLE, Tie
from peerloom_service.http.work import Work, allowed
from profile_service.domain import Enrolment, Participant, Program

PERSON = Tie(Participant, people="id")
PROGRAM = (Tie(Program, program="id"), Tie(Enrolment, program="program_id"))

Operator = Annotated[Work, allowed("organisations:write", OPERATORS)]
OrganisationReader = Annotated[Work, allowed("organisations:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE)]
PeopleReader = Annotated[Work, allowed("people:read", CLIENTS, ADMINISTRATORS)]
PersonReader = Annotated[Work, allowed("people:read", CLIENTS, ADMINISTRATORS, PEOPLE, of=PERSON)]
PeopleWriter = Annotated[Work, allowed("people:write", CLIENTS, ADMINISTRATORS)]
ProgramReader = Annotated[Work, allowed("programs:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE)]
ProgramWriter = Annotated[Work, allowed("programs:write", CLIENTS, ADMINISTRATORS)]
EnrolmentReader = Annotated[Work, allowed("programs:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=PROGRAM)]
Enroller = Annotated[Work, allowed("programs:write", CLIENTS, ADMINISTRATORS, MANAGERS, of=PROGRAM)]
AccessReader = Annotated[Work, allowed("access:read", CLIENTS, ADMINISTRATORS)]
AccessWriter = Annotated[Work, allowed("access:write", CLIENTS, ADMINISTRATORS)]
PartnersReader = Annotated[Work, allowed("people:represent", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE)]
Me = Annotated[Work, allowed("me:read", CLIENTS, ADMINISTRATORS, PEOPLE, NEWCOMERS)]
