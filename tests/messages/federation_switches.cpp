#include "messages/federation_switches.hpp"

#include "messages/chat/codec.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(federation_switches_suite)

BOOST_AUTO_TEST_CASE(what_is_set_is_read_again_and_nothing_else) {
  federation_switches x;
  BOOST_TEST(to_json(x) == "{}");
  BOOST_TEST((*federation_switches_of("{}") == x));
  x.enabled = false;
  x.receipts = true;
  x.allow = std::vector<std::string>{};
  x.deny = std::vector<std::string>{"a.example", "*.b.example"};
  x.invites = invite_policy::block;
  x.users = federating_users::allowed;
  BOOST_TEST((*federation_switches_of(to_json(x)) == x));
  federation_switches more;
  more.enabled = true;
  more.typing = false;
  merge(x, more);
  BOOST_TEST(*x.enabled);
  BOOST_TEST(!*x.typing);
  BOOST_TEST(*x.receipts);
}

BOOST_AUTO_TEST_CASE(what_is_no_such_document_is_refused) {
  for (const auto* text : {"", "[]", R"({"enabled":1})", R"({"allow":"x"})", R"({"allow":[1]})", R"({"invites":"no"})"})
    BOOST_TEST(!federation_switches_of(text), text);
}

BOOST_AUTO_TEST_CASE(a_list_has_whole_names_and_domains) {
  for (const auto* text : {"a.example", "a.example:8448", "*.a.example", "1.2.3.4", "[::1]:8448"})
    BOOST_TEST(is_server_pattern(text), text);
  for (const auto* text : {"", "*", "*.", "a.*", "*a.example", "*.a.example:1", "*.1.2.3.4", "a b", "@u:a.example"})
    BOOST_TEST(!is_server_pattern(text), text);
}

BOOST_AUTO_TEST_CASE(an_entry_without_a_port_is_the_host_whatever_its_port) {
  const std::vector<std::string> list{"a.example", "*.b.example", "c.example:8448"};
  for (const auto* server :
       {"a.example", "A.Example", "a.example:1", "x.b.example", "y.x.b.example:2", "c.example:8448"})
    BOOST_TEST(lists_server(list, server), server);
  for (const auto* server : {"b.example", "xb.example", "c.example", "c.example:1", "aa.example"})
    BOOST_TEST(!lists_server(list, server), server);
}

BOOST_AUTO_TEST_CASE(a_wrong_entry_of_the_command_is_named) {
  chat::federation_configure x;
  x.deny = std::vector<std::string>{"a.example", "evil.*"};
  auto read = chat::decode_command(x.name, chat::encode(chat::command{x}));
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().code == fault_code::bad_body));
  BOOST_TEST(read.error().detail.starts_with("deny has the entry \"evil.*\""), read.error().detail);
  x.deny = std::vector<std::string>(listed_servers_max + 1, "a.example");
  read = chat::decode_command(x.name, chat::encode(chat::command{x}));
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().code == fault_code::too_large));
  BOOST_TEST(read.error().detail.starts_with("deny has more than 1000"), read.error().detail);
  x.deny->pop_back();
  BOOST_TEST(bool(chat::decode_command(x.name, chat::encode(chat::command{x}))));
}

BOOST_AUTO_TEST_SUITE_END()
