#pragma once
#include "messages/matrix/json.hpp"
#include "messages/matrix/room_version.hpp"

#include <string>

namespace causeway::room {

/// An id for the answer to PUT /send even where the PDU has no form; empty where it has none.
std::string id_for_answer(const matrix::json::object& pdu, const matrix::room_version_rules& rules);

} // namespace causeway::room
