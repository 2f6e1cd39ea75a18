// The room's policy server: asked before an event of ours leaves, and for events that come without its signature.
#include "messages/limits.hpp"
#include "messages/matrix/policy_server.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_policy)

namespace {

const auto policy_key = key_of('p');

/// There.example, where eve and eli are, is the room's policy server.
struct guarded_room : shared_room {
  explicit guarded_room(const std::string& via = "there.example") {
    matrix::json::object content{{"via", via},
                                 {"public_keys", matrix::json::object{{"ed25519", policy_key.public_key_base64()}}}};
    matrix::json::object pdu{{"type", "m.room.policy"},
                             {"room_id", room_id},
                             {"sender", ann},
                             {"state_key", ""},
                             {"origin_server_ts", now},
                             {"depth", 9},
                             {"content", std::move(content)},
                             {"prev_events", matrix::json::array{}},
                             {"auth_events", matrix::json::array{}}};
    const auto x = *matrix::hash_and_sign(std::move(pdu), rules(), "here.example", node.key);
    disk.events[x->event_id] = {x, store::verdict::accepted, 1, 1, 1};
    disk.order.push_back(x->event_id);
    auto all = state();
    all.insert_or_assign({"m.room.policy", ""}, x->event_id);
    for (auto& [id, group] : disk.groups)
      if (id == disk.head.state_group) group = std::make_shared<const matrix::state_map>(all);
    restart();
  }
  effects say(const std::string& text) {
    chat::message_send x;
    x.room = "chat-1";
    x.sender = ann;
    x.message = text;
    x.text = text;
    return command(std::move(x));
  }
  effects answer(token asked, int status, std::string body, std::string errcode = {}) {
    peer_answer a;
    a.asked = asked;
    a.server_name = "there.example";
    a.status = status;
    a.body = std::move(body);
    a.errcode = std::move(errcode);
    if (status != 200)
      a.why = {status == 0                      ? fault_code::peer_timeout
               : status >= 500 || status == 429 ? fault_code::peer_unreachable
                                                : fault_code::peer_refused,
               "there.example answered " + std::to_string(status) + " no spam"};
    return on(a);
  }
  effects sign(const peer_request& q, const matrix::signing_key& key = policy_key) {
    const auto x = *matrix::parse_event(q.body, rules());
    return answer(q.asked, 200,
                  matrix::json::canonical(matrix::json::object{
                    {"there.example", matrix::json::object{{std::string{matrix::policy_server_key_id},
                                                            key.sign(matrix::signed_bytes(x->source, rules()))}}}}));
  }
  bool is_signed(const matrix::event& x) const {
    return matrix::has_policy_signature(x, {"there.example", policy_key.public_key_base64()});
  }
  store::verdict judged(const matrix::event_ptr& x) const { return disk.events.at(x->event_id).judged; }
};

/// The questions to the policy server in a list of effects.
std::vector<peer_request> asked_in(const effects& list) {
  std::vector<peer_request> all;
  for (const auto& [to, q] : told<peer_request>(list))
    if (q.endpoint == matrix::endpoint::policy_sign) {
      BOOST_TEST((to == address{actor_kind::remote_server, "there.example"}));
      all.push_back(q);
    }
  return all;
}
std::vector<matrix::event_ptr> sent_in(const effects& list) {
  std::vector<matrix::event_ptr> all;
  for (const auto& [to, m] : told<pdu_queued>(list)) all.push_back(m.event);
  return all;
}
std::string text_of(const matrix::event& x) { return *x.content().find("body")->as_string(); }

constexpr const char* forbidden = R"({"errcode":"M_FORBIDDEN","error":"no spam"})";

} // namespace

