// What is asked to close a gap, and what is made of answers that hide or forge something.
#include "tests/actors/gap_rig.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/base64.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;

BOOST_AUTO_TEST_SUITE(room_gap_questions_suite)

namespace {

const std::string pusher = "third.example";

/// eve is an admin. She has given eli the power to ban, and eli has banned bob: events of there.example that we have
/// not got, on top of each other. third.example pushes a message after the ban.
struct hidden_levels : shared_room {
  matrix::event_ptr levels, said, ban, pushed;

  explicit hidden_levels(bool message_between = false) {
    auto now_levels = event(state().at({"m.room.power_levels", ""}))->content();
    auto users = *now_levels.find("users")->as_object();
    users.set(eve, 100);
    now_levels.set("users", users);
    push({made(ann, "m.room.power_levels", now_levels, "")});
    users.set(eli, 50);
    now_levels.set("users", std::move(users));
    levels = made(eve, "m.room.power_levels", std::move(now_levels), "");
    said = message_of(eve, "between", {levels->event_id});
    ban = citing(
      made(eli, "m.room.member", {{"membership", "ban"}}, bob, {}, {(message_between ? said : levels)->event_id}),
      levels->event_id);
    pushed = message_of(eve, "after", {ban->event_id});
  }
  /// The same event with other power levels among its auth events.
  matrix::event_ptr citing(const matrix::event_ptr& x, const std::string& levels_id) const {
    auto pdu = x->source;
    matrix::json::array auth{matrix::json::value{levels_id}};
    for (const auto& id : x->auth_events)
      if (id != state().at({"m.room.power_levels", ""})) auth.emplace_back(id);
    pdu.set("auth_events", std::move(auth));
    pdu.erase("hashes");
    pdu.erase("signatures");
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  /// The answer to the question in `list`.
  effects answer(const effects& list, int status, std::string body = {}) {
    return on(test::answer_to(question_in(list), status, std::move(body)));
  }
  bool stored(const matrix::event_ptr& x) const {
    return disk.events.contains(x->event_id) && disk.events.at(x->event_id).judged != store::verdict::outlier;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_ban_whose_authority_was_hidden_is_not_rejected_by_an_old_state_and_applies_when_all_is_known) {
  hidden_levels r;
  auto list = r.push({r.pushed}, pusher);
  BOOST_TEST(written<store::put_inbox>(list).size() == 1u);
  BOOST_TEST((addressed(list) == question{pusher, endpoint::get_missing_events}));
  list = r.answer(list, 200, events_body({r.ban}));
  BOOST_TEST((addressed(list) == question{pusher, endpoint::get_missing_events}));
  list = r.answer(list, 200, events_body({}));
  // Its own server would know the state at the ban best; only when it says that it does not, the pusher is asked.
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.answer(list, 404);
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
  list = r.answer(list, 404);
  BOOST_TEST((addressed(list) == question{pusher, endpoint::state_ids}));
  list = r.answer(list, 200, state_ids_body(r));
  // What it rests on is asked for, all at once and then singly.
  BOOST_TEST((addressed(list) == question{pusher, endpoint::event_auth}));
  list = r.answer(list, 404);
  BOOST_TEST((addressed(list) == question{pusher, endpoint::event}));
  list = r.answer(list, 404);
  // What the message after it needs is the state there, and its own server has it.
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  BOOST_TEST((question_in(list).query.at(0).second == r.pushed->event_id));
  list = r.answer(list, 200, state_ids_body(r, {r.levels, r.ban}));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
  list = r.answer(list, 200, state_body(r, {r.levels, r.ban}));
  // By the old state the ban is unauthorized. That is no verdict.
  BOOST_TEST(!r.stored(r.ban));
  BOOST_TEST(r.membership(bob) == "ban");
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"after"}));
}

