#include "actors/room_type.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using chat::room_type;

BOOST_AUTO_TEST_SUITE(room_type_inference)

namespace {

struct row {
  const char* what;
  room_traits traits;
  room_type type;
};

const matrix::room_version_rules& rules() { return *matrix::find_room_version("11"); }

matrix::event_ptr invite_of(const std::string& user, matrix::json::object content = {}) {
  content.set("membership", "invite");
  matrix::json::object pdu{{"type", "m.room.member"},
                           {"room_id", "!r:there.example"},
                           {"sender", "@eve:there.example"},
                           {"state_key", user},
                           {"content", std::move(content)},
                           {"origin_server_ts", 1},
                           {"depth", 5},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
}

room_type type_told(const std::string& state, matrix::json::object content = {}) {
  return infer_room_type(
    traits_of_invite(*invite_of("@ann:here.example", std::move(content)), *matrix::json::parse(state)));
}

} // namespace

BOOST_AUTO_TEST_CASE(the_table) {
  const row table[] = {
    {"nothing is told", {}, room_type::dm},
    {"no name, two people", {false, false, false, "invite", 2}, room_type::dm},
    {"no name, three people", {false, false, false, "invite", 3}, room_type::group_dm},
    {"a name", {false, false, true, "invite", 2}, room_type::channel},
    {"a name and nobody yet", {false, false, true, "", 0}, room_type::channel},
    {"public, without a name", {false, false, false, "public", 2}, room_type::channel},
    {"knocked at", {false, false, false, "knock", 2}, room_type::channel},
    {"restricted", {false, false, false, "restricted", 5}, room_type::channel},
    {"a rule to come", {false, false, false, "org.example.fee", 2}, room_type::channel},
    {"private is what invite was called", {false, false, false, "private", 2}, room_type::dm},
    {"a space", {false, true, false, "invite", 2}, room_type::channel},
    {"said to be direct", {true, false, false, "invite", 2}, room_type::dm},
    {"said to be direct, with a name", {true, false, true, "invite", 2}, room_type::dm},
    {"said to be direct, for three", {true, false, false, "invite", 3}, room_type::group_dm},
    {"said to be direct, for three, with a name", {true, false, true, "public", 4}, room_type::group_dm},
  };
  for (const auto& x : table) BOOST_TEST((infer_room_type(x.traits) == x.type), x.what);
}

BOOST_AUTO_TEST_CASE(an_invitation_without_is_direct_and_without_a_name_is_one_to_a_direct_message) {
  const std::string rest = R"({"type":"m.room.create","state_key":"","content":{}},)"
                           R"({"type":"m.room.join_rules","state_key":"","content":{"join_rule":"invite"}})";
  const std::string eve =
    R"(,{"type":"m.room.member","state_key":"@eve:there.example","content":{"membership":"join"}})";
  const std::string eli =
    R"(,{"type":"m.room.member","state_key":"@eli:there.example","content":{"membership":"invite"}})";
  const std::string gone =
    R"(,{"type":"m.room.member","state_key":"@gus:there.example","content":{"membership":"leave"}})";
  const std::string named = R"(,{"type":"m.room.name","state_key":"","content":{"name":"a channel"}})";
  BOOST_TEST((type_told("[]") == room_type::dm));
  BOOST_TEST((type_told("[" + rest + "]") == room_type::dm));
  BOOST_TEST((type_told("[" + rest + eve + gone + "]") == room_type::dm));
  BOOST_TEST((type_told("[" + rest + eve + eli + "]") == room_type::group_dm));
  BOOST_TEST((type_told("[" + rest + eve + named + "]") == room_type::channel));
  BOOST_TEST(
    (type_told("[" + rest + eve +
               R"(,{"type":"m.room.canonical_alias","state_key":"","content":{"alias":"#a:there.example"}}])") ==
     room_type::channel));
  BOOST_TEST(
    (type_told("[" + rest + R"(,{"type":"m.room.name","state_key":"","content":{"name":""}}])") == room_type::dm));
  BOOST_TEST(
    (type_told(R"([{"type":"m.room.create","state_key":"","content":{"type":"m.space"}}])") == room_type::channel));
  BOOST_TEST((type_told("[" + rest + named + "]", {{"is_direct", true}}) == room_type::dm));
  BOOST_TEST((type_told("[" + rest + named + "]", {{"is_direct", "true"}}) == room_type::channel)); // no boolean
}

BOOST_AUTO_TEST_CASE(whoever_is_invited_counts_once_whatever_he_was_before) {
  const std::string eve =
    R"({"type":"m.room.member","state_key":"@eve:there.example","content":{"membership":"join"}})";
  for (const auto* was : {"leave", "invite", "join", "ban"})
    BOOST_TEST(
      (type_told("[" + eve + R"(,{"type":"m.room.member","state_key":"@ann:here.example","content":{"membership":")" +
                 was + "\"}}]") == room_type::dm),
      was);
}

BOOST_AUTO_TEST_CASE(what_is_malformed_in_an_invite_room_state_is_passed_over) {
  BOOST_TEST((type_told("{}") == room_type::dm));
  BOOST_TEST(
    (type_told(R"([5,null,[],{},{"type":5,"state_key":"","content":{}},{"type":"m.room.name","content":{"name":"x"}},
    {"type":"m.room.name","state_key":"","content":[]},{"type":"m.room.name","state_key":"","content":{"name":5}},
    {"type":"m.room.name","state_key":"x","content":{"name":"not the room's"}},
    {"type":"m.room.join_rules","state_key":"","content":{"join_rule":{}}}])") == room_type::dm));
}

BOOST_AUTO_TEST_CASE(each_type_has_the_word_that_is_on_disk) {
  for (const auto x : {chat::room_type::dm, chat::room_type::group_dm, chat::room_type::channel})
    BOOST_TEST((chat::find_room_type(name(x)) == x));
  BOOST_TEST(name(chat::room_type::group_dm) == "group_dm");
  BOOST_TEST(!chat::find_room_type(""));
  BOOST_TEST(!chat::find_room_type("space"));
}

BOOST_AUTO_TEST_SUITE_END()
