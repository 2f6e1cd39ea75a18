#include "messages/matrix/level_changes.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;
using causeway::fuzz::must;

/// Members of m.room.power_levels: an array of two, before and after. Whatever they are, both ways tell of the same
/// changes.
FUZZ_TARGET(levels) {
  const auto parsed = json::parse(input);
  const auto* pair = parsed ? parsed->as_array() : nullptr;
  if (!pair || pair->size() != 2) return;
  for (const auto* version : {"1", "9", "12"}) {
    const auto& rules = *find_room_version(version);
    for (const auto& member : *pair) {
      const auto same = level_changes(&member, rules, &member, rules);
      must(!same || same->empty(), "nothing changes where nothing is changed");
    }
    const auto there = level_changes(&(*pair)[0], rules, &(*pair)[1], rules);
    const auto back = level_changes(&(*pair)[1], rules, &(*pair)[0], rules);
    must(there.has_value() == back.has_value(), "what can be read can be read in both directions");
    if (!there) continue;
    must(there->size() == back->size(), "as much changes back as changed");
    for (const auto& [key, before, after] : *there) {
      must(before != after, "a change is one");
      for (const auto& level : {before, after})
        if (level)
          must(level->clamped() < infinite_power && level->clamped() > -infinite_power, "no level is a creator's");
    }
  }
}
