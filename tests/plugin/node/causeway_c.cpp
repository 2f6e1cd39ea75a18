#include "plugin/causeway.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace {

struct scratch {
  std::filesystem::path path;
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-c-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  /// A whole configuration that touches nothing outside of this directory.
  std::string toml() const {
    auto at = path.string();
    return "[node]\nserver_name = \"chat.example\"\ndata_dir = \"" + at +
           "\"\nworker_threads = 2\n[edge]\nchat_endpoints = [\"ipc://" + at +
           "/chat.sock\", \"tcp://127.0.0.1:*\"]\nadmin_endpoint = \"ipc://" + at +
           "/admin.sock\"\n[gateway]\nlisten = [\"127.0.0.1:0\"]\nplain_http = true\n" + "[log]\nlevel = \"error\"\n";
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(causeway_c)

BOOST_AUTO_TEST_CASE(node_starts_from_text_tells_its_endpoint_and_stops) {
  scratch dir;
  auto* node = causeway_start_text(dir.toml().c_str());
  BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
  BOOST_TEST(std::string{causeway_last_error()} == "");
  BOOST_TEST(std::string{causeway_endpoint(node)} == "ipc://" + dir.path.string() + "/chat.sock");
  BOOST_TEST(std::string{causeway_server_name(node)} == "chat.example");
  causeway_stop(node);
  BOOST_TEST(std::filesystem::exists(dir.path / "signing.key"));
}

BOOST_AUTO_TEST_CASE(node_starts_again_on_what_it_left) {
  scratch dir;
  auto file = (dir.path / "causeway.toml").string();
  std::ofstream{file} << dir.toml();
  for (int i = 0; i < 2; ++i) {
    auto* node = causeway_start(file.c_str());
    BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
    causeway_stop(node);
  }
}

BOOST_AUTO_TEST_CASE(wrong_configuration_is_told_and_not_started) {
  BOOST_TEST(causeway_start_text("[node]\nserver_name = \"no server name\"\n") == nullptr);
  std::string why = causeway_last_error();
  BOOST_TEST(why.find("node.server_name") != std::string::npos, why);
  BOOST_TEST(why.find("gateway.certificate_file") != std::string::npos, why);
  BOOST_TEST(causeway_start("/absent/causeway.toml") == nullptr);
  BOOST_TEST(std::string{causeway_last_error()}.find("there is no such file") != std::string::npos);
  BOOST_TEST(causeway_start(nullptr) == nullptr);
  BOOST_TEST(std::string{causeway_last_error()} != "");
  causeway_stop(nullptr);
  BOOST_TEST(std::string{causeway_endpoint(nullptr)} == "");
}

BOOST_AUTO_TEST_SUITE_END()
