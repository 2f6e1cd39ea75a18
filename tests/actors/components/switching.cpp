#include "actors/directory/switching.hpp"

#include "config/switched.hpp"
#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(directory_switching_alone)

namespace {

using directory::switching;
using texts = std::vector<std::string>;

struct switching_alone {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  switching switches{node, out};

  switching_alone() { out.set_now(now); }
  effects configure(const chat::federation_configure& x) {
    switches.configure({{"s", "c1", 0}, {}}, x);
    return out.take();
  }
  static chat::federation_view view_in(const effects& list) {
    const auto done = told<command_done>(list);
    if (done.size() != 1 || !done[0].second.succeeded) throw std::runtime_error("not one answer");
    return *edge::unpack<chat::federation_view>(done[0].second.body, fault_code::bad_body);
  }
  chat::federation_view view() {
    switches.tell({{"s", "c2", 0}, {}});
    return view_in(out.take());
  }
};

chat::federation_configure off() {
  chat::federation_configure x;
  x.enabled = false;
  return x;
}
chat::federation_configure all_of_it() {
  chat::federation_configure x;
  x.enabled = true;
  x.typing = false;
  x.receipts = true;
  x.presence = true;
  x.allow = texts{"*.good.example"};
  x.deny = texts{"bad.good.example"};
  x.invites = invite_policy::block;
  x.users = federating_users::allowed;
  return x;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(without_a_word_the_configuration_is_told, switching_alone) {
  change(node).federation.receipts = true;
  change(node).federation.deny_servers = {"evil.example"};
  const auto x = view();
  BOOST_TEST(x.enabled);
  BOOST_TEST(x.receipts);
  BOOST_TEST(x.deny == texts{"evil.example"}, boost::test_tools::per_element());
  BOOST_TEST(x.configured.empty());
  BOOST_TEST(x.since_ts == 0);
}

BOOST_FIXTURE_TEST_CASE(a_word_is_on_disk_before_the_node_and_the_chat_server_hear_of_it, switching_alone) {
  const auto list = configure(off());
  const auto commit = std::ranges::find_if(list, [](const auto& e) { return std::holds_alternative<persist>(e); });
  BOOST_REQUIRE((commit != list.end()));
  const auto& p = std::get<persist>(*commit);
  const auto rows = written<store::put_switches>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].since_ts == now);
  const auto before_commit = effects{list.begin(), commit};
  BOOST_TEST(told<switches_set>(before_commit).empty());
  BOOST_TEST(told<command_done>(before_commit).empty());
  // The node first: whoever speaks to us behind the answer finds it in force.
  BOOST_REQUIRE(p.then.size() >= 2u);
  const auto* first = std::get_if<tell>(&p.then[0]);
  BOOST_REQUIRE(first != nullptr);
  BOOST_TEST((first->to == address{actor_kind::node, ""}));
  BOOST_TEST(std::get<switches_set>(first->body).now.enabled.value() == false);
  BOOST_TEST(written<store::put_command_result>(list).size() == 1u); // a repetition switches nothing again
  const auto x = view_in(list);
  BOOST_TEST(!x.enabled);
  BOOST_TEST(x.configured == texts{"enabled"}, boost::test_tools::per_element());
  BOOST_TEST(x.since_ts == now);
}

BOOST_FIXTURE_TEST_CASE(what_a_word_leaves_out_stays_as_it_was_said, switching_alone) {
  (void)configure(all_of_it());
  now += 5;
  out.set_now(now);
  auto more = off();
  more.deny = texts{};
  const auto list = configure(more);
  const auto x = view_in(list);
  BOOST_TEST(!x.enabled);
  BOOST_TEST(!x.typing);
  BOOST_TEST(x.receipts);
  BOOST_TEST(x.presence);
  BOOST_TEST(x.allow == texts{"*.good.example"}, boost::test_tools::per_element());
  BOOST_TEST(x.deny.empty()); // an empty list is a word too
  BOOST_TEST((x.invites == invite_policy::block));
  BOOST_TEST((x.users == federating_users::allowed));
  BOOST_TEST(x.configured ==
               (texts{"enabled", "typing", "receipts", "presence", "allow", "deny", "invites", "users_may_federate"}),
             boost::test_tools::per_element());
  BOOST_TEST(x.since_ts == now);
  // The node is told all of it, not what was new.
  BOOST_TEST(told<switches_set>(list).at(0).second.now.receipts.value());
  const auto lines = of_kind<note>(list);
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].what.starts_with("A811 "));
}

BOOST_FIXTURE_TEST_CASE(a_word_prevails_over_a_configuration_that_changes_meanwhile, switching_alone) {
  (void)configure(off());
  change(node).federation.enabled = true;
  change(node).federation.typing = false;
  BOOST_TEST(!view().enabled);
  BOOST_TEST(!view().typing);
}

BOOST_FIXTURE_TEST_CASE(what_was_said_before_a_restart_counts_after_it, switching_alone) {
  const auto row = written<store::put_switches>(configure(all_of_it())).at(0);
  const auto before = view();
  switching anew{node, out};
  anew.load(row);
  anew.tell({{"s", "c3", 0}, {}});
  const auto after = view_in(out.take());
  BOOST_TEST(chat::encode(chat::answer{after}) == chat::encode(chat::answer{before}));
}

BOOST_FIXTURE_TEST_CASE(a_node_that_was_never_told_anything_begins_with_the_configuration, switching_alone) {
  switches.load({});
  BOOST_TEST(view().configured.empty());
  BOOST_TEST(view().since_ts == 0);
}

BOOST_FIXTURE_TEST_CASE(a_row_that_cannot_be_read_ends_the_actor_and_does_not_open_what_was_closed, switching_alone) {
  for (const auto* odd : {"no json", "[]", R"({"enabled":"no"})", R"({"invites":"perhaps"})"})
    BOOST_CHECK_THROW(switches.load({odd, noon}), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
