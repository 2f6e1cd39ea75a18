#pragma once
#include "actors/effects.hpp"
#include "actors/session/outbox_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace causeway::session {

/// Connections of the chat server: the bound of what a peer can make us hold.
inline constexpr std::size_t connections_max = 256;

/// One connection that has introduced itself (HELLO).
struct connection {
  edge::connection who;
  std::string client, peer;              ///< as they say in HELLO, or by key
  std::uint64_t order = 0;               ///< of arrival, so that shares do not depend on routing ids
  std::set<std::uint32_t> wanted;        ///< streams
  std::uint64_t messages = 0, bytes = 0; ///< credit left for EVENTs
  std::size_t in_flight = 0;             ///< durable events sent, not acknowledged
  std::set<std::string> open_commands;
  std::uint64_t open_bytes = 0;
  time_ms last_contact = 0;
  std::uint32_t turn = 0; ///< stream that sends first, so that none starves

  bool has_credit() const { return messages > 0 && bytes > 0; }
};

/// The connections of the chat server, by endpoint and routing id.
class connection_table {
public:
  using map = std::map<connection_key, connection>;

  connection* find(const connection_key& key) {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : &found->second;
  }
  const connection* find(const connection_key& key) const {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : &found->second;
  }
  bool is_full() const { return all_.size() >= connections_max; }
  /// The connection by that key, new where there is none. @pre there is one, or the table is not full
  connection& open(const edge::connection& who) {
    auto& c = all_[key_of(who)];
    if (c.order == 0) c.order = ++last_order_;
    c.who = who;
    return c;
  }
  void close(const connection_key& key) { all_.erase(key); }
  void close_all() { all_.clear(); }

  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  map::const_iterator begin() const { return all_.begin(); }
  map::const_iterator end() const { return all_.end(); }

private:
  map all_;
  std::uint64_t last_order_ = 0;
};

} // namespace causeway::session
