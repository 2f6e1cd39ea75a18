#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// With which key the events of a store are signed. It stands in the store itself: a key file that was replaced says nothing of the former one.
namespace causeway::store {

struct public_key {
  std::string key_id, base64;
  bool operator==(const public_key&) const = default;
};

/// What the store at `path` says of itself. For ":memory:" it was never used.
struct key_use {
  std::optional<public_key>
    signed_with; ///< the key in use at the last start; nothing: never started, or by a version that did not write it down
  bool is_used = false; ///< somebody of this server is known, or a room
};

/// @pre nobody writes meanwhile: `open_sqlite` has returned, the store's thread has not begun
/// @returns store_failed
result<key_use> read_key_use(const std::string& path);

/// Notes the key for the next start. @pre as above
/// @returns store_failed
status write_key_use(const std::string& path, const public_key& now);

/// Whether a store may go on with `now`: the same key, or one whose file names the former key among the old ones, or any where nothing rests on it.
/// @param former    keys the key file publishes as old ones
/// @param key_file  for the sentence
/// @param now_ms    milliseconds since 1970, for the sentence
/// @returns forbidden with the way out
status may_sign_with(const key_use& use, const public_key& now, const std::vector<public_key>& former,
                     const std::string& key_file, std::int64_t now_ms);

} // namespace causeway::store