BOOST_AUTO_TEST_CASE(what_was_answered_about_a_missing_parent_is_told_until_it_is_asked_for_again) {
  shared_room r;
  const auto lost = r.message_of(eve, "lost");
  const auto pushed = r.message_of(eve, "after", {lost->event_id});
  auto list = r.push({pushed});
  constexpr int questions_max = 50;
  for (int i = 0; i < questions_max; ++i) {
    auto asked = told<peer_request>(list);
    std::erase_if(asked, [](const auto& q) { return q.second.endpoint == endpoint::hierarchy; });
    if (asked.empty()) break;
    auto none = test::answer_to(asked[0].second, 404);
    none.why = {fault_code::peer_refused, "M_NOT_FOUND"};
    list = r.on(none);
  }
  const auto told = *matrix::json::parse(r.machine->describe(r.now));
  const auto* gaps = told.find_array("gaps");
  BOOST_REQUIRE(gaps);
  BOOST_TEST_REQUIRE(gaps->size() == 1u); // nothing is being asked, and the event waits all the same
  const auto& gap = gaps->front();
  BOOST_TEST(*gap.find_string("event_id") == pushed->event_id);
  BOOST_TEST(gap.find_string("server")->empty());
  BOOST_TEST(*gap.find_integer("attempts") == 1);
  BOOST_TEST(*gap.find_integer("retry_ts") > r.now);
  BOOST_TEST(*gap.find_integer("give_up_ts") > *gap.find_integer("retry_ts"));
  const auto* answers = gap.find_array("answers");
  BOOST_TEST_REQUIRE(!answers->empty());
  BOOST_TEST(*answers->front().find_string("server") == "there.example");
  BOOST_TEST(*answers->front().find_string("question") == "what leads to it");
  BOOST_TEST(answers->front().find_string("answer")->find("M_NOT_FOUND") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_ban_whose_authority_was_hidden_applies_when_its_own_server_sends_it) {
  hidden_levels r;
  auto list = r.answer(r.push({r.pushed}, pusher), 200, events_body({r.ban}));
  list = r.answer(list, 200, events_body({}));
  list = r.answer(r.answer(list, 404), 404);     // of there.example: the state at the ban
  list = r.answer(list, 200, state_ids_body(r)); // of the pusher: an old one
  list = r.answer(r.answer(list, 404), 404);     // its authority
  list = r.answer(r.answer(list, 404), 404);     // of there.example: the state at the message after it
  list = r.answer(list, 200, state_ids_body(r)); // of the pusher: an old one
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"after"}));
  BOOST_TEST(!r.stored(r.ban));
  BOOST_TEST(r.membership(bob) == "join");
  r.answer(r.push({r.ban}), 200, events_body({r.levels}));
  BOOST_TEST((r.disk.events.at(r.ban->event_id).judged == store::verdict::accepted));
  BOOST_TEST(r.membership(bob) == "ban");
}

BOOST_AUTO_TEST_CASE(the_pusher_is_not_believed_about_an_event_of_a_server_that_is_silent) {
  hidden_levels r;
  auto list = r.answer(r.push({r.pushed}, pusher), 200, events_body({r.ban}));
  list = r.answer(list, 200, events_body({}));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.answer(list, 0);
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  BOOST_TEST((question_in(list).query.at(0).second == r.pushed->event_id));
  list = r.answer(list, 0);
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::get_missing_events}));
  list = r.answer(list, 0);
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_TEST(!r.stored(r.ban));
  // When it sends the ban itself, nothing stands in the way, and what was staged follows.
  list = r.answer(r.push({r.ban}), 200, events_body({r.levels}));
  BOOST_TEST(r.membership(bob) == "ban");
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"after"}));
}

BOOST_AUTO_TEST_CASE(the_pusher_is_believed_after_an_hour_of_silence) {
  hidden_levels r;
  auto list = r.answer(r.push({r.pushed}, pusher), 200, events_body({r.said}));
  list = r.answer(list, 200, events_body({}));
  list = r.answer(r.answer(list, 0), 0);
  list = r.answer(list, 0); // there.example
  r.now += 3'600'000;
  list = r.answer(r.wake(), 200, events_body({r.ban}));
  list = r.answer(list, 200, events_body({}));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.answer(list, 0); // at the ban
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.answer(list, 0); // at the message
  BOOST_TEST((addressed(list) == question{pusher, endpoint::state_ids}));
}

