"""A hostile server pushes events whose past it hides or makes up."""

from harness import matrix

from .case import HostileCase

NOWHERE = "$" + "N" * 43


class LyingHistory(HostileCase):
    settings = {"room": {"inbox_retry_ms": 300}, "federation": {"request_timeout_ms": 5000, "key_fetch_retry_ms": 300}}

    def push(self, shared, text, prev_events, **changes):
        """A message of mallory after events that the broker has to ask for; it is answered for at once."""
        event_id, event = shared.room.message(text, sender=shared.mallory, signer=self.hostile, prev_events=prev_events, **changes)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        return event_id, event

    def lie(self, word, *answers):
        """The hostile server answers `word` with these in turn, then with the last for ever. Returns the list of questions."""
        asked = []

        def answer(honest, parts, query, body):
            asked.append((parts, query, body))
            what = answers[min(len(asked), len(answers)) - 1]
            return what(honest, parts, query, body) if callable(what) else what
        self.hostile.lies[word] = answer
        return asked

    def stays_hidden(self, shared, asked, *texts, rounds=2):
        """The gap was tried `rounds` times and more, and none of `texts` was told; honest traffic goes on."""
        self.until(lambda: len(asked) >= rounds, f"{rounds} questions")
        self.untold(shared, *texts)

    def test_a_gap_that_an_honest_server_fills_is_told_in_order(self):
        shared = self.share()
        said = [shared.room.say(f"missed {number}") for number in range(5)]
        self.assertEqual(self.verdicts(self.honest, [said[-1][1]]), {said[-1][0]: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1][0])
        self.assertEqual(self.chat.messages(shared.room_id), [f"missed {number}" for number in range(5)])

    def test_a_past_that_does_not_exist_hides_the_event(self):
        shared = self.share()
        for answer in ((404, {"errcode": "M_NOT_FOUND"}), (200, {"events": []}), (200, {"events": [5, None, {}, [], "x"]}), (200, {}),
                       (200, b"no json"), (500, {}), (200, {"events": {"a": 1}}), (403, {"errcode": "M_FORBIDDEN"})):
            with self.subTest(answer=answer):
                asked = self.lie("get_missing_events", answer)
                self.push(shared, "out of nothing", [NOWHERE])
                self.stays_hidden(shared, asked, "out of nothing")

    def test_other_events_in_place_of_the_missing_are_no_past(self):
        shared, other = self.share(), self.share()
        elsewhere = other.room.say("of another room")[1]
        again = shared.room.events[shared.room.state["m.room.create", ""]]
        asked = self.lie("get_missing_events", (200, {"events": [elsewhere, again]}))
        self.push(shared, "after something else", [NOWHERE])
        self.stays_hidden(shared, asked, "after something else", "of another room")

    def test_forged_events_in_the_gap_are_no_past(self):
        shared = self.share()
        forged_id, forged = shared.room.message("forged past", sender=shared.room.host, signer=self.hostile)
        asked = self.lie("get_missing_events", (200, {"events": [forged]}))
        self.push(shared, "after a forgery", [forged_id])
        self.stays_hidden(shared, asked, "after a forgery", "forged past")
        self.not_served(forged_id)

    def test_an_altered_event_in_the_gap_is_taken_without_its_content(self):
        shared = self.share()
        hidden_id, hidden = shared.room.message("true past", sender=shared.mallory, signer=self.hostile)
        altered = {**hidden, "content": {"msgtype": "m.text", "body": "altered past"}}
        self.lie("get_missing_events", (200, {"events": [altered]}))
        event_id, _ = self.push(shared, "after it", [hidden_id])
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.untold(shared, "altered past", "true past")
        self.assertEqual(self.chat.find("message.received", event_id=hidden_id), [])

    def test_authority_that_cannot_be_had_hides_the_event(self):
        shared = self.share()
        auth = shared.room.auth_events_for("m.room.message", shared.mallory)
        other = self.hostile.found_room()
        for answer in ((404, {"errcode": "M_NOT_FOUND"}), (200, {"auth_chain": []}), (200, {"auth_chain": [5, {}, None]}), (200, {}),
                       (200, {"auth_chain": other.state_events()}), (200, {"auth_chain": shared.room.state_events()})):
            with self.subTest(answer=str(answer)[:40]):
                asked = self.lie("event_auth", answer)
                self.push(shared, "by whose authority", [shared.room.head], auth_events=[*auth, NOWHERE])
                self.stays_hidden(shared, asked, "by whose authority")

    def test_authority_that_is_given_but_unlawful_rejects_the_event(self):
        shared = self.share()
        levels_id, levels = shared.room.make("m.room.power_levels", {"users": {shared.mallory: 100}}, sender=shared.mallory, state_key="",
                                             signer=self.hostile)
        create, _, member = shared.room.auth_events_for("m.room.message", shared.mallory)
        asked = self.lie("event_auth", (200, {"auth_chain": [levels]}))
        said_id, _ = self.push(shared, "by my own authority", [shared.room.head], auth_events=[create, levels_id, member])
        self.stays_hidden(shared, asked, "by my own authority", rounds=1)
        self.assertNotIn(said_id, self.says(shared, "not by that")["prev_events"])

    # -- the state at the far end of a gap

    def far_end(self, shared, change, sender=None):
        """Mallory (or `sender`) pushes an event on one whose past is nowhere; asked for the state there, his server gives
        `change(state events)`. Returns (oldest id, pushed id) when the state was asked."""
        sender = sender or shared.mallory
        oldest_id, oldest = shared.room.message("far end", sender=sender, signer=self.hostile, prev_events=[NOWHERE])
        state = change(shared.room.state_events())
        chain = shared.room.auth_chain(state)
        self.lie("get_missing_events", lambda _, __, ___, body: (200, {"events": [] if oldest_id in body["latest_events"] else [oldest]}))
        asked = self.lie("state", (200, {"pdus": state, "auth_chain": chain}))
        pushed_id, event = shared.room.message("near end", sender=sender, signer=self.hostile, prev_events=[oldest_id])
        self.assertEqual(self.verdicts(self.hostile, [event]), {pushed_id: {}})
        self.until(lambda: asked, "the question for the state")
        return oldest_id, pushed_id

    def test_an_honest_state_at_the_far_end_lets_the_event_in(self):
        shared = self.share()
        _, pushed_id = self.far_end(shared, lambda state: state)
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=pushed_id)
        self.hears_honest(shared)

    def test_a_state_that_crowns_the_liar_crowns_nobody(self):
        shared = self.share()
        crown_id, crown = shared.room.make("m.room.power_levels", {"users": {shared.mallory: 100}}, sender=shared.mallory, state_key="",
                                           signer=self.hostile)
        self.far_end(shared, lambda state: [event for event in state if event["type"] != "m.room.power_levels"] + [crown])
        self.hears_honest(shared)
        # If the event was let in at all it gave him nothing: the room's levels are what they were.
        kick_id, kick = shared.room.make("m.room.member", {"membership": "leave"}, sender=shared.mallory, signer=self.hostile,
                                         state_key=shared.room.host, prev_events=[shared.room.head])
        self.assertEqual(self.verdicts(self.hostile, [kick]), {kick_id: {}})
        head, event = shared.room.say("who rules")
        self.assertEqual(self.verdicts(self.honest, [event]), {head: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=head)
        state = self.state_ids_at(shared, head)
        self.assertIn(shared.room.state["m.room.power_levels", ""], state)
        self.assertEqual(state & {crown_id, kick_id}, set())
        self.assertIn(shared.room.host, self.ours.members(shared.room_id, shared.alice))

    def test_a_state_that_forgets_a_ban_does_not_lift_it(self):
        shared = self.share()
        helper = shared.room.join_of(self.hostile, self.fresh("helper"))
        joined = shared.room.state["m.room.member", shared.mallory]
        ban_id, ban = shared.room.add("m.room.member", {"membership": "ban"}, state_key=shared.mallory)
        helper_id = shared.room.state["m.room.member", helper]
        self.assertEqual(self.verdicts(self.honest, [shared.room.events[helper_id], ban]), {helper_id: {}, ban_id: {}})
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=shared.mallory, membership="ban")
        join = shared.room.events[joined]
        self.far_end(shared, lambda state: [event for event in state if event is not ban] + [join], sender=helper)
        said_id, said = shared.room.message("forgiven", sender=shared.mallory, signer=self.hostile,
                                            auth_events=[*shared.room.auth_events_for("m.room.message", helper)[:2], joined])
        self.verdicts(self.hostile, [said])
        self.untold(shared, "forgiven")
        self.assertNotIn(shared.mallory, self.ours.members(shared.room_id, shared.alice))
        self.assertNotIn(said_id, self.says(shared, "still banned")["prev_events"])

    def test_a_state_of_ids_that_do_not_exist_or_other_rooms_is_no_state(self):
        shared, other = self.share(), self.share()
        for name, state in (("another room", other.room.state_events()), ("nothing", []), ("no events", [5, None, {}, []])):
            with self.subTest(name):
                oldest_id, pushed_id = self.far_end(shared, lambda _, state=state: [event for event in state if isinstance(event, dict) and event])
                self.hears_honest(shared)
                self.assertEqual(set(self.says(shared, f"not by {name}")["prev_events"]) & {oldest_id, pushed_id}, set())
                self.assertNotIn("near end", self.chat.messages(shared.room_id))

    def test_an_honest_ban_that_a_liar_shows_with_an_old_state_applies_when_the_honest_server_sends_it(self):
        shared = self.share()
        helper = shared.room.join_of(self.honest, self.fresh("helper"))
        bystander = shared.room.join_of(self.honest, self.fresh("bystander"))
        joins = [shared.room.state["m.room.member", user] for user in (helper, bystander)]
        self.assertEqual(self.verdicts(self.honest, [shared.room.events[each] for each in joins]), {each: {} for each in joins})
        old_state = shared.room.state_events()
        beside_id, beside = shared.room.message("beside all this")
        # The host lets the helper ban, and he does: neither is sent to us yet.
        levels = {**shared.room.content_of("m.room.power_levels"), "users": {shared.room.host: 100, helper: 50}}
        levels_id, _ = shared.room.add("m.room.power_levels", levels, state_key="")
        ban_id, ban = shared.room.add("m.room.member", {"membership": "ban"}, sender=helper, state_key=bystander)
        self.assertIn(levels_id, ban["auth_events"])
        # Mallory's server knows both, shows us the ban alone, with the state of before, and hides the levels.
        self.lie("get_missing_events", lambda _, __, ___, body: (200, {"events": [] if ban_id in body["latest_events"] else [ban]}))
        self.lie("event_auth", (200, {"auth_chain": []}))
        ids = [[matrix.event_id(event, "11") for event in events] for events in (old_state, shared.room.auth_chain(old_state))]
        self.lie("state_ids", (200, {"pdu_ids": ids[0], "auth_chain_ids": ids[1]}))
        self.lie("state", (200, {"pdus": old_state, "auth_chain": shared.room.auth_chain(old_state)}))
        hidden = 404, {"errcode": "M_NOT_FOUND", "error": "hidden"}
        for word in ("get_missing_events", "event_auth", "state_ids", "state"):  # and just now nobody else can tell
            self.honest.lies[word] = lambda *_: hidden
        pushed_id, _ = self.push(shared, "after a ban", [ban_id])
        self.until(lambda: self.hostile.count("state") >= 2, "a second question for a state: the first was answered")
        self.assertEqual(self.verdicts(self.honest, [beside]), {beside_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=beside_id)
        self.assertIn(bystander, self.ours.members(shared.room_id, shared.alice))
        self.honest.lies.clear()
        self.assertEqual(self.verdicts(self.honest, [ban]), {ban_id: {}})
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=bystander, membership="ban")
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=pushed_id)
        self.hears_honest(shared)
        self.assertEqual({levels_id, ban_id} - self.state_ids_at(shared, shared.room.head), set())

    def test_a_missing_parent_with_too_many_parents_is_not_taken_and_hides_nothing_else(self):
        shared = self.share()
        parents = ["$" + format(number, "043d") for number in range(21)]
        octopus_id, octopus = shared.room.message("octopus", sender=shared.mallory, signer=self.hostile, prev_events=parents)
        self.lie("get_missing_events", (200, {"events": [octopus]}))
        state = shared.room.state_events()
        self.lie("state", (200, {"pdus": state, "auth_chain": shared.room.auth_chain(state)}))
        pushed_id, _ = self.push(shared, "an arm of it", [octopus_id])
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=pushed_id)
        self.untold(shared, "octopus")
        self.not_served(octopus_id)
        self.assertNotIn(octopus_id, self.says(shared, "no octopus here")["prev_events"])

    def test_a_state_whose_authority_is_missing_is_left_out(self):
        shared = self.share()
        user = self.hostile.user("ghost")
        ghost_id, ghost = shared.room.make("m.room.member", {"membership": "join"}, sender=user, signer=self.hostile, state_key=user,
                                           auth_events=[*shared.room.auth_events_for("m.room.message", user), NOWHERE])
        _, pushed_id = self.far_end(shared, lambda state: [*state, ghost])
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=pushed_id)
        self.assertNotIn(ghost_id, self.state_ids_at(shared, pushed_id))
        self.assertNotIn(user, self.ours.members(shared.room_id, shared.alice))
        self.hears_honest(shared)


