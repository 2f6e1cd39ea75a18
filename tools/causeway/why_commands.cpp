#include "tools/causeway/why_commands.hpp"

#include "plugin/admin/why_rows.hpp"
#include "tools/causeway/listing.hpp"
#include "tools/causeway/terminal.hpp"
#include "tools/causeway/why_pages.hpp"

namespace causeway::tools {

int explain_event(const broker_request& x) {
  const bool is_limited = x.with.limit != admin::arguments{}.limit; // who says how many wants to see them
  return print_page(x, "why", x.with.all || is_limited ? &why_page_of_all : &why_page);
}

int list_peers(const broker_request& x) {
  return list<admin::peer_row>(x, "edge", "peers",
                               {"role", "peer", "version", "credit_messages", "in_flight", "open_commands", "streams",
                                "lag", "unacknowledged_since_ts", "waits_for"},
                               "Nobody is connected: no chat server and no gateway.");
}

int list_streams(const broker_request& x) {
  return list<admin::stream_row>(
    x, "streams", "streams",
    {"stream", "head", "acked", "lag", "in_flight", "unacknowledged_since_ts", "paused_ms", "peer", "waits_for"},
    "The session has no streams yet.");
}

int show_actor(const broker_request& x) { return print_page(x, "actor.show", &actor_page); }

int trace_actor(const broker_request& x) {
  auto patient = x;
  constexpr std::uint32_t ms_per_s = 1'000;
  // It is answered when it ends, and that is looked at once a second.
  patient.where.answer_timeout_ms += (x.with.seconds + 1) * ms_per_s;
  return print_page(patient, "actor.trace", &trace_page);
}

} // namespace causeway::tools
