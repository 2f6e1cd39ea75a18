"""The door before a broker that puts down each transaction which comes to it: what was sent under which id, and what was answered."""

import json
import re

from harness.front import Front
from ledger import Transaction

_SEND = "/_matrix/federation/v1/send/"
_ORIGIN = re.compile(r'origin="?([^",]+)')


def refused_in(answer):
    """Event ids that an answer to PUT /send names an error for."""
    verdicts = json.loads(answer).get("pdus", {})
    return tuple(event_id for event_id, verdict in verdicts.items() if "error" in verdict)


class Recorder(Front):
    """The server behind it has its port in its name."""

    def __init__(self, authority, ledger):
        super().__init__(authority)
        self._ledger = ledger

    def write_to(self, ledger):
        """From now on; what is under way goes where it began."""
        self._ledger = ledger

    @property
    def server_name(self):
        return f"localhost:{self.port}"

    def forward(self, method, target, body, headers):
        if method != "PUT" or not target.startswith(_SEND):
            return super().forward(method, target, body, headers)
        sender = _ORIGIN.search(headers["Authorization"])[1]
        seen = self._ledger.arrive(Transaction(sender, self.server_name, target[len(_SEND):], body))
        status, content_type, answer = super().forward(method, target, body, headers)
        if status == 200:
            seen.refused = refused_in(answer)
        seen.status = status
        return status, content_type, answer
