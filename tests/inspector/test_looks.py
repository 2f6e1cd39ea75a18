"""What one sees of each view: no barriers, in light and dark, on a phone; pictures of it are left."""

import pretend_rows
from inspector_case import PretendCase

VIEWS = {
    "overview": "#/",
    "servers": "#/servers",
    "server": "#/servers/quay.example",
    "room": "#/rooms/!harbour0000%3Aours.example",
    "invitations": "#/invitations",
    "actors": "#/actors",
    "edge": "#/edge",
    "nodes": "#/nodes",
    "dead_letter": "#/dead-letters/0-41",
    "why": "#/why/%24late",
    "audit": "#/audit",
}
SHOWS = {"server": "#opened", "room": "#opened", "dead_letter": "#opened", "why": "#cause"}


class Looks(PretendCase):
    node_options = {"alarms": pretend_rows.ALARMS}

    def test_every_view_is_without_barriers_in_light_and_dark_and_is_photographed(self):
        self.open()
        for name, address in VIEWS.items():
            with self.subTest(view=name):
                self.browser.run("location.hash = arguments[0]", address)
                self.browser.wait_text("h1", name.split("_")[0].capitalize()[:4])
                self.browser.wait_text(SHOWS.get(name, "main"), "")
                self.until_script(
                    "!document.querySelector('main').textContent.includes('Loading …')", f"{name} to be loaded"
                )
                self.accessible(name)
                for dark in (False, True):
                    self.browser.dark(dark)
                    self.shot(name + ("_dark" if dark else "_light"))
                self.browser.dark(False)

    def test_on_a_phone_one_thing_is_shown_at_a_time_and_nothing_sticks_out(self):
        self.look(390, 844, mobile=True)
        self.open("servers")
        self.browser.wait_text("#list-count", "60")
        for name, address in VIEWS.items():
            with self.subTest(view=name):
                self.browser.run("location.hash = arguments[0]", address)
                self.until_script(
                    "!document.querySelector('main').textContent.includes('Loading …')", f"{name} to be loaded"
                )
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 390)
                self.assertLessEqual(
                    self.browser.run(
                        "const at = document.querySelector('main'); return at.scrollWidth - at.clientWidth"
                    ),
                    0,
                )
                if name in ("servers", "server", "invitations"):  # which are laid out otherwise
                    self.accessible(name + " on a phone")
                self.shot("phone_" + name)
        self.browser.run("location.hash = '#/servers/quay.example'")
        self.browser.wait_text("#opened", "quay.example")
        self.assertEqual(self.browser.run("return document.querySelector('.list').offsetParent"), None)

    def test_a_stream_that_is_not_acknowledged_stands_first_among_what_waits(self):
        self.open()
        self.browser.wait_text(".waiting li:first-child", "stream 0")
        self.browser.wait_text(".waiting li:first-child", "chat-ours has 12 of it and does not acknowledge.")
        acked = {**self.node.lists["streams"][0], "acked": 9412, "lag": 0, "in_flight": 0, "waits_for": ""}
        self.node.change("streams", [acked])
        self.browser.wait_gone(".waiting", "stream 0")

    def test_a_room_that_waits_for_much_tells_how_much_is_left_out(self):
        self.open("rooms/!harbour0000%3Aours.example")
        self.browser.wait_text(".detail .callout li:last-child", "1,234 more")

    def test_an_alarm_is_said_once_and_only_alarms_are(self):
        self.open("servers")
        self.browser.wait_text("#alarms", "is time synchronised")
        self.assertEqual(
            self.browser.run("return [...document.querySelectorAll('[aria-live]')].map((each) => each.id)"), ["alarms"]
        )
        self.node.change("status", gone=["clock"])
        self.browser.wait_gone("#alarms", "synchronised")

    def test_colours_follow_the_system_until_somebody_chooses(self):
        ground = "return getComputedStyle(document.body).backgroundColor"
        self.open()
        light = self.browser.run(ground)
        self.browser.dark(True)
        dark = self.browser.run(ground)
        self.assertNotEqual(light, dark)
        self.browser.click("#theme")
        self.assertEqual(self.browser.run(ground), light)
        self.browser.click("#theme")
        self.browser.dark(False)
        self.assertEqual(self.browser.run(ground), dark)
        self.open()
        self.assertEqual(self.browser.run(ground), dark, "it is kept")
        self.browser.click("#theme")

    def test_graphs_say_in_words_what_they_show(self):
        self.open()
        self.browser.wait_text("figure:nth-child(1)", "received")
        self.assertEqual(len(self.browser.all("figure canvas")), 8)
        self.until_script(
            "[...document.querySelectorAll('figure li strong')].every((each) => each.textContent !== '–')",
            "all numbers",
        )
        titles = self.browser.run("return [...document.querySelectorAll('figure h3')].map((each) => each.textContent)")
        for title in (
            "Latency of requests to other servers ms",
            "Queues entries",
            "Owed to servers events",
            "Oldest event owed minutes",
            "Back-offs servers by state",
        ):
            self.assertIn(title, titles)
        words = self.browser.text("figure:last-child")
        for state in ("sending", "waiting", "paused", "backing off"):
            self.assertIn(state, words)

    def test_graphs_begin_with_what_was_before_somebody_looked(self):
        self.open()  # ten minutes of this node have an outage in them
        self.browser.wait_text("figure:nth-child(6)", "most 6,000")
        self.browser.wait_text("figure:nth-child(3)", "slowest, bound of its class")
        self.browser.wait_text("figure:nth-child(8)", "backing off")
        self.browser.wait_text("figure:nth-child(8)", "most 9")
