#include "actors/room/federation_queries.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using room::question::called_events;

BOOST_AUTO_TEST_SUITE(room_federation_queries_alone)

namespace {

constexpr std::int64_t another_group = 900;

struct queries_rig : component_rig {
  room::federation_queries queries{room, out, pending};
  std::string origin = "there.example";

  federation_call asked(const std::string& target, const std::string& method = "GET", std::optional<object> body = {}) {
    auto c = call_of(method, target, std::move(body));
    c.origin = origin;
    return c;
  }
  fault_code may_ask(const std::string& what = "v1/state_ids") {
    const auto fine = queries.may_ask(asked(path(what) + "?event_id=x&ts=1&dir=f"));
    return fine ? fault_code::none : fine.error().code;
  }
  effects serve(const federation_call& c) {
    queries.serve(c);
    return take();
  }
  effects event(const matrix::event_ptr& x) {
    return serve(asked("/_matrix/federation/v1/event/" + matrix::percent_encode(x->event_id)));
  }
  effects missing(object body) { return serve(asked(path("v1/get_missing_events"), "POST", std::move(body))); }
  store::stored_event placed(const matrix::event_ptr& x, store::verdict judged = store::verdict::accepted,
                             std::int64_t group = 0) const {
    if (group == 0) group = disk.head.state_group;
    return {x, judged, group, group, 5};
  }
  /// What the store has, with the states that it keeps and one in which `other_state` stands besides.
  effects found(const effects& list, std::vector<store::stored_event> events,
                std::optional<matrix::state_map> other_state = {}) {
    store::events_loaded loaded;
    loaded.events = std::move(events);
    loaded.state_groups = disk.groups;
    if (other_state)
      loaded.state_groups[another_group] = std::make_shared<const matrix::state_map>(std::move(*other_state));
    return hear(list, std::move(loaded));
  }
  effects hear(const effects& list, store::answer what) {
    const auto number = of_kind<ask_store>(list).at(0).asked;
    queries.answered(question_of<called_events>(number),
                     {number, std::make_shared<const store::answer>(std::move(what))});
    return take();
  }
  void add(const matrix::event_ptr& x) {
    (void)writer.add(x, writer.state_before(x->prev_events), {});
    (void)take();
  }
  void put_out() {
    for (const auto& user : {eve, eli})
      add(made(ann, "m.room.member", {{"membership", "leave"}}, user, {}, room.graph.extremities()));
  }
  time_ms served_ms() const { return time_ms{node.settings().room.left_room_served_h} * 3'600'000; }
  /// Whether the one event in the answer has its content.
  bool is_whole(const effects& list, const char* key = "pdus") const {
    const auto* shown = body_of_list(list).find_array(key);
    if (!shown || shown->size() != 1) throw std::runtime_error("not one event");
    return shown->at(0).find("content")->find("body") != nullptr;
  }
  const matrix::json::value& body_of_list(const effects& list) const {
    body_ = body_of(list);
    return body_;
  }
  mutable matrix::json::value body_;
};

int status_in(const effects& list) { return shared_room::reply_in(list).status; }
std::size_t limit_in(const effects& list) {
  return std::get<store::load_ancestors>(of_kind<ask_store>(list).at(0).question).limit;
}

} // namespace

