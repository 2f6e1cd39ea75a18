#pragma once
#include "messages/fault.hpp"
#include "plugin/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::media {

/// Files by their SHA-256, without what is known of them. A blob is complete from the moment it has its name; what is
/// on its way is an incoming file. Two engines keep the same promises: a folder (blob_files), and tables of the store's
/// database (blob_rows). Safe for threads; every call may block for long.
class blob_store {
public:
  virtual ~blob_store() = default;
  /// 64 lower case hexadecimal digits.
  static bool is_hash(std::string_view text);

  /// Whether what is written now is found again. @returns store_failed in words
  virtual status healthy() = 0;

  /// Writes at `offset` of an incoming file, which is made where it is not there, and throws away what lay behind.
  /// @pre the bytes before `offset` are there. @returns store_failed
  virtual status write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) = 0;
  /// 0: there is no such file, or an empty one. @returns store_failed
  virtual result<std::uint64_t> incoming_bytes(std::string_view name) = 0;
  /// Where it fails the file is swept at the next start.
  virtual void remove_incoming(std::string_view name) = 0;
  /// Bytes of an incoming file that were written are on disk afterwards. @returns store_failed
  virtual status sync_incoming(std::string_view name) = 0;
  /// SHA-256 of an incoming file. @returns faults not_found, store_failed
  result<std::string> hash_incoming(std::string_view name);
  /// Gives an incoming file its name for good; whether the other one stays is not told. Harmless where the blob is
  /// there. Part of the transaction of the database of what is known, where the blobs lie in it as well.
  /// @pre that transaction writes, and the file was synced. @returns store_failed
  virtual status place(std::string_view name, std::string_view hash) = 0;

  /// Where it fails the blob is a stranger. @pre nothing names it any more, and that is committed
  virtual void remove(std::string_view hash) = 0;
  /// @returns up to `bytes` bytes, fewer at the end; faults not_found, store_failed
  virtual result<std::string> read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) = 0;
  virtual result<std::string> read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) = 0;

  /// Removes incoming files that belong to no upload in `known`, and what else was left behind when a process ended.
  /// At the start only, when nothing is on its way. @pre no transaction is open. @throws store::sql::error
  virtual status sweep(store::sql::connection& known) = 0;
};

} // namespace causeway::media
