#pragma once
#include "config/federation_options.hpp"
#include "messages/federation_switches.hpp"

#include <string>
#include <vector>

namespace causeway::config {

/// The options with what the chat server has set in place of those of the same meaning.
federation_options switched(federation_options from, const federation_switches& over);

/// Keys of the options that the chat server has set otherwise than the configuration: these have no effect.
std::vector<std::string> overruled(const federation_options& configured, const federation_switches& over);

} // namespace causeway::config
