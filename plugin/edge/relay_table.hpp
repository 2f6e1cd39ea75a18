#pragma once
#include "messages/edge/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::edge {

/// The connections of chat servers that a node that stands by passes on, as a pure machine: each has one of its own to
/// the node that serves, so order, credit and heartbeat are between those two. It looks at the verb of a frame and,
/// where HELLO may name nobody but the owner of a key, at HELLO.
///
/// A connection is there from HELLO to BYE, silence of the node that serves, or a change of it: the chat server then
/// connects again and repeats what had no RESULT, as at any end of a broker. Nothing is kept, nothing is answered for
/// the node that serves.
class relay_table {
public:
  struct bounds {
    std::size_t connections_max = 256; ///< as many as a session takes
    std::int64_t greeting_ms = 4'000;  ///< HELLO without an answer: the node that serves is not there
    std::int64_t silence_ms = 30'000;  ///< nothing from the node that serves, which sends PING
  };
  /// Of a connection to the node that serves; never given twice.
  using number = std::uint64_t;

  struct open_way {
    number to = 0;
  };
  struct to_node {
    number to = 0;
    frame what;
  };
  /// What was sent before still leaves.
  struct close_way {
    number to = 0;
  };
  struct to_peer {
    connection to;
    frame what;
  };
  using effect = std::variant<open_way, to_node, close_way, to_peer>;
  using effects = std::vector<effect>; ///< to be done in this order

  explicit relay_table(bounds most) : most_(most) {}

  effects on_peer(const connection& from, frame x, std::int64_t now);
  effects on_node(number from, frame x, std::int64_t now);
  /// Nothing reaches the chat server any more.
  effects on_peer_lost(const connection& gone);
  /// The node that serves cannot be reached, or takes so little that too much waits for it.
  effects on_node_lost(number gone);
  effects tick(std::int64_t now);
  /// Whether a node serves that can be reached. Another one, or none: all connections end.
  effects serve(bool is_there);
  /// When `tick` has something to do, at the earliest; none: nothing is open.
  std::optional<std::int64_t> next_tick() const;

  std::size_t size() const { return ways_.size(); }

private:
  using key = std::pair<std::uint32_t, std::string>;
  struct way {
    connection peer;
    number to = 0;
    bool is_open = false;    ///< WELCOME came
    bool is_refused = false; ///< the newest HELLO was answered with ERROR
    std::int64_t heard = 0;  ///< from the node that serves; before WELCOME: when the newest HELLO left
  };
  using ways = std::map<key, way>;

  void greet(effects& out, const connection& from, frame x, std::int64_t now);
  std::int64_t ends_at(const way& x) const { return x.heard + (x.is_open ? most_.silence_ms : most_.greeting_ms); }
  /// Tells the chat server that it has to connect again, and the node that serves that nothing more comes.
  void end(effects& out, ways::iterator at);
  void forget(effects& out, ways::iterator at);

  const bounds most_;
  bool is_served_ = false;
  number last_ = 0;
  ways ways_;
  std::map<number, key> numbers_;
};

} // namespace causeway::edge
