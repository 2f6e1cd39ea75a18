// Who is asked about a room that is none makes no actor; what concerns an invitation of ours still reaches it.
#include "actors/doors.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(doors)

namespace {

const std::string known_room = "!known:there.example", unknown_room = "!none:there.example";
const std::string invited = "@ann:here.example";

struct rig {
  context node = here();
  std::shared_ptr<known_keys> rooms = std::make_shared<known_keys>(), invitations = std::make_shared<known_keys>();
  room_door door{node.who(), rooms, invitations};

  rig() { rooms->on_disk(known_room); }

  federation_call call(const std::string& method, const std::string& target, const std::string& body = {}) const {
    federation_call x{"g", 7, "there.example",
                      std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, target)), nullptr};
    if (!body.empty()) x.body = std::make_shared<const matrix::json::value>(*matrix::json::parse(body));
    return x;
  }
  static pdus_received pdus(std::vector<object> list) {
    return {{actor_kind::remote_server, "there.example"},
            5,
            "there.example",
            std::make_shared<std::vector<object>>(std::move(list))};
  }
  static object leave_of(const std::string& user) {
    return {{"type", "m.room.member"}, {"state_key", user}, {"content", object{{"membership", "leave"}}}};
  }
};

object some_event() { return {{"type", "m.room.message"}, {"content", object{}}}; }

} // namespace

BOOST_AUTO_TEST_CASE(events_of_a_room_that_is_none_are_answered_and_make_no_actor) {
  rig r;
  const auto said = r.door.answer(unknown_room, r.pdus({some_event(), some_event()}));
  BOOST_REQUIRE(said);
  BOOST_REQUIRE(said->size() == 1u);
  BOOST_TEST((said->front().to == address{actor_kind::remote_server, "there.example"}));
  const auto& handled = std::get<pdus_handled>(said->front().body);
  BOOST_TEST(handled.asked == 5u);
  BOOST_TEST(!handled.overloaded);
  BOOST_REQUIRE(handled.outcomes.size() == 2u);
  BOOST_TEST(handled.outcomes[1].error == "this server is not in the room");
}

BOOST_AUTO_TEST_CASE(receipts_of_a_room_that_is_none_end_at_the_door_and_nobody_is_in_it) {
  rig r;
  const auto dropped = r.door.answer(unknown_room, receipts_received{"there.example", {}});
  BOOST_REQUIRE(dropped);
  BOOST_TEST(dropped->empty());
  const auto said = r.door.answer(unknown_room, room_servers_request{{actor_kind::receipts, ""}, 7});
  BOOST_REQUIRE(said);
  BOOST_REQUIRE(said->size() == 1u);
  BOOST_TEST((said->front().to == address{actor_kind::receipts, ""}));
  BOOST_TEST(std::get<room_servers_response>(said->front().body).asked == 7u);
  BOOST_TEST(std::get<room_servers_response>(said->front().body).servers.empty());
  BOOST_TEST(!r.door.answer(known_room, receipts_received{"there.example", {}}));
}

BOOST_AUTO_TEST_CASE(a_room_on_disk_and_one_that_has_an_actor_are_spoken_to) {
  rig r;
  BOOST_TEST(!r.door.answer(known_room, r.pdus({some_event()})));
  r.rooms->made(unknown_room); // it is being joined, say
  BOOST_TEST(!r.door.answer(unknown_room, r.pdus({some_event()})));
  r.rooms->ended(unknown_room, false);
  BOOST_TEST(!!r.door.answer(unknown_room, r.pdus({some_event()})));
  r.rooms->made(unknown_room);
  r.rooms->ended(unknown_room, true);
  BOOST_TEST(!r.door.answer(unknown_room, r.pdus({some_event()})));
}

BOOST_AUTO_TEST_CASE(an_event_that_may_take_an_invitation_back_reaches_it) {
  rig r;
  BOOST_TEST(!!r.door.answer(unknown_room, r.pdus({r.leave_of(invited)}))); // he is not invited there
  r.invitations->on_disk(unknown_room + "|" + invited);
  BOOST_TEST(!r.door.answer(unknown_room, r.pdus({some_event(), r.leave_of(invited)})));
  BOOST_TEST(!!r.door.answer(unknown_room, r.pdus({some_event()})));
  BOOST_TEST(!!r.door.answer(unknown_room, r.pdus({r.leave_of("@bob:here.example")})));
  BOOST_TEST(!!r.door.answer(unknown_room, r.pdus({r.leave_of("@ann:there.example")})));
}

