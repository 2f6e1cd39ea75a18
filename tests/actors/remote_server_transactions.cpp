// What a remote server is owed: the queue and its transactions.
#include "tests/actors/remote_server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(remote_server_transactions)

namespace {

using rig = remote_server_rig;

} // namespace

BOOST_AUTO_TEST_CASE(a_queued_event_is_sent_after_its_transaction_is_on_disk) {
  rig r;
  const auto done = r.on(pdu_queued{r.message_event(1), "room"});
  const auto commit =
    std::find_if(done.begin(), done.end(), [](const effect& e) { return std::holds_alternative<persist>(e); });
  BOOST_REQUIRE(commit != done.end());
  const auto* p = std::get_if<persist>(&*commit);
  BOOST_REQUIRE(p != nullptr); // the request stands in `then`: not before the commit
  BOOST_TEST(written<store::put_destination>(done).at(0).transaction_pdus.size() == 1u);
  BOOST_TEST(told<gateway::http_request>(p->then).size() == 1u);
  const auto request = told<gateway::http_request>(done).at(0).second;
  BOOST_TEST(request.method == "PUT");
  BOOST_TEST(request.authorization.size() == 1u);
  const auto header = matrix::parse_x_matrix(request.authorization.at(0));
  const auto content = matrix::json::parse(request.body);
  const auto text = matrix::request_signed_bytes("PUT", request.target, "here.example", "there.example", &*content);
  BOOST_TEST(matrix::verify_signature(r.node.key.public_key_base64(), header->signature, text));
}

BOOST_AUTO_TEST_CASE(one_transaction_is_in_flight_and_the_rest_follows_in_order) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), {}})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(3), {}})).empty());
  const auto done = r.on(http_says(first.id, 200));
  const auto second = told<gateway::http_request>(done).at(0).second;
  BOOST_TEST(transaction_of(second) != transaction_of(first));
  BOOST_TEST(second.body.find("\"m2\"") < second.body.find("\"m3\""));
  BOOST_TEST(written<store::remove_destination_pdus>(done).at(0).event_ids.at(0) == r.message_event(1)->event_id);
}

