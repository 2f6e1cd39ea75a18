// What a room tells other servers of its past, and what a newcomer is sent besides the state.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

namespace {

std::set<std::string> ids_in(const matrix::json::value& body, const char* list,
                             const matrix::room_version_rules& rules) {
  std::set<std::string> ids;
  for (const auto& pdu : *body.find_array(list)) ids.insert((*matrix::make_event(*pdu.as_object(), rules))->event_id);
  return ids;
}

std::string event_auth(const shared_room& r, const std::string& id) { return r.path("v1/event_auth", id); }

/// third.example asks; its key is `third_key`.
const matrix::signing_key& third_key() {
  static const auto key = key_of('3');
  return key;
}

} // namespace

BOOST_AUTO_TEST_SUITE(room_served)

BOOST_AUTO_TEST_CASE(the_auth_chain_of_a_message_is_told_long_after_it_left_memory) {
  shared_room r;
  change(r.node).room.recent_events_max = 4;
  r.restart();
  const auto old = r.message_of(eve, "old");
  r.push({old});
  const auto chain = ids_in(r.body_of(r.call("GET", event_auth(r, old->event_id))), "auth_chain", r.rules());
  BOOST_TEST(chain.contains(r.state().at({"m.room.create", ""})));
  BOOST_TEST(chain.contains(r.state().at({"m.room.power_levels", ""})));
  BOOST_TEST(chain.contains(r.state().at({"m.room.member", eve})));
  BOOST_TEST(chain.contains(r.state().at({"m.room.join_rules", ""}))); // by her join
  BOOST_TEST(!chain.contains(old->event_id));
  for (int i = 0; i < 10; ++i) r.push({r.message_of(eve, std::to_string(i))});
  BOOST_TEST((ids_in(r.body_of(r.call("GET", event_auth(r, old->event_id))), "auth_chain", r.rules()) == chain));
  r.restart();
  BOOST_TEST((ids_in(r.body_of(r.call("GET", event_auth(r, old->event_id))), "auth_chain", r.rules()) == chain));
  BOOST_TEST(shared_room::reply_in(r.call("GET", event_auth(r, "$unknown"))).status == 404);
}

BOOST_AUTO_TEST_CASE(in_version_12_the_create_event_is_in_the_chain_that_nobody_cites_it_in) {
  shared_room r{"12"};
  const auto said = r.message_of(eve, "x");
  r.push({said});
  const auto chain = ids_in(r.body_of(r.call("GET", event_auth(r, said->event_id))), "auth_chain", r.rules());
  BOOST_TEST(chain.contains(r.state().at({"m.room.create", ""})));
  const auto create = r.state().at({"m.room.create", ""});
  BOOST_TEST(r.body_of(r.call("GET", event_auth(r, create))).find_array("auth_chain")->empty());
}

BOOST_AUTO_TEST_CASE(whoever_joins_finds_the_authority_of_everything_in_the_auth_chain_alone) {
  for (const auto* version : {"6", "10", "11", "12"})
    for (const auto* query : {"", "?omit_members=false", "?omit_members=true"}) {
      shared_room r{version, false};
      const auto told = r.body_of(r.call("GET", r.path("v1/make_join", eve) + "?ver=" + version));
      const auto join = *matrix::hash_and_sign(*told.find_object("event"), r.rules(), "there.example", there_key());
      const auto body = r.body_of(r.call("PUT", r.path("v2/send_join", join->event_id) + query, join->source));
      const auto state = ids_in(body, "state", r.rules()), chain = ids_in(body, "auth_chain", r.rules());
      const bool looks_in_both = std::string_view{query}.ends_with("true");
      const auto create = r.state().at({"m.room.create", ""});
      BOOST_TEST(chain.contains(create) == !looks_in_both, version << query);
      for (const auto* list : {"state", "auth_chain"})
        for (const auto& pdu : *body.find_array(list))
          for (const auto made = *matrix::make_event(*pdu.as_object(), r.rules()); const auto& id : made->auth_events)
            BOOST_TEST((chain.contains(id) || (looks_in_both && state.contains(id))), version << query);
      for (const auto& id : join->auth_events)
        BOOST_TEST((chain.contains(id) || (looks_in_both && state.contains(id))));
      if (looks_in_both) // Synapse tells each event once then
        for (const auto& id : state) BOOST_TEST(!chain.contains(id));
    }
}

