#include "actors/room/authoring.hpp"

#include "messages/limits.hpp"
#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_authoring_alone)

namespace {

const std::string zed = "@zed:far.example";

struct author_rig : assembled_rig {
  static room::draft message(const std::string& sender, const std::string& text) {
    return {"m.room.message", sender, std::nullopt, {{"msgtype", "m.text"}, {"body", text}}};
  }
  static room::draft membership(const std::string& sender, const std::string& user, const std::string& what) {
    return {"m.room.member", sender, user, {{"membership", what}}};
  }
  matrix::event_ptr drafted(const room::draft& d) {
    auto x = authoring.draft_event(d);
    if (!x) throw std::runtime_error(to_string(x.error()));
    return *x;
  }
};

/// The servers that an event is queued for, all with the same commit.
std::set<std::string> queued_for(const effects& list, const matrix::event_ptr& x) {
  std::set<std::string> servers;
  for (const auto& row : written<store::queue_pdu>(list)) {
    BOOST_TEST(row.event_id == x->event_id);
    servers.insert(row.server_name);
  }
  return servers;
}

/// There.example is the room's policy server, or `via`.
struct guarded_rig : author_rig {
  const matrix::signing_key key = key_of('p');
  const matrix::policy_server guard{"there.example", key.public_key_base64()};
  matrix::event_ptr rule;