BOOST_AUTO_TEST_CASE(own_event_leaves_with_the_signature_of_the_policy_server_only) {
  guarded_room r;
  const auto begun = r.say("hello");
  BOOST_TEST(sent_in(begun).empty());
  BOOST_TEST(told<command_done>(begun).empty());
  const auto questions = asked_in(begun);
  BOOST_REQUIRE(questions.size() == 1u);
  BOOST_TEST(questions[0].timeout_ms == 30'000u);
  const auto done = r.sign(questions[0]);
  BOOST_TEST((refusal_in(done).code == fault_code::none));
  const auto sent = sent_in(done);
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(r.is_signed(*sent[0]));
  BOOST_TEST(sent[0]->event_id == matrix::parse_event(questions[0].body, r.rules()).operator*()->event_id);
  BOOST_TEST((r.judged(sent[0]) == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(message_of_several_events_is_sent_once_each_with_its_own_signature) {
  guarded_room r;
  chat::message_send x;
  x.room = "chat-1";
  x.sender = ann;
  x.message = "with files";
  x.text = "two files";
  x.files = {{"mxc://here.example/1", "one.txt", "text/plain", 3},
             {"mxc://here.example/2", "two.txt", "text/plain", 3}};
  auto now = r.command(std::move(x));
  std::vector<std::string> bodies;
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(told<command_done>(now).empty());
    const auto questions = asked_in(now);
    BOOST_REQUIRE(questions.size() == 1u);
    now = r.sign(questions[0]);
    for (const auto& e : sent_in(now)) bodies.push_back(text_of(*e));
  }
  BOOST_TEST(bodies == (std::vector<std::string>{"two files", "one.txt", "two.txt"}), boost::test_tools::per_element());
  const auto done = told<command_done>(now);
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].second.succeeded);
  BOOST_TEST(asked_in(now).empty());
}

BOOST_AUTO_TEST_CASE(refusal_fails_the_command_with_the_errcode_and_nothing_is_stored) {
  guarded_room r;
  const auto events = r.disk.events.size();
  const auto done = r.answer(asked_in(r.say("buy this")).at(0).asked, 400, forbidden, "M_FORBIDDEN");
  const auto why = refusal_in(done);
  BOOST_TEST((why.code == fault_code::policy_denied));
  BOOST_TEST(why.detail.starts_with("M_FORBIDDEN: "));
  BOOST_TEST(sent_in(done).empty());
  BOOST_TEST(r.disk.events.size() == events);
  BOOST_TEST(asked_in(r.say("hello")).size() == 1u); // the room goes on
}

BOOST_AUTO_TEST_CASE(policy_server_that_does_not_answer_is_asked_once_more) {
  for (const int status : {0, 429, 502}) {
    guarded_room r;
    const auto again = asked_in(r.answer(asked_in(r.say("hello")).at(0).asked, status, {}));
    BOOST_REQUIRE(again.size() == 1u);
    const auto done = r.answer(again[0].asked, status, {});
    BOOST_TEST(asked_in(done).empty());
    const auto why = refusal_in(done);
    BOOST_TEST(info(why.code).retryable);
    BOOST_TEST(why.detail.starts_with("policy server there.example"));
  }
}

BOOST_AUTO_TEST_CASE(signature_by_another_key_is_none) {
  guarded_room r;
  const auto done = r.sign(asked_in(r.say("hello")).at(0), key_of('q'));
  BOOST_TEST((refusal_in(done).code == fault_code::peer_bad_answer));
  BOOST_TEST(sent_in(done).empty());
}

BOOST_AUTO_TEST_CASE(commands_of_a_room_stay_in_order_while_the_policy_server_thinks) {
  guarded_room r;
  auto questions = asked_in(r.say("one"));
  BOOST_TEST(asked_in(r.say("two")).empty());
  BOOST_TEST(asked_in(r.say("three")).empty());
  std::string order;
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE(questions.size() == 1u);
    const auto done = r.sign(questions[0]);
    for (const auto& x : sent_in(done)) order += text_of(*x) + " ";
    questions = asked_in(done);
  }
  BOOST_TEST(order == "one two three ");
  BOOST_TEST(questions.empty());
}

BOOST_AUTO_TEST_CASE(refused_command_does_not_hold_up_the_next) {
  guarded_room r;
  const auto first = asked_in(r.say("bad"));
  r.say("good");
  const auto refused = r.answer(first.at(0).asked, 400, forbidden, "M_FORBIDDEN");
  BOOST_TEST((refusal_in(refused).code == fault_code::policy_denied));
  const auto done = r.sign(asked_in(refused).at(0));
  BOOST_TEST(text_of(*sent_in(done).at(0)) == "good");
}

