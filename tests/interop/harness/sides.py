"""One way to say what people do, whoever their homeserver is. A scenario is written once against two sides."""

import contextlib
import json

from causeway_demo.chat_server import ChatServer

from .synapse import ClientError, quote


class CausewaySide:
    """A broker with its chat server. Users and rooms are Matrix ids."""

    def __init__(self, broker, peer):
        self.broker = broker
        self.server_name = broker.server_name
        self.chat = ChatServer(broker.chat_endpoint, peer)
        self._sent = {}  # (room, user, text): event id

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

    def reject(self, room, user, reason=None):
        self.chat.answer(room, user, accept=False, reason=reason)

    def leave(self, room, user):
        self.chat.command("member.leave", {"room": room, "user": user})

    def kick(self, room, by, user, reason=None):
        self._moderate("member.kick", room, by, user, reason)

    def ban(self, room, by, user, reason=None, redact=False):
        self._moderate("member.ban", room, by, user, reason, **({"redact_events": True} if redact else {}))

    def unban(self, room, by, user):
        self._moderate("member.unban", room, by, user, None)

    def _moderate(self, command, room, by, user, reason, **more):
        body = {"room": room, "by": by, "user": user, **({"reason": reason} if reason else {}), **more}
        self.chat.command(command, body, timeout=90)

    def is_in(self, room, user):
        """Whether `user` of this side is in the room, as this side's people see it."""
        return self.membership(room, user, user) == "join"

    def membership(self, room, _user, other):
        """Of `other`, as this side was told last; nothing: it was told nothing."""
        told = self.chat.find("member.changed", matrix_room_id=room, user=other)
        return told[-1].body["membership"] if told else None

    def reason_of(self, room, _user, other):
        """Why `other` has the membership they have, as this side was told last; empty: that was not said."""
        told = self.chat.find("member.changed", matrix_room_id=room, user=other)
        return told[-1].body["reason"] if told else ""

    def make_moderator(self, room, by, user):
        self.set_role(room, by, user, "moderator")

    def take_role(self, room, by, user):
        """Whoever it is has no more power than all others."""
        self.set_role(room, by, user, "member")

    def set_role(self, room, by, user, role):
        self.chat.command("member.set_role", {"room": room, "by": by, "user": user, "role": role})

    def level_of(self, room, user, other):
        """Of a member, as `user` of this side knows it."""
        return next((each["power"] for each in self.chat.command("query.room", {"room": room})["members"] if each["user"] == other), None)

    def send(self, room, user, text):
        """Returns when the message is acknowledged; outlasts a restart of the broker."""
        answer = self.chat.command("message.send", {"room": room, "sender": user, "text": text, "message": f"{room} {user} {text}"},
                                   timeout=120)
        self._sent[room, user, text] = answer["event_id"]

    def delete(self, room, by, author, text, reason=None):
        """Deletes what `author` of either side has said."""
        self.chat.delete(room, by, self._message(room, author, text), reason)

    def _message(self, room, author, text):
        """A name of what `author` of either side said first as `text`."""
        told = self.chat.find("message.received", matrix_room_id=room, sender=author, text=text)
        return told[0].body["event_id"] if told else f"{room} {author} {text}"

    def edit(self, room, user, text, new_text, mentions=()):
        """Event id of the edit of what `user` said first as `text`."""
        return self.chat.command("message.edit", {"room": room, "sender": user, "message": f"{room} {user} {text}", "text": new_text,
                                                  "mentions": list(mentions)}, timeout=120)["event_id"]

    def take_back_edit(self, room, user, edit):
        self.chat.delete(room, user, edit)

    def shown(self, room, user, sender):
        """What `user` of this side sees now of what `sender` has said, in order: after edits and deletions."""
        texts = {}
        for each in self.chat.seen:
            if each.body.get("matrix_room_id") != room:
                continue
            if each.name == "message.received" and each.body["sender"] == sender:
                texts[each.body["event_id"]] = each.body["text"]
            elif each.name == "message.edited" and each.body["event_id"] in texts:
                texts[each.body["event_id"]] = each.body["text"]
            elif each.name == "message.deleted":
                texts.pop(each.body["event_id"], None)
        return list(texts.values())

    def react(self, room, user, author, text, key):
        """Event id of the reaction."""
        return self.chat.command("reaction.add", {"room": room, "user": user, "message": self._message(room, author, text), "key": key},
                                 timeout=120)["event_id"]

    def take_back_reaction(self, room, user, author, text, key):
        self.chat.command("reaction.remove", {"room": room, "user": user, "message": self._message(room, author, text), "key": key}, timeout=120)

    def take_back_reaction_of(self, room, by, reaction):
        """A moderator does."""
        self.chat.delete(room, by, reaction)

    def reactions(self, room, user, author, text):
        """(user, key) of the reactions of users of other servers to what `author` said."""
        named = self._message(room, author, text)
        found = set()
        for each in self.chat.seen:
            if each.name.startswith("reaction.") and each.body["matrix_room_id"] == room and named in (each.body["event_id"], each.body["message"]):
                (found.add if each.name == "reaction.added" else found.discard)((each.body["user"], each.body["key"]))
        return found

    def set_name(self, room, by, name):
        """Event id of the change; empty: it was called so already."""
        return self.chat.command("room.set_name", {"room": room, "by": by, "name": name})["event_id"]

    def set_topic(self, room, by, topic):
        return self.chat.command("room.set_topic", {"room": room, "by": by, "topic": topic})["event_id"]

    def set_avatar(self, room, by, mxc):
        return self.chat.command("room.set_avatar", {"room": room, "by": by, "avatar": mxc})["event_id"]

    def called(self, room, user):
        """Name, topic and picture of the room, as `user` of this side sees them."""
        view = self.chat.command("query.room", {"room": room})
        return view["name"], view["topic"], view.get("avatar", "")

    def remove(self, room, by, reason=None):
        self.chat.command("room.remove", {"room": room, "by": by, **({"reason": reason} if reason else {})}, timeout=120)

    def upgrade(self, room, by, version):
        """Id of the room it goes on as."""
        return self.chat.command("room.upgrade", {"room": room, "by": by, "version": version}, timeout=120)["matrix_room_id"]

    def successor(self, room, user):
        """Id of the room that it goes on as, as `user` of this side sees it; None: it goes on as itself."""
        told = self.chat.find("room.upgraded", old_matrix_room_id=room)
        return told[0].body["matrix_room_id"] if told else None

    def follow(self, room, user, via):
        """People of this side follow by themselves."""

    def event_id(self, room, user, author, text):
        """Of what `author` of either side has said, as `user` of this side knows it."""
        told = self.chat.find("message.received", matrix_room_id=room, sender=author, text=text)
        return told[0].body["event_id"] if told else self._sent[room, author, text]

    def read(self, room, user, author, text, thread=None, private=False):
        """`user` reads up to what `author` said. `thread`: `main`, or (author, text) of its first message."""
        body = {"room": room, "user": user, "message": self._message(room, author, text)}
        if thread:
            body["thread"] = thread if thread == "main" else self._message(room, *thread)
        self.chat.command("read", {**body, "private": True} if private else body, timeout=90)

    def until_it_listens(self, room):
        """Until the chat server is connected again."""
        self.chat.command("query.read_positions", {"room": room})

    def markers(self, room, _user):
        """{(user, thread): event id} of users of other servers, as this side was told last."""
        return {(each["user"], each.get("thread", "")): each["event_id"] for each in self.chat.ephemeral("receipt", matrix_room_id=room)}

    def set_presence(self, user, state, status=None):
        self.chat.command("presence", {"user": user, "state": state, **({"status": status} if status else {})})

    def presence_of(self, _user, other):
        """(state, status) of somebody of the other side, as this side was told last; nothing: never."""
        told = self.chat.ephemeral("presence", user=other)
        return (told[-1]["state"], told[-1]["status"]) if told else None

    def set_typing(self, room, user, typing):
        self.chat.typing(room, user, typing)

    def sees_typing(self, room, user, other):
        return bool(self.chat.ephemeral("typing", matrix_room_id=room, user=other, typing=True))

    def sees_pause(self, room, user, other):
        """Whether `other`, who was typing, is not any more."""
        told = self.chat.ephemeral("typing", matrix_room_id=room, user=other)
        return bool(told) and not told[-1]["typing"]

    def has_invitation(self, room, user):
        """Whether `user` of this side holds an open invitation to `room`."""
        answer = self.chat.command("query.invitations", {"user": user, "open_only": True})
        return any(each["matrix_room_id"] == room and each["direction"] == "incoming" for each in answer["invitations"])

    def texts(self, room, user, sender):
        """What `user` of this side has read of `sender`, in order."""
        return self.chat.messages(room, sender)

    def rename(self, user, name):
        self.chat.command("user.profile", {"user": user, "display_name": name})

    def name_of(self, room, user, other):
        """What `user` of this side sees `other` called in the room."""
        return next((each["display_name"] for each in self.chat.command("query.room", {"room": room})["members"] if each["user"] == other), None)

    def set_picture(self, user, mxc):
        self.chat.command("user.profile", {"user": user, "avatar": mxc})

    def set_field(self, user, name, value):
        self.chat.command("user.profile", {"user": user, "fields": {name: json.dumps(value)}})

    def picture_of(self, room, user, other):
        """Which picture `user` of this side sees of `other` in the room; empty: none."""
        return next((each.get("avatar", "") for each in self.chat.command("query.room", {"room": room})["members"] if each["user"] == other), None)

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

    def create_group(self, by, members):
        return self._user(by).create_room(members, preset="private_chat", is_direct=True)

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

    def reject(self, room, user, reason=None):
        self._user(user).leave(room, reason)

    def leave(self, room, user):
        self._user(user).leave(room)

    def kick(self, room, by, user, reason=None):
        self._user(by).kick(room, user, reason)

    def ban(self, room, by, user, reason=None, redact=False):
        self._user(by).ban(room, user, reason, redact)

    def unban(self, room, by, user):
        self._user(by).unban(room, user)

    def is_in(self, room, user):
        return self._user(user).is_joined(room)

    def membership(self, room, user, other):
        return self._user(user).members(room).get(other)

    def reason_of(self, room, user, other):
        return self._user(user).state(room, "m.room.member", other).get("reason", "")

    def make_moderator(self, room, by, user):
        self._user(by).set_level(room, user, 50)

    def take_role(self, room, by, user):
        self._user(by).set_level(room, user, 0)

    def level_of(self, room, user, other):
        levels = self._user(user).levels(room)
        return levels.get("users", {}).get(other, levels.get("users_default", 0))

    def send(self, room, user, text):
        self._user(user).send(room, text)

    def delete(self, room, by, author, text, reason=None):
        self._user(by).redact(room, self._user(by).event_of(room, text), reason)

    def edit(self, room, user, text, new_text, mentions=()):
        return self._user(user).edit(room, self._user(user).event_of(room, text), new_text, mentions)

    def take_back_edit(self, room, user, edit):
        self._user(user).redact(room, edit)

    def shown(self, room, user, sender):
        # Before the join the client API refuses: nothing was read.
        with contextlib.suppress(ClientError):
            return self._user(user).shown(room, sender)
        return []

    def react(self, room, user, author, text, key):
        return self._user(user).react(room, self._user(user).event_of(room, text), key)

    def take_back_reaction(self, room, user, author, text, key):
        person = self._user(user)
        for reaction in person.reactions(room, person.event_of(room, text)):
            if (reaction["sender"], reaction["content"]["m.relates_to"]["key"]) == (user, key):
                person.redact(room, reaction["event_id"])

    def take_back_reaction_of(self, room, by, reaction):
        self._user(by).redact(room, reaction)

    def reactions(self, room, user, author, text):
        person = self._user(user)
        return {(each["sender"], each["content"]["m.relates_to"]["key"]) for each in person.reactions(room, person.event_of(room, text))}

    def set_name(self, room, by, name):
        self._user(by).set_state(room, "m.room.name", "", {"name": name})

    def set_topic(self, room, by, topic):
        self._user(by).set_state(room, "m.room.topic", "", {"topic": topic})

    def set_avatar(self, room, by, mxc):
        self._user(by).set_state(room, "m.room.avatar", "", {"url": mxc})

    def called(self, room, user):
        person = self._user(user)
        return tuple(person.state(room, kind).get(key, "")
                     for kind, key in (("m.room.name", "name"), ("m.room.topic", "topic"), ("m.room.avatar", "url")))

    def upgrade(self, room, by, version):
        return self._user(by).upgrade(room, version)

    def successor(self, room, user):
        return self._user(user).state(room, "m.room.tombstone").get("replacement_room")

    def follow(self, room, user, via):
        """What the button of a client does below "this room has been replaced"."""
        self._user(user).join_through(room, [via])

    def replace(self, room, by, successor):
        """Says that the room goes on as another one, whatever that is."""
        self._user(by).set_state(room, "m.room.tombstone", "", {"body": "moved", "replacement_room": successor})

    def event_id(self, room, user, _author, text):
        return self._user(user).event_of(room, text)

    def read(self, room, user, _author, text, thread=None, private=False):
        person = self._user(user)
        root = thread if thread in (None, "main") else person.event_of(room, thread[1])
        person.read(room, person.event_of(room, text), root, private)

    def until_it_listens(self, _room):
        """It has no chat server apart."""

    def markers(self, room, user):
        return self._user(user).markers(room)

    def set_presence(self, user, state, status=None):
        self._user(user).set_presence(state, status)

    def presence_of(self, user, other):
        return self._user(user).presence_of(other)

    def set_typing(self, room, user, typing):
        self._user(user).type(room, typing)

    def sees_typing(self, room, user, other):
        return other in self._user(user).typing_users(room)

    def sees_pause(self, room, user, other):
        return not self.sees_typing(room, user, other)

    def has_invitation(self, room, user):
        return self._user(user).is_invited(room)

    def texts(self, room, user, sender):
        # Before the join the client API refuses: nothing was read.
        with contextlib.suppress(ClientError):
            return self._user(user).messages(room, sender)
        return []

    def rename(self, user, name):
        self._user(user).call("PUT", f"/profile/{quote(user)}/displayname", {"displayname": name})

    def name_of(self, room, user, other):
        events = self._user(user).call("GET", f"/rooms/{quote(room)}/members")["chunk"]
        return next((each["content"].get("displayname") for each in events if each["state_key"] == other), None)

    def set_picture(self, user, mxc):
        self._user(user).call("PUT", f"/profile/{quote(user)}/avatar_url", {"avatar_url": mxc})

    def set_field(self, user, name, value):
        self._user(user).call("PUT", f"/profile/{quote(user)}/{name}", {name: value})

    def picture_of(self, room, user, other):
        events = self._user(user).call("GET", f"/rooms/{quote(room)}/members")["chunk"]
        return next((each["content"].get("avatar_url", "") for each in events if each["state_key"] == other), None)

    def profile(self, user, other):
        """What the homeserver tells `user` of another one. Raises ClientError where there is nobody."""
        return self._user(user).call("GET", f"/profile/{quote(other)}")

    def members(self, room, user):
        with contextlib.suppress(ClientError):
            return {other for other, membership in self._user(user).members(room).items() if membership == "join"}
        return set()
