#pragma once
#include "actors/bounded_map.hpp"
#include "actors/decision.hpp"
#include "messages/receipts.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::receipts {

/// Which other servers are in a room, as far as a marker of it is to be sent. The room says so with each marker of
/// ours, and is asked where that was too long ago: whoever has left meanwhile is told nothing.
class room_audiences {
public:
  using servers = std::shared_ptr<const std::vector<std::string>>;
  /// So long what a room has said is believed.
  static constexpr time_ms believed_ms = 60'000;
  /// A room that does not answer is asked again after that, and after so many questions counts as one without servers
  /// for as long as an answer is believed.
  static constexpr time_ms answer_ms_max = 10'000;
  static constexpr std::uint32_t questions_max = 3;
  /// Rooms remembered. At the bound the one asked or told longest ago is forgotten, and asked again.
  static constexpr std::size_t rooms_max = 20'000;

  explicit room_audiences(decision& out) : out_(out) {}

  enum class answer : std::uint8_t {
    inside,
    outside,
    asked, ///< the room has been asked: come back when `told` was called, or at `deadline`
  };
  void know(const std::string& room_id, servers now) {
    forget(room_id);
    put(room_id, {std::move(now), out_.now(), 0, 0});
  }
  /// The room is asked again.
  void forget(const std::string& room_id) {
    if (const auto* one = rooms_.find(room_id)) asked_.erase(one->asked);
    rooms_.erase(room_id);
  }
  /// Whether a server is in the room.
  answer find(const std::string& room_id, std::string_view server);
  void told(const room_servers_response& m);
  void clear() {
    rooms_.clear();
    asked_.clear();
  }
  /// When questions are given up; 0: none is open.
  time_ms deadline() const { return asked_.empty() ? 0 : asked_.begin()->second.until; }
  /// Questions without an answer are over.
  void on_deadline();
  bool asks() const { return !asked_.empty(); }
  std::size_t size() const { return rooms_.size(); }

private:
  struct room {
    servers now; ///< sorted; null: nobody
    time_ms as_of = 0;
    token asked = 0; ///< not 0: no answer yet
    std::uint32_t questions = 0;
  };
  struct question {
    std::string room_id;
    time_ms until = 0;
  };

  /// With the room that makes room for it goes the question that it has open.
  void put(const std::string& room_id, room one) {
    if (const auto gone = rooms_.put(room_id, std::move(one))) asked_.erase(gone->second.asked);
  }

  decision& out_;
  bounded_map<std::string, room> rooms_{rooms_max};
  std::map<token, question> asked_; ///< the oldest first
};

} // namespace causeway::receipts
