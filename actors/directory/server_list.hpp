#pragma once
#include "actors/decision.hpp"
#include "messages/matrix/json.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::directory {

/// `query.servers`: what is known of other servers. What is owed to them comes from the store, with how their last
/// attempts went; the rooms shared with them are counted here, by what the rooms tell of themselves. A part of the
/// directory.
class server_list {
public:
  /// Servers that a room names; of a larger one the others are not counted.
  static constexpr std::size_t servers_of_room_max = 100;
  /// Questions under way; further ones are refused.
  static constexpr std::size_t questions_max = 100;

  explicit server_list(decision& out) : out_(out) {}

  /// What a room says of itself; null: we take no part in it any more, or no other server can.
  void listed(const std::string& room_id, const matrix::json::value* listing);
  /// Some of the rooms that are shared with a server. O(rooms).
  std::vector<std::string> rooms_shared_with(const std::string& server, std::size_t max) const;
  void run(const command_received& m, const chat::query_servers& x);
  /// @returns false: it answers nothing that was asked here
  bool answered(const store_answered& m);

private:
  struct question {
    command_received command;
    std::string after;
  };
  using rooms_by_server = std::map<std::string, std::uint64_t, std::less<>>;

  void forget(const std::string& room_id);

  decision& out_;
  rooms_by_server rooms_;
  std::unordered_map<std::string, std::vector<rooms_by_server::iterator>> servers_of_;
  std::map<token, question> asked_;
};

} // namespace causeway::directory
