"""One way to say what people do, whoever their homeserver is. A scenario is written once against two sides."""

import contextlib

from causeway_demo.chat_server import ChatServer

from .synapse import ClientError


class CausewaySide:
    """A broker with its chat server. Users and rooms are Matrix ids."""

    def __init__(self, broker, peer):
        self.broker = broker
        self.server_name = broker.server_name
        self.chat = ChatServer(broker.chat_endpoint, peer)

    @property
    def processes(self):
        return [self.broker.process]

    def start(self):
        self.broker.start()
        self.chat.connect()
        return self

    def close(self):
        """:raises RuntimeError: the broker did not end cleanly (a sanitizer's report is an exit code)."""
        self.chat.close()
        code = self.broker.stop()
        if code != 0:
            raise RuntimeError(f"{self.broker.name} ended with {code}:\n{self.broker.process.tail(100)}")

    def stop_server(self):
        self.broker.stop()

    def kill_server(self):
        self.broker.kill()

    def start_server(self):
        self.broker.start()

    def user(self, localpart):
        user_id = f"@{localpart}:{self.server_name}"
        self.chat.command("user.profile", {"user": user_id, "display_name": localpart.capitalize()})
        return user_id

    def create_direct(self, by, invitee):
        return self.chat.create_room("dm", by, [invitee])["matrix_room_id"]

    def create_group(self, by, members):
        return self.chat.create_room("group_dm", by, members)["matrix_room_id"]

    def create_channel(self, by, members):
        return self.chat.create_room("channel", by, members, name="a channel", visibility="private")["matrix_room_id"]

    def create_public(self, by, alias):
        """A channel anybody may join, as `#alias:server`."""
        return self.chat.create_room("channel", by, [], name=alias, visibility="public", alias=alias)["matrix_room_id"]

    def create_restricted(self, by, members_of):
        """A channel for whoever is in the room `members_of`."""
        return self.chat.create_room("channel", by, [], name="a back room", members_of=[members_of])["matrix_room_id"]

    def create_knocked_at(self, by, alias):
        """A channel at which anybody may knock, as `#alias:server`."""
        return self.chat.create_room("channel", by, [], name=alias, visibility="knock", alias=alias)["matrix_room_id"]

    def join(self, room, user, via=()):
        """Room id. `room` may be an alias. Raises CommandError where it is refused."""
        return self.chat.join(room, user, via)["matrix_room_id"]

    def knock(self, room, user, via=(), reason=None):
        """Room id. `room` may be an alias. Raises CommandError where it is refused."""
        return self.chat.knock(room, user, via, reason)["matrix_room_id"]

    def retract_knock(self, room, user):
        self.chat.retract_knock(room, user)

    def reject_knock(self, room, by, user, reason=None):
        self.chat.reject_knock(room, by, user, reason)

    def is_knocking(self, room, user):
        """Whether `user` of this side waits for an answer to his knock."""
        answer = self.chat.command("query.invitations", {"user": user, "open_only": True})
        return any(each["matrix_room_id"] == room and each["direction"] == "knock" for each in answer["invitations"])

    def sees_knock(self, room, user, other):
        """Whether `user` of this side, a member, sees that `other` knocks."""
        return any(each["user"] == other and each["membership"] == "knock" for each in self.chat.command("query.room", {"room": room})["members"])

    def follow_invitation(self, room, user):
        """Whoever knocked and is invited joins by himself here; nobody else of this side is in the room."""
        self.chat.wait_for("room.created", matrix_room_id=room)

    def invite(self, room, by, user):
        self.chat.invite(room, by, user)

    def revoke(self, room, by, user):
        self.chat.revoke(room, by, user)

    def accept(self, room, user):
        self.chat.answer(room, user, accept=True)

    def reject(self, room, user):
        self.chat.answer(room, user, accept=False)

    def leave(self, room, user):
        self.chat.command("member.leave", {"room": room, "user": user})

    def send(self, room, user, text):
        """Returns when the message is acknowledged; outlasts a restart of the broker."""
        self.chat.command("message.send", {"room": room, "sender": user, "text": text, "message": f"{room} {user} {text}"},
                          timeout=120)

    def delete(self, room, by, author, text, reason=None):
        """Deletes what `author` of either side has said."""
        told = self.chat.find("message.received", matrix_room_id=room, sender=author, text=text)
        self.chat.delete(room, by, told[0].body["event_id"] if told else f"{room} {author} {text}", reason)

    def set_typing(self, room, user, typing):
        self.chat.typing(room, user, typing)

    def sees_typing(self, room, user, other):
        return bool(self.chat.ephemeral("typing", matrix_room_id=room, user=other, typing=True))

    def has_invitation(self, room, user):
        """Whether `user` of this side holds an open invitation to `room`."""
        answer = self.chat.command("query.invitations", {"user": user, "open_only": True})
        return any(each["matrix_room_id"] == room and each["direction"] == "incoming" for each in answer["invitations"])

    def texts(self, room, user, sender):
        """What `user` of this side has read of `sender`, in order."""
        return self.chat.messages(room, sender)

    def members(self, room, user):
        """Joined users, as `user` of this side knows them."""
        return {each["user"] for each in self.chat.command("query.room", {"room": room})["members"]
                if each["membership"] == "join"}