BOOST_AUTO_TEST_CASE(a_ban_after_a_message_with_a_told_state_is_not_rejected_by_that_state) {
  hidden_levels r(true);
  auto list = r.answer(r.push({r.pushed}, pusher), 200, events_body({r.said, r.ban}));
  list = r.answer(list, 200, events_body({}));
  BOOST_TEST((question_in(list).query.at(0).second == r.said->event_id));
  list = r.answer(r.answer(list, 404), 404);     // its ids, then whole
  list = r.answer(list, 200, state_ids_body(r)); // of the pusher: without the levels
  BOOST_TEST(r.stored(r.said));
  BOOST_TEST((addressed(list) == question{pusher, endpoint::event_auth}));
  list = r.answer(list, 200, list_body("auth_chain", {r.levels}));
  BOOST_TEST(!r.stored(r.ban));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  BOOST_TEST((question_in(list).query.at(0).second == r.ban->event_id));
  list = r.answer(list, 200, state_ids_body(r, {r.levels}));
  BOOST_TEST(r.membership(bob) == "ban");
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"after"}));
}

BOOST_AUTO_TEST_CASE(a_forged_auth_event_costs_two_questions_of_a_server_and_the_event_stays) {
  hidden_levels r;
  auto pdu = r.levels->source;
  pdu.set("signatures",
          matrix::json::object{{"there.example", matrix::json::object{{there_key().key_id(), std::string(86, 'A')}}}});
  const auto forged = *matrix::make_event(std::move(pdu), r.rules()); // of the same id
  const auto x = r.citing(r.message_of(eve, "by whose authority"), r.levels->event_id);
  auto list = r.push({x});
  BOOST_TEST(written<store::put_inbox>(list).size() == 1u);
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::event_auth}));
  list = r.answer(list, 200, list_body("auth_chain", {forged, r.event(r.state().at({"m.room.create", ""}))}));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::event}));
  list = r.answer(list, 200, list_body("pdus", {forged}));
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_TEST(written<store::remove_inbox>(list).empty());
  BOOST_TEST(!r.stored(x));
  // Nobody is asked before its time, and then the true one lets it in.
  list = r.answer(r.wake(), 200, list_body("auth_chain", {}));
  BOOST_TEST(
    (texts_in(r.answer(list, 200, list_body("pdus", {r.levels}))) == std::vector<std::string>{"by whose authority"}));
}

BOOST_AUTO_TEST_CASE(what_a_server_tells_besides_the_auth_chain_is_not_taken) {
  hidden_levels r;
  const auto x = r.citing(r.message_of(eve, "hello"), r.levels->event_id);
  const auto beside = r.made(eli, "m.room.member", {{"membership", "join"}, {"displayname", "elsewhere"}}, eli);
  r.answer(r.push({x}), 200, list_body("auth_chain", {r.levels, beside}));
  BOOST_TEST(r.stored(x));
  BOOST_TEST(!r.disk.events.contains(beside->event_id));
}

BOOST_AUTO_TEST_CASE(a_missing_parent_with_too_many_parents_is_not_taken_and_hides_nothing_else) {
  shared_room r;
  auto pdu = r.message_of(eve, "octopus")->source;
  matrix::json::array prev;
  for (std::size_t i = 0; i <= limits::prev_events_max; ++i)
    prev.emplace_back("$" + std::string(42, 'N') + static_cast<char>('a' + i));
  pdu.set("prev_events", std::move(prev));
  pdu.erase("signatures");
  pdu.erase("hashes");
  pdu.set("hashes", matrix::json::object{{"sha256", matrix::base64_encode(matrix::content_hash(pdu))}});
  matrix::set_signature(pdu, "there.example", there_key().key_id(),
                        there_key().sign(matrix::signed_bytes(pdu, r.rules())));
  const auto octopus = *matrix::make_event(std::move(pdu), r.rules(), matrix::count_policy::unbounded);
  const auto x = r.message_of(eve, "arm", {octopus->event_id});
  auto list = r.on(test::answer_to(question_in(r.push({x})), 200, events_body({octopus})));
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  BOOST_TEST((question_in(list).query.at(0).second == x->event_id));
  BOOST_TEST(
    (texts_in(r.on(test::answer_to(question_in(list), 200, state_ids_body(r)))) == std::vector<std::string>{"arm"}));
  BOOST_TEST(!r.disk.events.contains(octopus->event_id));
}

