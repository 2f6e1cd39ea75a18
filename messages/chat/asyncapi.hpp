#pragma once
#include <string>

namespace causeway::chat {

/// The chat contract as an AsyncAPI 3 document (YAML): channels and operations of every command, its RESULT and every
/// event, a JSON Schema of every header and body, and `x-zeromq` with what AsyncAPI has no words for: sockets, frames,
/// verbs. The broker is the application: it receives commands and sends events.
std::string asyncapi();

} // namespace causeway::chat
