#include "messages/matrix/event.hpp"

#include "messages/matrix/base64.hpp"
#include "tests/membership_words.hpp"
#include "tests/vectors.hpp"

#include <functional>
#include <random>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(matrix_event)

namespace {

const room_version_rules& rules(std::string_view id) { return *find_room_version(id); }

/// A well-formed message of versions 3 and later.
json::object message() {
  return test::parse_object(
    R"({"auth_events":["$a"],"content":{"body":"hi","msgtype":"m.text"},"depth":7,"hashes":{"sha256":"aGFzaA"},
    "origin_server_ts":1700000000000,"prev_events":["$p"],"room_id":"!r:h","sender":"@u:h",
    "signatures":{"h":{"ed25519:1":"c2ln"}},    "type":"m.room.message"})");
}

fault why_not(json::object pdu, std::string_view version = "11", count_policy counts = count_policy::bounded) {
  auto made = make_event(std::move(pdu), rules(version), counts);
  return made ? fault{} : made.error();
}

fault without(std::string_view key) {
  auto pdu = message();
  pdu.erase(key);
  return why_not(pdu);
}

fault with(std::string_view key, json::value x, std::string_view version = "11") {
  auto pdu = message();
  pdu.set(key, std::move(x));
  return why_not(pdu, version);
}

json::array ids(std::size_t count) {
  json::array out;
  for (std::size_t i = 0; i < count; ++i) out.emplace_back("$e" + std::to_string(i));
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(event_ids_of_versions_3_to_12) {
  const auto vectors = test::load_vectors("event_id_vectors.json");
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& version = test::string_at(x, "room_version");
    auto made = make_event(test::object_at(x, "event"), rules(version));
    BOOST_REQUIRE_MESSAGE(made, version << ": " << test::why(made));
    BOOST_TEST((*made)->event_id == test::string_at(x, "event_id"), version);
    if (x.find("room_id")) BOOST_TEST((*made)->room_id == test::string_at(x, "room_id"), version);
    BOOST_TEST(!(*made)->source.contains("unsigned"));
    // Redacting keeps the id.
    auto again = make_event(redact((*made)->source, rules(version)), rules(version));
    BOOST_REQUIRE(again);
    BOOST_TEST((*again)->event_id == (*made)->event_id);
    // The text round trips.
    auto reread = parse_event((*made)->to_json(), rules(version));
    BOOST_REQUIRE(reread);
    BOOST_TEST((*reread)->event_id == (*made)->event_id);
  }
}

BOOST_AUTO_TEST_CASE(fields_are_read) {
  auto pdu = message();
  pdu.set("state_key", "");
  const auto x = *make_event(pdu, rules("11"));
  BOOST_TEST(x->type == "m.room.message");
  BOOST_TEST(x->sender == "@u:h");
  BOOST_TEST(x->room_id == "!r:h");
  BOOST_TEST(x->depth == 7);
  BOOST_TEST(x->origin_server_ts == 1'700'000'000'000);
  BOOST_TEST((x->prev_events == std::vector<std::string>{"$p"}));
  BOOST_TEST((x->auth_events == std::vector<std::string>{"$a"}));
  BOOST_TEST(x->is_state());
  BOOST_TEST(x->is_state("m.room.message"));
  BOOST_TEST(!x->is_state("m.room.message", "other"));
  BOOST_TEST(*x->content().find("body")->as_string() == "hi");
  BOOST_TEST((x->rules().id == "11"));
}

BOOST_AUTO_TEST_CASE(membership_and_redaction_target_are_read_where_the_version_has_them) {
  auto member = message();
  member.set("type", "m.room.member");
  member.set("content", json::object{{"membership", "join"}});
  BOOST_TEST((*make_event(member, rules("11")))->membership() == membership::join);
  member.set("content", json::object{{"membership", 1}});
  BOOST_TEST((*make_event(member, rules("11")))->membership() == membership::none);
  BOOST_TEST((*make_event(message(), rules("11")))->membership() == membership::none);
  member.set("content", json::object{{"membership", "lurk"}});
  BOOST_TEST((*make_event(member, rules("11")))->membership() == membership::unknown);
  for (const auto* word : membership_words) BOOST_TEST(name(parse_membership(word)) == word);

  auto redaction = message();
  redaction.set("type", "m.room.redaction");
  redaction.set("redacts", "$top");
  redaction.set("content", json::object{{"redacts", "$content"}});
  BOOST_TEST((*make_event(redaction, rules("10")))->redacts() == "$top");
  BOOST_TEST((*make_event(redaction, rules("11")))->redacts() == "$content");
  redaction.set("redacts", 1);
  BOOST_TEST((*make_event(redaction, rules("10")))->redacts().empty());
}

