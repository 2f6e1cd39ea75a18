#pragma once
#include "actors/bounded_map.hpp"
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::directory {

/// Whether users of other servers are there, by the word of their server. The chat server is told of those who share a
/// room with one of ours: the rooms shared with that server are asked, some of them, and what they say is believed for
/// a while. A server that says nothing more is not believed for ever. A part of the directory. Source:
/// server-server-api, "Presence".
class heard_presence {
public:
  /// Nobody says that a server has gone, so what it said ends by itself.
  static constexpr time_ms believed_ms = 30 * 60'000;
  /// Whether a user shares a room with us is found out again after that.
  static constexpr time_ms member_ms = 10 * 60'000;
  /// A question no room has answered with yes ends after that.
  static constexpr time_ms answer_ms_max = 10'000;
  /// Users known to be in a room of ours: of all servers, and of one. At the bound the one heard of longest ago goes,
  /// of that server where it has its share.
  static constexpr std::size_t users_max = 10'000, users_of_server_max = 2'000;
  /// Rooms asked about one user, and of these at once.
  static constexpr std::size_t rooms_max = 20, rooms_at_once = 5;
  /// Users about whom rooms are asked: of all servers, and of one; what is said of further ones is passed over.
  static constexpr std::size_t questions_max = 200, questions_of_server_max = 50;
  /// Users remembered as strangers, those found out last, and for how long nobody is asked about them.
  static constexpr std::size_t strangers_max = 10'000;
  static constexpr time_ms stranger_ms = 5 * 60'000;
  /// Users a chat server that has just connected is told of, those heard of last.
  static constexpr std::size_t told_again_max = 1'000;

  heard_presence(const context& node, decision& out) : node_(node), out_(out) {}

  /// @param shared  rooms that are shared with the server; at most `rooms_max` are asked
  void take(const presence_received& m, const std::vector<std::string>& shared);
  /// It knows nothing of what it was told before.
  void chat_server_connected();
  /// @returns whether it was the answer to a question of this
  bool answered(const room_servers_response& m);
  time_ms deadline() const;
  void on_deadline();
  std::size_t size() const { return users_.size(); }

private:
  struct user {
    matrix::presence now;
    time_ms last_active_ts = 0; ///< 0: not known
    time_ms heard = 0, member_as_of = 0;
  };
  struct question {
    matrix::presence now;
    std::deque<std::string> rooms; ///< still to be asked
    std::set<token> open;
    time_ms until = 0;
  };

  void ask(const matrix::presence& x, const std::string& origin, const std::vector<std::string>& shared);
  void ask_more(const std::string& user_id, question& q);
  void end(const std::string& user_id, bool is_member);
  void keep(const matrix::presence& x, bool is_asked);
  void erase(const std::string& user_id);
  void clear();
  void notify(const user& x);

  const context& node_;
  decision& out_;
  std::map<std::string, user> users_;
  std::set<std::pair<time_ms, std::string>> by_heard_;                         ///< the longest ago first
  std::map<std::string, std::set<std::pair<time_ms, std::string>>> of_server_; ///< the same
  std::map<std::string, question> questions_;
  std::map<std::string, std::size_t> questions_of_;
  std::map<token, std::string> asked_;                         ///< of a room -> user
  bounded_map<std::string, time_ms> strangers_{strangers_max}; ///< user -> until when
};

} // namespace causeway::directory
