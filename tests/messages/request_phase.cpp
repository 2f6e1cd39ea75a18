#include "messages/request_phase.hpp"

#include "messages/fault.hpp"
#include "messages/gateway.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(request_phases)

BOOST_AUTO_TEST_CASE(each_phase_is_found_by_its_name) {
  for (auto x = request_phase::well_known; x <= request_phase::body;
       x = static_cast<request_phase>(static_cast<int>(x) + 1)) {
    BOOST_TEST(!name(x).empty());
    BOOST_TEST((find_request_phase(name(x)) == x));
  }
  BOOST_TEST((find_request_phase("of a newer gateway") == request_phase::unknown));
}

BOOST_AUTO_TEST_CASE(a_failure_that_was_kept_as_text_tells_its_phase) {
  const auto of = [](fault_code code, const char* detail) { return name(phase_of(to_string(fault{code, detail}))); };
  BOOST_TEST(of(fault_code::peer_unresolvable, "a.example: no such name") == "DNS");
  BOOST_TEST(of(fault_code::peer_unreachable, "Connection refused") == "TCP");
  BOOST_TEST(of(fault_code::peer_unreachable, "SRV record of a.example says that the service is not offered") == "DNS");
  BOOST_TEST(of(fault_code::peer_blocked_address, "10.0.0.1") == "TCP");
  BOOST_TEST(of(fault_code::peer_tls, "certificate has expired") == "TLS");
  BOOST_TEST(of(fault_code::peer_timeout, "no answer") == "HTTP");
  BOOST_TEST(of(fault_code::peer_timeout, "server discovery took longer than the request's time-out") == "well-known");
  BOOST_TEST(of(fault_code::peer_bad_answer, "no JSON") == "body");
  BOOST_TEST(of(fault_code::too_large, "response is over 5 bytes") == "body");
  BOOST_TEST(name(phase_of("HTTP 401 {}")) == "signature");
  BOOST_TEST(name(phase_of("HTTP 502 {}")) == "HTTP");
  BOOST_TEST(name(phase_of("something else")) == "");
}

BOOST_AUTO_TEST_CASE(the_gateway_tells_the_phase_with_the_fault) {
  gateway::http_answer x;
  x.id = 1;
  x.why = {fault_code::peer_unreachable, "Connection timed out"};
  x.phase = request_phase::tls;
  const auto told = gateway::decode_http_answer(gateway::encode(x));
  BOOST_REQUIRE(told);
  BOOST_TEST((told->phase == request_phase::tls));
}

BOOST_AUTO_TEST_SUITE_END()
