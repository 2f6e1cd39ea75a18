#pragma once
#include "plugin/media/media_parts.hpp"
#include "plugin/sqlite.hpp"
#include "plugin/postgresql_database.hpp"
#include "tests/plugin/media/folder.hpp"
#include "tests/plugin/store/postgresql_server.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

/// What media_store promises is tested over every way to keep files: a case of CAUSEWAY_MEDIA_CASE runs once with each.
/// What is a folder's own, or a database's, has cases of its own.
namespace causeway::media {

/// Where files are kept while stores come and go, as somebody from outside sees it.
class backend {
public:
  virtual ~backend() = default;
  virtual media_place place() const = 0;
  virtual std::int64_t blobs() const = 0;
  virtual std::int64_t incoming() const = 0;
  /// Leaves the first byte of an incoming file.
  virtual void shorten_incoming(const std::string& name) = 0;
  /// A later version has written it.
  virtual void make_newer() = 0;
};

class folder_backend : public backend {
public:
  media_place place() const override { return {at.path()}; }
  std::int64_t blobs() const override { return static_cast<std::int64_t>(at.files("blobs")); }
  std::int64_t incoming() const override { return static_cast<std::int64_t>(at.files("incoming")); }
  void shorten_incoming(const std::string& name) override {
    std::filesystem::resize_file(at.path() + "/incoming/" + name, 1);
  }
  void make_newer() override {
    sqlite::connection{at.path() + "/media.db", SQLITE_OPEN_READWRITE}.execute("PRAGMA user_version = 99");
  }

  const folder at;
};

class database_backend : public backend {
public:
  media_place place() const override { return {at.path(), url}; }
  std::int64_t blobs() const override {
    return ask("SELECT count(DISTINCT name) FROM media_chunks WHERE NOT " + is_incoming);
  }
  std::int64_t incoming() const override {
    return ask("SELECT count(DISTINCT name) FROM media_chunks WHERE " + is_incoming);
  }
  void shorten_incoming(const std::string& name) override {
    run("UPDATE media_chunks SET bytes = substr(bytes, 1, 1) WHERE name = 'incoming/" + name + "'");
  }
  void make_newer() override { run("UPDATE media_schema SET version = 99"); }

  std::int64_t ask(const std::string& sql) const {
    return store::postgresql_database{url, store::postgresql_database::use::shared}.integer(sql);
  }
  void run(const std::string& sql) const {
    store::postgresql_database{url, store::postgresql_database::use::shared}.execute(sql);
  }

  const folder at; ///< which stays empty
  const std::string url = store::postgresql_server::running().make_store();

private:
  const std::string is_incoming = "(name >= 'incoming/' AND name < 'incoming0')";
};

struct backend_kind {
  const char* name;
  std::unique_ptr<backend> (*make)();
};
inline const std::vector<backend_kind>& backend_kinds() {
  static const std::vector<backend_kind> all{
    {"folder", [] { return std::unique_ptr<backend>{std::make_unique<folder_backend>()}; }},
    {"postgresql", [] { return std::unique_ptr<backend>{std::make_unique<database_backend>()}; }}};
  return all;
}

} // namespace causeway::media

/// As BOOST_FIXTURE_TEST_CASE, once with each backend. The fixture is made of a `backend_kind`; its members are at
/// hand.
#define CAUSEWAY_MEDIA_CASE(NAME, FIXTURE)                                                                             \
  struct NAME##_case : FIXTURE {                                                                                       \
    using FIXTURE::FIXTURE;                                                                                            \
    void run();                                                                                                        \
  };                                                                                                                   \
  BOOST_AUTO_TEST_CASE(NAME) {                                                                                         \
    for (const auto& kind : ::causeway::media::backend_kinds()) {                                                      \
      BOOST_TEST_CONTEXT("backend " << kind.name) {                                                                    \
        NAME##_case one{kind};                                                                                         \
        one.run();                                                                                                     \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  void NAME##_case::run()
