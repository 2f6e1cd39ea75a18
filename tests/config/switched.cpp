#include "config/switched.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(config_switched)

BOOST_AUTO_TEST_CASE(what_the_chat_server_has_set_prevails_and_the_rest_is_as_configured) {
  config::federation_options configured;
  configured.deny_servers = {"evil.*"};
  configured.receipts = true;
  federation_switches over;
  BOOST_TEST(config::switched(configured, over).receipts);
  over.receipts = false;
  over.allow = std::vector<std::string>{"a.example"};
  over.users = federating_users::allowed;
  const auto now = config::switched(configured, over);
  BOOST_TEST(!now.receipts);
  BOOST_TEST(now.enabled);
  BOOST_TEST(now.allow_servers == std::vector<std::string>{"a.example"}, boost::test_tools::per_element());
  BOOST_TEST(now.deny_servers == std::vector<std::string>{"evil.*"}, boost::test_tools::per_element());
  BOOST_TEST((now.users_may_federate == federating_users::allowed));
}

BOOST_AUTO_TEST_CASE(options_without_effect_are_named) {
  config::federation_options configured;
  federation_switches over;
  over.enabled = true; // as it is configured anyway
  over.typing = false;
  over.deny = std::vector<std::string>{"a.example"};
  const auto keys = config::overruled(configured, over);
  BOOST_TEST(keys == (std::vector<std::string>{"federation.typing", "federation.deny_servers"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
