#include "plugin/store/invitation_rows.hpp"

#include "plugin/store/columns.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace causeway::store::sql {
namespace {

/// Version 7 had the servers as words between blanks.
void convert_via(connection& db) {
  {
    statement select{db, "SELECT seq, via FROM invitations_7 WHERE via <> ''"};
    statement put{db, "UPDATE invitations SET via = ?2 WHERE seq = ?1"};
    for (auto rows = select.query(); rows.next();)
      put.run(rows.integer(0), blob{encode_strings(words_of(rows.text(1)))});
  }
  db.execute("DROP TABLE invitations_7");
}

constexpr schema_step steps_of_invitations[] = {
  {1, R"(
CREATE TABLE invitations(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  room_version TEXT NOT NULL,
  inviter TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  event TEXT NOT NULL,
  invite_room_state TEXT NOT NULL,
  chat_room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  since_ts INTEGER NOT NULL,
  deadline_ts INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at_ts INTEGER NOT NULL,
  pending_request TEXT NOT NULL,
  UNIQUE(room, user_id));
CREATE INDEX invitations_by_user ON invitations(user_id);
)"},
  {3, "ALTER TABLE invitations ADD COLUMN via TEXT NOT NULL DEFAULT '';"},
  {7, "ALTER TABLE invitations ADD COLUMN last_fault TEXT NOT NULL DEFAULT '';"},
  // The two documents stand last: what a list needs is read without their pages. The indexes have the order of the
  // lists.
  {8, R"(
DROP INDEX invitations_by_user;
ALTER TABLE invitations RENAME TO invitations_7;
CREATE TABLE invitations(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  list_rank INTEGER NOT NULL,
  room_version TEXT NOT NULL,
  inviter TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  chat_room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  since_ts INTEGER NOT NULL,
  deadline_ts INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at_ts INTEGER NOT NULL,
  pending_request TEXT NOT NULL,
  via BLOB NOT NULL,
  last_fault TEXT NOT NULL,
  event TEXT NOT NULL,
  invite_room_state TEXT NOT NULL,
  UNIQUE(room, user_id));
INSERT INTO invitations SELECT seq, room, user_id,
  CASE WHEN state IN ('sending', 'pending') THEN 0
    WHEN state = 'revoked_unconfirmed' OR pending_request <> '' THEN 1 ELSE 2 END,
  room_version, inviter, direction, state, reason, chat_room_id, type, since_ts, deadline_ts, attempts, retry_at_ts,
  pending_request, x'90', last_fault, event, invite_room_state FROM invitations_7;
CREATE INDEX invitations_listed ON invitations(list_rank, since_ts);
CREATE INDEX invitations_listed_of_room ON invitations(room, list_rank, since_ts);
CREATE INDEX invitations_listed_of_user ON invitations(user_id, list_rank, since_ts);
)",
   &convert_via}};

/// The keys and the room's name at the chat server, which counts for more than that of the row; then the columns.
template <class List>
std::string select_from_invitations() {
  return "SELECT r.room_id, i.user_id, r.chat_room_id, " + select_list<List>("i.");
}
/// CROSS JOIN keeps the order of the loops: the invitations lead, in the order of their index.
constexpr const char* from_invitations = " FROM invitations i CROSS JOIN rooms r ON r.room = i.room";
constexpr int first_column = 3;

template <class List>
int read_invitation(const cursor& from, put_invitation& x) {
  const auto next = read_row<List>(from, first_column, x);
  x.room_id = from.string(0);
  x.user_id = from.string(1);
  if (auto bound = from.string(2); !bound.empty()) x.chat_room_id = std::move(bound);
  return next;
}

list_rank last_rank(invitations_wanted which) {
  switch (which) {
  case invitations_wanted::all: return list_rank::over;
  case invitations_wanted::open: return list_rank::open;
  case invitations_wanted::unsettled: return list_rank::unsettled;
  }
  return list_rank::over;
}

std::size_t text_bytes(const put_invitation& x) {
  std::size_t via = 0;
  for (const auto& server : x.via) via += server.size();
  return x.room_id.size() + x.user_id.size() + x.room_version.size() + x.inviter.size() + x.reason.size() +
         x.chat_room_id.size() + via + x.last_fault.size();
}

} // namespace

schema_steps invitation_steps() { return steps_of_invitations; }

list_rank rank_of(const put_invitation& x) {
  if (is_open(x.state)) return list_rank::open;
  return is_waiting(x.state) || x.pending_request != next_request::none ? list_rank::unsettled : list_rank::over;
}

invitation_writes::invitation_writes(connection& db, names& known)
    : names_(known), put_(db, insert_or_update<invitation_columns>("invitations", {"room", "user_id"})),
      remove_(db, "DELETE FROM invitations WHERE room = ?1 AND user_id = ?2") {}

