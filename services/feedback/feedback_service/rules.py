"""Who may do what in feedback.

People see and answer their own surveys, and read again what they answered. Managers of a program and HR administrators see who
has answered, not what: they have the figures, and words only where several have spoken. Clients are held to their scopes.
"""

from typing import Annotated

from feedback_service.domain import Response, Survey
from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, PEOPLE, Tie
from peerloom_service.http.work import Work, allowed

SURVEY = Tie(Survey, people="participant_id", program="program_id")
RESPONSE = Tie(Response, people="participant_id")

SurveyReader = Annotated[Work, allowed("feedback:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE, of=SURVEY)]
Respondent = Annotated[Work, allowed("feedback:write", CLIENTS, PEOPLE, of=SURVEY)]
ResponseReader = Annotated[Work, allowed("feedback:read", CLIENTS, PEOPLE, of=RESPONSE)]
