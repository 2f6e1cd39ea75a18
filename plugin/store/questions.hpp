#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/sqlite.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::store::sqlite {

/// Answers queries over one connection; each from one snapshot.
class questions {
public:
  /// @throws error
  questions(connection& db, names& known);

  /// See reader::ask. Never throws.
  answer ask(const query& question);

private:
  using state_groups = std::map<std::int64_t, matrix::state_ptr>;

  // questions_rooms.cpp
  answer on(const load_room& x);
  answer on(const load_events& x);
  answer on(const load_ancestors& x);
  answer on(const find_event& x);
  answer on(const list_rooms& x);
  answer on(const load_redaction& x);
  // questions_others.cpp
  answer on(const load_destination& x);
  answer on(const find_received_transaction& x);
  answer on(const find_command_result& x);
  answer on(const load_invitation& x);
  answer on(const find_invitations& x);
  answer on(const read_outbox& x);
  answer on(const find_message& x);
  answer on(const find_user& x);
  answer on(const load_directory& x);
  answer on(const list_destinations& x);
  answer on(const load_known& x);
  answer on(const load_key_documents& x);

  const matrix::room_version_rules& rules_of(std::int64_t room);
  /// @param json_bytes  told, unless null, how long the event is in the store
  stored_event event(std::int64_t seq, const matrix::room_version_rules& rules, std::size_t* json_bytes = nullptr);
  /// Tells a redacted event by what: row `redacted_by` of the table of events; 0: it is not.
  void add_reason(stored_event& to, std::int64_t redacted_by, const matrix::room_version_rules& rules);
  matrix::state_ptr state(std::int64_t room, std::int64_t group, state_groups& known);
  void add_states(std::int64_t room, const std::set<std::int64_t>& wanted, state_groups& to);
  put_destination destination(std::int64_t server, std::string name);
  /// What the chat server calls the messages among the PDUs, and their rooms.
  void add_names(destination_loaded& loaded);
  static put_invitation invitation(const cursor& row);
  static std::vector<put_invitation> all_invitations(cursor rows);
  static std::vector<std::string> strings(std::string_view bytes);

  connection& db_;
  names& names_;
  statement begin_, end_;
  statement select_room_, select_version_, select_event_, select_place_, select_for_auth_, select_group_, select_inbox_,
    list_rooms_;
  statement invitations_of_room_, invitations_of_user_, all_invitations_, one_invitation_;
  statement select_destination_, select_queued_, select_newest_queued_, select_keys_, select_received_, select_command_;
  statement select_outbox_, select_stream_, first_outbox_;
  statement select_binding_, select_chat_room_, select_user_;
  statement directory_rooms_, next_queued_, servers_in_flight_, directory_invitations_, directory_users_;
  statement known_rooms_, known_invitations_, known_servers_;
  statement list_destinations_, count_queued_, oldest_queued_, select_refused_, count_refused_;
  statement select_redaction_, select_held_redactions_;
};

/// A stored event from columns judged, state_group_before, state_group_after, position, event_id, json starting at `column`.
/// @throws error when the JSON is damaged
stored_event read_event(const cursor& row, int column, const matrix::room_version_rules& rules);
/// @throws error when the store has events of a version this build does not know
const matrix::room_version_rules& known_version(std::string_view room_version);

} // namespace causeway::store::sqlite
