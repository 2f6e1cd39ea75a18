#pragma once
#include "tools/causeway/broker_request.hpp"

#include <functional>

namespace causeway::tools {

/// Prints once; with `--watch` again and again until SIGINT or SIGTERM, which end it with 0: on a terminal in place,
/// else one below the other with the time in front (JSON: one line each, nothing else). An answer that fails ends it
/// only when it is the first: a broker that is started anew is watched on.
int watch(const broker_request& x, const std::function<printed()>& print);

} // namespace causeway::tools
