"""The two sides of the demo as the page shows them, and the switch that takes the second one's broker down."""

import concurrent.futures
import os
import threading

from ..broker import Broker
from ..certificates import Authority
from ..chat_server import ChatServer, CommandError, CommandTimeout
from .actions import OPTIONAL, Actions, Refused, checked
from .asker import Asker, knows
from .book import Book
from .changes import Changes
from .files import Files
from .newcomers import Newcomers
from .tour import Tour

USERS = {"A": ("alice", "anna"), "B": ("bob", "carol", "dave")}
# Told of every message, so that one sees each of them arrive; asked for users anew whenever somebody asks for them, so
# that another rule counts at once.
SETTINGS = {"federation": {"delivery_notifications": "all", "ask_user": True, "ask_user_cache_s": 1}}
SWITCHED = "B"
# Of federation.configure: what an administrator switches in the page.
SWITCHES = ("enabled", "typing", "receipts", "presence", "allow", "deny", "invites", "users_may_federate")
NOTIFICATIONS_KEPT = 10_000
USERS_MAX = 100  # whom one can be at a side


class Side:
    """A broker, its chat server, and what the page shows of them."""

    def __init__(self, name, directory, authority, binary, changes, on_notification):
        self.name = name
        self.broker = Broker("broker " + name, os.path.join(directory, name), authority, binary, settings=SETTINGS)
        self.server_name = self.broker.server_name
        self.users = {user: f"@{user}:{self.server_name}" for user in USERS[name]}
        self.features = []
        self._deactivated = set()
        self._refused = ""  # messages with that word are refused for good; empty: none are
        self.newcomers = Newcomers(self._has_asked)
        self._federation = None  # what is switched on; None: this broker has no switches
        self._changes = changes
        self._state = "starting"
        self._on_notification = on_notification
        self.chat = ChatServer(
            self.broker.chat_endpoint,
            "chat-" + name.lower(),
            self._told,
            on_ephemeral=self._told_at_once,
            keep=NOTIFICATIONS_KEPT,
        )
        self.chat.knows_user = self.newcomers.answer
        self.book = Book(name, changes, lambda room: self.asker.look_again(room))
        self.asker = Asker(self.chat, self.book, self.is_up, lambda command: command in self.features)
        self.actions = Actions(self.chat, self.book, self.asker.look_again, self.is_up, self._has_deactivated, self._has_said)
        self.files = Files(self.chat, os.path.join(directory, name, "files"))

    def start(self):
        self.broker.start()
        self.chat.connect()
        for user, user_id in self.users.items():
            self.chat.command("user.profile", {"user": user_id, "display_name": user.capitalize()})
        self.features = [command for command in OPTIONAL if knows(self.chat, command)]
        if "federation.configure" in self.features:
            self._federation = self.chat.command(
                "federation.configure", {"receipts": True, "presence": True}
            )  # both off until somebody wants them
        self.asker.start()
        self.set_state("up")
        return self

    def close(self):
        self.actions.close()
        self.asker.close()
        self.chat.close()
        return self.broker.stop()

    def is_up(self):
        return self._state == "up"

    def set_state(self, state):
        """up, stopping, down or starting"""
        self._state = state
        self._changes.put(
            ("side", self.name),
            {
                "server_name": self.server_name,
                "broker": state,
                "features": self.features,
                "switch": self.name == SWITCHED,
                "federation": self._federation and {key: self._federation[key] for key in SWITCHES},
                "refused": self._refused,
                "newcomers": self.newcomers.document(),
                "users": [
                    {"id": user_id, "name": user.capitalize(), "deactivated": user_id in self._deactivated}
                    for user, user_id in list(self.users.items())
                ],
            },
        )

    def _has_deactivated(self, user):
        self._deactivated.add(user)
        self.set_state(self._state)

    def _has_said(self, own_id, user):
        """Somebody who was nobody before has signed up."""
        if user not in self.users.values() and len(self.users) < USERS_MAX:
            self.users[own_id] = user
        self.set_state(self._state)

    def _has_asked(self, localpart, exists):
        if exists:
            self.users.setdefault(localpart, f"@{localpart}:{self.server_name}")
        self.set_state(self._state)

    def welcome(self, names):
        """Who exists when another server asks for them.

        :raises Refused
        """
        self.newcomers.welcome(names)
        self.set_state(self._state)
        return {}

    def refuse(self, word):
        """New messages with that word are refused for good, as a chat server may: they become dead letters.

        :param word: empty: none are
        :raises Refused
        """
        if not isinstance(word, str) or len(word) > 100:
            raise Refused("bad_body", "word is a text of at most 100 characters")
        self._refused = word
        self.chat.refuses = self._reason if word else None
        self.set_state(self._state)
        return {}

    def _reason(self, notification):
        """Why it is refused; None: it is not."""
        said = notification.body.get("text", "") if notification.name == "message.received" else ""
        return f"no {self._refused} here" if self._refused and self._refused.lower() in said.lower() else None

    def federate(self, changes):
        """Switches the federation, or parts of it, on and off, as an administrator of the chat server may.

        :param changes: some of SWITCHES with their values
        :raises Refused
        """
        if not set(checked(changes)) <= set(SWITCHES):
            raise Refused("bad_body", f"there is {', '.join(SWITCHES)}, and nothing else")
        if not self._federation or not self.is_up():
            raise Refused("broker_down", "This broker is down, or has no such switch.")
        try:
            self._federation = self.chat.command("federation.configure", changes)
        except (CommandError, CommandTimeout) as why:
            raise Refused(getattr(why, "code", "timed_out"), str(why)) from None
        self.set_state(self._state)
        return self._federation

    def _told(self, notification):
        self._on_notification(self.name, notification)
        self.book.told(notification)

    def _told_at_once(self, name, body):
        self.book.told_at_once(name, body)


class Site:
    """Both sides; `changes` is what viewers follow.

    :param on_notification: called with side and Notification, as the terminal shows them
    """

    def __init__(self, directory, binary=None, on_notification=lambda side, notification: None):
        self.directory = directory
        self.changes = Changes()
        authority = Authority(os.path.join(directory, "tls"))
        self.sides = {name: Side(name, directory, authority, binary, self.changes, on_notification) for name in USERS}
        self.tour = Tour(self)
        self._switching = threading.Lock()
        # A broker ends with the thread that has started it (Process), and those of the HTTP server and the tour come
        # and go.
        self._starter = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")

    def start(self):
        for side in self.sides.values():
            self._starter.submit(side.start).result()
        return self

    def close(self):
        """Exit codes of the brokers."""
        self.tour.close()
        with self._switching:
            codes = [side.close() for side in self.sides.values()]
        self._starter.shutdown()
        return codes

    def side(self, name):
        """:raises Refused: there is no such side"""
        if not isinstance(name, str) or name not in self.sides:
            raise Refused("bad_body", "side is A or B")
        return self.sides[name]

    def switch(self, up):
        """Takes the broker of side B down or up again; returns when it is."""
        side = self.sides[SWITCHED]
        if not self._switching.acquire(blocking=False):
            raise Refused("conflict", "the broker is being switched")
        try:
            if up and not side.is_up():
                side.set_state("starting")
                self._starter.submit(side.broker.start).result()
                side.chat.wait_connected()
                side.set_state("up")
            elif not up and side.is_up():
                side.set_state("stopping")
                side.broker.stop()
                side.set_state("down")
        except (RuntimeError, TimeoutError, CommandError, CommandTimeout) as why:
            side.set_state("down")
            raise Refused("broker_down", str(why)[:500]) from None
        finally:
            self._switching.release()
        return {"up": side.is_up()}
