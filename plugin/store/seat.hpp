#pragma once
#include "messages/fault.hpp"
#include "plugin/store/lease.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace causeway::store {

/// Who has the store that a node waits for.
struct store_in_use {
  std::string name, endpoints; ///< of the node that serves; empty: an older Causeway, or a command that needs it alone
  std::int64_t lease_left_ms = 0;
  bool is_free = false; ///< nobody: the node that waits is drained
  /// It has the place, and does not listen yet: it makes itself.
  bool is_starting() const { return !name.empty() && !is_free && endpoints.empty(); }
};

/// Whether a node that waits takes a place that becomes free.
enum class drained : std::uint8_t {
  no,
  until_needed,    ///< it does when nobody else has for a while
  until_undrained, ///< it does not
  serves,          ///< it has its turn: whoever wants it drained asks it as the node that serves
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
  /// Looked at again at each turn; `serves` from the moment it takes its turn. Null: it is not drained.
  std::shared_ptr<std::atomic<drained>> is_drained = {};
  /// Whether it listens at its endpoints. Until then the others are told none. Null: from the beginning.
  std::shared_ptr<const std::atomic<bool>> listens = {};
  /// Whether it passes requests on to the node that serves while it stands by: the others are told so, by the word
  /// `forwards` behind its endpoints. Null: it does not.
  std::shared_ptr<const std::atomic<bool>> forwards = {};
  /// A node that is drained until it is needed takes a place that has been free for so long: by then whoever else stood
  /// by would have it.
  std::int64_t needed_after_ms = 2 * lease_ms;
  /// Why this node leaves the place it has, for the history; asked once, when it does. Null: it was stopped.
  std::function<std::string()> why_left = {};
};

} // namespace causeway::store
