#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

/// The files of a broker, copied: into a backup, and out of one.
namespace causeway::tools {

/// store_failed: what and why.
fault copy_failed(const std::filesystem::path& what, const std::error_code& why);

/// An SQLite database as it is at one moment, whoever writes meanwhile. The copy is one file, which can be read where
/// nobody may write.
/// @returns not_found, store_failed
status copy_database_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Whether all pages of an SQLite database are what they should be. @returns store_failed: the first that is not
status check_database_file(const std::filesystem::path& file);

struct copied_files {
  std::uint64_t files = 0, bytes = 0;
};

/// Blobs never change once they have their name. One that is thrown away meanwhile was another server's. None where
/// `from` is not there. @returns store_failed
result<copied_files> copy_blobs(const std::filesystem::path& from, const std::filesystem::path& to);

/// What a copy of a store in PostgreSQL does not hold and has to be kept with it, as the second half of a sentence.
std::string beside_database(const config::options& x);

/// All that was written to the file system of `folder` is on disk when this returns. @returns store_failed
status sync_folder(const std::filesystem::path& folder);

} // namespace causeway::tools
