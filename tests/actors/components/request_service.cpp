#include "actors/room/request_service.hpp"

#include "actors/room/membership_service.hpp"
#include "messages/invitation_key.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_request_service_alone)

namespace {

struct requests_rig : command_rig {
  room::membership_service membership{{room, out, pending, writer, authoring, policy, invitations, joins, events}};
  room::request_service requests{room, out, pending, membership, entry, partial};
  std::string origin = "there.example";

  effects ask(const std::string& method, const std::string& target, std::optional<object> body = {}) {
    auto c = call_of(method, target, std::move(body));
    c.origin = origin;
    requests.serve(c);
    return take();
  }
  effects get(const std::string& target) { return ask("GET", target); }
  int status_of(const std::string& target) { return reply_in(get(target)).status; }
  std::string event_path() const {
    return "/_matrix/federation/v1/event/" + matrix::percent_encode(room.graph.create()->event_id);
  }
  effects invite(const std::string& user, const char* version = "v2") {
    const auto e = made(eve, "m.room.member", {{"membership", "invite"}}, user);
    object body = e->source;
    if (std::string_view{version} == "v2")
      body = {{"room_version", "11"}, {"event", e->source}, {"invite_room_state", matrix::json::array{}}};
    return ask("PUT", path(std::string{version} + "/invite", e->event_id), std::move(body));
  }
  void shut_out(const char* server) {
    matrix::json::array deny, allow;
    deny.emplace_back(server);
    allow.emplace_back("*");
    set(ann, "m.room.server_acl", {{"allow", std::move(allow)}, {"deny", std::move(deny)}});
  }
  member_response member_told_of(const std::string& user, const std::string& with_server = {}) {
    requests.send_member({{actor_kind::directory, ""}, 5, user, with_server});
    const auto words = told<member_response>(take());
    if (words.size() != 1 || words[0].second.asked != 5) throw std::runtime_error("not one answer");
    return words[0].second;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(who_wants_to_join_or_leave_gets_a_template_for_it, requests_rig) {
  BOOST_TEST(*body_of(get(path("v1/make_join", "@new:there.example") + "?ver=11")).find_string("room_version") == "11");
  const auto leave = body_of(get(path("v1/make_leave", eve)));
  BOOST_TEST(*leave.find("event")->find("content")->find_string("membership") == "leave");
  BOOST_TEST(status_of(path("v1/make_knock", "@new:there.example") + "?ver=11") == 403); // the room is public
  BOOST_TEST(status_of(path("v1/make_leave", zoe)) == 403);                              // not theirs
}

BOOST_FIXTURE_TEST_CASE(what_comes_in_signed_is_taken_by_who_takes_memberships, requests_rig) {
  const auto leave = made(eve, "m.room.member", {{"membership", "leave"}}, eve);
  const auto checked = told<verify_events>(ask("PUT", path("v2/send_leave", leave->event_id), leave->source));
  BOOST_REQUIRE(checked.size() == 1u);
  BOOST_TEST(checked[0].second.events.at(0)->event_id == leave->event_id);
  // A leave is no join.
  BOOST_TEST(reply_in(ask("PUT", path("v2/send_join", leave->event_id), leave->source)).status == 400);
}

BOOST_FIXTURE_TEST_CASE(while_members_are_unknown_what_needs_them_is_not_answered_and_the_rest_is, requests_rig) {
  partial.begin(room.graph.state_event("m.room.member", ann)->event_id, "there.example", {"there.example"});
  (void)take();
  const auto create = matrix::percent_encode(room.graph.create()->event_id);
  BOOST_TEST(status_of(path("v1/make_join", "@new:there.example") + "?ver=11") == 404);
  BOOST_TEST(status_of(path("v1/make_knock", "@new:there.example") + "?ver=11") == 404);
  BOOST_TEST(status_of(path("v1/state") + "?event_id=" + create) == 404);
  BOOST_TEST(status_of(path("v1/state_ids") + "?event_id=" + create) == 404);
  const auto join = made("@new:there.example", "m.room.member", {{"membership", "join"}}, "@new:there.example");
  for (const auto* call : {"v1/send_join", "v2/send_join", "v1/send_knock"})
    BOOST_TEST(reply_in(ask("PUT", path(call, join->event_id), join->source)).status == 404, call);
  BOOST_TEST(status_of(path("v1/make_leave", eve)) == 200); // who goes may go
  BOOST_TEST(of_kind<ask_store>(get(event_path())).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_invite_is_looked_at_by_the_actor_of_that_invitation_first, requests_rig) {
  for (const auto* version : {"v1", "v2"}) {
    const auto words = told<federation_call>(invite(cyd, version));
    BOOST_REQUIRE(words.size() == 1u);
    BOOST_TEST((words[0].first == address{actor_kind::invitation, invitation::key_of(room_id, cyd)}));
    BOOST_TEST(words[0].second.id == calls);
  }
  BOOST_TEST(told<federation_call>(invite(bob)).size() == 1u); // is in already, perhaps by this one
}

BOOST_FIXTURE_TEST_CASE(a_server_that_the_room_has_shut_out_invites_nobody_into_it, requests_rig) {
  shut_out("there.example");
  const auto list = invite(cyd);
  BOOST_TEST(reply_in(list).status == 403);
  BOOST_TEST(told<federation_call>(list).empty());
  // Of a room that we have left the list is an old one.
  writer.left();
  BOOST_TEST(told<federation_call>(invite(cyd)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_alias_that_nobody_gave_the_room_is_not_found, requests_rig) {
  BOOST_TEST(status_of("/_matrix/federation/v1/query/directory?room_alias=" +
                       matrix::percent_encode("#lodge:here.example")) == 404);
  set(ann, "m.room.canonical_alias", {{"alias", "#lodge:here.example"}});
  entry.observe();
  (void)take();
  origin = "far.example"; // whoever asks
  BOOST_TEST(
    *body_of(get("/_matrix/federation/v1/query/directory?room_alias=" + matrix::percent_encode("#lodge:here.example")))
       .find_string("room_id") == room_id);
}

BOOST_FIXTURE_TEST_CASE(who_is_not_in_the_room_sees_its_summary_alone, requests_rig) {
  origin = "far.example";
  BOOST_TEST(*body_of(get(path("v1/hierarchy"))).find("room")->find_string("room_id") == room_id); // it is public
  const auto create = matrix::percent_encode(room.graph.create()->event_id);
  BOOST_TEST(status_of(path("v1/state_ids") + "?event_id=" + create) == 403);
  BOOST_TEST(status_of(path("v1/timestamp_to_event") + "?ts=1&dir=f") == 403);
  BOOST_TEST(status_of(path("v1/backfill") + "?v=" + create + "&limit=1") == 403);
  BOOST_TEST(requests.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_room_that_is_none_of_ours_is_not_found, requests_rig) {
  room.clear();
  (void)take();
  BOOST_TEST(status_of(path("v1/make_join", "@new:there.example") + "?ver=11") == 404);
  BOOST_TEST(status_of(path("v1/state_ids") + "?event_id=x") == 404);
  BOOST_TEST(status_of(path("v1/hierarchy")) == 404);
}

BOOST_FIXTURE_TEST_CASE(an_event_is_read_from_the_store_and_a_store_that_is_silent_is_not_waited_for, requests_rig) {
  const auto asked = get(event_path());
  BOOST_TEST(!requests.is_idle());
  store::events_loaded found;
  found.events.push_back(
    {room.graph.create(), store::verdict::accepted, disk.head.state_group, disk.head.state_group, 1});
  found.state_groups = disk.groups;
  const auto list = hear<room::question::called_events>(requests, stored(asked, found));
  BOOST_TEST(body_of(list).find_array("pdus")->size() == 1u);
  BOOST_TEST(requests.is_idle());
  (void)get(event_path());
  after(room::pending_questions::store_patience_ms);
  BOOST_TEST(reply_in(hear_nothing<room::question::called_events>(requests)).status >= 500);
  BOOST_TEST(requests.is_idle());
}

BOOST_FIXTURE_TEST_CASE(what_was_said_at_a_moment_is_looked_for_in_the_store, requests_rig) {
  const auto asked = get(path("v1/timestamp_to_event") + "?ts=1&dir=f");
  BOOST_TEST(of_kind<ask_store>(asked).size() == 1u);
  BOOST_TEST(!requests.is_idle());
  after(room::pending_questions::store_patience_ms);
  BOOST_TEST(reply_in(hear_nothing<room::question::near_timestamp>(requests)).status >= 400);
  BOOST_TEST(requests.is_idle());
}

BOOST_FIXTURE_TEST_CASE(rooms_of_a_space_are_asked_and_one_that_is_silent_is_left_out, requests_rig) {
  matrix::json::array via;
  via.emplace_back("here.example");
  set(ann, "m.space.child", {{"via", std::move(via)}}, "!child:here.example");
  const auto asked = told<summary_request>(get(path("v1/hierarchy")));
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((asked[0].first == address{actor_kind::room, "!child:here.example"}));
  BOOST_TEST(!requests.is_idle());
  const summary_response answer{asked[0].second.asked, true, R"({"room_id":"!child:here.example"})"};
  const auto list = hear<room::question::child_summary>(requests, answer);
  BOOST_TEST(body_of(list).find_array("children")->size() == 1u);
  BOOST_TEST(requests.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_space_hears_what_its_asker_may_see_of_the_room, requests_rig) {
  const address space{actor_kind::room, "!space:here.example"};
  requests.summarize({space, 9, "far.example", "!space:here.example", false});
  const auto words = told<summary_response>(take());
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == space));
  BOOST_TEST(words[0].second.asked == 9u);
  BOOST_TEST(!words[0].second.summary.empty());
}

BOOST_FIXTURE_TEST_CASE(whether_somebody_is_in_the_room_is_said_as_far_as_it_is_known, requests_rig) {
  BOOST_TEST(member_told_of(eve).joined);
  BOOST_TEST(member_told_of(eve).known);
  BOOST_TEST(!member_told_of(zoe).joined);
  BOOST_TEST(member_told_of(zoe).known);
  BOOST_TEST(member_told_of(ann, "there.example").joined);
  BOOST_TEST(!member_told_of(ann, "third.example").joined);
  // Who is not among the members that are known may be in the room.
  partial.begin(member_event_of(ann)->event_id, "there.example", {"there.example"});
  (void)take();
  BOOST_TEST(member_told_of(eve).joined);
  BOOST_TEST(member_told_of(eve).known);
  BOOST_TEST(!member_told_of(zoe).known);
}

BOOST_FIXTURE_TEST_CASE(of_a_room_that_we_have_left_nobody_is_said_to_be_in_it, requests_rig) {
  writer.left();
  BOOST_TEST(!member_told_of(eve).joined);
  BOOST_TEST(!member_told_of(eve).known);
}

BOOST_AUTO_TEST_SUITE_END()
