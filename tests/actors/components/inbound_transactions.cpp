#include "actors/remote_server/inbound_transactions.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(inbound_transactions_alone)

namespace {

struct transactions_rig : server_rig {
  inbound_transactions transactions{server, out, store, deferred};

  /// PUT /send, authenticated. @param number  of the request; of the connection "g"
  effects receive(const std::string& transaction, std::uint64_t number,
                  std::string body = body_of({"!a:here.example"})) {
    transactions.receive(
      asked_by("there.example", "PUT", "/_matrix/federation/v1/send/" + transaction, std::move(body), {}, number),
      nullptr);
    return take();
  }
  /// The store says that it does not know the first transaction.
  effects not_known(const effects& sent) {
    const auto asked = of_kind<ask_store>(sent).at(0).asked;
    BOOST_REQUIRE(store.close(asked).has_value());
    const store::received_transaction_found nothing;
    transactions.repetition_found(asked, &nothing);
    return take();
  }
  effects handled(token asked, std::vector<pdu_outcome> outcomes, bool overloaded = false) {
    transactions.handled({asked, std::move(outcomes), overloaded});
    return take();
  }
  static std::string body_of(const std::vector<std::string>& rooms_of_pdus) {
    std::string pdus;
    for (std::size_t i = 0; i < rooms_of_pdus.size(); ++i)
      pdus += (i == 0 ? "" : ",") + std::string{R"({"depth":)"} + std::to_string(i) + R"(,"room_id":")" +
              rooms_of_pdus[i] + R"(","type":"m.x"})";
    return R"({"origin":"there.example","origin_server_ts":1,"pdus":[)" + pdus + "]}";
  }
};

/// (number of the request, status) of each answer.
std::vector<std::pair<std::uint64_t, int>> answers(const effects& list) {
  std::vector<std::pair<std::uint64_t, int>> found;
  for (const auto& [to, r] : told<federation_reply>(list)) found.emplace_back(r.id, r.status);
  return found;
}
using answer_list = std::vector<std::pair<std::uint64_t, int>>;
token share_of(const effects& list) { return told<pdus_received>(list).at(0).second.asked; }

} // namespace

BOOST_AUTO_TEST_CASE(transaction_is_answered_when_every_room_has_its_share) {
  transactions_rig r;
  const auto sent = r.not_known(
    r.receive("1", 1, transactions_rig::body_of({"!a:here.example", "!b:here.example", "!a:here.example"})));
  const auto shares = told<pdus_received>(sent);
  BOOST_REQUIRE(shares.size() == 2u);
  BOOST_TEST(shares[0].first.key == "!a:here.example");
  BOOST_TEST(shares[0].second.pdus->size() == 2u);
  BOOST_TEST(answers(r.handled(shares[0].second.asked, {{"$2", "bad"}, {"$1", ""}})).empty());
  const auto done = r.handled(shares[1].second.asked, {{"$3", ""}});
  BOOST_TEST(told<federation_reply>(done).at(0).second.body == R"({"pdus":{"$1":{},"$2":{"error":"bad"},"$3":{}}})");
  BOOST_TEST(r.transactions.is_idle());
  BOOST_TEST(r.transactions.received() == 3u);
}

BOOST_AUTO_TEST_CASE(repeated_id_waits_for_the_answer_of_the_first_copy_and_gets_it_later_from_memory) {
  transactions_rig r;
  const auto sent = r.not_known(r.receive("1", 1));
  BOOST_TEST(r.receive("1", 2).empty());
  BOOST_TEST((answers(r.handled(share_of(sent), {{"$1", ""}})) == answer_list{{1, 200}, {2, 200}}));
  BOOST_TEST((answers(r.receive("1", 3)) == answer_list{{3, 200}}));
  for (int i = 2; i <= 9; ++i) { // eight others
    const auto next = r.receive(std::to_string(i), 10);
    r.handled(share_of(next), {{"$" + std::to_string(i), ""}});
  }
  BOOST_TEST(told<pdus_received>(r.receive("1", 4)).size() == 1u); // forgotten: its events are known by their ids
}