void invitation_writes::apply(const put_invitation& x) {
  write_row<invitation_columns>(put_, x, names_.room(x.room_id, x.room_version), x.user_id);
}

void invitation_writes::apply(const remove_invitation& x) { remove_.run(names_.room(x.room_id, ""), x.user_id); }

std::string select_invitations(listed_by whose) {
  return select_from_invitations<listed_invitation_columns>() + ", i.seq" + from_invitations +
         " WHERE i.list_rank = ?1 AND i.since_ts <= ?2 AND (i.since_ts < ?2 OR i.seq < ?3)" +
         (whose == listed_by::room   ? " AND i.room = ?5"
          : whose == listed_by::user ? " AND i.user_id = ?5"
                                     : "") +
         " ORDER BY i.since_ts DESC, i.seq DESC LIMIT ?4";
}

invitation_reads::invitation_reads(connection& db, names& known)
    : names_(known), one_(db, select_from_invitations<invitation_columns>() + from_invitations +
                                " WHERE i.room = ?1 AND i.user_id = ?2"),
      listed_one_(db, select_from_invitations<listed_invitation_columns>() + from_invitations +
                        " WHERE i.room = ?1 AND i.user_id = ?2 AND i.list_rank <= ?3"),
      of_room_(db, select_from_invitations<invitation_of_room_columns>() + from_invitations +
                     " WHERE i.room = ?1 ORDER BY i.seq"),
      list_all_(db, select_invitations(listed_by::all)), list_of_room_(db, select_invitations(listed_by::room)),
      list_of_user_(db, select_invitations(listed_by::user)),
      pending_(db, std::string{"SELECT r.room_id, i.user_id"} + from_invitations +
                     " WHERE i.deadline_ts <> 0 OR i.pending_request <> '' OR i.state = '" +
                     name(invitation_state::revoked_unconfirmed) + "' ORDER BY i.seq"),
      known_(db, std::string{"SELECT r.room_id, i.user_id"} + from_invitations) {}

answer invitation_reads::on(const load_invitation& x) {
  invitation_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  auto rows = one_.query(room, x.user_id);
  if (rows.next()) read_invitation<invitation_columns>(rows, loaded.invitation.emplace());
  return loaded;
}

answer invitation_reads::on(const find_invitations& x) {
  invitations_found found;
  const auto room = x.room_id.empty() ? 0 : names_.find_room(x.room_id);
  if (!x.room_id.empty() && room == 0) return found;
  const auto last = static_cast<std::int64_t>(last_rank(x.which));
  if (room != 0 && !x.user_id.empty()) {
    auto rows = listed_one_.query(room, x.user_id, last);
    if (!x.after && rows.next()) read_invitation<listed_invitation_columns>(rows, found.invitations.emplace_back());
    return found;
  }
  constexpr auto newest = std::numeric_limits<std::int64_t>::max();
  const auto limit = std::clamp<std::size_t>(x.limit, 1, rows_max);
  std::size_t bytes = 0;
  auto place = x.after.value_or(invitation_place{0, newest, newest});
  place.rank = std::max<std::int64_t>(place.rank, 0);
  for (; place.rank <= last; place = {place.rank + 1, newest, newest}) {
    const auto left = limit - found.invitations.size() + 1; // one more tells whether others follow
    auto rows = room != 0           ? list_of_room_.query(place.rank, place.since_ts, place.number, left, room)
                : x.user_id.empty() ? list_all_.query(place.rank, place.since_ts, place.number, left)
                                    : list_of_user_.query(place.rank, place.since_ts, place.number, left, x.user_id);
    while (rows.next()) {
      put_invitation one;
      const auto number = rows.integer(read_invitation<listed_invitation_columns>(rows, one));
      bytes += text_bytes(one);
      if (found.invitations.size() == limit || (bytes > x.bytes_max && !found.invitations.empty())) {
        found.next = place;
        return found;
      }
      place = {place.rank, one.since_ts, number};
      found.invitations.push_back(std::move(one));
    }
  }
  return found;
}

std::vector<put_invitation> invitation_reads::of_room(std::int64_t room) {
  std::vector<put_invitation> all;
  for (auto rows = of_room_.query(room); rows.next();)
    read_invitation<invitation_of_room_columns>(rows, all.emplace_back());
  return all;
}

std::vector<std::pair<std::string, std::string>> invitation_reads::pending() { return keys(pending_.query()); }

std::vector<std::pair<std::string, std::string>> invitation_reads::known() { return keys(known_.query()); }

std::vector<std::pair<std::string, std::string>> invitation_reads::keys(cursor rows) {
  std::vector<std::pair<std::string, std::string>> all;
  while (rows.next()) all.emplace_back(rows.string(0), rows.string(1));
  return all;
}

} // namespace causeway::store::sql