BOOST_AUTO_TEST_CASE(missing_or_wrong_fields_are_named) {
  for (auto key : {"auth_events", "content", "depth", "hashes", "origin_server_ts", "prev_events", "room_id", "sender",
                   "signatures", "type"}) {
    BOOST_TEST((without(key).code == fault_code::bad_json), key);
    BOOST_TEST(without(key).detail.starts_with(key));
    BOOST_TEST((with(key, true).code == fault_code::bad_json), key);
    BOOST_TEST((with(key, nullptr).code == fault_code::bad_json), key);
  }
  BOOST_TEST((with("state_key", nullptr).code == fault_code::bad_json));
  BOOST_TEST((with("state_key", 1).code == fault_code::bad_json));
  BOOST_TEST((with("depth", -1).code == fault_code::bad_json));
  BOOST_TEST((with("hashes", json::object{}).code == fault_code::bad_json));
  BOOST_TEST((with("hashes", json::object{{"sha256", 1}}).code == fault_code::bad_json));
  BOOST_TEST((with("signatures", json::object{{"h", 1}}).code == fault_code::bad_json));
  BOOST_TEST((with("signatures", json::object{{"h", json::object{{"ed25519:1", 1}}}}).code == fault_code::bad_json));
  BOOST_TEST((with("prev_events", json::array{1}).code == fault_code::bad_json));
  BOOST_TEST((with("prev_events", json::array{"p"}).code == fault_code::invalid_identifier));
  BOOST_TEST((with("auth_events", json::array{json::array{"$a", json::object{}}}).code == fault_code::bad_json));
  BOOST_TEST((with("hashes", json::object{{"sha256", ""}, {"md5", 1}}).code == fault_code::bad_json));
  BOOST_TEST((with("hashes", json::object{{"sha256", "A"}}).code == fault_code::bad_json));
  BOOST_TEST((with("sender", "u").code == fault_code::invalid_identifier));
  BOOST_TEST((with("sender", "@u").code == fault_code::invalid_identifier));
  BOOST_TEST((with("sender", "@u:h h").code == fault_code::invalid_identifier));
  BOOST_TEST((with("room_id", "r:h").code == fault_code::invalid_identifier));
  BOOST_TEST((parse_event("[]", rules("11")).error().code == fault_code::bad_json));
  BOOST_TEST((parse_event("{", rules("11")).error().code == fault_code::not_json));
}

BOOST_AUTO_TEST_CASE(authoriser_of_a_restricted_join_is_a_user_id) {
  auto pdu = message();
  pdu.set("type", "m.room.member");
  for (auto bad :
       {json::value{"nobody"}, json::value{7}, json::value{nullptr}, json::value{"@a:"}, json::value{"@a:b "}}) {
    pdu.set("content", json::object{{"membership", "join"}, {"join_authorised_via_users_server", bad}});
    BOOST_TEST((why_not(pdu, "8").code == fault_code::invalid_identifier));
    BOOST_TEST((why_not(pdu, "7") == fault{}));
  }
  for (auto good : {"@a:b", "a:b", ":b"}) { // servers want to know its server only
    pdu.set("content", json::object{{"membership", "join"}, {"join_authorised_via_users_server", good}});
    BOOST_TEST((why_not(pdu, "8") == fault{}));
  }
}

BOOST_AUTO_TEST_CASE(references_are_bounded_unless_asked_otherwise) {
  BOOST_TEST((with("prev_events", ids(20)) == fault{}));
  BOOST_TEST((with("prev_events", ids(21)).code == fault_code::too_large));
  BOOST_TEST((with("auth_events", ids(10)) == fault{}));
  BOOST_TEST((with("auth_events", ids(11)).code == fault_code::too_large));
  BOOST_TEST((with("auth_events", ids(9), "12") == fault{})); // the create event is one more
  BOOST_TEST((with("auth_events", ids(10), "12").code == fault_code::too_large));
  auto pdu = message();
  pdu.set("prev_events", ids(500));
  pdu.set("auth_events", ids(100));
  BOOST_TEST((why_not(pdu, "11", count_policy::unbounded) == fault{}));
}

