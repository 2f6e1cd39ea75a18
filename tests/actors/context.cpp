// What the operator changes while the node runs.
#include "actors/remote_server/remote_server_machine.hpp"
#include "actors/shell.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(contexts)

namespace {

using boxed = machine_of_node<remote_server::remote_server_machine>;

/// Status of the answer to a request of there.example.
int answer_to_request(boxed& machine) {
  const auto asked = asked_by_there("GET", "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example");
  const auto replies = told<federation_reply>(machine.on(asked, noon));
  return replies.empty() ? 0 : replies.front().second.status;
}

/// Its state is read and it knows the keys of there.example.
void load(boxed& machine) {
  const auto asked = of_kind<ask_store>(machine.on(start{}, noon));
  BOOST_REQUIRE(asked.size() == 1u);
  store::destination_loaded known;
  known.keys.keys = keys_of(there_key());
  known.keys.fetched_ts = noon;
  machine.on(store_says(asked[0].asked, known), noon);
}

std::shared_ptr<const settings> denying(std::vector<std::string> servers) {
  auto changed = std::make_shared<settings>(here().settings());
  changed->federation.deny_servers = std::move(servers);
  return changed;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_allow_and_deny_lists_are_about_others) {
  auto node = here();
  BOOST_TEST(node.admits("there.example"));
  change(node).federation.deny_servers = {"*.example"};
  BOOST_TEST(!node.admits("there.example"));
  BOOST_TEST(node.admits("here.example"));
  change(node).federation.deny_servers.clear();
  change(node).federation.allow_servers = {"friend.*"};
  BOOST_TEST(!node.admits("there.example"));
  BOOST_TEST(node.admits("friend.example"));
}

BOOST_AUTO_TEST_CASE(a_deny_list_that_is_changed_counts_from_the_next_message_on_and_no_actor_is_made_anew) {
  boxed machine{here(), "there.example"};
  load(machine);
  BOOST_TEST(answer_to_request(machine) == 0); // handed to the directory
  machine.take_over(denying({"there.*"}));
  BOOST_TEST(answer_to_request(machine) == 403);
  machine.take_over(denying({}));
  BOOST_TEST(answer_to_request(machine) == 0);
}

BOOST_AUTO_TEST_CASE(each_machine_has_settings_of_its_own) {
  const auto node = here();
  boxed first{node, "there.example"}, second{node, "there.example"};
  load(first);
  load(second);
  first.take_over(denying({"there.*"}));
  BOOST_TEST(answer_to_request(first) == 403);
  BOOST_TEST(answer_to_request(second) == 0);
  BOOST_TEST(node.admits("there.example"));
}

BOOST_AUTO_TEST_SUITE_END()
