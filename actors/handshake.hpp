#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// What joining, knocking and leaving through another server have in common: it gives a template (make_join,
/// make_knock, make_leave) of which nothing is believed but the event's place in the graph. Source: server-server-api,
/// "Joining Rooms", "Knocking upon a room", "Leaving Rooms".
namespace causeway {

/// Makes the membership event of a user of ours from a template and signs it. It has an `origin`, which is not
/// specified any more and which some servers demand.
/// @param content  ours, with its `membership`; what the template has there is only checked to be of the same
/// membership
/// @returns fault peer_bad_answer: the template is not this user's event in this room, or cannot become an event;
/// clock_wrong
result<matrix::event_ptr> sign_from_template(const context& node, const matrix::json::object& shape,
                                             const matrix::room_version_rules& rules, const std::string& room_id,
                                             const std::string& user_id, matrix::json::object content, time_ms now);

/// Whether the homeserver has understood and refused: 4xx with a Matrix errcode, and not "come later". Everything else
/// says nothing about the question: it is asked again, as of a server that cannot be reached.
bool is_refusal(const peer_answer& m);

/// What a server says that does not know the room's version, or has a room of a version that we do not know; the detail
/// names the version.
fault incompatible_version(const peer_answer& m);

/// Why another server did not let us in, by the errcode of its answer.
fault refusal_of(const peer_answer& m);

/// What a user is told when no server let them in: of several refusals the one with the highest rank.
enum class refusal_rank : std::uint8_t {
  room_unknown,  ///< the server does not know the room, or has another reason that stands
  no_answer,     ///< it was not to be reached: the same may succeed later
  of_one_server, ///< another server might not repeat it
  by_rule,       ///< the room's rules forbid it
};
refusal_rank rank_of_refusal(const fault& why);

} // namespace causeway
