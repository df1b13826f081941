"""Who may do what in sessions.

The people of a relationship see it, book, move and cancel its sessions, record who came, and end it. Notes, check-ins and
calendar feeds are their owner's alone. Managers of a program, and HR administrators, see its relationships and sessions with
their states, and nobody's words. Clients are held to their scopes, and say for whom they act.
"""

from typing import Annotated

from peerloom_service.access.rules import ADMINISTRATORS, CLIENTS, MANAGERS, PEOPLE, Tie
from peerloom_service.http.work import Work, allowed
from sessions_service.domain.feeds import CalendarFeed
from sessions_service.domain.relationships import Relationship
from sessions_service.domain.sessions import Session
from sessions_service.domain.together import ActionItem, CheckIn, Note

RELATIONSHIP = Tie(Relationship, people="participant_ids", program="program_id")
SESSION = Tie(Session, people="participant_ids", program="program_id")
MEETING = (RELATIONSHIP, SESSION)
TOGETHER = (RELATIONSHIP, Tie(ActionItem, people="owner_id"), Tie(CheckIn, people="participant_id"))
NOTES = (RELATIONSHIP, Tie(Note, people="author_id"))
FEED = Tie(CalendarFeed, people="id")

GuideReader = Annotated[Work, allowed("sessions:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE)]
MeetingReader = Annotated[Work, allowed("sessions:read", CLIENTS, ADMINISTRATORS, MANAGERS, PEOPLE, of=MEETING)]
MeetingWriter = Annotated[Work, allowed("sessions:write", CLIENTS, PEOPLE, of=MEETING)]
OwnReader = Annotated[Work, allowed("sessions:read", CLIENTS, PEOPLE, of=TOGETHER)]
OwnWriter = Annotated[Work, allowed("sessions:write", CLIENTS, PEOPLE, of=TOGETHER)]
NotesReader = Annotated[Work, allowed("notes:read", CLIENTS, PEOPLE, of=NOTES)]
NotesWriter = Annotated[Work, allowed("notes:write", CLIENTS, PEOPLE, of=NOTES)]
FeedReader = Annotated[Work, allowed("sessions:read", CLIENTS, PEOPLE, of=FEED)]
FeedWriter = Annotated[Work, allowed("sessions:write", CLIENTS, PEOPLE, of=FEED)]
ClockKeeper = Annotated[Work, allowed("sessions:write", CLIENTS)]
