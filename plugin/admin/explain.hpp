#pragma once
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Why something is late, in words. Pure: the time is given.
namespace causeway::admin {

/// "3 min", "2 h 5 min", "4 days": for sentences and tables. Under ten seconds with a tenth.
std::string human_duration(std::int64_t milliseconds);

/// `state` of its row (server_row says what each means): paused, backing_off, never_contacted, sending, waiting or
/// healthy. @param invites  whether invitations wait for it
std::string_view state_of(const store::destination_summary& x, bool contacted, bool invites);
/// @param contacted  whether this server has ever answered us (we know keys of it)
/// @param invitations  those that wait for it, see `waits_for_server`
server_row describe(const store::destination_summary& x, bool contacted, std::int64_t now_ms,
                    const std::vector<invite_row>& invitations = {});
/// We do not federate with it. @param why  empty: we do
void exclude(server_row& x, const std::string& why);
invite_row describe(const store::put_invitation& x, std::int64_t now_ms);
room_row describe(const store::room_summary& x);
/// For what a room's staged events wait, where only their number is known.
std::string staged_sentence(std::int64_t staged);
std::string_view name(store::room_phase phase);

/// What the operator can do about a fault as it is logged and stored (`name: detail`); empty for any other text.
std::string advice(std::string_view last_fault);

/// Less than nearly every notification needs: a chat server that gives so little stands still by its own will.
bool is_little_credit(std::int64_t messages, std::int64_t bytes);
/// "1 notification of at most 100 bytes"
std::string credit_in_words(std::int64_t messages, std::int64_t bytes);

/// Whether the other server has still to be told or asked something of it.
bool waits_for_server(const store::put_invitation& x);
/// The server that the other end of an invitation is on.
std::string_view other_side(const store::put_invitation& x);

} // namespace causeway::admin
