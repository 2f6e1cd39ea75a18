#include "actors/room/history_visibility.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_history_visibility_alone)

namespace {

const std::string zed = "@zed:far.example";

/// States of a room with each rule, in which zed of far.example is nobody, invited, or a member.
struct visibility_rig : component_rig {
  std::map<std::string, matrix::event_ptr> zed_is; ///< membership -> event
  std::int64_t groups = 900;

  visibility_rig() {
    for (const auto* what : {"invite", "join", "leave"})
      zed_is[what] = add(made(what == std::string{"invite"} ? ann : zed, "m.room.member", {{"membership", what}}, zed,
                              {}, room.graph.extremities()));
  }
  matrix::event_ptr add(const matrix::event_ptr& x) {
    (void)writer.add(x, writer.state_before(x->prev_events), {});
    return x;
  }
  /// @param membership  of zed; empty: none
  room::state_ref state_with(const std::string& rule, const std::string& membership) {
    auto map = state();
    const auto said =
      add(made(ann, "m.room.history_visibility", {{"history_visibility", rule}}, "", {}, room.graph.extremities()));
    map.insert_or_assign({"m.room.history_visibility", ""}, said->event_id);
    if (!membership.empty()) map.insert_or_assign({"m.room.member", zed}, zed_is.at(membership)->event_id);
    return {++groups, std::make_shared<const matrix::state_map>(std::move(map))};
  }
  static store::stored_event placed(const matrix::event_ptr& x) { return {x, store::verdict::accepted, 1, 1, 5}; }
};

/// Whether far.example sees a message where zed is nobody, invited, or a member.
struct expected {
  std::string rule;
  bool by_nobody, by_invited, by_member;
};
const std::vector<expected> table{{"world_readable", true, true, true},
                                  {"shared", true, true, true},
                                  {"invited", false, true, true},
                                  {"joined", false, false, true},
                                  {"no such rule", true, true, true}};

} // namespace

BOOST_AUTO_TEST_CASE(rule_of_the_state_before_an_event_says_who_sees_it) {
  visibility_rig r;
  const auto x = r.message_of(ann, "hello");
  room::history_viewer one{r.room.graph, "far.example"}; // asked about all states, one after the other
  for (const auto& [rule, nobody, invited, member] : table)
    for (const auto& [membership, sees] :
         {std::pair{"", nobody}, std::pair{"invite", invited}, std::pair{"join", member}, std::pair{"leave", nobody}}) {
      const auto before = r.state_with(rule, membership);
      BOOST_TEST(one.may_see(r.placed(x), before) == sees, rule + " " + membership);
      room::history_viewer fresh{r.room.graph, "far.example"};
      BOOST_TEST(fresh.may_see(r.placed(x), before) == sees, rule + " " + membership);
    }
}

BOOST_AUTO_TEST_CASE(members_of_other_servers_count_for_nobody_else) {
  visibility_rig r;
  const auto x = r.message_of(ann, "hello");
  const auto before = r.state_with("joined", "join");
  room::history_viewer of_eve{r.room.graph, "there.example"}, of_nobody{r.room.graph, "third.example"};
  BOOST_TEST(of_eve.may_see(r.placed(x), before));
  BOOST_TEST(!of_nobody.may_see(r.placed(x), before));
}

BOOST_AUTO_TEST_CASE(event_by_which_they_come_in_is_seen_by_their_server) {
  visibility_rig r;
  const auto sees = [&](const std::string& rule, const std::string& membership, const std::string& server) {
    room::history_viewer viewer{r.room.graph, server};
    return viewer.may_see(r.placed(r.zed_is.at(membership)), r.state_with(rule, ""));
  };
  BOOST_TEST(sees("joined", "join", "far.example"));
  BOOST_TEST(sees("invited", "join", "far.example"));
  BOOST_TEST(sees("invited", "invite", "far.example"));
  BOOST_TEST(!sees("joined", "invite", "far.example"));
  BOOST_TEST(!sees("joined", "leave", "far.example"));
  BOOST_TEST(!sees("joined", "join", "third.example"));
}

BOOST_AUTO_TEST_SUITE_END()
