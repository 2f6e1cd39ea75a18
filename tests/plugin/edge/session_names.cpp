#include "plugin/edge/session_names.hpp"

#include "messages/edge/header.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::edge;

namespace {

connection from(std::string routing_id, std::string peer_name = {}) {
  return {0, std::move(routing_id), role::chat, std::move(peer_name)};
}
frame hello(std::string peer) {
  return {verb::hello, encode_header(hello_header{{1}, "", std::move(peer), {}, {1, 1}}), {}};
}
const frame ping{verb::ping, {}, {}};

void is_fault(const result<std::string>& x, fault_code code) {
  BOOST_REQUIRE(!x);
  BOOST_TEST((x.error().code == code));
}

} // namespace

BOOST_AUTO_TEST_SUITE(edge_session_names)

BOOST_AUTO_TEST_CASE(hello_names_the_session_of_a_connection) {
  session_names names;
  is_fault(names.find(from("a"), ping), fault_code::hello_required);
  BOOST_TEST(*names.find(from("a"), hello("rc1")) == "rc1");
  BOOST_TEST(*names.find(from("a"), ping) == "rc1");
  BOOST_TEST(*names.find(from("b"), hello("")) == "chat");
  BOOST_TEST(*names.find(from("a"), hello("rc2")) == "rc2");
  BOOST_TEST(*names.find(from("a"), ping) == "rc2");
  BOOST_TEST(names.forget(from("a")) == "rc2");
  BOOST_TEST(names.forget(from("a")) == "");
  is_fault(names.find(from("a"), ping), fault_code::hello_required);
}

BOOST_AUTO_TEST_CASE(a_key_has_its_own_name) {
  session_names names;
  BOOST_TEST(*names.find(from("a", "rc1"), ping) == "rc1");
  BOOST_TEST(*names.find(from("a", "rc1"), hello("")) == "rc1");
  BOOST_TEST(*names.find(from("a", "rc1"), hello("rc1")) == "rc1");
  is_fault(names.find(from("a", "rc1"), hello("rc2")), fault_code::role_denied);
  BOOST_TEST(names.forget(from("a", "rc1")) == "rc1");
}

BOOST_AUTO_TEST_CASE(what_is_no_chat_peer_or_no_hello_is_refused) {
  session_names names;
  auto gateway = from("a");
  gateway.peer_role = role::gateway;
  is_fault(names.find(gateway, hello("x")), fault_code::role_denied);
  is_fault(names.find(from("a"), {verb::hello, "junk", {}}), fault_code::bad_frame);
}

BOOST_AUTO_TEST_CASE(the_connection_heard_of_least_recently_is_forgotten_first) {
  session_names names{2};
  (void)names.find(from("a"), hello("1"));
  (void)names.find(from("b"), hello("2"));
  (void)names.find(from("a"), ping);
  (void)names.find(from("c"), hello("3"));
  BOOST_TEST(*names.find(from("a"), ping) == "1");
  is_fault(names.find(from("b"), ping), fault_code::hello_required);
  BOOST_TEST(*names.find(from("c"), ping) == "3");
}

BOOST_AUTO_TEST_SUITE_END()
