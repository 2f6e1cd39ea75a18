#include "actors/room/remote_join.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using namespace causeway;
using namespace causeway::test;
using room::question::join_state;
using room::question::of_join;

BOOST_AUTO_TEST_SUITE(room_remote_join_alone)

namespace {

/// The room is one that nobody of ours is in; the test is the servers that are.
struct joining_rig : assembled_rig {
  std::vector<std::string> parents = head();

  joining_rig() { room.clear(); }

  static join_request join_of(const std::string& user) {
    join_request m;
    m.user_id = user;
    m.room_version = "11";
    m.via = {"there.example", "third.example"};
    return m;
  }
  effects want(const std::string& user = ann) {
    remote.want(join_of(user));
    return take();
  }
  effects answer(const effects& asked, int status, std::string body = {}, std::string errcode = {}) {
    auto a = test::answer_to(question_in(asked), status, std::move(body));
    if (!errcode.empty()) a.why = {fault_code::peer_refused, errcode};
    a.errcode = std::move(errcode);
    return hear<of_join>(remote, a);
  }
  /// A template for ann, as make_join gives it.
  std::string make_join_body(const std::string& version = "11", const std::string& user = ann) const {
    matrix::json::array prev;
    for (const auto& id : parents) prev.emplace_back(id);
    const matrix::json::object event{{"type", "m.room.member"},
                                     {"room_id", room_id},
                                     {"sender", user},
                                     {"state_key", user},
                                     {"content", matrix::json::object{{"membership", "join"}}},
                                     {"prev_events", std::move(prev)},
                                     {"auth_events", matrix::json::array{}},
                                     {"depth", 60},
                                     {"origin_server_ts", now}};
    return matrix::json::canonical(matrix::json::object{{"event", event}, {"room_version", version}});
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(servers_are_asked_in_their_order_and_the_weightiest_refusal_is_told) {
  joining_rig r;
  auto list = r.want();
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::make_join}));
  list = r.answer(list, 403, "{}", "M_FORBIDDEN");
  BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::make_join}));
  list = r.answer(list, 0);
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_REQUIRE(r.events.failed.size() == 1u);
  BOOST_TEST((r.events.failed[0].why.code == fault_code::forbidden));
  BOOST_TEST(r.events.failed[0].wanted.user_id == ann);
  BOOST_TEST(!r.events.failed[0].join_outcome_unknown);
  BOOST_TEST(r.remote.is_idle());
  BOOST_TEST(r.pending.size() == 0u);
}

BOOST_AUTO_TEST_CASE(second_join_waits_for_how_the_first_ends) {
  joining_rig r;
  auto list = r.want();
  BOOST_TEST(told<peer_request>(r.want(bob)).empty());
  list = r.answer(r.answer(list, 0), 0);
  BOOST_REQUIRE(r.events.failed.size() == 1u);
  BOOST_TEST(r.events.failed[0].waiting == 1u);
}

BOOST_AUTO_TEST_CASE(no_other_server_is_asked_where_the_version_of_the_room_is_unknown_to_us) {
  joining_rig r;
  const auto list = r.answer(r.want(), 400, R"({"room_version":"99"})", "M_INCOMPATIBLE_ROOM_VERSION");
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_REQUIRE(r.events.failed.size() == 1u);
  BOOST_TEST((r.events.failed[0].why.code == fault_code::incompatible_room_version));
}

BOOST_AUTO_TEST_CASE(nothing_of_a_template_is_believed_but_the_place_in_the_graph) {
  joining_rig r;
  auto list = r.answer(r.want(), 200, r.make_join_body());
  const auto sent = question_in(list);
  BOOST_TEST((sent.endpoint == matrix::endpoint::send_join_v2));
  const auto body = *matrix::json::parse(sent.body);
  BOOST_TEST(*body.find_string("sender") == ann);
  BOOST_TEST(body.find_array("prev_events")->size() == r.parents.size());
  BOOST_TEST(body.find_object("signatures")->find("here.example") != nullptr);
  BOOST_TEST((r.remote.rules() != nullptr));
}

BOOST_AUTO_TEST_CASE(template_for_somebody_else_or_of_another_version_is_refused) {
  for (const bool is_version : {true, false}) {
    joining_rig r;
    const auto list = r.answer(r.want(), 200, is_version ? r.make_join_body("10") : r.make_join_body("11", bob));
    BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::make_join}));
  }
}

BOOST_AUTO_TEST_CASE(join_whose_answer_was_lost_may_have_come_through) {
  joining_rig r;
  auto list = r.answer(r.want(), 200, r.make_join_body());
  list = r.answer(list, 0); // send_join
  BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::make_join}));
  list = r.answer(list, 0);
  BOOST_REQUIRE(r.events.failed.size() == 1u);
  BOOST_TEST(r.events.failed[0].join_outcome_unknown);
}

BOOST_AUTO_TEST_CASE(question_that_was_lost_has_the_next_server_asked) {
  joining_rig r;
  const auto asked = question_in(r.want());
  r.after(time_ms{asked.timeout_ms} + room::pending_questions::lost_after_ms);
  BOOST_TEST(addressed(r.hear_nothing<of_join>(r.remote)).server == "third.example");
}

BOOST_AUTO_TEST_CASE(state_without_a_create_event_has_the_next_server_asked) {
  joining_rig r;
  auto list = r.answer(r.want(), 200, r.make_join_body());
  list = r.answer(list, 200, R"({"auth_chain":[],"state":[]})");
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::make_join}));
  BOOST_TEST(!r.events.has_joined);
}

BOOST_AUTO_TEST_CASE(state_whose_keys_cannot_be_had_is_verified_again_after_a_pause) {
  joining_rig r;
  auto list = r.answer(r.want(), 200, r.make_join_body());
  std::string state;
  for (const auto& [key, id] : r.state()) state += (state.empty() ? "" : ",") + r.event(id)->to_json();
  list = r.answer(list, 200, R"({"auth_chain":[],"state":[)" + state + "]}");
  auto verdict = assembled_rig::verified(list);
  verdict.checks.assign(verdict.checks.size(), event_check::no_key);
  list = r.hear<join_state>(r.remote, verdict);
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_REQUIRE(r.remote.deadline() > r.now);
  r.after(r.remote.deadline() - r.now);
  r.remote.on_deadline();
  BOOST_TEST(told<verify_events>(r.take()).size() == 1u);
  BOOST_TEST(r.remote.is_active());
  BOOST_TEST(!r.events.has_joined);
}

BOOST_AUTO_TEST_SUITE_END()
