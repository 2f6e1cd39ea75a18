#include "messages/crossing/codec.hpp"

#include "messages/limits.hpp"
#include "tests/messages/chat/packed.hpp"
#include "tests/messages/crossing/made_messages.hpp"
#include "tests/vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using test::map;
using test::packed;
using test::str;

BOOST_AUTO_TEST_SUITE(crossing_codec)

namespace {

constexpr std::uint64_t seeds = 40;

/// Becomes a member of any type, where it stands in the braces of an aggregate. Never called.
struct any_member {
  std::size_t which;
  template <class T>
  operator T() const;
};
template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { T{any_member{I}...}; };
}
template <class T, std::size_t Count = 0>
constexpr std::size_t members() {
  if constexpr (takes<T>(std::make_index_sequence<Count + 1>{})) return members<T, Count + 1>();
  else return Count;
}

/// Where the members are that a list tells of.
struct place_finder {
  const char* object;
  std::size_t size;
  std::set<std::string> keys = {};
  std::set<const void*> places = {};

  void required(const char* key, const auto& x) {
    BOOST_TEST(keys.insert(key).second, key << " is listed twice");
    const auto* at = reinterpret_cast<const char*>(&x);
    BOOST_TEST((at >= object && at < object + size), key << " is no member");
    places.insert(at);
  }
  void optional(const char* key, const auto& x) { required(key, x); }
};

template <class T>
void lists_every_member() {
  T x{};
  place_finder found{reinterpret_cast<const char*>(&x), sizeof x};
  test::walk_fields<T>(found, x);
  BOOST_TEST(found.places.size() == members<T>(), "in " << __PRETTY_FUNCTION__);
  BOOST_TEST(found.keys.size() == members<T>());
}

std::string frame(std::string_view name, const std::string& fields) {
  return map({{"message", str(name)}, {"trace", packed(5)}, {"fields", fields}});
}

std::string why_not(std::string_view bytes) {
  const auto x = crossing::decode(bytes);
  return x ? "" : to_string(x.error());
}

std::filesystem::path seed_of_fuzzer(std::string_view name) {
  return std::filesystem::path{CAUSEWAY_TEST_DATA} / "fuzz" / "corpus" / "crossings" / name;
}

} // namespace

BOOST_AUTO_TEST_CASE(members_of_a_struct_are_counted) {
  struct three {
    std::optional<std::string> a;
    std::shared_ptr<const std::vector<int>> b;
    address c;
  };
  static_assert(members<three>() == 3);
  static_assert(members<retry_now>() == 0);
  static_assert(members<store::put_room>() == 18);
}

BOOST_AUTO_TEST_CASE(every_struct_that_crosses_lists_each_of_its_members_once) {
  test::for_each_crossing_type([]<class T>(const T&) { lists_every_member<T>(); });
  lists_every_member<address>();
  lists_every_member<fault>();
  lists_every_member<command_reference>();
  lists_every_member<matrix::edu>();
  lists_every_member<matrix::presence>();
  lists_every_member<matrix::verify_key>();
  lists_every_member<matrix::replaced_key>();
  lists_every_member<read_marker>();
  lists_every_member<pdu_outcome>();
  lists_every_member<gateway::federation_request>();
  lists_every_member<store::put_user>();
  lists_every_member<store::put_room>();
  lists_every_member<store::put_invitation>();
}

BOOST_AUTO_TEST_CASE(fifty_six_messages_cross_and_the_others_stay_on_their_node) {
  std::size_t count = 0;
  std::set<std::string_view> names;
  test::for_each_crossing_type([&](const auto& x) {
    ++count;
    names.insert(crossing::name(message{x}));
  });
  BOOST_TEST(count == 56u);
  BOOST_TEST(names.size() == count);
  BOOST_TEST(!names.contains(""));
  BOOST_TEST(crossing::name(message{start{}}) == "");
  BOOST_TEST(crossing::name(message{verify_events{}}) == "");
}

BOOST_AUTO_TEST_CASE(message_is_the_same_on_the_other_node) {
  test::for_each_crossing_type([]<class T>(const T&) {
    std::set<std::string> different;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      message sent{test::made<T>(seed)};
      sent.trace = seed << 40;
      const auto bytes = crossing::encode(sent);
      const auto got = crossing::decode(bytes);
      BOOST_REQUIRE_MESSAGE(got, crossing::name(sent) << " seed " << seed << ": " << test::why(got));
      BOOST_REQUIRE(std::holds_alternative<T>(*got));
      BOOST_TEST(test::told(std::get<T>(*got)) == test::told(std::get<T>(sent)), crossing::name(sent));
      BOOST_TEST(got->trace == sent.trace);
      BOOST_TEST((crossing::encode(*got) == bytes), crossing::name(sent));
      different.insert(bytes);
    }
    if constexpr (members<T>() > 0) BOOST_TEST(different.size() > 1u);
  });
}

