#include "actors/invitation/invitation_machine.hpp"

#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(invitation_machine_suite)

namespace {

const std::string bob = "@bob:here.example", eve = "@eve:there.example", ann = "@ann:here.example";
const std::string their_room = "!r:there.example", our_room = "!r:here.example";

matrix::event_ptr member_event(const std::string& room, const std::string& by, const std::string& user,
                               const std::string& membership, std::int64_t depth, std::vector<std::string> cited = {}) {
  matrix::json::array auth;
  for (auto& id : cited) auth.emplace_back(std::move(id));
  const bool theirs = by == eve;
  matrix::json::object pdu{{"type", "m.room.member"},
                           {"room_id", room},
                           {"sender", by},
                           {"state_key", user},
                           {"content", matrix::json::object{{"membership", membership}}},
                           {"origin_server_ts", noon + depth},
                           {"depth", depth},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", std::move(auth)}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"),
                                theirs ? "there.example" : "here.example", theirs ? there_key() : key_of('h'));
}

/// The notifications of one kind a list of effects writes.
template <class T>
std::vector<T> notified(const effects& list) {
  std::vector<T> found;
  for (const auto& row : written<store::append_outbox>(list))
    if (auto n = chat::decode_notification(row.name, row.body))
      if (const auto* x = std::get_if<T>(&*n)) found.push_back(*x);
  return found;
}

/// The actor of one invitation; the room, the other server and the store are the test.
struct rig {
  context node = here();
  std::string room, user;
  std::unique_ptr<invitation::invitation_machine> machine;
  store::put_invitation row; ///< as last written
  time_ms now = noon;

  rig(std::string room_id, std::string user_id, store::put_invitation stored = {})
      : room(std::move(room_id)), user(std::move(user_id)) {
    row = std::move(stored);
    begin();
  }
  /// A new life of the actor with what is on disk.
  effects begin() {
    machine = std::make_unique<invitation::invitation_machine>(node, invitation::key_of(room, user));
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    store::invitation_loaded found;
    if (row.state != invitation_state::none) found.invitation = row;
    return on(store_says(asked, found));
  }
  effects on(const message& m) {
    auto done = machine->on(m, now);
    for (auto& w : written<store::put_invitation>(done)) row = w;
    return done;
  }
  /// What the room makes of an invite that came by PUT /invite; `outside`: we take no part in it.
  invite_placed place{0, invite_place::outside, {}};

  /// there.example invites; what is told when its signature has been checked and the room asked.
  effects invited(const matrix::event_ptr& invite) {
    const auto arrived = told<invite_arrived>(arrives(invite));
    if (arrived.empty()) return {};
    place.asked = arrived[0].second.asked;
    return on(place);
  }
  effects arrives(const matrix::event_ptr& invite) {
    federation_call call;
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/" + matrix::percent_encode(room) + "/" +
                                       matrix::percent_encode(invite->event_id)));
    call.body = std::make_shared<const matrix::json::value>(
      *matrix::json::parse("{\"event\":" + invite->to_json() + ",\"invite_room_state\":[],\"room_version\":\"11\"}"));
    return on(verdict_on(told<verify_events>(on(call)).at(0).second));
  }
  effects command(chat::command x, std::string id = "c1") {
    chat_command c;
    c.reference.command_id = std::move(id);
    c.body = std::make_shared<const chat::command>(std::move(x));
    c.room_id = room;
    return on(c);
  }
};

store::put_invitation ours_to(const std::string& user, const matrix::event_ptr& invite, invitation_state state) {
  store::put_invitation row;
  row.room_id = our_room;
  row.user_id = user;
  row.room_version = "11";
  row.inviter = invite->sender;
  row.direction = invitation_direction::outgoing;
  row.state = state;
  row.event = invite->to_json();
  if (state == invitation_state::sending) row.pending_request = next_request::invite;
  return row;
}

} // namespace