BOOST_AUTO_TEST_CASE(the_same_id_and_body_are_repeated_until_the_answer_is_200) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  const auto id = transaction_of(request), body = request.body;
  time_ms pause = 1'000;
  for (const int status : {0, 500, 401, 404, 429, 302}) {
    r.on(pdu_queued{r.message_event(100 + status), {}});
    const auto failed = r.on(http_says(request.id, status, "{}", {fault_code::peer_timeout, ""}));
    BOOST_TEST(told<gateway::http_request>(failed).empty());
    BOOST_TEST(timer_at(failed, timer_kind::send) == r.now + pause);
    r.now += pause;
    pause *= 2;
    request = told<gateway::http_request>(r.on(timer_due{timer_kind::send})).at(0).second;
    BOOST_TEST(transaction_of(request) == id);
    BOOST_TEST(request.body == body);
  }
  const auto next = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  BOOST_TEST(transaction_of(next) != id);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_large_for_what_stands_before_the_server_goes_in_parts) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  for (int n = 2; n <= 9; ++n) r.on(pdu_queued{r.message_event(n), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  std::vector<std::size_t> sizes;
  std::vector<std::string> delivered;
  // A proxy that lets no more than three through; it says 413, and some say 400.
  for (int i = 0; i < 100 && delivered.size() < 8; ++i) {
    const auto body = *matrix::json::parse(request.body);
    const auto& pdus = *body.find_array("pdus");
    sizes.push_back(pdus.size());
    const bool fits = pdus.size() <= 3;
    auto done = r.on(http_says(request.id, fits ? 200 : i % 2 ? 413 : 400));
    if (!fits && i % 2 == 0) { // whether it takes anything at all is asked with a transaction of nothing
      const auto probe = told<gateway::http_request>(done).at(0).second;
      BOOST_TEST(matrix::json::parse(probe.body)->find_array("pdus")->empty());
      done = r.on(http_says(probe.id, 200));
    }
    if (fits)
      for (const auto& pdu : pdus) delivered.push_back(*pdu.find("content")->find_string("body"));
    else {
      BOOST_TEST(told<gateway::http_request>(done).empty());
      r.now = timer_at(done, timer_kind::send);
      done = r.on(timer_due{timer_kind::send});
    }
    if (delivered.size() < 8) request = told<gateway::http_request>(done).at(0).second;
  }
  BOOST_TEST(delivered == (std::vector<std::string>{"m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"}),
             boost::test_tools::per_element());
  BOOST_TEST(sizes.size() < 20u);
}

BOOST_AUTO_TEST_CASE(large_events_go_in_transactions_of_a_megabyte) {
  rig r;
  auto large = [&](int n) {
    object pdu{{"type", "m.room.message"},
               {"room_id", the_room.key},
               {"sender", "@ann:here.example"},
               {"origin_server_ts", r.now},
               {"depth", n},
               {"content", object{{"body", std::string(60'000, 'x')}}},
               {"prev_events", matrix::json::array{}},
               {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), r.node.server_name, r.node.key);
  };
  auto request = told<gateway::http_request>(r.on(pdu_queued{large(0), {}})).at(0).second;
  for (int n = 1; n <= 50; ++n) r.on(pdu_queued{large(n), {}});
  std::size_t sent = 1;
  for (int i = 0; i < 10 && sent < 51; ++i) {
    request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
    BOOST_TEST(request.body.size() <= 1024u * 1024u);
    sent += matrix::json::parse(request.body)->find_array("pdus")->size();
  }
  BOOST_TEST(sent == 51u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_transaction_is_repeated_with_its_id_and_body) {
  rig r;
  r.on(edu_queued{"m.typing", "k", "{\"typing\":true}"});
  rig fresh;
  const auto sent = fresh.on(pdu_queued{fresh.message_event(1), {}});
  const auto before = told<gateway::http_request>(sent).at(0).second;
  store::destination_loaded stored;
  stored.destination = written<store::put_destination>(sent).at(0);
  stored.pdus = {fresh.message_event(1), fresh.message_event(2)};
  change_identity(fresh.node).boot_id = "second-boot";
  fresh.now += 5'000;
  const auto again = told<gateway::http_request>(fresh.begin(stored)).at(0).second;
  BOOST_TEST(transaction_of(again) == transaction_of(before));
  BOOST_TEST(again.body == before.body);
}

BOOST_AUTO_TEST_CASE(an_actor_made_again_gives_no_transaction_id_a_second_time) {
  // The user saw: after ten quiet minutes the first message never arrived, for the peer took its transaction for a
  // repetition.
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(first.id, 200));
  r.now += 3'600'000;
  r.begin();
  const auto second = told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), {}})).at(0).second;
  BOOST_TEST(transaction_of(second) != transaction_of(first));
}

BOOST_AUTO_TEST_CASE(an_answer_to_the_actors_former_life_is_not_taken_for_one_to_this) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.now += 100;
  store::destination_loaded stored;
  stored.pdus = {r.message_event(1)};
  const auto second = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(second.id != first.id);
  BOOST_TEST(written<store::remove_destination_pdus>(r.on(http_says(first.id, 200))).empty());
  BOOST_TEST(written<store::remove_destination_pdus>(r.on(http_says(second.id, 200))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_transaction_carries_fifty_events_at_most) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 120; ++i) r.on(pdu_queued{r.message_event(i), {}});
  auto count = [](const gateway::http_request& x) { return matrix::json::parse(x.body)->find_array("pdus")->size(); };
  auto next = told<gateway::http_request>(r.on(http_says(first.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 50u);
  next = told<gateway::http_request>(r.on(http_says(next.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 50u);
  next = told<gateway::http_request>(r.on(http_says(next.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 20u);
}

BOOST_AUTO_TEST_CASE(a_queue_longer_than_memory_waits_in_the_store) {
  rig r;
  change(r.node).federation.queue_memory_pdus_max = 3;
  r.begin();
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 9; ++i) r.on(pdu_queued{r.message_event(i), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second; // 1, 2, 3
  const auto after = r.on(http_says(request.id, 200));
  BOOST_TEST(told<gateway::http_request>(after).empty());
  const auto asked = of_kind<ask_store>(after).at(0);
  store::destination_loaded more;
  more.pdus = {r.message_event(4), r.message_event(5), r.message_event(6)};
  more.more = true;
  const auto next = told<gateway::http_request>(r.on(store_says(asked.asked, more))).at(0).second;
  BOOST_TEST(next.body.find("\"m4\"") != std::string::npos);
  BOOST_TEST(next.body.find("\"m4\"") < next.body.find("\"m6\""));
}

BOOST_AUTO_TEST_CASE(an_event_queued_while_the_queue_is_read_is_not_forgotten) {
  rig r;
  change(r.node).federation.queue_memory_pdus_max = 1;
  r.begin();
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 3; ++i) r.on(pdu_queued{r.message_event(i), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  const auto asked = of_kind<ask_store>(r.on(http_says(request.id, 200))).at(0);
  r.on(pdu_queued{r.message_event(4), {}}); // it was committed after the store had looked
  store::destination_loaded more;
  more.pdus = {r.message_event(2), r.message_event(3)};
  request = told<gateway::http_request>(r.on(store_says(asked.asked, more))).at(0).second;
  const auto again = of_kind<ask_store>(r.on(http_says(request.id, 200)));
  BOOST_REQUIRE(again.size() == 1u);
  more.pdus = {r.message_event(4)};
  BOOST_TEST(told<gateway::http_request>(r.on(store_says(again[0].asked, more))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_newer_edu_of_the_same_key_replaces_the_older) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(edu_queued{"m.typing", "typing|a", "{\"typing\":true}"});
  r.on(edu_queued{"m.typing", "typing|b", "{\"typing\":true}"});
  r.on(edu_queued{"m.typing", "typing|a", "{\"typing\":false}"});
  const auto next = told<gateway::http_request>(r.on(http_says(first.id, 200))).at(0).second;
  const auto body = matrix::json::parse(next.body);
  BOOST_REQUIRE(body->find_array("edus")->size() == 2u);
  BOOST_TEST(next.body.find("\"typing\":false") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(edus_alone_are_not_repeated) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(edu_queued{"m.typing", "k", "{\"typing\":true}"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now = timer_at(failed, timer_kind::send);
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{timer_kind::send})).empty());
}

BOOST_AUTO_TEST_SUITE_END()
