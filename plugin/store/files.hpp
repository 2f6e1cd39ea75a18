#pragma once
#include "messages/fault.hpp"
#include "plugin/private_files.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// The files of a store: who may read them and who has them open.
namespace causeway::store {

/// Holds `<path>-lock` for this process; the kernel lets go when the process ends, however it ends.
/// @returns store_failed naming the process that has it
result<descriptor> lock_store(const std::string& path);

/// Creates `path` with mode 0600, or takes others' access to an existing file away; the same with the files SQLite
/// keeps beside it.
/// @returns store_failed when it is no regular file or belongs to another user
status make_private_store(const std::string& path);

/// Makes `from` appear as `to` in one step that survives a power cut.
status publish_file(const std::string& from, const std::string& to);

} // namespace causeway::store
