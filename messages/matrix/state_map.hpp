#pragma once
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

/// Room state: (type, state_key) -> event id. Ordered, so two equal states compare and hash alike.
using state_map = std::map<state_key_pair, std::string>;
/// A state that is shared between the events that have it; never changed once shared.
using state_ptr = std::shared_ptr<const state_map>;

} // namespace causeway::matrix
