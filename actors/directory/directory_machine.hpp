#pragma once
#include "actors/bounded_set.hpp"
#include "actors/context.hpp"
#include "actors/directory/direct_rooms.hpp"
#include "actors/directory/invite_budget.hpp"
#include "actors/directory/lookups.hpp"
#include "actors/directory/notary.hpp"
#include "actors/directory/presences.hpp"
#include "actors/directory/public_directory.hpp"
#include "actors/directory/remote_aliases.hpp"
#include "actors/directory/room_aliases.hpp"
#include "actors/directory/room_names.hpp"
#include "actors/directory/shared_rooms.hpp"
#include "actors/directory/switching.hpp"
#include "actors/directory/user_asks.hpp"
#include "actors/directory/user_names.hpp"
#include "actors/directory/user_updates.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "messages/chat/codec.hpp"

#include <map>
#include <string>
#include <vector>

namespace causeway::directory {

/// Names: which Matrix room a chat server's room id means, which Matrix user a chat name. Every command comes through
/// here and leaves with Matrix ids only. Wakes, at start, whoever has something left to do. Pure.
/// Files: directory_machine.cpp (commands), creating.cpp (rooms to be made), users.cpp (what a command
/// may name, commands about users), user_names.cpp (ids both ways), joining.cpp (rooms to be joined or knocked at),
/// federation.cpp (what other servers ask of it), public_rooms.cpp, user_questions.cpp (users the chat
/// server is asked for).
class directory_machine {
public:
  /// Servers remembered of which the operator was told once that they say too much; at the bound the one told of
  /// longest ago is told of again.
  static constexpr std::size_t large_previews_max = 1'000;

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
  void route(const command_received& m, const chat::user_may_federate& x);
  void route(const command_received& m, const chat::user_deactivate& x);
  void route(const command_received& m, chat::set_presence x);
  void route(const command_received& m, chat::query_room x);
  void route(const command_received& m, chat::query_invitations x);
  void route(const command_received& m, const chat::media_put&);
  void route(const command_received& m, const chat::media_get&);
  /// To the room, where one of ours does something, perhaps to somebody; in the fields that name them.
  template <class Command>
  void act(const command_received& m, Command x, std::string Command::*actor, const char* actor_field,
           std::string Command::*target = nullptr);
  /// To the room: a list of users, after one of them.
  template <class Query>
  void list_after(const command_received& m, Query x);
  void route(const command_received& m, chat::member_kick x);
  void route(const command_received& m, chat::member_ban x);
  void route(const command_received& m, chat::member_unban x);
  void route(const command_received& m, chat::member_set_role x);
  void route(const command_received& m, chat::query_banned x);
  void route(const command_received& m, chat::query_can x);
  void route(const command_received& m, chat::message_edit x);
  void route(const command_received& m, chat::reaction_add x);
  void route(const command_received& m, chat::reaction_remove x);
  void route(const command_received& m, chat::mark_read x);
  void route(const command_received& m, chat::query_receipts x);
  void route(const command_received& m, chat::query_read_positions x);
  void route(const command_received& m, const chat::federation_configure& x) { switching_.configure(m, x); }
  void route(const command_received& m, const chat::query_federation&) { switching_.tell(m); }
  void route(const command_received& m, chat::room_set_name x);
  void route(const command_received& m, chat::room_set_topic x);
  void route(const command_received& m, chat::room_set_avatar x);
  void route(const command_received& m, chat::room_bind x);
  void route(const command_received& m, chat::message_bind x);
  void route(const command_received& m, chat::room_remove x);
  void route(const command_received& m, chat::room_upgrade x);

  // -- creating.cpp
  // Of a room.create; false: it has failed with the reason.
  bool is_alias_free(const command_received& m, const chat::room_create& x);
  bool name_members(const command_received& m, chat::room_create& x);
  /// @param creator  as the chat server calls them
  void make_room(const command_received& m, chat::room_create x, std::string creator);
  /// Asks a room whether it is the dm that is wanted. @pre there is a room to ask
  void ask_direct(direct_rooms::creation c);
  void direct_answered(const direct_response& m);
  void direct_missed(direct_rooms::creation c);
  void directs_overdue();
  /// Whether the command names a room of which it is being found out whether it is there already: it waits.
  bool holds_back(const command_received& m);
  void go_on(const std::vector<command_received>& held_back);
  void route(const command_received& m, const chat::query_public_rooms& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::query_servers& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::query_verify_users& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::query_profile& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::query_dead_letters& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::dead_letter_retry& x) { lookups_.run(m, x); }
  void route(const command_received& m, const chat::dead_letter_drop& x) { lookups_.run(m, x); }

