#pragma once
#include "messages/fault.hpp"
#include "plugin/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a store is made for. It stands in the store itself, since nothing else outlives a change of the configuration.
namespace causeway::store {

/// Settings that what is stored rests on: ids of rooms and users have the name in them, and a room's notifications are
/// in the stream that the number of streams gives it.
struct identity {
  std::string server_name;
  std::uint32_t streams = 1;
  bool operator==(const identity&) const = default;
};

/// A setting that a used store does not allow to change.
struct identity_conflict {
  std::string key;  ///< of the configuration
  std::string what; ///< sentence that says what to do
};

/// Where `wanted` differs. @param path  of the store, for the sentence
std::vector<identity_conflict> conflicts(const identity& of_store, const identity& wanted, const std::string& path);

/// What the store at `path` is made for, without a lock and without changing it: the broker may be running.
/// Nothing: there is no such file, it cannot be read by this user, it is no store of ours, was not used yet, or is from
/// before this was written down.
std::optional<identity> read_identity(const std::string& path);

namespace sql {

/// Compares only. @returns invalid_param: the store is used, and was made for something else. @throws error
status may_claim(connection& db, const identity& wanted, const std::string& path);

/// Compares, and writes `wanted` down in a store that was not used yet, or does not say what it is made for.
/// @returns invalid_param: the store was made for something else
/// @throws error
status claim(connection& db, const identity& wanted, const std::string& path);

} // namespace sql
} // namespace causeway::store
