"""Python client of Causeway's chat contract, version 1 (messages/chat/CONTRACT.md)."""

from .client import Client
from .errors import CausewayError, CommandError, CommandTimeout, ConnectionRefused
from .protocol import CurveKeys, Event

__all__ = ["CausewayError", "Client", "CommandError", "CommandTimeout", "ConnectionRefused", "CurveKeys", "Event"]
