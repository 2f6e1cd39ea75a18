#include "messages/gateway.hpp"

#include "messages/limits.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {
BOOST_AUTO_TEST_SUITE(gateway_messages)

namespace {

http_request full_http_request() {
  return {7,
          "example.org:8448",
          "PUT",
          "/_matrix/federation/v1/send/a%2Fb?x=1",
          {"X-Matrix a", "X-Matrix b"},
          R"({"pdus":[]})",
          30'000,
          4096};
}

federation_request full_federation_request() {
  return {UINT64_MAX, "POST", "/_matrix/x", {"X-Matrix origin=\"a\""}, std::string{"\0\xff body", 7}, "192.0.2.1:4711"};
}

} // namespace

BOOST_AUTO_TEST_CASE(verbs_are_the_contracts_bytes) {
  using edge::verb;
  int known = 0;
  for (int byte = 0; byte < 256; ++byte) known += edge::is_verb(static_cast<std::uint8_t>(byte)) ? 1 : 0;
  BOOST_TEST(known == 13);
  BOOST_TEST(edge::name(verb::hello) == "HELLO");
  BOOST_TEST(edge::name(verb::error) == "ERROR");
  BOOST_TEST(!edge::is_verb('h'));
  BOOST_TEST(edge::name(edge::role::gateway) == "gateway");
}

BOOST_AUTO_TEST_CASE(http_request_round_trips) {
  const auto x = full_http_request();
  const auto frame = encode(x);
  BOOST_TEST((frame.what == edge::verb::command));
  const auto y = decode_http_request(frame);
  BOOST_REQUIRE(y);
  BOOST_TEST(y->id == x.id);
  BOOST_TEST(y->server_name == x.server_name);
  BOOST_TEST(y->method == x.method);
  BOOST_TEST(y->target == x.target);
  BOOST_TEST(y->authorization == x.authorization);
  BOOST_TEST(y->body == x.body);
  BOOST_TEST(y->timeout_ms == x.timeout_ms);
  BOOST_TEST(y->response_bytes_max == x.response_bytes_max);
}

