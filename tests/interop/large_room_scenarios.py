"""Rooms whose members are left out of the join and follow later, on either side. A class says who the sides are."""


class LargeRoomScenarios:
    """Every room of more than two members counts as large."""

    def test_we_join_without_members_and_they_follow(self):
        founder, others = self.theirs.user("founder"), [self.theirs.user(f"other{number}") for number in range(4)]
        alice = self.ours.user("alice")
        room = self.theirs.create_channel(founder, others)
        for other in others:
            if self.theirs.has_invitation(room, other):  # a broker's own users are in at once
                self.theirs.accept(room, other)
        self.theirs.invite(room, founder, alice)
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=alice)
        self.ours.accept(room, alice)
        created = self.ours.chat.wait_for("room.created", matrix_room_id=room)
        self.assertTrue(created.body["more_members"])
        self.ours.chat.wait_for("room.members", matrix_room_id=room, complete=True)
        self.assertEqual(self.ours.members(room, alice), {founder, alice, *others})
        self.ours.send(room, alice, "all here?")
        self.until_equal(lambda: self.theirs.texts(room, others[0], alice), ["all here?"], "our message at theirs")
        self.theirs.send(room, others[1], "all here")
        self.until_equal(lambda: self.ours.texts(room, alice, others[1]), ["all here"], "their message here")

    def test_they_join_ours_without_members_and_know_them_soon(self):
        bob, (alice, *others) = self.theirs.user("bob"), [self.ours.user(f"ours{number}") for number in range(5)]
        room = self.ours.create_channel(alice, [*others, bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, bob, *others}, "all members to be known there")
        self.ours.send(room, others[2], "do you know me?")
        self.until_equal(lambda: self.theirs.texts(room, bob, others[2]), ["do you know me?"], "our message at theirs")
        self.theirs.send(room, bob, "I do")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["I do"], "their message here")