BOOST_AUTO_TEST_CASE(what_was_said_during_a_join_by_whatever_server_reaches_the_newcomer) {
  shared_room r;
  federation_call c;
  const auto ask = [&](const std::string& method, const std::string& target, std::optional<object> body = {}) {
    c.gateway = "g";
    c.id = ++r.calls;
    c.origin = "third.example";
    c.match = std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, target));
    c.body = body ? std::make_shared<const matrix::json::value>(std::move(*body)) : nullptr;
    return r.on(c);
  };
  const std::string newcomer = "@new:third.example";
  const auto shape = r.body_of(ask("GET", r.path("v1/make_join", newcomer) + "?ver=11"));
  const auto fork = r.head();
  const auto theirs = r.message_of(eve, "by another server", fork);
  const auto ours = r.message_of(ann, "by ourselves", fork);
  r.push({theirs});
  r.push({ours});
  const auto join = *matrix::hash_and_sign(*shape.find_object("event"), r.rules(), "third.example", third_key());
  const auto done = ask("PUT", r.path("v2/send_join", join->event_id), join->source);
  BOOST_TEST(shared_room::reply_in(done).status == 200);
  std::set<std::string> sent;
  for (const auto& [to, q] : told<pdu_queued>(done))
    if (to.key == "third.example") sent.insert(q.event->event_id);
  BOOST_TEST((sent == std::set{theirs->event_id, ours->event_id}));
  std::set<std::string> on_disk;
  for (const auto& w : written<store::queue_pdu>(done))
    if (w.server_name == "third.example") on_disk.insert(w.event_id);
  BOOST_TEST((on_disk == sent));
}

BOOST_AUTO_TEST_CASE(a_send_join_that_is_repeated_long_after_is_answered_alike) {
  shared_room r;
  change(r.node).room.recent_events_max = 4;
  r.restart();
  const auto shape = r.body_of(r.call("GET", r.path("v1/make_join", "@new:there.example") + "?ver=11"));
  const auto join = *matrix::hash_and_sign(*shape.find_object("event"), r.rules(), "there.example", there_key());
  const auto put = [&] { return r.call("PUT", r.path("v2/send_join", join->event_id), join->source); };
  const auto first = shared_room::reply_in(put());
  BOOST_REQUIRE(first.status == 200);
  const auto alike = [&] {
    const auto done = put();
    BOOST_TEST(shared_room::reply_in(done).status == 200);
    BOOST_TEST((shared_room::reply_in(done).body == first.body));
    BOOST_TEST(told<pdu_queued>(done).empty()); // nobody is told again
  };
  alike();
  for (int i = 0; i < 10; ++i) r.push({r.message_of(eve, std::to_string(i))});
  alike();
  r.restart();
  // One that was never taken and follows on what nobody here has seen has to begin anew.
  object other = *shape.find_object("event");
  other.set("prev_events", matrix::json::array{"$" + std::string(43, 'N')});
  const auto unknown = *matrix::hash_and_sign(std::move(other), r.rules(), "there.example", there_key());
  BOOST_TEST(shared_room::reply_in(r.call("PUT", r.path("v2/send_join", unknown->event_id), unknown->source)).status ==
             400);
  alike();
}