  // -- user_questions.cpp
  void route(const command_received& m, const chat::answer_user& x);
  /// Asks the chat server for one whom it has not told of. @returns false: there is no such user
  bool ask_chat_server(const std::string& user_id, const std::string& origin, const user_asks::waiting& who);
  /// The same as before, now that the chat server has answered.
  void go_on(const user_asks::ended& q);
  void tell_unknown(const user_asks::waiting& who, const fault& why);
  void asks_overdue();

  // -- joining.cpp
  /// Finds out which room is meant, then `enter`.
  template <class Wanted>
  void find_and_enter(const command_received& m, Wanted x);
  void alias_found(remote_aliases::ended q);
  /// Hands a join or a knock on to its room, with the servers to try in order: those of `first`, those of the command,
  /// the room id's own.
  template <class Wanted>
  void enter(const command_received& m, Wanted x, const std::string& room_id, const std::vector<std::string>& first);

  // -- federation.cpp
  void federation(const federation_call& m);
  /// About one user of ours: answered at once, or when it is known that the asking server shares a room with them.
  void about_user(const federation_call& m, const std::string& user);
  void answer_shared_rooms();
  void profile(const federation_call& m);
  void invitation_of_ours(const federation_call& m);
  /// Of other servers. @returns faults may_not_federate, invite_blocked
  status takes_invitations(const store::put_user& user) const;
  void admit_invite(const invite_admission_request& m);
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

  /// Its listing comes behind its name: who was answered meanwhile may use the alias already.
  void claim_alias_of_new(const room_named& m);

  /// @param must_be_local  refuse users of other servers
  /// For a field of a command, in place. @returns false: the command has failed with the reason
  bool know_room(const command_received& m, std::string& room);

  // -- users.cpp: what a field of a command may name. Each puts the Matrix id in place of the name; false: the command
  // has failed with the reason, which begins with `field`.
  /// Anybody: a mention, a question, one whose membership the room will ask for.
  bool name_user(const command_received& m, std::string& user, const char* field);
  /// One of ours who does something that only a member can: should nobody know them, the room says that they are none.
  bool name_local(const command_received& m, std::string& user, const char* field);
  /// One of ours who does something that may be the first the broker hears of them: from now on they exist.
  bool let_act(const command_received& m, std::string& user, const char* field);
  /// Whom somebody wants in a room: one of ours has to exist, one of another server has to have a name that server may
  /// have given.
  bool name_invited(const command_received& m, std::string& user, const char* field);
  bool refuse_name(const command_received& m, const char* field, const fault& why);
  /// @returns faults user_deactivated, invalid_param: another server's
  status is_active_here(const named_user& who, const std::string& named) const;
  /// Whether a user of ours may be in rooms that federate; false: the command has failed.
  bool may_federate(const command_received& m, const std::string& user_id, const char* field);
  /// One of ours under both names and what is said of them. @pre they exist
  chat::user_view view_of(const store::put_user& user) const;
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
  room_names names_;
  direct_rooms direct_;
  user_names users_;
  switching switching_{node_, out_};
  /// What others are told of our users, and we of theirs, in whatever rooms they are.
  struct told_of_users {
    user_updates updates;
    presences presence;
  };
  told_of_users told_{{users_, out_}, {node_, out_}};
  std::map<token, command_received> reading_;
  invite_budget invites_;
  bounded_set large_previews_{large_previews_max}; ///< servers the operator was told of
  public_directory public_;
  room_aliases aliases_{out_};
  remote_aliases remote_aliases_{node_, out_};
  notary notary_{node_, out_};
  shared_rooms shared_rooms_; ///< used with `federation.profiles_need_shared_room`
  lookups lookups_{node_, out_, users_, public_, names_.by_room()};
  user_asks asks_{node_, out_};
};

} // namespace causeway::directory