BOOST_AUTO_TEST_CASE(of_two_at_once_the_second_is_to_be_repeated) {
  transactions_rig r;
  const auto sent = r.not_known(r.receive("1", 1));
  const auto second = r.receive("2", 2);
  BOOST_TEST((answers(second) == answer_list{{2, 429}}));
  BOOST_TEST(told<federation_reply>(second).at(0).second.retry_after_ms == inbound_transactions::repeat_after_ms);
  r.handled(share_of(sent), {{"$1", ""}});
  BOOST_TEST(told<pdus_received>(r.receive("2", 3)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(first_transaction_may_be_one_from_before_and_gets_the_answer_of_then) {
  transactions_rig r;
  const auto asked = of_kind<ask_store>(r.receive("1", 1)).at(0).asked;
  BOOST_TEST(r.receive("1", 2).empty());
  store::received_transaction_found found;
  found.response = R"({"pdus":{"$old":{}}})";
  r.transactions.repetition_found(asked, &found);
  const auto done = r.take();
  BOOST_TEST((answers(done) == answer_list{{1, 200}, {2, 200}}));
  BOOST_TEST(told<federation_reply>(done).at(1).second.body == *found.response);
  BOOST_TEST(told<pdus_received>(done).empty());
}

BOOST_AUTO_TEST_CASE(busy_store_makes_the_first_transaction_count_as_new) {
  transactions_rig r;
  const auto asked = of_kind<ask_store>(r.receive("1", 1)).at(0).asked;
  r.transactions.repetition_found(asked, nullptr);
  BOOST_TEST(told<pdus_received>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_in_time_has_the_transaction_repeated) {
  transactions_rig r;
  const auto begun = r.receive("1", 1);
  BOOST_TEST(timer_at(begun, inbound_transactions::timer) == r.now + inbound_transactions::handling_ms_max);
  const auto sent = r.not_known(begun);
  r.after(inbound_transactions::handling_ms_max);
  r.transactions.on_timer();
  BOOST_TEST((answers(r.take()) == answer_list{{1, 500}}));
  BOOST_TEST(r.handled(share_of(sent), {{"$1", ""}}).empty()); // too late
  BOOST_TEST(told<pdus_received>(r.receive("1", 2)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(transaction_begun_after_the_timer_was_set_has_its_whole_time) {
  transactions_rig r;
  const auto first = r.not_known(r.receive("1", 1));
  r.handled(share_of(first), {{"$1", ""}});
  r.after(inbound_transactions::handling_ms_max - 1);
  r.receive("2", 2);
  r.after(1);
  r.transactions.on_timer();
  const auto due = timer_at(r.take(), inbound_transactions::timer);
  BOOST_TEST(due == r.now - 1 + inbound_transactions::handling_ms_max);
  BOOST_TEST(!r.transactions.is_idle());
}

BOOST_AUTO_TEST_CASE(overloaded_room_makes_the_whole_transaction_be_repeated_and_nothing_is_remembered) {
  transactions_rig r;
  const auto sent = r.not_known(r.receive("1", 1));
  BOOST_TEST((answers(r.handled(share_of(sent), {}, true)) == answer_list{{1, 429}}));
  BOOST_TEST(r.deferred.is_idle());
  BOOST_TEST(told<pdus_received>(r.receive("1", 2)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(receipts_go_to_their_rooms_when_they_are_switched_on) {
  const std::string body = R"({"origin":"there.example","origin_server_ts":1,"pdus":[],"edus":[
    {"edu_type":"m.receipt","content":{
      "!a:here.example":{"m.read":{"@eli:there.example":{"data":{"ts":1},"event_ids":["$1"]},
                                   "@eve:there.example":{"data":{"ts":2,"thread_id":"main"},"event_ids":["$2"]},
                                   "@ann:here.example":{"data":{"ts":2},"event_ids":["$2"]}}},
      "!b:here.example":{"m.read":{"@eve:there.example":{"data":{"ts":3},"event_ids":["$3"]}}}}}]})";
  transactions_rig r;
  BOOST_TEST(told<receipts_received>(r.not_known(r.receive("1", 1, body))).empty());
  change(r.node).federation.receipts = true;
  const auto found = told<receipts_received>(r.receive("2", 2, body));
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST((found[0].first == address{actor_kind::room, "!a:here.example"}));
  BOOST_TEST(found[0].second.origin == "there.example");
  BOOST_REQUIRE(found[0].second.markers.size() == 2u); // a server speaks for its own users
  BOOST_TEST(found[0].second.markers[1].user_id == "@eve:there.example");
  BOOST_TEST(found[0].second.markers[1].event_id == "$2");
  BOOST_TEST(found[0].second.markers[1].thread == "main");
  BOOST_TEST(found[0].second.markers[1].ts == 2);
  BOOST_TEST((found[1].first == address{actor_kind::room, "!b:here.example"}));
}

BOOST_AUTO_TEST_CASE(presence_of_its_own_users_goes_to_the_directory_when_it_is_switched_on) {
  const std::string body = R"({"origin":"there.example","origin_server_ts":1,"pdus":[],"edus":[
    {"edu_type":"m.presence","content":{"push":[{"user_id":"@eve:there.example","presence":"online"},
                                                {"user_id":"@ann:here.example","presence":"online"}]}},
    {"edu_type":"m.presence","content":{"push":[{"user_id":"@ann:here.example","presence":"online"}]}}]})";
  transactions_rig r;
  BOOST_TEST(told<presence_received>(r.not_known(r.receive("1", 1, body))).empty());
  change(r.node).federation.presence = true;
  const auto found = told<presence_received>(r.receive("2", 2, body));
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST((found[0].first == address{actor_kind::directory, ""}));
  BOOST_TEST(found[0].second.origin == "there.example");
  BOOST_REQUIRE(found[0].second.users.size() == 1u); // a server speaks for its own users
  BOOST_TEST(found[0].second.users[0].user_id == "@eve:there.example");
}

BOOST_AUTO_TEST_CASE(body_of_another_server_and_body_that_is_none_are_refused) {
  transactions_rig r;
  BOOST_TEST((answers(r.receive("0", 1, "")) == answer_list{{1, 400}}));
  auto foreign = transactions_rig::body_of({"!a:here.example"});
  foreign.replace(foreign.find("there"), 5, "other");
  BOOST_TEST((answers(r.not_known(r.receive("1", 2, foreign))) == answer_list{{2, 403}}));
  BOOST_TEST((answers(r.receive("2", 3, "{")) == answer_list{{3, 400}}));
  BOOST_TEST(r.transactions.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
