#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/signing.hpp"

#include <algorithm>

namespace causeway::matrix {
namespace {

/// Versions 1 and 2 name events as pairs of id and hashes. The hashes are left empty: no server reads them.
void make_pairs(json::object& pdu, std::string_view key) {
  auto* x = pdu.find(key);
  auto* items = x ? x->as_array() : nullptr;
  if (!items) return;
  for (auto& item : *items)
    if (item.as_string()) item = json::value{json::array{std::move(item), json::object{}}};
}

/// What a signature by a key id that is known says. Where the id stood for other keys before, the event may be from
/// their time.
signature_verdict check_with_key(const event& x, std::string_view signed_bytes, std::string_view signature,
                                 const verify_key& known) {
  auto verdict = signature_verdict::unknown_key;
  const auto matches = [&](std::string_view public_key, std::int64_t valid_until_ts) {
    if (x.rules().enforce_key_validity && x.origin_server_ts > valid_until_ts) return false;
    verdict = signature_verdict::invalid;
    return verify_signature(public_key, signature, signed_bytes);
  };
  if (matches(known.public_key_base64, known.valid_until_ts)) return signature_verdict::valid;
  for (const auto& former : known.replaced)
    if (matches(former.public_key_base64, former.valid_until_ts)) return signature_verdict::valid;
  return verdict;
}

/// An invite that redeems a token of an identity server: the signatures of `signed` stand for the sender's (auth rule
/// 5.4.1).
bool is_third_party_invite(const event& x) {
  const auto* invite = x.membership() == membership::invite ? x.content().find("third_party_invite") : nullptr;
  return invite && invite->find_object("signed");
}

} // namespace

result<event_ptr> hash_and_sign(json::object pdu, const room_version_rules& rules, std::string_view server_name,
                                const signing_key& key) {
  pdu.erase("unsigned");
  pdu.erase("signatures");
  pdu.erase("hashes");
  if (rules.event_ids == event_id_format::given) {
    make_pairs(pdu, "prev_events");
    make_pairs(pdu, "auth_events");
    if (!pdu.contains("event_id"))
      pdu.set("event_id", '$' + base64url_encode(content_hash(pdu)) + ':' + std::string{server_name});
  } else {
    pdu.erase("event_id");
  }
  pdu.set("hashes", json::object{{"sha256", base64_encode(content_hash(pdu))}});
  set_signature(pdu, server_name, key.key_id(), key.sign(signed_bytes(pdu, rules)));
  // A copy: what grew member by member has room for more, a third of its memory. The event may stay for as long as the
  // room.
  auto made = make_event(pdu, rules);
  if (made && (*made)->has_oversized_identifier) return {fault_code::too_large, "an identifier has over 255 bytes"};
  return made;
}

event_ptr add_signature(const event& x, std::string_view server_name, const signing_key& key) {
  auto made = std::make_shared<event>(x);
  set_signature(made->source, server_name, key.key_id(), key.sign(signed_bytes(x.source, x.rules())));
  return made;
}

std::vector<std::string> required_signers(const event& x, kept_as kept) {
  std::vector<std::string> signers;
  const auto add = [&](std::string_view server) {
    if (std::find(signers.begin(), signers.end(), server) == signers.end()) signers.emplace_back(server);
  };
  // What a redaction takes away excuses nobody: without it the event is an ordinary invite with the sender's power.
  const bool excused = is_third_party_invite(x) && (kept == kept_as::whole || x.rules().redaction_updated);
  if (!excused) add(server_name_of(x.sender));
  if (x.rules().event_ids == event_id_format::given) add(server_name_of(x.event_id));
  if (x.rules().restricted_join && x.membership() == membership::join) {
    const auto* authoriser = x.content().find("join_authorised_via_users_server");
    if (authoriser && authoriser->as_string()) add(server_name_of(*authoriser->as_string()));
  }
  return signers;
}

signature_verdict check_event_signature(const event& x, std::string_view signed_bytes, std::string_view server_name,
                                        const verify_keys& keys) {
  const auto* signatures = x.source.find("signatures");
  const auto* of_server = signatures ? signatures->find(server_name) : nullptr;
  if (!of_server || !of_server->as_object()) return signature_verdict::missing;
  auto verdict = signature_verdict::missing;
  for (const auto& [key_id, signature] : *of_server->as_object()) {
    // Other algorithms, and the `ed25519:policy_server` of a policy server that is nobody's signing key, simply have no
    // key.
    if (!is_verify_key_id(key_id) || !signature.as_string()) continue;
    const auto known = keys.find(key_id);
    const auto one = known == keys.end() ? signature_verdict::unknown_key
                                         : check_with_key(x, signed_bytes, *signature.as_string(), known->second);
    if (one == signature_verdict::invalid) return one;
    if (one == signature_verdict::valid) verdict = one;
    else if (verdict == signature_verdict::missing) verdict = one;
  }
  return verdict;
}

} // namespace causeway::matrix
