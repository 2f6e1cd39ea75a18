#pragma once
#include "messages/persistent_map.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace causeway::matrix {

/// (type, state_key)
using state_key_pair = std::pair<std::string, std::string>;
/// The same to look up with, without copies of the texts.
using state_key_view = std::pair<std::string_view, std::string_view>;

/// By type, then by state key.
struct state_key_less {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    const auto order = std::string_view{a.first}.compare(std::string_view{b.first});
    return order < 0 || (order == 0 && std::string_view{a.second} < std::string_view{b.second});
  }
};

/// Room state: (type, state_key) -> event id. Ordered, so two equal states compare alike; the state after an event
/// shares with that before it all that the event did not change.
using state_map = persistent_map<state_key_pair, std::string, state_key_less>;
/// A state that is shared between the events that have it; never changed once shared.
using state_ptr = std::shared_ptr<const state_map>;

} // namespace causeway::matrix
