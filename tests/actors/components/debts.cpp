#include "actors/receipts/debts.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(receipts_debts_alone)

namespace {

using receipts::debts;
using receipts::room_audiences;
using servers = std::vector<std::string>;

const std::string one_room = "!a:here.example", other_room = "!b:here.example";
const std::string there = "there.example", third = "third.example";

struct debts_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::receipts, ""}};
  debts owed{node, out};

  debts_rig() {
    change(node).federation.receipts = true;
    out.set_now(now);
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  static store::put_receipt marker(std::int64_t change, const std::string& room = one_room,
                                   const std::string& user = "@ann:here.example", time_ms ts = noon) {
    return {room, user, "", false, "$e" + std::to_string(change), change, ts, change};
  }
  void owe(const store::put_receipt& x, servers who) {
    std::ranges::sort(who);
    owed.owe(x, std::make_shared<const servers>(std::move(who)));
  }
  /// What is done at the next deadline.
  effects wake() {
    if (owed.deadline() == 0) throw std::runtime_error("nothing is due");
    after(std::max<time_ms>(owed.deadline() - now, 0));
    owed.on_deadline();
    return out.take();
  }
  /// The same; rooms that are asked say that there.example is in them.
  effects wake_and_tell() {
    auto list = wake();
    const auto asked = told<room_servers_request>(list);
    for (const auto& [to, wanted] : asked) owed.told({wanted.asked, {there}});
    return asked.empty() ? list : wake();
  }
  effects settle(token asked, bool delivered, const std::string& server = there) {
    owed.completed({asked, server, delivered});
    return out.take();
  }
};

struct sent_edu {
  std::string server;
  edu_queued edu;
  bool says(const std::string& event_id) const { return edu.content.find("\"" + event_id + "\"") != std::string::npos; }
};
std::vector<sent_edu> edus(const effects& list) {
  std::vector<sent_edu> all;
  for (const auto& [to, edu] : told<edu_queued>(list)) {
    BOOST_TEST((to.kind == actor_kind::remote_server));
    BOOST_TEST(edu.edu_type == "m.receipt");
    all.push_back({to.key, edu});
  }
  return all;
}
/// The one EDU in a list of effects.
sent_edu edu_in(const effects& list) {
  const auto all = edus(list);
  if (all.size() != 1) throw std::runtime_error(std::to_string(all.size()) + " EDUs");
  return all[0];
}
/// What is on disk of a server's debt: the last row of it in a list of effects. -2: none is written, -1: it is paid.
std::int64_t since_of(const effects& list, const std::string& server = there) {
  std::int64_t since = -2;
  for (const auto& row : written<store::put_receipt_debt>(list))
    if (row.server_name == server) since = row.since;
  return since;
}

} // namespace

// -- the way of a marker