BOOST_AUTO_TEST_CASE(leave_wanted_by_an_invitation_waits_its_turn_and_is_answered) {
  guarded_room r;
  const auto first = asked_in(r.say("one"));
  BOOST_TEST(asked_in(r.on(leave_request{bob, "bye"})).empty());
  const auto then = r.sign(first.at(0));
  BOOST_TEST(told<join_result>(then).empty());
  const auto done = r.sign(asked_in(then).at(0));
  BOOST_REQUIRE(told<join_result>(done).size() == 1u);
  BOOST_TEST((told<join_result>(done)[0].second.why.code == fault_code::none));
  BOOST_TEST(sent_in(done).at(0)->membership() == matrix::membership::leave);
}

BOOST_AUTO_TEST_CASE(policy_server_without_a_member_in_the_room_is_none) {
  guarded_room r{"policy.example"};
  const auto done = r.say("hello");
  BOOST_TEST(asked_in(done).empty());
  BOOST_TEST(sent_in(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(question_lost_with_the_actor_that_was_asked_is_given_up) {
  guarded_room r;
  r.say("hello");
  BOOST_TEST(asked_in(r.pass(60'000)).size() == 1u);
  const auto done = r.pass(60'000);
  BOOST_TEST((refusal_in(done).code == fault_code::timed_out));
}

// -- events that come -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(signed_event_is_taken_without_a_question) {
  guarded_room r;
  auto x = std::make_shared<matrix::event>(*r.message_of(eve, "hi"));
  matrix::set_signature(x->source, "there.example", matrix::policy_server_key_id,
                        policy_key.sign(matrix::signed_bytes(x->source, r.rules())));
  const auto done = r.push({x});
  BOOST_TEST(asked_in(done).empty());
  BOOST_TEST((r.judged(x) == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(unsigned_event_is_staged_and_taken_with_the_signature_that_was_asked_for) {
  guarded_room r;
  const auto x = r.message_of(eve, "hi");
  const auto begun = r.push({x});
  BOOST_TEST(told<pdus_handled>(begun).size() == 1u); // on disk: the sender need not wait for the policy server
  BOOST_TEST(written<store::put_inbox>(begun).size() == 1u);
  BOOST_TEST(!r.disk.events.contains(x->event_id));
  const auto done = r.sign(asked_in(begun).at(0));
  BOOST_TEST((r.judged(x) == store::verdict::accepted));
  BOOST_TEST(r.is_signed(*r.event(x->event_id))); // whoever asks us for it gets it signed
  BOOST_TEST(notified<chat::message_received>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(event_the_policy_server_does_not_sign_is_soft_failed_and_never_told) {
  for (const int status : {400, 404}) {
    guarded_room r;
    const auto x = r.message_of(eve, "buy this");
    const auto done = r.answer(asked_in(r.push({x})).at(0).asked, status, forbidden, "M_FORBIDDEN");
    BOOST_TEST((r.judged(x) == store::verdict::soft_failed));
    BOOST_TEST(notified<chat::message_received>(done).empty());
    BOOST_TEST(r.head().at(0) != x->event_id);
  }
  guarded_room r;
  const auto x = r.message_of(eve, "hi");
  const auto again = asked_in(r.answer(asked_in(r.push({x})).at(0).asked, 0, {}));
  r.answer(again.at(0).asked, 0, {});
  BOOST_TEST((r.judged(x) == store::verdict::soft_failed));
}

BOOST_AUTO_TEST_CASE(child_waits_for_the_parent_the_policy_server_is_looking_at) {
  guarded_room r;
  const auto parent = r.message_of(eve, "one"), child = r.message_of(eve, "two", {parent->event_id});
  auto done = r.push({parent, child});
  BOOST_TEST(asked_in(done).size() == 1u);
  done = r.sign(asked_in(done).at(0));
  done = r.sign(asked_in(done).at(0));
  BOOST_TEST((r.judged(child) == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(event_that_fails_the_rooms_own_rules_is_not_worth_a_question) {
  guarded_room r;
  const auto x = r.made("@stranger:there.example", "m.room.message", {{"body", "hi"}});
  BOOST_TEST(asked_in(r.push({x})).empty());
  BOOST_TEST((r.judged(x) == store::verdict::rejected));
}

BOOST_AUTO_TEST_CASE(a_flood_asks_few_questions_at_once) {
  guarded_room r;
  std::vector<matrix::event_ptr> flood;
  for (int i = 0; i < 30; ++i) flood.push_back(r.message_of(eve, std::to_string(i)));
  auto open = asked_in(r.push(flood));
  BOOST_TEST(open.size() == 20u);
  std::size_t total = open.size(), merges = 0;
  while (!open.empty()) {
    const auto q = open.back();
    open.pop_back();
    for (auto& more : asked_in(r.sign(q))) {
      if (matrix::server_name_of((*matrix::parse_event(more.body, r.rules()))->sender) == "here.example") ++merges;
      else ++total;
      open.push_back(std::move(more));
    }
  }
  BOOST_TEST(total == 30u);
  BOOST_TEST(merges == 1u); // so many ends of the graph are brought together
  BOOST_TEST(r.head().size() < 20u);
  for (const auto& x : flood) BOOST_TEST((r.judged(x) == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(staged_event_is_asked_for_again_after_a_restart) {
  guarded_room r;
  const auto x = r.message_of(eve, "hi");
  const auto staged = written<store::put_inbox>(r.push({x}));
  r.machine = std::make_unique<room::room_machine>(r.node, r.room_id);
  auto kept = r.disk.load();
  kept.inbox = staged;
  const auto question = of_kind<ask_store>(r.machine->on(start{}, ++r.now)).at(0).asked;
  const auto begun = r.settle(r.machine->on(store_says(question, kept), ++r.now));
  BOOST_REQUIRE(asked_in(begun).size() == 1u);
  r.sign(asked_in(begun)[0]);
  BOOST_TEST((r.judged(x) == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(join_through_us_is_answered_when_the_policy_server_has_signed_it) {
  for (const bool allowed : {true, false}) {
    guarded_room r;
    const std::string newcomer = "@zoe:there.example";
    const auto told_shape = r.body_of(r.call("GET", r.path("v1/make_join", newcomer) + "?ver=11"));
    const auto x = *matrix::hash_and_sign(*told_shape.find_object("event"), r.rules(), "there.example", there_key());
    const auto begun = r.call("PUT", r.path("v2/send_join", x->event_id), x->source);
    BOOST_TEST(told<federation_reply>(begun).empty());
    const auto q = asked_in(begun).at(0);
    const auto reply = shared_room::reply_in(allowed ? r.sign(q) : r.answer(q.asked, 400, forbidden, "M_FORBIDDEN"));
    BOOST_TEST(reply.status == (allowed ? 200 : 403));
    if (allowed) BOOST_TEST(reply.body.find("ed25519:policy_server") != std::string::npos);
    else BOOST_TEST(!r.disk.events.contains(x->event_id));
  }
}

BOOST_AUTO_TEST_CASE(event_too_large_for_further_signatures_is_refused_before_anybody_is_asked) {
  shared_room r;
  chat::message_send x;
  x.room = "chat-1";
  x.sender = ann;
  x.text = std::string(limits::authored_content_bytes_max - 200, 'x');
  const auto fine = r.command(x);
  BOOST_TEST((refusal_in(fine).code == fault_code::none));
  const auto sent = sent_in(fine).at(0);
  auto full = std::make_shared<matrix::event>(*sent);
  const std::string longest_name = std::string(251, 'a') + ".org";
  for (const auto* server : {"0", "1"})
    matrix::set_signature(full->source, server + longest_name.substr(1), "ed25519:" + std::string(247, 'k'),
                          std::string(86, 'A'));
  BOOST_TEST(full->to_json().size() <= limits::event_bytes_max);
}

BOOST_AUTO_TEST_SUITE_END()
