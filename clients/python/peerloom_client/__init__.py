"""Peerloom's API and events, with asyncio and without."""

from peerloom_client.clients import AsyncPeerloom, Peerloom
from peerloom_client.events import Event
from peerloom_client.login import ClientCredentials
from peerloom_client.problems import Problem

__version__ = "0.1.0"

__all__ = ["AsyncPeerloom", "ClientCredentials", "Event", "Peerloom", "Problem"]
