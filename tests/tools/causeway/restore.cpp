#include "plugin/sqlite.hpp"
#include "plugin/store/files.hpp"
#include "tests/tools/causeway/running.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

#include <sys/stat.h>

/// `causeway backup`, and `causeway restore` of what it has made.
namespace causeway::tests {

BOOST_AUTO_TEST_SUITE(causeway_restore)

namespace {

constexpr const char* key_text = "ed25519 first YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1\n";

/// What a broker leaves in its data_dir, as far as a copy looks at it, and a backup of it.
struct backed_up {
  scratch dir;
  std::string data = dir.file("data"), backup = dir.file("monday");
  std::string config = " --config " + dir.write("causeway.toml", good + "[store]\npath = \"" + data + "/store.db\"\n") +
                       " --set node.data_dir=" + data;

  backed_up() {
    std::filesystem::create_directories(data + "/media/blobs/ab");
    write_key(data, key_text);
    make_table(data + "/store.db", "rooms");
    make_table(data + "/media/media.db", "files");
    std::ofstream{data + "/media/blobs/ab/cdef"} << "a picture";
    const auto x = run("backup " + backup + config);
    BOOST_REQUIRE_MESSAGE(x.code == 0, x.out + x.err);
  }

  static void write_key(const std::string& folder, const std::string& text) {
    std::ofstream{folder + "/signing.key"} << text;
    chmod((folder + "/signing.key").c_str(), 0600);
  }
  static void make_table(const std::string& file, const std::string& name) {
    sqlite::connection db{file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
    db.execute("PRAGMA journal_mode = WAL"); // as the broker's
    db.execute("CREATE TABLE " + name + "(id INTEGER); INSERT INTO " + name + " VALUES(4711)");
  }
  void lose_data() const {
    std::filesystem::remove_all(data);
    std::filesystem::create_directory(data);
  }
  /// Names of all that is in the data_dir, but for the file that is locked.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& x : std::filesystem::recursive_directory_iterator{data})
      if (x.path().filename() != "store.db-lock") all.push_back(x.path().lexically_relative(data).string());
    return all;
  }
  outcome restore(const std::string& more = {}) const { return run("restore " + backup + config + more); }
};

std::int64_t only_row(const std::string& file, const std::string& table) {
  return sqlite::connection{file, SQLITE_OPEN_READONLY}.integer("SELECT id FROM " + table);
}

} // namespace

BOOST_AUTO_TEST_CASE(lost_data_comes_back_from_the_backup_for_its_owner_alone) {
  const backed_up b;
  b.lose_data();
  const auto x = b.restore();
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("Restored from " + b.backup + ": the signing key, the store ("));
  BOOST_TEST(x.says(" bytes) and 1 files (9 bytes)."));
  BOOST_TEST(read(b.data + "/signing.key") == key_text);
  BOOST_TEST(read(b.data + "/media/blobs/ab/cdef") == "a picture");
  BOOST_TEST(only_row(b.data + "/store.db", "rooms") == 4711);
  BOOST_TEST(only_row(b.data + "/media/media.db", "files") == 4711);
  for (const auto* name : {"/signing.key", "/store.db", "/media/media.db"}) {
    struct stat is = {};
    BOOST_REQUIRE_EQUAL(stat((b.data + name).c_str(), &is), 0);
    BOOST_TEST((is.st_mode & 0777) == 0600U, name);
  }
  b.lose_data();
  BOOST_TEST(*b.restore(" --json").parsed().find_integer("files") == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_over_by_a_restore) {
  const backed_up b;
  auto x = b.restore();
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(b.data + "/store.db is there already, and nothing is written over"));
  // A store is gone, and the files are there.
  std::filesystem::remove(b.data + "/store.db");
  x = b.restore();
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(b.data + "/media is there already"));
  BOOST_TEST(read(b.data + "/media/blobs/ab/cdef") == "a picture");
  BOOST_TEST(read(b.data + "/signing.key") == key_text);
  // The log of a store that is gone would be taken for that of the restored one.
  b.lose_data();
  std::ofstream{b.data + "/store.db-wal"} << "of another store";
  BOOST_TEST(b.restore().says("store.db-wal is there already"));
}

BOOST_AUTO_TEST_CASE(another_signing_key_is_kept_and_what_was_made_is_taken_away) {
  const backed_up b;
  b.lose_data();
  b.write_key(b.data, "ed25519 other 1JDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1\n");
  BOOST_TEST(b.restore().says(b.data + "/signing.key is there already"));
  BOOST_TEST(b.names() == std::vector<std::string>{"signing.key"}, boost::test_tools::per_element());
  // The same key is no other one.
  b.write_key(b.data, key_text);
  BOOST_TEST(b.restore().code == 0);
}

BOOST_AUTO_TEST_CASE(failed_restore_leaves_nothing_behind) {
  const backed_up b;
  b.lose_data();
  std::ofstream{b.backup + "/store.db"} << "this is no database at all, and was one once";
  const auto x = b.restore();
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("nothing was restored: " + b.backup + "/store.db: "));
  BOOST_TEST(b.names().empty());
}

BOOST_AUTO_TEST_CASE(damaged_page_of_a_backup_is_found_before_the_store_has_its_name) {
  const backed_up b;
  b.lose_data();
  // The first page, with the schema, stays as it is: the file opens, and the table cannot be read.
  constexpr std::streamoff page_bytes = 4'096;
  std::fstream file{b.backup + "/store.db", std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(page_bytes);
  file << std::string(static_cast<std::size_t>(page_bytes), '\xff');
  file.close();
  const auto x = b.restore();
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("nothing was restored: the database in " + b.backup + "/store.db cannot be used: "));
  BOOST_TEST(b.names().empty());
}

BOOST_AUTO_TEST_CASE(backup_is_restored_from_a_medium_that_nobody_may_write) {
  // A file whose header asks for a write-ahead log is not opened where none can be made beside it.
  const backed_up b;
  for (const auto* name : {"/store.db", "/media/media.db"}) {
    const auto header = read(b.backup + name).substr(18, 2); // file format, write and read version
    BOOST_TEST((header == std::string{"\x01\x01"}), name);
  }
}

BOOST_AUTO_TEST_CASE(key_and_files_elsewhere_come_back_too) {
  const backed_up b;
  b.lose_data();
  std::filesystem::create_directories(b.dir.file("keys"));
  const auto x = b.restore(" --set media.directory=" + b.dir.file("files") +
                           " --set node.signing_key_file=" + b.dir.file("keys/signing.key"));
  BOOST_TEST_REQUIRE(x.code == 0, x.out + x.err);
  BOOST_TEST(read(b.dir.file("files/blobs/ab/cdef")) == "a picture");
  BOOST_TEST(read(b.dir.file("keys/signing.key")) == key_text);
}

BOOST_AUTO_TEST_CASE(folder_that_is_no_backup_is_refused) {
  const backed_up b;
  b.lose_data();
  std::filesystem::remove(b.backup + "/media/media.db");
  BOOST_TEST(b.restore().says(b.backup + " is no backup: it has no media/media.db"));
  BOOST_TEST(run("restore " + b.dir.file("absent") + b.config).says("absent is no backup: it has no signing.key"));
  BOOST_TEST(b.names().empty());
}

BOOST_AUTO_TEST_CASE(store_of_a_running_broker_is_not_restored_under_it) {
  const backed_up b;
  b.lose_data();
  const auto running = store::lock_store(b.data + "/store.db");
  BOOST_REQUIRE(running);
  BOOST_TEST(b.restore().says("is in use by process"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::tests
