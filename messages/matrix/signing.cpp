#include "messages/matrix/signing.hpp"

#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_text_writer.hpp"

#include <sodium.h>

#include <stdexcept>

namespace causeway::matrix {
namespace {

void init_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium does not start");
}

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Canonical JSON of `x` without `signatures` and `unsigned`.
std::string signed_text(const json::object& x) {
  json::text_writer text;
  json::member_writer writer{text};
  for (const auto& [key, mapped] : x) {
    if (key == "signatures" || key == "unsigned") continue;
    writer.key(key);
    text.add(mapped);
  }
  writer.end();
  return text.str();
}

} // namespace

signing_key::~signing_key() { sodium_memzero(secret_.data(), secret_.size()); }

result<signing_key> signing_key::from_seed(std::string_view seed, std::string key_id) {
  if (!is_signing_key_id(key_id)) return {fault_code::invalid_param, "key id: not ed25519:[a-zA-Z0-9_]+"};
  auto made = from_seed(seed);
  if (made) made->key_id_ = std::move(key_id);
  return made;
}

result<signing_key> signing_key::from_seed(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) return {fault_code::invalid_param, "seed: not 32 bytes"};
  init_sodium();
  signing_key made;
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(public_key.data()), made.secret_.data(), as_bytes(seed));
  made.public_base64_ = base64_encode(public_key);
  made.key_id_ = "ed25519:";
  constexpr std::size_t id_characters = 6;
  for (char x : base64url_encode(public_key))
    if (x != '-' && made.key_id_.size() < std::string_view{"ed25519:"}.size() + id_characters) made.key_id_ += x;
  return made;
}

std::string signing_key::sign(std::string_view message) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, as_bytes(message), message.size(),
                       secret_.data());
  return base64_encode(signature);
}

bool is_verify_key(std::string_view text) {
  const auto key = base64_decode_as_servers(text);
  return key && key->size() == crypto_sign_PUBLICKEYBYTES;
}

bool verify_signature(std::string_view public_key_base64, std::string_view signature_base64, std::string_view message) {
  init_sodium();
  const auto key = base64_decode_as_servers(public_key_base64);
  const auto signature = base64_decode_as_servers(signature_base64);
  return key && key->size() == crypto_sign_PUBLICKEYBYTES && signature && signature->size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(as_bytes(*signature), as_bytes(message), message.size(), as_bytes(*key)) == 0;
}

void set_signature(json::object& x, std::string_view server_name, std::string_view key_id, std::string signature) {
  auto* signatures = x.find("signatures");
  if (!signatures || !signatures->as_object()) signatures = &x.set("signatures", json::object{});
  auto* of_server = signatures->as_object()->find(server_name);
  if (!of_server || !of_server->as_object()) of_server = &signatures->as_object()->set(server_name, json::object{});
  of_server->as_object()->set(key_id, std::move(signature));
}

void sign_json(json::object& x, std::string_view server_name, const signing_key& key) {
  set_signature(x, server_name, key.key_id(), key.sign(signed_text(x)));
}

bool verify_json(const json::object& x, std::string_view server_name, std::string_view key_id,
                 std::string_view public_key_base64) {
  const auto* signatures = x.find("signatures");
  const auto* of_server = signatures ? signatures->find(server_name) : nullptr;
  const auto* signature = of_server ? of_server->find_string(key_id) : nullptr;
  return signature && verify_signature(public_key_base64, *signature, signed_text(x));
}

} // namespace causeway::matrix