  explicit guarded_rig(const std::string& via = "there.example") { name_guard(via, key, {}); }
  void name_guard(const std::string& via, const matrix::signing_key& of, const std::vector<std::string>& after) {
    rule =
      made(ann, "m.room.policy",
           {{"via", via}, {"public_keys", matrix::json::object{{"ed25519", of.public_key_base64()}}}}, "", {}, after);
    add(rule);
    (void)take();
  }
  /// The policy server signs what it is asked for in `asked`.
  void sign(const effects& asked) {
    const auto q = question_in(asked);
    const auto x = *matrix::parse_event(q.body, rules());
    const matrix::json::object signature{
      {std::string{matrix::policy_server_key_id}, key.sign(matrix::signed_bytes(x->source, rules()))}};
    hear(q, 200, matrix::json::canonical(matrix::json::object{{"there.example", signature}}));
  }
  void hear(const peer_request& q, int status, std::string body, std::string errcode = {}) {
    auto a = test::answer_to(q, status, std::move(body));
    if (!errcode.empty()) a.why = {fault_code::peer_refused, "no spam"};
    a.errcode = std::move(errcode);
    const auto verdict = policy.answered(question_of<room::question::policy_signature>(q.asked), a);
    BOOST_REQUIRE(verdict.has_value());
    authoring.decided(verdict->outcome);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(event_is_drafted_on_top_of_the_head_and_is_no_part_of_the_room_yet) {
  author_rig r;
  const auto x = r.drafted(r.message(ann, "hello"));
  BOOST_TEST(x->prev_events == r.head(), boost::test_tools::per_element());
  BOOST_TEST(x->depth == r.room.graph.depth_of_head() + 1);
  BOOST_TEST(x->origin_server_ts == r.now);
  BOOST_TEST(matrix::has_valid_content_hash(*x));
  BOOST_TEST(!r.has(x));
  BOOST_TEST(r.room.graph.extremities() == r.head(), boost::test_tools::per_element());
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_CASE(time_of_an_event_is_now_unless_it_must_not_be_earlier_or_was_said_before) {
  author_rig r;
  auto d = r.message(ann, "hello");
  d.not_before = r.now - 1;
  BOOST_TEST(r.drafted(d)->origin_server_ts == r.now);
  d.not_before = r.now + 5'000;
  BOOST_TEST(r.drafted(d)->origin_server_ts == r.now + 5'000);
  d.sent_at = r.now - 60'000;
  BOOST_TEST(r.drafted(d)->origin_server_ts == r.now - 60'000);
}

BOOST_AUTO_TEST_CASE(content_is_taken_up_to_its_bound_and_no_byte_beyond) {
  author_rig r;
  const auto frame = matrix::json::canonical(r.message(ann, "").content).size();
  const auto longest = limits::authored_content_bytes_max - frame;
  BOOST_TEST(!!r.authoring.draft_event(r.message(ann, std::string(longest, 'x'))));
  const auto beyond = r.authoring.draft_event(r.message(ann, std::string(longest + 1, 'x')));
  BOOST_REQUIRE(!beyond);
  BOOST_TEST((beyond.error().code == fault_code::too_large));
}

BOOST_AUTO_TEST_CASE(what_the_rules_do_not_allow_is_not_even_drafted) {
  author_rig r;
  const auto named = r.authoring.draft_event({"m.room.name", bob, "", {{"name", "mine"}}});
  BOOST_REQUIRE(!named);
  BOOST_TEST((named.error().code == fault_code::forbidden));
  const auto stranger = r.authoring.draft_event(r.message("@carl:here.example", "hello"));
  BOOST_REQUIRE(!stranger);
  BOOST_TEST((stranger.error().code == fault_code::forbidden));
  BOOST_TEST(!!r.authoring.draft_event({"m.room.name", ann, "", {{"name", "ours"}}}));
}

BOOST_AUTO_TEST_CASE(of_many_heads_an_event_cites_only_so_many) {
  author_rig r;
  for (std::size_t i = 0; i < limits::prev_events_authored_max + 5; ++i)
    r.add(r.message_of(eve, std::to_string(i), r.head()));
  BOOST_REQUIRE(r.room.graph.extremities().size() == limits::prev_events_authored_max + 5);
  const auto x = r.drafted(r.message(ann, "hello"));
  BOOST_TEST(x->prev_events.size() == limits::prev_events_authored_max);
  BOOST_REQUIRE(!!r.authoring.commit(x));
  BOOST_TEST(r.room.graph.extremities().size() == 6u); // those not cited, and the new one
}

BOOST_AUTO_TEST_CASE(event_is_stored_and_queued_in_one_commit_and_handed_on_after_it) {
  author_rig r;
  const auto x = r.drafted(r.message(ann, "hello"));
  BOOST_REQUIRE(!!r.authoring.commit(x, {"third.example", "here.example"}, "own-1"));
  BOOST_TEST(r.room.graph.extremities() == std::vector{x->event_id}, boost::test_tools::per_element());
  const auto list = r.take();
  const auto commits = of_kind<persist>(list);
  BOOST_REQUIRE(commits.size() == 1u);
  const auto& rows = commits[0].batch.writes;
  const auto stored = std::ranges::find_if(rows, [](const auto& w) {
    const auto* row = std::get_if<store::put_event>(&w);
    return row && row->judged == store::verdict::accepted;
  });
  const auto queued =
    std::ranges::find_if(rows, [](const auto& w) { return std::holds_alternative<store::queue_pdu>(w); });
  BOOST_REQUIRE((stored != rows.end() && queued != rows.end()));
  BOOST_TEST((stored < queued)); // a queue names what is stored
  BOOST_TEST((queued_for(list, x) == std::set<std::string>{"there.example", "third.example"}));
  const auto handed_on = told<pdu_queued>(commits[0].then);
  BOOST_REQUIRE(handed_on.size() == 2u);
  for (const auto& [to, m] : handed_on) {
    BOOST_TEST(m.chat_message_id == "own-1");
    BOOST_TEST(m.destinations == 2u);
  }
  BOOST_TEST(told<pdu_queued>(list).size() == 2u); // none ahead of the commit
  BOOST_TEST(r.events.changes.empty());
}

BOOST_AUTO_TEST_CASE(who_is_banned_hears_of_it_and_who_is_invited_does_not) {
  author_rig r;
  const auto ban = r.drafted(r.membership(ann, zed, "ban"));
  BOOST_REQUIRE(!!r.authoring.commit(ban));
  BOOST_TEST((queued_for(r.take(), ban) == std::set<std::string>{"far.example", "there.example"}));
  BOOST_REQUIRE(r.events.changes.size() == 1u);
  BOOST_TEST(r.events.changes[0].after->event_id == ban->event_id);
  const auto invite = r.drafted(r.membership(ann, "@pia:other.example", "invite"));
  BOOST_REQUIRE(!!r.authoring.commit(invite));
  BOOST_TEST((queued_for(r.take(), invite) == std::set<std::string>{"there.example"}));
}

BOOST_AUTO_TEST_CASE(last_of_a_server_to_be_put_out_is_told) {
  author_rig r;
  for (const auto& user : {eve, eli}) {
    const auto kick = r.drafted(r.membership(ann, user, "leave"));
    BOOST_REQUIRE(!!r.authoring.commit(kick));
    BOOST_TEST((queued_for(r.take(), kick) == std::set<std::string>{"there.example"}));
  }
  const auto x = r.drafted(r.message(ann, "alone"));
  BOOST_REQUIRE(!!r.authoring.commit(x));
  BOOST_TEST(queued_for(r.take(), x).empty());
}

BOOST_AUTO_TEST_CASE(what_the_rules_no_longer_allow_is_kept_as_what_it_is_and_goes_nowhere) {
  author_rig r;
  const auto late = r.drafted(r.message(bob, "I was away"));
  const auto kick = r.drafted(r.membership(ann, bob, "leave"));
  BOOST_REQUIRE(!!r.authoring.commit(kick));
  (void)r.take();
  r.events.changes.clear();
  const auto done = r.authoring.commit(late);
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == fault_code::forbidden));
  const auto list = r.take();
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST((rows[0].judged == store::verdict::soft_failed));
  BOOST_TEST(written<store::queue_pdu>(list).empty());
  BOOST_TEST(told<pdu_queued>(list).empty());
  BOOST_TEST(r.room.graph.extremities() == std::vector{kick->event_id}, boost::test_tools::per_element());
  BOOST_TEST(r.events.changes.empty());
  const auto lines = of_kind<note>(list);
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].what.starts_with("R104 "));
}

BOOST_AUTO_TEST_CASE(policy_server_is_asked_for_one_event_at_a_time_and_its_word_is_for_that_one) {
  guarded_rig r;
  const auto hello = r.message(ann, "hello"), other = r.message(bob, "me too");
  BOOST_TEST(r.authoring.author(hello).waits());
  const auto asked = r.take();
  BOOST_TEST((addressed(asked) == test::question{"there.example", matrix::endpoint::policy_sign}));
  BOOST_TEST(r.authoring.waits());
  BOOST_TEST(r.authoring.author(other).waits());
  BOOST_TEST(told<peer_request>(r.take()).empty());
  r.sign(asked);
  BOOST_TEST(!r.authoring.waits());
  BOOST_TEST(r.authoring.is_decided());
  BOOST_TEST(r.authoring.author(other).waits()); // the answer is not theirs
  const auto done = r.authoring.author(hello);
  BOOST_REQUIRE(!!done);
  BOOST_TEST(matrix::has_policy_signature(**done, r.guard));
  BOOST_TEST(!r.authoring.is_decided());
  BOOST_TEST(told<peer_request>(r.take()).empty());
  BOOST_TEST(r.authoring.author(other).waits());
  BOOST_TEST(told<peer_request>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(refusal_of_the_policy_server_is_said_once_and_the_next_try_asks_anew) {
  guarded_rig r;
  const auto hello = r.message(ann, "hello");
  BOOST_TEST(r.authoring.author(hello).waits());
  r.hear(question_in(r.take()), 400, {}, "M_FORBIDDEN");
  const auto refused = r.authoring.author(hello);
  BOOST_REQUIRE((!refused && !refused.waits()));
  BOOST_TEST((refused.error().code == fault_code::policy_denied));
  BOOST_TEST(told<peer_request>(r.take()).empty());
  BOOST_TEST(r.authoring.author(hello).waits());
  BOOST_TEST(told<peer_request>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(signature_of_a_policy_server_that_is_none_any_more_does_not_count) {
  guarded_rig r;
  const auto hello = r.message(ann, "hello");
  BOOST_TEST(r.authoring.author(hello).waits());
  r.sign(r.take());
  r.name_guard("there.example", key_of('q'), {r.rule->event_id});
  BOOST_TEST(r.authoring.author(hello).waits());
  const auto again = *matrix::parse_event(question_in(r.take()).body, r.rules());
  BOOST_TEST(again->prev_events == std::vector{r.rule->event_id}, boost::test_tools::per_element()); // drafted anew
}

BOOST_AUTO_TEST_CASE(policy_server_is_chosen_without_its_word_and_this_server_is_none) {
  guarded_rig r;
  const matrix::json::object none;
  const auto chosen = r.authoring.author({"m.room.policy", ann, "", none});
  BOOST_TEST(!!chosen);
  guarded_rig ours{"here.example"};
  const auto denied = ours.authoring.author(ours.message(ann, "hello"));
  BOOST_REQUIRE((!denied && !denied.waits()));
  BOOST_TEST((denied.error().code == fault_code::policy_denied));
  for (auto* x : {&r, &ours}) BOOST_TEST(told<peer_request>(x->take()).empty());
}

BOOST_AUTO_TEST_CASE(invitation_is_taken_back_at_a_server_outside_by_an_event_that_is_no_part_of_the_room) {
  author_rig r;
  const auto invite = r.drafted(r.membership(ann, zed, "invite"));
  BOOST_TEST(r.authoring.rescind_outside(invite, "a mistake"));
  const auto list = r.take();
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  const auto& leave = rows[0].event;
  BOOST_TEST((rows[0].judged == store::verdict::rejected));
  BOOST_TEST(leave->membership() == matrix::membership::leave);
  BOOST_TEST(leave->sender == ann); // they believe nobody else
  BOOST_TEST(*leave->content().find("reason")->as_string() == "a mistake");
  BOOST_TEST(std::ranges::count(leave->auth_events, invite->event_id) == 1);
  BOOST_TEST((queued_for(list, leave) == std::set<std::string>{"far.example"}));
  BOOST_TEST(r.room.graph.extremities() == r.head(), boost::test_tools::per_element());
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::none);

  r.after(60'000);
  BOOST_TEST(r.authoring.rescind_outside(invite, "a mistake")); // the same event, however often
  const auto again = r.take();
  BOOST_TEST(written<store::put_event>(again).empty());
  BOOST_TEST((queued_for(again, leave) == std::set<std::string>{"far.example"}));
}

BOOST_AUTO_TEST_CASE(invitation_is_not_taken_back_so_where_the_room_itself_is_known_or_that_is_not_ours_to_say) {
  author_rig r;
  BOOST_TEST(!r.authoring.rescind_outside(r.drafted(r.membership(ann, "@zoe:there.example", "invite")), {}));
  BOOST_TEST(!r.authoring.rescind_outside(r.drafted(r.membership(ann, "@carl:here.example", "invite")), {}));
  BOOST_TEST(!r.authoring.rescind_outside(r.made(eve, "m.room.member", {{"membership", "invite"}}, zed), {}));
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