// -- one of ours is invited -------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_actor_finds_its_room_and_user_whatever_they_are_called) {
  const context node = here();
  const std::pair<std::string, std::string> names[] = {
    {"!r:there.example", "@freenode_Nick:there.example"},
    {"!r:there.example", "@a|@b:there.example"},
    {"!r|@x:there.example", "@a|@b:there.example:8448"},
    {"!a|@b:there.example", "@c:there.example"},
    {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "@a|@b:there.example"},
    {"!r:[::1]:80", "@|@:[::1]:80"}};
  for (const auto& [room, user] : names) {
    invitation::invitation_machine machine{node, invitation::key_of(room, user)};
    const auto asked = of_kind<ask_store>(machine.on(start{}, noon)).at(0);
    const auto& wanted = std::get<store::load_invitation>(asked.question);
    BOOST_TEST(wanted.room_id == room);
    BOOST_TEST(wanted.user_id == user);
  }
  for (const auto* key : {"", "!r:there.example", "!r:there.example|bob", "|@b:there.example", "!r:there.example|@b"})
    BOOST_CHECK_THROW((invitation::invitation_machine{node, key}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(an_invite_that_comes_a_second_time_after_he_joined_is_signed_again_and_is_no_news) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  BOOST_TEST(written<store::append_outbox>(r.invited(invite)).size() == 1u);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
  const auto again = r.invited(invite);
  BOOST_TEST(told<federation_reply>(again).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(again).empty());
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(an_invite_that_comes_again_after_he_came_into_the_room_by_another_way_is_signed_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.on(join_finished{bob, {}}); // through a server that has never heard of the invite
  r.place = {0, invite_place::refused, {fault_code::forbidden, bob + " is in the room already"}};
  BOOST_TEST(told<federation_reply>(r.invited(invite)).at(0).second.status == 200);
  const auto another = r.invited(member_event(their_room, eve, bob, "invite", 6));
  BOOST_TEST(told<federation_reply>(another).at(0).second.status == 403);
}

BOOST_AUTO_TEST_CASE(a_no_that_the_inviters_server_cannot_hear_is_told_another_of_the_room) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.row.invite_room_state =
    R"([{"type":"m.room.name","state_key":"","sender":"@x:third.example","content":{"name":"n"}}])";
  r.begin();
  r.command(chat::invite_answer{their_room, bob, false, {}});
  auto done = r.on(join_finished{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(r.row.state == invitation_state::rejected);
  std::vector<std::string> asked;
  auto answered = [&](int status, std::string errcode, fault why) {
    const auto [to, request] = told<peer_request>(done).at(0);
    BOOST_TEST((request.endpoint == matrix::endpoint::make_leave));
    asked.push_back(to.key);
    done = r.on(peer_answer{request.asked, to.key, status, "{}", std::move(why), std::move(errcode)});
    for (int i = 0; i < 3 && told<peer_request>(done).empty() && r.row.pending_request != next_request::none; ++i) {
      r.now = of_kind<wake_me_at>(done).at(0).at;
      done = r.on(timer_due{of_kind<wake_me_at>(done).at(0).name});
    }
  };
  answered(0, {}, {fault_code::peer_unreachable, "there.example"});
  answered(403, "M_FORBIDDEN", {fault_code::peer_refused, "no such invitation"}); // it may have left the room meanwhile
  for (int i = 0; i < 20 && r.row.pending_request != next_request::none; ++i)
    answered(403, "M_FORBIDDEN", {fault_code::peer_refused, "no such invitation"});
  BOOST_TEST(asked.size() < 20u);
  BOOST_TEST(asked[0] == "there.example");
  BOOST_TEST(asked[1] == "third.example");
  BOOST_TEST(asked.back() == "there.example"); // whose word ends it
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(an_invite_offered_again_after_he_said_no_is_told_no_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.row.state = invitation_state::rejected; // and the other server was told, or gave up
  r.begin();
  const auto again = r.invited(invite);
  BOOST_TEST(r.row.state == invitation_state::rejected);
  BOOST_TEST((told<peer_request>(again).at(0).second.endpoint == matrix::endpoint::make_leave));
}

BOOST_AUTO_TEST_CASE(the_end_of_an_earlier_invitation_does_not_end_the_new_one) {
  rig r(their_room, bob);
  const auto first = member_event(their_room, eve, bob, "invite", 5);
  const auto ended = member_event(their_room, eve, bob, "leave", 6, {first->event_id});
  const auto second = member_event(their_room, eve, bob, "invite", 7);
  r.invited(second);
  // The past comes with the history of somebody else's join.
  r.on(invited_membership_changed{"leave", eve, {}, ended, false});
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{
    "leave", eve, {}, member_event(their_room, eve, bob, "leave", 8, {second->event_id}), true});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_until_it_is_known_how_it_ended) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  BOOST_TEST(told<join_wanted>(r.command(chat::invite_answer{their_room, bob, true, {}})).size() == 1u);
  r.on(join_finished{bob, {fault_code::peer_timeout, "no answer"}, true});
  BOOST_TEST(r.row.pending_request == next_request::join);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_wanted>(r.begin()).size() == 1u); // also after a restart
  r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(a_join_that_did_not_reach_the_other_server_is_left_to_the_user) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_finished{bob, {fault_code::peer_unreachable, "connection refused"}});
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(he_is_invited_anew_while_the_leave_of_the_old_invitation_is_checked_and_stays_invited) {
  rig r(their_room, bob);
  const auto old_invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(old_invite);
  const auto leave = member_event(their_room, eve, bob, "leave", 6, {old_invite->event_id});
  const auto checking = r.on(rescission_received{{actor_kind::room, their_room}, 7, "there.example", leave->source});
  r.invited(member_event(their_room, eve, bob, "invite", 8));
  const auto done = r.on(verdict_on(told<verify_events>(checking).at(0).second));
  BOOST_TEST(told<rescission_handled>(done).size() == 1u);
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(who_said_yes_to_a_room_that_had_put_him_out_unseen_is_asked_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_finished{bob, {}}); // our room believed him to be in it: an older revocation was still under way
  BOOST_TEST(r.row.state == invitation_state::accepted);
  const auto told_again = r.on(invited_membership_changed{"invite", eve, {}, invite, false});
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(written<store::append_outbox>(told_again).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_no_to_the_invitation_before_that_outlives_the_new_one_in_the_room_ends_it) {
  rig r(their_room, bob);
  const auto first = member_event(their_room, eve, bob, "invite", 5);
  const auto said_no = member_event(their_room, bob, bob, "leave", 6, {first->event_id});
  const auto second = member_event(their_room, eve, bob, "invite", 7);
  r.invited(second);
  r.on(invited_membership_changed{"leave", bob, {}, said_no, true}); // of the past, for all that is known
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{"leave", bob, {}, said_no, true, first->event_id});
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{"leave", bob, {}, said_no, true, second->event_id});
  BOOST_TEST(r.row.state == invitation_state::rejected);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_though_the_invitation_was_taken_back_meanwhile) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  const auto leave = member_event(their_room, eve, bob, "leave", 6, {invite->event_id});
  const auto checking = r.on(rescission_received{{actor_kind::room, their_room}, 7, "there.example", leave->source});
  r.on(join_finished{
    bob, {fault_code::peer_timeout, "no answer"}, true}); // the room is public: he may be in it for all others
  r.on(verdict_on(told<verify_events>(checking).at(0).second));
  BOOST_TEST(r.row.state == invitation_state::revoked);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_wanted>(r.begin()).size() == 1u);
  const auto done = r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(of_kind<finish>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_though_he_was_invited_anew_meanwhile) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.invited(member_event(their_room, eve, bob, "invite", 7));
  r.on(join_finished{bob, {fault_code::peer_timeout, "no answer"}, true});
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_wanted>(r.begin()).size() == 1u);
  r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(an_invite_whose_content_was_altered_on_the_way_is_refused) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  auto pdu = invite->source;
  pdu.set("content", matrix::json::object{{"membership", "invite"}, {"reason", "not what she wrote"}});
  const auto altered = *matrix::make_event(std::move(pdu), *matrix::find_room_version("11"));
  BOOST_TEST(altered->event_id == invite->event_id); // what the signature and the id are made of is the same
  const auto refused = told<federation_reply>(r.arrives(altered)).at(0).second;
  BOOST_TEST(refused.status == info(fault_code::bad_hash).http_status);
  BOOST_TEST(refused.body.find("content hash") != std::string::npos);
  BOOST_TEST(r.row.state == invitation_state::none);
}

