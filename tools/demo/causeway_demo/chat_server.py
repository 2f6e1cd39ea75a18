"""A chat server of the smallest kind on the public client library: it keeps what the broker tells it, in order, and says
what its users do. Neither a database nor a screen: those of a real one would hang on `on_notification`."""

import collections
import mimetypes
import os
import threading
import time
import uuid

from causeway_client import Client, CommandError, CommandTimeout

# So long an answer or a notification is waited for, unless said otherwise: it comes at once, but the machine may be busy with other things.
PATIENCE_S = 90


class Notification:
    """One durable notification: `name` and `body` of the contract, `stream` and `cursor`, and when it arrived here."""

    def __init__(self, name, body, stream, cursor):
        self.name = name
        self.body = body
        self.stream = stream
        self.cursor = cursor
        self.arrived = time.monotonic()

    def matches(self, name, **wanted):
        return self.name == name and all(self.body.get(key) == value for key, value in wanted.items())

    def __repr__(self):
        return f"{self.name} {self.body}"


class ChatServer:
    """Connects to a broker's chat edge at `endpoint` as `peer`.

    :param on_notification: called with each new Notification, in the receiving thread, in order.
    :param names: called with each new Notification; returns this chat server's own ids of what came from outside, {"rooms": {matrix room id: own
        id}, "messages": {event id: own id}}, which are bound with the ACK, or None.
    :param on_ephemeral: called with name and body of each notification that is not kept, in the receiving thread.
    :param keep: so many of each kind are kept at most, the latest; None: all of them.

    `refuses`, when it is set, is called with each new Notification; returns why it is refused for good, or None. `knows_user`, when it is set, answers
    `ask.user`: called with its body, returns the rest of `answer.user`, or None for no answer.
    """

    def __init__(self, endpoint, peer, on_notification=None, names=None, on_ephemeral=None, keep=None):
        self.endpoint = endpoint
        self.peer = peer
        self.names = names
        self.refuses = None
        self.knows_user = None
        self._on_notification = on_notification
        self._on_ephemeral = on_ephemeral
        self._changed = threading.Condition()
        self._seen = collections.deque(maxlen=keep)  # in order of arrival
        self._ephemeral = collections.deque(maxlen=keep)  # (name, body)
        self._client = None

    # -- connection

    def connect(self):
        self._client = Client(self.endpoint, peer=self.peer, client="causeway demo")
        self._client.on("*", self._event)
        return self.wait_connected()

    def wait_connected(self):
        """Returns when the broker is there."""
        self._client.wait_connected(PATIENCE_S)
        return self

    def close(self):
        if self._client:
            self._client.close()
            self._client = None

    def _event(self, event):
        """Returning acknowledges it. After a reconnect the client library drops what was handed out before."""
        if not event.durable:
            if self._on_ephemeral:
                self._on_ephemeral(event.name, event.body)
            with self._changed:
                self._ephemeral.append((event.name, event.body))
                self._changed.notify_all()
            answer = self.knows_user(event.body) if event.name == "ask.user" and self.knows_user else None
            if answer is not None:
                self.command("answer.user", {"ask": event.body["ask"], **answer})
            return
        notification = Notification(event.name, event.body, event.stream, event.cursor)
        reason = self.refuses(notification) if self.refuses else None
        if reason is not None:
            event.nack(permanent=True, reason=reason)
            return
        if self._on_notification:
            self._on_notification(notification)
        own = self.names(notification) if self.names else None
        if own:
            event.ack(**own)
        with self._changed:
            self._seen.append(notification)
            self._changed.notify_all()

    # -- what its users do

    def command(self, name, body, command_id=None, timeout=PATIENCE_S):
        """The answer's body. Repeated under its id while the broker is away, so it may die and come back.

        :raises CommandError: the broker refused; `code` says why.
        :raises CommandTimeout: no answer in `timeout` seconds.
        """
        return self._client.command(name, body, id=command_id, timeout=timeout)

    def create_room(self, kind, creator, members, room=None, **more):
        """Answer of room.create; `room` is this chat server's own id."""
        return self.command("room.create", {"room": room or uuid.uuid4().hex[:12], "type": kind, "creator": creator,
                                            "members": list(members), **more})

    def send(self, room, sender, text, message=None):
        """Event id of the message, which is on the broker's disk then."""
        return self.command("message.send", {"room": room, "sender": sender, "text": text,
                                             "message": message or uuid.uuid4().hex[:12]})["event_id"]

    def delete(self, room, by, message, reason=None):
        """Event id of the redaction; `message` is this chat server's id or an event id."""
        body = {"room": room, "by": by, "message": message}
        return self.command("message.delete", {**body, "reason": reason} if reason else body)["event_id"]

    def join(self, room, user, via=(), timeout=90):
        """Answer of room.join; `room` may be an alias."""
        return self.command("room.join", {"room": room, "user": user, "via": list(via)}, timeout=timeout)

    def knock(self, room, user, via=(), reason=None, timeout=90):
        """Answer of room.knock; `room` may be an alias."""
        body = {"room": room, "user": user, "via": list(via)}
        return self.command("room.knock", {**body, "reason": reason} if reason else body, timeout=timeout)

    def retract_knock(self, room, user):
        return self.command("knock.retract", {"room": room, "user": user})

    def reject_knock(self, room, by, user, reason=None):
        body = {"room": room, "by": by, "user": user}
        return self.command("knock.reject", {**body, "reason": reason} if reason else body)

    def send_file(self, room, sender, path, text="", message=None):
        """Puts the file into the broker's store and says so in the room; returns (mxc, answer of message.send)."""
        mxc = self.upload(path)
        about = {"mxc": mxc, "file_name": os.path.basename(path), "size_bytes": os.path.getsize(path),
                 "content_type": mimetypes.guess_type(path)[0] or "application/octet-stream"}
        return mxc, self.command("message.send", {"room": room, "sender": sender, "text": text, "files": [about],
                                                  "message": message or uuid.uuid4().hex[:12]})

    def upload(self, source, **how):
        """mxc URI of a path or of an open file."""
        return self._client.upload(source, **how)

    def download(self, mxc, target, **how):
        """Writes a file of any server to a path or an open file; returns what is known of it."""
        return self._client.download(mxc, target, **how)

    def invite(self, room, by, user):
        return self.command("invite.send", {"room": room, "by": by, "user": user})

    def revoke(self, room, by, user):
        return self.command("invite.revoke", {"room": room, "by": by, "user": user})

    def typing(self, room, user, typing):
        self._client.typing(room, user, typing)

    def answer(self, room, user, accept, reason=None):
        body = {"room": room, "user": user, "accept": accept}
        return self.command("invite.answer", {**body, "reason": reason} if reason else body)

    # -- what it was told

    @property
    def seen(self):
        with self._changed:
            return list(self._seen)

    def find(self, name, **wanted):
        """Notifications of that name whose bodies have these values, in order."""
        return [each for each in self.seen if each.matches(name, **wanted)]

    def wait_for(self, name, seconds=PATIENCE_S, **wanted):
        """The first such notification, waiting for it if need be.

        :raises TimeoutError: with what did arrive.
        """
        def first():
            return next((each for each in self._seen if each.matches(name, **wanted)), None)
        with self._changed:
            found = self._changed.wait_for(first, seconds)
            if not found:
                last = "\n  ".join(repr(each) for each in list(self._seen)[-20:])
                raise TimeoutError(f"{self.peer} waited {seconds} s for {name} {wanted}; it saw last:\n  {last}")
            return found

    def wait_until(self, condition, seconds, what):
        """Waits until `condition(self)` is true, looking again after each notification."""
        with self._changed:
            # A condition may also depend on time or on the other side: it is looked at twice a second at least.
            deadline = time.monotonic() + seconds
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{self.peer} waited {seconds} s for {what() if callable(what) else what}")
                self._changed.wait(min(left, 0.5))

    def messages(self, matrix_room_id, sender=None):
        """Texts received in the room and not deleted since, in order; of one sender or of all."""
        deleted = {each.body["event_id"] for each in self.find("message.deleted", matrix_room_id=matrix_room_id)}
        return [each.body["text"] for each in self.find("message.received", matrix_room_id=matrix_room_id)
                if sender in (None, each.body["sender"]) and each.body["event_id"] not in deleted]

    def duplicates(self):
        """Event ids that were told as a message more than once."""
        known, twice = set(), []
        for each in self.find("message.received"):
            if each.body["event_id"] in known:
                twice.append(each.body["event_id"])
            known.add(each.body["event_id"])
        return twice

    def ephemeral(self, name, **wanted):
        with self._changed:
            return [body for kind, body in self._ephemeral
                    if kind == name and all(body.get(key) == value for key, value in wanted.items())]


__all__ = ["ChatServer", "CommandError", "CommandTimeout", "Notification"]
