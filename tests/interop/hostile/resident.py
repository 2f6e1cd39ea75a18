"""A homeserver with rooms of its own: it serves what residents must, honestly unless it was told what to lie about."""

import urllib.parse

from harness import matrix
from harness.fake_homeserver import FEDERATION, FakeHomeserver, quote

from .hosted_room import HostedRoom

# Last part of the path before its parameters -> the part of the path that names the room.
_OF_ROOMS = {"make_join", "send_join", "make_knock", "send_knock", "make_leave", "send_leave", "state", "state_ids", "event_auth", "backfill",
             "get_missing_events", "hierarchy"}


class Resident(FakeHomeserver):
    """Serves `rooms`. `lies` has for an endpoint's word ("state", "make_join", "key") a function
    (honest answer, path, query, body) -> answer, where an answer is (status, JSON | bytes | function of the handler)."""

    def __init__(self, authority, broker, port=None):
        super().__init__(authority, broker, port)
        self.rooms = {}
        self.lies = {}

    def found_room(self, **how):
        room = HostedRoom(self, **how)
        self.rooms[room.room_id] = room
        return room

    def count(self, word):
        """Requests so far whose path has that word."""
        return sum(f"/{word}" in request for request in list(self.requests))

    def handle(self, method, target, body):
        path, _, query_text = target.partition("?")
        query = urllib.parse.parse_qs(query_text)
        parts = [urllib.parse.unquote(part) for part in path.split("/")[1:]]
        word = "key" if parts[:2] == ["_matrix", "key"] else parts[3] if len(parts) > 3 else ""
        if word in _OF_ROOMS and len(parts) > 4 and parts[4] in self.rooms:
            self.requests.append(f"{method} {path}")
            honest = self._of_room(word, self.rooms[parts[4]], parts[5:], query, body)
        elif word == "event" and any(parts[4] in room.events for room in self.rooms.values()):
            self.requests.append(f"{method} {path}")
            event = next(room.events[parts[4]] for room in self.rooms.values() if parts[4] in room.events)
            honest = 200, {"origin": self.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [event]}
        else:
            honest = super().handle(method, target, body)
        lie = self.lies.get(word)
        return lie(honest, parts, query, body) if lie else honest

    @staticmethod
    def _of_room(word, room, more, query, body):
        unknown = 404, {"errcode": "M_NOT_FOUND", "error": "no such event"}
        if word == "make_join":
            return 200, {"event": room.template(more[0], "join"), "room_version": room.room_version}
        if word == "send_join":
            return 200, room.take_join(body, query.get("omit_members") == ["true"])
        if word == "make_knock":
            return 200, {"event": room.template(more[0], "knock"), "room_version": room.room_version}
        if word == "send_knock":
            room.take(body)
            return 200, {"knock_room_state": [room.events[room.state["m.room.create", ""]]]}
        if word == "make_leave" and room.membership(more[0]) == "knock":
            return 200, {"event": room.template(more[0], "leave"), "room_version": room.room_version}
        if word == "send_leave" and body["content"]["membership"] == "leave" and room.membership(body["sender"]) == "knock":
            room.take(body)
            return 200, {}
        if word == "hierarchy":
            return 200, {"room": {"room_id": room.room_id, "num_joined_members": len(room.joined()), "children_state": []},
                         "children": [], "inaccessible_children": []}
        if word in ("make_leave", "send_leave"):
            return 403, {"errcode": "M_FORBIDDEN", "error": "nobody leaves"}
        if word == "event_auth":
            if more[0] not in room.events:
                return unknown
            return 200, {"auth_chain": room.auth_chain([room.events[more[0]]])}
        if word in ("state", "state_ids"):
            at = query["event_id"][0]
            if at not in room.state_before:
                return unknown
            state = room.state_events(at)
            chain = room.auth_chain(state)
            if word == "state":
                return 200, {"pdus": state, "auth_chain": chain}
            ids = [[matrix.event_id(event, room.room_version) for event in events] for events in (state, chain)]
            return 200, {"pdu_ids": ids[0], "auth_chain_ids": ids[1]}
        if word == "backfill":
            found = room.ancestors(query["v"], int(query["limit"][0]), include_latest=True)
            return 200, {"origin": room.server.server_name, "origin_server_ts": matrix.now_ms(), "pdus": found}
        found = room.ancestors(body["latest_events"], body["limit"], body["earliest_events"])
        return 200, {"events": found[::-1]}

    # -- as a client

    def invite(self, room, user, via_state=None):
        """PUT /invite of a user of another server; returns (status, answer) and keeps the signed event in the room."""
        event_id, event = room.make("m.room.member", {"membership": "invite"}, state_key=user)
        told = via_state if via_state is not None else [room.events[room.state[key]] for key in (("m.room.create", ""), ("m.room.join_rules", ""))]
        status, answer = self.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(event_id)}",
                                      {"room_version": room.room_version, "event": event, "invite_room_state": told},
                                      to=user.partition(":")[2])
        if status == 200:
            room.take(answer["event"])
        return status, answer