BOOST_AUTO_TEST_CASE(every_endpoint_and_every_command_crosses) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(matrix::endpoint::media_download_v3); ++i) {
    peer_request request;
    request.endpoint = static_cast<matrix::endpoint>(i);
    const auto got = crossing::decode(crossing::encode(message{request}));
    BOOST_REQUIRE_MESSAGE(got, test::why(got));
    BOOST_TEST((std::get<peer_request>(*got).endpoint == request.endpoint));
  }
  for (const auto& command : test::commands()) {
    const command_received sent{{"session", "id", 7}, std::make_shared<const chat::command>(command)};
    const auto got = crossing::decode(crossing::encode(message{sent}));
    BOOST_REQUIRE_MESSAGE(got, test::why(got));
    BOOST_TEST(test::told(std::get<command_received>(*got)) == test::told(sent));
  }
}

BOOST_AUTO_TEST_CASE(number_that_is_not_canonical_is_judged_by_the_room_as_if_nothing_lay_between) {
  for (const char* text : {R"({"n":-0})", R"({"n":1e10})", R"({"n":0.10})", R"({"n":9007199254740992})"}) {
    pdus_received sent{{actor_kind::remote_server, "b.example"}, 3, "b.example", nullptr};
    auto pdus = std::make_shared<std::vector<matrix::json::object>>();
    pdus->push_back(*matrix::json::parse(text)->as_object());
    sent.pdus = pdus;
    const auto got = crossing::decode(crossing::encode(message{sent}));
    BOOST_REQUIRE_MESSAGE(got, test::why(got));
    BOOST_TEST((std::get<pdus_received>(*got).pdus->at(0) == pdus->at(0)), text);
    BOOST_TEST(!matrix::json::is_canonical(std::get<pdus_received>(*got).pdus->at(0)), text);
  }
}

BOOST_AUTO_TEST_CASE(event_keeps_the_redaction_that_emptied_it) {
  const auto& events = test::events();
  const auto redacted =
    std::find_if(events.begin(), events.end(), [](const auto& x) { return x->redacted_because != nullptr; });
  BOOST_REQUIRE((redacted != events.end()));
  const auto got = crossing::decode(crossing::encode(message{pdu_queued{*redacted, "r1"}}));
  BOOST_REQUIRE_MESSAGE(got, test::why(got));
  BOOST_REQUIRE(std::get<pdu_queued>(*got).event->redacted_because);
  BOOST_TEST(std::get<pdu_queued>(*got).event->redacted_because->event_id == (*redacted)->redacted_because->event_id);
}

