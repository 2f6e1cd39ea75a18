#include "messages/matrix/redaction.hpp"

#include "messages/matrix/event.hpp"
#include "tests/vectors.hpp"

#include <map>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(redaction)

namespace {

std::string signed_part(const json::object& pdu, const room_version_rules& rules) {
  json::text_writer out;
  write_signed_part(out, pdu, rules);
  return out.str();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_type_in_every_version_is_redacted_byte_for_byte) {
  const auto vectors = test::load_vectors("redaction_vectors.json");
  std::map<std::string, int> cases_of_version;
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& version = test::string_at(x, "room_version");
    ++cases_of_version[version];
    const auto* rules = find_room_version(version);
    BOOST_REQUIRE(rules);
    const auto& pdu = test::object_at(x, "event");
    BOOST_TEST(json::canonical(redact(pdu, *rules)) == json::canonical(test::at(x, "redacted")),
               version << ' ' << test::string_at(test::at(x, "event"), "type"));
  }
  BOOST_TEST(cases_of_version.size() == 12u);
  for (const auto& [version, cases] : cases_of_version) BOOST_TEST(cases == 11, version);
}

BOOST_AUTO_TEST_CASE(signed_part_equals_redacting_and_erasing) {
  const auto vectors = test::load_vectors("redaction_vectors.json");
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& rules = *find_room_version(test::string_at(x, "room_version"));
    const auto& pdu = test::object_at(x, "event");
    auto slow = redact(pdu, rules);
    slow.erase("signatures");
    BOOST_TEST(signed_part(pdu, rules) == json::canonical(slow));
  }
}

BOOST_AUTO_TEST_CASE(redacting_twice_changes_nothing) {
  const auto vectors = test::load_vectors("redaction_vectors.json");
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& rules = *find_room_version(test::string_at(x, "room_version"));
    const auto once = redact(test::object_at(x, "event"), rules);
    BOOST_TEST((redact(once, rules) == once));
  }
}

BOOST_AUTO_TEST_CASE(third_party_invite_keeps_only_what_is_signed) {
  const auto& rules = *find_room_version("11");
  const auto redacted_text = [&](std::string_view invite) {
    const auto pdu =
      test::parse_object(R"({"type":"m.room.member","content":{"third_party_invite":)" + std::string{invite} + "}}");
    auto slow = redact(pdu, rules);
    BOOST_TEST(json::canonical(slow) == signed_part(pdu, rules));
    return json::canonical(*slow.find("content"));
  };
  BOOST_TEST(redacted_text(R"({"display_name":"x","signed":{"a":1}})") ==
             R"({"third_party_invite":{"signed":{"a":1}}})");
  BOOST_TEST(redacted_text(R"({"display_name":"x"})") == R"({"third_party_invite":{}})");
  BOOST_TEST(redacted_text(R"("text")") == "{}");
}

BOOST_AUTO_TEST_CASE(strange_shapes_lose_their_content) {
  const auto& rules = *find_room_version("10");
  for (auto text : {R"({"content":{"membership":"join"}})", R"({"type":7,"content":{"membership":"join"}})",
                    R"({"type":"m.room.member","content":[1]})"}) {
    const auto pdu = test::parse_object(text);
    BOOST_TEST(json::canonical(*redact(pdu, rules).find("content")) == "{}");
    BOOST_TEST(signed_part(pdu, rules).find("join") == std::string::npos);
  }
}

namespace {

event_ptr said(std::string_view type, const std::string& content) {
  auto pdu = test::parse_object(R"({"room_id":"!r:a","sender":"@u:a","depth":1,"origin_server_ts":1,"prev_events":[],)"
                                R"("auth_events":[],"hashes":{"sha256":"xx"},)"
                                R"("signatures":{},"type":")" +
                                std::string{type} + R"(","content":)" + content + "}");
  return *make_event(std::move(pdu), *find_room_version("11"));
}

std::string served(const event& x) {
  std::string out;
  write_served(out, x);
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_redacted_event_is_served_with_its_reason) {
  const auto message = said("m.room.message", R"({"body":"x"})"),
             why = said("m.room.redaction", R"({"reason":"spam"})");
  BOOST_TEST(served(*message) == message->to_json());
  const auto left = redacted(*message, why);
  BOOST_TEST(left->event_id == message->event_id);
  const auto told = test::parse_object(served(*left));
  BOOST_TEST(json::canonical(told) == served(*left)); // canonical, key order included
  BOOST_TEST(json::canonical(*told.find("unsigned")) == R"({"redacted_because":)" + why->to_json() + "}");
  BOOST_TEST(served(*redacted(*left)).find("redacted_because") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reason_too_large_to_go_along_is_left_out) {
  const auto message = said("m.room.message", R"({"body":"x"})");
  const auto why =
    said("m.room.redaction", R"({"reason":")" + std::string(limits::event_bytes_max - 300, 'x') + R"("})");
  BOOST_TEST((served(*redacted(*message, why)) == redacted(*message)->to_json()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
