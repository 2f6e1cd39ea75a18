#include "actors/room/space_hierarchy.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using room::question::child_summary;

BOOST_AUTO_TEST_SUITE(room_space_hierarchy_alone)

namespace {

std::string child(const std::string& name) { return "!" + name + ":here.example"; }

struct space_rig : component_rig {
  room::space_hierarchy space{room, out, pending};

  void set(const std::string& type, object content, const std::string& key = {}) {
    const auto x = made(ann, type, std::move(content), key, {}, room.graph.extremities());
    (void)writer.add(x, writer.state_before(x->prev_events), {});
    (void)take();
  }
  void add_child(const std::string& name, object more = {}) {
    array via;
    via.emplace_back("here.example");
    more.set("via", std::move(via));
    after(1); // children without an order are told in that of their events
    set("m.space.child", std::move(more), child(name));
  }
  effects serve(const std::string& query = {}, const std::string& origin = "there.example") {
    auto c = call_of("GET", path("v1/hierarchy") + query);
    c.origin = origin;
    space.serve(c);
    return take();
  }
  effects hear(token asked, bool known, const std::string& summary) {
    space.answered(question_of<child_summary>(asked), summary_response{asked, known, summary});
    return take();
  }
  summary_response summary_for(const std::string& origin, bool in_parent = false) {
    space.summarize({{actor_kind::room, child("space")}, 5, origin, child("space"), in_parent});
    const auto answers = told<summary_response>(take());
    if (answers.size() != 1) throw std::runtime_error("not one answer");
    return answers[0].second;
  }
};

/// The rooms that are asked, in order.
std::vector<std::string> asked_in(const effects& list) {
  std::vector<std::string> rooms;
  for (const auto& [to, m] : told<summary_request>(list)) rooms.push_back(to.key);
  return rooms;
}

} // namespace

BOOST_AUTO_TEST_CASE(children_are_asked_in_the_order_of_the_space) {
  space_rig r;
  r.add_child("late");
  r.add_child("b", {{"order", "b"}});
  r.add_child("later");
  r.add_child("a", {{"order", "a"}, {"suggested", true}});
  r.add_child("gone", {{"order", "0"}});
  r.set("m.space.child", {}, child("gone")); // how a child is taken out
  r.set("m.space.child", {{"via", array{}}}, child("empty"));
  const auto list = r.serve();
  BOOST_TEST(asked_in(list) == (std::vector{child("a"), child("b"), child("late"), child("later")}),
             boost::test_tools::per_element());
  for (const auto& [to, m] : told<summary_request>(list)) {
    BOOST_TEST(m.origin == "there.example");
    BOOST_TEST(m.in_parent);
    BOOST_TEST(m.parent == r.room_id);
  }
  BOOST_TEST(asked_in(r.serve("?suggested_only=true")) == std::vector{child("a")}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(answer_says_of_each_child_what_that_room_has_said) {
  space_rig r;
  for (const auto* name : {"open", "closed", "unknown", "silent"}) r.add_child(name);
  const auto questions = told<summary_request>(r.serve());
  BOOST_REQUIRE(questions.size() == 4u);
  BOOST_TEST(r.hear(questions[1].second.asked, true, "").empty());
  BOOST_TEST(r.hear(questions[0].second.asked, true, R"({"room_id":"!open:here.example"})").empty());
  BOOST_TEST(r.hear(questions[2].second.asked, false, "").empty());
  BOOST_TEST(!r.space.is_idle());
  r.after(room::pending_questions::room_patience_ms - 1);
  BOOST_TEST(!r.pending.take_expired());
  r.after(1);
  auto [question, nobody] = r.expired<child_summary>();
  r.space.answered(question, nobody);
  const auto list = r.take();
  BOOST_TEST(shared_room::reply_in(list).status == 200);
  const auto body = r.body_of(list);
  BOOST_REQUIRE(body.find_array("children")->size() == 1u);
  BOOST_TEST(*body.find_array("children")->at(0).find_string("room_id") == child("open"));
  BOOST_REQUIRE(body.find_array("inaccessible_children")->size() == 1u);
  BOOST_TEST(*body.find_array("inaccessible_children")->at(0).as_string() == child("closed"));
  BOOST_TEST(body.find("room")->find_array("children_state")->size() == 4u);
  BOOST_TEST(r.space.is_idle());
}

BOOST_AUTO_TEST_CASE(space_without_children_is_told_at_once_and_a_child_of_its_own_is_not_asked) {
  space_rig r;
  r.set("m.space.child",
        {{"via",
          [] {
            array via;
            via.emplace_back("here.example");
            return via;
          }()}},
        r.room_id);
  const auto list = r.serve();
  BOOST_TEST(asked_in(list).empty());
  BOOST_TEST(shared_room::reply_in(list).status == 200);
}

BOOST_AUTO_TEST_CASE(who_may_not_see_the_space_is_told_that_it_is_not_there) {
  space_rig r;
  BOOST_TEST(shared_room::reply_in(r.serve({}, "far.example")).status == 200); // it is public
  r.set("m.room.join_rules", {{"join_rule", "invite"}});
  BOOST_TEST(shared_room::reply_in(r.serve({}, "far.example")).status == 404);
  BOOST_TEST(shared_room::reply_in(r.serve({}, "there.example")).status == 200); // eve is in it
  r.room.head.federated = false;
  BOOST_TEST(shared_room::reply_in(r.serve({}, "there.example")).status == 404);
}

BOOST_AUTO_TEST_CASE(room_says_itself_who_may_see_it) {
  space_rig r;
  BOOST_TEST(!r.summary_for("far.example").summary.empty());
  array allow;
  allow.emplace_back(object{{"type", "m.room_membership"}, {"room_id", child("space")}});
  r.set("m.room.join_rules", {{"join_rule", "restricted"}, {"allow", std::move(allow)}});
  BOOST_TEST(r.summary_for("far.example", false).summary.empty());
  BOOST_TEST(r.summary_for("far.example", false).known);
  BOOST_TEST(!r.summary_for("far.example", true).summary.empty());
  r.set("m.room.join_rules", {{"join_rule", "invite"}});
  BOOST_TEST(r.summary_for("far.example", true).summary.empty());
  BOOST_TEST(!r.summary_for("there.example").summary.empty());
  r.set("m.room.history_visibility", {{"history_visibility", "world_readable"}});
  BOOST_TEST(!r.summary_for("far.example").summary.empty());
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(!r.summary_for("there.example").known);
}

BOOST_AUTO_TEST_CASE(space_that_is_left_while_its_children_are_asked_is_not_told_of) {
  space_rig r;
  r.add_child("one");
  const auto questions = told<summary_request>(r.serve());
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(shared_room::reply_in(r.hear(questions.at(0).second.asked, true, "{}")).status == 404);
  BOOST_TEST(r.space.is_idle());
}

BOOST_AUTO_TEST_CASE(children_and_questions_are_bounded) {
  space_rig r;
  for (int i = 0; i < 52; ++i) r.add_child("c" + std::to_string(i));
  for (int i = 0; i < 20; ++i) BOOST_TEST(asked_in(r.serve()).size() == 50u);
  const auto list = r.serve();
  BOOST_TEST(asked_in(list).empty());
  BOOST_TEST(shared_room::reply_in(list).status == 429);
}

BOOST_AUTO_TEST_SUITE_END()
