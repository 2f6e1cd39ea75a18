#include "messages/verifier.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway {
namespace {

void add_once(std::vector<std::string>& servers, std::string_view server) {
  if (std::find(servers.begin(), servers.end(), server) == servers.end()) servers.emplace_back(server);
}

} // namespace

std::vector<std::string> possible_signers(const matrix::event& x) {
  auto servers = matrix::required_signers(x, matrix::kept_as::redacted);
  add_once(servers, matrix::server_name_of(x.sender));
  return servers;
}

event_check check_event(const matrix::event& x, const key_ring& keys, std::string_view own_name) {
  const auto d = matrix::digest(x);
  auto signers =
    matrix::required_signers(x, d.content_hash_matches ? matrix::kept_as::whole : matrix::kept_as::redacted);
  if (matrix::server_name_of(x.sender) == own_name) add_once(signers, own_name);
  for (const auto& server : signers) {
    static const matrix::verify_keys none;
    auto it = keys.find(server);
    switch (
      matrix::check_event_signature(x, d.signed_bytes, server, it == keys.end() || !it->second ? none : *it->second)) {
    case matrix::signature_verdict::valid: break;
    case matrix::signature_verdict::invalid: return event_check::bad_signature;
    case matrix::signature_verdict::missing: return event_check::missing_signature;
    case matrix::signature_verdict::unknown_key: return event_check::no_key;
    }
  }
  return d.content_hash_matches ? event_check::valid : event_check::bad_hash;
}

} // namespace causeway
