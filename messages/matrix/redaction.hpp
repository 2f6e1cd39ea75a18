#pragma once
#include "messages/matrix/json_text_writer.hpp"
#include "messages/matrix/room_version.hpp"

namespace causeway::matrix {

/// Appends the canonical JSON of the redacted `pdu` without `signatures` and `unsigned`: what is signed and what the
/// reference hash is taken of. Equal to redacting, erasing and writing, without the copies.
void write_signed_part(json::text_writer& out, const json::object& pdu, const room_version_rules& rules);

} // namespace causeway::matrix
