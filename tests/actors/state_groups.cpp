#include "actors/room/state_groups.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_state_groups)

namespace {

const auto& rules = *matrix::find_room_version("11");

matrix::event_ptr state_event(const std::string& type, const std::string& state_key, std::int64_t depth = 2) {
  object pdu{{"type", type},
             {"room_id", "!r:there.example"},
             {"sender", "@a:there.example"},
             {"state_key", state_key},
             {"content", object{}},
             {"depth", depth},
             {"origin_server_ts", noon}};
  pdu.set("prev_events", matrix::json::array{});
  pdu.set("auth_events", matrix::json::array{});
  return *matrix::hash_and_sign(std::move(pdu), rules, "there.example", there_key());
}

/// The states that its rows make up, as the store reads them back.
struct written_groups {
  room::state_groups groups;
  std::vector<store::write> batch;
  std::map<std::int64_t, matrix::state_map> read;
  std::size_t whole = 0, deltas = 0, entries = 0;

  explicit written_groups(std::int64_t full_every) : groups(full_every) { groups.begin("!r:there.example"); }

  void take_rows() {
    for (const auto& w : batch) {
      const auto& row = std::get<store::put_state_group>(w);
      auto state = row.base == 0 ? matrix::state_map{} : read.at(row.base);
      for (const auto& [key, id] : row.entries)
        if (id.empty()) state.erase(key);
        else state.insert_or_assign(key, id);
      read[row.id] = std::move(state);
      ++(row.base == 0 ? whole : deltas);
      entries += row.entries.size();
    }
    batch.clear();
  }
  room::state_ref with(const room::state_ref& base, const std::string& type, const std::string& key) {
    auto next = groups.with_entry(base, *state_event(type, key), batch);
    take_rows();
    BOOST_TEST((read.at(next.group) == *next.state));
    return next;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(state_is_written_as_what_it_changes_and_now_and_then_whole) {
  written_groups made{3};
  auto state = made.groups.adopt({}, made.batch);
  made.take_rows();
  BOOST_TEST(made.whole == 1u);
  for (int i = 0; i < 8; ++i) state = made.with(state, "org.example.note", std::to_string(i % 5));
  // Of nine: the first, and each fourth after it.
  BOOST_TEST(made.whole == 3u);
  BOOST_TEST(made.deltas == 6u);
  BOOST_TEST(made.groups.last() == 9);
  BOOST_TEST(state.state->size() == 5u);
}

BOOST_AUTO_TEST_CASE(whole_copies_of_a_growing_state_cost_each_change_a_few_entries) {
  written_groups made{100};
  auto state = made.groups.adopt({}, made.batch);
  made.take_rows();
  constexpr int changes = 5'000;
  for (int i = 0; i < changes; ++i) {
    // The rows are not put together each time: that would be the walk this is without.
    const auto base = state.group;
    matrix::event x;
    x.type = "m.room.member";
    x.state_key = "@u" + std::to_string(i) + ":x";
    x.event_id = "$" + std::to_string(i);
    state = made.groups.with_entry(state, x, made.batch);
    BOOST_TEST_REQUIRE(made.batch.size() == 1u);
    const auto& row = std::get<store::put_state_group>(made.batch.front());
    BOOST_TEST_REQUIRE((row.base == 0 || row.base == base));
    made.entries += row.entries.size();
    made.whole += row.base == 0;
    made.batch.clear();
  }
  BOOST_TEST(made.entries < changes * (room::state_groups::entries_per_delta + 3));
  BOOST_TEST(made.whole > 10u);
  BOOST_TEST(made.whole < 40u);
}

BOOST_AUTO_TEST_CASE(what_a_merge_takes_out_is_written_as_removed) {
  written_groups made{100};
  const auto create = state_event("m.room.create", "", 1);
  matrix::state_map first{{{"m.room.create", ""}, create->event_id}};
  for (int i = 0; i < 50; ++i)
    first.insert_or_assign({"org.example.note", std::to_string(i)}, "$n" + std::to_string(i));
  auto second = first;
  second.insert_or_assign({"org.example.gone", ""}, "$nobody_has_it");
  auto a = made.groups.adopt(first, made.batch), b = made.groups.adopt(second, made.batch);
  a = made.groups.with_entry(a, *state_event("m.room.topic", ""), made.batch);
  const matrix::resolution_context context{
    &rules, create.get(), [&](std::string_view id) { return id == create->event_id ? create.get() : nullptr; },
    [](std::string_view) { return false; }};
  const auto merged = made.groups.resolve({a, b}, context, made.batch);
  made.take_rows();
  BOOST_TEST((made.read.at(merged.group) == *merged.state));
  BOOST_TEST((!merged.state->contains({"org.example.gone", ""})));
  BOOST_TEST(made.whole == 2u); // what was told
  // The same merge is the same group, whatever comes first.
  const auto last = made.groups.last();
  BOOST_TEST(made.groups.resolve({b, a}, context, made.batch).group == merged.group);
  BOOST_TEST(made.groups.last() == last);
  BOOST_TEST(made.batch.empty());
  BOOST_TEST(made.groups.resolve({b, b}, context, made.batch).group == b.group);
}

BOOST_AUTO_TEST_CASE(thousand_states_of_a_large_room_share_what_they_have_in_common) {
  room::state_groups groups{100};
  std::vector<store::write> batch;
  matrix::state_map members;
  for (int i = 0; i < 20'000; ++i)
    members.insert_or_assign({"m.room.member", "@u" + std::to_string(i) + ":x"}, "$m" + std::to_string(i));
  std::vector<room::state_ref> states{groups.adopt(members, batch)};
  matrix::event x;
  x.type = "m.room.member";
  for (int i = 0; i < 1'000; ++i) {
    x.state_key = "@v" + std::to_string(i) + ":x";
    x.event_id = "$v" + std::to_string(i);
    states.push_back(groups.with_entry(states.back(), x, batch));
  }
  // An entry is one and the same in all of them.
  const auto* in_first = states.front().state->get(matrix::state_key_view{"m.room.member", "@u7:x"});
  for (const auto& s : states)
    BOOST_TEST_REQUIRE(s.state->get(matrix::state_key_view{"m.room.member", "@u7:x"}) == in_first);
}

BOOST_AUTO_TEST_SUITE_END()