BOOST_AUTO_TEST_CASE(an_invitation_passes_and_may_be_taken_back_by_the_next_transaction) {
  rig r;
  const auto target = "/_matrix/federation/v2/invite/!none%3Athere.example/$e";
  const auto said = r.door.answer(
    unknown_room, r.call("PUT", target, R"({"event":{"state_key":"@ann:here.example"},"room_version":"11"})"));
  BOOST_REQUIRE(said);
  BOOST_REQUIRE(said->size() == 1u);
  BOOST_TEST((said->front().to == address{actor_kind::invitation, unknown_room + "|" + invited}));
  BOOST_TEST(std::holds_alternative<federation_call>(said->front().body));
  BOOST_TEST(!r.door.answer(unknown_room, r.pdus({r.leave_of(invited)})));
}

BOOST_AUTO_TEST_CASE(questions_about_a_room_that_is_none_are_answered_with_not_found) {
  rig r;
  for (const char* target : {"/_matrix/federation/v1/make_join/!none%3Athere.example/@u:there.example?ver=11",
                             "/_matrix/federation/v1/state/!none%3Athere.example?event_id=$e",
                             "/_matrix/federation/v1/backfill/!none%3Athere.example?v=$e",
                             "/_matrix/federation/v1/hierarchy/!none%3Athere.example"}) {
    const auto said = r.door.answer(unknown_room, r.call("GET", target));
    BOOST_REQUIRE(said);
    const auto& reply = std::get<federation_reply>(said->at(0).body);
    BOOST_TEST(reply.id == 7u);
    BOOST_TEST(reply.status == 404);
    BOOST_TEST(reply.origin == "there.example");
    BOOST_TEST(*matrix::json::parse(reply.body)->find_string("errcode") == "M_NOT_FOUND");
    BOOST_TEST(!r.door.answer(known_room, r.call("GET", target)));
  }
}

BOOST_AUTO_TEST_CASE(rooms_that_name_rooms_nobody_knows_wait_for_none) {
  rig r;
  const address parent{actor_kind::room, known_room};
  const auto member = r.door.answer(unknown_room, member_request{parent, 3, "@u:there.example"});
  BOOST_TEST(std::get<member_response>(member->at(0).body).asked == 3u);
  BOOST_TEST(!std::get<member_response>(member->at(0).body).known);
  const auto summary = r.door.answer(unknown_room, summary_request{parent, 4, "there.example", known_room, true});
  BOOST_TEST((summary->at(0).to == parent));
  BOOST_TEST(!std::get<summary_response>(summary->at(0).body).known);
  BOOST_TEST(r.door.answer(unknown_room, edu_received{"there.example", {}})->empty());
}

BOOST_AUTO_TEST_CASE(our_own_side_makes_the_actor_of_any_room) {
  rig r;
  BOOST_TEST(!r.door.answer(unknown_room, chat_command{}));
  BOOST_TEST(!r.door.answer(unknown_room, join_request{}));
  BOOST_TEST(!r.door.answer(unknown_room, membership_request{invited}));
  BOOST_TEST(!r.door.answer(unknown_room, passivate{}));
}

BOOST_AUTO_TEST_CASE(a_leave_in_a_room_we_have_left_makes_no_invitation) {
  auto keys = std::make_shared<known_keys>();
  const invitation_door door{keys};
  const rescission_received told{{actor_kind::room, known_room}, 6, "there.example", {}};
  const auto said = door.answer(known_room + "|" + invited, told);
  BOOST_TEST(std::get<rescission_result>(said->at(0).body).asked == 6u);
  BOOST_TEST(!std::get<rescission_result>(said->at(0).body).error.empty());
  keys->made(known_room + "|" + invited);
  BOOST_TEST(!door.answer(known_room + "|" + invited, told));
}

BOOST_AUTO_TEST_SUITE_END()
