#pragma once
#include "postgresql_server.hpp"
#include "samples.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The contract of an engine (plugin/store/engine.hpp) is tested over every engine there is: a case of
/// CAUSEWAY_ENGINE_CASE runs once with each. What is SQLite's own (files, checkpoint, schema, damage) is in
/// sqlite_engine.cpp, crash.cpp and store_watch.cpp.
///
/// Another engine is a class derived from `store_place` and one line in `engine_kinds()`.
namespace causeway::store {

/// Where one store lives while its engine comes and goes. What it holds goes with it.
class store_place {
public:
  virtual ~store_place() = default;
  /// Opens the store, or makes it. @pre no engine of this place is open. @throws std::runtime_error
  virtual std::unique_ptr<engine> open() = 0;
  /// Ends `running` as a killed process ends: nothing is closed in order, what is acknowledged stays.
  virtual void crash(std::unique_ptr<engine> running) = 0;
  /// What names the store to other programs.
  virtual config::store_options options() const = 0;
};

/// A file in a folder of its own. A crash leaves the files as they are at that moment, which is what the next engine
/// opens.
class sqlite_place : public store_place {
public:
  std::unique_ptr<engine> open() override { return must_open(path()); }
  void crash(std::unique_ptr<engine> running) override {
    auto left = std::make_unique<scratch_folder>();
    for (const std::string ending : {"", "-wal"})
      if (std::filesystem::exists(path() + ending)) std::filesystem::copy_file(path() + ending, left->file() + ending);
    running.reset();
    folder_ = std::move(left);
  }

  config::store_options options() const override { return options_for(path()); }

private:
  std::string path() const { return folder_->file(); }
  std::unique_ptr<scratch_folder> folder_ = std::make_unique<scratch_folder>();
};

/// A schema of a server of the tests' own. A crash cuts its connections.
class postgresql_place : public store_place {
public:
  std::unique_ptr<engine> open() override {
    auto opened = open_postgresql(options());
    if (!opened) throw std::runtime_error{to_string(opened.error())};
    return *std::move(opened);
  }
  void crash(std::unique_ptr<engine> running) override {
    postgresql_server::running().cut(url_);
    running.reset();
  }
  config::store_options options() const override {
    config::store_options x;
    x.engine = config::store_engine::postgresql;
    x.url = url_;
    return x;
  }

private:
  std::string url_ = postgresql_server::running().make_store();
};

struct engine_kind {
  const char* name;
  std::unique_ptr<store_place> (*make)();
};
inline const std::vector<engine_kind>& engine_kinds() {
  static const std::vector<engine_kind> all{
    {"sqlite", [] { return std::unique_ptr<store_place>{std::make_unique<sqlite_place>()}; }},
    {"postgresql", [] { return std::unique_ptr<store_place>{std::make_unique<postgresql_place>()}; }}};
  return all;
}

/// A new store of an engine; what most cases begin with.
struct fresh_store {
  explicit fresh_store(const engine_kind& kind) : place(kind.make()), store(place->open()) {}

  /// The engine is closed and opened again.
  void reopen() {
    store.reset();
    store = place->open();
  }
  void crash() {
    place->crash(std::move(store));
    store = place->open();
  }

  std::unique_ptr<store_place> place;
  std::unique_ptr<engine> store;
};

/// Runs `Case` with each engine; what fails names its engine.
template <class Case>
void run_with_each_engine() {
  for (const auto& kind : engine_kinds()) {
    BOOST_TEST_CONTEXT("engine " << kind.name) {
      Case one{kind};
      one.run();
    }
  }
}

} // namespace causeway::store

/// As BOOST_FIXTURE_TEST_CASE, once with each engine. The fixture is made of an `engine_kind`; its members are at hand.
#define CAUSEWAY_ENGINE_CASE(NAME, FIXTURE)                                                                            \
  struct NAME##_case : FIXTURE {                                                                                       \
    using FIXTURE::FIXTURE;                                                                                            \
    void run();                                                                                                        \
  };                                                                                                                   \
  BOOST_AUTO_TEST_CASE(NAME) { ::causeway::store::run_with_each_engine<NAME##_case>(); }                               \
  void NAME##_case::run()
