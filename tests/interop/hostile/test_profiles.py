"""Who is told of our users where `federation.profiles_need_shared_room` is set: those who share a room with them."""

from harness.fake_homeserver import quote

from .case import HostileCase


class ProfilesOfSharedRooms(HostileCase):
    settings = {"federation": {"profiles_need_shared_room": True}}

    def profile(self, server, user):
        return server.request("GET", f"/_matrix/federation/v1/query/profile?user_id={quote(user)}")

    def devices(self, server, user):
        return server.request("GET", f"/_matrix/federation/v1/user/devices/{quote(user)}")

    def test_a_stranger_learns_neither_a_name_nor_who_exists(self):
        alice = self.ours.user(self.fresh("alice"))
        for user in (alice, f"@nobody:{self.ours.server_name}"):
            with self.subTest(user=user):
                self.refused(self.profile(self.hostile, user), 403, "M_FORBIDDEN")
                self.refused(self.devices(self.hostile, user), 403, "M_FORBIDDEN")
                status, answer = self.hostile.request("POST", "/_matrix/federation/v1/user/keys/query", {"device_keys": {user: []}})
                self.assertEqual((status, answer), (200, {"device_keys": {}}))

    def test_a_server_of_her_room_is_told_also_after_a_restart_and_until_it_has_gone(self):
        room = self.honest.found_room()
        alice = self.accept(self.honest, room)
        bob = self.ours.user(self.fresh("bob"))
        self.until_equal(lambda: self.profile(self.honest, alice)[0], 200, "her profile")
        self.refused(self.profile(self.hostile, alice), 403, "M_FORBIDDEN")
        self.refused(self.profile(self.honest, bob), 403, "M_FORBIDDEN")
        self.assertEqual(self.devices(self.honest, alice)[1]["devices"], [])
        self.ours.stop_server()
        self.ours.start_server()
        self.until_equal(lambda: self.profile(self.honest, alice)[0], 200, "her profile after the restart")
        self.refused(self.profile(self.hostile, alice), 403, "M_FORBIDDEN")
        self.ours.leave(room.room_id, alice)
        self.until_equal(lambda: self.profile(self.honest, alice)[0], 403, "her profile when she has left")
