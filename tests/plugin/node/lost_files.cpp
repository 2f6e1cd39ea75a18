// What a node does at its start when its store or its key is not the one it had.
#include "plugin/node.hpp"

#include "config/loader.hpp"
#include "plugin/key_file.hpp"
#include "plugin/store/engine.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

BOOST_AUTO_TEST_SUITE(a_node_with_lost_files)

namespace {

namespace fs = std::filesystem;
using namespace causeway;

struct place {
  fs::path path;
  config::options options;
  place() {
    char name[] = "/tmp/cw-lost-XXXXXX";
    path = mkdtemp(name);
    config::sources from;
    from.text = "[node]\nserver_name = \"node.test\"\ndata_dir = \"" + path.string() +
                "\"\n[edge]\nchat_endpoints = [\"ipc://" + at("chat.sock") +
                "\"]\nadmin_endpoint = \"\"\n[gateway]\nlisten = [\"127.0.0.1:0\"]\nplain_http = true\n"
                "[log]\nlevel = \"info\"\nfile = \"" +
                at("log") + "\"\n";
    auto loaded = config::load(from);
    BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().detail));
    options = *loaded;
  }
  ~place() { fs::remove_all(path); }
  place(const place&) = delete;
  std::string at(const std::string& name) const { return (path / name).string(); }
  /// Why it does not start; empty: it does, and was stopped.
  std::string start() const {
    auto started = node::start(options);
    return started ? "" : to_string(started.error());
  }
  bool says(const std::string& why, std::string_view part) const {
    if (why.find(part) == std::string::npos) BOOST_TEST_MESSAGE(why);
    return why.find(part) != std::string::npos;
  }
  void use() const {
    auto store = store::open_sqlite(options.store);
    BOOST_REQUIRE(store);
    store::store_batch batch;
    batch.shards.add(shard_of_the_whole);
    batch.writes.emplace_back(store::put_user{"@ann:node.test", "ann", "Ann", ""});
    BOOST_REQUIRE((*store)->commit({&batch, 1}));
  }
  std::string key() const {
    std::ostringstream out;
    out << std::ifstream{at("signing.key")}.rdbuf();
    return out.str();
  }
  std::string log() const {
    std::ostringstream out;
    out << std::ifstream{at("log")}.rdbuf();
    return out.str();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_key_that_was_replaced_is_refused_until_the_former_one_is_named) {
  const place here;
  BOOST_TEST(here.start() == "");
  here.use();
  BOOST_TEST(here.start() == "");
  const auto former = here.key();
  fs::remove(here.at("signing.key"));
  BOOST_TEST(here.says(here.start(), "does not exist, but the store holds"));
  BOOST_REQUIRE(create_key_file(here.at("signing.key")));
  const auto why = here.start();
  BOOST_TEST(here.says(why, "Put the former key file back"));
  // The line it names is the way out.
  const auto begin = why.find("`old_ed25519");
  BOOST_REQUIRE(begin != std::string::npos);
  const auto line = why.substr(begin + 1, why.find('`', begin + 1) - begin - 1);
  std::ofstream{here.at("signing.key"), std::ios::app} << line << "\n";
  BOOST_TEST(here.start() == "");
  BOOST_TEST(here.start() == "");
  // So is the former file, until the new one was used.
  fs::remove(here.at("signing.key"));
  BOOST_REQUIRE(write_secret_file(here.at("signing.key"), former));
  BOOST_TEST(here.says(here.start(), "Put the former key file back"));
}

BOOST_AUTO_TEST_CASE(a_rotated_key_is_taken) {
  const place here;
  BOOST_TEST(here.start() == "");
  here.use();
  BOOST_REQUIRE(rotate_key_file(here.at("signing.key"), 1'700'000'000'000));
  BOOST_TEST(here.start() == "");
  BOOST_TEST(here.start() == "");
}

BOOST_AUTO_TEST_CASE(a_store_that_is_gone_or_empty_beside_its_key_is_not_made_anew_unasked) {
  place here;
  BOOST_TEST(here.start() == "");
  here.use();
  fs::rename(here.at("store.db"), here.at("elsewhere.db"));
  BOOST_TEST(here.says(here.start(), "store.new_beside_key=true"));
  BOOST_TEST(!fs::exists(here.at("store.db")));
  std::ofstream{here.at("store.db")}.close();
  BOOST_TEST(here.says(here.start(), "does not exist or is empty"));
  fs::rename(here.at("elsewhere.db"), here.at("store.db"));
  BOOST_TEST(here.start() == "");
  fs::remove(here.at("store.db"));
  here.options.store.new_beside_key = true;
  BOOST_TEST(here.start() == "");
  here.options.store.new_beside_key = false;
  BOOST_TEST(here.start() == "");
}

BOOST_AUTO_TEST_CASE(a_key_from_elsewhere_is_taken_by_a_store_nothing_rests_on) {
  place here;
  BOOST_REQUIRE(create_key_file(here.at("signing.key")));
  here.options.store.new_beside_key = true;
  BOOST_TEST(here.start() == "");
  fs::remove(here.at("signing.key"));
  BOOST_REQUIRE(create_key_file(here.at("signing.key")));
  here.options.store.new_beside_key = false;
  BOOST_TEST(here.start() == "");
}

BOOST_AUTO_TEST_CASE(what_can_be_reloaded_is_and_the_rest_is_named) {
  place here;
  auto started = node::start(here.options);
  BOOST_REQUIRE_MESSAGE(started, (started ? "" : to_string(started.error())));
  fs::rename(here.at("log"), here.at("log.1")); // as logrotate does
  auto wanted = here.options;
  wanted.room.idle_s = 77;
  (*started)->reload(wanted);
  BOOST_TEST(here.says(here.log(), R"("option":"room.idle_s")"));
  wanted.log.level = "error";
  (*started)->reload(wanted);
  const auto before = here.log();
  (*started)->reload(wanted);
  BOOST_TEST(here.log() == before); // what it says is no error
}

BOOST_AUTO_TEST_SUITE_END()
