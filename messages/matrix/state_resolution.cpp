#include "messages/matrix/state_resolution.hpp"

#include "messages/matrix/state_conflicts.hpp"

#include <algorithm>

namespace causeway::matrix {

namespace {

// Appends to `keys` each key that only one of the two has, or that both have with different events.
void append_differences(std::vector<const state_key_pair*>& keys, const state_map& a, const state_map& b) {
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() && right != b.end()) {
    const auto order = left->first <=> right->first;
    if (order == 0) {
      if (left->second != right->second)
        keys.push_back(&left->first);
      ++left;
      ++right;
    } else if (order < 0) {
      keys.push_back(&left++->first);
    } else {
      keys.push_back(&right++->first);
    }
  }
  for (; left != a.end(); ++left)
    keys.push_back(&left->first);
  for (; right != b.end(); ++right)
    keys.push_back(&right->first);
}

} // namespace

compared_states compare_states(std::span<const state_map* const> states) {
  // A key on which any two states differ is one on which some state differs from the first.
  std::vector<const state_key_pair*> keys;
  for (const auto* other : states.subspan(1))
    append_differences(keys, *states.front(), *other);
  std::sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a < *b; });
  keys.erase(std::unique(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return *a == *b; }), keys.end());

  compared_states result{*states.front(), {}};
  result.conflicts.reserve(keys.size());
  for (const auto* key : keys) {
    state_conflict conflict{*key, {}};
    conflict.by_state.reserve(states.size());
    for (const auto* state : states) {
      const auto found = state->find(*key);
      conflict.by_state.push_back(found == state->end() ? std::string_view{} : std::string_view{found->second});
    }
    result.conflicts.push_back(std::move(conflict));
    result.unconflicted.erase(*key);
  }
  return result;
}

state_map resolve(std::span<const state_ptr> states, const resolution_context& context) {
  std::vector<const state_map*> distinct;
  for (const auto& state : states)
    if (std::find(distinct.begin(), distinct.end(), state.get()) == distinct.end())
      distinct.push_back(state.get());
  if (distinct.empty())
    return {};
  if (distinct.size() == 1)
    return *distinct.front();
  return context.rules->state_resolution == state_resolution_algorithm::v1 ? resolve_v1(distinct, context)
                                                                           : resolve_v2(distinct, context);
}

} // namespace causeway::matrix
