#pragma once
#include "messages/matrix/state_resolution.hpp"

#include <span>
#include <string_view>
#include <vector>

/// Private to state resolution.
namespace causeway::matrix {

/// One key on which the states differ.
struct state_conflict {
  state_key_pair key;
  /// Event id per state, in the order of the states; empty where the state lacks the key.
  std::vector<std::string_view> by_state;
};

/// States compared.
struct compared_states {
  /// Keys that every state has with the same event.
  state_map unconflicted;
  /// All other keys, in order.
  std::vector<state_conflict> conflicts;
};

/// What the states share costs nothing: O(d log n) for d differences between versions of one state, linear where they
/// have nothing in common.
/// @pre at least one state
compared_states compare_states(std::span<const state_map* const> states);

/// Conflicted and resolved: the three algorithms. `states` as above.
state_map resolve_v1(std::span<const state_map* const> states, const resolution_context& context);

/// What version 2 decided on the way, for tests and for showing it to a person.
struct resolution_trace {
  std::vector<std::string> full_conflicted_set; ///< sorted
  std::vector<std::string> power_order;         ///< power events and what they rest on, in the order they were tried
  std::vector<std::string> mainline_order;      ///< the others
};
/// Version 2, and 2.1 where the rules say so.
/// @param trace  filled when not null
state_map resolve_v2(std::span<const state_map* const> states, const resolution_context& context,
                     resolution_trace* trace = nullptr);

} // namespace causeway::matrix
