"""What the steps of the tour have in common: who is who, what they do, and what is waited for before the next step."""

from ..process import until

WAIT_S = 90


class Story:
    """What the steps have in common: who is who, and the rooms made so far."""

    def __init__(self, site):
        self.site = site
        self.here, self.there = site.sides["A"], site.sides["B"]
        self.alice, self.anna = self.here.users["alice"], self.here.users["anna"]
        self.bob, self.carol, self.dave = (self.there.users[name] for name in ("bob", "carol", "dave"))
        self.room = None
        self.acting = {"A": self.alice, "B": self.bob}

    def focus(self):
        return {side: {"user": user, "room": self.room} for side, user in self.acting.items()}

    def side_of(self, user):
        return self.here if user in (self.alice, self.anna) else self.there

    def do(self, user, name, body):
        """`user` does something in the room; their side is shown as they see it."""
        side = self.side_of(user)
        self.acting[side.name] = user
        return side.actions.carry_out(name, {"room": self.room, **body})

    def says(self, user, text, **more):
        """Returns when the broker has taken it; its event id."""
        side = self.side_of(user)
        self.do(user, "message.send", {"sender": user, "text": text, **more})

        def taken():
            found = [
                each
                for each in side.book.entries(self.room)
                if each["kind"] == "message" and each["text"] == text and each["sender"] == user
            ]
            return found and found[-1]["event_id"]

        return until(taken, WAIT_S, f"the broker to take '{text}'")

    def shown(self, side, description, /, **wanted):
        """Waits until an entry with these values is shown."""

        def there():
            return next(
                (
                    each
                    for each in side.book.entries(self.room)
                    if all(each.get(key) == value for key, value in wanted.items())
                ),
                None,
            )

        return until(there, WAIT_S, f"{description} at {side.name}")

    def invitation(self, side, user, *states):
        """Waits until the invitation of `user` is shown in one of the states."""

        def there():
            document = side.book.room(self.room) or {"invitations": []}
            return any(each["user"] == user and each["state"] in states for each in document["invitations"])

        until(there, WAIT_S, f"{user}'s invitation to be {' or '.join(states)} at {side.name}")

    def member(self, side, user, **wanted):
        """Waits until `user` is shown as a member with these values."""

        def there():
            document = side.book.room(self.room) or {"members": []}
            return any(
                each["user"] == user and all(each[key] == value for key, value in wanted.items())
                for each in document["members"]
            )

        until(there, WAIT_S, f"{user} to be {wanted} at {side.name}")

    def banned(self, side, user, banned=True):
        def there():
            document = side.book.room(self.room) or {"banned": []}
            return any(each["user"] == user for each in document["banned"]) == banned

        until(there, WAIT_S, f"{user} {'in' if banned else 'off'} the list of banned users at {side.name}")

    def invite(self, user, *states):
        self.do(self.alice, "invite.send", {"by": self.alice, "user": user})
        self.invitation(self.here, user, *states)

    def accept(self, user):
        self.do(user, "invite.answer", {"user": user, "accept": True})
        self.invitation(self.here, user, "accepted")
        self.member(self.there, user, membership="join")
