#include "actors/remote_server/key_cache.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(key_cache_alone)

namespace {

constexpr time_ms hour_ms = 3'600'000, day_ms = 24 * hour_ms;
const address who_asks{actor_kind::verifier, ""};

struct keys_rig : server_rig {
  key_cache keys{server, out, requests, events};

  keys_rig() {
    change(node).federation.trusted_key_servers = {"one.notary", "there.example", "here.example", "two.notary"};
  }
  explicit keys_rig(const store::put_server_keys& stored) : keys_rig() { keys.load(stored); }

  effects want(std::int64_t valid_at_ts = noon, std::vector<std::string> ids = {there_key().key_id()}) {
    keys.want({who_asks, ++asked_, valid_at_ts, std::move(ids)});
    return take();
  }
  effects answer(const effects& sent, int status, std::string body = {}) {
    const auto id = told<gateway::http_request>(sent).at(0).second.id;
    auto closed = requests.close(http_answer(id, status, std::move(body)));
    BOOST_REQUIRE(std::holds_alternative<key_request>(closed->of));
    keys.answered(closed->answer);
    return take();
  }
  std::string document(std::int64_t valid_until_ts = noon + day_ms) const {
    return matrix::json::canonical(matrix::server_keys_document(server.name, there_key(), {}, valid_until_ts));
  }

private:
  token asked_ = 0;
};

/// Of there.example, known to be valid for a day.
store::put_server_keys known(time_ms fetched_ts = noon) {
  return {"there.example", keys_of(there_key()), fetched_ts, {}};
}
bool asks_server(const effects& list) { return !told<gateway::http_request>(list).empty(); }
std::string notary_of(const effects& list) {
  const auto questions = told<notary_keys_request>(list);
  return questions.size() == 1 ? questions[0].first.key : std::string{};
}

} // namespace

BOOST_AUTO_TEST_CASE(key_that_is_known_and_valid_is_answered_at_once_and_nobody_is_asked) {
  keys_rig r{known()};
  const auto done = r.want();
  BOOST_TEST(told<keys_response>(done).at(0).second.keys->size() == 1u);
  BOOST_TEST(!asks_server(done));
  BOOST_TEST(r.keys.current(there_key().key_id()) != nullptr);
}

BOOST_AUTO_TEST_CASE(key_is_current_to_the_end_of_its_validity_and_no_longer) {
  keys_rig r{known()};
  r.after(day_ms);
  BOOST_TEST(r.keys.current(there_key().key_id()) != nullptr);
  r.after(1);
  BOOST_TEST(r.keys.current(there_key().key_id()) == nullptr);
  auto retired = known();
  retired.keys.begin()->second.is_old = true;
  keys_rig old{retired};
  BOOST_TEST(old.keys.current(there_key().key_id()) == nullptr);
}

BOOST_AUTO_TEST_CASE(key_that_ends_before_the_event_is_fetched_again_and_a_retired_one_is_not) {
  keys_rig r{known(noon - 2 * hour_ms)};
  BOOST_TEST(asks_server(r.want(noon + day_ms + 1)));
  auto retired = known(noon - 2 * hour_ms);
  retired.keys.begin()->second.is_old = true;
  keys_rig old{retired};
  const auto done = old.want(noon + day_ms + 1);
  BOOST_TEST(told<keys_response>(done).size() == 1u); // as good as it will ever get
}

BOOST_AUTO_TEST_CASE(keys_are_refreshed_from_half_of_their_lifetime_on_while_the_old_ones_serve) {
  keys_rig r{known()};
  r.after(day_ms / 2 - 1);
  BOOST_TEST(!asks_server(r.want(noon)));
  r.after(1);
  const auto sent = r.want(noon);
  BOOST_TEST(told<keys_response>(sent).size() == 1u);
  BOOST_TEST(asks_server(sent));
  r.answer(sent, 200, r.document(r.now + day_ms));
  BOOST_TEST(!asks_server(r.want(noon)));
}

