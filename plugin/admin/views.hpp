#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/scatter_gather.hpp"
#include "plugin/admin/parked.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/staged_waits.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The JSON objects of the admin commands, made from what was gathered. Pure.
namespace causeway::admin::views {

using view = result<matrix::json::object>;

/// Members, servers, invitations and sentences shown of one room.
inline constexpr std::size_t rows_shown_max = 1'000;

// A list that is sorted by a column (`with.sort`) also has counts: {state: how many}, where its rows have a state.
/// {rooms: [room_row], total}
view rooms(const query_results& found, const arguments& with);
/// {servers: [server_row], total}
view servers(const query_results& found, const arguments& with, std::int64_t now_ms);
/// {invitations: [invite_row], total}
view invites(const query_results& found, const arguments& with, std::int64_t now_ms);
/// {dead_letters: [dead_letter_row], total}
view dead_letters(const query_results& found, const arguments& with);
/// {nodes: [node_row], total, schema, serves_from, upgrade_due, upgrade: a sentence}
view nodes(const query_results& found, const arguments& with);
/// {shards: [shard_row], total}
view shards(const query_results& found, const arguments& with);
/// {terms: [term_row], total}
view terms(std::vector<term_row> rows, const arguments& with);
/// Of a process that shares a store, 12 hexadecimal digits.
std::string incarnation_text(std::int64_t x);
/// The nodes that would take a place that becomes free; not `but`.
std::vector<std::string> successors(const store::nodes_listed& of, std::int64_t but);
/// {audit: [audit_row], total}
view audit(const query_results& found, const arguments& with);
/// {letter: dead_letter_row, body: what it is about, without texts}
view dead_letter(const query_results& found, const std::string& id);
/// {actors: [actor_row], total}: those that do not run, that have failed, whose messages have waited for longest
view actors(const query_results& found, const arguments& with);
/// {actors: [actor_row], total, counts: {phase: how many}}: by `with.sort`
view ranked_actors(const query_results& found);
/// {servers: [receipt_debt_row], actor}
view receipts(const query_results& found);
/// {server_name, version, alarms: [alarm_row], total}; the verb adds `state` and `checks` of `check`
view status(std::vector<alarm_row> alarms, const std::string& server_name, const std::string& version,
            const arguments& with);
/// {keys: [key_row], fetched_ts, asked_again_ts, fault, waited_for: [key id]} of another server. waited_for: staged
/// events that it has sent are signed with them, and it does not publish them.
view server_keys(const query_results& found, const arguments& with);

/// The room that `name` (Matrix id or the chat server's) stands for, by the part "rooms". @returns fault not_found
result<store::room_summary> resolve_room(const query_results& found, std::string_view name);
/// The invitation of `with.user` to `with.room`, by the part "invitations". @returns fault not_found
result<store::put_invitation> resolve_invitation(const query_results& found, const arguments& with);

/// {room: room_row, members: [member_row], extremities: [event_row], invitations: [invite_row], servers: [server_row],
///  staged: [staged_row], actor, waits_for: [sentence]}
/// @param rows_max  of each list; `members_total`, `servers_total`, `invitations_total`, `staged_total` and
///                  `waits_for_total` count all. What waits comes first.
view room(const query_results& found, const store::room_summary& summary, std::string_view own_server,
          std::int64_t now_ms, std::size_t rows_max = rows_shown_max);
/// {room: room_row, parked: actor_row, waits_for: [sentence]} of a room whose actor is parked: nothing of it is read.
matrix::json::object parked_room(const store::room_summary& summary, const actor_row& actor,
                                 const supervision_limits& limits, std::int64_t now_ms);
/// Those of the part "invitations" that wait for that server.
std::vector<invite_row> invitations_waiting_for(const query_results& found, const std::string& server_name,
                                                std::int64_t now_ms);
/// {server: server_row, queue: [event_row], ephemeral: {queued, oldest_ts}, errors: [error_row], returned: [error_row],
/// staged: [staged_in_row], staged_total, rooms: [shared_row], rooms_total, refused: [refused_row], invitations:
/// [invite_row], keys: [key_row], actor, waits_for: [sentence]}
view server(const query_results& found, const arguments& with, std::int64_t now_ms);
/// For what the staged events of these two wait, as far as is known before the store is asked for what they cite.
staged_waits waits_of_room(const query_results& found);
staged_waits waits_of_server(const query_results& found);
/// {invitation: invite_row, server: server_row of the other side, actor, waits_for: [sentence]}
view invitation(const query_results& found, const store::put_invitation& x, std::string_view own_server,
                std::int64_t now_ms);

} // namespace causeway::admin::views
