#pragma once
#include "plugin/admin/scatter_gather.hpp"
#include "plugin/admin/why.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The facts of `why`, made of what was gathered. Pure.
namespace causeway::admin::why {

/// Parts of the query_results, as verbs/events.cpp asks for them.
namespace part {
inline constexpr const char *event = "event", *staged = "staged", *message = "message", *owed = "owed",
                            *notification = "notification", *parents = "parents", *rooms = "rooms",
                            *transaction = "transaction", *destinations = "destinations";
inline std::string keys_of(const std::string& server) { return "keys of " + server; }
} // namespace part

/// Who it is: from the parts `event` and `staged`. @returns false when neither knows the event
bool take_event(facts& to, const query_results& found, std::string_view own_server);
/// From the part `message`.
void take_message(facts& to, const query_results& found);
/// From the parts `owed`, and the hops, which are there already.
void take_servers(facts& to, const query_results& found);
/// From the part `notification`, and the session's status.
void take_notification(facts& to, const query_results& found);
/// Parked ones among the actors that the event still needs: its room, the session, servers it is owed to.
/// @pre `take_servers` and `take_notification`
void take_actors(facts& to, const query_results& found);
/// All parked rooms, or this one: what came for them is not stored, and an event that nobody knows may be among it.
/// @returns false when there is none
bool take_parked_rooms(facts& to, const query_results& found, std::string_view room_id);
/// The event is stored and cannot be read, by the part `event`; with the parked rooms that failed of it. @returns
/// false when that is not so
bool take_damage(facts& to, const query_results& found, std::string_view event_id);
/// Whether a text can be the id of an event: `$` and 43 characters of base64, or `$opaque:server` of room versions 1
/// and 2.
bool may_be_event_id(std::string_view text);
/// Ids that a PDU cites (`prev_events`, `auth_events`), each once; bounded.
std::vector<std::string> cited_by(const matrix::json::value& pdu);
/// Ids that the staged event cites, each once.
std::vector<std::string> cited(const query_results& found);
/// Those of `cited` that the part `parents` does not know, and what the room's status says about the event.
void take_waiting(facts& to, const query_results& found, const std::vector<std::string>& cited);
/// Staged events that cite this one, by the part `staged`. @returns false when there is none
bool take_citing(facts& to, const query_results& found, const std::string& event_id);
/// Servers whose signature on the staged event counts.
std::vector<event_signer> signers(const query_results& found);
/// Whose key is missing, by the parts `keys_of` of these.
void take_signer(facts& to, const std::vector<event_signer>& signers, const query_results& found);
/// What is known of the keys of that server, by its part `keys_of` and the status of its actor.
void take_keys(facts& to, const query_results& found, const std::string& server);
/// Who it is, where only its hops are known: it was neither stored nor staged yet. @returns false where there are none
bool take_event_of_hops(facts& to, std::string_view event_id);
/// Fills in what each hop says of the one before it. The first half and the last of more than `limit` stay.
void take_hops(facts& to, std::vector<hop_row> hops, std::size_t limit, std::string_view node);

/// What a received event has waited for last, by its hops: waiting_for_keys, waiting_for_parents, or nothing of that.
std::string last_wait(const std::vector<hop_row>& hops);

/// Events that a transaction held, by the parts `transaction` (one that we received) and `destinations` (one of ours
/// that is under way).
std::vector<std::string> events_of_transaction(const query_results& found, std::string_view id);

} // namespace causeway::admin::why
