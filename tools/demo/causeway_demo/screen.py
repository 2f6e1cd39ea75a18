"""What the person in front of the demo sees: one line per thing that happens, the two sides apart by colour."""

import sys
import threading

_COLOURS = {"A": "\033[36m", "B": "\033[33m", "": "\033[1m"}


class Screen:
    """Prints lines from several threads. Colours only on a terminal."""

    def __init__(self, quiet=False):
        self._quiet = quiet
        self._colour = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._held = False

    def hold(self, held):
        """While held, what the sides see is not shown: a burst would fill the screen."""
        self._held = held

    def _print(self, side, text):
        if self._quiet:
            return
        if self._colour:
            text = f"{_COLOURS[side]}{text}\033[0m"
        with self._lock:
            print(text, flush=True)

    def title(self, text):
        self._print("", f"\n{text}")

    def note(self, text):
        if not self._quiet:
            with self._lock:
                print(text, flush=True)

    def does(self, side, who, what):
        """A person of chat server `side` does something."""
        self._print(side, f"  {side}  {who:<6} {what}")

    def sees(self, side, what):
        """Chat server `side` was told something."""
        if not self._held:
            self._print(side, f"  {side}         {what}")


def short(user):
    """'@bob:localhost:8481' -> 'bob'"""
    return user[1:].split(":")[0]


def describe(notification):
    """A notification of the contract as a sentence; None where a person would see nothing."""
    body, name = notification.body, notification.name
    if name == "message.received":
        return f"<- {short(body['sender'])}: {body['text']}" + ("   (history)" if body["historical"] else "")
    if name == "invitation.received":
        return f"{body['by']} invites {short(body['user'])}"
    if name == "invitation.changed":
        reason = f" ({body['reason']})" if body.get("reason") else ""
        who = f"invitation of {short(body['user'])}" if body["direction"] == "outgoing" else f"{short(body['user'])}'s invitation"
        return f"{who} is now {body['state']}{reason}"
    if name == "system.message":
        target = f" {short(body['target'])}" if body.get("target") and body["target"] != body.get("actor") else ""
        return f"[room] {short(body['actor'])} {body['kind']}{target}" if body.get("actor") else f"[room] {body['kind']}{target}"
    return None
