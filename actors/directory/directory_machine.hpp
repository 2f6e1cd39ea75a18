#pragma once
#include "actors/context.hpp"
#include "actors/directory/invite_budget.hpp"
#include "actors/directory/shared_rooms.hpp"
#include "actors/directory/user_names.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "messages/chat/codec.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace causeway::directory {

/// Names: which Matrix room a chat server's room id means, which Matrix user a chat name. Every command comes through here and
/// leaves with Matrix ids only. Wakes, at start, whoever has something left to do. Pure.
/// Files: directory_machine.cpp (commands), users.cpp (what a command may name, commands about users), user_names.cpp (ids both ways), joining.cpp (rooms to be joined or knocked at), federation.cpp (what other servers ask of it), public_rooms.cpp, notary.cpp.
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
  void route(const command_received& m, chat::room_join x);
  void route(const command_received& m, chat::room_knock x);
  void route(const command_received& m, chat::knock_retract x);
  void route(const command_received& m, chat::knock_reject x);
  void route(const command_received& m, chat::invite_send x);
  void route(const command_received& m, chat::invite_revoke x);
  void route(const command_received& m, chat::invite_answer x);
  void route(const command_received& m, chat::message_send x);
  void route(const command_received& m, chat::message_delete x);
  void route(const command_received& m, chat::member_leave x);
  void route(const command_received& m, chat::typing x);
  void route(const command_received& m, const chat::user_profile& x);
  void route(const command_received& m, const chat::query_user& x);
  void route(const command_received& m, chat::query_room x);
  void route(const command_received& m, chat::query_invitations x);
  void route(const command_received& m, const chat::media_put&);
  void route(const command_received& m, const chat::media_get&);

  // -- joining.cpp
  struct alias_question {
    command_received command;
    std::variant<chat::room_join, chat::room_knock> wanted; ///< with the user's Matrix id
    std::string alias;
    time_ms since = 0;
  };
  /// Finds out which room is meant, then `enter`.
  template <class Wanted>
  void find_and_enter(const command_received& m, Wanted x);
  void alias_answered(const peer_answer& m);
  void aliases_overdue();
  /// Hands a join or a knock on to its room, with the servers to try in order: those of `first`, those of the command, the room id's own.
  template <class Wanted>
  void enter(const command_received& m, Wanted x, const std::string& room_id, const std::vector<std::string>& first);

  // -- federation.cpp
  void federation(const federation_call& m);
  /// About one user of ours: answered at once, or when it is known that the asking server shares a room with him.
  void about_user(const federation_call& m, const std::string& user);
  void answer_shared_rooms();
  void profile(const federation_call& m);
  void invitation_of_ours(const federation_call& m);
  void admit_invite(const invite_admission_wanted& m);
  /// Tells the operator, once of each server, what an `invite_room_state` is cut for.
  void tell_large_preview(const federation_call& m, const matrix::json::value* told);
  /// @returns 0: the invitation may come; else in how many milliseconds the next one may
  std::uint32_t count_invite(const std::string& origin, const std::string& user);
  void alias(const federation_call& m);
  void devices(const federation_call& m);
  void keys_query(const federation_call& m);
  void keys_claim(const federation_call& m);

  // -- public_rooms.cpp
  void list(const room_listed& m);
  void public_rooms(const federation_call& m);

  // -- notary.cpp
  struct notary_wanted {
    std::string server_name;
    std::int64_t valid_until_ts = 0;
    std::vector<std::string> key_ids;
  };
  struct notary_question {
    federation_call call;
    time_ms since = 0;
    token reading = 0;    ///< the store is asked for what is kept
    std::size_t open = 0; ///< servers that have not answered
    std::vector<notary_wanted> wanted;
    matrix::json::array documents;
    std::size_t bytes = 0; ///< of them
  };
  void notary(const federation_call& m);
  /// @returns fault: what is wrong with the question
  result<std::vector<notary_wanted>> notary_wanted_by(const federation_call& m) const;
  /// @returns false: it is no answer to a notary's question
  bool notary_kept(const store_answered& m);
  void notary_fetch(token number, notary_question& q, notary_wanted w);
  void notary_keys(const keys_found& m);
  void notary_overdue();
  void notary_add(notary_question& q, const matrix::json::object& document) const;
  void notary_add(notary_question& q, const std::vector<std::string>& kept,
                  const std::vector<std::string>& key_ids) const;
  void notary_answer(const notary_question& q);

  void name_room(const room_named& m);

  result<std::string> room_of(const std::string& named) const;
  /// @param must_be_local  refuse users of other servers
  /// For a field of a command, in place. @returns false: the command has failed with the reason
  bool know_room(const command_received& m, std::string& room);

  // -- users.cpp: what a field of a command may name. Each puts the Matrix id in place of the name; false: the command has failed with the
  // reason, which begins with `field`.
  /// Anybody: a mention, a question, one whose membership the room will ask for.
  bool name_user(const command_received& m, std::string& user, const char* field);
  /// One of ours who does something that only a member can: should nobody know him, the room says that he is none.
  bool name_local(const command_received& m, std::string& user, const char* field);
  /// One of ours who does something that may be the first the broker hears of him: from now on he exists.
  bool let_act(const command_received& m, std::string& user, const char* field);
  /// Whom somebody wants in a room: one of ours has to exist, one of another server has to have a name that server may have given.
  bool name_invited(const command_received& m, std::string& user, const char* field);
  bool refuse_name(const command_received& m, const char* field, const fault& why);
  std::shared_ptr<const std::vector<store::put_user>> profiles_of(const std::vector<std::string>& user_ids) const;
  void send(address to, const command_received& m, chat::command resolved, std::string room_id,
            const std::vector<std::string>& users, matrix::event_ptr create = nullptr);
  void fail(const command_received& m, const fault& why);
  void done(const command_received& m, const chat::answer& what, bool keep);
  std::string next_random();
  effects flush();

  const context& node_;
  const std::string seed_;
  std::uint64_t counter_ = 0;
  decision out_;
  incarnation life_;
  std::unordered_map<std::string, std::string> room_by_chat_id_, chat_id_by_room_;
  struct creation {
    std::string room_id;
    time_ms since = 0;
    std::string alias; ///< empty: none
  };
  std::map<std::string, creation> creating_; ///< by the chat ids of rooms on their way
  user_names users_;
  std::map<token, command_received> reading_;
  invite_budget invites_;
  std::set<std::string> large_previews_; ///< servers the operator was told of; bounded
  /// Most members first, then by id: the order of the public directory. The number is negative.
  using public_order = std::pair<std::int64_t, std::string>;
  std::map<public_order, matrix::json::object> public_rooms_;
  std::unordered_map<std::string, std::int64_t> public_members_;         ///< room id -> its number there
  std::unordered_map<std::string, std::string> aliases_;                 ///< alias of this server -> room id
  std::unordered_map<std::string, std::vector<std::string>> aliases_of_; ///< room id -> what it claims
  std::map<token, alias_question> asking_aliases_;
  std::map<std::uint64_t, notary_question> notary_;
  shared_rooms shared_rooms_; ///< used with `federation.profiles_need_shared_room`
  std::map<token, std::pair<std::uint64_t, std::vector<std::string>>>
    notary_asked_; ///< keys_wanted -> question, key ids
};

} // namespace causeway::directory
