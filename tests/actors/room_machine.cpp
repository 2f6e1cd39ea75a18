#include "actors/room/room_machine.hpp"

#include "actors/room/found_room.hpp"
#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_machine_suite)

namespace {

const std::string ann = "@ann:here.example", bob = "@bob:here.example", eve = "@eve:there.example";

/// A private room of ann and bob, who have invited eve of there.example; her server has not answered yet. The store is
/// the test.
struct rig {
  context node = here();
  std::string room_id;
  std::unique_ptr<room::room_machine> machine;
  time_ms now = noon;
  effects created;
  store::put_invitation invitation;

  rig() {
    chat::room_create wanted;
    wanted.room = "chat-1";
    wanted.type = chat::room_type::channel;
    wanted.creator = ann;
    wanted.members = {bob, eve};
    const auto create = *room::found_room(node, wanted, ann, "random", now);
    room_id = create->room_id;
    machine = std::make_unique<room::room_machine>(node, room_id);
    on(store_says(of_kind<ask_store>(on(start{})).at(0).asked, store::room_loaded{}));
    chat_command c;
    c.room_id = room_id;
    c.create_event = create;
    created = command(std::move(wanted), std::move(c));
    invitation = written<store::put_invitation>(created).at(0);
  }
  effects on(const message& m) { return machine->on(m, ++now); }
  effects command(chat::command x, chat_command c = {}) {
    c.reference.command_id = "c" + std::to_string(now);
    c.room_id = room_id;
    c.body = std::make_shared<const chat::command>(std::move(x));
    return on(c);
  }
  matrix::event_ptr invite() const {
    return *matrix::parse_event(invitation.event, *matrix::find_room_version(node.settings().federation.room_version));
  }
};

/// What is queued for there.example.
std::vector<matrix::event_ptr> queued_for_there(const effects& list) {
  std::vector<matrix::event_ptr> events;
  for (const auto& [to, m] : told<pdu_queued>(list))
    if (to == address{actor_kind::remote_server, "there.example"}) events.push_back(m.event);
  return events;
}

} // namespace

BOOST_AUTO_TEST_CASE(rooms_that_one_user_creates_in_the_same_millisecond_are_different_rooms) {
  chat::room_create wanted;
  wanted.room = "chat-1";
  wanted.type = chat::room_type::channel;
  wanted.creator = ann;
  for (const auto& version : matrix::room_versions()) {
    const auto node = here(std::string{version.id});
    auto created = [&](const char* random) { return (*room::found_room(node, wanted, ann, random, noon))->room_id; };
    BOOST_TEST(created("one") != created("two"), version.id);
    BOOST_TEST(created("one") == created("one"));
  }
}

BOOST_AUTO_TEST_CASE(an_invite_her_server_may_have_taken_is_followed_by_the_leave_that_cites_it) {
  rig r;
  const auto done = r.on(revoke_invite{eve, {}, ann, {}, {}, r.invite()});
  BOOST_TEST((told<revocation_result>(done).at(0).second.why.code == fault_code::none));
  const auto events = queued_for_there(done);
  BOOST_REQUIRE(events.size() == 1u); // an invite is offered by PUT /invite only to a server that is not in the room
  BOOST_TEST(events[0]->membership() == matrix::membership::leave);
  BOOST_TEST(std::count(events[0]->auth_events.begin(), events[0]->auth_events.end(), r.invite()->event_id) == 1);
}

BOOST_AUTO_TEST_CASE(an_invitation_whose_inviter_has_left_is_taken_back_in_his_name_at_the_invited_server) {
  rig r;
  r.command(chat::member_leave{"chat-1", ann, {}});
  r.now += 120'000;
  r.on(timer_due{}); // her server answers neither yes nor no
  const auto events = queued_for_there(r.on(revoke_invite{eve, {}, ann, {}, {}, r.invite()}));
  BOOST_REQUIRE(events.size() == 1u); // the room's rules allow neither the invite nor the leave any more
  BOOST_TEST(events[0]->membership() == matrix::membership::leave);
  BOOST_TEST(events[0]->sender == ann);
  BOOST_TEST(std::count(events[0]->auth_events.begin(), events[0]->auth_events.end(), r.invite()->event_id) == 1);
}

BOOST_AUTO_TEST_CASE(an_invite_signed_after_everybody_had_left_is_taken_back_at_the_invited_server) {
  rig r;
  r.command(chat::member_leave{"chat-1", bob, {}});
  r.command(chat::member_leave{"chat-1", ann, {}});
  r.now += 120'000;
  r.on(timer_due{});
  const auto done = r.on(invite_accepted_by_server{eve, r.invite()});
  BOOST_TEST(told<invite_not_taken>(done).size() == 1u);
  BOOST_REQUIRE(queued_for_there(done).size() == 1u);
  BOOST_TEST(queued_for_there(done)[0]->membership() == matrix::membership::leave);
}

