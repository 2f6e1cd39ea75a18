"""The demo's page in real Chromium, with two real brokers. Screenshots are left in build/results/demo."""

import os
import tempfile
import unittest

import browser
from causeway_demo.process import until
from causeway_demo.web.http_server import HttpServer
from causeway_demo.web.site import Site
from webdriver import Browser

PATIENCE_S = 90  # what is waited for happens within a second or two on an idle machine
SCREENSHOTS = os.path.join(browser.ROOT, "build", "results", "demo")
ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"


# Marks the room of a name in the list of a side, for a click; false: it is not there.
MARK_ROOM = """
    const [side, name] = arguments;
    const found = [...document.querySelectorAll(`#side-${side} .room`)].find((each) => each.querySelector(".title").textContent === name);
    found?.setAttribute("data-test", "this");
    return Boolean(found);"""
# Presses what is called `word` in the message with that text; false: it is not there.
PRESS = """
    const [side, text, css, word] = arguments;
    const message = [...document.querySelectorAll(`#timeline-${side} .message`)].find((each) => each.querySelector(".text")?.textContent === text);
    const found = [...(message?.querySelectorAll(css) ?? [])].find(
      (each) => !word || each.textContent === word || each.getAttribute("aria-label") === word);
    found?.click();
    return Boolean(found);"""


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        driver, chromium = browser.chromium()
        cls.axe = browser.axe()
        directory = tempfile.TemporaryDirectory(prefix="cw-")
        cls.addClassCleanup(directory.cleanup)
        cls.site = Site(directory.name)
        cls.addClassCleanup(cls.close_site)
        cls.site.start()
        cls.server = HttpServer(cls.site, 0)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.browser = Browser(driver, chromium)
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def close_site(cls):
        codes = cls.site.close()
        if any(codes):
            raise RuntimeError(f"the brokers ended with {codes}")

    def run(self, result=None):
        """A case that failed leaves a picture of what there was to see."""
        before = result and len(result.failures) + len(result.errors)
        done = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.shot("failed_" + self._testMethodName)
        return done

    def setUp(self):
        self.user = {user: each for side in self.site.sides.values() for user, each in side.users.items()}
        self.look()
        # A page of its own for each case, whatever the one before has left open.
        self.browser.open(self.server.url)
        self.browser.wait_text("#side-B h2", "Server B")

    def look(self, width=1440, height=900, dark=False, mobile=False):
        self.browser.size(width, height, mobile)
        self.browser.dark(dark)

    def act_as(self, side, user):
        self.browser.choose(f"#user-{side}", self.user[user])

    def room_with(self, name, *members):
        """A channel of Alice's with members of B, which both sides look at; made without clicks. Returns its id."""
        room = self.site.side("A").actions.carry_out(
            "room.create",
            {
                "type": "channel",
                "name": name,
                "creator": self.user["alice"],
                "members": [self.user[each] for each in members],
            },
        )["matrix_room_id"]
        there = self.site.side("B")
        for member in members:
            until(lambda: (there.book.room(room) or {}).get("invitations"), PATIENCE_S, "the invitation")
            there.actions.carry_out("invite.answer", {"room": room, "user": self.user[member], "accept": True})
        self.act_as("A", "alice")
        self.act_as("B", members[0])
        self.open_room(name)
        return room

    def open_room(self, name, sides="AB"):
        for side in sides:
            until(
                lambda side=side: self.browser.run(MARK_ROOM, side, name),
                PATIENCE_S,
                f"room {name} in the list of {side}",
                0.05,
            )
            self.browser.click(f"#side-{side} [data-test=this]")
            self.browser.run(
                "document.querySelectorAll('[data-test]').forEach((each) => each.removeAttribute('data-test'))"
            )
            self.browser.wait_text(f"#room-{side}", name)

    def write(self, side, text):
        self.browser.type(f"#text-{side}", text + ENTER)

    def menu(self, side, text, action):
        """Opens the menu of the message with that text and presses a button of it."""
        for css, word, what in (
            (".more[aria-expanded=false]", "", "menu"),
            (".actions button", action, f"'{action}' in the menu"),
        ):
            until(
                lambda css=css, word=word: self.browser.run(PRESS, side, text, css, word),
                PATIENCE_S,
                f"the {what} of '{text}'",
                0.05,
            )

    def room_action(self, label, side="A"):
        """Presses a button of the panel."""
        script = """
            const [side, label] = arguments;
            const buttons = [...document.querySelectorAll(`#side-${side} .panel > .row button`)];
            const found = buttons.find((each) => each.textContent === label);
            found?.click();
            return Boolean(found);"""
        until(lambda: self.browser.run(script, side, label), PATIENCE_S, f"the button {label} of {side}", 0.05)

    def cancel(self):
        self.browser.press([ESCAPE])
        until(lambda: not self.browser.all("dialog"), PATIENCE_S, "the form to close", 0.05)

    def submit(self):
        self.browser.click("dialog button[type=submit]")
        until(
            lambda: not self.browser.all("dialog"),
            PATIENCE_S,
            lambda: f"the form to close, which says '{self.browser.text('dialog .fault')}'",
            0.05,
        )

    def shot(self, name):
        self.browser.screenshot(os.path.join(SCREENSHOTS, name + ".png"))

    def accessible(self, what):
        """axe-core finds nothing to object to."""
        self.assertEqual(self.browser.barriers(self.axe), [], what)
