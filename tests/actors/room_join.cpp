#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_join_command)

namespace {

const std::string refused = R"({"errcode":"M_FORBIDDEN","error":"no"})";

chat::room_join join_of(const std::string& user, std::vector<std::string> via) { return {"", user, std::move(via)}; }

} // namespace

BOOST_AUTO_TEST_CASE(a_user_joins_a_room_that_nobody_of_his_server_is_in) {
  for (const auto* version : {"6", "10", "11", "12"}) {
    shared_room r{version, false};
    joining_server there{r};
    const auto done = there.command(join_of(eve, {"here.example"}));
    BOOST_TEST((refusal_in(done).code == fault_code::none), version);
    BOOST_TEST(there.membership(eve) == "join");
    BOOST_TEST(r.membership(eve) == "join");
    const auto created = notified<chat::room_created>(done);
    BOOST_REQUIRE(created.size() == 1u);
    BOOST_TEST(created[0].matrix_room_id == r.room_id);
    BOOST_TEST(created[0].room_version == version);
    BOOST_TEST(created[0].room == "");
  }
}

BOOST_AUTO_TEST_CASE(the_result_says_which_room_it_was_and_comes_after_the_commit) {
  shared_room r{"11", false};
  joining_server there{r};
  const auto done = there.command(join_of(eve, {"here.example"}));
  bool found = false;
  for (const auto& p : of_kind<persist>(done)) {
    const bool writes_result = std::any_of(p.batch.writes.begin(), p.batch.writes.end(), [](const auto& w) {
      return std::holds_alternative<store::put_command_result>(w);
    });
    const bool writes_room = std::any_of(p.batch.writes.begin(), p.batch.writes.end(),
                                         [](const auto& w) { return std::holds_alternative<store::put_room>(w); });
    if (writes_result) {
      found = true;
      BOOST_TEST(writes_room);
      BOOST_TEST(told<command_done>(p.then).size() == 1u);
    }
  }
  BOOST_TEST(found);
  BOOST_TEST(told<command_done>(done).at(0).second.body ==
             chat::encode(chat::answer{chat::room_joined_answer{r.room_id, "11", "joined"}}));
}

BOOST_AUTO_TEST_CASE(servers_are_tried_in_order_until_one_lets_him_in) {
  shared_room r{"11", false};
  joining_server there{r};
  there.answers["full.example"] = {403, refused};
  const auto done = there.command(join_of(eve, {"dead.example", "full.example", "here.example", "never.example"}));
  BOOST_TEST((refusal_in(done).code == fault_code::none));
  const std::vector<std::string> expected{"dead.example v1/make_join/{}/{}", "full.example v1/make_join/{}/{}",
                                          "here.example v1/make_join/{}/{}", "here.example v2/send_join/{}/{}"};
  BOOST_TEST((std::vector<std::string>{there.asked.begin(), there.asked.begin() + 4} == expected));
}

BOOST_AUTO_TEST_CASE(history_that_the_resident_lacks_is_fetched_from_another) {
  shared_room r{"11", false};
  r.command(chat::message_send{"chat-1", ann, "m1", "early", {}, {}, {}, {}, {}});
  const std::string una = "@u:one.crowd.example";
  r.push({r.made(una, "m.room.member", {{"membership", "join"}}, una)}, "one.crowd.example");
  BOOST_REQUIRE(r.membership(una) == "join");
  joining_server there{r};
  there.outside = [&](const address& to, const message& m) -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q) return {};
    if (q->endpoint != matrix::endpoint::backfill) return there.answer_of(to.key, *q);
    if (to.key == "one.crowd.example") return there.answer_of("here.example", *q);
    peer_answer none;
    none.asked = q->asked;
    none.server_name = to.key;
    none.status = 200;
    none.body = "{\"pdus\":[]}";
    return none;
  };
  auto list = there.command(join_of(eve, {"here.example"}));
  append(list, there.pass(10'000));
  const auto heard = notified<chat::message_received>(list);
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].text == "early");
  BOOST_TEST(heard[0].historical);
}

