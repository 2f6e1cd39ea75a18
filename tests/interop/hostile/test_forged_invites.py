"""Nobody gets into a private room by an invite that its sender's server never signed."""

from harness import matrix
from harness.fake_homeserver import quote

from .case import HostileCase

# `third_party_invite` of the forged content: only an object `signed` with a lawful token is an invitation by a third party.
CLAIMS = (1, True, None, "x", [], {}, {"signed": None}, {"signed": 1}, {"signed": {}},
          {"signed": {"mxid": "@x:y", "token": "t", "signatures": {}}})


class ForgedInvites(HostileCase):
    def forged(self, room, sender, target, claim, good_hash=False):
        event = room.make("m.room.member", {"membership": "invite", "third_party_invite": claim}, sender=sender, state_key=target, sign=False)[1]
        event["signatures"] = {}
        if not good_hash:
            event["hashes"] = {"sha256": "garbage"}
        return event

    def private_room(self, version):
        """Of the honest server, with one of our users; nobody of the hostile server is in it."""
        room = self.honest.found_room(room_version=version, join_rule="invite")
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.honest.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        self.chat.answer(room.room_id, alice, accept=True)
        return room, alice

    def stays_out(self, room, user):
        status, answer = self.hostile.request(
            "GET", f"/_matrix/federation/v1/make_join/{quote(room.room_id)}/{quote(user)}?" + "&".join(f"ver={n}" for n in range(1, 13)))
        self.assertEqual((status, answer.get("errcode")), (403, "M_FORBIDDEN"), answer)
        status, answer = self.hostile.request("GET", f"/_matrix/federation/v1/state_ids/{quote(room.room_id)}?event_id={quote(room.head)}")
        self.assertEqual(status, 403, answer)
        told = [each for each in self.chat.find("member.changed", matrix_room_id=room.room_id) if each.body["user"] == user]
        self.assertEqual(told, [])

    def test_nobody_invites_himself_in_the_name_of_a_member(self):
        for version in ("2", "10", "11", "12"):
            room, alice = self.private_room(version)
            for sender in (alice, room.host):
                for claim in CLAIMS:
                    for good_hash in (False, True):
                        with self.subTest(version=version, sender=sender, claim=claim, good_hash=good_hash):
                            evil = self.hostile.user(self.fresh("evil"))
                            event = self.forged(room, sender, evil, claim, good_hash)
                            self.verdicts(self.hostile, [event])
                            self.stays_out(room, evil)

    def test_who_has_left_brings_nobody_back(self):
        for version in ("2", "10", "12"):
            with self.subTest(version=version):
                room = self.honest.found_room(room_version=version, join_rule="invite")
                evil = self.hostile.user(self.fresh("evil"))
                room.add("m.room.member", {"membership": "invite"}, state_key=evil)
                room.add("m.room.member", {"membership": "join"}, sender=evil, state_key=evil, signer=self.hostile)
                alice = self.accept(self.honest, room)
                leave = room.add("m.room.member", {"membership": "leave"}, sender=evil, state_key=evil, signer=self.hostile)[1]
                self.verdicts(self.hostile, [leave])
                self.chat.wait_for("member.changed", matrix_room_id=room.room_id, user=evil, membership="leave")
                other = self.hostile.user(self.fresh("other"))
                for target in (evil, other):
                    self.verdicts(self.hostile, [self.forged(room, alice, target, 1)])
                    status, answer = self.hostile.request(
                        "GET", f"/_matrix/federation/v1/make_join/{quote(room.room_id)}/{quote(target)}?ver={version}")
                    self.assertEqual((status, answer.get("errcode")), (403, "M_FORBIDDEN"), answer)

    def test_a_forged_invite_in_the_state_of_a_join_brings_nobody_in(self):
        for version in ("10", "12"):
            with self.subTest(version=version):
                room = self.honest.found_room(room_version=version, join_rule="invite")
                evil = self.hostile.user(self.fresh("evil"))
                event = self.forged(room, room.host, evil, 1)
                event_id = matrix.event_id(event, version)

                def with_forgery(honest, _path, _query, _body):
                    return honest[0], {**honest[1], "state": honest[1]["state"] + [event]}
                self.honest.lies["send_join"] = with_forgery
                self.accept(self.honest, room)
                self.honest.lies.clear()
                self.stays_out(room, evil)
                self.assertEqual(self.honest.get_event(event_id)[0], 404)

    def test_a_forged_invite_in_a_gap_brings_nobody_in(self):
        for version in ("10", "12"):
            with self.subTest(version=version):
                room, alice = self.private_room(version)
                evil = self.hostile.user(self.fresh("evil"))
                event = self.forged(room, alice, evil, 1)
                room.take(event)
                _, after = room.say("after the forgery")
                self.verdicts(self.honest, [after])
                self.chat.wait_for("message.received", matrix_room_id=room.room_id, text="after the forgery")
                self.stays_out(room, evil)