// -- the state at the far end

BOOST_AUTO_TEST_CASE(who_took_the_right_to_speak_is_told_though_the_change_before_theirs_was_never_seen) {
  hidden_levels r;
  auto content = r.levels->content();
  content.set("events_default", 50);
  const auto silencing = r.citing(r.made(eve, "m.room.power_levels", std::move(content), ""), r.levels->event_id);
  const auto after = r.message_of(eve, "after", {"$" + std::string(43, 'N')});
  auto list = r.answer(r.push({after}), 200, events_body({}));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.answer(list, 404);
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
  auto state = state_body(r, {silencing});
  state.replace(state.find("[]"), 2, "[" + r.levels->to_json() + "]"); // its auth chain
  const auto told = notified<chat::permission_drift>(r.answer(list, 200, std::move(state)));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].cause == "threshold_changed"); // nobody disagreed
  BOOST_TEST(told[0].by == eve);
  BOOST_TEST(told[0].event_id == silencing->event_id);
}

BOOST_AUTO_TEST_CASE(a_message_that_was_fetched_for_one_that_is_shown_ahead_of_it_is_shown_too) {
  shared_room r;
  const auto first = r.message_of(eli, "first");
  const auto second = r.message_of(eli, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id, r.head().at(0)});
  auto asked = question_in(r.push({third}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({second}))));
  asked = question_in(r.on(answer_to(asked, 200, events_body({})))); // not now: its own past is being fetched
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  asked = question_in(r.on(answer_to(asked, 404)));
  asked = question_in(r.on(answer_to(asked, 404))); // nor whole
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  BOOST_TEST(asked.query.at(0).second == third->event_id);
  const auto ahead = r.on(answer_to(asked, 200, state_ids_body(r)));
  BOOST_TEST((texts_in(ahead) == std::vector<std::string>{"third"}));
  BOOST_TEST(written<store::put_inbox>(ahead).size() == 1u); // `second`, so that a restart finds it
  asked = question_in(ahead);
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST(
    (texts_in(r.on(answer_to(asked, 200, events_body({first})))) == std::vector<std::string>{"first", "second"}));
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(who_spoke_before_we_had_their_key_is_heard_in_order_when_all_of_it_comes) {
  // Between their words lies history of others, whose states are not known here: each of them needs a state of its own.
  shared_room r;
  std::vector<matrix::event_ptr> said;
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> prev{"$" + std::string(42, 'N') + std::to_string(i)};
    if (!said.empty()) prev.push_back(said.back()->event_id);
    auto pdu = r.message_of(eve, std::to_string(i), prev)->source;
    pdu.set("depth", 10 + i);
    pdu.erase("hashes");
    pdu.erase("signatures");
    said.push_back(*matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key()));
  }
  r.outside = [&](const address& to, const message& m) -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || to.key != "there.example") return {};
    if (q->endpoint == endpoint::get_missing_events) return answer_to(*q, 200, events_body({}));
    return q->endpoint == endpoint::state_ids ? std::optional<message>{answer_to(*q, 200, state_ids_body(r))}
                                              : std::nullopt;
  };
  std::vector<std::string> heard = texts_in(r.push({said[2], said[1], said[0]}));
  for (auto& text : texts_in(r.pass(10'000))) heard.push_back(std::move(text));
  BOOST_TEST((heard == std::vector<std::string>{"0", "1", "2"}));
}

BOOST_AUTO_TEST_CASE(of_a_state_only_the_few_unknown_events_are_fetched) {
  crowded_room r;
  std::vector<matrix::event_ptr> unknown;
  for (int i = 0; i < 3; ++i)
    unknown.push_back(
      r.made(r.user(i), "m.room.member", {{"membership", "join"}, {"displayname", "new name"}}, r.user(i)));
  auto list = r.far_end();
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state_ids}));
  list = r.on(test::answer_to(question_in(list), 200, state_ids_body(r, unknown)));
  std::set<std::string> asked;
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE((addressed(list) == question{"there.example", endpoint::event}));
    const auto q = question_in(list);
    BOOST_TEST(q.response_bytes_max < 200'000u);
    asked.insert(q.parameters.at(0));
    for (const auto& x : unknown)
      if (x->event_id == q.parameters.at(0)) list = r.on(test::answer_to(q, 200, list_body("pdus", {x})));
  }
  BOOST_TEST(asked.size() == 3u);
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"far end", "near end"}));
  // The state before the far end is what was told.
  const auto& before = *r.disk.groups.at(r.disk.events.at(r.oldest->event_id).state_group_before);
  for (const auto& x : unknown) BOOST_TEST(before.at({"m.room.member", *x->state_key}) == x->event_id);
  BOOST_TEST(before.size() == r.state().size());
}

