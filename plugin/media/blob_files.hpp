#pragma once
#include "plugin/media/blob_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::media {

/// In folders of two levels: `blobs/ab/cd/abcd...`. What is on its way lies in `incoming/`. Every call but `read` of
/// one blob may block on the disk for long.
class blob_files : public blob_store {
public:
  explicit blob_files(std::string directory) : directory_(std::move(directory)) {}
  /// Makes the folders, for this user alone; what others may reach in those that are there is closed to them.
  /// @returns fault store_failed
  status open();
  /// Whether the folders are there. @returns store_failed in words
  status healthy() override;

  std::string path_of(std::string_view hash) const;
  std::string incoming_path(std::string_view name) const;

  status write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) override;
  result<std::uint64_t> incoming_bytes(std::string_view name) override;
  void remove_incoming(std::string_view name) override;
  status sync_incoming(std::string_view name) override;
  /// The incoming file stays as well.
  status place(std::string_view name, std::string_view hash) override;
  void remove(std::string_view hash) override;
  result<std::string> read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) override;
  result<std::string> read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) override;
  status sweep(store::sql::connection& known) override;

private:
  const std::string directory_;
};

} // namespace causeway::media