BOOST_AUTO_TEST_CASE(a_send_join_to_a_template_from_before_our_restart_is_taken) {
  shared_room r;
  change(r.node).room.recent_events_max = 4;
  r.restart();
  const auto shape = r.body_of(r.call("GET", r.path("v1/make_join", "@new:there.example") + "?ver=11"));
  const auto join = *matrix::hash_and_sign(*shape.find_object("event"), r.rules(), "there.example", there_key());
  for (int i = 0; i < 10; ++i) r.push({r.message_of(eve, std::to_string(i))});
  r.restart();
  BOOST_TEST(shared_room::reply_in(r.call("PUT", r.path("v2/send_join", join->event_id), join->source)).status == 200);
  BOOST_TEST(r.membership("@new:there.example") == "join");
}

BOOST_AUTO_TEST_CASE(a_newcomer_is_not_sent_what_his_own_server_said) {
  shared_room r;
  const auto shape = r.body_of(r.call("GET", r.path("v1/make_join", "@new:there.example") + "?ver=11"));
  r.push({r.message_of(eve, "by his own server")});
  const auto join = *matrix::hash_and_sign(*shape.find_object("event"), r.rules(), "there.example", there_key());
  const auto done = r.call("PUT", r.path("v2/send_join", join->event_id), join->source);
  BOOST_TEST(shared_room::reply_in(done).status == 200);
  for (const auto& [to, q] : told<pdu_queued>(done)) BOOST_TEST(to.key != "there.example");
}

BOOST_AUTO_TEST_SUITE_END()

// -- history before our join ------------------------------------------------------------------------------------------

namespace {

/// A graph that begins with a create event; what comes before the join is put into it by hand.
struct past {
  shared_room room;
  room::room_graph graph{100, 10, "here.example"};
  std::vector<store::write> batch;

