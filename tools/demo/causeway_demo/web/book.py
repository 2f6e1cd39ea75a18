"""What one chat server knows: its rooms and what they show. Made of what the broker tells (`told`, `told_at_once`) and
of what the users of this chat server did, which the broker does not tell. A real chat server has a database here."""

import collections
import threading

from .people import People
from .timeline import Timeline, now_ms

ROOMS_MAX = 40  # the oldest make room
TRAIL_MAX = 12  # states of one invitation that are shown
LATE_MAX = 100  # files that came later than the messages they belong to
ROLES_MAX = 100  # told before the system message that they are shown in
THREADS_MAX = 50  # of a room, of which is kept who has read them
# Of query.room and the notifications: what the page shows of a room.
ROOM_FIELDS = ("name", "topic", "type", "room_version", "avatar")


class Book:
    """:param side: "A" or "B"
    :param changes: gets the documents ("room", side, id), ("entry", side, id, entry), ("typing", side, id), ("file",
        side, mxc), and those of People
    :param look_again: called with the Matrix id of a room about which the broker is to be asked
    """

    def __init__(self, side, changes, look_again):
        self._side = side
        self._changes = changes
        self._look_again = look_again
        self._lock = threading.RLock()
        self.people = People(side, changes)
        self._rooms = collections.OrderedDict()  # Matrix id -> document
        self._timelines = {}
        self._typing = {}
        self._trails = {}  # (room, user, direction) -> states of the invitation
        self._late = collections.deque()  # mxc of files
        self._roles = collections.OrderedDict()  # entry id -> role: the system message is still to come

    # -- what there is

    def room(self, room):
        """A copy of the document, or None."""
        return self._changes.get(("room", self._side, room))

    def rooms(self):
        with self._lock:
            return list(self._rooms)

    def entries(self, room):
        """Copies of what the room shows, in the order it came."""
        with self._lock:
            return [dict(entry) for entry in self._timelines[room].entries()] if room in self._timelines else []

    # -- what the broker tells

    def told(self, notification):
        """A durable notification."""
        body = notification.body
        room = body.get("matrix_room_id")
        if not room:
            return
        with self._lock:
            self._known(room, body)
            handler = getattr(self, "_" + notification.name.replace(".", "_"), None)
            if handler:
                handler(room, body)
        self._look_again(room)

    def told_at_once(self, name, body):
        """An ephemeral one."""
        room = body.get("matrix_room_id")
        with self._lock:
            if name == "typing" and room in self._rooms:
                self._types(room, body["user"], body["typing"])
            elif name == "receipt" and room in self._rooms:
                self._has_read(room, body)
                self._look_again(room)
            elif name == "join.progress":
                # Of a room that is open there is nothing to wait for: its members come by themselves.
                self.people.joins(body["user"], None if body["phase"] == "members" else body)
            elif name == "media.available":
                self._file_is_here(body["mxc"])
            elif name == "presence":
                self.people.is_there(body["user"], body["state"], body.get("status", ""))

    def _known(self, room, body):
        """The room's document; what the notification says about the room as a whole is taken over."""
        if room not in self._rooms:
            self._rooms[room] = {
                "id": room,
                "own": "",
                "members": [],
                "invitations": [],
                "banned": [],
                "gone": {},
                "readers": {},
                "thread_readers": {},
                "was": [],
            }
            self._timelines[room] = Timeline(
                lambda entry, value: self._changes.put(("entry", self._side, room, entry), value)
            )
            while len(self._rooms) > ROOMS_MAX:
                self._forget(next(iter(self._rooms)))
        document = self._rooms[room]
        if body.get("room"):
            document["own"] = body["room"]
        return document

    def _forget(self, room):
        del self._rooms[room]
        for entry in self._timelines.pop(room).entries():
            self._changes.put(("entry", self._side, room, entry["id"]), None)
        self._trails = {key: trail for key, trail in self._trails.items() if key[0] != room}
        self._typing.pop(room, None)
        self._changes.put(("typing", self._side, room), None)
        self._changes.put(("room", self._side, room), None)

    def _publish(self, room):
        self._changes.put(("room", self._side, room), self._rooms[room])

    def _room_created(self, room, body):
        self._rooms[room].update({key: body[key] for key in ROOM_FIELDS if key in body})
        self._publish(room)

    def _room_changed(self, room, body):
        self._rooms[room].update({key: body[key] for key in ROOM_FIELDS if body.get(key) is not None})
        self._publish(room)

    def _invitation_received(self, room, body):
        document = self._rooms[room]
        if not document["members"]:  # of a room none of ours is in that is all there is
            document.update({key: body[key] for key in ROOM_FIELDS if key in body})
        document["gone"].pop(body["user"], None)
        self._trails[room, body["user"], "incoming"] = [{"state": "pending", "ts": body["ts"]}]
        self._publish(room)
        if not self._says_invited(room, body["user"]):
            self._timelines[room].add(
                f"invited-{body['user']}-{body['ts']}",
                kind="system",
                what="invited",
                actor=body["by"],
                target=body["user"],
                reason=body["reason"],
                ts=body["ts"],
            )

    def _says_invited(self, room, user):
        """A system message and `invitation.received` tell the same, in either order, where others of ours are in."""
        about_them = [entry for entry in self._timelines[room].entries() if entry.get("target") == user]
        return bool(about_them) and about_them[-1]["what"] == "invited"

    def _invitation_changed(self, room, body):
        key = (room, body["user"], body["direction"])
        trail = self._trails.get(key, []) if body["previous_state"] else []
        if not trail or trail[-1]["state"] != body["state"]:
            trail = (trail + [{"state": body["state"], "ts": body["ts"]}])[-TRAIL_MAX:]
        self._trails[key] = trail

    def _member_changed(self, room, body):
        if body["membership"] == "join":
            self.people.joins(body["user"], None)  # what was told of the way there may come behind the answer
            self.people.is_called(body["user"], body.get("display_name"), body.get("avatar"))
        if body["membership"] in ("join", "invite"):
            self._rooms[room]["gone"].pop(body["user"], None)
            self._publish(room)

    def _system_message(self, room, body):
        if body["kind"] != "invited" or not self._says_invited(room, body["target"]):
            more = {key: body[key] for key in ("name", "topic", "level", "access", "replacement") if key in body}
            # One event may tell of several users.
            entry = f"{body['kind']}-{body['target']}-{body['event_id'] or body['ts']}"
            if entry in self._roles:
                more["role"] = self._roles.pop(entry)
            self._timelines[room].add(
                entry,
                kind="system",
                what=body["kind"],
                actor=body["actor"],
                target=body["target"],
                reason=body["reason"],
                ts=body["ts"],
                **more,
            )

    def _role_changed(self, room, body):
        """The system message beside it, before or behind, tells a number; people read which role that is."""
        entry = f"role_changed-{body['user']}-{body['event_id']}"
        if self._timelines[room].entry(entry):
            self._timelines[room].change(entry, role=body["role"])
            return
        self._roles[entry] = body["role"]
        while len(self._roles) > ROLES_MAX:
            self._roles.popitem(last=False)

    def _message_received(self, room, body):
        self._types(room, body["sender"], False)
        fields = ("event_id", "sender", "msgtype", "text", "reply_to", "thread", "mentions", "historical", "ts")
        more = {key: body[key] for key in ("file", "geo_uri", "html") if body.get(key)}
        self._timelines[room].add(
            body["event_id"], kind="message", own=False, **{key: body[key] for key in fields}, **more
        )

    def _message_edited(self, room, body):
        edited = {"ts": body["ts"], "event_id": body["edit_event_id"]} if body["edit_event_id"] else None
        self._timelines[room].change(_message(body), text=body["text"], html=body.get("html", ""), edited=edited)

    def _message_deleted(self, room, body):
        self._timelines[room].delete(_message(body), body["by"], body["reason"], body["ts"])

    def _reaction_added(self, room, body):
        self._timelines[room].react(_message(body), body["key"], body["user"], body["reaction_event_id"])

    def _reaction_removed(self, room, body):
        self._timelines[room].take_back(_message(body), body["key"], body["user"])

    def _delivery_changed(self, room, body):
        others = [(each["server"], each["reason"]) for each in body.get("more_servers") or ()]
        for server, reason in [(body["server"], body["reason"]), *others]:
            self._timelines[room].on_the_way(_message(body), server, body["state"], reason, body["ts"])

    def _dead_letter(self, room, body):
        self._timelines[room].add(
            f"dead-letter-{body['id']}",
            kind="system",
            what="dead_letter",
            actor="",
            target="",
            reason="",
            about=body["event"],
            ts=body["ts"],
        )

    def _room_removed_for(self, room, body):
        self._rooms[room]["gone"][body["user"]] = {key: body[key] for key in ("cause", "by", "reason", "ts")}
        self._publish(room)

    def _permission_drift(self, room, body):
        self._timelines[room].add(
            f"drift-{body['user']}-{body['event_id']}",
            kind="system",
            what="permission_drift",
            actor=body["by"],
            target=body["user"],
            reason=body["fix"],
            ts=body["ts"],
        )

    def _room_upgraded(self, room, body):
        self._goes_on(body["old_matrix_room_id"], room)

    def _room_refounded(self, room, body):
        old = self._now(body["previous_matrix_room_id"])
        if old in self._rooms and old != room:
            entries = self._timelines[old].entries()
            document = self._rooms[old]
            for user, direction in [key[1:] for key in self._trails if key[0] == old]:
                self._trails[room, user, direction] = self._trails[old, user, direction]
            self._forget(old)
            self._rooms[room] = {**document, "id": room, "was": [*document["was"], old]}
            self._timelines[room].take(entries)
        self._rooms[room]["room_version"] = body["room_version"]
        self._publish(room)
        self._timelines[room].add(
            f"refounded-{room}",
            kind="system",
            what="refounded",
            actor="",
            target="",
            reason="",
            version=body["room_version"],
            server=body["server"],
            ts=body["ts"],
        )

    def _now(self, room):
        """The Matrix id that the room has by now, where it was founded again."""
        if room in self._rooms:
            return room
        return next((now for now, document in self._rooms.items() if room in document["was"]), room)

    # -- what the broker answered when it was asked

    def looked(self, room, view, invitations, banned, readers):
        """Answers of query.room (None: nobody of ours is in it), query.invitations and query.banned; `readers`: user ->
        event and time, or None."""
        with self._lock:
            if room not in self._rooms:
                return
            document = self._rooms[room]
            if view:
                document["own"] = view["room"]
                document.update({key: view.get(key) or "" for key in ROOM_FIELDS})
                document["members"] = [
                    {key: member.get(key) for key in ("user", "membership", "display_name", "power", "role")}
                    for member in view["members"]
                ]
            if banned is not None:
                document["banned"] = banned
            if readers is not None:
                document["readers"] = readers
            document["invitations"] = [self._with_trail(room, each) for each in invitations]
            self._publish(room)

    def _with_trail(self, room, invitation):
        kept = ("user", "by", "direction", "state", "reason", "since_ts", "attempts", "retry_at_ts", "last_fault")
        trail = self._trails.get((room, invitation["user"], invitation["direction"]), [])
        return {**{key: invitation[key] for key in kept}, "trail": trail}

    def _file_is_here(self, mxc):
        """The broker did not have it when it was asked for: those who show a placeholder ask again."""
        if mxc not in self._late:
            self._late.append(mxc)
        self._changes.put(("file", self._side, mxc), {"since": now_ms()})
        while len(self._late) > LATE_MAX:
            self._changes.put(("file", self._side, self._late.popleft()), None)

    # -- what our own users do

    def created(self, room, own, body):
        """One of ours has made a room."""
        with self._lock:
            self._known(room, {"room": own}).update(
                {key: body[key] for key in ("name", "topic", "type") if key in body}
            )
            self._publish(room)
        self._look_again(room)

    def upgraded(self, room, new):
        """One of ours has upgraded a room."""
        with self._lock:
            self._known(new, {})
            self._goes_on(room, new)
        self._look_again(new)

    def _goes_on(self, old, new):
        if old in self._rooms:
            self._rooms[old]["upgraded_to"] = new
            self._publish(old)

    def writes(self, room, message, body):
        """Shown at once, before the broker has answered."""
        with self._lock:
            room = self._now(room)
            self._known(room, {})
            self._timelines[room].add(
                message,
                kind="message",
                own=True,
                state="sending",
                event_id="",
                sender=body["sender"],
                text=body["text"],
                html=body.get("html", ""),
                msgtype="m." + ("location" if body.get("geo_uri") else body.get("kind", "text")),
                reply_to=body.get("reply_to", ""),
                thread=body.get("thread", ""),
                mentions=body.get("mentions", []),
                ts=now_ms(),
                file=body.get("file"),
                geo_uri=body.get("geo_uri"),
            )

    def change(self, room, message, **fields):
        """Changes what is shown of a message, if it is."""
        with self._lock:
            room = self._now(room)
            if room in self._timelines:
                self._timelines[room].change(message, **fields)

    def deletes(self, room, message, by, reason):
        with self._lock:
            room = self._now(room)
            self._known(room, {})
            self._timelines[room].delete(message, by, reason, now_ms())

    def reacts(self, room, message, key, user, event_id):
        """`event_id` None: the reaction is taken back."""
        with self._lock:
            room = self._now(room)
            self._known(room, {})
            if event_id is None:
                self._timelines[room].take_back(message, key, user)
            else:
                self._timelines[room].react(message, key, user, event_id)

    def binds(self, room, message, own_id):
        with self._lock:
            room = self._now(room)
            if room in self._timelines:
                self._timelines[room].binds(message, own_id)

    def reads(self, room, user, message, private=False, thread=""):
        with self._lock:
            room = self._now(room)
            entry = self._timelines[room].entry(message) if room in self._timelines else None
            if entry:
                about = {"user": user, "event_id": entry["event_id"], "ts": now_ms()}
                self._has_read(room, {**about, "thread": thread, **({"private": True} if private else {})})

    def _has_read(self, room, body):
        document = self._rooms[room]
        marker = {key: body[key] for key in ("event_id", "ts", "private") if key in body}
        thread = body.get("thread") or ""
        if thread not in ("", "main"):
            threads = dict(document["thread_readers"])
            threads[thread] = {**threads.pop(thread, {}), body["user"]: marker}
            while len(threads) > THREADS_MAX:
                threads.pop(next(iter(threads)))
            document["thread_readers"] = threads
        else:
            document["readers"] = {**document["readers"], body["user"]: marker}
        self._publish(room)

    def _types(self, room, user, typing):
        users = [each for each in self._typing.get(room, []) if each != user] + ([user] if typing else [])
        self._typing[room] = users
        self._changes.put(("typing", self._side, room), users or None)


def _message(body):
    """Our own id of the message where there is one: its event id may still be under way to us."""
    return body["message"] or body["event_id"]
