// Verify keys of another server: from the cache, from itself, from notaries; and that server as a notary.
#include "actors/remote_server/remote_server_machine.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::remote_server_machine;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(remote_server_keys)

namespace {

const address asker{actor_kind::verifier, ""};
constexpr time_ms hour = 3'600'000, day = 24 * hour;

/// The actor of one server of a node that trusts one.notary and two.notary.
struct rig {
  context node = here();
  std::unique_ptr<remote_server_machine> machine;
  time_ms now = noon;

  explicit rig(const std::string& server = "there.example", store::put_server_keys stored_keys = {}) {
    change(node).federation.trusted_key_servers = {"one.notary", "two.notary"};
    machine = std::make_unique<remote_server_machine>(node, server);
    store::destination_loaded stored;
    stored.keys = std::move(stored_keys);
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
};

std::string document(std::int64_t valid_until_ts = noon + day, const matrix::signing_key& key = there_key(),
                     const std::string& server = "there.example") {
  return matrix::json::canonical(matrix::server_keys_document(server, key, {}, valid_until_ts));
}
object told_by(const std::string& notary_text) { return *matrix::json::parse(notary_text)->as_object(); }

keys_request wanted(token asked, std::int64_t valid_at_ts = noon,
                    std::vector<std::string> ids = {there_key().key_id()}) {
  return {asker, asked, valid_at_ts, std::move(ids)};
}

/// The one request to the server itself.
std::uint64_t own_request(const effects& sent) {
  const auto all = told<gateway::http_request>(sent);
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(all[0].second.target == "/_matrix/key/v2/server");
  return all[0].second.id;
}

} // namespace

BOOST_AUTO_TEST_CASE(notaries_are_asked_in_order_when_the_server_does_not_tell_its_keys) {
  rig r;
  const auto id = own_request(r.on(wanted(1)));
  const auto first = told<notary_keys_request>(r.on(http_says(id, 0, "", {fault_code::peer_unreachable, ""})));
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST((first[0].first == address{actor_kind::remote_server, "one.notary"}));
  BOOST_TEST(first[0].second.server_name == "there.example");
  BOOST_TEST(first[0].second.valid_at_ts == noon);
  BOOST_TEST(first[0].second.key_ids.at(0) == there_key().key_id());
  const auto second =
    told<notary_keys_request>(r.on(notary_keys_response{first[0].second.asked, "one.notary", {}, "HTTP 500"}));
  BOOST_REQUIRE(second.size() == 1u);
  BOOST_TEST((second[0].first == address{actor_kind::remote_server, "two.notary"}));
  const auto done = r.on(notary_keys_response{second[0].second.asked, "two.notary", {told_by(document())}, {}});
  BOOST_TEST(told<keys_response>(done).at(0).second.keys->contains(there_key().key_id()));
  BOOST_TEST(written<store::put_server_keys>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(when_nobody_knows_the_keys_all_are_answered_and_nobody_is_asked_for_a_while) {
  rig r;
  const auto id = own_request(r.on(wanted(1)));
  auto sent = r.on(http_says(id, 500));
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(told<keys_response>(sent).empty());
    sent = r.on(notary_keys_response{told<notary_keys_request>(sent).at(0).second.asked, "notary", {}, {}});
  }
  BOOST_TEST(told<keys_response>(sent).at(0).second.keys->empty());
  r.now += 1'000;
  const auto again = r.on(wanted(2));
  BOOST_TEST(told<keys_response>(again).size() == 1u);
  BOOST_TEST(told<gateway::http_request>(again).empty());
}

BOOST_AUTO_TEST_CASE(when_the_keys_were_asked_for_and_will_be_again_is_told) {
  rig r;
  const auto told_of = [&](std::string_view key) {
    return *matrix::json::parse(r.machine->describe(r.now))->find_integer(key);
  };
  BOOST_TEST(told_of("keys_asked_ts") == 0);
  BOOST_TEST(told_of("keys_asked_again_ts") == 0);
  const auto id = own_request(r.on(wanted(1, noon, {"ed25519:unknown"})));
  BOOST_TEST(told_of("keys_asked_again_ts") == r.now); // it is being asked
  const auto first = told<notary_keys_request>(r.on(http_says(id, 200, document())));
  BOOST_REQUIRE(first.size() == 1u);
  const auto second =
    told<notary_keys_request>(r.on(notary_keys_response{first[0].second.asked, "one.notary", {}, "none"}));
  BOOST_REQUIRE(second.size() == 1u);
  r.on(notary_keys_response{second[0].second.asked, "two.notary", {}, "none"});
  BOOST_TEST(told_of("keys_asked_ts") == r.now);
  BOOST_TEST(told_of("keys_asked_again_ts") == r.now + time_ms{r.node.settings().federation.key_fetch_retry_ms});
}

BOOST_AUTO_TEST_CASE(pause_doubles_with_each_failure_and_ends_with_a_sign_of_life) {
  rig r;
  change(r.node).federation.trusted_key_servers.clear();
  time_ms pause = r.node.settings().federation.key_fetch_retry_ms;
  token asked = 0;
  for (int i = 0; i < 4; ++i, pause *= 2) {
    r.on(http_says(own_request(r.on(wanted(++asked))), 500));
    r.now += pause - 1;
    BOOST_TEST(told<gateway::http_request>(r.on(wanted(++asked))).empty());
    r.now += 1;
  }
  r.on(http_says(own_request(r.on(wanted(++asked))), 500));
  r.on(server_alive{"there.example"});
  r.now += r.node.settings().federation.key_fetch_retry_ms;
  own_request(r.on(wanted(++asked)));
}

BOOST_AUTO_TEST_CASE(keys_that_were_asked_for_while_the_clock_was_days_ahead_are_asked_for_again) {
  // The operator saw: two days ahead for three seconds, and for two days nobody asked that server for its keys.
  rig r{"there.example", {"there.example", keys_of(key_of('x')), noon + 2 * day}};
  own_request(r.on(wanted(1)));
}

BOOST_AUTO_TEST_CASE(what_a_notary_says_counts_only_when_the_server_itself_has_signed_it) {
  rig r;
  auto sent = r.on(http_says(own_request(r.on(wanted(1))), 500));
  auto forged = told_by(document());
  forged.set("valid_until_ts", noon + 2 * day);
  sent = r.on(notary_keys_response{told<notary_keys_request>(sent).at(0).second.asked,
                                   "one.notary",
                                   {forged, told_by(document(noon + day, key_of('x'), "other.example"))},
                                   {}});
  BOOST_TEST(told<keys_response>(sent).empty()); // the next one is asked
  BOOST_TEST(told<notary_keys_request>(sent).size() == 1u);
}

BOOST_AUTO_TEST_CASE(key_the_server_no_longer_lists_is_asked_of_a_notary) {
  rig r;
  const auto former = key_of('f');
  const auto id = own_request(r.on(wanted(1, noon - 30 * day, {former.key_id()})));
  const auto sent = r.on(http_says(id, 200, document()));
  BOOST_TEST(told<keys_response>(sent).empty());
  const auto q = told<notary_keys_request>(sent).at(0).second;
  BOOST_TEST(q.key_ids.at(0) == former.key_id());
  const auto done = r.on(notary_keys_response{q.asked, "one.notary", {told_by(document(noon - 20 * day, former))}, {}});
  const auto keys = told<keys_response>(done).at(0).second.keys;
  BOOST_TEST(keys->at(former.key_id()).valid_until_ts == noon - 20 * day);
  BOOST_TEST(keys->contains(there_key().key_id()));
  // Both documents are kept: whoever asks us as a notary can check events of both keys.
  BOOST_TEST(told<keys_response>(done).at(0).second.documents->size() == 2u);
}

BOOST_AUTO_TEST_CASE(key_that_was_good_for_a_shorter_time_than_the_event_wants_is_asked_for_again) {
  rig r{"there.example", {"there.example", keys_of(there_key(), noon - hour), noon - 2 * day, {}}};
  BOOST_TEST(told<keys_response>(r.on(wanted(1, noon - 2 * hour))).size() == 1u); // the event is from when it was good
  BOOST_TEST(told<keys_response>(r.on(wanted(2, noon))).empty());
}

BOOST_AUTO_TEST_CASE(retired_key_is_not_asked_for_again) {
  auto keys = keys_of(there_key());
  keys["ed25519:old"] = {key_of('o').public_key_base64(), noon - day, true};
  rig r{"there.example", {"there.example", keys, noon, {}}};
  BOOST_TEST(told<keys_response>(r.on(wanted(1, noon, {"ed25519:old"}))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(past_half_of_their_lifetime_keys_are_fetched_again_while_they_go_on_being_used) {
  rig r{"there.example", {"there.example", keys_of(there_key()), noon, {}}};
  r.now += 11 * hour;
  BOOST_TEST(told<gateway::http_request>(r.on(wanted(1))).empty());
  r.now += 2 * hour;
  const auto done = r.on(wanted(2));
  BOOST_TEST(told<keys_response>(done).size() == 1u);
  const auto id = own_request(done);
  BOOST_TEST(told<gateway::http_request>(r.on(wanted(3))).empty()); // one fetch for all
  r.on(http_says(id, 200, document(r.now + day)));
  BOOST_TEST(told<gateway::http_request>(r.on(wanted(4))).empty());
  // A refresh that fails disturbs nobody, and no notary is asked for it.
  r.now += 13 * hour;
  const auto later = own_request(r.on(wanted(5)));
  const auto failed = r.on(http_says(later, 500));
  BOOST_TEST(told<notary_keys_request>(failed).empty());
  BOOST_TEST(told<keys_response>(r.on(wanted(6))).at(0).second.keys->size() == 1u);
}

BOOST_AUTO_TEST_CASE(in_a_crowd_the_notary_is_asked_beside_the_server) {
  rig r;
  auto q = wanted(1);
  q.in_crowd = true;
  const auto sent = r.on(q);
  const auto id = own_request(sent);
  const auto at_once = told<notary_keys_request>(sent);
  BOOST_REQUIRE(at_once.size() == 1u);
  const auto done = r.on(notary_keys_response{at_once[0].second.asked, "one.notary", {told_by(document())}, {}});
  BOOST_TEST(told<keys_response>(done).size() == 1u); // the slow server is not waited for
  BOOST_TEST(told<notary_keys_request>(r.on(http_says(id, 500))).empty());
}

BOOST_AUTO_TEST_CASE(our_own_notarys_question_goes_to_the_server_only) {
  // Two notaries that know nothing would ask each other in circles.
  rig r;
  auto q = wanted(1);
  q.wants_document = true;
  const auto done = r.on(http_says(own_request(r.on(q)), 500));
  BOOST_TEST(told<keys_response>(done).size() == 1u);
  BOOST_TEST(told<notary_keys_request>(done).empty());
}

BOOST_AUTO_TEST_CASE(notary_that_never_answers_is_passed_over) {
  rig r;
  const auto sent = r.on(http_says(own_request(r.on(wanted(1))), 500));
  const auto at = timer_at(sent, timer_kind::notary);
  BOOST_TEST(at > r.now);
  r.now = at;
  const auto next = told<notary_keys_request>(r.on(timer_due{timer_kind::notary}));
  BOOST_TEST((next.at(0).first == address{actor_kind::remote_server, "two.notary"}));
  // Its late answer is none.
  BOOST_TEST(
    told<keys_response>(r.on(notary_keys_response{
                          told<notary_keys_request>(sent).at(0).second.asked, "one.notary", {told_by(document())}, {}}))
      .empty());
}

BOOST_AUTO_TEST_CASE(request_of_a_server_whose_keys_only_a_notary_tells_is_authenticated) {
  rig r;
  const std::string target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example";
  const auto id = own_request(r.on(asked_by_there("GET", target)));
  const auto q = told<notary_keys_request>(r.on(http_says(id, 403))).at(0).second;
  BOOST_TEST(q.valid_at_ts == noon); // keys of now
  const auto done = r.on(notary_keys_response{q.asked, "one.notary", {told_by(document())}, {}});
  BOOST_TEST(told<federation_call>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(request_by_a_key_that_is_not_found_is_refused_once_all_have_been_asked) {
  rig r;
  const std::string target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example";
  auto sent = r.on(http_says(own_request(r.on(asked_by_there("GET", target))), 200, document(noon + day, key_of('n'))));
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(told<gateway::http_request>(sent).empty()); // not again and again
    sent = r.on(notary_keys_response{told<notary_keys_request>(sent).at(0).second.asked, "notary", {}, {}});
  }
  BOOST_TEST(told<federation_reply>(sent).at(0).second.status == 401);
}

// -- this server as a notary ------------------------------------------------------------------------------------------

namespace {

const auto notary_key = key_of('n');

/// An answer of the notary about these documents, countersigned.
std::string answer(const std::vector<std::string>& documents, const matrix::signing_key& by = notary_key) {
  array list;
  for (const auto& text : documents) {
    auto x = told_by(text);
    matrix::sign_json(x, "one.notary", by);
    list.emplace_back(std::move(x));
  }
  return matrix::json::canonical(object{{"server_keys", std::move(list)}});
}

struct notary_rig : rig {
  notary_rig() : rig("one.notary", {"one.notary", keys_of(notary_key), noon, {}}) {}
};

} // namespace

BOOST_AUTO_TEST_CASE(keys_wanted_within_a_moment_are_asked_for_in_one_request) {
  notary_rig r;
  const auto first = r.on(notary_keys_request{"a.example", 1, noon, {"ed25519:a"}});
  BOOST_TEST(told<gateway::http_request>(first).empty());
  r.on(notary_keys_request{"b.example", 2, 0, {}});
  r.now = timer_at(first, timer_kind::others);
  const auto sent = told<gateway::http_request>(r.on(timer_due{timer_kind::others}));
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(sent[0].second.method == "POST");
  BOOST_TEST(sent[0].second.target == "/_matrix/key/v2/query");
  BOOST_TEST(sent[0].second.authorization.size() == 1u); // some notaries fetch only for those who say who they are
  BOOST_TEST(sent[0].second.body == R"({"server_keys":{"a.example":{"ed25519:a":{"minimum_valid_until_ts":)" +
                                      std::to_string(noon) + R"(}},"b.example":{}}})");
  const auto done = told<notary_keys_response>(r.on(
    http_says(sent[0].second.id, 200,
              answer({document(noon + day, there_key(), "b.example"), document(noon + day, key_of('a'), "a.example"),
                      document(noon - day, key_of('z'), "a.example")}))));
  BOOST_REQUIRE(done.size() == 2u);
  BOOST_TEST((done[0].first == address{actor_kind::remote_server, "a.example"}));
  BOOST_TEST(done[0].second.asked == 1u);
  BOOST_TEST(done[0].second.documents.size() == 2u);
  BOOST_TEST(done[1].second.documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_question_does_not_wait_and_few_questions_are_open_at_once) {
  notary_rig r;
  std::size_t requests = 0;
  for (int i = 0; i < 700; ++i)
    requests += told<gateway::http_request>(
                  r.on(notary_keys_request{"s" + std::to_string(i) + ".example", token(i + 1), noon, {}}))
                  .size();
  BOOST_TEST(requests == 4u);
}

BOOST_AUTO_TEST_CASE(what_the_notary_has_not_countersigned_is_not_passed_on) {
  notary_rig r;
  const auto ask = [&](std::string body) {
    r.on(notary_keys_request{"there.example", 1, noon, {}});
    const auto sent = told<gateway::http_request>(r.on(timer_due{timer_kind::others}));
    return told<notary_keys_response>(r.on(http_says(sent.at(0).second.id, 200, std::move(body)))).at(0).second;
  };
  BOOST_TEST(ask(answer({document()})).documents.size() == 1u);
  BOOST_TEST(ask(R"({"server_keys":[)" + document() + "]}").documents.empty());
  auto forged = told_by(document());
  matrix::sign_json(forged, "one.notary", *matrix::signing_key::from_seed(std::string(32, 'x'), notary_key.key_id()));
  const auto refused = ask(matrix::json::canonical(object{{"server_keys", array{forged}}}));
  BOOST_TEST(refused.documents.empty());
  BOOST_TEST(!refused.why.empty());
  BOOST_TEST(!ask("{}").why.empty());
  BOOST_TEST(!ask("}{").why.empty());
}

BOOST_AUTO_TEST_CASE(answer_waits_for_the_notarys_own_keys) {
  rig r{"one.notary"};
  r.on(notary_keys_request{"there.example", 1, noon, {}});
  const auto sent = told<gateway::http_request>(r.on(timer_due{timer_kind::others}));
  BOOST_REQUIRE(sent.size() == 2u);
  BOOST_TEST(sent[1].second.target == "/_matrix/key/v2/server");
  BOOST_TEST(told<notary_keys_response>(r.on(http_says(sent[0].second.id, 200, answer({document()})))).empty());
  const auto done =
    told<notary_keys_response>(r.on(http_says(sent[1].second.id, 200, document(noon + day, notary_key, "one.notary"))));
  BOOST_TEST(done.at(0).second.documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(new_key_of_the_notary_is_fetched_before_its_answer_is_judged) {
  notary_rig r;
  r.now += 60'000;
  r.on(notary_keys_request{"there.example", 1, noon, {}});
  const auto sent = told<gateway::http_request>(r.on(timer_due{timer_kind::others}));
  const auto rotated = key_of('r');
  const auto fetch = r.on(http_says(sent.at(0).second.id, 200, answer({document()}, rotated)));
  BOOST_TEST(told<notary_keys_response>(fetch).empty());
  const auto done = r.on(http_says(own_request(fetch), 200, document(noon + day, rotated, "one.notary")));
  BOOST_TEST(told<notary_keys_response>(done).at(0).second.documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(notary_that_cannot_be_reached_says_so_to_everybody) {
  notary_rig r;
  r.on(notary_keys_request{"a.example", 1, noon, {}});
  r.on(notary_keys_request{"b.example", 2, noon, {}});
  const auto sent = told<gateway::http_request>(r.on(timer_due{timer_kind::others}));
  const auto done =
    told<notary_keys_response>(r.on(http_says(sent.at(0).second.id, 0, "", {fault_code::peer_timeout, ""})));
  BOOST_REQUIRE(done.size() == 2u);
  for (const auto& [to, m] : done) BOOST_TEST(m.why.starts_with("peer_timeout"));
}

// -- another key under a known id -------------------------------------------------------------------------------------

namespace {

/// Another key under the id of `there_key`, as a server that was installed anew has.
matrix::signing_key reinstalled() {
  return *matrix::signing_key::from_seed(std::string(32, 'r'), there_key().key_id());
}

constexpr const char* make_join = "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example";

inbound_request signed_by(const matrix::signing_key& key, std::uint64_t id = 1) {
  return asked_by("there.example", "GET", make_join, {},
                  {matrix::sign_request("GET", make_join, "there.example", "here.example", nullptr, key)}, id);
}

rig knowing_the_key() { return rig{"there.example", {"there.example", keys_of(there_key()), noon - hour, {}}}; }

} // namespace

BOOST_AUTO_TEST_CASE(a_server_that_was_installed_anew_with_the_same_key_id_is_heard_after_one_fetch) {
  // The operator saw: every request of that server refused for ever, and nobody asked for its key.
  auto r = knowing_the_key();
  const auto asked = r.on(signed_by(reinstalled()));
  BOOST_TEST(told<federation_reply>(asked).empty());
  const auto done = r.on(http_says(own_request(asked), 200, document(noon + day, reinstalled())));
  BOOST_TEST(told<federation_call>(done).size() == 1u);
  const auto kept = written<store::put_server_keys>(done).at(0).keys.at(there_key().key_id());
  BOOST_TEST(kept.public_key_base64 == reinstalled().public_key_base64());
  BOOST_REQUIRE(kept.replaced.size() == 1u); // for the events it signed
  BOOST_TEST(kept.replaced[0].public_key_base64 == there_key().public_key_base64());
  BOOST_TEST(kept.replaced[0].valid_until_ts == noon);
  const auto notes = of_kind<note>(done);
  BOOST_TEST(std::any_of(notes.begin(), notes.end(), [](const auto& n) {
    return n.level == log_level::warning && n.what.find("another public key") != std::string::npos;
  }));
  // The next request needs no fetch; one with the former key is refused.
  BOOST_TEST(told<federation_call>(r.on(signed_by(reinstalled()))).size() == 1u);
  BOOST_TEST(told<federation_reply>(r.on(signed_by(there_key()))).at(0).second.status == 401);
}

BOOST_AUTO_TEST_CASE(what_was_replaced_is_known_after_a_restart) {
  auto keys = keys_of(reinstalled());
  keys.at(there_key().key_id()).replaced = {{there_key().public_key_base64(), noon - hour}};
  rig r{"there.example", {"there.example", keys, noon - hour, {}}};
  BOOST_TEST((*told<keys_response>(r.on(wanted(1))).at(0).second.keys == keys));
}

BOOST_AUTO_TEST_CASE(bad_signatures_in_a_servers_name_have_it_asked_once_a_minute_at_most) {
  auto r = knowing_the_key();
  std::size_t fetches = 0, refused = 0;
  for (const auto end = r.now + 10 * 60'000; r.now < end; r.now += 500) {
    const auto done = r.on(signed_by(reinstalled()));
    for (const auto& [to, request] : told<gateway::http_request>(done)) {
      ++fetches;
      refused += told<federation_reply>(r.on(http_says(request.id, 200, document(r.now + day)))).size();
    }
    for (const auto& [to, reply] : told<federation_reply>(done)) {
      BOOST_TEST(reply.status == 401);
      ++refused;
    }
    // Honest requests are heard all along.
    BOOST_TEST(told<federation_call>(r.on(signed_by(there_key()))).size() == 1u);
  }
  BOOST_TEST(fetches == 10u);
  BOOST_TEST(refused == 1'200u);
}

BOOST_AUTO_TEST_CASE(while_the_server_is_asked_requests_wait_and_no_notary_is_believed_instead) {
  auto r = knowing_the_key();
  const auto asked = r.on(signed_by(reinstalled()));
  BOOST_TEST(told<gateway::http_request>(r.on(signed_by(reinstalled(), 2))).empty());
  const auto failed = r.on(http_says(own_request(asked), 0, "", {fault_code::peer_unreachable, ""}));
  BOOST_TEST(told<notary_keys_request>(failed).empty());
  BOOST_TEST(told<federation_reply>(failed).size() == 2u);
  for (const auto& [to, reply] : told<federation_reply>(failed)) BOOST_TEST(reply.status == 401);
}

BOOST_AUTO_TEST_CASE(events_whose_signature_does_not_match_have_the_server_asked_once_a_minute_at_most) {
  auto r = knowing_the_key();
  auto doubted = wanted(1, 0, {});
  doubted.are_doubted = true;
  const auto asked = r.on(doubted);
  BOOST_TEST(told<keys_response>(asked).empty());
  const auto done = told<keys_response>(r.on(http_says(own_request(asked), 200, document(noon + day, reinstalled()))));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].second.keys->at(there_key().key_id()).public_key_base64 == reinstalled().public_key_base64());
  for (int i = 0; i < 59; ++i, r.now += 1'000) {
    const auto again = r.on(doubted);
    BOOST_TEST(told<gateway::http_request>(again).empty());
    BOOST_TEST(told<keys_response>(again).size() == 1u);
  }
  r.now += 1'000;
  own_request(r.on(doubted));
}

BOOST_AUTO_TEST_CASE(keys_that_were_asked_for_at_a_time_to_come_are_asked_for_again) {
  // The clock was two days ahead when they were stored.
  store::put_server_keys stored{"there.example", keys_of(there_key()), noon + 2 * day, {}};
  rig r{"there.example", stored};
  own_request(r.on(wanted(1, noon, {"ed25519:unheard"})));
  rig s{"there.example", stored};
  const auto asked =
    s.on(asked_by("there.example", "GET", make_join, {},
                  {matrix::sign_request("GET", make_join, "there.example", "here.example", nullptr, key_of('u'))}));
  own_request(asked);
}

BOOST_AUTO_TEST_SUITE_END()
