#include "config/warnings.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace causeway::config;

BOOST_AUTO_TEST_SUITE(config_warnings)

namespace {

namespace fs = std::filesystem;

/// A broker's files as they should be.
struct place {
  fs::path path;
  options x;
  place() {
    std::string pattern = (fs::temp_directory_path() / "causeway-warnings-XXXXXX").string();
    path = mkdtemp(pattern.data());
    x.node.server_name = "chat.example";
    x.node.data_dir = path.string();
    x.store.path = at("store.db");
    x.edge.chat_endpoints = {"ipc://" + at("chat.sock")};
    x.edge.admin_endpoint = "ipc://" + at("admin.sock");
    x.gateway.private_key_file = write("tls.key", 0600);
    x.log.file = write("log", 0640);
    for (const auto* name : {"store.db", "store.db-wal", "store.db-lock", "signing.key"}) write(name, 0600);
    fs::create_directories(path / "media/blobs");
    for (const auto* folder : {"media", "media/blobs"}) ::chmod(at(folder).c_str(), 0700);
    write("media/media.db", 0600);
  }
  ~place() { fs::remove_all(path); }
  place(const place&) = delete;
  std::string at(const std::string& name) const { return (path / name).string(); }
  std::string write(const std::string& name, mode_t mode) const {
    std::ofstream{path / name} << "x";
    ::chmod(at(name).c_str(), mode);
    return at(name);
  }
  /// Warned of `key` alone, with `part` in the text.
  bool warned(std::string_view key, std::string_view part) const {
    const auto all = warnings(x);
    for (const auto& w : all) BOOST_TEST_MESSAGE(to_string(w));
    return all.size() == 1 && all[0].key == key && all[0].what.find(part) != std::string::npos;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(nothing_open_is_nothing_to_warn_of) {
  const place here;
  for (const auto& w : warnings(here.x)) BOOST_ERROR(to_string(w));
}

BOOST_AUTO_TEST_CASE(loopback_endpoints_without_curve_are_open_to_every_local_user) {
  place here;
  for (const auto* endpoint :
       {"tcp://127.0.0.1:5000", "tcp://127.1.2.3:*", "tcp://[::1]:5000", "tcp://localhost:5000", "tcp://lo:5000"}) {
    here.x.edge.chat_endpoints = {endpoint};
    BOOST_TEST(here.warned("edge.chat_endpoints", "every user of this machine can act as the chat server"), endpoint);
    here.x.edge.chat_endpoints = {"ipc://" + here.at("chat.sock")};
    here.x.edge.gateway_endpoints = {endpoint};
    BOOST_TEST(here.warned("edge.gateway_endpoints", "every user of this machine can act as a gateway"), endpoint);
    here.x.edge.gateway_endpoints.clear();
  }
  here.x.edge.chat_endpoints = {"tcp://127.0.0.1:5000"};
  here.x.edge.curve_secret_key_file = here.write("curve.key", 0600);
  BOOST_TEST(warnings(here.x).empty());
}

BOOST_AUTO_TEST_CASE(plain_http_from_other_machines_is_told) {
  place here;
  here.x.gateway.plain_http = true;
  for (const auto* address : {"0.0.0.0:8448", "[::]:8448", "192.0.2.1:80"}) {
    here.x.gateway.listen = {address};
    BOOST_TEST(here.warned("gateway.listen", "takes plain HTTP from other machines"), address);
  }
  here.x.gateway.listen = {"127.0.0.1:8448", "[::1]:8448"};
  BOOST_TEST(warnings(here.x).empty());
}

BOOST_AUTO_TEST_CASE(files_others_have_rights_to_are_named_with_what_to_do) {
  place here;
  struct open_file {
    const char *name, *key, *part;
    mode_t open, closed;
  };
  for (const auto& each : {open_file{"signing.key", "node.signing_key_file", "chmod 600", 0640, 0600},
                           open_file{"store.db", "store.path", "chmod 600", 0644, 0600},
                           open_file{"store.db-wal", "store.path", "chmod 600", 0640, 0600},
                           open_file{"store.db-lock", "store.path", "chmod 600", 0604, 0600},
                           open_file{"media", "media.directory", "chmod go-rwx", 0755, 0700},
                           open_file{"media/blobs", "media.directory", "chmod go-rwx", 0750, 0700},
                           open_file{"media/media.db", "media.directory", "chmod go-rwx", 0644, 0600},
                           open_file{"tls.key", "gateway.private_key_file", "chmod 600", 0644, 0640},
                           open_file{"log", "log.file", "chmod o-rwx,g-w", 0644, 0640},
                           open_file{".", "node.data_dir", "chmod 700", 0755, 0700}}) {
    ::chmod(here.at(each.name).c_str(), each.open);
    BOOST_TEST(here.warned(each.key, each.part), each.name);
    ::chmod(here.at(each.name).c_str(), each.closed);
    BOOST_TEST(warnings(here.x).empty(), each.name);
  }
}

BOOST_AUTO_TEST_CASE(a_socket_in_a_folder_others_may_write_into_can_be_replaced) {
  place here;
  fs::create_directories(here.path / "run");
  here.x.edge.chat_endpoints = {"ipc://" + here.at("run/chat.sock")};
  ::chmod(here.at("run").c_str(), 01777); // the sticky bit does not keep others from being first
  BOOST_TEST(here.warned("edge.chat_endpoints", "put their own socket in place of ours"));
  ::chmod(here.at("run").c_str(), 0755);
  BOOST_TEST(warnings(here.x).empty());
}

BOOST_AUTO_TEST_CASE(files_in_a_folder_of_one_node_are_missed_by_the_others) {
  place here;
  here.x.store.engine = store_engine::postgresql;
  here.x.store.url = "postgresql:///causeway";
  BOOST_TEST(warnings(here.x).empty()); // it may be the only node
  here.x.edge.gateway_endpoints = {"ipc://" + here.at("gateway.sock")};
  BOOST_TEST(here.warned("media.directory", "causeway media copy"));
  here.x.media.backend = media_backend::postgresql;
  BOOST_TEST(warnings(here.x).empty());
}

BOOST_AUTO_TEST_CASE(a_configuration_others_may_write_into_is_told) {
  const place here;
  const auto file = here.write("causeway.toml", 0664);
  BOOST_REQUIRE(warnings_of_files({file}).size() == 1);
  BOOST_TEST(warnings_of_files({file})[0].what.find("decide what the broker does") != std::string::npos);
  ::chmod(file.c_str(), 0644);
  BOOST_TEST(warnings_of_files({file}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
