"""What an operator asks and does, by clicks, and what a node does not offer."""

from inspector_case import ENTER, ESCAPE, PretendCase


class Verbs(PretendCase):
    def test_a_verb_asks_for_the_reason_and_says_what_came_of_it(self):
        self.open("servers/quay.example")
        self.browser.wait_text(".detail .callout", "certificate has expired")
        self.press_verb("Retry")
        self.browser.wait_text("dialog", "causeway server retry quay.example")
        self.accessible("with the question open")
        self.shot("reason_dialog")
        self.browser.click("dialog button[type=submit]")
        self.assertEqual(self.node.done, [], "without a reason nothing is done")
        self.browser.type("#reason", "   ")
        self.browser.click("dialog button[type=submit]")
        self.assertEqual(self.node.done, [], "blanks are no reason")
        self.confirm("their operator says it is mended")
        self.browser.wait_text("dialog", "Done")
        self.assertEqual(
            self.node.done, [("server.retry", {"server": "quay.example", "reason": "their operator says it is mended"})]
        )
        self.browser.press([ENTER])
        self.until(lambda: not self.browser.all("dialog"), "the dialog to close")
        self.assertEqual(self.focused(), "Retry")
        self.browser.run("location.hash = '#/audit'")
        self.browser.wait_text("main", "their operator says it is mended")

    def test_what_the_node_refuses_stays_open_with_the_words_that_were_typed(self):
        self.open("dead-letters/0-41")
        self.press_verb("Drop")
        self.confirm("refuse me")
        self.browser.wait_text("dialog [role=alert]", "somebody else is at it")
        self.assertEqual(self.browser.run("return document.querySelector('#reason').value"), "refuse me")
        self.browser.press([ESCAPE])
        self.until(lambda: not self.browser.all("dialog"), "the dialog to close")
        self.assertEqual(self.node.done, [])

    def test_every_verb_of_an_opened_thing_reaches_the_node(self):
        invitation = next(each for each in self.node.lists["invites"] if each["waits_for"])
        key = f"{invitation['room_id']}|{invitation['user_id']}"
        room = self.node.lists["rooms"][0]["room_id"]
        wanted = [
            ("servers/pier.example", "Pause", "server.pause", {"server": "pier.example"}),
            (f"rooms/{room}", "Resync", "room.resync", {"room": room}),
            (
                f"invitations/{key}",
                "Resend",
                "invite.resend",
                {"room": invitation["room_id"], "user": invitation["user_id"]},
            ),
            (
                f"invitations/{key}",
                "Revoke",
                "invite.revoke",
                {"room": invitation["room_id"], "user": invitation["user_id"]},
            ),
            ("dead-letters/0-40", "Retry", "dead_letter.retry", {"letter": "0-40"}),
        ]
        self.open()
        for view, label, verb, arguments in wanted:
            with self.subTest(verb=verb):
                self.browser.run(
                    "location.hash = '#/' + arguments[0].split('/').map(encodeURIComponent).join('/')", view
                )
                self.press_verb(label)
                self.confirm("a test")
                self.browser.wait_text("dialog", "Done")
                self.browser.press([ENTER])
                self.until(lambda: not self.browser.all("dialog"), "the dialog to close")
                self.assertEqual(self.node.done[-1], (verb, {**arguments, "reason": "a test"}))

    def test_an_invitation_that_is_over_is_sent_once_more_and_not_revoked(self):
        for state, direction, again in (
            ("failed", "outgoing", True),
            ("accepted", "outgoing", False),
            ("rejected", "incoming", False),
        ):
            with self.subTest(state=state, direction=direction):
                row = self.node.lists["invites"][0]
                row.update({"state": state, "direction": direction, "waits_for": ""})
                self.open(f"invitations/{row['room_id']}|{row['user_id']}")
                self.browser.wait_text(".detail", state)
                script = "return [...document.querySelectorAll('.detail button')].map((each) => each.textContent.trim())"
                self.until(lambda s=script, a=again: ("Resend" in self.browser.run(s)) == a, "what may be done with it")
                labels = self.browser.run(script)
                self.assertNotIn("Revoke", labels)

    def test_a_view_from_outside_is_only_taken_when_it_is_asked_for(self):
        self.open("servers/quay.example")
        self.browser.wait_text(".detail", "Doctor")
        self.assertNotIn("doctor", self.node.asked)
        self.browser.click("[aria-label='Seen from outside'] button:nth-child(1)")
        self.browser.wait_text(".findings", "the certificate expired 3 days ago")
        self.browser.click("[aria-label='Seen from outside'] button:nth-child(2)")
        self.browser.wait_text(".detail table", "well-known")
        self.accessible("with what was found")
        self.shot("doctor")

    def test_a_room_is_compared_as_a_diff(self):
        self.open("rooms/!harbour0000%3Aours.example")
        self.browser.click("#compare")
        self.browser.wait_text("#compared", "1 server of 3 sees the room as we do")
        self.browser.wait_text(".diff .ours", "join")
        self.browser.wait_text(".diff .theirs", "leave")
        self.accessible("with the comparison")
        self.browser.run("document.querySelector('.compared').scrollIntoView()")
        self.shot("compare")

    def test_the_way_of_an_event_is_told_with_the_cause_on_top(self):
        self.open("why")
        self.browser.type("#why-id", "$late" + ENTER)
        self.browser.wait_text("#cause", "The certificate of quay.example has expired")
        self.assertEqual(len(self.browser.all(".timeline li")), 7)
        self.browser.wait_text(".timeline", "40 min later")
        self.browser.run("document.querySelector('#why-id').select()")
        self.browser.type("#why-id", "$unknown" + ENTER)
        self.browser.wait_text("[role=alert]", "no event, message or transaction is called $unknown")

    def test_a_trace_shows_what_an_actor_handles(self):
        self.open("actors/room|!pier2%3Aours.example")
        self.browser.wait_text(".detail", "4,711")
        self.browser.click("[aria-label=Trace] button")
        self.browser.wait_text("[aria-label=Trace]", "pdus_received")

    def test_what_comes_from_the_network_is_shown_as_text(self):
        self.open("rooms/!harbour0000%3Aours.example")
        self.browser.wait_text(".detail", "<b>Quay</b>")
        self.browser.run("location.hash = '#/dead-letters/0-40'")
        self.browser.wait_text(".detail pre", "<script>alert(1)</script>")
        self.assertEqual(self.browser.all("main b, main script"), [])