BOOST_AUTO_TEST_CASE(a_state_with_many_unknown_events_is_asked_for_whole) {
  crowded_room r;
  std::vector<matrix::event_ptr> unknown;
  for (int i = 0; i < 20; ++i)
    unknown.push_back(
      r.made(r.user(i), "m.room.member", {{"membership", "join"}, {"displayname", "new name"}}, r.user(i)));
  auto list = r.far_end();
  list = r.on(test::answer_to(question_in(list), 200, state_ids_body(r, unknown)));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
  list = r.on(test::answer_to(question_in(list), 200, state_body(r, unknown)));
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"far end", "near end"}));
}

BOOST_AUTO_TEST_CASE(a_state_event_that_is_told_by_its_id_and_then_withheld_has_the_state_asked_for_whole) {
  crowded_room r;
  const auto named =
    r.made(r.user(0), "m.room.member", {{"membership", "join"}, {"displayname", "new name"}}, r.user(0));
  auto list = r.far_end();
  list = r.on(test::answer_to(question_in(list), 200, state_ids_body(r, {named})));
  list = r.on(test::answer_to(question_in(list), 404));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
}

BOOST_AUTO_TEST_CASE(a_state_of_more_values_than_one_document_may_have_closes_a_gap) {
  crowded_room r;
  auto list = r.far_end();
  list = r.on(test::answer_to(question_in(list), 404));
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::state}));
  std::string item = R"({"type":"m.room.member","content":{"long":[0)";
  for (int i = 1; i < 10'000; ++i) item += ",0";
  item += "]}}";
  auto body = state_body(r);
  body.resize(body.size() - 2);
  for (std::size_t values = 0; values <= limits::json_values_max; values += 10'000) body += "," + item;
  BOOST_TEST(!matrix::json::parse(body + "]}"));
  BOOST_TEST((texts_in(r.on(test::answer_to(question_in(list), 200, body + "]}"))) ==
              std::vector<std::string>{"far end", "near end"}));
}

BOOST_AUTO_TEST_CASE(a_state_of_far_more_unknown_events_than_the_room_has_is_not_taken) {
  crowded_room r;
  auto list = r.far_end();
  list = r.on(test::answer_to(question_in(list), 404));
  const auto pattern = r.made(eve, "m.room.member", {{"membership", "join"}}, eve)->to_json();
  auto body = state_body(r);
  body.resize(body.size() - 2);
  for (std::size_t i = 0; i < 20'000 + 2 * r.state().size() + 1; ++i) {
    auto item = pattern;
    const std::string key = "\"state_key\":\"";
    item.insert(item.find(key) + key.size() + 1, std::to_string(i) + "_");
    body += "," + item;
  }
  list = r.on(test::answer_to(question_in(list), 200, body + "]}"));
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_TEST(!r.disk.events.contains(r.oldest->event_id));
}

BOOST_AUTO_TEST_SUITE_END()
