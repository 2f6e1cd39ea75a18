#include "messages/matrix/endpoints.hpp"

#include "messages/limits.hpp"
#include "tests/vectors.hpp"

#include <set>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(endpoints)

namespace {

constexpr auto last_endpoint = endpoint::openid_userinfo;

fault_code code_of(std::string_view method, std::string_view target) {
  auto matched = match_endpoint(method, target);
  return matched ? fault_code::none : matched.error().code;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_endpoint_has_a_row_and_finds_itself) {
  std::set<std::string> seen;
  for (int i = 0; i <= static_cast<int>(last_endpoint); ++i) {
    const auto id = static_cast<endpoint>(i);
    const auto& row = info(id);
    BOOST_TEST((row.id == id));
    BOOST_TEST(seen.insert(std::string{row.method} + ' ' + std::string{row.path}).second, row.path);
    std::vector<std::string_view> parameters;
    for (auto at = row.path.find("{}"); at != std::string_view::npos; at = row.path.find("{}", at + 2))
      parameters.emplace_back("!a/b:h %");
    const auto path = endpoint_path(id, parameters);
    const auto matched = match_endpoint(row.method, path);
    BOOST_REQUIRE_MESSAGE(matched, path);
    BOOST_TEST((matched->info->id == id), path);
    BOOST_TEST(matched->parameters.size() == parameters.size());
    for (const auto& parameter : matched->parameters) BOOST_TEST(parameter == "!a/b:h %");
    BOOST_TEST((code_of("DELETE", path) == fault_code::method_not_allowed), path);
    BOOST_TEST((row.method == "GET") == (row.body_bytes_max == 0));
  }
  BOOST_TEST(info(endpoint::send).body_bytes_max == limits::transaction_bytes_max);
}

BOOST_AUTO_TEST_CASE(captured_requests_find_their_endpoint) {
  int served = 0;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(std::string{"captures/room_v"} + room + "/exchanges")) {
      const auto x = test::load_json(path);
      const auto& uri = test::string_at(x, "uri");
      const auto start = std::string_view{"/_matrix/federation/v1/"}.size();
      const auto name = uri.substr(start, uri.find_first_of("/?", start) - start);
      const auto matched = match_endpoint(test::string_at(x, "method"), uri);
      BOOST_REQUIRE_MESSAGE(matched, uri);
      ++served;
      BOOST_TEST(matched->info->path.find('/' + name) != std::string_view::npos, uri);
      for (const auto& parameter : matched->parameters) BOOST_TEST(parameter.find('%') == std::string::npos);
    }
  BOOST_TEST(served > 50);
}

BOOST_AUTO_TEST_CASE(unknown_paths_are_unrecognized) {
  for (auto target : {"", "/", "//", "?", "/_matrix", "/_matrix/federation/v1", "/_matrix/federation/v3/send/1",
                      "/_matrix/federation/v1/send", "/_matrix/federation/v1/send/", "/_matrix/federation/v1/send/1/2",
                      "/_matrix/federation/v1/make_join/!r", "_matrix/federation/v1/version",
                      "/_matrix/federation/v1/make_join//@u:h", "/_matrix/client/versions",
                      "/_matrix/federation/v1/Version", "http://h/_matrix/federation/v1/version"})
    BOOST_TEST((code_of("GET", target) == fault_code::unrecognized), target);
}

BOOST_AUTO_TEST_CASE(wrong_method_is_told_from_unknown_path) {
  BOOST_TEST((code_of("POST", "/_matrix/federation/v1/version") == fault_code::method_not_allowed));
  BOOST_TEST((code_of("GET", "/_matrix/federation/v1/send/1") == fault_code::method_not_allowed));
  BOOST_TEST((code_of("get", "/_matrix/federation/v1/version") == fault_code::method_not_allowed));
  BOOST_TEST((code_of("PUT", "/_matrix/key/v2/server/ed25519:1") == fault_code::method_not_allowed));
}

