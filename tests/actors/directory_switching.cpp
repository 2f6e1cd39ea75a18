// federation.configure and query.federation: kept, handed to the node, told.
#include "actors/directory/directory_machine.hpp"

#include "config/switched.hpp"
#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;

BOOST_AUTO_TEST_SUITE(directory_switching)

namespace {

using texts = std::vector<std::string>;

/// The directory of here.example, which knows ann; the node is the test.
struct switching_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  store::put_switches kept;
  time_ms now = noon;

  switching_rig() { begin(); }
  void begin() {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{"@ann:here.example", "ann", "Ann", {}}};
    stored.rooms.push_back({"!r:here.example", "chat-1", "11", store::room_phase::joined, false, {}});
    stored.switches = kept;
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects command(chat::command x) {
    auto done = machine->on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))}, now);
    for (const auto& row : written<store::put_switches>(done)) kept = row;
    for (const auto& [to, set] : told<switches_set>(done)) {
      BOOST_TEST((to == address{actor_kind::node, ""}));
      change(node).federation = config::switched(node.settings().federation, set.now);
    }
    return done;
  }
  chat::federation_view view_in(const effects& done) {
    const auto results = told<command_done>(done);
    BOOST_REQUIRE(results.size() == 1u);
    BOOST_REQUIRE(results[0].second.succeeded);
    return *edge::unpack<chat::federation_view>(results[0].second.body, fault_code::bad_body);
  }
  chat::federation_view view() { return view_in(command(chat::query_federation{})); }
  fault refusal(chat::command x) {
    const auto results = told<command_done>(command(std::move(x)));
    return results.size() == 1 && !results[0].second.succeeded ? chat::decode_fault(results[0].second.body) : fault{};
  }
  int invited() {
    federation_call call;
    call.gateway = "g";
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/%21x%3Athere.example/%24e"));
    call.body = std::make_shared<const matrix::json::value>(
      *matrix::json::parse(R"({"event":{"state_key":"@ann:here.example"},"room_version":"11"})"));
    const auto replies = told<federation_reply>(machine->on(call, now));
    return replies.empty() ? 0 : replies.at(0).second.status;
  }
};

chat::federation_configure disabled() {
  chat::federation_configure x;
  x.enabled = false;
  return x;
}

chat::room_create with_carl() {
  chat::room_create x;
  x.room = "new";
  x.type = chat::room_type::channel;
  x.creator = "ann";
  x.members = {"@carl:there.example"};
  return x;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(without_a_word_of_the_chat_server_the_configuration_counts, switching_rig) {
  change(node).federation.receipts = true;
  change(node).federation.deny_servers = {"evil.example"};
  const auto x = view();
  BOOST_TEST(x.enabled);
  BOOST_TEST(x.typing);
  BOOST_TEST(x.receipts);
  BOOST_TEST(!x.presence);
  BOOST_TEST(x.deny == texts{"evil.example"}, boost::test_tools::per_element());
  BOOST_TEST(x.configured.empty());
  BOOST_TEST(x.since_ts == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_switched_is_on_disk_before_it_is_in_force_and_answered_after, switching_rig) {
  auto wanted = disabled();
  wanted.deny = texts{"*.evil.example"};
  const auto done = command(wanted);
  const auto* commit = std::get_if<persist>(&done.at(0));
  BOOST_REQUIRE(commit != nullptr);
  BOOST_TEST(told<switches_set>(commit->then).size() == 1u);
  const auto* first = std::get_if<tell>(&commit->then.at(0));
  BOOST_REQUIRE(first != nullptr);
  BOOST_TEST((first->to.kind == actor_kind::node)); // then the RESULT
  const auto x = view_in(done);
  BOOST_TEST(!x.enabled);
  BOOST_TEST(x.deny == texts{"*.evil.example"}, boost::test_tools::per_element());
  BOOST_TEST(x.configured == (texts{"enabled", "deny"}), boost::test_tools::per_element());
  BOOST_TEST(x.since_ts == noon);
}

BOOST_FIXTURE_TEST_CASE(what_is_absent_stays_and_all_of_it_outlasts_a_restart, switching_rig) {
  command(disabled());
  now += 1'000;
  chat::federation_configure more;
  more.receipts = true;
  more.allow = texts{"friend.example"};
  command(more);
  more = {};
  more.allow = texts{};
  command(more);
  change(node).federation = {}; // a new process, whose configuration says nothing of it
  begin();
  const auto x = view();
  BOOST_TEST(!x.enabled);
  BOOST_TEST(x.receipts);
  BOOST_TEST(x.allow.empty());
  BOOST_TEST(x.configured == (texts{"enabled", "receipts", "allow"}), boost::test_tools::per_element());
  BOOST_TEST(x.since_ts == now);
}

BOOST_FIXTURE_TEST_CASE(while_it_is_disabled_nobody_of_another_server_can_be_wanted_in_a_room, switching_rig) {
  command(disabled());
  BOOST_TEST((refusal(with_carl()).code == fault_code::federation_disabled));
  auto on = disabled();
  on.enabled = true;
  on.deny = texts{"there.example"};
  command(on);
  BOOST_TEST((refusal(with_carl()).code == fault_code::server_denied));
  on.deny = texts{};
  command(on);
  BOOST_TEST((refusal(with_carl()).code == fault_code::none));
}

BOOST_FIXTURE_TEST_CASE(invitations_of_others_are_blocked_for_all, switching_rig) {
  BOOST_TEST(invited() == 0); // handed on to the room
  chat::federation_configure x;
  x.invites = invite_policy::block;
  command(x);
  BOOST_TEST(invited() == 403);
}

BOOST_AUTO_TEST_SUITE_END()
