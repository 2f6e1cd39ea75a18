"""What a person does with the page, by clicks and keys, and what they see of it on both sides."""

import hashlib
import os
import tempfile

from causeway_demo import picture
from causeway_demo.process import until
from page_case import ENTER, ESCAPE, PATIENCE_S, TAB, PageCase


class Page(PageCase):
    def test_a_member_is_invited_accepts_and_is_banned_by_clicks(self):
        self.act_as("A", "alice")
        self.act_as("B", "bob")
        self.browser.click("#new-room-A")
        self.browser.type("#field-name", "Quay")
        self.browser.click(f"dialog input[data-value='{self.user['bob']}']")
        self.submit()
        self.browser.wait_text("#side-A .invitations", "pending")
        self.browser.wait_text("#side-B .invitation", "Alice invites Bob")
        self.shot("invitation")
        self.browser.click("#side-B .accept")
        self.browser.wait_text("#side-A .invitations", "accepted")
        self.browser.wait_text("#room-B", "Quay")
        self.browser.click(f"#side-A .members li[data-user='{self.user['bob']}'] button")
        self.browser.choose("#field-action", "ban")
        self.browser.type("#field-reason", "no lights at night")
        self.shot("ban_dialog")
        self.accessible("with a form open")
        self.submit()
        self.browser.wait_text("#side-A .panel .banned", "no lights at night")
        self.assertIn("by Alice", self.browser.text("#side-A .panel .banned"))
        self.browser.wait_gone("#side-B .rooms", "Quay")
        self.browser.wait_text("#side-B .talk", "Alice banned Bob from this room: no lights at night")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["bob"])
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "forbidden")
        self.browser.press([ESCAPE])
        until(lambda: not self.browser.all("dialog"), PATIENCE_S, "the form to close")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "invite-A")
        self.browser.click("#side-A .panel ul.banned button")
        self.browser.wait_gone("#side-A .panel", "Banned")

    def test_invitations_are_rejected_and_taken_back_and_a_member_is_removed_by_clicks(self):
        self.act_as("A", "alice")
        self.act_as("B", "carol")
        self.browser.click("#new-room-A")
        self.browser.choose("#field-type", "group_dm")
        for user in ("carol", "dave"):
            self.browser.click(f"dialog input[data-value='{self.user[user]}']")
        self.submit()
        carol, dave = (f"#side-A .invitations li[data-user='{self.user[user]}']" for user in ("carol", "dave"))
        self.browser.wait_text(carol, "pending")
        self.browser.wait_text(dave, "pending")
        self.browser.click("#side-B .reject")
        self.browser.type("#field-reason", "no time")
        self.submit()
        self.browser.wait_text(carol, "rejected")
        self.browser.wait_text(carol, "no time")
        self.browser.wait_gone("#side-B .rooms", "Accept")
        self.browser.click(f"{dave} button")
        self.submit()
        self.browser.wait_text(dave, "revoked")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["carol"])
        self.submit()
        self.browser.click("#side-B .accept")
        member = f"#side-A .members li[data-user='{self.user['carol']}']"
        self.browser.wait_text(member, "Manage")
        self.browser.click(f"{member} button")
        self.browser.choose("#field-action", "remove")
        self.submit()
        self.browser.wait_text("#side-B .talk", "Alice removed Carol from this room")

    def test_who_asks_to_be_let_in_is_let_in_by_a_click(self):
        self.act_as("A", "alice")
        self.act_as("B", "dave")
        self.browser.click("#new-room-A")
        self.browser.type("#field-name", "Bridge")
        self.browser.choose("#field-visibility", "knock")
        self.browser.type("#field-alias", "bridge")
        self.submit()
        self.browser.wait_text("#room-A", "Bridge")
        self.browser.click("#join-room-B")
        self.browser.type("#field-room", f"#bridge:{self.site.side('A').server_name}")
        self.browser.click("#field-knock")
        self.browser.type("#field-reason", "I bring tea")
        self.submit()
        self.browser.wait_text("#side-B .rooms", "asking to be let in")
        member = f"#side-A .members li[data-user='{self.user['dave']}']"
        self.browser.wait_text(member, "asks to be let in")
        self.browser.click(f"{member} button.primary")
        self.browser.wait_text(member, "Manage")
        self.write("B", "Thank you")
        self.browser.wait_text("#timeline-A", "Thank you")

    def test_a_public_room_of_the_other_server_is_found_and_joined(self):
        self.act_as("A", "anna")
        self.act_as("B", "bob")
        self.browser.click("#new-room-A")
        self.browser.type("#field-name", "Square")
        self.browser.choose("#field-visibility", "public")
        self.browser.type("#field-alias", "square")
        self.submit()
        self.browser.wait_text("#room-A", "Square")
        alias = f"#square:{self.site.side('A').server_name}"

        def is_listed():
            """The page waits three seconds for the other server's directory."""
            self.browser.click("#join-room-B")
            self.browser.wait_text("dialog", "Public rooms")
            if self.browser.all(f"#field-listed option[value='{alias}']"):
                return True
            self.browser.press([ESCAPE])
            until(lambda: not self.browser.all("dialog"), PATIENCE_S, "the form to close")
            return False

        until(is_listed, PATIENCE_S, "the room in the list")
        self.browser.choose("#field-listed", alias)
        self.submit()
        self.browser.wait_text("#room-B", "Square")
        self.write("B", "Nice square")
        self.browser.wait_text("#timeline-A", "Nice square")

    def test_a_file_that_is_chosen_arrives_as_it_was(self):
        self.room_with("Papers", "bob")
        content = os.urandom(700_000)
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(content)
            file.flush()
            self.browser.type("#file-A", file.name)
            self.browser.wait_text("#timeline-B .file", os.path.basename(file.name))
        self.browser.wait_text("#timeline-B .file", "684 KiB")
        digest = """
            const answer = await fetch(document.querySelector("#timeline-B .file a").href);
            const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer()));
            return answer.headers.get("Content-Type") + " " + [...hash].map((each) => each.toString(16).padStart(2, "0")).join("");"""
        self.assertEqual(
            self.browser.run(f"return (async () => {{{digest}}})()"),
            "application/octet-stream " + hashlib.sha256(content).hexdigest(),
        )

    def test_a_picture_that_is_late_has_a_placeholder_and_appears_by_itself(self):
        room = self.room_with("Late", "bob")
        self.act_as("A", "anna")  # who is not in it: nothing asks for the picture
        there = self.site.side("B")
        with open(self.picture(), "rb") as opened:
            sent = there.actions.send_file(room, self.user["bob"], "late.png", "image/png", opened)
        here = self.site.side("A").book
        until(lambda: any(each.get("event_id") == sent["event_id"] for each in here.entries(room)), PATIENCE_S, "the message")
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker down")
        self.act_as("A", "alice")
        self.open_room("Late", "A")
        until(lambda: self.browser.all("#timeline-A .file.late"), PATIENCE_S, "the placeholder")
        self.browser.wait_text("#timeline-A .file", "This picture is not here yet")
        self.shot("late_picture")
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker up")
        self.is_shown("#timeline-A .file img")
        self.assertEqual(self.browser.all("#timeline-A .file.late"), [])

    def test_a_role_is_given_by_clicks_and_shown_on_both_sides(self):
        self.room_with("Roles", "carol")
        row = f".members li[data-user='{self.user['carol']}']"
        self.browser.wait_text(f"#side-A {row}", "member")
        self.browser.click(f"#side-A {row} button")
        self.browser.choose("#field-action", "moderator")
        self.submit()
        for side in "AB":
            self.browser.wait_text(f"#side-{side} {row}", "moderator")
            # Above and below stand numbers; what the room shows is the role.
            self.browser.wait_text(f"#timeline-{side} .role_changed", "Alice made Carol a moderator")
            self.assertNotIn("power level", self.browser.text(f"#timeline-{side}"))
        # Who is no owner is told beforehand what they may not do.
        self.browser.click(f"#side-B .members li[data-user='{self.user['alice']}'] button")
        self.browser.wait_text("#field-action", "Ban (not allowed)")
        self.browser.press([ESCAPE])

    def test_messages_are_written_answered_edited_reacted_to_and_deleted(self):
        self.room_with("Talk", "bob")
        self.write("A", "Who is on watch?")
        self.browser.wait_text("#timeline-B", "Who is on watch?")
        self.browser.wait_text("#timeline-A", "✓ delivered to server B")
        self.browser.type("#text-B", "I")
        self.browser.wait_text("#side-A .typing", "Bob is typing")
        self.write("B", " am")
        self.browser.wait_text("#timeline-A", "I am")
        self.menu("B", "Who is on watch?", "Reply")
        self.write("B", "All night")
        self.browser.wait_text("#timeline-A .answered", "Alice: Who is on watch?")
        self.menu("A", "All night", "React with 🎉")
        self.browser.wait_text("#timeline-B .reactions", "🎉 1")
        self.browser.click("#timeline-A .reactions button")
        until(lambda: not self.browser.all("#timeline-B .reactions"), PATIENCE_S, "the reaction to go")
        self.menu("B", "All night", "Edit")
        self.browser.type("#text-B", " long" + ENTER)
        self.browser.wait_text("#timeline-A", "All night long")
        self.menu("A", "Who is on watch?", "Delete")
        self.browser.type("#field-reason", "answered")
        self.submit()
        self.browser.wait_text("#timeline-B", "Deleted by Alice: answered")
        self.write("A", "/me waves")
        self.browser.wait_text("#timeline-B .emote", "* Alice waves")
        self.browser.click("#place-B")
        self.browser.type("#field-text", "The old lighthouse")
        self.browser.type("#field-where", "54.32,10.14")
        self.submit()
        for side in "AB":
            self.browser.wait_text(f"#timeline-{side}", "The old lighthouse (geo:54.32,10.14)")
        self.accessible("in a conversation")

    def test_a_thread_is_begun_gone_on_with_from_the_other_side_and_left(self):
        self.room_with("Threads", "bob")
        self.write("A", "Who brings the rope?")
        self.browser.wait_text("#timeline-B", "Who brings the rope?")
        self.menu("B", "Who brings the rope?", "Thread")
        self.browser.wait_text("#side-B .about", "In the thread of Alice: Who brings the rope?")
        self.write("B", "I do")
        for side in "AB":
            self.browser.wait_text(f"#timeline-{side} .thread", "In the thread of Alice: Who brings the rope?")
            self.browser.wait_text(f"#timeline-{side} .in-thread", "1 in its thread")
        # From a message in the middle of it one gets into the same thread.
        self.menu("A", "I do", "Thread")
        self.write("A", "A long one")
        self.browser.wait_text("#timeline-B .in-thread", "2 in its thread")
        self.browser.click("#side-B .about button")
        until(lambda: not self.browser.all("#side-B .about"), PATIENCE_S, "the thread to be left")
        self.write("B", "Something else")
        self.browser.wait_text("#timeline-A", "Something else")
        self.assertEqual(len(self.browser.all("#timeline-A .thread")), 2)
        self.shot("threads")
        self.accessible("with threads")

    def test_who_is_mentioned_sees_that_they_are_called(self):
        self.room_with("Calls", "bob", "carol")
        self.browser.click("#mention-A")
        self.browser.click(f"dialog input[data-value='{self.user['bob']}']")
        self.submit()
        self.browser.wait_text("#side-A .about", "Mention Bob")
        self.write("A", "Your turn")
        self.browser.wait_text("#timeline-B .message.calls .mentions", "mentions Bob")
        self.write("A", "Nobody in particular")
        self.browser.wait_text("#timeline-B", "Nobody in particular")
        self.assertEqual(len(self.browser.all("#timeline-B .message.calls")), 1)
        self.act_as("B", "carol")
        self.open_room("Calls", "B")
        self.browser.wait_text("#timeline-B", "Your turn")
        self.assertEqual(self.browser.all("#timeline-B .message.calls"), [])
        self.browser.click("#mention-A")
        self.browser.click("dialog input[data-value='@room']")
        self.submit()
        self.write("A", "Dinner")
        self.browser.wait_text("#timeline-B .message.calls .mentions", "mentions everybody")

    def test_a_user_gets_another_name_and_a_picture_and_the_other_side_sees_both(self):
        self.room_with("Faces", "dave")
        self.act_as("B", "dave")
        self.open_room("Faces", "B")
        self.browser.click("#profile-B")
        self.browser.type("#field-display_name", " the Diver")
        self.browser.type("#field-picture", self.picture())
        self.submit()
        row = f"#side-A .members li[data-user='{self.user['dave']}']"
        self.browser.wait_text(row, "Dave the Diver")
        self.is_shown(f"{row} img.face")
        self.write("B", "How do I look?")
        self.browser.wait_text("#timeline-A .sender", "Dave the Diver")
        self.is_shown("#timeline-A .message img.face")
        self.shot("profiles")
        self.accessible("with a picture of somebody")
        self.site.side("B").actions.carry_out("user.profile", {"user": self.user["dave"], "display_name": "Dave"})
        self.browser.wait_gone(row, "the Diver")

    def test_who_takes_no_invitations_is_not_invited(self):
        self.room_with("Closed", "bob")
        self.act_as("B", "carol")
        self.change_profile("invites", "block")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["carol"])
        self.submit()
        self.browser.wait_text(f"#side-A .invitations li[data-user='{self.user['carol']}']", "failed")
        self.change_profile("invites", "allow")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["carol"])
        self.submit()
        self.browser.wait_text("#side-B .invitation", "Alice invites Carol")

    def test_a_room_gets_a_picture_and_loses_it_again(self):
        self.room_with("Gallery", "bob")
        self.room_action("Picture")
        self.browser.type("#field-picture", self.picture())
        self.submit()
        for side in "AB":
            self.is_shown(f"#side-{side} .room-head img")
            self.browser.wait_text(f"#timeline-{side}", "Alice changed the room's picture")
        self.room_action("Picture")
        self.submit()
        for side in "AB":
            until(lambda side=side: not self.browser.all(f"#side-{side} .room-head img"), PATIENCE_S, "the picture to go")

    def test_who_is_there_is_said_by_a_button_and_seen_on_the_other_side(self):
        self.room_with("Presence", "bob")
        for user, side, other in (("alice", "A", "B"), ("bob", "B", "A")):
            row = f".members li[data-user='{self.user[user]}'] .presence"
            self.browser.click(f"#presence-{side}")
            self.browser.choose("#field-state", "unavailable")
            self.browser.type("#field-status", "at lunch")
            self.submit()
            for each in (side, other):
                self.browser.wait_text(f"#side-{each} {row}", "away: at lunch")
            self.browser.click(f"#presence-{side}")
            self.browser.choose("#field-state", "offline")
            self.submit()
            self.browser.wait_text(f"#side-{other} {row}", "offline")

    def picture(self):
        """A file that shows something."""
        made = tempfile.NamedTemporaryFile(suffix=".png")
        self.addCleanup(made.close)
        picture.write(made.name)
        return made.name

    def is_shown(self, css, seconds=PATIENCE_S):
        """The picture has come, through the broker of the side it is shown at."""
        script = "const at = document.querySelector(arguments[0]); return Boolean(at?.complete && at.naturalWidth === 320)"
        until(lambda: self.browser.run(script, css), seconds, f"the picture {css}", 0.05)

    def test_what_is_written_is_shown_as_text(self):
        self.room_with("Text", "bob")
        self.write("A", "<img src=x onerror=alert(1)><b>bold</b>")
        self.browser.wait_text("#timeline-B", "<img src=x onerror=alert(1)><b>bold</b>")
        self.assertEqual(self.browser.all("#timeline-B .text *"), [])

    def test_server_b_is_switched_off_and_on_and_nothing_is_lost(self):
        self.room_with("Outage", "bob")
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker down")
        self.assertEqual(self.browser.run("return document.querySelector('#broker-B').ariaChecked"), "false")
        self.write("A", "Anybody there?")
        self.browser.wait_text("#timeline-A .delayed", "delayed for server B")
        self.write("B", "Give me a minute")
        self.browser.wait_text("#timeline-B .sending", "kept here until the broker is back")
        self.shot("server_b_down")
        self.browser.click("#broker-B")
        self.browser.wait_text("#broker-B", "broker up")
        self.browser.wait_text("#timeline-A", "Give me a minute")
        self.browser.wait_text("#timeline-B", "Anybody there?")
        self.browser.wait_gone("#timeline-A", "delayed")

    def test_who_has_read_a_message_is_shown_below_it_and_listed(self):
        self.room_with("Reading", "bob")
        self.write("A", "Read this")
        self.browser.wait_text("#timeline-A .read", "read by Bob")
        self.menu("A", "Read this", "Read by")
        self.browser.wait_text("dialog", "Bob at ")

    def test_the_federation_of_a_server_is_switched_off_and_on(self):
        self.room_with("Alone", "bob")
        self.browser.click("#federation-A")
        self.browser.wait_text("#federation-A", "does not federate")
        self.write("A", "Can you hear me?")
        self.browser.wait_text("#timeline-A .delayed", "delayed for server B")
        self.write("B", "Hello?")
        self.browser.wait_text("#timeline-B .delayed", "delayed for server A")
        self.browser.click("#federation-A")
        self.browser.wait_text("#timeline-A", "Hello?")
        self.browser.wait_text("#timeline-B", "Can you hear me?")

    def test_a_server_is_denied_and_receipts_are_switched_off_by_clicks(self):
        self.room_with("Switches", "bob")
        self.browser.click("#switches-A")
        self.browser.type("#field-deny", self.site.side("B").server_name)
        self.browser.click("#field-receipts")
        self.accessible("with the switches open")
        self.submit()
        self.write("A", "Can you hear me?")
        self.browser.wait_text("#timeline-A .delayed", "delayed for server B")
        self.browser.click("#switches-A")
        # Who has said so: the chat server, of what was switched here.
        self.browser.wait_text("dialog .configured", "deny")
        self.browser.run("document.querySelector('#field-deny').value = ''")
        self.submit()
        self.browser.wait_text("#timeline-B", "Can you hear me?")
        self.write("B", "Loud and clear")
        self.browser.wait_text("#timeline-A", "Loud and clear")
        # Both are shown on both sides; nobody is told who has read them.
        for side in "AB":
            self.assertEqual(self.browser.all(f"#timeline-{side} .read"), [])
        self.browser.click("#switches-A")
        self.browser.run("document.querySelector('#field-deny').value = 'not a server!'")
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "deny")
        self.browser.run("document.querySelector('#field-deny').value = ''")
        self.browser.click("#field-receipts")
        self.submit()
        self.write("A", "And now?")
        self.browser.wait_text("#timeline-A .read", "read by Bob")

    def test_who_may_not_federate_comes_into_no_room_of_the_other_server(self):
        self.room_with("Doors", "bob")
        self.act_as("B", "dave")
        self.change_profile("may", "no")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["dave"])
        self.submit()
        invited = f"#side-A .invitations li[data-user='{self.user['dave']}']"
        self.browser.wait_text(invited, "failed")
        self.change_profile("may", "yes")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", self.user["dave"])
        self.submit()
        self.browser.wait_text("#side-B .invitation", "Alice invites Dave")

    def change_profile(self, field, value):
        self.browser.click("#profile-B")
        self.browser.choose(f"#field-{field}", value)
        self.submit()

    def test_a_room_gets_another_name_a_topic_and_another_version_and_is_removed(self):
        self.room_with("Pier", "bob")
        self.room_action("Rename")
        self.browser.type("#field-name", " 7")
        self.submit()
        self.room_action("Topic")
        self.browser.type("#field-topic", "Ropes and knots")
        self.submit()
        for side in "AB":
            self.browser.wait_text(f"#room-{side}", "Pier 7")
            self.browser.wait_text(f"#side-{side} .topic", "Ropes and knots")
        self.room_action("Upgrade")
        self.submit()
        self.browser.click("#side-B .upgraded button")
        self.browser.wait_text("#room-B", "Pier 7")
        self.write("B", "We moved")
        self.browser.wait_text("#timeline-A", "We moved")
        self.room_action("Remove")
        self.submit()
        self.browser.wait_text("#side-A .talk", "Alice removed this room")
        self.browser.wait_text("#side-B .talk", "Alice removed Bob from this room")

    def test_a_person_with_a_keyboard_gets_everywhere(self):
        self.room_with("Keys", "bob")
        self.browser.run("document.getElementById('tour-start').focus()")
        seen = set()
        for _ in range(110):
            self.browser.press([TAB])
            seen.add(self.browser.run("const at = document.activeElement; return at.id || at.className || at.tagName"))
        for wanted in (
            "user-A",
            "new-room-A",
            "invite-A",
            "timeline-A",
            "text-A",
            "send-A",
            "file-A",
            "broker-B",
            "user-B",
            "text-B",
        ):
            self.assertIn(wanted, seen)

    def test_the_page_goes_on_where_its_stream_broke(self):
        room = self.room_with("Stream", "bob")
        self.write("A", "before")
        self.browser.wait_text("#timeline-B", "before")
        resumed = self.server.resumed
        self.server.break_streams()
        self.site.side("A").actions.carry_out(
            "message.send", {"room": room, "sender": self.user["alice"], "text": "meanwhile"}
        )
        self.browser.wait_text("#timeline-B", "meanwhile")
        self.browser.wait_text("#connection", "live")
        self.assertEqual(self.server.resumed, resumed + 1)
        self.assertEqual(self.browser.run("return document.documentElement.dataset.gaps ?? '0'"), "0")

    def test_the_page_gets_over_a_gap(self):
        changes = self.site.changes
        self.browser.wait_text("#connection", "live")
        self.server.break_streams()
        for number in range(changes.kept + 1):
            changes.put(("noise",), {"n": number})
        until(lambda: self.browser.run("return document.documentElement.dataset.gaps") == "1", PATIENCE_S, "the gap", 0.05)
        changes.put(("tour",), {"state": "ended", "step": 1, "steps": 1, "title": "after the gap"})
        self.browser.wait_text("#tour-title", "after the gap")
        changes.put(("tour",), {"state": "idle"})

    def test_on_a_phone_one_side_is_shown_at_a_time_and_nothing_sticks_out(self):
        self.room_with("Pocket", "bob")
        self.write("A", "Seen from a phone, with a message long enough to need several lines on such a narrow screen")
        self.browser.wait_text("#timeline-B", "Seen from a phone")
        for dark in (False, True):
            self.look(390, 844, dark=dark, mobile=True)
            self.browser.click("#tabs button:nth-child(1)")
            until(
                lambda: (
                    self.browser.run("return getComputedStyle(document.getElementById('side-B')).display") == "none"
                ),
                10,
                "side B to be hidden",
            )
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 390)
            self.browser.run("window.scrollTo(0, 0)")
            self.shot("phone_dark" if dark else "phone_light")
            self.accessible("on a phone")
        self.browser.click("#tabs button:nth-child(2)")
        self.browser.wait_text("#side-B #room-B", "Pocket")
        self.browser.run("document.querySelector('#side-B .panel').scrollIntoView()")
        self.shot("phone_panel")
