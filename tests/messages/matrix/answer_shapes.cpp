#include "messages/matrix/answer_shapes.hpp"

#include "messages/matrix/json_outline.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::matrix;

namespace {

struct sample {
  endpoint id;
  const char* good;
};

/// One honest answer of each endpoint that we ask.
constexpr sample samples[] = {
  {endpoint::version, R"({"server":{"name":"x","version":"1"}})"},
  {endpoint::key_server, R"({"server_name":"x","verify_keys":{},"valid_until_ts":1,"signatures":{}})"},
  {endpoint::send, R"({"pdus":{"$a":{},"$b":{"error":"no"}}})"},
  {endpoint::make_join, R"({"event":{},"room_version":"11"})"},
  {endpoint::send_join_v1, R"({"state":[],"auth_chain":[]})"},
  {endpoint::send_join_v2, R"({"state":[{}],"auth_chain":[],"event":{}})"},
  {endpoint::make_knock, R"({"event":{},"room_version":"11"})"},
  {endpoint::send_knock, R"({"knock_room_state":[]})"},
  {endpoint::make_leave, R"({"event":{}})"},
  {endpoint::send_leave_v1, "{}"},
  {endpoint::send_leave_v2, " { } \n"},
  {endpoint::invite_v1, R"({"event":{}})"},
  {endpoint::invite_v2, R"({"event":{}})"},
  {endpoint::event, R"({"origin":"x","pdus":[{}]})"},
  {endpoint::state, R"({"pdus":[],"auth_chain":[]})"},
  {endpoint::state_ids, R"({"pdu_ids":["$a"],"auth_chain_ids":[]})"},
  {endpoint::backfill, R"({"pdus":[]})"},
  {endpoint::get_missing_events, R"({"events":[]})"},
  {endpoint::event_auth, R"({"auth_chain":[]})"},
  {endpoint::query_directory, R"({"room_id":"!r:x","servers":["x"]})"},
  {endpoint::key_query_batch, R"({"server_keys":[]})"},
  {endpoint::public_rooms, R"({"chunk":[]})"},
  {endpoint::hierarchy, R"({"room":{},"children":[]})"},
  {endpoint::timestamp_to_event, R"({"event_id":"$a","origin_server_ts":1})"},
  {endpoint::policy_sign, R"({"x":{"ed25519:policy_server":"s"}})"},
};

bool takes(endpoint id, std::string_view body) { return bool{check_answer(id, body)}; }

std::string problem(endpoint id, std::string_view body) {
  auto fine = check_answer(id, body);
  if (fine) return "";
  BOOST_TEST((fine.error().code == fault_code::peer_bad_answer));
  return fine.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_shapes)

BOOST_AUTO_TEST_CASE(what_an_endpoint_promises_is_taken) {
  for (const auto& s : samples) BOOST_CHECK_MESSAGE(takes(s.id, s.good), s.good);
}

BOOST_AUTO_TEST_CASE(what_others_than_homeservers_answer_with_200_is_no_answer_of_any_endpoint) {
  // The user saw: a hosting page answered PUT /send, the message counted as delivered and was lost.
  for (const auto& s : samples) {
    for (const auto* bad : {"",
                            " ",
                            "<!DOCTYPE html><html><body>Welcome to nginx!</body></html>",
                            "OK",
                            "null",
                            "true",
                            "7",
                            "\"pdus\"",
                            "[]",
                            "[200,{}]",
                            "[{}]",
                            R"({"status":"ok"})",
                            R"({"errcode":"M_UNKNOWN","error":"x"})",
                            R"({"ok":true,"data":[]})",
                            "{",
                            "{\"",
                            "{}{}",
                            "\xff",
                            "{\"a\":}",
                            "{\"pdus\":{}",
                            "{\"pdus\":null}"})
      BOOST_CHECK_MESSAGE(!takes(s.id, bad) || (s.id == endpoint::version && bad[0] == '{'),
                          std::string{s.good} + " <- " + bad);
    // Cut off at every byte.
    const std::string whole = s.good;
    for (std::size_t n = 0; n < whole.rfind('}'); ++n)
      BOOST_CHECK_MESSAGE(!takes(s.id, std::string_view{whole}.substr(0, n)), whole.substr(0, n));
  }
}

BOOST_AUTO_TEST_CASE(each_promised_member_is_needed_and_of_its_kind) {
  const std::vector<std::pair<endpoint, std::vector<const char*>>> bad = {
    {endpoint::make_join, {"{}", R"({"event":[]})", R"({"event":null})", R"({"event":{},"room_version":11})"}},
    {endpoint::make_leave, {"{}", R"({"event":"x"})", R"({"room_version":"11"})"}},
    {endpoint::send_join_v2, {"{}", R"({"state":[]})", R"({"auth_chain":[]})", R"({"state":{},"auth_chain":[]})"}},
    {endpoint::send_leave_v2, {R"({"event":{}})", R"({"success":true})"}},
    {endpoint::invite_v2, {"{}", R"({"event":[]})"}},
    {endpoint::make_knock, {R"({"event":{}})"}},
    {endpoint::send_knock, {"{}", R"({"knock_room_state":{}})"}},
    {endpoint::get_missing_events, {"{}", R"({"events":{}})", R"({"pdus":[]})"}},
    {endpoint::state_ids, {"{}", R"({"auth_chain_ids":[]})", R"({"pdu_ids":[],"auth_chain_ids":{}})"}},
    {endpoint::query_directory, {"{}", R"({"servers":[]})", R"({"room_id":7})"}},
    {endpoint::hierarchy, {"{}", R"({"room":[]})"}},
    {endpoint::key_server,
     {"{}", R"({"server_name":"x","verify_keys":{}})", R"({"server_name":"x","verify_keys":[],"valid_until_ts":1})"}},
    {endpoint::policy_sign, {R"({"errcode":"M_FORBIDDEN"})", R"({"x":[]})"}},
  };
  for (const auto& [id, bodies] : bad)
    for (const auto* body : bodies) BOOST_CHECK_MESSAGE(!takes(id, body), body);
  BOOST_TEST(problem(endpoint::make_leave, R"({"room_version":"11"})") == "no event");
  BOOST_TEST(problem(endpoint::make_leave, R"({"event":7})") == "event is of the wrong kind");
  BOOST_TEST(problem(endpoint::make_leave, "<html>") == "no JSON object");
  BOOST_TEST(problem(endpoint::make_leave, R"({"event":{)") == "cut off");
}

BOOST_AUTO_TEST_CASE(the_forms_in_which_servers_in_use_answer_a_transaction_are_taken) {
  for (const auto* body :
       {R"({"pdus":{}})", R"({"pdus":{},"edus":{}})", "{}", R"({"$e":{}})", R"({"$e":{},"$f":{"error":"no"}})"})
    BOOST_CHECK_MESSAGE(takes(endpoint::send, body), body);
  for (const auto* body :
       {R"({"pdus":[]})", R"({"pdus":"ok"})", R"({"$e":"ok"})", R"({"$e":{},"ok":{}})", R"({"edus":{}})"})
    BOOST_CHECK_MESSAGE(!takes(endpoint::send, body), body);
}

BOOST_AUTO_TEST_CASE(an_event_that_cannot_be_read_does_not_spoil_the_list_it_stands_in) {
  BOOST_TEST(takes(endpoint::backfill, R"({"pdus":[{"a":1,"a":2},{"b":nonsense},{}]})"));
  BOOST_TEST(!takes(endpoint::make_join, R"({"event":{"a":1,"a":2}})"));
  BOOST_TEST(!takes(endpoint::make_join, R"({"event":{"b":nonsense}})"));
}

BOOST_AUTO_TEST_CASE(files_are_no_json) {
  for (const auto id : {endpoint::media_download, endpoint::media_thumbnail, endpoint::media_download_v3})
    BOOST_TEST(takes(id, "\x89PNG"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_outline)

BOOST_AUTO_TEST_CASE(members_are_told_with_their_kinds_and_nothing_is_read_of_what_is_in_them) {
  using namespace causeway::matrix::json;
  const auto found =
    outline(R"( {"a":[],"b":{"x":"}]"},"c":"\"]","d":-1.5e3 ,"e":true,"f":null,"p\u0064us":[1,[2,{"y":[]}]]} )");
  BOOST_REQUIRE(found);
  std::string shown;
  for (const auto& m : *found)
    shown += m.key + std::to_string(static_cast<int>(m.kind)) + (m.is_empty ? "-" : "") + " ";
  BOOST_TEST(shown == "a4- b5 c3 d2 e1 f0 pdus4 ");
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_refused_without_recursion) {
  using namespace causeway::matrix::json;
  for (const auto* text : {"", "[]", "{a:1}", "{\"a\"}", "{\"a\":1,}", "{\"a\":nul}", "{\"a\":1 2}", "{,}",
                           "{\"a\":\"x}", "{\"a\":\"x\\", "{\"a\\q\":1}"})
    BOOST_CHECK_MESSAGE(!outline(text), text);
  BOOST_TEST(!outline("{\"a\":" + std::string(1'000'000, '[')));
  BOOST_TEST(bool{outline("{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}")});
  std::string many = "{";
  for (std::size_t i = 0; i <= outline_members_max; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  BOOST_TEST(!outline(many + "}"));
}

BOOST_AUTO_TEST_SUITE_END()
