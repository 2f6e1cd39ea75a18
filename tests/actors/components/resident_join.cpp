#include "actors/room/resident_join.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using room::question::of_resident;

BOOST_AUTO_TEST_SUITE(room_resident_join_alone)

namespace {

const std::string carl = "@carl:here.example", dora = "@dora:here.example", tom = "@tom:third.example";
const fault nobody_of_ours{fault_code::unable_to_authorise_join, "this server is not in all rooms"};
constexpr time_ms patience_ms = 60'000;

join_request join_of(const std::string& user) {
  join_request m;
  m.user_id = user;
  return m;
}

/// A room in which others may invite, tom of third.example above eve of there.example.
struct resident_rig : assembled_rig {
  room::resident_join resident{room, out, pending, events};

  resident_rig() : resident_rig({{tom, 80}, {eve, 60}}) {}
  explicit resident_rig(const std::vector<std::pair<std::string, int>>& powerful) {
    object levels = event(state().at({"m.room.power_levels", ""}))->content(), users{{ann, 100}};
    for (const auto& [user, level] : powerful) users.set(user, level);
    levels.set("users", std::move(users));
    auto last = made(ann, "m.room.power_levels", std::move(levels), "");
    add(last);
    for (const auto& [user, level] : powerful) {
      last = made(user, "m.room.member", {{"membership", "join"}}, user, {}, {last->event_id});
      add(last);
    }
    (void)take();
  }

  effects begin(const std::string& user = carl) {
    resident.begin(join_of(user), nobody_of_ours);
    return take();
  }
  effects answer(const effects& asked, int status, std::string body = {}, std::string errcode = {}) {
    auto a = test::answer_to(question_in(asked), status, std::move(body));
    if (!errcode.empty()) a.why = {fault_code::peer_refused, errcode};
    a.errcode = std::move(errcode);
    return hear<of_resident>(resident, a);
  }
  /// A template, as make_join gives it. @param by  who lets the user in; empty: nobody is named
  std::string template_of(const std::string& user = carl, const std::string& by = tom,
                          const std::string& version = "11") const {
    array prev;
    for (const auto& id : room.graph.extremities()) prev.emplace_back(id);
    object content{{"membership", "join"}};
    if (!by.empty()) content.set("join_authorised_via_users_server", by);
    const object event{{"type", "m.room.member"}, {"room_id", room_id}, {"sender", user},
                       {"state_key", user},       {"content", content}, {"prev_events", std::move(prev)},
                       {"auth_events", array{}},  {"depth", 60}};
    return matrix::json::canonical(object{{"event", event}, {"room_version", version}});
  }
  /// The join that was sent comes back with the signature of third.example.
  effects sign(const effects& asked) {
    const auto x = *matrix::parse_event(question_in(asked).body, rules());
    const auto back = matrix::add_signature(*x, "third.example", key_of('3'));
    return answer(
      asked, 200,
      matrix::json::canonical(object{{"event", back->source}, {"state", array{}}, {"auth_chain", array{}}}));
  }
  void have_signed(const std::string& user) { (void)sign(answer(begin(user), 200, template_of(user))); }
};

} // namespace

BOOST_AUTO_TEST_CASE(most_powerful_resident_is_asked_and_its_signature_sends_the_join_through_the_checks) {
  resident_rig r;
  auto list = r.begin();
  BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::make_join}));
  BOOST_TEST(question_in(list).parameters == (std::vector{r.room_id, carl}), boost::test_tools::per_element());
  list = r.answer(list, 200, r.template_of());
  BOOST_TEST((addressed(list) == test::question{"third.example", matrix::endpoint::send_join_v2}));
  BOOST_TEST(r.sign(list).empty());
  BOOST_REQUIRE(r.events.signed_joins.size() == 1u);
  const auto& [join, server] = r.events.signed_joins[0];
  BOOST_TEST(server == "third.example");
  const auto* signatures = join->source.find("signatures");
  for (const auto* of : {"here.example", "third.example"}) BOOST_TEST((signatures->find(of) != nullptr), of);
  BOOST_TEST(r.events.ended.empty()); // the room's checks have the word

  r.add(join);
  r.resident.event_completed(*join, {});
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST((r.events.ended[0].why.code == fault_code::none));
  BOOST_TEST(r.events.ended[0].wanted.user_id == carl);
  BOOST_TEST(r.resident.is_idle());
}

BOOST_AUTO_TEST_CASE(refusals_have_the_next_resident_asked_and_the_last_one_is_told) {
  resident_rig r;
  auto list = r.answer(r.begin(), 400, {}, "M_UNABLE_TO_AUTHORISE_JOIN");
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::make_join}));
  BOOST_TEST(r.events.ended.empty());
  list = r.answer(list, 403, {}, "M_FORBIDDEN");
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST((r.events.ended[0].why.code == fault_code::forbidden));
  BOOST_TEST(!r.events.ended[0].join_outcome_unknown);
  BOOST_TEST(r.resident.is_idle());
}

