#include "messages/matrix/transaction.hpp"

#include "tests/vectors.hpp"

namespace causeway::matrix {
namespace {

fault_code code_of(std::string_view text) {
  auto parsed = parse_transaction(test::parse_json(text));
  return parsed ? fault_code::none : parsed.error().code;
}

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

BOOST_AUTO_TEST_SUITE(transaction)

BOOST_AUTO_TEST_CASE(captured_transactions_are_read) {
  int transactions = 0;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(std::string{"captures/room_v"} + room + "/exchanges")) {
      if (path.filename().string().find("PUT_v1_send_pdu") != 0 &&
          path.filename().string().find("PUT_v1_send_edu") != 0)
        continue;
      const auto x = test::load_json(path);
      const auto& request = test::at(x, "request");
      const auto parsed = parse_transaction(request);
      BOOST_REQUIRE(parsed);
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

BOOST_AUTO_TEST_CASE(wrong_shapes_are_refused) {
  for (auto text :
       {R"([])", R"({})", R"({"origin":"h"})", R"({"origin":"h","origin_server_ts":"1"})",
        R"({"origin":7,"origin_server_ts":1})", R"({"origin":"not a name","origin_server_ts":1})",
        R"({"origin":"h","origin_server_ts":1,"pdus":{}})", R"({"origin":"h","origin_server_ts":1,"edus":null})",
        R"({"origin":"h","origin_server_ts":1,"pdus":[7]})"})
    BOOST_TEST((code_of(text) == fault_code::bad_json), text);
  BOOST_TEST((code_of(R"({"origin":"h","origin_server_ts":1})") == fault_code::none));
}

BOOST_AUTO_TEST_CASE(malformed_edus_are_left_out) {
  const auto parsed = parse_transaction(
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
  const auto parsed = parse_transaction(test::parse_json(text));
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed->origin == "h:8448");
  BOOST_TEST(parsed->origin_server_ts == 17);
  BOOST_TEST(parsed->pdus.size() == 2u);
  BOOST_TEST(parsed->edus.size() == 1u);
  BOOST_TEST(write_transaction("h", 1, {}, {}) == R"({"origin":"h","origin_server_ts":1,"pdus":[]})");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