BOOST_AUTO_TEST_CASE(key_of_a_newer_version_is_ignored_and_one_of_an_older_version_may_be_absent) {
  const auto newer = crossing::decode(frame(
    "invite_admitted", map({{"asked", packed(9)}, {"colour", map({{"red", packed(1)}})}, {"wait_ms", packed(4)}})));
  BOOST_REQUIRE_MESSAGE(newer, test::why(newer));
  BOOST_TEST(std::get<invite_admitted>(*newer).wait_ms == 4u);
  BOOST_TEST(newer->trace == 5u);
  const auto older = crossing::decode(frame("invite_admitted", map({{"asked", packed(9)}})));
  BOOST_REQUIRE_MESSAGE(older, test::why(older));
  BOOST_TEST(std::get<invite_admitted>(*older).asked == 9u);
  BOOST_TEST(std::get<invite_admitted>(*older).is_known); // as it is made
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_wrong_is_named) {
  BOOST_TEST(why_not(frame("invite_admitted", map({}))) == "bad_body: fields: asked is missing");
  BOOST_TEST(why_not(frame("invite_admitted", map({{"asked", str("9")}}))) ==
             "bad_body: fields: asked must be an integer of its size");
  BOOST_TEST(why_not(frame("invite_admitted", map({{"asked", packed(1)}, {"wait_ms", packed(1LL << 32)}}))) ==
             "bad_body: fields: wait_ms must be an integer of its size");
  BOOST_TEST(why_not(frame("server_alive", map({{"server_name", packed(msgpack::type::nil_t{})}}))) ==
             "bad_body: fields: server_name is missing");
  BOOST_TEST(why_not(frame("edu_received", map({{"origin", str("b")}, {"body", packed(1)}}))) ==
             "bad_body: fields: body: it is not a map");
  BOOST_TEST(why_not(frame("start", map({}))) == "bad_body: message start is not known");
  BOOST_TEST(why_not("") == "bad_body: message is missing");
  BOOST_TEST(why_not("\xc1") == "bad_body: it is not msgpack");
  const auto request = [](const std::string& kind, const std::string& endpoint) {
    return frame("peer_request", map({{"reply_to", map({{"kind", str(kind)}, {"key", str("k")}})},
                                      {"asked", packed(1)},
                                      {"endpoint", str(endpoint)}}));
  };
  BOOST_TEST(why_not(request("room", "GET /_matrix/federation/v1/version")) == "");
  BOOST_TEST(why_not(request("cat", "GET /_matrix/federation/v1/version")) ==
             "bad_body: fields: reply_to: kind must be a word of its list");
  BOOST_TEST(why_not(request("room", "GET /")) == "bad_body: fields: endpoint must be a word of its list");
  BOOST_TEST(why_not(frame("pdu_queued", map({{"event", map({{"room_version", str("77")}, {"json", str("{}")}})}}))) ==
             "bad_body: fields: event must be an event of a known room version");
  BOOST_TEST(why_not(frame("pdu_queued", map({{"event", map({{"room_version", str("10")}, {"json", str("{")}})}})))
               .starts_with("bad_body: fields: event must be an event: not_json"));
}

BOOST_AUTO_TEST_CASE(no_pointer_that_a_machine_follows_is_null) {
  BOOST_TEST(why_not(crossing::encode(message{pdu_queued{}})) == "bad_body: fields: event is missing");
  refounding_request founding = test::made<refounding_request>(1);
  founding.events = std::make_shared<const std::vector<matrix::event_ptr>>(2);
  BOOST_TEST(why_not(crossing::encode(message{founding})) == "bad_body: fields: events: it is not a map");
}

BOOST_AUTO_TEST_CASE(more_values_than_any_message_has_are_refused_before_they_are_kept) {
  // A list that says it has four billion entries, and one that has more than are taken.
  auto bytes = frame("room_servers_response", "\x82" + str("asked") + packed(1) + str("servers"));
  BOOST_TEST(why_not(bytes + std::string{"\xdd\xff\xff\xff\xff", 5}) == "bad_body: it has too many values");
  BOOST_TEST(why_not(bytes + std::string{"\xdd\x00\x0f\x42\x41", 5} + std::string(1'000'001, '\xa0')) ==
             "bad_body: it has too many values");
  std::string nested(100, '\x91');
  BOOST_TEST(why_not(bytes + nested + "\xa0") == "bad_body: it is nested too deeply");
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something) {
  std::mt19937_64 random{11};
  test::for_each_crossing_type([&]<class T>(const T&) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const auto bytes = crossing::encode(message{test::made<T>(seed)});
      for (int n = 0; n < 60; ++n) {
        auto damaged = bytes;
        if (n % 3 == 0) damaged.resize(random() % bytes.size());
        else
          for (auto flips = 1 + random() % 3; flips > 0; --flips)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        if (const auto got = crossing::decode(damaged)) {
          BOOST_TEST(!crossing::name(*got).empty());
          BOOST_TEST(bool(crossing::decode(crossing::encode(*got))));
        }
      }
    }
  });
}

/// Written once by a build of some day: what nodes of that version say is read by those of this one. Of a new message
/// `CAUSEWAY_WRITE_SEEDS=1` writes it.
BOOST_AUTO_TEST_CASE(what_an_earlier_version_wrote_is_still_read) {
  test::for_each_crossing_type([]<class T>(const T&) {
    const auto name = crossing::name(message{T{}});
    const auto file = seed_of_fuzzer(name);
    if (std::getenv("CAUSEWAY_WRITE_SEEDS") != nullptr && !std::filesystem::exists(file))
      std::ofstream{file, std::ios::binary} << crossing::encode(message{test::made<T>(7)});
    const auto got = crossing::decode(test::load_text(file));
    BOOST_REQUIRE_MESSAGE(got, name << ": " << test::why(got));
    BOOST_TEST(std::holds_alternative<T>(*got), name);
  });
}

BOOST_AUTO_TEST_SUITE_END()
