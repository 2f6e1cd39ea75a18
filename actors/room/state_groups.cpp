#include "actors/room/state_groups.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace causeway::room {

void state_groups::load(std::string room_id, std::int64_t last) {
  room_id_ = std::move(room_id);
  last_ = last;
  deltas_since_whole_ = full_every_ / 2; // unknown after a restart; an early whole copy costs little
}

state_ref state_groups::adopt(matrix::state_map state, std::vector<store::write>& batch) {
  return add(std::move(state), {}, batch);
}

state_ref state_groups::with_entry(const state_ref& base, const matrix::event& x, std::vector<store::write>& batch) {
  auto next = *base.state;
  next.insert_or_assign({x.type, *x.state_key}, x.event_id);
  return add(std::move(next), base, batch);
}

state_ref state_groups::resolve(std::vector<state_ref> states, const matrix::resolution_context& context,
                                std::vector<store::write>& batch) {
  std::ranges::sort(states, {}, &state_ref::group);
  const auto again = std::ranges::unique(states, {}, &state_ref::group);
  states.erase(again.begin(), again.end());
  if (states.size() == 1) return states.front();
  std::vector<std::int64_t> key;
  std::vector<matrix::state_ptr> maps;
  for (const auto& s : states) {
    key.push_back(s.group);
    maps.push_back(s.state);
  }
  if (auto it = resolved_.find(key); it != resolved_.end()) return it->second;
  auto merged = matrix::resolve(maps, context);
  state_ref out;
  for (const auto& s : states)
    if (*s.state == merged) out = s;
  if (!out) out = add(std::move(merged), states.back(), batch);
  if (resolved_.size() >= resolved_max) resolved_.erase(resolved_.begin());
  resolved_[key] = out;
  return out;
}

bool state_groups::is_whole_due(const matrix::state_map& state) const {
  return deltas_since_whole_ >= std::max(full_every_, static_cast<std::int64_t>(state.size() / entries_per_delta));
}

state_ref state_groups::add(matrix::state_map state, const state_ref& base, std::vector<store::write>& batch) {
  store::put_state_group row{room_id_, ++last_, 0, {}};
  if (base && !is_whole_due(state)) {
    row.base = base.group;
    const auto note = [&](const auto& key, const std::string*, const std::string* now) {
      row.entries.insert_or_assign(key, now ? *now : std::string{}); // without an id: removed
    };
    matrix::state_map::for_each_difference(*base.state, state, note);
    ++deltas_since_whole_;
  } else {
    row.entries = state;
    deltas_since_whole_ = 0;
  }
  batch.emplace_back(std::move(row));
  return {last_, std::make_shared<const matrix::state_map>(std::move(state))};
}

} // namespace causeway::room
