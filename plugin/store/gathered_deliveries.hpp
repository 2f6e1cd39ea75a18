#pragma once
#include "messages/store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace causeway::store {

/// The `delivery.changed` of one commit: those that say the same of one event become one, with a list of servers. A
/// wave of dead servers is so a few notifications, not thousands, each to be acknowledged. `failed` is told alone: its
/// reason is the server's own answer.
class gathered_deliveries {
public:
  void add(const append_delivery& x);
  /// All, in the order in which each began; nothing is left.
  std::vector<append_delivery> take();

private:
  std::vector<append_delivery> told_;
  /// (stream, event id, state) -> the one that takes further servers.
  std::map<std::tuple<std::uint32_t, std::string, std::string>, std::size_t> open_;
};

} // namespace causeway::store