BOOST_AUTO_TEST_CASE(http_answer_round_trips_with_and_without_fault) {
  http_answer x{9, 200, "application/json", "{}", {}, "198.51.100.7:8448", 12};
  auto y = decode_http_answer(encode(x));
  BOOST_REQUIRE(y);
  BOOST_TEST(y->status == 200);
  BOOST_TEST(y->content_type == x.content_type);
  BOOST_TEST(y->body == "{}");
  BOOST_TEST(y->address == x.address);
  BOOST_TEST(y->elapsed_ms == 12u);
  BOOST_TEST(y->retry_after_ms == 0u);
  x.retry_after_ms = 30'000;
  BOOST_TEST(decode_http_answer(encode(x))->retry_after_ms == 30'000u);
  BOOST_TEST(y->date_ms == 0);
  x.date_ms = 1'700'000'000'000;
  BOOST_TEST(decode_http_answer(encode(x))->date_ms == 1'700'000'000'000);
  BOOST_TEST((y->why == fault{}));

  x = {9, 0, "", "", {fault_code::peer_tls, "certificate has expired"}, "", 5};
  y = decode_http_answer(encode(x));
  BOOST_REQUIRE(y);
  BOOST_TEST(y->status == 0);
  BOOST_TEST((y->why == x.why));
}

BOOST_AUTO_TEST_CASE(federation_request_round_trips) {
  const auto x = full_federation_request();
  const auto y = decode_federation_request(encode(x));
  BOOST_REQUIRE(y);
  BOOST_TEST(y->id == x.id);
  BOOST_TEST(y->method == x.method);
  BOOST_TEST(y->target == x.target);
  BOOST_TEST(y->authorization == x.authorization);
  BOOST_TEST(y->body == x.body);
  BOOST_TEST(y->remote_address == x.remote_address);
}

BOOST_AUTO_TEST_CASE(federation_answer_round_trips) {
  const federation_answer x{3, 429, "application/json", {{"Retry-After", "5"}}, "{}"};
  const auto y = decode_federation_answer(encode(x));
  BOOST_REQUIRE(y);
  BOOST_TEST(y->id == 3u);
  BOOST_TEST(y->status == 429);
  BOOST_TEST((y->headers == x.headers));
  BOOST_TEST(y->body == "{}");
  BOOST_TEST(decode_federation_answer(encode(federation_answer{})).operator bool());
}

BOOST_AUTO_TEST_CASE(wrong_verb_or_kind_is_refused) {
  auto frame = encode(full_http_request());
  BOOST_TEST((decode_federation_request(frame).error().code == fault_code::bad_frame));
  BOOST_TEST((decode_http_answer(frame).error().code == fault_code::bad_frame));
  frame.what = edge::verb::event;
  BOOST_TEST((decode_http_request(frame).error().code == fault_code::bad_frame));
}

BOOST_AUTO_TEST_CASE(missing_key_is_named) {
  const edge::frame x{edge::verb::command, "\x82\xa2id\x01\xa4kind\xachttp_request", {}};
  const auto y = decode_http_request(x);
  BOOST_REQUIRE(!y);
  BOOST_TEST(y.error().detail.find("server") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unknown_header_keys_are_ignored) {
  const edge::frame x{edge::verb::result,
                      "\x85\xa2id\x01\xa4kind\xb1"
                      "federation_answer\xa6status\xcc\xc8\xac"
                      "content_type\xa1x\xa3new\x93\x01\x02\x03",
                      {}};
  const auto y = decode_federation_answer(x);
  BOOST_REQUIRE(y);
  BOOST_TEST(y->status == 200);
}

BOOST_AUTO_TEST_CASE(every_truncation_and_every_changed_byte_is_a_value) {
  const auto whole = encode(full_federation_request());
  for (std::size_t n = 0; n < whole.header.size(); ++n)
    BOOST_TEST(!decode_federation_request({whole.what, whole.header.substr(0, n), {}}));
  for (std::size_t n = 0; n < whole.header.size(); ++n)
    for (const int byte : {0x00, 0x7f, 0x80, 0x9f, 0xc0, 0xc1, 0xc6, 0xc9, 0xdb, 0xdd, 0xdf, 0xff}) {
      auto broken = whole;
      broken.header[n] = static_cast<char>(byte);
      static_cast<void>(decode_federation_request(broken).operator bool());
    }
}

BOOST_AUTO_TEST_CASE(huge_claims_and_deep_nesting_are_refused) {
  using namespace std::string_literals;
  BOOST_TEST(!decode_http_request({edge::verb::command, "\xdf\xff\xff\xff\xff"s, {}}));
  BOOST_TEST(!decode_http_request({edge::verb::command, "\x81\xa2id\xdd\xff\xff\xff\xff"s, {}}));
  BOOST_TEST(!decode_http_request({edge::verb::command, std::string(10'000, '\x91'), {}}));
  BOOST_TEST(!decode_http_request({edge::verb::command, std::string(100'000, '\x80'), {}}));
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
  auto x = full_http_request();
  x.response_bytes_max = UINT64_MAX;
  BOOST_TEST(!decode_http_request(encode(x)));
  federation_answer y;
  y.status = 100;
  BOOST_TEST(!decode_federation_answer(encode(y)));
  y.status = 600;
  BOOST_TEST(!decode_federation_answer(encode(y)));
}

BOOST_AUTO_TEST_CASE(streams_round_trip) {
  auto request = full_http_request();
  request.stream = 9;
  request.url = "https://a.example/x";
  request.response_bytes_max = limits::response_bytes_max + 1;
  const auto asked = decode_http_request(encode(request));
  BOOST_REQUIRE(asked);
  BOOST_TEST(asked->stream == 9u);
  BOOST_TEST(asked->url == request.url);
  BOOST_TEST(asked->response_bytes_max == request.response_bytes_max);
  request.stream = 0; // a whole body of that size is not for one frame
  BOOST_TEST(!decode_http_request(encode(request)));

  const auto piece = decode_http_piece(encode(http_piece{UINT64_MAX, "image/png", "inline", std::string{"\0x", 2}}));
  BOOST_REQUIRE(piece);
  BOOST_TEST(piece->stream == UINT64_MAX);
  BOOST_TEST(piece->content_type == "image/png");
  BOOST_TEST(piece->content_disposition == "inline");
  BOOST_TEST((piece->body == std::string{"\0x", 2}));

  const auto credit = decode_stream_credit(encode(stream_credit{3, 1'000, true}));
  BOOST_REQUIRE(credit);
  BOOST_TEST(credit->stream == 3u);
  BOOST_TEST(credit->bytes == 1'000u);
  BOOST_TEST(credit->cancel);

  const auto wanted = decode_body_request(encode(body_request{4, "name", 5, limits::streamed_part_bytes_max}));
  BOOST_REQUIRE(wanted);
  BOOST_TEST(wanted->id == 4u);
  BOOST_TEST(wanted->stream == "name");
  BOOST_TEST(wanted->offset == 5u);
  BOOST_TEST(wanted->bytes == limits::streamed_part_bytes_max);
  BOOST_TEST(!decode_body_request(encode(body_request{4, "name", 5, limits::streamed_part_bytes_max + 1})));

  federation_answer promise;
  promise.body = "head";
  promise.stream = "name";
  promise.stream_bytes = 6;
  promise.tail = "tail";
  const auto promised = decode_federation_answer(encode(promise));
  BOOST_REQUIRE(promised);
  BOOST_TEST(promised->stream == "name");
  BOOST_TEST(promised->stream_bytes == 6u);
  BOOST_TEST(promised->tail == "tail");
  BOOST_TEST(!decode_http_piece(encode(stream_credit{})));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
