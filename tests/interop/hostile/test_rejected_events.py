"""Events of true signatures that the room's rules forbid, and what is built on them."""

from harness.fake_homeserver import quote

from .case import HostileCase


class RejectedEvents(HostileCase):
    def members(self, shared):
        return self.ours.members(shared.room_id, shared.alice)

    def crown(self, shared):
        """Mallory makes himself the owner: (event id, event), which is rejected."""
        levels = shared.room.events[shared.room.state["m.room.power_levels", ""]]["content"]
        return shared.room.make("m.room.power_levels", {**levels, "users": {shared.mallory: 100}}, sender=shared.mallory,
                                state_key="", signer=self.hostile)

    def not_in_the_state(self, shared, *event_ids):
        """What an honest event has before it, as the broker tells it, has none of them."""
        head, event = shared.room.say("looking")
        self.assertEqual(self.verdicts(self.honest, [event]), {head: {}})
        state = self.until(lambda: self.state_ids_at(shared, head), "the state")
        self.assertEqual(state & set(event_ids), set())

    def test_a_user_without_power_does_not_crown_himself(self):
        shared = self.share()
        event_id, event = self.crown(shared)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.not_in_the_state(shared, event_id)
        self.assertNotIn(event_id, self.says(shared, "who is king?")["prev_events"])

    def test_what_rests_on_a_rejected_event_is_rejected_too(self):
        shared = self.share()
        crown_id, crown = self.crown(shared)
        state = shared.room.state
        auth = [state["m.room.create", ""], crown_id, state["m.room.member", shared.mallory]]
        topic_id, topic = shared.room.make("m.room.topic", {"topic": "my room now"}, sender=shared.mallory, state_key="",
                                           signer=self.hostile, auth_events=auth, prev_events=[crown_id])
        said_id, said = shared.room.message("hear my word", sender=shared.mallory, signer=self.hostile, auth_events=auth,
                                            prev_events=[topic_id])
        self.assertEqual(self.verdicts(self.hostile, [crown, topic, said]), {crown_id: {}, topic_id: {}, said_id: {}})
        self.untold(shared, "my room now", "hear my word")
        self.not_in_the_state(shared, crown_id, topic_id)

    def test_a_lawful_message_after_a_rejected_event_is_told(self):
        shared = self.share()
        crown_id, crown = self.crown(shared)
        said_id, said = shared.room.message("nothing happened", sender=shared.mallory, signer=self.hostile, prev_events=[crown_id])
        self.assertEqual(self.verdicts(self.hostile, [crown, said]), {crown_id: {}, said_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said_id)
        self.assertIn(said_id, self.says(shared, "so it is")["prev_events"])
        self.hears_honest(shared)

    def test_auth_events_that_are_not_those_of_the_rules_reject_an_event(self):
        shared = self.share()
        other = self.honest.found_room()
        state = shared.room.state
        topic_id, topic = shared.room.add("m.room.topic", {"topic": "weather"}, state_key="")
        self.assertEqual(self.verdicts(self.honest, [topic]), {topic_id: {}})
        create, levels, member = state["m.room.create", ""], state["m.room.power_levels", ""], state["m.room.member", shared.mallory]
        wrong = {
            "one twice": [create, levels, levels, member],
            "two members of one user": [create, levels, member, state["m.room.member", shared.room.host]],
            "one that does not matter": [create, levels, member, topic_id],
            "no create event": [levels, member],
            "no member": [create, levels],
            "none": [],
        }
        texts, pdus = [], []
        for name, auth in wrong.items():
            texts.append(f"auth: {name}")
            pdus.append(shared.room.message(texts[-1], sender=shared.mallory, signer=self.hostile, auth_events=auth))
        self.assertEqual(self.verdicts(self.hostile, [event for _, event in pdus]), {event_id: {} for event_id, _ in pdus})
        # An auth event of another room is none of this room: it is waited for and never comes.
        _, foreign = shared.room.message("auth: foreign", sender=shared.mallory, signer=self.hostile,
                                         auth_events=[create, levels, member, other.state["m.room.create", ""]])
        self.verdicts(self.hostile, [foreign])
        self.untold(shared, *texts, "auth: foreign")
        self.assertEqual(set(self.says(shared, "my view")["prev_events"]) & {event_id for event_id, _ in pdus}, set())

    def test_an_event_that_claims_to_begin_the_room_is_rejected(self):
        shared = self.share()
        said_id, said = shared.room.message("in the beginning", sender=shared.mallory, signer=self.hostile, prev_events=[])
        create_id, create = shared.room.make("m.room.create", {"room_version": "11"}, sender=shared.mallory, state_key="",
                                             signer=self.hostile, prev_events=[], auth_events=[])
        answer = self.verdicts(self.hostile, [said, create])
        self.assertEqual(set(answer), {said_id, create_id})
        self.untold(shared, "in the beginning")
        self.not_in_the_state(shared, create_id)

    def test_memberships_that_are_not_his_to_change_are_rejected(self):
        shared = self.share()
        third = self.hostile.user(self.fresh("third"))
        before = self.members(shared)
        wrong = {
            "kicks the host": {"state_key": shared.room.host, "content": {"membership": "leave"}},
            "bans our user": {"state_key": shared.alice, "content": {"membership": "ban"}},
            "joins another": {"state_key": third, "content": {"membership": "join"}},
            "makes up a membership": {"state_key": shared.mallory, "content": {"membership": "king"}},
            "no membership": {"state_key": shared.mallory, "content": {}},
            "a membership that is a number": {"state_key": shared.mallory, "content": {"membership": 1}},
        }
        pdus = [shared.room.make("m.room.member", how.pop("content"), sender=shared.mallory, signer=self.hostile, **how)
                for how in wrong.values()]
        answer = self.verdicts(self.hostile, [event for _, event in pdus])
        self.assertEqual(set(answer), {event_id for event_id, _ in pdus})
        self.not_in_the_state(shared, *answer)
        self.assertEqual(self.members(shared), before)
        self.assertEqual([each for each in self.chat.find("member.changed", matrix_room_id=shared.room_id)
                          if each.body.get("event_id") in answer], [])

    def test_who_has_left_says_nothing_more(self):
        shared = self.share()
        left_id, left = shared.room.add("m.room.member", {"membership": "leave"}, sender=shared.mallory,
                                        state_key=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [left]), {left_id: {}})
        said_id, said = shared.room.message("and another thing", sender=shared.mallory, signer=self.hostile)
        self.verdicts(self.hostile, [said])
        self.untold(shared, "and another thing")
        self.assertNotIn(said_id, self.says(shared, "gone")["prev_events"])
        # His server is in the room no more: it is told nothing.
        self.refused(self.hostile.request("GET", f"/_matrix/federation/v1/state_ids/{quote(shared.room_id)}?event_id={quote(left_id)}"),
                     403, "M_FORBIDDEN")


