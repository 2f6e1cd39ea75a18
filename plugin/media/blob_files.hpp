#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::media {

/// Files by their SHA-256, in folders of two levels: `blobs/ab/cd/abcd...`. A blob is complete from the moment it has
/// its name. What is on its way in lies in `incoming/`. Safe for threads; every call but `read` of one blob may block
/// on the disk for long.
class blob_files {
public:
  explicit blob_files(std::string directory) : directory_(std::move(directory)) {}
  /// Makes the folders, for this user alone; what others may reach in those that are there is closed to them.
  /// @returns fault store_failed
  status open();
  /// Whether the folders are there. @returns store_failed in words
  status healthy() const;

  /// 64 lower case hexadecimal digits.
  static bool is_hash(std::string_view text);
  std::string path_of(std::string_view hash) const;
  std::string incoming_path(std::string_view name) const;

  /// Writes at `offset` of an incoming file, which is made where it is not there, and throws away what lay behind.
  status write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) const;
  /// 0: there is no such file.
  std::uint64_t incoming_bytes(std::string_view name) const;
  void remove_incoming(std::string_view name) const;
  /// Bytes of an incoming file that were written are on disk afterwards.
  status sync_incoming(std::string_view name) const;
  /// SHA-256 of an incoming file.
  result<std::string> hash_incoming(std::string_view name) const;
  /// Gives an incoming file its name for good; it keeps the other one, too. Harmless where the blob is there.
  status place(std::string_view name, std::string_view hash) const;

  void remove(std::string_view hash) const;
  /// @returns up to `bytes` bytes, fewer at the end; fault not_found
  result<std::string> read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) const;
  result<std::string> read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) const;

private:
  const std::string directory_;
};

} // namespace causeway::media
