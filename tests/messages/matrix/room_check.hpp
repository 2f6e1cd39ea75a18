#pragma once
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Rooms with known verdicts (tests/rooms): the raw events go through parsing, signatures, both authorisation checks
/// and state resolution, and everything they come to is compared with the file. Used by the tests and by
/// tools/verify-rooms.
namespace causeway::test {

struct room_report {
  std::size_t events = 0;
  std::vector<std::string> wrong; ///< one sentence per difference
};

/// Reads JSON from a file, gzip-compressed or plain. Nothing when it cannot be read or is no JSON object.
std::optional<matrix::json::object> read_json(const std::filesystem::path& file);

/// @param file   content of a room file
/// @param order  "causal", "causal2" or "shuffled"
room_report check_room(const matrix::json::object& file, std::string_view order);
/// All three orders; `events` counts each event once.
room_report check_room(const std::filesystem::path& file);

} // namespace causeway::test
