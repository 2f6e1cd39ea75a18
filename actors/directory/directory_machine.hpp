#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "messages/chat/codec.hpp"

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::directory {

/// Names: which Matrix room a chat server's room id means, which Matrix user a chat name. Every command comes through here and
/// leaves with Matrix ids only. Knows the local users; wakes, at start, whoever has something left to do. Pure.
class directory_machine {
public:
  /// @param seed  32 random bytes; new room ids are derived from it
  directory_machine(const context& node, std::string seed);
  effects on(const message& m, time_ms now);
  std::string describe(time_ms now) const;

private:
  void loaded(const store::directory_loaded& from);
  void command(const command_received& m);
  void route(const command_received& m, chat::room_create x);
  void route(const command_received& m, chat::invite_send x);
  void route(const command_received& m, chat::invite_revoke x);
  void route(const command_received& m, chat::invite_answer x);
  void route(const command_received& m, chat::message_send x);
  void route(const command_received& m, chat::member_leave x);
  void route(const command_received& m, chat::typing x);
  void route(const command_received& m, chat::user_profile x);
  void route(const command_received& m, chat::query_room x);
  void route(const command_received& m, chat::query_invitations x);
  void federation(const federation_call& m);
  void name_room(const room_named& m);

  result<std::string> room_of(const std::string& named) const;
  /// @param must_be_local  refuse users of other servers
  result<std::string> user_of(const std::string& named, bool must_be_local);
  const store::put_user& know(const std::string& user_id, const std::string& chat_name);
  std::shared_ptr<const std::vector<store::put_user>> profiles_of(const std::vector<std::string>& user_ids) const;
  void send(address to, const command_received& m, chat::command resolved, std::string room_id, const std::vector<std::string>& users,
            matrix::event_ptr create = nullptr);
  void fail(const command_received& m, const fault& why);
  void done(const command_received& m, const chat::answer& what, bool keep);
  std::string next_random();
  effects flush();

  const context& node_;
  const std::string seed_;
  std::uint64_t counter_ = 0;
  time_ms now_ = 0;
  bool loaded_ = false;
  std::deque<message> before_load_;
  token last_token_ = 0, load_token_ = 0;
  std::vector<store::write> writes_;
  effects after_, now_effects_;
  std::unordered_map<std::string, std::string> room_by_chat_id_, chat_id_by_room_;
  std::map<std::string, std::pair<std::string, time_ms>> creating_; ///< chat ids of rooms on their way -> room id, since
  std::unordered_map<std::string, store::put_user> users_;
  std::map<token, command_received> reading_;
};

} // namespace causeway::directory
