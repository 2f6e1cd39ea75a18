"""A room that excludes the hostile server."""

from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class ExcludedServer(HostileCase):
    def test_nothing_of_an_excluded_server_is_taken(self):
        shared = self.share()
        # All played servers are called localhost: the ACL, which ignores ports, denies them all from then on.
        before_id, before = shared.room.say("before it")
        self.assertEqual(self.verdicts(self.honest, [before]), {before_id: {}})
        made = self.hostile.make_join(shared.room_id, self.hostile.user("late"))
        self.assertEqual(made[0], 200)
        acl_id, acl = shared.room.add("m.room.server_acl", {"allow": ["*"], "deny": ["localhost"]}, state_key="")
        self.assertEqual(self.verdicts(self.honest, [acl]), {acl_id: {}})
        self.until(lambda: self.hostile.make_join(shared.room_id, self.hostile.user("late"))[0] == 403, "the ACL")
        event_id, event = shared.room.message("denied", sender=shared.mallory, signer=self.hostile)
        self.assertIn("ACL", self.verdicts(self.hostile, [event])[event_id]["error"])
        typing = {"edu_type": "m.typing", "content": {"room_id": shared.room_id, "user_id": shared.mallory, "typing": True}}
        self.assertEqual(self.verdicts(self.hostile, [], [typing]), {})
        path = quote(shared.room_id)
        for uri in (f"state/{path}?event_id={quote(before_id)}", f"state_ids/{path}?event_id={quote(before_id)}",
                    f"backfill/{path}?v={quote(before_id)}&limit=10", f"event_auth/{path}/{quote(before_id)}",
                    f"make_leave/{path}/{quote(shared.mallory)}"):
            with self.subTest(uri=uri):
                self.refused(self.hostile.request("GET", f"{FEDERATION}/v1/{uri}"), 403, "M_FORBIDDEN")
        self.refused(self.hostile.request("POST", f"{FEDERATION}/v1/get_missing_events/{path}",
                                          {"earliest_events": [], "latest_events": [before_id], "limit": 10}), 403, "M_FORBIDDEN")
        late_id, late = self.hostile.complete(made[1]["event"], "11")
        self.refused(self.hostile.request("PUT", f"{FEDERATION}/v2/send_join/{path}/{quote(late_id)}", late), 403, "M_FORBIDDEN")
        # Another room goes on; what would have been told is told by then.
        self.hears_honest(self.share())
        self.assertEqual(self.chat.messages(shared.room_id), ["before it"])
        self.assertEqual(self.chat.ephemeral("typing", matrix_room_id=shared.room_id), [])

    def test_an_acl_that_allows_nobody_excludes_everybody(self):
        shared = self.share()
        acl_id, acl = shared.room.add("m.room.server_acl", {"allow": "*"}, state_key="")  # no list: nobody is allowed
        self.assertEqual(self.verdicts(self.honest, [acl]), {acl_id: {}})
        self.until(lambda: self.hostile.make_join(shared.room_id, self.hostile.user("late"))[0] == 403, "the ACL")
        event_id, event = shared.room.message("denied", sender=shared.mallory, signer=self.hostile)
        self.assertIn("ACL", self.verdicts(self.hostile, [event])[event_id]["error"])
        self.hears_honest(self.share())
        self.assertEqual(self.chat.messages(shared.room_id), [])
