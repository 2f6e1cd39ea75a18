"""What an administrator does with the page: servers that cannot be reached, dead letters, users who are gone for good; and
the kind of a message."""

from causeway_demo.process import until
from page_case import PATIENCE_S, PageCase


class Administration(PageCase):
    def test_a_server_that_is_down_is_listed_with_why_and_what_waits_for_it(self):
        self.room_with("Harbour", "bob")
        self.browser.click("#servers-A")
        self.browser.wait_text("dialog .listed", "Server B")
        self.browser.wait_text("dialog .listed", "reachable")
        self.submit()
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker down")
        self.write("A", "Anybody there?")
        self.browser.wait_text("#timeline-A .delayed", "delayed for server B")
        self.browser.click("#servers-A")

        def is_told():
            self.browser.click("dialog .again")
            return "cannot be reached" in self.browser.text("dialog .listed")

        until(is_told, PATIENCE_S, "the failure in the list", 0.2)
        self.browser.wait_text("dialog .listed", "peer_unreachable")
        self.browser.wait_text("dialog .listed", "1 event waits")
        self.shot("servers")
        self.accessible("with the list of servers open")
        self.submit()
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker up")
        self.browser.wait_text("#timeline-B", "Anybody there?")

    def test_what_is_refused_for_good_is_listed_comes_again_and_is_dropped_by_clicks(self):
        self.room_with("Market", "bob")
        self.browser.click("#letters-B")
        self.browser.wait_text("dialog", "There are none.")
        self.browser.type("#field-word", "boat")
        self.submit()
        for text in ("Buy my boat", "And the boat hook", "Good evening"):
            self.write("A", text)
        self.browser.wait_text("#timeline-B", "Good evening")
        self.assertNotIn("boat", self.browser.text("#timeline-B"))
        self.browser.wait_text("#timeline-B .dead_letter", "has refused message.received for good")
        self.browser.click("#letters-B")
        self.until_letters(2)
        self.browser.wait_text("dialog .listed", "no boat here")
        self.shot("dead_letters")
        self.accessible("with the dead letters open")
        self.browser.run("document.querySelector('#field-word').value = ''")
        self.submit()
        self.browser.click("#letters-B")
        self.until_letters(2)
        self.browser.click("dialog .listed li:first-child button[aria-label^=Retry]")
        self.browser.wait_text("#timeline-B", "Buy my boat")
        self.until_letters(1)
        self.browser.click("dialog .listed li:first-child button[aria-label^=Drop]")
        self.browser.wait_text("dialog", "There are none.")
        self.submit()
        self.write("A", "Good night")
        self.browser.wait_text("#timeline-B", "Good night")
        self.assertNotIn("hook", self.browser.text("#timeline-B"))

    def until_letters(self, count):
        def listed():
            return len(self.browser.all("dialog .listed li"))

        until(lambda: listed() == count, PATIENCE_S, lambda: f"{count} dead letters, not {listed()}", 0.05)

    def test_who_is_deactivated_leaves_everywhere_and_is_not_invited_any_more(self):
        self.room_with("Farewell", "dave")
        self.browser.click("#profile-B")
        self.browser.choose("#field-account", "deactivate")
        self.shot("deactivate")
        self.submit()
        self.browser.wait_text("#timeline-A", "Dave left")
        self.browser.wait_text("#user-B", "Dave (deactivated)")
        self.browser.wait_text("#side-B .talk", "Dave left this room")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["dave"])
        self.submit()
        self.browser.wait_text(f"#side-A .invitations li[data-user='{self.user['dave']}']", "failed")
        self.accessible("with somebody who is deactivated")

    def test_a_message_is_an_emote_or_a_notice_by_the_choice_beside_it(self):
        self.room_with("Kinds", "bob")
        self.browser.choose("#kind-A", "notice")
        self.write("A", "The backup is done")
        for side in "AB":
            self.browser.wait_text(f"#timeline-{side} .notice-text", "The backup is done")
        self.browser.choose("#kind-A", "emote")
        self.write("A", "looks out of the window")
        self.browser.wait_text("#timeline-B .emote", "* Alice looks out of the window")
        # The choice is for one message.
        self.write("A", "It rains")
        self.browser.wait_text("#timeline-B", "It rains")
        self.assertEqual([len(self.browser.all(f"#timeline-B .{kind}")) for kind in ("emote", "notice-text")], [1, 1])
        self.shot("kinds_of_messages")
