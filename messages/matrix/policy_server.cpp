#include "messages/matrix/policy_server.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/signing.hpp"

#include <memory>

namespace causeway::matrix {
namespace {

/// 64 bytes in unpadded base64, with slack for padding.
constexpr std::size_t signature_bytes_max = 128;

} // namespace

std::optional<policy_server> policy_server_of(const event& x) {
  if (!x.is_state("m.room.policy")) return std::nullopt;
  const auto* via = x.content().find("via");
  const auto* keys = x.content().find("public_keys");
  const auto* key = keys ? keys->find_string("ed25519") : nullptr;
  if (!via || !via->as_string() || !is_server_name(*via->as_string()) || !key) return std::nullopt;
  return policy_server{*via->as_string(), *key};
}

bool needs_policy_signature(std::string_view type, const std::optional<std::string>& state_key) {
  return type != "m.room.policy" || !state_key || !state_key->empty();
}

bool has_policy_signature(const event& x, const policy_server& by) {
  const auto* signatures = x.source.find("signatures");
  const auto* of_server = signatures ? signatures->find(by.via) : nullptr;
  const auto* signature = of_server ? of_server->find_string(policy_server_key_id) : nullptr;
  return signature && verify_signature(by.public_key_base64, *signature, signed_bytes(x.source, x.rules()));
}

result<event_ptr> with_policy_signature(const event& x, const policy_server& by, std::string_view answer) {
  const auto body = json::parse(answer);
  const auto* of_server = body ? body->find(by.via) : nullptr;
  const auto* signature = of_server ? of_server->find_string(policy_server_key_id) : nullptr;
  if (!signature || signature->size() > signature_bytes_max)
    return {fault_code::peer_bad_answer, "the answer has no signature of " + by.via};
  auto made = std::make_shared<event>(x);
  set_signature(made->source, by.via, policy_server_key_id, *signature);
  if (!has_policy_signature(*made, by))
    return {fault_code::bad_signature, "the signature of " + by.via + " does not match the key in the room's state"};
  if (made->to_json().size() > limits::event_bytes_max) return {fault_code::too_large, "no room for another signature"};
  return event_ptr{std::move(made)};
}

} // namespace causeway::matrix
