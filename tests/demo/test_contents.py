"""What a person sees of messages that are more than text, of threads that are read, and of people and rooms that are looked
up: by clicks, at two real brokers."""

import tempfile

from causeway_demo import picture
from causeway_demo.process import until
from page_case import PATIENCE_S, PageCase


class Contents(PageCase):
    def test_formatted_text_is_shown_as_that_and_nothing_else_of_it(self):
        self.room_with("Formats", "bob")
        self.browser.choose("#kind-A", "html")
        said = (
            '<b>look</b> at <a href="https://example.org/x">this</a> and <a href="javascript:alert(1)">that</a>'
            "<script>document.title = 'taken'</script><h1>loud</h1><ul><li>one</li></ul>"
        )
        self.write("A", said)
        self.browser.wait_text("#timeline-B .html", "look")
        for side in "AB":
            shown = self.browser.run(
                """
                const at = document.querySelector(`#timeline-${arguments[0]} .html`);
                return {text: at.textContent, bold: at.querySelector("b").textContent,
                        links: [...at.querySelectorAll("a")].map((each) => each.getAttribute("href")),
                        inner: [...at.querySelectorAll("*")].map((each) => each.tagName)};""",
                side,
            )
            self.assertEqual((shown["bold"], shown["links"]), ("look", ["https://example.org/x"]), side)
            self.assertTrue({"SCRIPT", "H1"}.isdisjoint(shown["inner"]), shown)
            self.assertIn("loud", shown["text"])
            self.assertNotIn("taken", shown["text"])
        self.assertNotEqual(self.browser.run("return document.title"), "taken")
        self.shot("formatted")
        self.accessible("with a formatted message")

    def test_a_large_picture_is_shown_small_and_is_there_whole(self):
        self.room_with("Pictures", "bob")
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            picture.write(file.name, times=4)
            self.browser.type("#file-A", file.name)
            width = "return document.querySelector('#timeline-B .file img.thumbnail')?.naturalWidth"
            until(lambda: self.browser.run(width) == 400, PATIENCE_S, "the small picture", 0.05)
        whole = """
            const answer = await fetch(document.querySelector("#timeline-B .file a").href);
            return (await createImageBitmap(await answer.blob())).width;"""
        self.assertEqual(self.browser.run(f"return (async () => {{{whole}}})()"), 4 * picture.WIDTH)
        self.shot("thumbnail")

    def test_who_has_read_a_thread_is_shown_at_its_first_message(self):
        self.room_with("Threads", "bob")
        self.write("A", "Lunch?")
        self.browser.wait_text("#timeline-B", "Lunch?")
        self.menu("B", "Lunch?", "Thread")
        self.write("B", "At noon")
        self.browser.wait_text("#timeline-A .in-thread", "1 in its thread")
        self.menu("A", "Lunch?", "Thread")  # alice looks into it
        self.browser.wait_text("#timeline-B .thread-read", "read by Alice")
        self.assertEqual(self.browser.all("#timeline-A .thread-read"), [])  # of oneself nothing is said
        self.shot("thread_read")

    def test_that_every_server_has_a_message_is_shown_when_it_is_so(self):
        self.room_with("Arrivals", "bob")
        self.write("A", "All here?")
        self.browser.wait_text("#timeline-A .delivered.all", "every server has it")

    def test_a_user_signs_up_with_a_localpart_of_their_own(self):
        server = self.site.side("B").server_name
        for own, called, localpart, expected in (
            ("José", "José", "", f"@_jos=c3=a9:{server}"),
            ("u17", "Ursula", "ursula.k", f"@ursula.k:{server}"),
        ):
            self.browser.click("#signup-B")
            self.browser.type("#field-user", own)
            self.browser.type("#field-display_name", called)
            if localpart:
                self.browser.type("#field-localpart", localpart)
            self.submit()
            self.browser.wait_text("#user-B", called)
            chosen = "return document.querySelector('#user-B').value"
            until(lambda expected=expected: self.browser.run(chosen) == expected, PATIENCE_S, f"to be {expected}", 0.05)
        self.browser.click("#profile-B")
        self.browser.wait_text("dialog .account", "our id: u17")
        self.shot("signed_up")
        self.cancel()
        self.browser.click("#signup-B")
        self.browser.type("#field-user", "u18")
        self.browser.type("#field-display_name", "Una")
        self.browser.type("#field-localpart", "ursula.k")
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "already_exists")
        self.cancel()

    def test_a_directory_is_searched(self):
        self.act_as("A", "anna")
        self.act_as("B", "bob")
        for name in ("Chess", "Checkers", "Poker"):
            self.site.side("A").actions.carry_out(
                "room.create",
                {"type": "channel", "name": name, "creator": self.user["anna"], "visibility": "public", "alias": name.lower(), "members": []},
            )
        names = "return [...document.querySelectorAll('#field-listed option')].map((each) => each.textContent).join('; ')"

        def found(word, server=""):
            self.browser.run("document.querySelector('#field-search').value = arguments[0]", word)
            self.browser.run("document.querySelector('#field-server').value = arguments[0]", server)
            self.browser.click("dialog .search")
            return self.browser.run(names)

        self.browser.click("#join-room-B")
        self.browser.wait_text("dialog", "Public rooms")
        until(lambda: "Chess" in found("che") and "Poker" not in found("che"), PATIENCE_S, "the rooms that fit", 0.2)
        self.assertIn("Checkers", found("che"))
        there = self.site.side("A").server_name
        until(lambda: "Poker" in found("pok", there), PATIENCE_S, "the room of that server", 0.2)
        self.shot("directory")
        self.accessible("with a directory searched")
        self.cancel()

    def test_what_a_member_of_the_other_server_shows_is_looked_up(self):
        self.room_with("Faces", "carol")
        self.browser.click("#profile-B")
        self.browser.type("#field-field", "m.tz")
        self.browser.type("#field-field_value", "Asia/Tokyo")
        self.submit()
        self.browser.wait_text("#side-A .panel .members", "Carol")
        self.browser.click(f"#side-A .panel .members li[data-user='{self.user['carol']}'] button")
        self.browser.wait_text("dialog", "What they show")
        self.browser.click("dialog .profile")
        self.browser.wait_text("dialog .account", "m.tz: Asia/Tokyo")
        self.browser.wait_text("dialog .account", "name: Carol")
        self.shot("their_profile")
        self.accessible("with a member's profile open")
        self.cancel()
