#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

namespace causeway::edge {

/// A chat server's HELLO as a node that stands by passes it on. The node that serves sees the key of the node that
/// passes on and not that of the chat server, so what it would check of the latter is checked here: with CURVE, HELLO
/// names the key's owner or nobody, and leaves with the owner's name. All other keys stay, also those that this version
/// does not know.
/// @returns role_denied; with CURVE also what is wrong with the header
result<frame> greeting_of(const connection& from, frame hello);

} // namespace causeway::edge
