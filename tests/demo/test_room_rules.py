"""What a person does with the page about the rules and names of rooms: what they may do, bans of strangers, channels for
the members of another one, own ids; and what is told of rooms while one looks."""

from causeway_demo.chat_server import Notification
from causeway_demo.process import until
from page_case import ENTER, PATIENCE_S, PageCase


class RoomRules(PageCase):
    def test_what_somebody_may_do_is_listed_with_the_power_it_needs(self):
        self.room_with("Rules", "bob")
        self.room_action("Rights", "B")
        self.browser.wait_text("dialog li[data-action=send] .chip", "may")
        self.browser.wait_text("dialog li[data-action=set_name] .chip", "may not")
        self.shot("rights")
        self.accessible("with the rights of a member open")
        self.submit()
        self.room_action("Rights", "A")
        self.browser.wait_text("dialog li[data-action=set_name] .chip", "may")
        self.assertEqual(self.browser.text("dialog li[data-action=set_name] .chip"), "may")
        self.browser.wait_text("dialog li[data-action=set_name]", "is needed")
        self.submit()

    def test_somebody_who_was_never_here_is_banned_and_not_invited(self):
        self.room_with("Gate", "bob")
        troll = f"@troll:{self.site.side('B').server_name}"
        self.room_action("Ban")
        self.browser.type("#field-user", troll)
        self.browser.type("#field-reason", "known for it")
        self.submit()
        row = f"#side-A .panel .banned li[data-user='{troll}']"
        self.browser.wait_text(row, "known for it")
        self.browser.wait_text(row, "by Alice")
        self.browser.wait_text(f"#side-B .panel .banned li[data-user='{troll}']", "by Alice")
        self.browser.click("#invite-A")
        self.browser.choose("#field-user", "")
        self.browser.type("#field-other", troll)
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "forbidden")
        self.cancel()

    def join(self, room):
        self.browser.click("#join-room-B")
        self.browser.type("#field-room", room)
        self.browser.type("#field-via", self.site.side("A").server_name)
        self.browser.click("dialog button[type=submit]")

    def test_the_members_of_a_channel_may_join_another_one_and_nobody_else(self):
        club = self.room_with("Club", "bob")
        self.browser.click("#new-room-A")
        self.browser.type("#field-name", "Bar")
        self.browser.click(f"dialog input[name=members_of][data-value='{club}']")
        self.shot("members_of")
        self.submit()
        self.browser.wait_text("#room-A", "Bar")
        room = self.browser.text("#side-A .facts .id")
        self.act_as("B", "dave")
        self.join(room)
        until(lambda: self.browser.text("dialog .fault"), PATIENCE_S, "the refusal", 0.05)
        self.cancel()
        self.act_as("B", "bob")
        self.join(room)
        self.browser.wait_text("#room-B", "Bar")
        self.write("B", "Same again, please")
        self.browser.wait_text("#timeline-A", "Same again, please")

    def test_a_room_and_a_message_get_own_ids_and_are_known_by_them(self):
        self.room_with("Ids", "bob")
        self.room_action("Own id", "B")
        self.browser.type("#field-as", "quay-7")
        self.accessible("with the form of an own id open")
        self.submit()
        self.browser.wait_text("#side-B .facts", "our id quay-7")
        self.write("A", "Call me")
        self.browser.wait_text("#timeline-B", "Call me")
        self.menu("B", "Call me", "Own id")
        self.browser.type("#field-as", "m-7")
        self.submit()
        self.browser.wait_text("#timeline-B .message .own", "our id m-7")
        # What comes back names it so from now on.
        self.menu("A", "Call me", "Edit")
        self.browser.type("#text-A", " later" + ENTER)
        self.browser.wait_text("#timeline-B", "Call me later")
        self.menu("B", "Call me later", "React with 🎉")
        self.browser.wait_text("#timeline-A .reactions", "🎉 1")
        self.write("A", "Somebody else")
        self.browser.wait_text("#timeline-B", "Somebody else")
        self.menu("B", "Somebody else", "Own id")
        self.browser.type("#field-as", "m-7")
        self.browser.click("dialog button[type=submit]")
        self.browser.wait_text("dialog .fault", "already_exists")
        self.cancel()

    def test_how_far_a_join_has_come_is_shown_until_the_room_is_open(self):
        self.act_as("B", "bob")
        side = self.site.side("B")
        progress = {
            "room": "",
            "matrix_room_id": "!large",
            "user": self.user["bob"],
            "server": self.site.side("A").server_name,
            "done": 120,
            "total": 500,
        }
        side.book.told_at_once("join.progress", {**progress, "phase": "verifying"})
        self.browser.wait_text("#side-B .joining", "Bob joins through server A: 120 of 500 events verified")
        self.accessible("while a join lasts")
        side.book.told_at_once("join.progress", {**progress, "phase": "members"})
        until(lambda: not self.browser.all("#side-B .joining"), PATIENCE_S, "the join to end", 0.05)

    def test_who_looks_at_a_room_that_is_founded_again_goes_on_looking_at_it(self):
        room = self.room_with("Again", "bob")
        self.write("A", "Said before")
        self.browser.wait_text("#timeline-A .delivered", "delivered")
        book = self.site.side("A").book
        book.told(
            Notification(
                "room.refounded",
                {
                    "room": "",
                    "matrix_room_id": "!again",
                    "previous_matrix_room_id": room,
                    "room_version": "11",
                    "previous_room_version": "12",
                    "server": "old.example",
                    "ts": 1,
                },
                0,
                1,
            )
        )
        self.browser.wait_text("#timeline-A .refounded", "founded again in version 11")
        self.browser.wait_text("#timeline-A", "Said before")
        self.assertEqual(self.browser.text("#side-A .facts .id"), "!again")
