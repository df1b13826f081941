"""Who may do what in integrations: an organisation's clients, held to their scopes.

A stream may be opened by a ticket too, which a client hands to a person's browser.
"""

from typing import Annotated

from fastapi import Security

from integrations_service.tickets import TokenOrTicket
from peerloom_service.access.rules import CLIENTS, Rule
from peerloom_service.http.work import Work, allowed

EventReader = Annotated[Work, allowed("events:read", CLIENTS)]
StreamReader = Annotated[Work, Security(TokenOrTicket(Rule("events:read", frozenset({CLIENTS}))), scopes=["events:read"])]
WebhookReader = Annotated[Work, allowed("webhooks:read", CLIENTS)]
WebhookWriter = Annotated[Work, allowed("webhooks:write", CLIENTS)]
