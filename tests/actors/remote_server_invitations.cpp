// Invitations, and what the chat server hears of a delay, behind the queue of a remote server.
#include "tests/actors/remote_server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(remote_server_invitations)

namespace {

using rig = remote_server_rig;

} // namespace

namespace {

peer_request invite_request(token asked) {
  peer_request q;
  q.reply_to = {actor_kind::invitation, "!r:here.example|@x:there.example"};
  q.asked = asked;
  q.endpoint = matrix::endpoint::invite_v2;
  q.parameters = {"!r:here.example", "$invite" + std::to_string(asked)};
  q.body = "{}";
  return q;
}

std::vector<std::string> targets(const effects& list) {
  std::vector<std::string> all;
  for (const auto& [to, r] : told<gateway::http_request>(list))
    all.push_back(r.target.find("/send/") != std::string::npos ? "send" : r.target.substr(r.target.rfind('/') + 1));
  return all;
}

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(an_invitation_does_not_overtake_what_was_said_before_it) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(pdu_queued{r.message_event(2), {}});
  BOOST_TEST(targets(r.on(invite_request(1))).empty());
  r.on(pdu_queued{r.message_event(3), {}}); // said after it
  const auto second = r.on(http_says(first.id, 200));
  BOOST_TEST(targets(second) == (names{"send"}), boost::test_tools::per_element());
  const auto third = r.on(http_says(told<gateway::http_request>(second).at(0).second.id, 200));
  BOOST_TEST((targets(third) == names{"send", "%24invite1"} || targets(third) == names{"%24invite1"}));
}

BOOST_AUTO_TEST_CASE(an_invitation_to_a_server_that_is_owed_nothing_goes_at_once) {
  rig r;
  BOOST_TEST(targets(r.on(invite_request(1))) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_waits_for_a_slow_server_so_long_and_no_longer) {
  rig r;
  r.on(pdu_queued{r.message_event(1), {}}); // and no answer
  const auto held = r.on(invite_request(1));
  BOOST_TEST(timer_at(held, timer_kind::invites) == r.now + r.node.settings().invitation.queue_wait_ms);
  r.now = timer_at(held, timer_kind::invites) - 1;
  BOOST_TEST(targets(r.on(timer_due{timer_kind::invites})).empty());
  r.now += 1;
  BOOST_TEST(targets(r.on(timer_due{timer_kind::invites})) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_to_a_server_that_is_left_alone_tries_the_queue_and_then_goes_itself) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  for (int failures = 1; failures < 5; ++failures) { // the pause grows beyond the shortest
    const auto again = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
    r.on(http_says(again.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  }
  const auto held = r.on(invite_request(1));
  BOOST_TEST(targets(held).empty()); // it was tried a moment ago
  BOOST_TEST(timer_at(held, timer_kind::send) == r.now + r.node.settings().federation.retry_delay_ms_min);
  r.now += r.node.settings().federation.retry_delay_ms_min;
  const auto tried = r.on(timer_due{timer_kind::send});
  BOOST_TEST(targets(tried) == (names{"send"}), boost::test_tools::per_element()); // not in an hour
  BOOST_TEST(transaction_of(told<gateway::http_request>(tried).at(0).second) == transaction_of(request));
  const auto failed = r.on(
    http_says(told<gateway::http_request>(tried)[0].second.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  BOOST_TEST(targets(failed) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_goes_by_a_transaction_that_the_server_refuses_for_ever) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(invite_request(1));
  const auto probe = r.on(http_says(request.id, 400)); // does it take anything?
  BOOST_TEST(targets(probe) == (names{"send"}), boost::test_tools::per_element());
  BOOST_TEST(targets(r.on(http_says(told<gateway::http_request>(probe).at(0).second.id, 200))) == (names{"%24invite1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_behind_a_queue_that_is_partly_on_disk_waits_for_all_of_it) {
  rig r;
  store::destination_loaded stored;
  stored.pdus = {r.message_event(1)};
  stored.more = true;
  const auto first = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(targets(r.on(invite_request(1))).empty());
  const auto reading = r.on(http_says(first.id, 200));
  BOOST_TEST(targets(reading).empty());
  store::destination_loaded rest;
  rest.pdus = {r.message_event(2)};
  const auto second = r.on(store_says(of_kind<ask_store>(reading).at(0).asked, rest));
  BOOST_TEST(targets(second) == (names{"send"}), boost::test_tools::per_element());
  BOOST_TEST(targets(r.on(http_says(told<gateway::http_request>(second).at(0).second.id, 200))) ==
               (names{"%24invite1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(delivery_is_told_for_messages_that_were_delayed_only) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), "room"})).at(0).second;
  BOOST_TEST(written<store::append_delivery>(r.on(http_says(request.id, 200))).empty());
  request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), "room"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(written<store::append_delivery>(failed).at(0).told.state == "delayed");
  r.now = timer_at(failed, timer_kind::send);
  request = told<gateway::http_request>(r.on(timer_due{timer_kind::send})).at(0).second;
  BOOST_TEST(written<store::append_delivery>(r.on(http_says(request.id, 200))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_outage_is_told_once_by_its_first_message_and_so_is_its_end) {
  rig r;
  const auto told_of = [](const effects& list) {
    names all;
    for (const auto& x : written<store::append_delivery>(list)) all.push_back(x.told.message + " " + x.told.state);
    return all;
  };
  store::destination_loaded stored;
  for (const int n : {1, 2, 3}) {
    stored.pdus.push_back(r.message_event(n));
    stored.names_of[stored.pdus.back()->event_id] = {"room", "m" + std::to_string(n)};
  }
  auto request = told<gateway::http_request>(r.begin(stored)).at(0).second;
  auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_of(failed) == (names{"m1 delayed"}), boost::test_tools::per_element());
  r.on(pdu_queued{r.message_event(4), "room", "m4"});
  r.now = timer_at(failed, timer_kind::send);
  request = told<gateway::http_request>(r.on(timer_due{timer_kind::send})).at(0).second;
  failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_of(failed).empty());
  r.now = timer_at(failed, timer_kind::send);
  request = told<gateway::http_request>(r.on(timer_due{timer_kind::send})).at(0).second;
  const auto back = r.on(http_says(request.id, 200));
  BOOST_TEST(told_of(back) == (names{"m1 delivered"}), boost::test_tools::per_element());
  request = told<gateway::http_request>(back).at(0).second;
  BOOST_TEST(told_of(r.on(http_says(request.id, 200))).empty());
}

BOOST_AUTO_TEST_CASE(delivery_names_the_message_as_the_chat_server_does_also_after_a_restart) {
  rig r;
  const auto told_as = [](const effects& list) {
    const auto x = written<store::append_delivery>(list).at(0).told;
    return x.room + " " + x.message + " " + x.state;
  };
  const auto e = r.message_event(1);
  const auto request = told<gateway::http_request>(r.on(pdu_queued{e, "room", "m1"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_as(failed) == "room m1 delayed");

  store::destination_loaded stored;
  stored.destination = written<store::put_destination>(failed).at(0);
  stored.pdus = {e};
  stored.names_of[e->event_id] = {"room", "m1"};
  r.now = stored.destination.retry_at_ts;
  const auto again = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(told_as(r.on(http_says(again.id, 200))) == "room m1 delivered");

  stored.in_flight = std::exchange(stored.pdus, {}); // it was sent before its turn
  const auto far = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(told_as(r.on(http_says(far.id, 200))) == "room m1 delivered");
}

BOOST_AUTO_TEST_SUITE_END()
