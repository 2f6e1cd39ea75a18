#include "messages/matrix/event.hpp"
#include "messages/matrix/room_version.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;
using causeway::fuzz::must;

/// In every room version: an event keeps its id through text and redaction, and neither grows without bound.
FUZZ_TARGET(pdu) {
  for (const auto& rules : room_versions()) {
    const auto x = parse_event(input, rules);
    if (!x) continue;
    const auto text = (*x)->to_json();
    const auto again = parse_event(text, rules);
    must(static_cast<bool>(again), "an accepted event is accepted from its own text");
    must((*again)->event_id == (*x)->event_id, "and has the same id");
    const auto bare = redacted(**x);
    must(bare->event_id == (*x)->event_id, "a redacted event keeps its id");
    must(redacted(*bare)->to_json() == bare->to_json(), "redacting twice changes nothing more");
    const auto both = digest(**x);
    must(both.signed_bytes == signed_bytes((*x)->source, rules), "the bytes to sign are those of the digest");
    must(both.content_hash_matches == has_valid_content_hash(**x), "the content hash is that of the digest");
    must(digest(*bare).signed_bytes == both.signed_bytes, "a signature outlives redaction");
  }
}
