#include "actors/room/remote_state.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(remote_state_suite)

namespace {

const std::string room_id = "!r:there.example";
const auto& rules = *matrix::find_room_version("11");

/// A member event of there.example; nothing but its form matters here.
matrix::event_ptr member(int number, const std::string& room = room_id) {
  const auto user = "@m" + std::to_string(number) + ":there.example";
  object pdu{{"type", "m.room.member"},
             {"room_id", room},
             {"sender", user},
             {"state_key", user},
             {"content", object{{"membership", "join"}}},
             {"depth", 2},
             {"origin_server_ts", noon}};
  pdu.set("prev_events", matrix::json::array{"$before"});
  pdu.set("auth_events", matrix::json::array{"$create"});
  return *matrix::hash_and_sign(std::move(pdu), rules, "there.example", there_key());
}

matrix::event_ptr create() {
  object pdu{{"type", "m.room.create"},
             {"room_id", room_id},
             {"sender", "@a:there.example"},
             {"state_key", ""},
             {"content", object{{"room_version", "11"}}},
             {"depth", 1},
             {"origin_server_ts", noon}};
  pdu.set("prev_events", matrix::json::array{});
  pdu.set("auth_events", matrix::json::array{});
  return *matrix::hash_and_sign(std::move(pdu), rules, "there.example", there_key());
}

std::string answer(const std::vector<matrix::event_ptr>& state, const std::vector<matrix::event_ptr>& chain) {
  auto list = [](const std::vector<matrix::event_ptr>& events) {
    std::string text;
    for (const auto& e : events) text += (text.empty() ? "" : ",") + e->to_json();
    return text;
  };
  return "{\"auth_chain\":[" + list(chain) + "],\"origin\":\"there.example\",\"state\":[" + list(state) + "]}";
}

/// Verifies part after part with `check`; returns the sizes of the parts.
std::vector<std::size_t> verify_all(room::remote_state& told, event_check check) {
  std::vector<std::size_t> parts;
  for (auto part = told.next_part(); !part.empty(); part = told.next_part()) {
    parts.push_back(part.size());
    told.take(std::vector<event_check>(part.size(), check));
  }
  return parts;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_event_in_both_lists_is_one_of_the_state) {
  room::remote_state told;
  const auto rest = told.read(answer({create(), member(1)}, {create(), member(2)}), "state", room_id, rules);
  BOOST_REQUIRE(bool(rest));
  BOOST_TEST(*rest->find("origin")->as_string() == "there.example");
  BOOST_TEST(told.size() == 3u);
  BOOST_REQUIRE(told.create());
  verify_all(told, event_check::valid);
  const auto verified = told.take_verified();
  BOOST_TEST(verified.state.size() == 2u);
  BOOST_REQUIRE(verified.auth_chain.size() == 1u);
  BOOST_TEST(*verified.auth_chain[0]->state_key == "@m2:there.example");
}

BOOST_AUTO_TEST_CASE(what_is_of_another_room_or_comes_twice_or_is_no_event_is_left_out) {
  room::remote_state told;
  auto text = answer({create(), member(1), member(1), member(2, "!other:there.example")}, {});
  text.insert(text.rfind(']'), ",7,{},{\"type\":\"m.room.member\"}");
  BOOST_REQUIRE(bool(told.read(text, "state", room_id, rules)));
  BOOST_TEST(told.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_takes_nothing_else_with_it) {
  room::remote_state told;
  auto text = answer({create(), member(1)}, {member(2)});
  for (const std::string& bad : {std::string(5'000, '[') + std::string(5'000, ']'),
                                 std::string{R"({"type":"a","type":"b"})"}, std::string{R"({"a":"\ud800"})"}}) {
    text.insert(text.find("[{") + 1, bad + ","); // of the auth chain
    text.insert(text.rfind(']'), "," + bad);     // of the state
  }
  BOOST_REQUIRE(bool(told.read(text, "state", room_id, rules)));
  BOOST_TEST(told.size() == 3u);
  BOOST_TEST(bool(told.create()));
}

BOOST_AUTO_TEST_CASE(two_create_events_are_none) {
  room::remote_state told;
  auto other = create()->source;
  other.set("origin_server_ts", noon + 1);
  const auto second = *matrix::hash_and_sign(std::move(other), rules, "there.example", there_key());
  BOOST_REQUIRE(bool(told.read(answer({create(), second}, {}), "state", room_id, rules)));
  BOOST_TEST(!told.create());
}

BOOST_AUTO_TEST_CASE(a_missing_list_is_named) {
  room::remote_state told;
  const auto read = told.read("{\"auth_chain\":[]}", "state", room_id, rules);
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.error().detail == "no state");
}

BOOST_AUTO_TEST_CASE(a_large_state_is_verified_in_parts_and_only_what_had_no_key_again) {
  std::vector<matrix::event_ptr> state{create()};
  for (int i = 0; i < 2'499; ++i) state.push_back(member(i));
  room::remote_state told;
  BOOST_REQUIRE(bool(told.read(answer(state, {}), "state", room_id, rules)));
  BOOST_TEST((verify_all(told, event_check::valid) == std::vector<std::size_t>{2'000, 500}));
  BOOST_TEST(told.verified() == 2'500u);
  BOOST_TEST(told.without_key() == 0u);

  BOOST_REQUIRE(bool(told.read(answer(state, {}), "state", room_id, rules)));
  auto part = told.next_part();
  std::vector<event_check> checks(part.size(), event_check::valid);
  checks[7] = event_check::no_key;
  checks[8] = event_check::bad_signature;
  told.take(checks);
  verify_all(told, event_check::valid);
  BOOST_TEST(told.without_key() == 1u);
  told.try_again();
  BOOST_TEST((verify_all(told, event_check::valid) == std::vector<std::size_t>{1}));
  BOOST_TEST(told.take_verified().state.size() == 2'499u); // the badly signed one is out
}

BOOST_AUTO_TEST_SUITE_END()