BOOST_AUTO_TEST_CASE(time_of_fetching_that_is_still_to_come_pauses_nothing) {
  // It was written by a clock that was wrong.
  keys_rig r{{"there.example", {}, noon + 30 * day_ms, {}}};
  BOOST_TEST(!r.keys.were_asked_within(day_ms));
  BOOST_TEST(asks_server(r.want()));
  keys_rig with_keys{known(noon + 30 * day_ms)};
  const auto sent = with_keys.want();
  BOOST_TEST(told<keys_response>(sent).size() == 1u);
  BOOST_TEST(asks_server(sent)); // they count as due for a refresh
}

BOOST_AUTO_TEST_CASE(notaries_are_asked_in_the_configured_order_but_neither_the_server_nor_us) {
  keys_rig r;
  const auto sent = r.want();
  auto done = r.answer(sent, 500);
  BOOST_TEST(notary_of(done) == "one.notary");
  r.keys.notary_answered({told<notary_keys_request>(done).at(0).second.asked, "one.notary", {}, "HTTP 500"});
  done = r.take();
  BOOST_TEST(notary_of(done) == "two.notary");
  r.keys.notary_answered({told<notary_keys_request>(done).at(0).second.asked, "two.notary", {}, "HTTP 500"});
  done = r.take();
  BOOST_TEST(told<keys_response>(done).at(0).second.keys->empty());
  BOOST_TEST(r.events.count("keys_exhausted") == 1u);
  BOOST_TEST(!asks_server(r.want())); // not a moment later
}

BOOST_AUTO_TEST_CASE(notary_that_does_not_answer_is_passed_over_and_its_late_answer_ignored) {
  keys_rig r;
  auto done = r.answer(r.want(), 500);
  const auto first = told<notary_keys_request>(done).at(0).second.asked;
  const auto due = timer_at(done, key_cache::notary_timer);
  BOOST_TEST(due > r.now);
  r.after(due - r.now);
  r.keys.on_notary_timer();
  BOOST_TEST(notary_of(r.take()) == "two.notary");
  r.keys.notary_answered({first, "one.notary", {}, ""});
  BOOST_TEST(told<keys_response>(r.take()).empty());
  BOOST_TEST(r.keys.waiting() == 1u);
}

BOOST_AUTO_TEST_CASE(document_that_the_server_did_not_sign_is_no_word_of_it) {
  keys_rig r;
  auto done = r.answer(r.want(), 500);
  const auto asked = told<notary_keys_request>(done).at(0).second.asked;
  const auto forged =
    *matrix::json::parse(
       matrix::json::canonical(matrix::server_keys_document("else.example", there_key(), {}, noon + day_ms)))
       ->as_object();
  r.keys.notary_answered({asked, "one.notary", {forged}, ""});
  done = r.take();
  BOOST_TEST(notary_of(done) == "two.notary");
  BOOST_TEST(written<store::put_server_keys>(done).empty());
}

BOOST_AUTO_TEST_CASE(waiting_request_of_the_server_makes_notaries_be_asked_for_the_keys_of_now) {
  keys_rig r;
  r.events.requests_wait = true;
  r.keys.fetch();
  const auto question = told<notary_keys_request>(r.answer(r.take(), 500)).at(0).second;
  BOOST_TEST(question.valid_at_ts == r.now);
  BOOST_TEST(question.key_ids.empty());
}

BOOST_AUTO_TEST_CASE(doubt_asks_the_server_at_bounded_intervals) {
  keys_rig r{known()};
  BOOST_TEST(r.keys.may_doubt());
  r.keys.fetch_doubted();
  const auto sent = r.take();
  BOOST_TEST(asks_server(sent));
  BOOST_TEST(r.keys.may_doubt()); // its answer is fresh enough for all
  r.answer(sent, 200, r.document());
  BOOST_TEST(!r.keys.may_doubt());
  r.after(6 * time_ms{r.node.settings().federation.key_fetch_retry_ms});
  BOOST_TEST(r.keys.may_doubt());
}

BOOST_AUTO_TEST_CASE(others_learn_of_each_answer_in_a_fixed_order) {
  keys_rig r;
  r.answer(r.want(), 200, r.document());
  const std::vector<std::string> expected{"key_fetch_ended", "keys_changed ended", "keys_exhausted"};
  BOOST_TEST(r.events.said == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
