"""The two servers that are compared: how each is pushed to, asked, and what it has on its disk."""

import json
import sqlite3
import uuid

import msgpack

from causeway_demo.chat_server import CommandError
from harness.fake_homeserver import FEDERATION, quote
from harness.synapse import ClientError


class Peer:
    """One of the two. `member` is its user in a room."""

    def __init__(self, name, side, database):
        self.name = name
        self.side = side
        self.server_name = side.server_name
        self._database = database
        self._connection = None

    def _read(self, statement, *values):
        """Rows of its database, which it goes on using."""
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30, check_same_thread=False)
        return self._connection.execute(statement, values).fetchall()

    def close(self):
        if self._connection is not None:
            self._connection.close()

    def log_about(self, event_id):
        """The last lines of its log that name the event, with what was thrown."""
        lines, about = [], False
        with open(self.side.processes[0].log_file, encoding="utf8", errors="replace") as log:
            for line in log:
                about = event_id in line or (about and not line.startswith("20"))
                if about:
                    lines.append(line.rstrip())
        return lines[-30:]

    # -- over the federation

    def push(self, server, pdus):
        """One transaction."""
        status, answer = server.send(pdus, to=self.server_name)
        assert status == 200, (self.name, status, answer)
        return answer["pdus"]

    def drops(self, server, event_id, event):
        """Pushes one event: why it was dropped at once, None when it was taken to be judged."""
        answer = self.push(server, [event])
        # What has no form in Synapse's eyes is left out of its answer.
        return answer[event_id].get("error") if event_id in answer else "not in the answer"

    def state_ids(self, server, room_id, event_id):
        """(ids of the state before the event, ids of its auth chain) as sets, or the status of a refusal."""
        status, answer = server.request("GET", f"{FEDERATION}/v1/state_ids/{quote(room_id)}?event_id={quote(event_id)}",
                                        to=self.server_name)
        return (set(answer["pdu_ids"]), set(answer["auth_chain_ids"])) if status == 200 else status

    def event(self, server, event_id):
        """Content as served, or the status of a refusal."""
        status, answer = server.request("GET", f"{FEDERATION}/v1/event/{quote(event_id)}", to=self.server_name)
        return answer["pdus"][0]["content"] if status == 200 else status

    # -- as its user

    def invited(self, room_id, user):
        return self.side.has_invitation(room_id, user)

    def join(self, room_id, user):
        self.side.accept(room_id, user)


class SynapsePeer(Peer):
    def close(self):
        super().close()
        self._failures.close()

    def __init__(self, side, directory):
        super().__init__("synapse", side, f"{directory}/homeserver.db")
        self._failures = open(side.processes[0].log_file, encoding="utf8", errors="replace", newline="\n")
        self._read_up_to = 0
        self._failed = []

    def judged(self, event_id):
        """(accepted, soft_failed, rejected or outlier; why), None when it has no such event."""
        rows = self._read("SELECT e.outlier, e.rejection_reason, j.internal_metadata FROM events e JOIN event_json j USING (event_id) "
                          "WHERE e.event_id = ?", event_id)
        if not rows:
            return None
        outlier, rejection, metadata = rows[0]
        if rejection:
            return "rejected", rejection
        if outlier:
            return "outlier", ""
        return ("soft_failed" if json.loads(metadata).get("soft_failed") else "accepted"), ""

    def failed_on(self, event_id):
        """Whether it threw while it handled the event, which is lost then."""
        self._failures.seek(self._read_up_to)
        for line in self._failures:
            if line.endswith("\n"):
                self._read_up_to += len(line.encode())
                if "Failed to handle PDU " in line:
                    self._failed.append(line.rstrip().rpartition(" ")[2])
        return event_id in self._failed

    def ends(self, room_id):
        return {event_id for event_id, in self._read("SELECT event_id FROM event_forward_extremities WHERE room_id = ?", room_id)}

    def current_state(self, room_id, user):
        """Event ids by the client API, for which it has a table of its own."""
        return {event["event_id"] for event in self._user(user).call("GET", f"/rooms/{quote(room_id)}/state")}

    def says(self, room_id, user, text):
        """Event id; None when it may not."""
        try:
            return self._user(user).send(room_id, text)
        except ClientError as why:
            assert why.status == 403, why
            return None

    def names(self, room_id, user, text):
        """Changes the topic: event id; None when it may not."""
        try:
            return self._user(user).call("PUT", f"/rooms/{quote(room_id)}/state/m.room.topic", {"topic": text})["event_id"]
        except ClientError as why:
            assert why.status == 403, why
            return None

    def _user(self, user_id):
        return self.side.synapse.user(user_id[1:].partition(":")[0])


class BrokerPeer(Peer):
    _VERDICTS = ("accepted", "rejected", "soft_failed", "outlier")

    def __init__(self, side, directory):
        super().__init__("causeway", side, f"{directory}/data/store.db")

    def failed_on(self, event_id):
        return False

    def judged(self, event_id):
        rows = self._read("SELECT judged, reason FROM events WHERE event_id = ?", event_id)
        return (self._VERDICTS[rows[0][0]], rows[0][1]) if rows else None

    def ends(self, room_id):
        (ends,), = self._read("SELECT forward_extremities FROM rooms WHERE room_id = ?", room_id)
        return set(msgpack.unpackb(ends))

    def told_room(self, room_id):
        """What the chat server knows: (memberships of everybody, name, topic)."""
        room = self.side.chat.command("query.room", {"room": room_id})
        return {each["user"]: each["membership"] for each in room["members"]}, room["name"], room["topic"]

    def says(self, room_id, user, text):
        try:
            return self.side.chat.send(room_id, user, text, uuid.uuid4().hex)
        except CommandError as why:
            assert why.code == "forbidden", why
            return None
