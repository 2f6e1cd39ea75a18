#pragma once
#include "tools/causeway/broker_request.hpp"

namespace causeway::tools {

/// The live view in a terminal (`causeway top`), until somebody leaves it. Needs a terminal. @returns the exit code
int run_top(const broker_request& x);

} // namespace causeway::tools