class SoftFailedEvents(HostileCase):
    def banned(self):
        """A room where mallory was banned after his join, and the event he can still cite as the last before that."""
        shared = self.share()
        room = shared.room
        before, first = room.say("before the ban")
        self.assertEqual(self.verdicts(self.honest, [first]), {before: {}})
        join = room.state["m.room.member", shared.mallory]
        ban_id, ban = room.add("m.room.member", {"membership": "ban"}, state_key=shared.mallory)
        self.assertEqual(self.verdicts(self.honest, [ban]), {ban_id: {}})
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=shared.mallory, membership="ban")
        auth = [room.state["m.room.create", ""], room.state["m.room.power_levels", ""], join]
        return shared, before, auth

    def test_a_banned_user_is_not_heard_by_way_of_the_past(self):
        shared, before, auth = self.banned()
        said = [shared.room.message(f"still here {number}", sender=shared.mallory, signer=self.hostile, prev_events=[before],
                                    auth_events=auth) for number in range(3)]
        self.assertEqual(self.verdicts(self.hostile, [event for _, event in said]), {event_id: {} for event_id, _ in said})
        self.untold(shared, "still here")
        self.assertEqual(set(self.says(shared, "peace")["prev_events"]) & {event_id for event_id, _ in said}, set())
        ends = self.inspect("room", "show", shared.room_id)
        for event_id, _ in said:
            self.assertNotIn(event_id, repr(ends))

    def test_an_honest_event_that_cites_a_soft_failed_one_is_told_alone(self):
        shared, before, auth = self.banned()
        said_id, said = shared.room.message("cite me", sender=shared.mallory, signer=self.hostile, prev_events=[before], auth_events=auth)
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        event_id, event = shared.room.say("he cites it", prev_events=[shared.room.head, said_id])
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.untold(shared, "cite me")

    def test_a_ban_is_not_evaded_by_a_join_in_the_past(self):
        shared, before, auth = self.banned()
        rules = shared.room.state["m.room.join_rules", ""]
        join_id, join = shared.room.make("m.room.member", {"membership": "join", "displayname": "Back Again"},
                                         sender=shared.mallory, state_key=shared.mallory, signer=self.hostile,
                                         prev_events=[before], auth_events=[*auth, rules])
        self.assertEqual(self.verdicts(self.hostile, [join]), {join_id: {}})
        said_id, said = shared.room.message("I am back", sender=shared.mallory, signer=self.hostile, prev_events=[join_id],
                                            auth_events=[*auth[:2], join_id])
        self.verdicts(self.hostile, [said])
        self.untold(shared, "I am back", "Back Again")
        self.assertNotIn(shared.mallory, self.ours.members(shared.room_id, shared.alice))
        self.assertEqual(set(self.says(shared, "he is not")["prev_events"]) & {join_id, said_id}, set())

    def test_a_ban_is_not_undone_by_merging_a_past_without_it(self):
        shared, before, auth = self.banned()
        helper = shared.room.join_of(self.hostile, self.fresh("helper"))
        helper_join = shared.room.state["m.room.member", helper]
        self.assertEqual(self.verdicts(self.hostile, [shared.room.events[helper_join]]), {helper_join: {}})
        said_id, said = shared.room.message("stale", sender=shared.mallory, signer=self.hostile, prev_events=[before], auth_events=auth)
        merge_id, merge = shared.room.message("merge", sender=helper, signer=self.hostile, prev_events=[said_id, helper_join])
        self.assertEqual(self.verdicts(self.hostile, [said, merge]), {said_id: {}, merge_id: {}})
        self.untold(shared, "stale")
        self.assertNotIn(shared.mallory, self.ours.members(shared.room_id, shared.alice))
        after_id, after = shared.room.message("afterwards", sender=shared.mallory, signer=self.hostile, prev_events=[merge_id], auth_events=auth)
        self.verdicts(self.hostile, [after])
        self.untold(shared, "afterwards")
        self.assertNotIn(after_id, self.says(shared, "still banned")["prev_events"])
