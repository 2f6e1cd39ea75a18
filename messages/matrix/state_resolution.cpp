#include "messages/matrix/state_resolution.hpp"

#include "messages/matrix/state_conflicts.hpp"

#include <algorithm>

namespace causeway::matrix {

compared_states compare_states(std::span<const state_map* const> states) {
  // A key on which any two states differ is one on which some state differs from the first.
  std::vector<const state_key_pair*> keys;
  for (const auto* other : states.subspan(1))
    state_map::for_each_difference(*states.front(), *other,
                                   [&](const state_key_pair& key, const auto*, const auto*) { keys.push_back(&key); });
  std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
  keys.erase(std::unique(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a == *b; }), keys.end());

  compared_states result{*states.front(), {}};
  result.conflicts.reserve(keys.size());
  for (const auto* key : keys) {
    state_conflict conflict{*key, {}};
    conflict.by_state.reserve(states.size());
    for (const auto* state : states) {
      const auto* found = state->get(*key);
      conflict.by_state.push_back(found ? std::string_view{*found} : std::string_view{});
    }
    result.conflicts.push_back(std::move(conflict));
    result.unconflicted.erase(*key);
  }
  return result;
}

state_map resolve(std::span<const state_ptr> states, const resolution_context& context) {
  std::vector<const state_map*> distinct;
  for (const auto& state : states)
    if (std::find(distinct.begin(), distinct.end(), state.get()) == distinct.end()) distinct.push_back(state.get());
  if (distinct.empty()) return {};
  if (distinct.size() == 1) return *distinct.front();
  return context.rules->state_resolution == state_resolution_algorithm::v1 ? resolve_v1(distinct, context)
                                                                           : resolve_v2(distinct, context);
}

} // namespace causeway::matrix
