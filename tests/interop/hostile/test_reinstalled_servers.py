"""A server that was installed anew: another public key under the same key id. And one that moved to another port while its old place is known."""

from harness import matrix

from .case import HostileCase


class ReinstalledServers(HostileCase):
    settings = {"room": {"inbox_retry_ms": 500}}

    def reinstall(self, server):
        """Another key under the id of the former; returns the former."""
        former = server.key
        server.key = matrix.Key(server.server_name + self.fresh("again"), former.key_id)
        self.assertNotEqual(server.key.public, former.public)
        self.assertEqual(server.key.key_id, former.key_id)
        return former

    def test_its_requests_are_heard_after_one_fetch_and_the_operator_is_told(self):
        server = self.play()
        self.assertEqual(server.send()[0], 200)
        former = self.reinstall(server)
        fetched = server.count("_matrix/key/v2/server")
        self.assertEqual(server.send()[0], 200)
        self.assertEqual(server.send()[0], 200)
        self.assertEqual(server.count("_matrix/key/v2/server"), fetched + 1)
        keys = self.inspect("server", "show", server.server_name)["keys"]
        self.assertEqual({(key["public_key"], key["old"]) for key in keys}, {(server.key.public, False), (former.public, True)})
        self.assertIn("another public key", self.ours.broker.process.tail(200))
        # What it signs with the former is refused.
        uri = "/_matrix/federation/v1/query/profile?user_id=x"
        self.refused(server.request("GET", uri, key=former), 401, "M_UNAUTHORIZED")

    def test_bad_signatures_in_its_name_do_not_have_it_asked_without_end(self):
        server = self.play()
        self.assertEqual(server.send()[0], 200)
        fetched = server.count("_matrix/key/v2/server")
        stranger = matrix.Key("nobody", server.key.key_id)
        for _ in range(50):
            self.refused(server.request("GET", "/_matrix/federation/v1/query/profile?user_id=x", key=stranger), 401, "M_UNAUTHORIZED")
            self.assertNotEqual(server.request("GET", "/_matrix/federation/v1/query/profile?user_id=x")[0], 401)
        self.assertLessEqual(server.count("_matrix/key/v2/server"), fetched + 1)

    def test_an_event_it_signed_comes_by_way_of_another_server(self):
        shared = self.share()
        first_id, first = shared.room.message("before", sender=shared.mallory, signer=self.hostile, prev_events=[shared.room.head])
        self.assertEqual(self.verdicts(self.honest, [first]), {first_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=first_id)
        former = self.reinstall(self.hostile)
        self.addCleanup(setattr, self.hostile, "key", former)
        event_id, event = shared.room.message("after", sender=shared.mallory, signer=self.hostile, prev_events=[first_id])
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        # And one from before, which comes late.
        self.hostile.key, again = former, self.hostile.key
        late_id, late = shared.room.message("late", sender=shared.mallory, signer=self.hostile, prev_events=[first_id],
                                            origin_server_ts=first["origin_server_ts"])
        self.hostile.key = again
        self.assertEqual(self.verdicts(self.honest, [late]), {late_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=late_id)