class DeepGaps(HostileCase):
    settings = {"room": {"inbox_retry_ms": 200, "missing_events_rounds": 10, "missing_events_limit": 20},
                "federation": {"request_timeout_ms": 1000}}

    def chain(self, shared, count):
        """Messages of mallory, each after the one before; the first after one that nobody has."""
        out, previous = [], NOWHERE
        for number in range(count):
            out.append(shared.room.message(f"deep {number}", sender=shared.mallory, signer=self.hostile, prev_events=[previous], depth=number + 10))
            previous = out[-1][0]
            shared.room.events[previous] = out[-1][1]
        return out

    def under_way(self, shared):
        return self.inspect("room", "show", shared.room_id)["actor"]["events_under_way"]

    def test_a_chain_of_thousands_of_missing_parents_is_followed_so_far_and_no_further(self):
        shared = self.share()
        self.hostile.rooms[shared.room_id] = shared.room
        last_id, last = self.chain(shared, 3000)[-1]
        states = []

        def no_state(*_):
            states.append(self.hostile.count("get_missing_events"))
            return 403, {"errcode": "M_FORBIDDEN", "error": "no"}
        self.hostile.lies["state"] = no_state
        self.assertEqual(self.verdicts(self.hostile, [last]), {last_id: {}})
        self.until(lambda: len(states) >= 1, "the end of the first walk")
        # Ten rounds of twenty, then the state is asked; the honest server is heard all the time.
        self.assertLessEqual(states[0], 11)
        self.hears_honest(shared)
        # Trying again for a day does not pile up what was fetched.
        self.until(lambda: len(states) >= 8, "further walks")
        self.hears_honest(shared)
        self.assertLessEqual(self.under_way(shared), 10 * 20 + 20 + 1)
        self.untold(shared, "deep ")

    def test_an_honest_gap_is_closed_while_a_hostile_one_is_open(self):
        shared = self.share()
        self.hostile.lies["get_missing_events"] = lambda *_: (None, lambda handler: handler.rfile.read(1))  # says nothing until we hang up
        pdus = [shared.room.message(f"bait {number}", sender=shared.mallory, signer=self.hostile, prev_events=["$" + format(number, "043d")])
                for number in range(45)]
        self.assertEqual(self.verdicts(self.hostile, [event for _, event in pdus]), {event_id: {} for event_id, _ in pdus})
        self.until(lambda: self.hostile.count("get_missing_events") >= 1, "a walk into the trap")
        said = [shared.room.say(f"missed {number}") for number in range(3)]
        self.assertEqual(self.verdicts(self.honest, [said[-1][1]]), {said[-1][0]: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1][0])
        self.assertEqual(self.chat.messages(shared.room_id), [f"missed {number}" for number in range(3)])