  past() { graph.begin(room.event(room.state().at({"m.room.create", ""}))); }
  matrix::event_ptr rule(const std::string& value) {
    return room.made(ann, "m.room.history_visibility", {{"history_visibility", value}}, "");
  }
  void told(const std::string& value, store::verdict judged = store::verdict::outlier) {
    graph.add_outlier(rule(value), {judged, {}}, batch);
  }
  /// One event of the history, before those added so far. @returns its position
  std::int64_t add(const matrix::event_ptr& x) {
    ++room.now;
    graph.add_history(x, {}, {}, batch);
    return graph.first_position();
  }
  std::int64_t say() { return add(room.message_of(ann, "then")); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(room_history_visibility)

BOOST_AUTO_TEST_CASE(a_newcomer_is_sent_what_was_said_before_his_join_only_where_he_may_see_it) {
  for (const auto* visibility : {"shared", "world_readable", "invited", "joined"}) {
    shared_room r("11", false);
    r.push({r.made(ann, "m.room.history_visibility", {{"history_visibility", visibility}}, "")}, "third.example");
    auto pdu = *r.body_of(r.call("GET", r.path("v1/make_join", eve) + "?ver=11")).find_object("event");
    r.command(chat::message_send{"chat-1", ann, "m1", "between", {}, {}, {}, {}, {}});
    const auto between = r.head().at(0);
    const auto join = *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
    const auto list = r.call("PUT", r.path("v2/send_join", join->event_id), join->source);
    bool pushed = false;
    for (const auto& [to, m] : told<pdu_queued>(list))
      pushed = pushed || (to.key == "there.example" && m.event->event_id == between);
    BOOST_TEST_INFO(visibility);
    BOOST_TEST(pushed ==
               (std::string_view{visibility} == "shared" || std::string_view{visibility} == "world_readable"));
    // Nor does he get it by asking, but what a redaction leaves of it: the graph stays connected.
    const auto served = r.served(between);
    BOOST_TEST_INFO(visibility);
    BOOST_TEST(served.find_object("content")->empty() != pushed);
  }
}

BOOST_AUTO_TEST_CASE(a_rejected_event_is_not_served) {
  shared_room r;
  const auto crown = r.made(eve, "m.room.power_levels", {{"users", object{{eve, 100}}}}, "");
  r.push({crown});
  BOOST_TEST((r.disk.events.at(crown->event_id).judged == store::verdict::rejected));
  BOOST_TEST(
    r.reply_in(r.call("GET", "/_matrix/federation/v1/event/" + matrix::percent_encode(crown->event_id))).status == 404);
  BOOST_TEST(r.reply_in(r.call("GET", event_auth(r, crown->event_id))).status == 404);
}

BOOST_AUTO_TEST_CASE(a_room_we_have_left_is_served_for_a_day_and_no_longer) {
  shared_room r;
  const auto said = r.message_of(eve, "before");
  r.push({said});
  for (const auto& user : {bob, ann}) r.command(chat::member_leave{"chat-1", user, {}});
  BOOST_TEST((r.disk.head.phase == store::room_phase::left));
  auto status = [&](const std::string& target) { return r.reply_in(r.call("GET", target)).status; };
  const auto state_ids = r.path("v1/state_ids") + "?event_id=" + matrix::percent_encode(said->event_id);
  BOOST_TEST(status(state_ids) == 200);
  BOOST_TEST(status(r.path("v1/timestamp_to_event") + "?ts=1&dir=f") == 404);
  BOOST_TEST(status(r.path("v1/make_join", eve) + "?ver=11") == 404);
  r.now += 24 * 3'600'000;
  for (const auto& target :
       {state_ids, r.path("v1/backfill") + "?v=" + matrix::percent_encode(said->event_id),
        event_auth(r, said->event_id), "/_matrix/federation/v1/event/" + matrix::percent_encode(said->event_id)})
    BOOST_TEST(status(target) == 404);
}

BOOST_AUTO_TEST_CASE(a_server_whose_users_were_put_out_is_told_what_led_to_it_for_a_day_and_nothing_since) {
  shared_room r;
  const auto start = r.head();
  const auto says = [&](const std::string& id) {
    r.command(chat::message_send{"chat-1", ann, id, id, {}, {}, {}, {}, {}});
    return r.head().at(0);
  };
  const auto before = says("before");
  for (const auto& user : {eve, eli}) r.command(chat::member_kick{"chat-1", ann, user, {}});
  const auto put_out = r.head().at(0);
  BOOST_REQUIRE(r.state().at({"m.room.member", eli}) == put_out);
  const auto since = says("since");
  const auto status = [&](const std::string& target) { return r.reply_in(r.call("GET", target)).status; };
  const auto questions = [&](const std::string& id) {
    const auto escaped = matrix::percent_encode(id);
    return std::vector{r.path("v1/state_ids") + "?event_id=" + escaped, r.path("v1/state") + "?event_id=" + escaped,
                       event_auth(r, id), "/_matrix/federation/v1/event/" + escaped};
  };
  for (const auto& id : {before, put_out})
    for (const auto& target : questions(id)) BOOST_TEST(status(target) == 200);
  for (const auto& target : questions(since)) BOOST_TEST(status(target) == 404);
  const auto led_to = [&](const std::string& latest) {
    return ids_in(r.body_of(r.call("POST", r.path("v1/get_missing_events"),
                                   object{{"earliest_events", matrix::json::array{start.at(0)}},
                                          {"latest_events", matrix::json::array{latest}},
                                          {"limit", 20}})),
                  "events", r.rules());
  };
  BOOST_TEST(led_to(put_out).contains(before));
  const auto after = says("after");
  BOOST_TEST(!led_to(after).contains(since));
  BOOST_TEST(status(r.path("v1/timestamp_to_event") + "?ts=1&dir=f") == 403);
  r.now += 24 * 3'600'000;
  for (const auto& target : questions(put_out)) BOOST_TEST(status(target) == 403);
}

BOOST_AUTO_TEST_CASE(who_came_in_while_their_invitation_was_taken_back_hears_that_they_are_out) {
  for (const bool joins : {true, false}) {
    shared_room r("11", false);
    const auto put = [&](const matrix::event_ptr& x) { r.push({x}, "third.example"); };
    put(r.made(ann, "m.room.join_rules", {{"join_rule", "invite"}}, ""));
    put(r.made(ann, "m.room.member", {{"membership", "invite"}}, eve));
    // Taken back where their join was not known yet.
    const auto taken_back = r.made(ann, "m.room.member", {{"membership", "leave"}}, eve);
    if (joins) put(r.made(eve, "m.room.member", {{"membership", "join"}}, eve));
    put(taken_back);
    BOOST_REQUIRE(r.state().at({"m.room.member", eve}) == taken_back->event_id);
    r.command(chat::message_send{"chat-1", ann, "since", "since", {}, {}, {}, {}, {}});
    const auto since = r.head().at(0);
    const auto status = [&](const std::string& target) { return r.reply_in(r.call("GET", target)).status; };
    for (const auto& id : {taken_back->event_id, since}) {
      const auto escaped = matrix::percent_encode(id);
      const int expected = joins && id == taken_back->event_id ? 200 : 404;
      BOOST_TEST(status(r.path("v1/state_ids") + "?event_id=" + escaped) == expected);
      BOOST_TEST(status(r.path("v1/state") + "?event_id=" + escaped) == expected);
      BOOST_TEST(status(event_auth(r, id)) == expected);
      BOOST_TEST(status("/_matrix/federation/v1/event/" + escaped) == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(history_is_open_where_the_state_before_our_join_says_so) {
  for (const std::string value : {"shared", "world_readable", "joined", "invited"}) {
    past p;
    p.told(value);
    BOOST_TEST(p.graph.is_open_history(p.say()) == (value == "shared" || value == "world_readable"), value);
  }
  past p;
  BOOST_TEST(p.graph.is_open_history(p.say())); // no rule is `shared`
  p.told("joined", store::verdict::rejected);
  BOOST_TEST(p.graph.is_open_history(p.say()));
}

BOOST_AUTO_TEST_CASE(what_the_room_decides_after_our_join_changes_nothing_about_the_past) {
  shared_room r;
  const auto rule = r.made(ann, "m.room.history_visibility", {{"history_visibility", "shared"}}, "");
  past p;
  p.told("joined");
  const auto then = p.say();
  BOOST_TEST(!p.graph.is_open_history(then));
  auto before = p.graph.adopt_state(p.room.state(), p.batch);
  p.graph.add(p.rule("shared"), before, {}, p.batch);
  BOOST_TEST(!p.graph.is_open_history(then));
}

BOOST_AUTO_TEST_CASE(what_lies_before_a_rule_of_the_history_was_said_under_another_one) {
  past p;
  p.told("shared");
  const auto after = p.say();
  BOOST_TEST(p.graph.is_open_history(after));
  const auto rule = p.add(p.rule("shared"));
  const auto before = p.say();
  BOOST_TEST(p.graph.is_open_history(after));
  BOOST_TEST(p.graph.is_open_history(rule));
  BOOST_TEST(!p.graph.is_open_history(before));
  p.add(p.rule("joined")); // two stretches: which one another event belongs to is not known
  BOOST_TEST(!p.graph.is_open_history(after));
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_same_is_seen) {
  shared_room r;
  store::room_loaded loaded = r.disk.load();
  loaded.state_events.push_back({r.made(ann, "m.room.history_visibility", {{"history_visibility", "joined"}}, ""),
                                 store::verdict::outlier, 0, 0, 0});
  room::room_graph graph{100, 10, "here.example"};
  graph.load(loaded);
  BOOST_TEST(!graph.is_open_history(-5));
  loaded.state_events.pop_back();
  room::room_graph open{100, 10, "here.example"};
  open.load(loaded);
  BOOST_TEST(open.is_open_history(-5));
}

BOOST_AUTO_TEST_SUITE_END()
