#include "actors/room/fan_out.hpp"

#include "messages/matrix/json.hpp"
#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_fan_out_alone)

namespace {

using names = std::vector<std::string>;

std::string server(int n) {
  auto digits = std::to_string(n);
  return "s" + std::string(4 - digits.size(), '0') + digits + ".example";
}

names servers(int count) {
  names all;
  for (int n = 0; n < count; ++n) all.push_back(server(n));
  return all;
}

/// A room of ours from which events go out, and a list of what stands on disk of them.
struct fan_out_rig : component_rig {
  room::fan_out outbound{room, out};
  std::map<std::string, names> queues; ///< server -> event ids, as the store has them
  std::map<std::int64_t, store::put_fan_out> rows;
  std::vector<std::size_t> commits; ///< rows of queues in each
  std::vector<wake_me_at> timers;   ///< set when that commit was done
  bool may_wait = false;            ///< the last commit

  explicit fan_out_rig(std::uint32_t part = 4) {
    auto wanted = std::make_shared<settings>(node.settings());
    wanted->federation.fan_out_part = part;
    node.take_over(std::move(wanted));
  }

  void answers(int n) { node.who()->answering->answered(server(n), now); }
  matrix::event_ptr said(int n) { return message_of(ann, "number " + std::to_string(n)); }
  void queue(const matrix::event_ptr& x, const names& to) {
    outbound.queue(x, to, "m");
    commit();
  }
  /// Carries out what was decided, and says whom it told.
  names commit() {
    names told_now;
    std::size_t queued = 0;
    for (const auto& each : take()) {
      const auto* p = std::get_if<persist>(&each);
      if (!p) continue;
      BOOST_TEST(!p->batch.may_wait_ms); // whoever asks for the room sees it
      may_wait = p->batch.may_ride_ms.has_value();
      for (const auto& w : p->batch.writes) {
        if (const auto* one = std::get_if<store::queue_pdu>(&w)) {
          queues[one->server_name].push_back(one->event_id);
          ++queued;
        } else if (const auto* later = std::get_if<store::put_fan_out>(&w)) {
          BOOST_TEST(rows.emplace(later->number, *later).second);
        } else if (const auto* gone = std::get_if<store::remove_fan_out>(&w)) {
          BOOST_TEST(rows.erase(gone->number) == 1u);
        }
      }
      for (const auto& then : p->then)
        if (const auto* t = std::get_if<tell>(&then)) told_now.push_back(t->to.key);
        else if (const auto* w = std::get_if<wake_me_at>(&then)) timers.push_back(*w);
    }
    if (queued > 0) commits.push_back(queued);
    return told_now;
  }
  names next_part() {
    BOOST_REQUIRE(timers.size() == 1u); // one at a time
    BOOST_TEST((timers[0].name == room::fan_out::timer));
    after(timers[0].at - now);
    timers.clear();
    outbound.on_timer();
    return commit();
  }
  void run() {
    while (!outbound.is_idle()) next_part();
  }
  /// As the store tells it to a room that is loaded.
  std::vector<store::room_loaded::fan_out> stored(const std::vector<matrix::event_ptr>& events) const {
    std::vector<store::room_loaded::fan_out> all;
    for (const auto& [number, row] : rows)
      for (const auto& e : events)
        if (e->event_id == row.event_id) all.push_back({number, e, "m", row.servers});
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_few_servers_get_an_event_in_its_own_commit) {
  fan_out_rig r;
  r.outbound.queue(r.said(1), servers(4), "m");
  BOOST_TEST(r.commit() == servers(4), boost::test_tools::per_element());
  BOOST_TEST(r.rows.empty());
  BOOST_TEST(r.outbound.is_idle());
  BOOST_TEST(r.timers.empty());
}

BOOST_AUTO_TEST_CASE(a_crowd_gets_it_in_parts_and_all_of_it_is_on_disk_from_the_beginning) {
  fan_out_rig r;
  const auto x = r.said(1);
  r.queue(x, servers(11));
  BOOST_TEST(r.commits == std::vector<std::size_t>{4}, boost::test_tools::per_element());
  BOOST_TEST(r.outbound.destinations_of_last() == 11u);
  std::size_t owed = r.queues.size();
  for (const auto& [number, row] : r.rows) owed += row.servers.size();
  BOOST_TEST(owed == 11u);
  BOOST_TEST(!r.may_wait); // whoever is told that the event is there has a reason to believe it
  BOOST_TEST(r.timers.at(0).at == r.now + room::fan_out::patient_pause_ms);
  BOOST_TEST(r.next_part().size() == 4u);
  BOOST_TEST(r.may_wait); // for servers of which nobody knows whether they live
  BOOST_TEST(r.next_part().size() == 3u);
  BOOST_TEST(r.outbound.is_idle());
  BOOST_TEST(r.timers.empty());
  BOOST_TEST(r.rows.empty());
  for (const auto& name : servers(11))
    BOOST_TEST(r.queues[name] == names{x->event_id}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(servers_that_answer_are_queued_for_at_once_and_the_others_behind_them) {
  fan_out_rig r;
  r.answers(7);
  r.after(1);
  r.answers(3);
  r.outbound.queue(r.said(1), servers(11), "m");
  BOOST_TEST(r.commit() == (names{server(3), server(7)}), boost::test_tools::per_element());
  BOOST_TEST(!r.may_wait);
  r.run();
  BOOST_TEST(r.queues.size() == 11u);
}

BOOST_AUTO_TEST_CASE(an_answer_counts_for_a_while_and_until_one_fails) {
  fan_out_rig r;
  r.answers(7);
  r.answers(8);
  r.answers(9);
  r.node.who()->answering->failed(server(8));
  r.after(answering_servers::lately_ms);
  r.outbound.queue(r.said(1), servers(11), "m");
  BOOST_TEST(r.commit() == (names{server(7), server(9)}), boost::test_tools::per_element());
  r.run();
  r.after(1);
  r.outbound.queue(r.said(2), servers(11), "m");
  BOOST_TEST(r.commit() == servers(4), boost::test_tools::per_element()); // as where nobody is known
}

BOOST_AUTO_TEST_CASE(more_servers_that_answer_than_a_part_has_go_before_all_others) {
  fan_out_rig r;
  for (int n = 0; n < 10; ++n) r.answers(n);
  r.queue(r.said(1), servers(20));
  BOOST_TEST(r.timers.at(0).at == r.now + room::fan_out::pause_ms);
  names told;
  const auto go_on = [&] { // both lanes have their turns
    for (auto& each : r.next_part()) told.push_back(std::move(each));
  };
  go_on();
  BOOST_TEST(!r.may_wait);
  go_on();
  const auto answering = std::count_if(told.begin(), told.end(), [](const auto& x) { return x < server(10); });
  BOOST_TEST(answering == 6); // four went with the event
  r.run();
  BOOST_TEST(r.queues.size() == 20u);
  for (const auto& [name, events] : r.queues) BOOST_TEST(events.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_waits_in_the_patient_lane_and_answers_meanwhile_gets_both_events_in_order) {
  fan_out_rig r;
  const auto first = r.said(1), second = r.said(2);
  r.queue(first, servers(20));
  r.answers(19);
  r.outbound.queue(second, servers(20), "m");
  BOOST_TEST(r.commit() == servers(4), boost::test_tools::per_element()); // 19 has to wait, though it answers
  r.run();
  for (const auto& name : servers(20))
    BOOST_TEST(r.queues[name] == (names{first->event_id, second->event_id}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_crowd_that_answers_gets_what_waits_for_it_as_soon_as_any) {
  fan_out_rig r;
  r.queue(r.said(1), servers(20));
  BOOST_TEST(r.timers.at(0).at == r.now + room::fan_out::patient_pause_ms);
  for (int n = 0; n < 20; ++n) r.answers(n);
  r.next_part();
  BOOST_TEST(r.timers.at(0).at == r.now + room::fan_out::pause_ms);
  r.run();
  BOOST_TEST(r.queues.size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_small_event_waits_only_where_an_earlier_one_waits) {
  fan_out_rig r;
  r.queue(r.said(1), servers(20));
  r.outbound.queue(r.said(2), {server(0), server(19), server(30)}, "m");
  BOOST_TEST(r.commit() == (names{server(0), server(30)}), boost::test_tools::per_element());
  r.run();
  BOOST_TEST(r.queues[server(19)].size() == 2u);
}

BOOST_AUTO_TEST_CASE(nobody_gets_a_later_event_before_an_earlier_one) {
  fan_out_rig r;
  std::vector<matrix::event_ptr> said;
  names all;
  for (int n = 0; n < 5; ++n) {
    said.push_back(r.said(n));
    all.push_back(said.back()->event_id);
    // The last two are for servers that still wait for the first ones.
    r.queue(said.back(), n < 3 ? servers(10) : names{server(9)});
    if (n == 1) r.next_part();
  }
  r.run();
  BOOST_TEST(r.queues[server(9)] == all, boost::test_tools::per_element());
  all.resize(3);
  BOOST_TEST(r.queues[server(0)] == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_room_that_is_loaded_goes_on_where_it_was) {
  fan_out_rig r;
  const std::vector said{r.said(1), r.said(2)};
  for (const auto& x : said) r.queue(x, servers(10));
  r.next_part();
  room::fan_out again{r.room, r.out};
  again.load(r.stored(said));
  const auto woken = of_kind<wake_me_at>(r.take());
  BOOST_REQUIRE(woken.size() == 1u);
  BOOST_TEST(woken[0].at == r.now);
  again.queue(r.said(3), servers(1), "m"); // its number is a new one
  r.commit();
  while (!again.is_idle()) {
    again.on_timer();
    r.commit();
  }
  BOOST_TEST(r.rows.empty());
  for (const auto& name : servers(10)) {
    BOOST_REQUIRE(r.queues[name].size() >= 2u);
    BOOST_TEST(r.queues[name][0] == said[0]->event_id);
    BOOST_TEST(r.queues[name][1] == said[1]->event_id);
  }
  BOOST_TEST(r.queues[server(0)].size() == 3u);
}

BOOST_AUTO_TEST_CASE(servers_that_were_heard_last_come_first) {
  fan_out_rig r{2};
  r.outbound.heard(server(7));
  r.outbound.heard(server(3));
  r.outbound.heard(server(7));
  r.outbound.heard(r.node.server_name);
  r.outbound.queue(r.said(1), servers(9), "m");
  BOOST_TEST(r.commit() == (names{server(7), server(3)}), boost::test_tools::per_element());
  r.run();
  BOOST_TEST(r.queues.size() == 9u);
}

BOOST_AUTO_TEST_CASE(names_that_are_no_servers_and_our_own_are_left_out) {
  fan_out_rig r;
  r.outbound.queue(r.said(1), {"not a server", r.node.server_name, server(1)}, "m");
  BOOST_TEST(r.commit() == names{server(1)}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_waits_for_an_event_is_not_put_in_line_twice) {
  fan_out_rig r;
  const auto x = r.said(1);
  r.queue(x, servers(10));
  r.queue(x, {server(9), server(20)});
  r.run();
  BOOST_TEST(r.queues[server(9)] == names{x->event_id}, boost::test_tools::per_element());
  BOOST_TEST(r.queues[server(20)] == names{x->event_id}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_piles_up_is_queued_faster_and_at_last_at_once) {
  fan_out_rig r{1};
  constexpr auto most = static_cast<int>(room::fan_out::parts_max);
  r.queue(r.said(1), servers(most + 101)); // one at once, and a hundred more than may wait
  BOOST_TEST(r.rows.size() == room::fan_out::parts_max);
  BOOST_TEST(r.queues.size() == 101u);
  BOOST_TEST(r.next_part().size() == room::fan_out::parts_at_once_max);
  r.run();
  BOOST_TEST(r.queues.size() == std::size_t{most} + 101);
}

BOOST_AUTO_TEST_CASE(an_operator_sees_how_many_servers_an_event_has_still_to_reach) {
  fan_out_rig r;
  r.queue(r.said(1), servers(10));
  matrix::json::object o;
  r.outbound.describe(o, r.now);
  BOOST_TEST(*o.find("fan_out_servers")->as_integer() == 6);
}

BOOST_AUTO_TEST_CASE(one_hop_says_how_many_servers_an_event_is_queued_for) {
  fan_out_rig r;
  message heard{start{}};
  heard.watched = watched_hops;
  r.out.begin(heard, r.now);
  r.outbound.queue(r.said(1), servers(10), "m");
  names answers;
  const auto note = [&] {
    for (const auto& each : r.take())
      if (const auto* p = std::get_if<persist>(&each))
        for (const auto& then : p->then)
          if (const auto* seen = std::get_if<hops>(&then))
            for (const auto& h : seen->all) answers.push_back(h.more->answer);
  };
  note();
  r.after(room::fan_out::pause_ms);
  r.out.begin(heard, r.now);
  r.outbound.on_timer();
  note();
  BOOST_TEST(answers == names{"10 servers"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
