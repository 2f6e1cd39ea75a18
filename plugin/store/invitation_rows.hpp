#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Invitations and knocks (table `invitations`).
namespace causeway::store::sql {

schema_steps invitation_steps();

/// Where an invitation stands in lists. Never renumber: it is on disk.
enum class list_rank : std::uint8_t {
  open = 0,      ///< the invited user may still answer it
  unsettled = 1, ///< another server has still to be told or asked something
  over = 2,
};
list_rank rank_of(const put_invitation& x);

/// Behind the key `room, user_id`: what a list shows. Words and lists become the columns they are here, and nowhere
/// else.
struct listed_invitation_columns {
  using row = put_invitation;
  static void columns(auto& f, auto& x) {
    f.derived("list_rank", rank_of(x));
    f.text("room_version", x.room_version);
    f.text("inviter", x.inviter);
    f.word("direction", x.direction, find_invitation_direction);
    f.word("state", x.state, find_invitation_state);
    f.text("reason", x.reason);
    f.text("chat_room_id", x.chat_room_id);
    f.optional_word("type", x.type, chat::find_room_type);
    f.number("since_ts", x.since_ts);
    f.number("deadline_ts", x.deadline_ts);
    f.number("attempts", x.attempts);
    f.number("retry_at_ts", x.retry_at_ts);
    f.word("pending_request", x.pending_request, find_next_request);
    f.list("via", x.via);
    f.text("last_fault", x.last_fault);
  }
};
/// What a room is loaded with.
struct invitation_of_room_columns {
  using row = put_invitation;
  static void columns(auto& f, auto& x) {
    listed_invitation_columns::columns(f, x);
    f.text("event", x.event);
  }
};
/// All.
struct invitation_columns {
  using row = put_invitation;
  static void columns(auto& f, auto& x) {
    invitation_of_room_columns::columns(f, x);
    f.text("invite_room_state", x.invite_room_state); // a JSON array as it came
  }
};

class invitation_writes {
public:
  /// @throws error
  invitation_writes(connection& db, names& known);
  void apply(const put_invitation& x);
  void apply(const remove_invitation& x);

private:
  names& names_;
  statement put_, remove_;
};

/// Whose invitations a list has.
enum class listed_by : std::uint8_t { all, room, user };
/// The statement that gives one stretch of the list, all of one rank: ?1 rank, behind ?2 since_ts and ?3 seq, at most
/// ?4 rows, of ?5 (room or user).
std::string select_invitations(listed_by whose);

class invitation_reads {
public:
  /// @throws error
  invitation_reads(connection& db, names& known);
  answer on(const load_invitation& x);
  answer on(const find_invitations& x);

  /// In the order they were made.
  std::vector<put_invitation> of_room(std::int64_t room);
  /// (room, user) of those with a deadline or a request to repeat.
  std::vector<std::pair<std::string, std::string>> pending();
  /// (room, user) of all.
  std::vector<std::pair<std::string, std::string>> known();

private:
  static std::vector<std::pair<std::string, std::string>> keys(cursor rows);

  names& names_;
  statement one_, listed_one_, of_room_, list_all_, list_of_room_, list_of_user_, pending_, known_;
};

} // namespace causeway::store::sql