BOOST_AUTO_TEST_CASE(only_servers_in_the_room_may_ask_and_only_where_its_acl_lets_them) {
  queries_rig r;
  BOOST_TEST((r.may_ask() == fault_code::none));
  r.origin = "far.example";
  BOOST_TEST((r.may_ask() == fault_code::forbidden));
  array all, denied;
  all.emplace_back("*");
  denied.emplace_back("*.example");
  r.add(r.made(ann, "m.room.server_acl", {{"allow", std::move(all)}, {"deny", std::move(denied)}}, ""));
  BOOST_TEST((r.may_ask() == fault_code::forbidden)); // not that it is denied: the list is no business of theirs
  r.origin = "there.example";
  BOOST_TEST((r.may_ask() == fault_code::server_denied));
  r.room.exists = false;
  BOOST_TEST((r.may_ask() == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(room_that_all_of_ours_have_left_is_served_for_a_while) {
  queries_rig r;
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST((r.may_ask() == fault_code::none));
  BOOST_TEST((r.may_ask("v1/timestamp_to_event") == fault_code::not_found));
  r.after(r.served_ms());
  BOOST_TEST((r.may_ask() == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(server_whose_users_were_put_out_may_ask_for_a_while) {
  queries_rig r;
  r.put_out();
  BOOST_TEST((r.may_ask() == fault_code::none));
  BOOST_TEST((r.may_ask("v1/timestamp_to_event") == fault_code::forbidden));
  r.after(r.served_ms() + 1'000);
  BOOST_TEST((r.may_ask() == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(server_whose_users_were_put_out_hears_of_what_was_before_and_of_nothing_since) {
  queries_rig r;
  const auto before = r.message_of(ann, "before"), since = r.message_of(ann, "since");
  r.put_out();
  BOOST_TEST(r.is_whole(r.found(r.event(before), {r.placed(before)})));
  auto without = *r.room.graph.current().state;
  BOOST_TEST(status_in(r.found(r.event(since), {r.placed(since, store::verdict::accepted, another_group)}, without)) ==
             404);
  // Of a page only what it may know of.
  const auto page = r.serve(r.asked(r.path("v1/backfill") + "?v=x"));
  BOOST_TEST(
    r.is_whole(r.found(page, {r.placed(since, store::verdict::accepted, another_group), r.placed(before)}, without)));
}

BOOST_AUTO_TEST_CASE(question_that_says_too_little_is_refused_and_nothing_is_read) {
  queries_rig r;
  for (const auto* what : {"v1/state", "v1/state_ids", "v1/backfill"}) {
    const auto list = r.serve(r.asked(r.path(what)));
    BOOST_TEST(status_in(list) == 400, what);
    BOOST_TEST(of_kind<ask_store>(list).empty(), what);
  }
  BOOST_TEST(status_in(r.serve(r.asked(r.path("v1/get_missing_events"), "POST"))) == 400);
  BOOST_TEST(r.queries.is_idle());
}

BOOST_AUTO_TEST_CASE(so_much_history_is_read_at_once_whatever_is_asked_for) {
  queries_rig r;
  const auto page = [&](const std::string& limit) {
    return limit_in(r.serve(r.asked(r.path("v1/backfill") + "?v=x" + limit)));
  };
  BOOST_TEST(page("") == 10u);
  BOOST_TEST(page("&limit=7") == 7u);
  BOOST_TEST(page("&limit=0") == 1u);
  BOOST_TEST(page("&limit=100000") == 100u);
  BOOST_TEST(page("&limit=many") == 10u);
  const auto gap = [&](std::int64_t limit) { return limit_in(r.missing({{"limit", limit}})); };
  BOOST_TEST(gap(7) == 7u);
  BOOST_TEST(gap(-5) == 1u);
  BOOST_TEST(gap(1'000) == 20u);
  BOOST_TEST(limit_in(r.missing({})) == 10u);
}

BOOST_AUTO_TEST_CASE(store_that_does_not_answer_is_said_to_the_one_who_asked) {
  queries_rig r;
  const auto x = r.message_of(ann, "hello");
  BOOST_TEST(status_in(r.hear(r.event(x), store::message_found{})) == info(fault_code::internal).http_status);
  (void)r.event(x);
  r.after(room::pending_questions::store_patience_ms);
  auto [question, nobody] = r.expired<called_events>();
  r.queries.answered(question, nobody);
  BOOST_TEST(status_in(r.take()) == info(fault_code::timed_out).http_status);
  BOOST_TEST(r.queries.is_idle());
}

BOOST_AUTO_TEST_CASE(event_is_served_when_it_is_part_of_this_room) {
  queries_rig r;
  const auto x = r.message_of(ann, "hello");
  const auto state = r.made(ann, "m.room.topic", {{"topic", "t"}}, "");
  const auto status = [&](const matrix::event_ptr& e, store::verdict judged) {
    return status_in(r.found(r.event(e), {r.placed(e, judged)}));
  };
  BOOST_TEST(status(x, store::verdict::accepted) == 200);
  BOOST_TEST(status(x, store::verdict::soft_failed) == 200);
  BOOST_TEST(status(x, store::verdict::rejected) == 404);
  BOOST_TEST(status(x, store::verdict::outlier) == 404);
  BOOST_TEST(status(state, store::verdict::outlier) == 200); // others cite it
  BOOST_TEST(status_in(r.found(r.event(x), {})) == 404);
  auto pdu = x->source;
  pdu.set("room_id", "!other:here.example");
  BOOST_TEST(status(*matrix::make_event(std::move(pdu), r.rules()), store::verdict::accepted) == 404);
}

BOOST_AUTO_TEST_CASE(state_before_an_event_is_told_and_none_before_what_was_rejected) {
  queries_rig r;
  const auto x = r.message_of(ann, "hello");
  const auto ask = [&] {
    return r.serve(r.asked(r.path("v1/state_ids") + "?event_id=" + matrix::percent_encode(x->event_id)));
  };
  const auto list = r.found(ask(), {r.placed(x)});
  BOOST_TEST(status_in(list) == 200);
  BOOST_TEST(r.body_of_list(list).find_array("pdu_ids")->size() == r.state().size());
  BOOST_TEST(status_in(r.found(ask(), {r.placed(x, store::verdict::rejected)})) == 404);
  BOOST_TEST(status_in(r.found(ask(), {{x, store::verdict::outlier, 0, 0, 0}})) == 404);
}

BOOST_AUTO_TEST_CASE(what_a_server_may_not_see_is_served_without_its_content) {
  queries_rig r;
  const auto rule = r.made(ann, "m.room.history_visibility", {{"history_visibility", "joined"}}, "");
  r.add(rule);
  auto state = r.state();
  state.insert_or_assign({"m.room.history_visibility", ""}, rule->event_id);
  const std::string tom = "@tom:third.example";
  r.add(r.made(tom, "m.room.member", {{"membership", "join"}}, tom, {}, {rule->event_id}));
  const auto x = r.message_of(ann, "between us");
  const auto shown = [&] { return r.found(r.event(x), {r.placed(x, store::verdict::accepted, another_group)}, state); };
  BOOST_TEST(r.is_whole(shown()));
  r.origin = "third.example"; // they came later
  BOOST_TEST(!r.is_whole(shown()));
}

BOOST_AUTO_TEST_CASE(missing_events_are_told_oldest_first_without_either_end) {
  queries_rig r;
  const auto one = r.message_of(ann, "1"), two = r.message_of(ann, "2", {one->event_id}),
             three = r.message_of(ann, "3", {two->event_id});
  array latest;
  latest.emplace_back(three->event_id);
  const auto asked = r.missing({{"latest_events", std::move(latest)}});
  const auto question = std::get<store::load_ancestors>(of_kind<ask_store>(asked).at(0).question);
  BOOST_TEST(!question.include_from);
  const auto list = r.found(asked, {r.placed(three), r.placed(two), r.placed(one)});
  const auto* events = r.body_of_list(list).find_array("events");
  BOOST_REQUIRE(events->size() == 2u);
  BOOST_TEST(*events->at(0).find("content")->find_string("body") == "1");
  BOOST_TEST(*events->at(1).find("content")->find_string("body") == "2");
}

BOOST_AUTO_TEST_SUITE_END()