BOOST_AUTO_TEST_CASE(event_has_at_most_65536_bytes) {
  auto pdu = message();
  const auto fill = [&](std::size_t total) {
    pdu.find("content")->as_object()->set("body", "");
    const auto rest = json::canonical(pdu).size();
    pdu.find("content")->as_object()->set("body", std::string(total - rest, 'x'));
    BOOST_REQUIRE(json::canonical(pdu).size() == total);
  };
  fill(65'536);
  BOOST_TEST((why_not(pdu) == fault{}));
  // What is dropped does not count.
  pdu.set("unsigned", json::object{{"age", std::string(1000, 'x')}});
  BOOST_TEST((why_not(pdu) == fault{}));
  pdu.erase("unsigned");
  fill(65'537);
  BOOST_TEST((why_not(pdu).code == fault_code::too_large));
}

BOOST_AUTO_TEST_CASE(event_with_a_hundred_and_twenty_five_nested_lists_is_taken_and_can_be_read_back) {
  const auto nested = [](std::size_t depth) {
    json::value x{json::array{}};
    while (--depth > 0) x = json::value{json::array{std::move(x)}};
    return x;
  };
  for (std::size_t depth : {98, 99, 100, 120, 124, 125, 126, 127, 150, 500}) { // below the event and its content
    auto pdu = message();
    pdu.set("content", json::object{{"x", nested(depth)}});
    auto made = make_event(pdu, rules("11"));
    BOOST_TEST(bool(made) == (depth <= 125), depth);
    if (made) BOOST_TEST(bool(parse_event((*made)->to_json(), rules("11"))), depth);
    else BOOST_TEST((made.error().code == fault_code::bad_json));
  }
  BOOST_TEST((with("unsigned", json::object{{"x", nested(300)}}).code == fault_code::none)); // no part of it
}

BOOST_AUTO_TEST_CASE(identifiers_over_255_bytes_are_dropped_or_marked_for_rejection) {
  const std::string two_bytes_each = [] {
    std::string out;
    for (int i = 0; i < 128; ++i) out += "\xc3\xa9";
    return out;
  }();
  for (auto key : {"type", "state_key"}) {
    BOOST_TEST((with(key, std::string(255, 'x')) == fault{}));
    BOOST_TEST((with(key, std::string(256, 'x')).code == fault_code::too_large), key);
    BOOST_TEST((with(key, std::string(256, 'x'), "10").code == fault_code::too_large), key);
    BOOST_TEST((with(key, two_bytes_each).code == fault_code::too_large), key);
    auto pdu = message();
    pdu.set(key, two_bytes_each);
    const auto old = make_event(pdu, rules("10"));
    BOOST_REQUIRE(old);
    BOOST_TEST((*old)->has_oversized_identifier);
  }
  BOOST_TEST((with("sender", '@' + two_bytes_each + ":h").code == fault_code::too_large));
  BOOST_TEST((with("sender", '@' + two_bytes_each + ":h", "10") == fault{}));
  BOOST_TEST(!(*make_event(message(), rules("10")))->has_oversized_identifier);
}

BOOST_AUTO_TEST_CASE(numbers_are_integers_from_version_6_on) {
  for (auto text : {"1.5", "1e3", "-0.0", "9007199254740992"}) {
    const auto pdu = test::parse_object(R"({"n":)" + std::string{text} + "}");
    for (const auto& version : room_versions()) {
      auto candidate =
        version.event_ids == event_id_format::given
          ? test::parse_object(
              R"({"auth_events":[],"depth":1,"event_id":"$e:h","hashes":{"sha256":""},"origin_server_ts":1,
                             "prev_events":[],"room_id":"!r:h","sender":"@u:h","signatures":{},"type":"t"})")
          : message();
      candidate.set("content", pdu);
      BOOST_TEST((why_not(candidate, version.id).code ==
                  (version.strict_canonical_json ? fault_code::not_canonical : fault_code::none)),
                 version.id << ' ' << text);
      // As it comes over the wire: the canonical form would write 1e3 and -0 as integers.
      candidate.set("content", json::object{});
      auto wire = json::canonical(candidate);
      wire.replace(wire.find("{}"), 2, R"({"n":)" + std::string{text} + "}");
      auto parsed = parse_event(wire, version);
      BOOST_TEST(bool(parsed) == !version.strict_canonical_json);
      if (parsed)
        BOOST_TEST((*parsed)->content().find("n")->as_number_text()->text ==
                   (std::string_view{text} == "1e3" ? "1000.0" : text));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_negative_zero_is_zero_in_every_version) {
  for (const auto& version : room_versions()) {
    if (version.event_ids == event_id_format::given) continue;
    auto pdu = message();
    pdu.set("content", json::object{{"n", 0}, {"more", json::array{0, json::object{{"n", 0}}}}});
    const auto plain = *make_event(pdu, version);
    auto wire = json::canonical(pdu);
    for (std::size_t at = 0; (at = wire.find(":0", at)) != std::string::npos; at += 3) wire.replace(at, 2, ":-0");
    const auto odd = parse_event(wire, version);
    BOOST_REQUIRE_MESSAGE(odd, version.id << ' ' << test::why(odd));
    BOOST_TEST((*odd)->event_id == plain->event_id);
    BOOST_TEST((*odd)->to_json() == plain->to_json());
  }
}

BOOST_AUTO_TEST_CASE(floats_of_old_versions_are_written_as_python_writes_them) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
    {"1.50", "1.5"},
    {"1e10", "10000000000.0"},
    {"1e15", "1000000000000000.0"},
    {"1e16", "1e+16"},
    {"1E22", "1e+22"},
    {"123456789012345678.0", "1.2345678901234568e+17"},
    {"0.0001", "0.0001"},
    {"0.00001", "1e-05"},
    {"-0.0", "-0.0"},
    {"0e0", "0.0"},
    {"100e-2", "1.0"},
    {"2.5e-3", "0.0025"},
    {"-1e3", "-1000.0"},
    {"5e-324", "5e-324"},
    {"1e-400", "0.0"},
    {"1.7976931348623157e308", "1.7976931348623157e+308"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"9007199254740993.0", "9007199254740992.0"},
    {"12345.678", "12345.678"},
    {"123456789012345678901234567890", "123456789012345678901234567890"}};
  for (const auto& [text, written] : cases) {
    auto pdu = message();
    pdu.set("content", json::object{{"n", json::array{json::number_text{std::string{text}}}}});
    const auto made = make_event(pdu, rules("5"));
    BOOST_REQUIRE_MESSAGE(made, text << ' ' << test::why(made));
    BOOST_TEST((*made)->to_json().find("[" + std::string{written} + "]") != std::string::npos,
               text << ' ' << (*made)->to_json());
  }
  BOOST_TEST((with("content", json::object{{"n", json::number_text{"1e400"}}}, "5").code == fault_code::not_canonical));
}

BOOST_AUTO_TEST_CASE(time_has_64_bits_up_to_version_5) {
  for (auto text : {"9223372036854775807", "-9223372036854775808", "9007199254740992"}) {
    BOOST_TEST((with("origin_server_ts", json::number_text{text}, "5") == fault{}), text);
    BOOST_TEST((with("origin_server_ts", json::number_text{text}, "6").code == fault_code::not_canonical), text);
  }
  for (auto text : {"9223372036854775808", "1.0", "1e3"})
    BOOST_TEST((with("origin_server_ts", json::number_text{text}, "5").code == fault_code::bad_json), text);
}

BOOST_AUTO_TEST_CASE(a_sender_tells_a_server_and_may_begin_as_he_likes) {
  for (auto sender :
       {"@UPPER:h", "@freenode_Nick:h", "@:h", "u:h", ":h", "!u:h", "@\xc3\xa9 x:h", "@u:h:80", "@u:[::1]:80"})
    BOOST_TEST((with("sender", sender) == fault{}), sender);
  for (auto sender : {"@u", "@u:", "@u:h ", "@u:h h", "@u:h:port", "h"})
    BOOST_TEST((with("sender", sender).code == fault_code::invalid_identifier), sender);
}

BOOST_AUTO_TEST_CASE(members_that_servers_do_not_hash_may_be_added) {
  auto pdu = message();
  const auto hash = content_hash(pdu);
  for (auto key : {"age_ts", "outlier", "destinations", "unsigned", "signatures", "hashes"}) {
    pdu.set(key, 5);
    BOOST_TEST(content_hash(pdu) == hash, key);
  }
  pdu.set("age", 5);
  BOOST_TEST(content_hash(pdu) != hash);
}

BOOST_AUTO_TEST_CASE(depth_has_53_bits_in_every_version) {
  BOOST_TEST((with("depth", limits::canonical_integer_max) == fault{}));
  BOOST_TEST((with("depth", json::number_text{"9223372036854775807"}, "5").code == fault_code::bad_json));
  BOOST_TEST((with("depth", json::number_text{"1.0"}, "5").code == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(versions_1_and_2_name_events_as_pairs_and_bring_their_id) {
  for (auto version : {"1", "2"}) {
    auto pdu =
      test::parse_object(R"({"auth_events":[["$a:h",{"sha256":"aGFzaA"}]],"content":{},"depth":7,"event_id":"$e:h",
      "hashes":{"sha256":"aGFzaA"},"origin_server_ts":1,"prev_events":[["$p:h",{}],["$q:h",{}]],"room_id":"!r:h",
      "sender":"@u:h",      "signatures":{},"type":"m.room.message","unsigned":{"age":1}})");
    const auto x = make_event(pdu, rules(version));
    BOOST_REQUIRE_MESSAGE(x, test::why(x));
    BOOST_TEST((*x)->event_id == "$e:h");
    BOOST_TEST(((*x)->prev_events == std::vector<std::string>{"$p:h", "$q:h"}));
    BOOST_TEST(((*x)->auth_events == std::vector<std::string>{"$a:h"}));
    BOOST_TEST((*x)->source.contains("event_id"));

    auto plain = pdu;
    plain.set("prev_events", json::array{"$p:h"});
    BOOST_TEST((why_not(plain, version).code == fault_code::bad_json));
    auto anonymous = pdu;
    anonymous.erase("event_id");
    BOOST_TEST((why_not(anonymous, version).code == fault_code::bad_json));
    anonymous.set("event_id", "$no_server");
    BOOST_TEST((why_not(anonymous, version).code == fault_code::invalid_identifier));
  }
}

BOOST_AUTO_TEST_CASE(foreign_event_id_is_dropped_from_version_3_on) {
  auto pdu = message();
  const auto plain = *make_event(pdu, rules("11"));
  pdu.set("event_id", "$of:another");
  const auto x = *make_event(pdu, rules("11"));
  BOOST_TEST(x->event_id == plain->event_id);
  BOOST_TEST(!x->source.contains("event_id"));
}

BOOST_AUTO_TEST_CASE(version_12_create_names_the_room) {
  auto create = message();
  create.set("type", "m.room.create");
  create.set("state_key", "");
  // One that names another has a form; the rules reject it.
  BOOST_TEST((*make_event(create, rules("12")))->room_id == "!r:h");
  create.erase("room_id");
  const auto x = *make_event(create, rules("12"));
  BOOST_TEST(x->room_id == '!' + x->event_id.substr(1));
  BOOST_TEST(!x->source.contains("room_id"));
  BOOST_TEST((why_not(create, "11").code == fault_code::bad_json));
  auto other = message();
  other.erase("room_id");
  BOOST_TEST((why_not(other, "12").code == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(redacted_event_keeps_its_id_whatever_it_held) {
  std::mt19937 random{7};
  const std::vector<std::string> types{"m.room.member",     "m.room.create",  "m.room.power_levels",
                                       "m.room.join_rules", "m.room.aliases", "m.room.history_visibility",
                                       "m.room.redaction",  "m.room.message"};
  const std::vector<std::string> keys{"membership",
                                      "creator",
                                      "join_rule",
                                      "allow",
                                      "users",
                                      "invite",
                                      "aliases",
                                      "redacts",
                                      "body",
                                      "reason",
                                      "third_party_invite",
                                      "history_visibility",
                                      "notifications"};
  for (int i = 0; i < 2000; ++i) {
    const auto& version = room_versions()[2 + random() % 10];
    auto pdu = message();
    pdu.set("type", types[random() % types.size()]);
    if (version.room_id_is_create_hash && *pdu.find("type")->as_string() == "m.room.create") {
      pdu.erase("room_id");
      pdu.set("state_key", "");
    }
    json::object content;
    for (auto count = random() % 6; count > 0; --count) {
      auto nested = json::object{{"signed", static_cast<int>(random() % 9)}, {"x", 1}};
      content.set(keys[random() % keys.size()],
                  random() % 2 == 0 ? json::value{std::to_string(random())} : json::value{nested});
    }
    pdu.set("content", content);
    if (random() % 2 == 0) pdu.set(keys[random() % keys.size()], "top");
    const auto x = make_event(pdu, version);
    BOOST_REQUIRE_MESSAGE(x, test::why(x));
    const auto pruned = redacted(**x);
    BOOST_TEST(pruned->event_id == (*x)->event_id);
    const auto again = make_event(pruned->source, version);
    BOOST_REQUIRE(again);
    BOOST_REQUIRE((*again)->event_id == (*x)->event_id);
    BOOST_REQUIRE((*again)->room_id == (*x)->room_id);
    BOOST_REQUIRE(signed_bytes(pruned->source, version) == signed_bytes((*x)->source, version));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
