#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/chat/presence.hpp"
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

/// Whether our users are there, told to the servers that share a room with them: the newest of each user, in one
/// m.presence EDU for each server, the next when that one has arrived. Nothing of it is on disk, and what a server does
/// not take is not kept: it is told again by and by. A part of the directory. Source: server-server-api, "Presence".
class own_presence {
public:
  /// What changes within that time goes together.
  static constexpr time_ms gather_ms = 1'000;
  /// So long what is owed waits for what the rooms of other users say.
  static constexpr time_ms together_ms = 200;
  /// Others believe it for 30 minutes; it is told again before.
  static constexpr time_ms again_ms = 25 * 60'000;
  /// So long after the chat server's last connection all its users count as gone.
  static constexpr time_ms chat_server_gone_ms = 60'000;
  /// Who shares a room with a user is found out again after that.
  static constexpr time_ms audience_ms = 5 * 60'000;
  /// Whoever was asked for it has to answer within that time; what is known by then counts.
  static constexpr time_ms answer_ms_max = 30'000;
  /// EDUs of which nothing is heard for so long are lost, with the actor of their server.
  static constexpr time_ms settle_ms_max = 600'000;
  /// Users who are there; at the bound the one said longest ago is no more told.
  static constexpr std::size_t users_max = 10'000;
  /// Rooms of one user that are asked, and of these at once.
  static constexpr std::size_t rooms_max = 200, rooms_at_once = 10;
  /// Users whose rooms are asked at once; the others wait.
  static constexpr std::size_t searches_max = 20;
  /// Users that a server has still to be told of; further ones are not.
  static constexpr std::size_t owed_max = 1'000;
  /// The same of all servers together.
  static constexpr std::size_t owed_total_max = 100'000;

  own_presence(const context& node, decision& out) : node_(node), out_(out) {}

  /// @param user_id  of one of ours
  void set(const std::string& user_id, const chat::set_presence& x);
  /// Is gone for good.
  void forget(const std::string& user_id);
  void chat_server(bool is_there);
  /// They have come into a room, whose servers are to know.
  void joined(const std::vector<std::string>& joined);
  void completed(const edu_completed& m);
  /// @returns whether it was the answer to a question of this
  bool answered(const store_answered& m);
  bool answered(const room_servers_response& m);
  time_ms deadline() const;
  void on_deadline();
  std::size_t size() const { return users_.size(); }

private:
  struct user {
    matrix::presence_state state = matrix::presence_state::offline;
    time_ms last_active_ts = 0; ///< 0: not known
    std::string status;
    bool is_active = false;
    time_ms said = 0; ///< by the chat server
    time_ms due = 0;  ///< to be told then
    std::vector<std::string> audience;
    time_ms audience_as_of = 0; ///< 0: not known
  };
  /// Looks for the servers of one user.
  struct search {
    std::deque<std::string> rooms; ///< still to be asked
    std::size_t found = 0;         ///< rooms, of all pages
    std::int64_t after = 0;
    bool is_read = false;
    std::set<token> open;
    std::set<std::string> servers;
    time_ms until = 0;
  };
  struct server {
    std::set<std::string> owed; ///< users
    token open = 0;             ///< EDU under way; 0: none
    time_ms until = 0;          ///< of it
  };

  void due_at(const std::string& user_id, user& x, time_ms at);
  void erase(const std::string& user_id);
  void clear();
  void tell(const std::string& user_id, user& x);
  void ask_rooms(const std::string& user_id, search& s);
  void go_on(const std::string& user_id, search& s);
  void end(const std::string& user_id);
  void owe(const std::string& user_id, const user& x);
  void send(const std::string& server_name, server& to);
  void complete(const std::string& server_name, server& of);
  /// Nobody has to be told of them any more.
  void drop_if_told(const std::string& user_id);
  matrix::presence told_of(const std::string& user_id, const user& x) const;

  const context& node_;
  decision& out_;
  std::map<std::string, user> users_;
  std::set<std::pair<time_ms, std::string>> due_;
  std::map<std::string, search> searches_;
  std::map<token, std::string> asked_; ///< of the store or a room -> user
  std::map<std::string, server> servers_;
  std::size_t owed_ = 0; ///< users, of all servers
  time_ms send_at_ = 0;  ///< when servers are told what they are owed; 0: nothing waits for it
  time_ms gone_at_ = 0;  ///< when all count as gone; 0: the chat server is there
};

} // namespace causeway::directory