BOOST_FIXTURE_TEST_CASE(what_is_read_within_a_moment_goes_in_one_edu_and_is_paid_on_arrival, debts_rig) {
  owe(marker(7), {there});
  BOOST_TEST(since_of(out.take()) == 6); // on disk before anything is sent
  BOOST_TEST(owed.deadline() == now + debts::gather_ms);
  after(debts::gather_ms - 1);
  owe(marker(8, other_room), {there});
  BOOST_TEST(since_of(out.take()) == -2); // its row says it already
  owed.on_deadline();
  BOOST_TEST(edus(out.take()).empty());
  const auto sent = edu_in(wake());
  BOOST_TEST(sent.server == there);
  BOOST_TEST(sent.says("$e7"));
  BOOST_TEST(sent.says("$e8"));
  BOOST_TEST((sent.edu.reply_to == address{actor_kind::receipts, ""}));
  BOOST_TEST(owed.deadline() == now + debts::settle_ms_max);
  BOOST_TEST(since_of(settle(sent.edu.asked, true)) == -1);
  BOOST_TEST(owed.is_idle());
  BOOST_TEST(owed.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_read_while_an_edu_is_under_way_alone_is_in_the_next, debts_rig) {
  owe(marker(1), {there});
  const auto first = edu_in(wake());
  owe(marker(2, other_room), {there});
  BOOST_TEST(since_of(settle(first.edu.asked, true)) == 1);
  BOOST_TEST(owed.deadline() == now + debts::gather_ms);
  const auto second = edu_in(wake());
  BOOST_TEST(second.says("$e2"));
  BOOST_TEST(!second.says("$e1"));
}

BOOST_FIXTURE_TEST_CASE(a_server_is_told_of_the_rooms_alone_that_it_is_in, debts_rig) {
  owe(marker(1), {there, third});
  owe(marker(2, other_room), {third});
  const auto sent = edus(wake());
  BOOST_REQUIRE(sent.size() == 2u);
  for (const auto& x : sent) {
    BOOST_TEST(x.says("$e1"), x.server);
    BOOST_TEST(x.says("$e2") == (x.server == third), x.server);
    BOOST_TEST(x.edu.destinations == 2u);
  }
}

BOOST_FIXTURE_TEST_CASE(what_was_read_a_week_ago_is_not_told_and_owes_nothing, debts_rig) {
  owe(marker(1, one_room, "@ann:here.example", now + debts::gather_ms - debts::age_ms_max - 1), {there});
  auto list = wake();
  BOOST_TEST(edus(list).empty());
  BOOST_TEST(since_of(list) == -1);
  owe(marker(2, one_room, "@ann:here.example", now + debts::gather_ms - debts::age_ms_max), {there});
  BOOST_TEST(edu_in(wake()).says("$e2"));
}

BOOST_FIXTURE_TEST_CASE(threads_of_one_user_go_a_few_at_a_time_and_none_is_left_out, debts_rig) {
  // A user has one receipt of a room in an EDU.
  const auto count = static_cast<std::int64_t>(debts::edus_at_once) + 2;
  for (std::int64_t i = 1; i <= count; ++i) {
    auto x = marker(i);
    x.thread = "$root" + std::to_string(i);
    owe(x, {there});
  }
  const auto first = edus(wake());
  BOOST_REQUIRE(first.size() == debts::edus_at_once);
  std::set<std::string> keys;
  for (const auto& x : first) keys.insert(x.edu.key);
  BOOST_TEST(keys.size() == first.size()); // none takes another one's place in the server's queue
  for (std::size_t i = 0; i + 1 < first.size(); ++i) BOOST_TEST(since_of(settle(first[i].edu.asked, true)) == -2);
  BOOST_TEST(since_of(settle(first.back().edu.asked, true)) == static_cast<std::int64_t>(debts::edus_at_once));
  const auto rest = edus(wake());
  BOOST_REQUIRE(rest.size() == 2u);
  (void)settle(rest[0].edu.asked, true);
  BOOST_TEST(since_of(settle(rest[1].edu.asked, true)) == -1);
}

BOOST_FIXTURE_TEST_CASE(servers_get_their_turns_in_bounded_numbers, debts_rig) {
  servers many;
  for (std::size_t i = 0; i <= debts::turns_at_once; ++i) many.push_back(crowd_server(static_cast<int>(i)));
  owe(marker(1), many);
  BOOST_TEST(edus(wake()).size() == debts::turns_at_once);
  BOOST_TEST(owed.deadline() <= now);
  BOOST_TEST(edus(wake()).size() == 1u);
}

// -- a server that is away

BOOST_FIXTURE_TEST_CASE(a_server_that_is_down_is_tried_with_doubling_pauses_and_gets_the_newest_alone, debts_rig) {
  owe(marker(1), {there});
  auto sent = edu_in(wake());
  auto pause = debts::retry_ms_min;
  for (std::int64_t i = 2; i < 14; ++i) {
    owe(marker(i), {there});
    BOOST_TEST(since_of(settle(sent.edu.asked, false)) == -2); // it stands as it did
    BOOST_TEST(owed.deadline() == now + pause);
    sent = edu_in(wake_and_tell());
    BOOST_TEST(sent.says("$e" + std::to_string(i)));
    BOOST_TEST(!sent.says("$e" + std::to_string(i - 1)));
    pause = std::min(2 * pause, debts::retry_ms_max);
  }
  BOOST_TEST(pause == debts::retry_ms_max);
  BOOST_TEST(since_of(settle(sent.edu.asked, true)) == -1);
}

BOOST_FIXTURE_TEST_CASE(one_lost_edu_of_several_has_all_of_them_sent_again, debts_rig) {
  for (std::int64_t i = 1; i <= 2; ++i) {
    auto x = marker(i);
    x.thread = "$root" + std::to_string(i);
    owe(x, {there});
  }
  const auto first = edus(wake());
  BOOST_REQUIRE(first.size() == 2u);
  (void)settle(first[0].edu.asked, false);
  BOOST_TEST(since_of(settle(first[1].edu.asked, true)) == -2);
  BOOST_TEST(owed.deadline() == now + debts::retry_ms_min);
  BOOST_TEST(edus(wake()).size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_is_back_gets_its_turn_at_once, debts_rig) {
  owe(marker(1), {there});
  owed.alive(there);
  BOOST_TEST(owed.deadline() == now + debts::gather_ms); // it was never away
  const auto sent = edu_in(wake());
  owed.alive(there);
  BOOST_TEST(owed.deadline() == now + debts::settle_ms_max); // the EDU is still under way
  (void)settle(sent.edu.asked, false);
  owed.alive(third);
  owed.alive(there);
  BOOST_TEST(owed.deadline() == now);
  const auto again = edu_in(wake());
  (void)settle(again.edu.asked, false);
  BOOST_TEST(owed.deadline() == now + debts::retry_ms_min); // its pauses begin anew
}

BOOST_FIXTURE_TEST_CASE(edus_that_nobody_says_anything_of_are_lost_after_a_while, debts_rig) {
  owe(marker(1), {there});
  const auto lost = edu_in(wake());
  after(debts::settle_ms_max - 1);
  owed.on_deadline();
  BOOST_TEST(edus(out.take()).empty());
  BOOST_TEST(edus(wake()).empty());
  BOOST_TEST(owed.deadline() == now + debts::retry_ms_min);
  // A word of it that comes all the same says that the server is there, not that it knows what is owed since.
  owe(marker(2), {there});
  BOOST_TEST(since_of(settle(lost.edu.asked, true)) == -2);
  BOOST_TEST(owed.deadline() == now);
  BOOST_TEST(edu_in(wake()).says("$e2"));
}

BOOST_FIXTURE_TEST_CASE(a_word_about_a_server_that_is_owed_nothing_changes_nothing, debts_rig) {
  BOOST_TEST(settle(9, true).empty());
  BOOST_TEST(settle(9, false).empty());
  BOOST_TEST(owed.is_idle());
}

// -- switches

BOOST_FIXTURE_TEST_CASE(all_debts_end_when_receipts_are_switched_off, debts_rig) {
  owe(marker(1), {there, third});
  const auto sent = edus(wake());
  change(node).federation.receipts = false;
  owed.settings_replaced();
  const auto list = out.take();
  BOOST_TEST(since_of(list, there) == -1);
  BOOST_TEST(since_of(list, third) == -1);
  BOOST_TEST(owed.is_idle());
  BOOST_TEST(owed.deadline() == 0);
  BOOST_TEST(settle(sent.at(0).edu.asked, true).empty());
  // What is read from then on is a debt of its own.
  change(node).federation.receipts = true;
  owed.settings_replaced();
  owe(marker(2), {there});
  const auto next = edu_in(wake());
  BOOST_TEST(next.says("$e2"));
  BOOST_TEST(!next.says("$e1"));
}

BOOST_FIXTURE_TEST_CASE(while_the_federation_is_off_the_debt_waits_and_goes_when_it_is_on, debts_rig) {
  owe(marker(1), {there});
  (void)out.take();
  change(node).federation.enabled = false;
  const auto list = wake();
  BOOST_TEST(edus(list).empty());
  BOOST_TEST(since_of(list) == -2);
  BOOST_TEST(!owed.is_idle());
  change(node).federation.enabled = true;
  owed.settings_replaced();
  BOOST_TEST(owed.deadline() == now);
  BOOST_TEST(edu_in(wake()).says("$e1"));
}

BOOST_FIXTURE_TEST_CASE(a_server_that_the_lists_exclude_is_owed_nothing, debts_rig) {
  owe(marker(1), {there, third});
  change(node).federation.deny_servers = {there};
  const auto list = wake();
  BOOST_TEST(edu_in(list).server == third);
  BOOST_TEST(since_of(list, there) == -1);
}

// -- after a restart

BOOST_FIXTURE_TEST_CASE(what_was_owed_before_a_restart_is_told_to_who_is_still_in_the_room, debts_rig) {
  owed.load({{{there, 3}, {third, 3}}, {marker(4), marker(5, other_room)}, 5});
  BOOST_TEST(owed.deadline() == now + debts::gather_ms);
  auto list = wake();
  BOOST_TEST(edus(list).empty());
  const auto asked = told<room_servers_request>(list);
  BOOST_REQUIRE(asked.size() == 2u); // each room once, whoever is owed something of it
  for (const auto& [to, wanted] : asked)
    owed.told({wanted.asked, to.key == one_room ? servers{there} : servers{"else.example"}});
  list = wake();
  const auto sent = edu_in(list);
  BOOST_TEST(sent.server == there);
  BOOST_TEST(sent.says("$e4"));
  BOOST_TEST(!sent.says("$e5"));
  BOOST_TEST(since_of(list, third) == -1); // it has left both rooms
  BOOST_TEST(since_of(settle(sent.edu.asked, true)) == -1);
}

BOOST_FIXTURE_TEST_CASE(a_room_that_never_answers_is_passed_over, debts_rig) {
  owed.load({{{there, 3}}, {marker(4)}, 4});
  std::size_t asked = 0;
  effects list;
  for (std::uint32_t i = 0; i <= room_audiences::questions_max; ++i) {
    list = wake();
    asked += told<room_servers_request>(list).size();
    BOOST_TEST(edus(list).empty());
  }
  BOOST_TEST(asked == room_audiences::questions_max);
  BOOST_TEST(since_of(list) == -1);
}

// Another room was silent: whoever had been told meanwhile was told once more when that room was given up.
BOOST_FIXTURE_TEST_CASE(a_room_that_hangs_has_nobody_in_other_rooms_told_twice, debts_rig) {
  owed.owe_newcomer(there, one_room, {marker(4)});
  after(debts::newcomer_ms / 2);
  owed.owe_newcomer("new.example", other_room, {marker(2, other_room)});
  (void)out.take();
  const auto asked = told<room_servers_request>(wake());
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(told<room_servers_request>(wake()).at(0).first.key == other_room); // which says nothing
  owed.told({asked[0].second.asked, {there}});
  std::vector<sent_edu> sent;
  for (const auto until = now + 60'000; owed.deadline() != 0 && owed.deadline() < until;)
    for (const auto& x : edus(wake())) sent.push_back(x);
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(since_of(settle(sent[0].edu.asked, true)) == -1);
}

// -- a server that has just come in

BOOST_FIXTURE_TEST_CASE(a_newcomer_has_time_to_end_its_join, debts_rig) {
  owed.owe_newcomer(there, one_room, {marker(3), marker(5, one_room, "@bob:here.example")});
  BOOST_TEST(since_of(out.take()) == 2);
  BOOST_TEST(owed.deadline() == now + debts::newcomer_ms);
  const auto asked = told<room_servers_request>(wake());
  BOOST_REQUIRE(asked.size() == 1u);
  owed.told({asked[0].second.asked, {there}});
  const auto sent = edu_in(wake());
  BOOST_TEST(sent.says("$e3"));
  BOOST_TEST(sent.says("$e5"));
  owed.owe_newcomer(third, one_room, {});
  BOOST_TEST(since_of(out.take(), third) == -2);
}

BOOST_FIXTURE_TEST_CASE(what_a_newcomer_is_owed_of_before_its_debt_counts_from_there, debts_rig) {
  owe(marker(9), {there});
  (void)out.take();
  owed.owe_newcomer(there, other_room, {marker(3, other_room)});
  BOOST_TEST(since_of(out.take()) == 2);
  const auto asked = told<room_servers_request>(wake());
  BOOST_REQUIRE(asked.size() == 1u);
  owed.told({asked[0].second.asked, {there}});
  const auto sent = edu_in(wake());
  BOOST_TEST(sent.says("$e3"));
  BOOST_TEST(sent.says("$e9"));
}

// It joined a second room while an EDU was under way that covers more than what had moved there: it never heard of it.
BOOST_FIXTURE_TEST_CASE(a_newcomer_is_told_what_an_edu_under_way_has_passed_over, debts_rig) {
  owe(marker(5), {there});
  owe(marker(7, other_room), {third});
  owe(marker(9, one_room, "@bob:here.example"), {there});
  const auto sent = edus(wake());
  const auto under_way = std::ranges::find(sent, there, &sent_edu::server);
  BOOST_REQUIRE((under_way != sent.end()));
  BOOST_TEST(!under_way->says("$e7"));
  owed.owe_newcomer(there, other_room, {marker(7, other_room)});
  BOOST_TEST(since_of(settle(under_way->edu.asked, true)) == 6);
  const auto asked = told<room_servers_request>(wake());
  BOOST_REQUIRE(asked.size() == 1u);
  owed.told({asked[0].second.asked, {there, third}});
  BOOST_TEST(edu_in(wake()).says("$e7"));
}

// -- bounds

BOOST_FIXTURE_TEST_CASE(that_the_oldest_had_to_go_is_said_once_until_all_is_paid_or_switched_off, debts_rig) {
  const auto fill = [&](std::int64_t from) {
    const auto max = static_cast<std::int64_t>(receipts::unsent_markers::markers_max);
    const auto to = std::make_shared<const servers>(servers{there});
    for (std::int64_t i = from; i < from + max + 2; ++i)
      owed.owe(marker(i, one_room, "@u" + std::to_string(i) + ":here.example"), to);
    return of_kind<note>(out.take());
  };
  const auto notes = fill(1);
  BOOST_REQUIRE(notes.size() == 1u);
  BOOST_TEST(notes[0].what.starts_with("P802 "));
  change(node).federation.receipts = false;
  owed.settings_replaced();
  (void)out.take();
  change(node).federation.receipts = true;
  BOOST_TEST(fill(100'000).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_operator_is_shown_whom_is_owed_what_and_not_all_of_them, debts_rig) {
  servers many;
  for (std::size_t i = 0; i <= debts::described_max; ++i) many.push_back(crowd_server(static_cast<int>(i)));
  owe(marker(1), many);
  (void)wake();
  matrix::json::object o;
  owed.describe(o);
  BOOST_TEST(*o.find("servers_owed")->as_integer() == static_cast<std::int64_t>(many.size()));
  BOOST_TEST(*o.find("unsent")->as_integer() == 1);
  BOOST_TEST(*o.find("edus_sent")->as_integer() == static_cast<std::int64_t>(many.size()));
  const auto& shown = *o.find("servers")->as_array();
  BOOST_REQUIRE(shown.size() == debts::described_max);
  BOOST_TEST(*shown[0].find_integer("under_way") == 1);
  BOOST_TEST(*shown[0].find_integer("since_change") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