BOOST_AUTO_TEST_CASE(how_large_a_room_is_is_only_asked_where_it_may_be_large) {
  const auto asks = [](std::uint32_t bound, bool is_direct) {
    shared_room r{"11", false};
    joining_server there{r};
    change(there.node).room.omit_members_above = bound;
    there.restart();
    join_request w;
    w.user_id = eve;
    w.via = {"here.example"};
    w.is_direct = is_direct;
    there.on(w);
    BOOST_TEST(there.membership(eve) == "join");
    return std::count(there.asked.begin(), there.asked.end(), "here.example v1/hierarchy/{}");
  };
  BOOST_TEST(asks(1'000, false) == 0); // fewer events than that have ever been there
  BOOST_TEST(asks(3, false) == 1);
  BOOST_TEST(asks(3, true) == 0);
}

BOOST_AUTO_TEST_CASE(a_room_that_was_named_before_anybody_is_in_it_is_created_under_that_name) {
  for (const bool is_restarted : {true, false}) {
    shared_room r{"11", false};
    joining_server there{r};
    if (is_restarted) {
      there.disk.head.chat_room_id = "their-1";
      there.restart();
    } else {
      there.on(room_named{r.room_id, "their-1"});
    }
    BOOST_TEST(there.disk.order.empty());
    const auto created = notified<chat::room_created>(there.command(join_of(eve, {"here.example"})));
    BOOST_REQUIRE(created.size() == 1u);
    BOOST_TEST(created[0].room == "their-1");
    BOOST_TEST(there.disk.head.chat_room_id == "their-1");
  }
}

BOOST_AUTO_TEST_CASE(what_no_server_grants_is_refused_with_the_weightiest_reason) {
  shared_room r{"11", false};
  auto why = [&](std::map<std::string, std::pair<int, std::string>> answers, std::vector<std::string> via) {
    joining_server there{r};
    there.answers = std::move(answers);
    return refusal_in(there.command(join_of(eve, std::move(via)))).code;
  };
  const std::string unknown = R"({"errcode":"M_NOT_FOUND","error":"no"})",
                    cannot = R"({"errcode":"M_UNABLE_TO_AUTHORISE_JOIN","error":"no"})";
  BOOST_TEST((why({}, {}) == fault_code::not_found));
  BOOST_TEST((why({}, {"dead.example"}) == fault_code::peer_unreachable));
  BOOST_TEST((why({{"a.example", {404, unknown}}}, {"a.example"}) == fault_code::not_found));
  BOOST_TEST((why({{"a.example", {404, unknown}}}, {"dead.example", "a.example"}) == fault_code::peer_unreachable));
  BOOST_TEST((why({{"a.example", {403, refused}}}, {"a.example", "dead.example"}) == fault_code::forbidden));
  BOOST_TEST(
    (why({{"a.example", {400, cannot}}}, {"a.example", "dead.example"}) == fault_code::unable_to_authorise_join));
  BOOST_TEST(
    (why({{"a.example", {400, R"({"errcode":"M_INCOMPATIBLE_ROOM_VERSION","error":"no","room_version":"99"})"}}},
         {"a.example", "here.example"}) == fault_code::incompatible_room_version));
}

BOOST_AUTO_TEST_CASE(a_refusal_for_the_rooms_version_names_it) {
  shared_room r{"11", false};
  joining_server there{r};
  there.answers["a.example"] = {
    400, R"({"errcode":"M_INCOMPATIBLE_ROOM_VERSION","error":"too new","room_version":"org.example.99"})"};
  const auto why = refusal_in(there.command(join_of(eve, {"a.example"})));
  BOOST_TEST((why.code == fault_code::incompatible_room_version));
  BOOST_TEST(why.detail.find("version org.example.99") != std::string::npos, why.detail);
}

BOOST_AUTO_TEST_CASE(the_join_that_is_sent_tells_its_origin) {
  for (const auto* version : {"2", "10", "11", "12"}) {
    shared_room r{version, false};
    joining_server there{r};
    std::string sent;
    there.outside = [&](const address& to, const message& m) -> std::optional<message> {
      const auto* request = std::get_if<peer_request>(&m);
      if (!request) return {};
      if (request->endpoint == matrix::endpoint::send_join_v2) sent = request->body;
      return there.answer_of(to.key, *request);
    };
    there.command(join_of(eve, {"here.example"}));
    const auto body = matrix::json::parse(sent);
    BOOST_REQUIRE_MESSAGE(body, version);
    BOOST_REQUIRE(body->find_string("origin"));
    BOOST_TEST(*body->find_string("origin") == "there.example");
    BOOST_TEST(r.membership(eve) == "join"); // hashed and signed with it
    BOOST_TEST(matrix::has_valid_content_hash(*r.event(r.state().at({"m.room.member", eve}))));
  }
}

BOOST_AUTO_TEST_CASE(a_member_joins_again_and_nothing_happens) {
  shared_room r;
  const auto before = r.disk.order.size();
  const auto done = r.command(join_of(bob, {}));
  BOOST_TEST((refusal_in(done).code == fault_code::none));
  BOOST_TEST(r.disk.order.size() == before);
}

BOOST_AUTO_TEST_CASE(where_the_server_takes_part_the_rooms_rules_decide) {
  shared_room r;
  BOOST_TEST((refusal_in(r.command(join_of("@carl:here.example", {}))).code == fault_code::none));
  BOOST_TEST(r.membership("@carl:here.example") == "join");
  r.push({r.made(ann, "m.room.join_rules", {{"join_rule", "invite"}}, "")});
  BOOST_TEST((refusal_in(r.command(join_of("@dora:here.example", {}))).code == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(commands_sent_behind_a_join_wait_for_it) {
  shared_room r{"11", false};
  joining_server there{r};
  std::optional<peer_request> open;
  there.outside = [&](const address&, const message& m) -> std::optional<message> {
    const auto* request = std::get_if<peer_request>(&m);
    if (request && request->endpoint == matrix::endpoint::make_join) open = *request;
    return {};
  };
  BOOST_TEST(told<command_done>(there.command(join_of(eve, {"here.example"}))).empty());
  BOOST_TEST(told<command_done>(there.command(chat::message_send{"", eve, "m1", "hello", {}, {}, {}, {}})).empty());
  // Now the server answers, and both are carried out.
  there.outside = [&](const address& to, const message& m) -> std::optional<message> {
    if (const auto* request = std::get_if<peer_request>(&m)) return there.answer_of(to.key, *request);
    return {};
  };
  const auto done = told<command_done>(there.on(there.answer_of("here.example", *open)));
  BOOST_REQUIRE(done.size() == 2u);
  BOOST_TEST(done[0].second.succeeded);
  BOOST_TEST(done[1].second.succeeded);
}

BOOST_AUTO_TEST_SUITE_END()