class SynapseSide:
    """A Synapse whose users act by its client API."""

    def __init__(self, synapse):
        self.synapse = synapse
        self.server_name = synapse.server_name

    @property
    def processes(self):
        return [self.synapse.process]

    def start(self):
        self.synapse.start()
        return self

    def close(self):
        self.synapse.stop()

    def stop_server(self):
        self.synapse.stop()

    def kill_server(self):
        self.synapse.kill()

    def start_server(self):
        self.synapse.start()

    def _user(self, user_id):
        return self.synapse.user(user_id[1:].split(":")[0])

    def user(self, localpart):
        return self.synapse.user(localpart).user_id

    def create_direct(self, by, invitee):
        return self._user(by).create_direct(invitee)

    def create_channel(self, by, members):
        return self._user(by).create_room(members, preset="private_chat", name="a channel")

    def create_public(self, by, alias):
        return self._user(by).create_room(preset="public_chat", room_alias_name=alias, name=alias)

    def create_restricted(self, by, members_of):
        rule = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": members_of}]}
        return self._user(by).create_room(preset="private_chat", name="a back room", power_level_content_override={"invite": 50},
                                          initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": rule}])

    def create_knocked_at(self, by, alias):
        return self._user(by).create_room(preset="private_chat", room_alias_name=alias, name=alias,
                                          initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}])

    def join(self, room, user, via=()):
        return self._user(user).join_through(room, via)

    def knock(self, room, user, via=(), reason=None):
        return self._user(user).knock(room, via, reason)

    def retract_knock(self, room, user):
        self._user(user).leave(room)

    def reject_knock(self, room, by, user, reason=None):
        self._user(by).kick(room, user, reason)

    def is_knocking(self, room, user):
        return self._user(user).is_knocking(room)

    def sees_knock(self, room, user, other):
        return self._user(user).members(room).get(other) == "knock"

    def follow_invitation(self, room, user):
        self._user(user).join(room)

    def invite(self, room, by, user):
        self._user(by).invite(room, user)

    def revoke(self, room, by, user):
        self._user(by).kick(room, user)

    def accept(self, room, user):
        self._user(user).join(room)

    def reject(self, room, user):
        self._user(user).leave(room)

    def leave(self, room, user):
        self._user(user).leave(room)

    def send(self, room, user, text):
        self._user(user).send(room, text)

    def delete(self, room, by, author, text, reason=None):
        self._user(by).redact(room, self._user(by).event_of(room, text), reason)

    def set_typing(self, room, user, typing):
        self._user(user).type(room, typing)

    def sees_typing(self, room, user, other):
        return other in self._user(user).typing_users(room)

    def has_invitation(self, room, user):
        return self._user(user).is_invited(room)

    def texts(self, room, user, sender):
        # Before the join the client API refuses: nothing was read.
        with contextlib.suppress(ClientError):
            return self._user(user).messages(room, sender)
        return []

    def members(self, room, user):
        with contextlib.suppress(ClientError):
            return {other for other, membership in self._user(user).members(room).items() if membership == "join"}
        return set()
