#include "plugin/gateway/http_text.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_http_text)

BOOST_AUTO_TEST_CASE(head_has_what_http_demands) {
  federation_answer x;
  x.body = "{}";
  BOOST_TEST(response_head(x, true, 784'111'777) == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(response_head(x, false, 0).find("\r\nConnection: close\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(headers_that_would_break_the_message_are_left_out) {
  federation_answer x;
  x.content_type = "text/plain\r\nX-Evil: 1";
  x.headers = {{"Retry-After", "3"},     {"X-Bad", "a\r\nX-Evil: 1"}, {"X Bad", "1"}, {"", "1"},
               {"content-length", "99"}, {"Connection", "upgrade"}};
  const auto head = response_head(x, true, 0);
  BOOST_TEST(head.find("\r\nRetry-After: 3\r\n") != std::string::npos);
  for (const auto* gone : {"Evil", "X-Bad", "X Bad", "99", "upgrade"})
    BOOST_TEST(head.find(gone) == std::string::npos, gone);
}

BOOST_AUTO_TEST_CASE(errors_are_matrix_errors) {
  const auto x = error_answer({fault_code::overloaded, "too \"many\""});
  BOOST_TEST(x.status == 429);
  BOOST_TEST(x.body == R"({"errcode":"M_LIMIT_EXCEEDED","error":"too \"many\"","retry_after_ms":1000})");
  BOOST_TEST((x.headers.at(0) == std::pair<std::string, std::string>{"Retry-After", "1"}));
  BOOST_TEST(error_answer({fault_code::unrecognized, ""}).status == 404);
  BOOST_TEST(error_answer({fault_code::unrecognized, ""}).body.find("M_UNRECOGNIZED") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