BOOST_AUTO_TEST_CASE(old_form_of_the_key_request_still_works) {
  for (auto target : {"/_matrix/key/v2/server", "/_matrix/key/v2/server/", "/_matrix/key/v2/server/ed25519:1",
                      "/_matrix/key/v2/server/ed25519%3A1"}) {
    const auto matched = match_endpoint("GET", target);
    BOOST_REQUIRE_MESSAGE(matched, target);
    BOOST_TEST((matched->info->id == endpoint::key_server));
    BOOST_TEST((matched->info->auth == authentication::open));
  }
}

BOOST_AUTO_TEST_CASE(query_is_decoded_in_order_with_repeats) {
  const auto matched =
    match_endpoint("GET", "/_matrix/federation/v1/backfill/%21r%3Ah?v=%24a&limit=10&v=$b+c&flag&empty=&&=x&t=%C3%A9");
  BOOST_REQUIRE(matched);
  BOOST_TEST(matched->parameters.at(0) == "!r:h");
  BOOST_TEST(matched->query.size() == 7u);
  BOOST_TEST(*matched->find_query("v") == "$a");
  BOOST_TEST(matched->query[2].second == "$b+c");
  BOOST_TEST(matched->find_query("flag")->empty());
  BOOST_TEST(matched->find_query("empty")->empty());
  BOOST_TEST(*matched->find_query("t") == "\xc3\xa9");
  BOOST_TEST(matched->find_query("none") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_plus_in_a_query_is_a_blank_and_one_in_an_event_id_is_itself) {
  const auto value = [](std::string_view query) {
    const auto matched = match_endpoint("GET", "/_matrix/federation/v1/query/directory?" + std::string{query});
    BOOST_REQUIRE(matched);
    return matched->query.at(0).second;
  };
  BOOST_TEST(value("room_alias=%23two+words:h") == "#two words:h");
  BOOST_TEST(value("room_alias=%23two%20words:h") == "#two words:h");
  BOOST_TEST(value("room_alias=%23two%2Bwords:h") == "#two+words:h");
  BOOST_TEST(value("v=$A+/z") == "$A+/z");
  BOOST_TEST(value("v=%24A+/z") == "$A+/z");
  BOOST_TEST(value("v=$A%2B/z") == "$A+/z");
  const auto named = match_endpoint("GET", "/_matrix/federation/v1/query/directory?room+alias=x");
  BOOST_TEST(named->query.at(0).first == "room alias");
  // In a path it stands for itself.
  BOOST_TEST(match_endpoint("GET", "/_matrix/federation/v1/event/$A+z")->parameters.at(0) == "$A+z");
}

BOOST_AUTO_TEST_CASE(bad_percent_encoding_is_an_invalid_parameter) {
  for (auto target : {"/_matrix/federation/v1/event/%", "/_matrix/federation/v1/event/%4",
                      "/_matrix/federation/v1/event/%zz", "/_matrix/federation/v1/event/%ff",
                      "/_matrix/federation/v1/event/$e?x=%", "/_matrix/federation/v1/event/$e?%g0=1"})
    BOOST_TEST((code_of("GET", target) == fault_code::invalid_param), target);
}

BOOST_AUTO_TEST_CASE(paths_are_encoded) {
  BOOST_TEST(percent_encode("!a:b/c d~") == "%21a%3Ab%2Fc%20d~");
  BOOST_TEST(percent_encode("\xc3\xa9+") == "%C3%A9%2B");
  BOOST_TEST(endpoint_path(endpoint::make_join, {"!r:h", "@u:h"}) ==
             "/_matrix/federation/v1/make_join/%21r%3Ah/%40u%3Ah");
  BOOST_CHECK_THROW(endpoint_path(endpoint::make_join, {"!r:h"}), std::logic_error);
  BOOST_CHECK_THROW(endpoint_path(endpoint::version, {"x"}), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
