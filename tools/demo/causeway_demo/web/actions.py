"""What the page may do: the commands of the chat contract, carried out for one chat server, and what they change in its
book."""

import concurrent.futures
import os
import threading
import uuid

from ..chat_server import CommandError, CommandTimeout

ANSWER_S = 60
# A message waits for its own broker so long; all else is refused at once while that is down.
MESSAGE_S = 600
WAITING_MAX = 50  # messages of one side
FILE_BYTES_MAX = 8 * 1024 * 1024

# As they are in the contract; what a room is like afterwards tells the broker.
PLAIN = {
    "invite.send",
    "invite.revoke",
    "invite.answer",
    "member.leave",
    "member.kick",
    "member.ban",
    "member.unban",
    "member.set_role",
    "room.join",
    "room.knock",
    "knock.retract",
    "knock.reject",
    "query.can",
    "query.user",
    "query.profile",
    "query.federation",
    "query.verify_users",
    "room.set_name",
    "room.set_topic",
    "room.set_avatar",
    "room.remove",
    "room.bind",
    "query.receipts",
    "query.public_rooms",
    "user.may_federate",
    "query.servers",
    "query.dead_letters",
    "dead_letter.retry",
    "dead_letter.drop",
}
OTHERS = {
    "room.create",
    "room.upgrade",
    "message.send",
    "message.edit",
    "message.delete",
    "message.bind",
    "reaction.add",
    "reaction.remove",
    "typing",
    "read",
    "presence",
    "user.profile",
    "user.deactivate",
}
# While they wait for their answer `join.progress` may come.
JOINS = {"room.join", "invite.answer"}
# Those that not every broker has: what needs them is hidden where it has not.
OPTIONAL = (
    "room.set_name",
    "room.set_topic",
    "room.set_avatar",
    "room.remove",
    "room.upgrade",
    "read",
    "presence",
    "query.receipts",
    "query.read_positions",
    "query.public_rooms",
    "user.may_federate",
    "user.deactivate",
    "answer.user",
    "room.bind",
    "message.bind",
    "query.verify_users",
    "query.profile",
    "query.servers",
    "query.dead_letters",
    "federation.configure",
)


