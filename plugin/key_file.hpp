#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/signing.hpp"
#include "plugin/private_files.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The signing key on disk. Its file holds one line `ed25519 <id> <base64 seed>`, as Synapse's does, so a key can be
/// moved between the two. Blank lines and lines that begin with # are skipped.
namespace causeway {

/// The signing key in `path`.
/// @returns as `read_secret_file`; invalid_param when the content is not one key
result<matrix::signing_key> read_key_file(const std::string& path);

/// Makes a new key from the system's random numbers; its id is derived from the public key, so two keys share no id.
/// @returns as `write_secret_file`
result<matrix::signing_key> create_key_file(const std::string& path);

/// Puts a new key into `path`, in one step. The one that was there becomes an old key, expired at `now_ms`, of which
/// only the public half is kept.
/// @pre nobody signs with the old key any more: the broker is not running
/// @returns as `read_key_file` and `write_secret_file`
result<matrix::signing_key> rotate_key_file(const std::string& path, std::int64_t now_ms);

/// For the start: the key in `path`, made when there is no such file and `may_create` (a store that already holds
/// events must not get a new key unasked).
result<matrix::signing_key> load_key_file(const std::string& path, bool may_create);

/// The keys this server signed with in former times: lines `old_ed25519 <id> <base64 public key> <expired_ts>` of the
/// key file. They are published as `old_verify_keys`, so that others can still check what was signed with them.
result<std::vector<matrix::old_signing_key>> parse_old_keys(std::string_view text);
result<std::vector<matrix::old_signing_key>> read_old_keys(const std::string& path);

/// The signing key in the text of a key file.
result<matrix::signing_key> parse_key_file(std::string_view text);

} // namespace causeway
