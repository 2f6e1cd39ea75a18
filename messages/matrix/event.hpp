#pragma once
#include "messages/matrix/json.hpp"
#include "messages/matrix/membership.hpp"
#include "messages/matrix/room_version.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Persistent data units. Source: server-server-api, "PDUs"; room versions, "Event format".
namespace causeway::matrix {

/// A well-formed PDU, immutable once made. Its signature may or may not have been verified: that is a verdict about it,
/// kept elsewhere.
struct event {
  std::string event_id;
  std::string room_id; ///< for a version 12 create event: derived from its hash
  std::string type;
  std::string sender;
  std::optional<std::string> state_key;
  std::int64_t depth = 0;
  std::int64_t origin_server_ts = 0; ///< milliseconds since 1970, the sender's word
  std::vector<std::string> prev_events;
  std::vector<std::string> auth_events;
  /// The whole event in federation format without `unsigned` (and without `event_id` for versions 3 and later).
  json::object source;
  /// Versions 1 to 10: an identifier has more than 255 bytes, but not more than 255 code points. Such an event has to
  /// be rejected, and kept: others may name it as their parent.
  bool has_oversized_identifier = false;
  /// Of an event that a redaction was applied to (`source` is what it left): the redaction, as far as it is at hand.
  std::shared_ptr<const event> redacted_because;

  const json::object& content() const;
  const room_version_rules& rules() const { return *rules_; }
  bool is_state() const { return state_key.has_value(); }
  bool is_state(std::string_view wanted_type, std::string_view wanted_key = {}) const {
    return state_key && type == wanted_type && *state_key == wanted_key;
  }
  /// `content.membership` of an m.room.member event, else none.
  matrix::membership membership() const;
  /// Target of an m.room.redaction: top level up to version 10, in the content from 11; empty when there is none.
  std::string_view redacts() const;
  /// Federation format as text (canonical JSON), what goes on the wire and into the store.
  std::string to_json() const;

  const room_version_rules* rules_ = nullptr;
};

using event_ptr = std::shared_ptr<const event>;

/// Checks the format of a PDU (receipt check 1) and computes its event id. Does not look at signatures or hashes.
/// `unsigned` is dropped. Bounds: `limits::event_bytes_max`, `identifier_bytes_max`, `prev_events_max`,
/// `auth_events_max` (the last two not with `count_policy::unbounded`, which backfill answers need). For versions 3+ a
/// wrong or foreign `event_id` member is dropped too.
/// @returns faults bad_json, too_large, not_canonical, invalid_identifier; the detail names the field
enum class count_policy : std::uint8_t { bounded, unbounded };
result<event_ptr> make_event(json::object pdu, const room_version_rules& rules,
                             count_policy counts = count_policy::bounded);
/// The same, taking `pdu` over without a copy; where it fails `pdu` keeps all but `unsigned` and a foreign `event_id`.
result<event_ptr> take_event(json::object& pdu, const room_version_rules& rules,
                             count_policy counts = count_policy::bounded);
/// Parses text first. The number policy is that of the room version.
result<event_ptr> parse_event(std::string_view text, const room_version_rules& rules,
                              count_policy counts = count_policy::bounded);

/// Redacted copy of an event in federation format (room versions, "Redactions"). Keeps `signatures` and `hashes`,
/// drops `unsigned`.
json::object redact(const json::object& pdu, const room_version_rules& rules);

/// SHA-256 of the event without unsigned, signatures and hashes; 32 bytes. Source: "Calculating the content hash".
std::string content_hash(const json::object& pdu);
/// Whether `hashes.sha256` equals the content hash (receipt check 3).
bool has_valid_content_hash(const event& x);
/// SHA-256 of the redacted event without signatures and unsigned; 32 bytes. Source: "Calculating the reference hash".
std::string reference_hash(const json::object& pdu, const room_version_rules& rules);
/// The bytes that are signed: canonical JSON of the redacted event without signatures and unsigned.
std::string signed_bytes(const json::object& pdu, const room_version_rules& rules);
/// The redacted form as an event of its own, same event id: what a hash mismatch leaves, what a stranger may see.
event_ptr redacted(const event& x);
/// The same, by a redaction that was found to apply; null: it is not at hand.
event_ptr redacted(const event& x, event_ptr because);
/// The whole of an event that is kept stripped, because the copy that came first did not match its content hash: `copy`
/// with the signatures that were verified. Null when it is not the same event, or does not match the hash either.
/// @pre `kept` is not what an m.room.redaction left: whoever asked for that must not see it again
event_ptr restored(const event& kept, const event& copy);
/// Appends the event as other servers are served it: canonical JSON, a redacted one with `unsigned.redacted_because`,
/// unless the two together were larger than an event may be.
void write_served(std::string& out, const event& x);

/// Receipt checks 2 and 3 need these two; both are written straight from the source, without a copy of it.
struct event_digest {
  bool content_hash_matches = false;
  std::string signed_bytes;
};
event_digest digest(const event& x);

} // namespace causeway::matrix
