#pragma once
#include "messages/fault.hpp"
#include "plugin/store/lease.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace causeway::store {

/// Who has the store that a node waits for.
struct store_in_use {
  std::string name, endpoints; ///< of the node that serves; empty: an older Causeway, or a command that needs it alone
  std::int64_t lease_left_ms = 0;
};

/// What a node says of itself to the others of its store, and how it waits for its turn. A store in a file belongs to
/// one process: there it means nothing.
struct seat {
  std::string name, endpoints, version;
  /// How long it waits while another node serves; negative: until its turn comes.
  std::int64_t patience_ms = 15'000;
  /// While another one serves, at each look (several a second). @returns a fault: it gives up with it
  std::function<status(const store_in_use&)> on_wait = {};
  /// Null: one that tells nobody.
  std::shared_ptr<lease> held = {};
};

} // namespace causeway::store