BOOST_AUTO_TEST_CASE(a_late_older_invite_does_not_replace_the_newer_one_he_said_no_to) {
  rig r(their_room, bob);
  const std::string abe = "@abe:there.example";
  const auto by_abe = [&](std::int64_t depth) {
    auto pdu = member_event(their_room, eve, bob, "invite", depth)->source;
    pdu.set("sender", abe);
    pdu.erase("hashes");
    pdu.erase("signatures");
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "there.example", there_key());
  };
  const auto newer = member_event(their_room, eve, bob, "invite", 9);
  r.invited(newer);
  r.command(chat::invite_answer{their_room, bob, false, {}});
  r.on(join_finished{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(r.row.state == invitation_state::rejected);
  for (const auto& older :
       {member_event(their_room, eve, bob, "invite", 5), by_abe(6)}) { // whoever of that server sent it
    const auto late = r.invited(older);
    BOOST_TEST(told<federation_reply>(late).at(0).second.status == 200);
    BOOST_TEST(written<store::append_outbox>(late).empty());
    BOOST_TEST(r.row.state == invitation_state::rejected);
  }
  BOOST_TEST(written<store::append_outbox>(r.invited(by_abe(12))).size() == 1u);
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(r.row.inviter == abe);
}

// -- one of ours is invited to a room that we take part in ------------------------------------------------------------

invited_membership_changed in_room(const matrix::event_ptr& invite) {
  invited_membership_changed m{"invite", invite->sender, {}, invite};
  m.chat_room_id = "chat-1";
  m.type = "channel";
  m.invite_room_state =
    R"([{"content":{"name":"Tea"},"sender":"@eve:there.example","state_key":"","type":"m.room.name"}])";
  return m;
}

BOOST_AUTO_TEST_CASE(an_invite_to_a_room_we_are_in_is_in_the_room_before_the_user_and_its_server_hear_of_it) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto checking = r.arrives(invite);
  BOOST_TEST(told<federation_reply>(checking).empty());
  BOOST_TEST(written<store::append_outbox>(checking).empty());
  const auto arrived = told<invite_arrived>(checking).at(0);
  BOOST_TEST((arrived.first == address{actor_kind::room, their_room}));
  BOOST_TEST(arrived.second.origin == "there.example");
  BOOST_TEST(arrived.second.event->source.find("signatures")->find_object("here.example") != nullptr);
  const auto heard = notified<chat::invitation_received>(r.on(in_room(invite))); // the room has taken it
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].room == "chat-1");
  BOOST_TEST(heard[0].room_name == "Tea");
  const auto answered = r.on(invite_placed{arrived.second.asked, invite_place::taken, {}});
  BOOST_TEST(told<federation_reply>(answered).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(answered).empty());
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(an_invite_the_room_refuses_is_told_nobody) {
  rig r(their_room, bob);
  r.place = {0, invite_place::refused, {fault_code::forbidden, "eve may not invite"}};
  const auto refused = r.invited(member_event(their_room, eve, bob, "invite", 5));
  BOOST_TEST(told<federation_reply>(refused).at(0).second.status == 403);
  BOOST_TEST(told<federation_reply>(refused).at(0).second.body.find("M_FORBIDDEN") != std::string::npos);
  BOOST_TEST(written<store::append_outbox>(refused).empty());
  BOOST_TEST(r.row.state == invitation_state::none);
}

