#pragma once
#include "tools/causeway/broker_commands.hpp"

/// Commands about what is late and where it is, printed: `why`, `edge`, `streams`, `actor`.
namespace causeway::tools {

/// The cause, the servers, the way of one event.
int explain_event(const broker_request& x);
int list_peers(const broker_request& x);
int list_streams(const broker_request& x);
int show_actor(const broker_request& x);
/// Waits as long as it is traced.
int trace_actor(const broker_request& x);

} // namespace causeway::tools
