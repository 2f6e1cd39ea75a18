#include "messages/matrix/transaction.hpp"

#include "tests/vectors.hpp"

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(transaction)

namespace {

fault_code code_of(const result<transaction_body>& parsed) { return parsed ? fault_code::none : parsed.error().code; }

/// Of a body as text and as a tree: the same.
fault_code code_of(std::string_view text) {
  const auto code = code_of(parse_transaction(text));
  BOOST_TEST((code_of(transaction_of(test::parse_json(text))) == code), text);
  return code;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string list_of(std::size_t count, std::string_view item) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += item;
  }
  out += ']';
  return out;
}

std::string body(std::string_view pdus, std::string_view edus) {
  return R"({"origin":"h","origin_server_ts":1,"pdus":)" + std::string{pdus} + R"(,"edus":)" + std::string{edus} + '}';
}

} // namespace

BOOST_AUTO_TEST_CASE(captured_transactions_are_read) {
  int transactions = 0;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(std::string{"captures/room_v"} + room + "/exchanges")) {
      if (path.filename().string().find("PUT_v1_send_pdu") != 0 &&
          path.filename().string().find("PUT_v1_send_edu") != 0)
        continue;
      const auto x = test::load_json(path);
      const auto& request = test::at(x, "request");
      const auto parsed = parse_transaction(json::canonical(request));
      BOOST_REQUIRE(parsed);
      BOOST_TEST(transaction_of(request)->pdus == parsed->pdus);
      ++transactions;
      BOOST_TEST(parsed->origin == test::string_at(request, "origin"));
      BOOST_TEST(parsed->pdus.size() == test::array_at(request, "pdus").size());
      const auto* edus = request.find_array("edus");
      BOOST_TEST(parsed->edus.size() == (edus ? edus->size() : 0));
    }
  BOOST_TEST(transactions > 20);
}

BOOST_AUTO_TEST_CASE(counts_are_bounded) {
  BOOST_TEST((code_of(body(list_of(50, "{}"), list_of(100, "{}"))) == fault_code::none));
  BOOST_TEST((code_of(body(list_of(51, "{}"), "[]")) == fault_code::too_large));
  BOOST_TEST((code_of(body("[]", list_of(101, "{}"))) == fault_code::too_large));
}

BOOST_AUTO_TEST_CASE(a_pdu_that_cannot_be_read_is_left_out_alone_and_counts) {
  for (const auto& bad : {R"({"content":)" + nested(5'000) + "}", std::string{R"({"depth":1,"depth":2})"}}) {
    const auto parsed = parse_transaction(
      body(R"([{"type":"a"},)" + bad + R"(,{"type":"b"}])", "[" + bad + R"(,{"edu_type":"m.typing","content":{}}])"));
    BOOST_REQUIRE_MESSAGE(parsed, test::why(parsed));
    BOOST_REQUIRE(parsed->pdus.size() == 2u);
    BOOST_TEST(*parsed->pdus[1].find("type")->as_string() == "b");
    BOOST_TEST(parsed->unreadable_pdus == 1u);
    BOOST_TEST(parsed->edus.size() == 1u);
    BOOST_TEST((code_of(parse_transaction(body(list_of(51, bad), "[]"))) == fault_code::too_large));
    BOOST_TEST((code_of(parse_transaction(body("[]", list_of(101, bad)))) == fault_code::too_large));
  }
  // One that can be read is handed on, so that it is answered for: the event's own bound is checked with its form.
  BOOST_TEST(parse_transaction(body(R"([{"content":)" + nested(150) + "}]", "[]"))->pdus.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pdu_that_is_no_object_is_left_out_alone_whatever_it_is) {
  // The user saw: one `null` among the PDUs, and the whole transaction was refused for ever.
  for (const auto* odd : {"7", "-0.5", "null", "true", "[]", "[{}]", R"("$event")", R"("")", "1e400"}) {
    const auto lists = [&](const char* good) { return std::string{"["} + odd + "," + good + "," + odd + "]"; };
    const auto text = body(lists(R"({"type":"a"})"), lists(R"({"edu_type":"m.typing","content":{}})"));
    for (const auto& parsed : {parse_transaction(text), transaction_of(test::parse_json(text))}) {
      BOOST_REQUIRE_MESSAGE(parsed, std::string{odd} + ": " + test::why(parsed));
      BOOST_TEST(parsed->pdus.size() == 1u);
      BOOST_TEST(parsed->unreadable_pdus == 2u);
      BOOST_TEST(parsed->edus.size() == 1u);
    }
    BOOST_TEST((code_of(body(list_of(51, odd), "[]")) == fault_code::too_large), odd);
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_json_is_told_from_one_of_the_wrong_shape) {
  for (auto text : {"", "{", "nothing", R"({"origin":"h","origin_server_ts":1}x)",
                    R"({"origin":"h","origin_server_ts":1,"pdus":[})"})
    BOOST_TEST((code_of(parse_transaction(std::string_view{text})) != fault_code::none), text);
  BOOST_TEST((code_of(parse_transaction(std::string_view{"{"})) == fault_code::not_json));
}

BOOST_AUTO_TEST_CASE(wrong_shapes_are_refused) {
  for (auto text :
       {R"([])", R"({})", R"({"origin":"h"})", R"({"origin":"h","origin_server_ts":"1"})",
        R"({"origin":7,"origin_server_ts":1})", R"({"origin":"not a name","origin_server_ts":1})",
        R"({"origin":"h","origin_server_ts":1,"pdus":{}})", R"({"origin":"h","origin_server_ts":1,"edus":null})",
        R"({"origin":"h","origin_server_ts":1,"pdus":null})", R"({"origin":"h","origin_server_ts":1,"pdus":"[]"})",
        R"({"origin":"h","origin_server_ts":1,"pdus":7})"})
    BOOST_TEST((code_of(text) == fault_code::bad_json), text);
  BOOST_TEST((code_of(R"({"origin":"h","origin_server_ts":1})") == fault_code::none));
}

BOOST_AUTO_TEST_CASE(malformed_edus_are_left_out) {
  const auto parsed = transaction_of(
    test::parse_json(body("[]", R"([7,{},{"edu_type":"m.typing"},{"content":{}},{"edu_type":1,"content":{}},
    {"edu_type":"m.receipt","content":[]},{"edu_type":"m.typing","content":{"typing":true}}])")));
  BOOST_REQUIRE(parsed);
  BOOST_REQUIRE(parsed->edus.size() == 1u);
  BOOST_TEST(parsed->edus[0].edu_type == "m.typing");
  BOOST_TEST(*parsed->edus[0].content.find("typing")->as_bool());
}

BOOST_AUTO_TEST_CASE(written_transaction_is_canonical_and_reads_back) {
  const auto text =
    write_transaction("h:8448", 17, {R"({"a":1})", R"({"b":2})"}, {R"({"content":{},"edu_type":"m.typing"})"});
  BOOST_TEST(text == json::canonical(test::parse_json(text)));
  const auto parsed = transaction_of(test::parse_json(text));
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed->origin == "h:8448");
  BOOST_TEST(parsed->origin_server_ts == 17);
  BOOST_TEST(parsed->pdus.size() == 2u);
  BOOST_TEST(parsed->edus.size() == 1u);
  BOOST_TEST(write_transaction("h", 1, {}, {}) == R"({"origin":"h","origin_server_ts":1,"pdus":[]})");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