BOOST_AUTO_TEST_CASE(an_invite_that_waits_for_its_past_is_answered_at_once_and_told_when_it_has_its_place) {
  rig r(their_room, bob);
  r.place = {0, invite_place::staged, {}};
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto staged = r.invited(invite);
  BOOST_TEST(told<federation_reply>(staged).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(staged).empty());
  BOOST_TEST(notified<chat::invitation_received>(r.on(in_room(invite))).size() ==
             1u); // counted when it came: the directory is not asked
}

BOOST_AUTO_TEST_CASE(an_invite_without_a_valid_signature_is_forbidden) {
  rig r(their_room, bob);
  auto pdu = member_event(their_room, eve, bob, "invite", 5)->source;
  pdu.set("signatures", matrix::json::object{{"there.example", matrix::json::object{{"ed25519:a", "AAAA"}}}});
  const auto refused = r.arrives(*matrix::make_event(pdu, *matrix::find_room_version("11")));
  BOOST_TEST(told<invite_arrived>(refused).empty());
  BOOST_TEST(told<federation_reply>(refused).at(0).second.status == 403);
}

BOOST_AUTO_TEST_CASE(an_invite_that_came_with_the_room_is_told_when_its_server_may_invite_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto asked = r.on(in_room(invite));
  BOOST_TEST(written<store::append_outbox>(asked).empty());
  const auto question = told<invite_admission_wanted>(asked).at(0);
  BOOST_TEST((question.first == address{actor_kind::directory, ""}));
  BOOST_TEST(question.second.origin == "there.example");
  BOOST_TEST(written<store::put_invitation>(asked).empty()); // we may have no such user
  const auto wait = r.on(invite_admitted{question.second.asked, 60'000});
  BOOST_TEST(written<store::append_outbox>(wait).empty());
  BOOST_TEST(r.row.pending_request == next_request::tell);
  r.now = timer_at(wait, "retry");
  BOOST_TEST(r.now == r.row.retry_at_ts);
  const auto again = r.begin(); // a restart loses nothing of it
  const auto told_now = r.on(invite_admitted{told<invite_admission_wanted>(again).at(0).second.asked, 0});
  BOOST_TEST(notified<chat::invitation_received>(told_now).size() == 1u);
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(of_an_invite_in_the_room_to_a_user_we_do_not_have_nothing_is_kept_or_told) {
  rig r(their_room, bob);
  const auto question =
    told<invite_admission_wanted>(r.on(in_room(member_event(their_room, eve, bob, "invite", 5)))).at(0).second;
  const auto ended = r.on(invite_admitted{question.asked, 0, false});
  BOOST_TEST(written<store::put_invitation>(ended).empty());
  BOOST_TEST(written<store::append_outbox>(ended).empty());
  BOOST_TEST(of_kind<finish>(ended).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_waits_for_its_turn_writes_nothing_at_each_refusal) {
  rig r(their_room, bob);
  auto list = r.on(in_room(member_event(their_room, eve, bob, "invite", 5)));
  auto asked = told<invite_admission_wanted>(list).at(0).second.asked;
  BOOST_TEST(written<store::put_invitation>(r.on(invite_admitted{asked, 60'000})).size() == 1u);
  for (int i = 0; i < 3; ++i) {
    r.now += 3'600'000;
    asked = told<invite_admission_wanted>(r.on(timer_due{"retry"})).at(0).second.asked;
    BOOST_TEST(written<store::put_invitation>(r.on(invite_admitted{asked, 60'000})).empty());
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_nobody_was_told_of_ends_without_a_word) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto question = told<invite_admission_wanted>(r.on(in_room(invite))).at(0).second;
  r.on(invite_admitted{question.asked, 60'000});
  const auto ended = r.on(
    invited_membership_changed{"leave", eve, {}, member_event(their_room, eve, bob, "leave", 6, {invite->event_id})});
  BOOST_TEST(written<store::append_outbox>(ended).empty());
  BOOST_TEST(r.row.state == invitation_state::revoked);
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(of_kind<finish>(ended).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_invite_of_the_room_that_is_older_than_the_one_he_answered_is_no_news) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 9)); // before we took part in the room
  r.command(chat::invite_answer{their_room, bob, false, {}});
  r.on(join_finished{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(written<store::append_outbox>(r.on(in_room(member_event(their_room, eve, bob, "invite", 5)))).empty());
  BOOST_TEST(r.row.state == invitation_state::rejected);
}

// -- we invite --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_revocation_that_was_taken_before_the_room_answered_is_confirmed) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending));
  BOOST_TEST(told<revoke_invite>(r.command(chat::invite_revoke{our_room, ann, eve, {}})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  r.on(revocation_done{});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(an_invite_that_may_arrive_late_is_taken_back_a_second_time) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  peer_answer none;
  none.asked = told<peer_request>(r.begin()).at(0).second.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  r.on(none);
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  r.on(revocation_done{});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.on(rescission_delivered{"$leave"}); // it may have come before the invite
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<rescission_wanted_again>(r.on(timer_due{"retry"})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_revocation_the_room_lost_with_its_actor_does_not_keep_the_invitation_for_ever) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  const auto request = told<peer_request>(r.begin()).at(0).second;
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  peer_answer none;
  none.asked = request.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  BOOST_TEST(told<revoke_invite>(r.on(none)).size() == 1u); // and nothing comes back
  r.now += 2 * std::int64_t{r.node.settings().federation.send_join_timeout_ms};
  const auto given_up = r.on(timer_due{"watch"});
  BOOST_REQUIRE(told<command_done>(given_up).size() == 1u);
  BOOST_TEST(!told<command_done>(given_up)[0].second.succeeded);
  BOOST_TEST(told<peer_request>(given_up).size() == 1u); // it goes on as before
}

BOOST_AUTO_TEST_CASE(a_revocation_the_other_server_took_before_we_heard_of_it_ourselves_is_confirmed) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {invite->event_id});
  r.on(rescission_delivered{leave->event_id});
  r.on(invited_membership_changed{"leave", ann, {}, leave, false});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_revocation_whose_confirmation_was_lost_is_asked_for_again) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
  const auto ended = r.on(invited_membership_changed{
    "leave", ann, {}, member_event(our_room, ann, eve, "leave", 6, {invite->event_id}), false});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  BOOST_TEST(of_kind<finish>(ended).empty());
  r.now = timer_at(ended, "confirm");
  const auto again = r.on(timer_due{"confirm"});
  BOOST_TEST(told<rescission_wanted_again>(again).size() == 1u);
  BOOST_TEST(timer_at(again, "confirm") > r.now);
}

BOOST_AUTO_TEST_CASE(an_invite_sent_again_after_a_crash_that_lost_its_revocation_is_taken_back_when_it_has_arrived) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
  r.row.attempts = 1;
  BOOST_TEST(told<peer_request>(r.begin()).size() == 1u); // the room has the leave, we do not know yet
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {invite->event_id});
  r.on(invited_membership_changed{"leave", ann, {}, leave, true});
  r.on(rescission_delivered{leave->event_id}); // before the invite arrived
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<rescission_wanted_again>(r.on(timer_due{"retry"})).size() == 1u);
  r.on(rescission_delivered{leave->event_id});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_signed_invite_is_offered_to_the_room_until_it_is_taken_however_often_the_room_fails) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending);
  row.pending_request = next_request::commit;
  row.attempts = 1;
  rig r(our_room, eve, row);
  for (int i = 0; i < 3; ++i) {
    r.now += r.node.settings().invitation.retry_delay_ms_max;
    const auto offered = r.on(timer_due{"retry"});
    BOOST_TEST(told<invite_accepted_by_server>(offered).size() == 1u);
    BOOST_TEST(timer_at(offered, "retry") > r.now);
  }
}

invite_wanted wish(const matrix::event_ptr& invite, std::optional<command_reference> command = {}) {
  return {invite, "[]", "chat-1", "channel", std::move(command)};
}

BOOST_AUTO_TEST_CASE(the_row_the_result_and_the_first_attempt_are_the_invitations) {
  rig r(our_room, eve);
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  const auto begun = r.on(wish(invite, command_reference{"s", "c1", 0}));
  BOOST_TEST(r.row.state == invitation_state::sending);
  BOOST_TEST(r.row.chat_room_id == "chat-1");
  BOOST_TEST(r.row.deadline_ts > r.now);
  BOOST_TEST(notified<chat::invitation_changed>(begun).at(0).state == "sending");
  BOOST_TEST(notified<chat::system_message>(begun).at(0).kind == "invited");
  BOOST_TEST(written<store::put_command_result>(begun).at(0).command_id == "c1");
  BOOST_TEST(told<command_done>(begun).at(0).second.body ==
             chat::encode(chat::answer{chat::invited_answer{"sending", "channel"}}));
  BOOST_TEST(told<invite_begun>(begun).at(0).second.event_id == invite->event_id);
  BOOST_TEST(told<peer_request>(begun).size() == 1u);
  // The word of it comes a second time where the answer was lost.
  const auto again = r.on(wish(invite));
  BOOST_TEST(told<invite_begun>(again).size() == 1u);
  BOOST_TEST(told<peer_request>(again).empty());
  BOOST_TEST(written<store::append_outbox>(again).empty());
}

BOOST_AUTO_TEST_CASE(who_is_invited_again_just_when_the_revocation_is_confirmed_is_invited) {
  const auto first = member_event(our_room, ann, eve, "invite", 5),
             second = member_event(our_room, ann, eve, "invite", 7);
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {first->event_id});
  const rescission_delivered delivered{leave->event_id, {first->event_id}};
  for (const bool confirmed_first : {true, false}) {
    rig r(our_room, eve, ours_to(eve, first, invitation_state::pending));
    r.command(chat::invite_revoke{our_room, ann, eve, {}});
    r.on(revocation_done{{}, first->event_id});
    BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
    // Two words at the same moment, from the other server's actor and from the room.
    if (confirmed_first) r.on(delivered);
    const auto begun = r.on(wish(second, command_reference{"s", "c2", 0}));
    if (!confirmed_first) r.on(delivered);
    BOOST_TEST(told<command_done>(begun).at(0).second.succeeded);
    BOOST_TEST(r.row.state == invitation_state::sending);
    BOOST_TEST(told<peer_request>(begun).at(0).second.parameters.at(1) == second->event_id);
    // It goes its way to the end, also with a new actor.
    BOOST_TEST(told<peer_request>(r.begin()).at(0).second.parameters.at(1) == second->event_id);
    BOOST_TEST(r.row.event == second->to_json());
  }
}

BOOST_AUTO_TEST_CASE(the_delivery_of_an_earlier_leave_does_not_confirm_the_revocation_of_the_next_invitation) {
  const auto first = member_event(our_room, ann, eve, "invite", 5),
             second = member_event(our_room, ann, eve, "invite", 7);
  rig r(our_room, eve, ours_to(eve, second, invitation_state::pending));
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  r.on(rescission_delivered{"$earlier", {first->event_id}});
  r.on(revocation_done{{}, first->event_id}); // of the one before, which took very long
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(revocation_done{{}, second->event_id});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.on(rescission_delivered{"$leave", {second->event_id}});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_room_that_forgot_an_invite_under_way_is_told_of_it_and_does_not_send_a_second) {
  const auto first = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, first, invitation_state::sending));
  const auto second = member_event(our_room, ann, eve, "invite", 6);
  const auto refused = r.on(wish(second, command_reference{"s", "c2", 0}));
  BOOST_TEST(!told<command_done>(refused).at(0).second.succeeded);
  BOOST_TEST((chat::decode_fault(told<command_done>(refused)[0].second.body).code == fault_code::conflict));
  BOOST_TEST(told<invite_abandoned>(refused).at(0).second.event_id == second->event_id);
  BOOST_TEST(told<invite_begun>(refused).at(0).second.event_id == first->event_id);
  BOOST_TEST(r.row.event == first->to_json());
}

BOOST_AUTO_TEST_CASE(an_invitation_the_other_server_never_took_is_not_pending_when_it_is_taken_back) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
  peer_answer none;
  none.asked = told<peer_request>(r.begin()).at(0).second.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  r.on(none);
  BOOST_TEST(
    told<revoke_invite>(r.command(chat::invite_revoke{our_room, ann, eve, {}})).at(0).second.uncommitted_invite !=
    nullptr);
  // The room takes the invite in, so that the leave can cite it.
  const auto in_room_now = r.on(invited_membership_changed{"invite", ann, {}, invite});
  BOOST_TEST(written<store::append_outbox>(in_room_now).empty());
  BOOST_TEST(r.row.state == invitation_state::sending);
  const auto taken_back = notified<chat::invitation_changed>(r.on(revocation_done{{}, invite->event_id}));
  BOOST_REQUIRE(taken_back.size() == 1u);
  BOOST_TEST(taken_back[0].previous_state == "sending");
  BOOST_TEST(taken_back[0].state == "revoked_unconfirmed");
}

BOOST_AUTO_TEST_CASE(a_revocation_is_confirmed_where_somebody_else_had_invited_the_same_user) {
  for (const bool is_made_again : {false, true}) {
    const auto invite = member_event(our_room, ann, eve, "invite", 5);
    const auto others = member_event(our_room, bob, eve, "invite", 5);
    rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
    r.begin();
    r.command(chat::invite_revoke{our_room, ann, eve, {}});
    // In the room the other invite stands, and it is that which the leave cites.
    const auto leave = member_event(our_room, ann, eve, "leave", 6, {others->event_id});
    r.on(invited_membership_changed{"leave", ann, {}, leave, false});
    r.on(revocation_done{{}, invite->event_id});
    BOOST_REQUIRE(r.row.state == invitation_state::revoked_unconfirmed);
    if (is_made_again) {
      BOOST_TEST(told<membership_wanted>(r.begin()).size() == 1u);
      r.on(invited_membership_changed{"leave", ann, {}, leave, true});
    }
    r.on(rescission_delivered{"$earlier", {"$an earlier invite"}});
    BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
    r.on(rescission_delivered{leave->event_id, {others->event_id}});
    BOOST_TEST(r.row.state == invitation_state::revoked);
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_whose_repetition_was_refused_is_accepted_when_who_was_invited_joins_by_it) {
  for (const bool by_it : {true, false}) {
    const auto invite = member_event(our_room, ann, eve, "invite", 5);
    rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
    peer_answer refused;
    refused.asked = told<peer_request>(r.begin()).at(0).second.asked;
    refused.status = 403;
    refused.errcode = "M_FORBIDDEN";
    refused.why = {fault_code::peer_refused, "she is in the room already"};
    r.on(refused);
    BOOST_REQUIRE(r.row.state == invitation_state::failed);
    r.begin();
    const auto join =
      member_event(our_room, eve, eve, "join", 6, by_it ? std::vector{invite->event_id} : std::vector<std::string>{});
    const auto told_now =
      notified<chat::invitation_changed>(r.on(invited_membership_changed{"join", eve, {}, join, false}));
    BOOST_TEST((r.row.state == (by_it ? invitation_state::accepted : invitation_state::failed)));
    BOOST_REQUIRE(told_now.size() == (by_it ? 1u : 0u));
    if (by_it) BOOST_TEST(told_now[0].previous_state == "failed");
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_that_waits_tells_why_how_often_it_was_tried_and_when_it_is_tried_next) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  auto attempts = r.begin();
  const auto fails = [&](fault_code code, const std::string& words) {
    peer_answer none;
    none.asked = told<peer_request>(attempts).at(0).second.asked;
    none.why = {code, words};
    const auto failed = r.on(none);
    const auto told_now = notified<chat::invitation_changed>(failed);
    r.now = r.row.retry_at_ts;
    attempts = r.on(timer_due{"retry"});
    return told_now;
  };
  const auto first = fails(fault_code::peer_unreachable, "connection refused by 192.0.2.1");
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST(first[0].state == "sending");
  BOOST_TEST(first[0].previous_state == "sending");
  BOOST_TEST(first[0].last_fault == "peer_unreachable: connection refused by 192.0.2.1");
  BOOST_TEST(first[0].attempts == 2u); // one of the life before
  BOOST_TEST(first[0].retry_at_ts > noon);
  BOOST_TEST(
    fails(fault_code::peer_unreachable, "connection refused by 192.0.2.2").empty()); // no news for the chat server
  BOOST_TEST(r.row.last_fault == "peer_unreachable: connection refused by 192.0.2.2");
  BOOST_TEST(fails(fault_code::peer_tls, "expired").at(0).attempts == 4u);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_ran_out_and_that_nobody_may_take_back_stays_open_and_may_be_accepted) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon + 1'000;
  rig r(our_room, eve, row);
  r.now = row.deadline_ts;
  BOOST_TEST(told<revoke_invite>(r.on(timer_due{"deadline"})).size() == 1u);
  const auto refused =
    r.on(revocation_done{{fault_code::forbidden, "no user of this server may take the invitation back"}});
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(timer_at(refused, "deadline") > r.now);
  r.now = r.row.deadline_ts; // somebody has got the power by then, or nobody yet
  BOOST_TEST(told<revoke_invite>(r.on(timer_due{"deadline"})).size() == 1u);
  r.on(revocation_done{{fault_code::forbidden, "no user of this server may take the invitation back"}});
  r.on(invited_membership_changed{"join", eve, {}, member_event(our_room, eve, eve, "join", 6), false});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(what_was_stored_while_the_clock_was_days_ahead_counts_from_now_on) {
  const time_ms ahead = 400 * 86'400'000LL;
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending);
  row.since_ts = noon + ahead;
  row.deadline_ts = noon + ahead + 3'600'000;
  row.retry_at_ts = noon + ahead;
  rig r(our_room, eve, row);
  const auto begun = r.begin();
  BOOST_TEST(told<peer_request>(begun).size() == 1u); // the attempt is due
  BOOST_TEST(timer_at(begun, "deadline") == noon + std::int64_t{r.node.settings().invitation.lifetime_h} * 3'600'000);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_ran_out_when_nobody_of_ours_was_left_has_expired) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon;
  rig r(our_room, eve, row);
  r.on(timer_due{"deadline"});
  r.on(revocation_done{{fault_code::not_member, "nobody of this server is in the room"}});
  BOOST_TEST(r.row.state == invitation_state::expired);
}

BOOST_AUTO_TEST_CASE(who_accepts_at_the_moment_the_invitation_runs_out_has_accepted) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon;
  rig r(our_room, eve, row);
  r.on(timer_due{"deadline"});
  r.on(invited_membership_changed{"join", eve, {}, member_event(our_room, eve, eve, "join", 6), false});
  r.on(revocation_done{{fault_code::conflict, eve + " is not invited"}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_SUITE_END()
