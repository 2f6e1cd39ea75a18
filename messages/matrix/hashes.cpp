#include "messages/matrix/base64.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/redaction.hpp"
#include "messages/matrix/sha256.hpp"

namespace causeway::matrix {
namespace {

/// Most events are smaller than this, so the text is written without growing.
constexpr std::size_t usual_event_bytes = 2048;

/// Not part of what is hashed: what the specification names, and three members that Synapse leaves out too.
bool is_hashed(std::string_view key) {
  for (const std::string_view other : {"unsigned", "signatures", "hashes", "age_ts", "outlier", "destinations"})
    if (key == other) return false;
  return true;
}

void write_hashed_part(json::text_writer& out, const json::object& pdu) {
  json::member_writer writer{out};
  for (const auto& [key, mapped] : pdu) {
    if (!is_hashed(key)) continue;
    writer.key(key);
    out.add(mapped);
  }
  writer.end();
}

} // namespace

std::string content_hash(const json::object& pdu) {
  json::text_writer text{usual_event_bytes};
  write_hashed_part(text, pdu);
  return sha256(text.view());
}

bool has_valid_content_hash(const event& x) {
  const auto* hashes = x.source.find("hashes");
  const auto* told = hashes ? hashes->find_string("sha256") : nullptr;
  // Compared as bytes: peers differ in padding.
  return told && base64_decode_as_servers(*told) == content_hash(x.source);
}

std::string signed_bytes(const json::object& pdu, const room_version_rules& rules) {
  json::text_writer text{usual_event_bytes};
  write_signed_part(text, pdu, rules);
  return text.str();
}

std::string reference_hash(const json::object& pdu, const room_version_rules& rules) {
  json::text_writer text{usual_event_bytes};
  write_signed_part(text, pdu, rules);
  return sha256(text.view());
}

event_digest digest(const event& x) {
  return {.content_hash_matches = has_valid_content_hash(x), .signed_bytes = signed_bytes(x.source, x.rules())};
}

} // namespace causeway::matrix