class Refused(Exception):
    """What the page shows: code and words."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Actions:
    """:param is_up: whether the own broker is there
    :param on_deactivated: called with a user of ours who is nobody from now on
    :param on_profile: called with the id and the Matrix id of a user of ours whose profile was said
    """

    def __init__(
        self, chat, book, look_again, is_up, on_deactivated=lambda user: None, on_profile=lambda own_id, user: None
    ):
        self._chat = chat
        self._book = book
        self._look_again = look_again
        self._is_up = is_up
        self._on_deactivated = on_deactivated
        self._on_profile = on_profile
        self._waiting = threading.Semaphore(WAITING_MAX)
        self._writers = concurrent.futures.ThreadPoolExecutor(max_workers=4, thread_name_prefix="writer")

    def close(self):
        self._writers.shutdown(wait=False, cancel_futures=True)

    def carry_out(self, name, body):
        """The answer's body; of a message {}: what becomes of it is shown in the timeline.

        :raises Refused: with the broker's words, or ours
        """
        if name not in PLAIN | OTHERS:
            raise Refused("unknown_command", f"the page has no command {name}")
        body = checked(body)
        if name == "message.send":
            return self._send(body)
        if not self._is_up():
            raise Refused(
                "broker_down", "This server's broker is down. Its chat server keeps messages for it, and nothing else."
            )
        if name in PLAIN:
            answer = self._ask_and_end_join(name, body)
            if not name.startswith("query.") and "room" in body:
                self._look_again(body["room"])
            return answer
        return getattr(self, "_" + name.replace(".", "_"))(body)

    def _ask_and_end_join(self, name, body):
        try:
            return self._ask(name, body)
        finally:
            if name in JOINS and isinstance(body.get("user"), str):
                self._book.people.joins(body["user"], None)

    def _ask(self, name, body):
        try:
            return self._chat.command(name, body, timeout=ANSWER_S)
        except CommandError as refused:
            raise Refused(refused.code, refused.detail or refused.message or str(refused)) from None
        except CommandTimeout:
            raise Refused("timed_out", f"no answer within {ANSWER_S} s") from None

    # -- messages

    def _send(self, body):
        if not all(isinstance(body.get(key), str) and body[key] for key in ("room", "sender", "text")):
            raise Refused("bad_body", "room, sender and text are needed")
        message = uuid.uuid4().hex[:12]
        if not self._waiting.acquire(blocking=False):
            raise Refused("overloaded", f"{WAITING_MAX} messages wait for this server's broker")
        self._book.writes(body["room"], message, body)
        self._writers.submit(self._write, {**body, "message": message})
        return {}

    def _write(self, body):
        room, message = body["room"], body["message"]
        try:
            answer = self._chat.command("message.send", body, timeout=MESSAGE_S)
            self._book.change(
                room, message, state="accepted", event_id=answer["event_id"], reach=answer.get("servers")
            )
        except CommandError as refused:
            self._book.change(room, message, state="refused", fault={"code": refused.code, "message": str(refused)})
        except CommandTimeout:
            self._book.change(
                room, message, state="refused", fault={"code": "timed_out", "message": "the broker did not come back"}
            )
        finally:
            self._waiting.release()

    def put_file(self, file_name, content_type, source):
        """Puts an open file into the broker's store: {"mxc", "size_bytes"}.

        :raises Refused
        """
        if not self._is_up():
            raise Refused("broker_down", "This server's broker is down: it has the files.")
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        try:
            mxc = self._chat.upload(source, content_type=content_type, file_name=file_name)
        except CommandError as refused:
            raise Refused(refused.code, str(refused)) from None
        except CommandTimeout:
            raise Refused("timed_out", "the broker did not answer in time") from None
        return {"mxc": mxc, "size_bytes": size}

    def send_file(self, room, sender, file_name, content_type, source, **more):
        """Puts an open file into the broker's store and says so in the room.

        :param more: width, height and thumbnail of `files` of message.send
        :raises Refused
        """
        kept = self.put_file(file_name, content_type, source)
        about = {"file_name": file_name, "content_type": content_type, **kept, **more}
        kind = content_type.split("/")[0]
        message = uuid.uuid4().hex[:12]
        self._book.writes(
            room,
            message,
            {
                "sender": sender,
                "text": file_name,
                "file": about,
                "kind": kind if kind in ("image", "video", "audio") else "file",
            },
        )
        try:
            answer = self._ask(
                "message.send", {"room": room, "sender": sender, "message": message, "text": "", "files": [about]}
            )
        except Refused as refused:
            self._book.change(room, message, state="refused", fault={"code": refused.code, "message": refused.message})
            raise
        self._book.change(room, message, state="accepted", event_id=answer["event_id"], reach=answer.get("servers"))
        return {"event_id": answer["event_id"]}

    def _message_edit(self, body):
        answer = self._ask("message.edit", body)
        self._book.change(
            body["room"], body["message"], text=body["text"], html="", edited={"ts": 0, "event_id": answer["event_id"]}
        )
        return answer

    def _message_delete(self, body):
        answer = self._ask("message.delete", body)
        self._book.deletes(body["room"], body["message"], body["by"], body.get("reason", ""))
        return answer

    def _message_bind(self, body):
        answer = self._ask("message.bind", body)
        self._book.binds(body["room"], body["message"], body["as"])
        return answer

    def _reaction_add(self, body):
        answer = self._ask("reaction.add", body)
        self._book.reacts(body["room"], body["message"], body["key"], body["user"], answer["event_id"])
        return answer

    def _reaction_remove(self, body):
        answer = self._ask("reaction.remove", body)
        self._book.reacts(body["room"], body["message"], body["key"], body["user"], None)
        return answer

    # -- people

    def _user_profile(self, body):
        answer = self._ask("user.profile", body)
        self._on_profile(body["user"], answer["user"])
        self._book.people.is_called(answer["user"], body.get("display_name"), body.get("avatar"))
        return answer

    def _user_deactivate(self, body):
        answer = self._ask("user.deactivate", body)
        self._on_deactivated(body["user"])
        return answer

    def _presence(self, body):
        answer = self._ask("presence", body)
        self._book.people.is_there(body["user"], body["state"], body.get("status", ""))
        return answer

    # -- rooms and what is not kept

    def _room_create(self, body):
        own = uuid.uuid4().hex[:12]
        answer = self._ask("room.create", {**body, "room": own})
        # A dm of two who have one is that one, with the id it has.
        self._book.created(answer["matrix_room_id"], answer.get("room") or own, body)
        return answer

    def _room_upgrade(self, body):
        answer = self._ask("room.upgrade", body)
        self._book.upgraded(body["room"], answer["matrix_room_id"])
        return answer

    def _typing(self, body):
        if isinstance(body.get("room"), str) and isinstance(body.get("user"), str):
            self._chat.typing(body["room"], body["user"], body.get("typing") is True)
        return {}

    def _read(self, body):
        answer = self._ask("read", body)
        private = body.get("private") is True
        self._book.reads(body["room"], body["user"], body["message"], private, body.get("thread", ""))
        return answer


def checked(body):
    """A body of the page: a map of texts, numbers, truth values, lists and maps of texts; its bounds are the broker's.

    :raises Refused
    """

    def plain(value):
        if isinstance(value, (list, dict)):
            texts = value.values() if isinstance(value, dict) else value
            return len(value) <= 100 and all(isinstance(each, str) for each in texts)
        return isinstance(value, (str, bool, int))

    if not isinstance(body, dict) or not all(plain(value) for value in body.values()):
        raise Refused("bad_body", "a body is a map of texts, numbers, truth values, lists and maps of texts")
    return body