BOOST_AUTO_TEST_CASE(where_no_resident_may_invite_the_join_fails_as_it_did_here) {
  resident_rig r{{{tom, 49}, {eve, 0}}};
  BOOST_TEST(told<peer_request>(r.begin()).empty());
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST((r.events.ended[0].why.code == nobody_of_ours.code));
}

BOOST_AUTO_TEST_CASE(template_that_is_not_for_this_join_has_the_next_resident_asked) {
  for (const auto& bad : {std::string{"{}"}, resident_rig{}.template_of(carl, {})}) {
    resident_rig r;
    BOOST_TEST(addressed(r.answer(r.begin(), 200, bad)).server == "there.example");
  }
  resident_rig r;
  BOOST_TEST(addressed(r.answer(r.begin(), 200, r.template_of(dora))).server == "there.example");
  resident_rig other_version;
  BOOST_TEST(
    addressed(other_version.answer(other_version.begin(), 200, other_version.template_of(carl, tom, "10"))).server ==
    "there.example");
}

BOOST_AUTO_TEST_CASE(join_that_comes_back_without_the_signature_counts_for_nothing) {
  resident_rig r;
  const auto sent = r.answer(r.begin(), 200, r.template_of());
  const auto list = r.answer(sent, 200, R"({"event":{"signatures":{}},"state":[],"auth_chain":[]})");
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::make_join}));
  BOOST_TEST(r.events.signed_joins.empty());
}

BOOST_AUTO_TEST_CASE(signed_join_that_does_not_pass_here_has_the_next_resident_asked) {
  resident_rig r;
  r.have_signed(carl);
  r.resident.event_completed(*r.message_of(eve, "another event"), {});
  BOOST_TEST(r.take().empty());
  r.resident.event_completed(*r.events.signed_joins.at(0).first, "not allowed");
  const auto list = r.take();
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::make_join}));
  (void)r.answer(list, 0);
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST((r.events.ended[0].why.code == fault_code::peer_timeout));
}

BOOST_AUTO_TEST_CASE(question_that_was_lost_has_the_next_resident_asked) {
  resident_rig r;
  const auto asked = question_in(r.begin());
  r.after(time_ms{asked.timeout_ms} + room::pending_questions::lost_after_ms);
  BOOST_TEST(addressed(r.hear_nothing<of_resident>(r.resident)).server == "there.example");
}

BOOST_AUTO_TEST_CASE(signed_join_waits_so_long_for_what_it_rests_on_whoever_joins_meanwhile) {
  resident_rig r;
  r.have_signed(carl);
  BOOST_TEST(r.resident.deadline() == r.now + patience_ms);
  r.after(50'000);
  r.have_signed(dora);
  BOOST_TEST(r.resident.deadline() == r.now + 10'000);
  const auto asked = r.begin("@finn:here.example");
  r.after(10'000);
  r.resident.on_deadline();
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST(r.events.ended[0].wanted.user_id == carl);
  BOOST_TEST((r.events.ended[0].why.code == fault_code::peer_timeout));
  BOOST_TEST(r.events.ended[0].join_outcome_unknown); // others may see them in the room
  BOOST_TEST(r.resident.deadline() == r.now + 50'000);
  r.after(50'000);
  r.resident.on_deadline();
  BOOST_REQUIRE(r.events.ended.size() == 2u);
  BOOST_TEST(r.events.ended[1].wanted.user_id == dora);
  BOOST_TEST(r.resident.deadline() == 0);
  BOOST_TEST(!r.resident.is_idle()); // who waits for an answer is another question's
  BOOST_TEST(addressed(r.answer(asked, 200, r.template_of("@finn:here.example"))).server == "third.example");
}

BOOST_AUTO_TEST_CASE(residents_and_joins_are_bounded) {
  std::vector<std::pair<std::string, int>> powerful;
  for (int i = 0; i < 6; ++i) powerful.emplace_back("@u:" + crowd_server(i), 50);
  resident_rig r{powerful};
  std::set<std::string> asked;
  for (auto list = r.begin(); !told<peer_request>(list).empty(); list = r.answer(list, 404, {}, "M_NOT_FOUND"))
    asked.insert(addressed(list).server);
  BOOST_TEST(asked.size() == room::resident_join::residents_max);
  BOOST_REQUIRE(r.events.ended.size() == 1u);

  constexpr auto most = room::resident_join::joins_max;
  for (std::size_t i = 0; i < most; ++i)
    BOOST_TEST(told<peer_request>(r.begin("@u" + std::to_string(i) + ":here.example")).size() == 1u);
  BOOST_TEST(told<peer_request>(r.begin()).empty());
  BOOST_REQUIRE(r.events.ended.size() == 2u);
  BOOST_TEST((r.events.ended[1].why.code == fault_code::limit_exceeded));
}

BOOST_AUTO_TEST_SUITE_END()
