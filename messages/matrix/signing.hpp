#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/event.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// ed25519 signatures over canonical JSON. Source: appendices, "Signing JSON"; server-server-api, "Retrieving server
/// keys".
namespace causeway::matrix {

/// Our signing key. The secret never leaves this class; there is no way to print it.
class signing_key {
public:
  /// From 32 bytes of seed (randomness comes in from outside) and a key id such as "ed25519:a1b2".
  static result<signing_key> from_seed(std::string_view seed, std::string key_id);
  /// Key id derived from the public key: "ed25519:" and its first 6 base64url-safe characters restricted to
  /// [a-zA-Z0-9_].
  static result<signing_key> from_seed(std::string_view seed);
  signing_key(const signing_key&) = default;
  signing_key& operator=(const signing_key&) = default;
  /// Wipes the secret from memory.
  ~signing_key();

  const std::string& key_id() const { return key_id_; }
  /// Unpadded base64 of the 32 bytes.
  const std::string& public_key_base64() const { return public_base64_; }
  /// Signature of `message`, unpadded base64. About 25 us.
  std::string sign(std::string_view message) const;

private:
  signing_key() = default;
  std::string key_id_, public_base64_;
  std::array<unsigned char, 64> secret_{};
};

/// Whether `text` is base64 of 32 bytes.
bool is_verify_key(std::string_view text);
/// Verifies one ed25519 signature; both arguments base64. About 60 us. False for malformed input.
bool verify_signature(std::string_view public_key_base64, std::string_view signature_base64, std::string_view message);

/// Adds `signatures[server_name][key_id]` over the object without signatures and unsigned.
void sign_json(json::object& x, std::string_view server_name, const signing_key& key);
/// Puts a signature made elsewhere into `signatures[server_name][key_id]`, beside those that are there.
void set_signature(json::object& x, std::string_view server_name, std::string_view key_id, std::string signature);
/// Whether `signatures[server_name][key_id]` verifies with `public_key_base64`.
bool verify_json(const json::object& x, std::string_view server_name, std::string_view key_id,
                 std::string_view public_key_base64);

/// Completes an event we author: adds `hashes` and our signature and computes its id. In versions 1 and 2, where the id
/// is given, it is made from the content hash when missing, and plain ids in `prev_events` and `auth_events` become
/// pairs.
/// @param pdu  type, room_id (not for a version 12 create), sender, content, depth, origin_server_ts, prev_events,
/// auth_events [, state_key, redacts]
/// @returns faults as `make_event`; too_large also for identifiers over 255 bytes in versions that only reject those
result<event_ptr> hash_and_sign(json::object pdu, const room_version_rules& rules, std::string_view server_name,
                                const signing_key& key);
/// Our signature added to somebody else's event (invite, restricted join); same event id.
event_ptr add_signature(const event& x, std::string_view server_name, const signing_key& key);

/// A public key that a key id stood for before its server put another one under the same id (it was installed anew). It
/// stays good for the events it signed, and for nothing else.
struct replaced_key {
  std::string public_key_base64;
  std::int64_t valid_until_ts = 0; ///< good for events with `origin_server_ts` up to here
  bool operator==(const replaced_key&) const = default;

  static void fields(auto& f, auto& x) {
    f.required("public_key_base64", x.public_key_base64);
    f.required("valid_until_ts", x.valid_until_ts);
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replaced_key& x) {
  return f(x.public_key_base64, x.valid_until_ts);
}
/// Replaced keys kept of one key id; the one that was replaced first goes first.
inline constexpr std::size_t replaced_keys_max = 4;

/// One key of a server as told by itself or by a notary.
struct verify_key {
  std::string public_key_base64;
  /// The key is good for events with `origin_server_ts` up to here and, if current, for requests while now <= this.
  std::int64_t valid_until_ts = 0;
  bool is_old = false;                     ///< from old_verify_keys: never for requests
  std::vector<replaced_key> replaced = {}; ///< under the same id, the latest last; nearly always none
  bool operator==(const verify_key&) const = default;

  static void fields(auto& f, auto& x) {
    f.required("public_key_base64", x.public_key_base64);
    f.required("valid_until_ts", x.valid_until_ts);
    f.optional("is_old", x.is_old);
    f.optional("replaced", x.replaced);
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, verify_key& x) {
  return f(x.public_key_base64, x.valid_until_ts, x.is_old, x.replaced);
}
/// key id -> key
using verify_keys = std::map<std::string, verify_key, std::less<>>;

/// Checks an answer of /key/v2/server or one entry of a notary's: name, shape, self-signatures. A current key that did
/// not sign the answer is left out, an invalid signature by a current key or no valid one at all is a fault. A
/// malformed old key is left out. `valid_until_ts` is cut to now + 7 days. At most `limits::server_keys_max` keys,
/// current and old.
/// @returns faults bad_json, too_large, bad_signature
result<verify_keys> check_server_keys(const json::object& answer, std::string_view server_name, std::int64_t now_ms);
/// Who tells keys: the server itself just now, or somebody who passes on what it said at some time.
enum class key_source : std::uint8_t { itself, notary };
/// Adds `more` to `known`. For the same key id the later `valid_until_ts` wins, but a key once retired stays retired,
/// with the time at which its server retired it. Where `more` has another public key under a known id, the server's own
/// word replaces the known one, a notary's only where it is the later one; the one that is replaced stays good for
/// events up to `now_ms`.
/// @returns ids whose public key is another one now
std::vector<std::string> merge_keys(verify_keys& known, const verify_keys& more, std::int64_t now_ms = 0,
                                    key_source told_by = key_source::notary);
/// Our own answer to /key/v2/server, signed.
struct old_signing_key {
  std::string key_id, public_key_base64;
  std::int64_t expired_ts = 0;
};
json::object server_keys_document(std::string_view server_name, const signing_key& key,
                                  const std::vector<old_signing_key>& old_keys, std::int64_t valid_until_ts);

/// The form in which an event is kept: as it came, or what a redaction leaves of it, because its content hash does not
/// match.
enum class kept_as : std::uint8_t { whole, redacted };
/// Which servers must have signed `x` (receipt check 2), each once: the sender's; the event id's for versions 1-2; for
/// a join that of join_authorised_via_users_server where the version has restricted joins. An invite with an object
/// `third_party_invite.signed` excuses the sender's server, if that object is still there in the form that is kept: up
/// to version 10 a redaction removes it. The sender's server is never excused by its own node, see `check_event`.
std::vector<std::string> required_signers(const event& x, kept_as kept);
/// Checks the signatures of one server on an event whose `signed_bytes` are given: at least one valid with a known key
/// fit for `origin_server_ts` (versions 5+), none invalid among those keys. Of a key id that stood for several keys any
/// of them will do. `unknown_key`: there are signatures, all by keys that are unknown or not known to be fit: ask for
/// keys with `minimum_valid_until_ts` = `origin_server_ts`.
enum class signature_verdict : std::uint8_t { valid, invalid, missing, unknown_key };
signature_verdict check_event_signature(const event& x, std::string_view signed_bytes, std::string_view server_name,
                                        const verify_keys& keys);

} // namespace causeway::matrix
