#pragma once
#include "config/store_options.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// With which key the events of a store are signed. It stands in the store itself: a key file that was replaced says
/// nothing of the former one.
namespace causeway::store {

struct public_key {
  std::string key_id, base64;
  bool operator==(const public_key&) const = default;
};

/// What a store says of itself. For ":memory:" it was never used.
struct key_use {
  /// The key in use at the last start; nothing: never started, or by a version that did not write it down.
  std::optional<public_key> signed_with;
  bool is_used = false; ///< somebody of this server is known, or a room
};

/// @pre nobody writes meanwhile: `open_store` has returned, the store's thread has not begun
/// @returns store_failed
result<key_use> read_key_use(const config::store_options& options);

/// Notes the key for the next start. @pre as above
/// @returns store_failed
status write_key_use(const config::store_options& options, const public_key& now);

/// Whether a store may go on with `now`: the same key, or one whose file names the former key among the old ones, or
/// any where nothing rests on it.
/// @param former    keys the key file publishes as old ones
/// @param key_file  for the sentence
/// @param now_ms    milliseconds since 1970, for the sentence
/// @returns forbidden with the way out
status may_sign_with(const key_use& use, const public_key& now, const std::vector<public_key>& former,
                     const std::string& key_file, std::int64_t now_ms);

} // namespace causeway::store