BOOST_AUTO_TEST_CASE(two_revocations_that_wait_for_the_same_parents_both_go_on) {
  rig r;
  auto far = r.invite()->source;
  far.set("prev_events", matrix::json::array{"$long-ago"});
  const auto invite = *matrix::hash_and_sign(far, r.invite()->rules(), r.node.server_name, r.node.key);
  const auto first = r.on(revoke_invite{eve, {}, ann, {}, {}, invite});
  BOOST_TEST(of_kind<ask_store>(first).size() == 1u);
  BOOST_TEST(of_kind<ask_store>(r.on(revoke_invite{eve, {}, ann, {}, {}, invite})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_begun_and_not_told_goes_on_when_the_room_is_made_again) {
  rig r;
  store::room_loaded kept;
  kept.exists = true;
  for (const auto& w : written<store::put_room>(r.created)) kept.room = w;
  for (const auto& e : written<store::put_event>(r.created))
    if (e.event->is_state())
      kept.state_events.push_back({e.event, e.judged, e.state_group_before, e.state_group_after, e.position});
  kept.state_groups[kept.room.state_group] = std::make_shared<const matrix::state_map>([&] {
    matrix::state_map state;
    for (const auto& e : kept.state_events)
      state.insert_or_assign({e.event->type, *e.event->state_key}, e.event->event_id);
    return state;
  }());
  kept.invitations = {r.invitation};
  r.machine = std::make_unique<room::room_machine>(r.node, r.room_id);
  const auto done = r.on(store_says(of_kind<ask_store>(r.on(start{})).at(0).asked, kept));
  const auto woken = told<passivate>(done);
  BOOST_REQUIRE(woken.size() == 1u);
  BOOST_TEST((woken[0].first == address{actor_kind::invitation, r.room_id + "|" + eve}));
}

BOOST_AUTO_TEST_CASE(the_last_member_takes_the_invitations_of_those_who_left_back_at_the_invited_server) {
  rig r;
  r.on(invite_accepted_by_server{eve, r.invite()});
  r.command(chat::member_leave{"chat-1", ann, {}});
  const auto done = r.command(chat::member_leave{"chat-1", bob, {}}); // who may not kick in the room
  const auto events = queued_for_there(done);
  BOOST_REQUIRE(events.size() == 1u);
  BOOST_TEST(events[0]->sender == ann);
  BOOST_TEST(events[0]->membership() == matrix::membership::leave);
  const auto ended = told<invited_membership_changed>(done);
  BOOST_TEST(std::count_if(ended.begin(), ended.end(), [](const auto& x) {
               return x.first.kind == actor_kind::invitation && x.second.membership == matrix::membership::leave;
             }) == 1);
  // The invitation's own deadline finds nobody there, and has the same told again and nothing besides.
  const auto again = r.on(revoke_invite{eve, {}, ann, {}, {}, {}});
  BOOST_TEST((told<revocation_result>(again).at(0).second.why.code == fault_code::none));
  BOOST_REQUIRE(queued_for_there(again).size() == 1u);
  BOOST_TEST(queued_for_there(again)[0]->event_id == events[0]->event_id);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_fails_with_a_question_of_the_room_has_the_sender_repeat) {
  const auto node = here();
  room::room_machine machine(node, "!elsewhere:there.example");
  machine.on(store_says(of_kind<ask_store>(machine.on(start{}, noon)).at(0).asked, store::room_loaded{}), noon);
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  pdus->push_back(
    {{"type", "m.room.member"}, {"state_key", bob}, {"sender", eve}, {"content", object{{"membership", "leave"}}}});
  const auto asked =
    machine.on(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", pdus}, noon);
  BOOST_REQUIRE(told<rescission_received>(asked).size() == 1u);
  BOOST_TEST(told<pdus_handled>(machine.on(timer_due{}, noon + 59'999)).empty());
  const auto later = machine.on(timer_due{}, noon + 60'000);
  BOOST_REQUIRE(told<pdus_handled>(later).size() == 1u);
  BOOST_TEST(told<pdus_handled>(later)[0].second.overloaded);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_runs_out_after_its_inviter_left_is_taken_back_at_the_invited_server) {
  rig r;
  r.on(invite_accepted_by_server{eve, r.invite()});
  r.command(chat::member_leave{"chat-1", ann, {}});
  const auto done =
    r.on(revoke_invite{eve, {}, ann, {}, "The invitation expired.", {}}); // bob, who is left, may not kick
  BOOST_TEST((told<revocation_result>(done).at(0).second.why.code == fault_code::none));
  BOOST_REQUIRE(queued_for_there(done).size() == 1u);
  BOOST_TEST(queued_for_there(done)[0]->sender == ann);
}

BOOST_AUTO_TEST_SUITE_END()
