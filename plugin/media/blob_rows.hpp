#pragma once
#include "plugin/media/blob_store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace causeway::media {

/// In rows of `chunk_bytes` of a database, numbered within each file. Nothing holds more of a file in memory than one
/// row: of an incoming file that is the last one, which is written when it is full, or synced.
class blob_rows : public blob_store {
public:
  static constexpr std::uint64_t chunk_bytes = 256 * 1024;
  /// Last rows of incoming files that are kept though they are synced, so that the next part need not read them. Those
  /// of fetches that are under way come on top of it.
  static constexpr std::size_t tails_max = 32;

  /// The connections are this one's own, so that who reads does not wait for who writes.
  /// @param known  the database of what is known of files, in which the blobs lie as well; outlives this, and is used
  /// under the lock of whoever has it: by `healthy`, `place`, `remove` and `sweep`
  blob_rows(store::sql::connection& known, std::unique_ptr<store::sql::connection> writes,
            std::unique_ptr<store::sql::connection> reads)
      : known_(known), writes_(std::move(writes)), reads_(std::move(reads)) {}
  /// The table, where it is not there. @pre a transaction that writes. @throws store::sql::error
  static void make_tables(store::sql::connection& db);

  status healthy() override;
  status write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) override;
  result<std::uint64_t> incoming_bytes(std::string_view name) override;
  void remove_incoming(std::string_view name) override;
  status sync_incoming(std::string_view name) override;
  status place(std::string_view name, std::string_view hash) override;
  void remove(std::string_view hash) override;
  result<std::string> read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) override;
  result<std::string> read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) override;
  status sweep(store::sql::connection& known) override;

private:
  /// The last row of an incoming file.
  struct tail {
    std::uint64_t number = 0;
    std::string bytes;
    bool is_written = false;
    std::uint64_t end() const { return number * chunk_bytes + bytes.size(); }
  };

  void put(const std::string& key, tail& last);
  result<tail> cut(const std::string& key, std::uint64_t offset);
  status sync(const std::string& key);

  store::sql::connection& known_;
  std::mutex writing_, reading_; ///< one for each connection
  const std::unique_ptr<store::sql::connection> writes_, reads_;
  std::map<std::string, tail> tails_; ///< by name in the table; under `writing_`
};

} // namespace causeway::media