class OlderNode(PretendCase):
    node_options = {
        "verbs": {
            "rooms",
            "room.show",
            "servers",
            "server.show",
            "server.retry",
            "invites",
            "invite.show",
            "actors",
            "keys",
            "receipts",
            "status",
            "dead_letters",
            "dead_letter.retry",
            "dead_letter.drop",
        }
    }

    def test_what_the_node_does_not_know_is_not_offered(self):
        self.open("servers/quay.example")
        self.browser.wait_text(".detail", "Keys")
        self.until(lambda: "Why" not in self.browser.text("nav.views"), "the views to go")
        self.assertEqual(
            self.browser.run("return [...document.querySelectorAll('nav.views a')].map((each) => each.textContent)"),
            ["Overview", "Servers", "Rooms", "Invitations", "Actors", "Dead letters"],
        )
        self.assertEqual(
            self.browser.run(
                "return [...document.querySelectorAll('.detail-head button')].map((each) => each.textContent.trim())"
            ),
            ["Retry"],
        )


class Token(PretendCase):
    def test_a_node_that_asks_for_its_token_gets_it_and_shows_the_page(self):
        self.node.token = "open-sesame-open"
        self.browser.open(self.node.url)
        self.browser.wait_text("main", "asks for its token")
        self.accessible("before the token")
        self.browser.type("#token", "guess" + ENTER)
        self.browser.wait_text("[role=alert]", "not the node's token")
        self.browser.run("document.querySelector('#token').select()")
        self.browser.type("#token", "open-sesame-open" + ENTER)
        self.browser.wait_text("#connection", "Live")
        self.browser.wait_text(".node", "ours.example")
