#pragma once
#include "messages/fault.hpp"
#include "plugin/database_watch.hpp"
#include "plugin/media/blob_store.hpp"
#include "plugin/database.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace causeway::media {

/// Where files are kept.
struct media_place {
  std::string directory;        ///< of the blobs and a SQLite file of what is known of them, where `database` is empty
  std::string database = {};    ///< URI of the PostgreSQL database of the store: all of it is there
  std::int64_t incarnation = 0; ///< of the node that serves, by which writes into the database are fenced; 0: of none
};

/// One way to keep files: the blobs, and the database of what is known of them. Closed in the opposite order: the watch
/// holds the database's file open until last.
struct media_parts {
  std::unique_ptr<database_watch> watch; ///< null: no file
  std::unique_ptr<store::sql::connection> db;
  std::unique_ptr<blob_store> files;
};

/// Opens or makes the folder. @returns faults store_failed, internal (a file of a newer version)
result<media_parts> open_folder(const std::string& directory);
/// Opens or makes the tables. @returns faults store_failed, internal (tables of a newer version)
result<media_parts> open_tables(const media_place& at);

/// Whether the folder has files of our own users, which the database would not know. False where it is no folder of
/// files, or none that can be read.
bool holds_own_files(const std::string& directory);

} // namespace causeway::media
