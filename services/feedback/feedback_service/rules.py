"""Who may do what in feedback.

People see and answer their own surveys, and read again what they answered. Managers of a program and HR administrators see who
has answered, not what: they have the figures, and words only where several have spoken. People give kudos to those they have a
relationship with, and see those they were given, which they share or not. A concern is read by managers of its program and HR
administrators alone. Clients are held to their scopes.
"""

from typing import Annotated

from feedback_service.domain.concerns import Concern
from feedback_service.domain.recognition import Kudos
from feedback_service.domain.relationships import Relationship
from feedback_service.domain.results import Results
from feedback_service.domain.surveys import Response, Survey
from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, PEOPLE, Tie
from peerloom_service.http.work import Work, allowed

SURVEY = Tie(Survey, people="participant_id", program="program_id")
RESPONSE = Tie(Response, people="participant_id")
RESULTS = Tie(Results, program="program_id")
RELATIONSHIP = Tie(Relationship, people="participant_ids")
KUDOS = Tie(Kudos, people="receiver_id")
CONCERN = Tie(Concern, program="program_id")

SurveyReader = Annotated[Work, allowed("feedback:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE, of=SURVEY)]
Respondent = Annotated[Work, allowed("feedback:write", CLIENTS, PEOPLE, of=SURVEY)]
ResponseReader = Annotated[Work, allowed("feedback:read", CLIENTS, PEOPLE, of=RESPONSE)]
ResultsReader = Annotated[Work, allowed("feedback:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=RESULTS)]
KudosGiver = Annotated[Work, allowed("feedback:write", CLIENTS, PEOPLE, of=RELATIONSHIP)]
KudosReader = Annotated[Work, allowed("feedback:read", CLIENTS, PEOPLE, of=KUDOS)]
KudosReceiver = Annotated[Work, allowed("feedback:write", CLIENTS, PEOPLE, of=KUDOS)]
ConcernRaiser = Annotated[Work, allowed("feedback:write", CLIENTS, PEOPLE, of=RELATIONSHIP)]
ConcernReader = Annotated[Work, allowed("concerns:read", CLIENTS, ADMINISTRATORS, MANAGERS, of=CONCERN)]
ConcernKeeper = Annotated[Work, allowed("concerns:write", CLIENTS, ADMINISTRATORS, MANAGERS, of=CONCERN)]
