#include "messages/edge/header.hpp"

#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"
#include "tests/messages/chat/packed.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::edge;
using test::map;
using test::packed;
using test::str;

BOOST_AUTO_TEST_SUITE(edge_header)

namespace {

template <class Header>
void refuses(const std::string& bytes, fault_code code, std::string_view word) {
  const auto x = decode_header<Header>(bytes);
  BOOST_REQUIRE(!x);
  BOOST_TEST((x.error().code == code));
  BOOST_TEST(x.error().detail.find(word) != std::string::npos, x.error().detail);
}

} // namespace

BOOST_AUTO_TEST_CASE(hello_is_read_by_key) {
  const auto credit = map({{"messages", packed(10)}, {"bytes", packed(1'000'000)}});
  auto x = decode_header<hello_header>(map({{"versions", packed(std::vector<int>{1, 2})},
                                            {"client", str("rc/7")},
                                            {"peer", str("rc1")},
                                            {"streams", packed(std::vector<int>{0, 3})},
                                            {"credit", credit},
                                            {"resume", packed(true)}}));
  BOOST_REQUIRE(x);
  BOOST_TEST(x->versions == (std::vector<std::uint32_t>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(x->peer == "rc1");
  BOOST_TEST(x->streams.value() == (std::vector<std::uint32_t>{0, 3}), boost::test_tools::per_element());
  BOOST_TEST(x->credit.messages == 10u);
  BOOST_TEST(x->credit.bytes == 1'000'000u);

  x = decode_header<hello_header>(map({{"versions", packed(std::vector<int>{1})}, {"credit", credit}}));
  BOOST_REQUIRE(x);
  BOOST_TEST(!x->streams); // all
  BOOST_TEST(x->peer.empty());
}

BOOST_AUTO_TEST_CASE(a_wrong_header_names_the_key) {
  refuses<hello_header>(map({}), fault_code::bad_frame, "versions is missing");
  refuses<hello_header>(map({{"versions", packed(std::vector<int>{1})}}), fault_code::bad_frame, "credit is missing");
  refuses<hello_header>(map({{"versions", packed(std::vector<int>{1})}, {"credit", map({{"messages", packed(-1)}})}}),
                        fault_code::bad_frame, "credit.messages must be an integer from 0");
  refuses<hello_header>(map({{"versions", packed(std::vector<int>{1})}, {"credit", packed(1)}}), fault_code::bad_frame,
                        "credit is not a map");
  refuses<hello_header>(
    map({{"versions", packed(std::vector<int>(65))}, {"credit", map({{"messages", packed(1)}, {"bytes", packed(1)}})}}),
    fault_code::too_large, "versions");
  refuses<command_header>(map({{"id", str("x")}}), fault_code::bad_frame, "command is missing");
  refuses<command_header>(map({{"id", str(std::string(129, 'x'))}, {"command", str("c")}}), fault_code::too_large,
                          "id is over 128 bytes");
  refuses<ack_header>(map({{"stream", packed(0)}}), fault_code::bad_frame, "cursor is missing");
  refuses<ack_header>(map({{"stream", packed(std::uint64_t{1} << 32)}, {"cursor", packed(1)}}), fault_code::bad_frame,
                      "stream");
  refuses<seek_header>(map({{"stream", packed(0)}, {"cursor", packed(~std::uint64_t{0})}}), fault_code::bad_frame,
                       "cursor");
  refuses<nack_header>(map({{"stream", packed(0)}, {"cursor", packed(1)}, {"permanent", packed(1)}}),
                       fault_code::bad_frame, "permanent");
  refuses<ping_header>("junk", fault_code::bad_frame, "header");
  refuses<ping_header>(std::string(header_bytes_max + 1, '\x80'), fault_code::too_large, "header");
}

BOOST_AUTO_TEST_CASE(an_empty_header_is_an_empty_map) {
  BOOST_TEST(bool(decode_header<ping_header>("")));
  BOOST_TEST(bool(decode_header<bye_header>("")));
}

BOOST_AUTO_TEST_CASE(welcome_round_trips) {
  welcome_header x;
  x.broker = "causeway/1";
  x.server_name = "a.example";
  x.streams = 2;
  x.acked = {{"0", 5}, {"1", 0}};
  x.heads = {{"0", 9}, {"1", 0}};
  x.command_credit = {10, 20};
  x.heartbeat_ms = 1;
  x.peer_timeout_ms = 2;
  const auto back = decode_header<welcome_header>(encode_header(x));
  BOOST_REQUIRE(back);
  BOOST_TEST(back->acked.at("0") == 5);
  BOOST_TEST(back->heads.at("0") == 9);
  BOOST_TEST(back->command_credit.bytes == 20u);
  BOOST_TEST(back->server_name == "a.example");
}

BOOST_AUTO_TEST_CASE(the_other_headers_round_trip) {
  BOOST_TEST(decode_header<result_header>(encode_header(result_header{"i", false, true}))->repeated);
  const auto durable = decode_header<event_header>(encode_header(event_header{3, 7, "typing"}));
  BOOST_TEST(durable->stream.value() == 3u);
  BOOST_TEST(durable->cursor.value() == 7);
  BOOST_TEST(!decode_header<event_header>(encode_header(event_header{{}, {}, "typing"}))->stream);
  BOOST_TEST(decode_header<credit_header>(encode_header(credit_header{{4, 5}}))->more.bytes == 5u);
  BOOST_TEST(decode_header<nack_header>(encode_header(nack_header{1, 2, true, "why"}))->reason == "why");
  BOOST_TEST(decode_header<ping_header>(encode_header(ping_header{-9}))->t == -9);
  BOOST_TEST(decode_header<seek_header>(encode_header(seek_header{1, 2}))->cursor == 2);
  BOOST_TEST(decode_header<bye_header>(encode_header(bye_header{"r"}))->reason == "r");
}

BOOST_AUTO_TEST_CASE(an_error_carries_the_fault_and_what_it_is_about) {
  error_header about;
  about.id = "c1";
  const auto x = make_error({fault_code::unsupported_version, "d"}, about);
  BOOST_TEST((x.what == verb::error));
  BOOST_TEST(x.header == map({{"id", str("c1")}}));
  BOOST_TEST((chat::decode_fault(x.body) == fault{fault_code::unsupported_version, "d"}));
  BOOST_TEST(make_error({fault_code::bad_frame, ""}).header == map({}));
}

/// The example of CONTRACT.md, byte by byte.
BOOST_AUTO_TEST_CASE(the_contracts_example_is_what_the_code_writes) {
  const std::string header = "\x82\xa2id\xa4k-17\xa7"
                             "command\xac"
                             "message.send";
  BOOST_TEST(encode_header(command_header{"k-17", "message.send"}) == header);
  const std::string body = "\x84\xa4room\xa2r9\xa6sender\xa5"
                           "alice\xa7message\xa2m4\xa4text\xa2hi";
  const auto x = chat::decode_command("message.send", body);
  BOOST_REQUIRE(x);
  BOOST_TEST(std::get<chat::message_send>(*x).text == "hi");
}

BOOST_AUTO_TEST_SUITE_END()
