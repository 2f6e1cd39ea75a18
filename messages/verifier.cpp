#include "messages/verifier.hpp"

namespace causeway {

event_check check_event(const matrix::event& x, const key_ring& keys) {
  const auto d = matrix::digest(x);
  for (const auto& server : matrix::required_signers(x)) {
    static const matrix::verify_keys none;
    auto it = keys.find(server);
    switch (matrix::check_event_signature(x, d.signed_bytes, server, it == keys.end() || !it->second ? none : *it->second)) {
      case matrix::signature_verdict::valid: break;
      case matrix::signature_verdict::invalid: return event_check::bad_signature;
      case matrix::signature_verdict::missing: return event_check::missing_signature;
      case matrix::signature_verdict::unknown_key: return event_check::no_key;
    }
  }
  return d.content_hash_matches ? event_check::valid : event_check::bad_hash;
}

} // namespace causeway
