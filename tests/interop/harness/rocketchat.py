"""A Rocket.Chat as its federation sees it: its own package, on a loopback address of its own, driven through a control port."""

import base64
import http.client
import json
import os
import urllib.parse

from causeway_demo.process import Process, free_port, until

from .rocketchat_environment import FOLDER, PACKAGES

_STATE_S = 10  # until it knows the state of a room again that it takes up
_JOIN_S = 120


class RocketChatError(Exception):
    """A method of the package has thrown."""


class RocketChat:
    """One peer and what stands in for its database server, which outlives it. Federates on port 8448 of `address`, which is its server name:
    names with a port do not work with the package.

    :param environment: of rocketchat_environment.
    :param package_version: one of rocketchat_environment.PACKAGES.
    :param room_version: of the rooms its users create.
    :param demands_origin: whether joins and leaves without `origin` are refused, as Rocket.Chat did until August 2026.
    """

    def __init__(self, name, directory, authority, environment, address, package_version="0.8.0", room_version="11", demands_origin=False):
        os.makedirs(directory, exist_ok=True)
        self.name = name
        self.server_name = address
        self.package_version = package_version
        self.control_port = free_port()
        self._events_file = os.path.join(directory, "events.jsonl")
        self._read_to, self._events = 0, []
        database_port = free_port()
        certificate, private_key = authority.issue(address)
        config = os.path.join(directory, "peer.json")
        with open(config, "w", encoding="utf8") as out:
            json.dump({"server_name": address, "package": PACKAGES[package_version], "room_version": room_version,
                       "demands_origin": demands_origin, "control_port": self.control_port, "database_port": database_port,
                       "events_file": self._events_file, "certificate_file": certificate, "private_key_file": private_key}, out)
        variables = {"NODE_PATH": environment.modules, "NODE_EXTRA_CA_CERTS": authority.ca_file, "NODE_NO_WARNINGS": "1"}
        self.database = Process(name + " database", [environment.node, os.path.join(FOLDER, "database", "main.js"), str(database_port)],
                                os.path.join(directory, "database.log"), environment=variables)
        self.process = Process(name, [environment.node, os.path.join(FOLDER, "peer.js"), config], os.path.join(directory, "peer.log"),
                               environment=variables)

    def start(self, seconds=180):
        if not self.database.is_running():
            self.database.start_and_wait("database ready", seconds)
        self.process.start_and_wait("peer ready", seconds)
        return self

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def close(self):
        self.process.stop()
        self.database.stop()

    def call(self, method, *arguments):
        """Result of a method of the package.

        :raises RocketChatError: with what it threw.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=120)
        try:
            connection.request("POST", "/" + urllib.parse.quote(method), json.dumps(arguments))
            answer = connection.getresponse()
            result = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RocketChatError(f"{method}: {result['error']}")
        return result

    def events(self, name, room_id=None):
        """What the package has told its chat server under that name, in order, over all its lives."""
        if os.path.exists(self._events_file):
            with open(self._events_file, "rb") as told:
                told.seek(self._read_to)
                for line in told:
                    if not line.endswith(b"\n"):
                        break  # being written
                    self._read_to += len(line)
                    self._events.append(json.loads(line))
        return [each for each in self._events if each["name"] == name and room_id in (None, each.get("room_id"), each.get("event", {}).get("room_id"))]

    def state(self, room_id):
        """(type, state key) -> event of the current state."""
        def answer():
            try:
                return [self.call("roomState", room_id)]
            except RocketChatError as error:
                if not str(error).endswith(": unreachable"):  # so it says while what it joins is half written
                    raise
                return None

        return {(event["type"], event["state_key"]): event for event in until(answer, _STATE_S, f"the state of {room_id}")[0]}


class RocketChatSide:
    """The people of a Rocket.Chat; see sides.py."""

    def __init__(self, peer):
        self.peer = peer
        self.server_name = peer.server_name
        self._sent = {}  # (room, sender, text) -> event id

    @property
    def processes(self):
        return [self.peer.process, self.peer.database]

    def start(self):
        self.peer.start()
        return self

    def close(self):
        self.peer.close()

    def stop_server(self):
        self.peer.stop()

    def kill_server(self):
        self.peer.kill()

    def start_server(self):
        self.peer.start()

    def user(self, localpart):
        self.peer.call("putUser", localpart)
        return f"@{localpart}:{self.server_name}"

    def create_direct(self, by, invitee):
        return self.create_group(by, [invitee])

    def create_group(self, by, members):
        return self.peer.call("createDirectMessage", {"creatorUserId": by, "members": list(members)})

    def create_channel(self, by, members, join_rule="invite"):
        room = self.peer.call("createRoom", by, "a channel", join_rule)["room_id"]
        for member in members:
            self.invite(room, by, member)
        return room

    def invite(self, room, by, user):
        self.peer.call("inviteUserToRoom", user, room, by)

    def revoke(self, room, by, user):
        self.peer.call("kickUser", room, user, by)

    def accept(self, room, user):
        """Returns when he is a member here: the package answers before it has taken in what it was told of the room."""
        self.peer.call("acceptInvite", room, user)
        until(lambda: user in self.members(room, user), _JOIN_S, f"{user} to be in the room he has joined")

    def reject(self, room, user):
        self.peer.call("rejectInvite", room, user)

    def leave(self, room, user):
        self.peer.call("leaveRoom", room, user)

    def send(self, room, user, text, relation=None):
        """Event id of the message. `relation`: as the package has it, {"replyToEventId": ..} or {"threadEventId": .., "latestThreadEventId": ..}."""
        sent = self.peer.call("sendMessage", room, text, text, user, *([relation] if relation else []))["event_id"]
        self._sent[room, user, text] = sent
        return sent

    def send_file(self, room, user, data, file_name, content_type):
        """Event id of the message."""
        media_id = f"file{len(self._sent)}"
        self.peer.call("putFile", media_id, file_name, content_type, base64.b64encode(data).decode())
        content = {"body": file_name, "msgtype": "m.file", "url": f"mxc://{self.server_name}/{media_id}",
                   "info": {"size": len(data), "mimetype": content_type}}
        return self.peer.call("sendFileMessage", room, content, user)["event_id"]

    def fetch_file(self, mxc):
        """Bytes of a file of another server."""
        return base64.b64decode(self.peer.call("getFile", *mxc.removeprefix("mxc://").split("/")))

    def delete(self, room, by, author, text, reason=None):
        """Whoever deletes, the package signs the deletion in the author's name: of others' messages nobody can verify it."""
        self.peer.call("redactMessage", room, self.event_of(room, author, text))

    def set_typing(self, room, user, typing):
        self.peer.call("sendTypingNotification", room, user, typing)

    def sees_typing(self, room, user, other):
        return any(each["user_id"] == other and each["typing"] for each in self.peer.events("typing", room))

    def invitations(self, room, user):
        """Invites of `user` as told to the chat server, in order."""
        return [each["event"] for each in self.peer.events("membership", room)
                if each["event"]["state_key"] == user and each["event"]["content"]["membership"] == "invite"]

    def has_invitation(self, room, user):
        told = [each for each in self.peer.events("membership") + self.peer.events("membership.rejected")
                if each["event"]["room_id"] == room and each["event"]["state_key"] == user]
        last = max(told, key=lambda each: (each["event"]["origin_server_ts"], each["event"]["depth"]), default=None)
        return last is not None and last["event"]["content"]["membership"] == "invite"

    def kind_of(self, room, user):
        """What the room is for a Rocket.Chat that is invited to it: by `is_direct`, name and join rule, as its chat server has it."""
        invite = self.invitations(room, user)[-1]
        state = {each["type"]: each["content"] for each in invite.get("unsigned", {}).get("invite_room_state", [])}
        if invite["content"].get("is_direct") or "m.room.name" not in state:
            return "direct"
        return {"invite": "private", "public": "public"}.get(state.get("m.room.join_rules", {}).get("join_rule", "invite"), "refused")

    def event_of(self, room, sender, text):
        """Event id of the message with that text, sent by either side."""
        return self._sent.get((room, sender, text)) or self._message(room, sender, text)["event_id"]

    def _message(self, room, sender, text):
        return next(each for each in self.peer.events("message", room)
                    if each["event"]["sender"] == sender and each["event"]["content"].get("body") == text)

    def content_of(self, room, sender, text):
        """Content of a message that was told."""
        return self._message(room, sender, text)["event"]["content"]

    def texts(self, room, user, sender):
        deleted = {self._target(each) for each in self.peer.events("redaction", room)}
        return [each["event"]["content"]["body"] for each in self.peer.events("message", room)
                if each["event"]["sender"] == sender and each["event_id"] not in deleted]

    @staticmethod
    def _target(redaction):
        event = redaction["event"]
        return redaction.get("redacts") or event.get("redacts") or event["content"].get("redacts")

    def members(self, room, user):
        return {key for (kind, key), event in self.peer.state(room).items() if kind == "m.room.member" and event["content"]["membership"] == "join"}
