// What other users of the machine see of a node, and the host process that embeds one.
#include "plugin/causeway.h"
#include "plugin/key_file.hpp"

#include "messages/matrix/base64.hpp"

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::atomic<int> umask_calls{0};

} // namespace

/// In place of the C library's: the node is linked to this one.
extern "C" mode_t umask(mode_t mask) noexcept {
  ++umask_calls;
  static const auto real = reinterpret_cast<mode_t (*)(mode_t)>(::dlsym(RTLD_NEXT, "umask"));
  return real(mask);
}

BOOST_AUTO_TEST_SUITE(a_private_node)

namespace {

namespace fs = std::filesystem;

struct place {
  fs::path path;
  place() {
    char name[] = "/tmp/cw-private-XXXXXX";
    path = mkdtemp(name);
  }
  ~place() { fs::remove_all(path); }
  place(const place&) = delete;
  std::string at(const std::string& name) const { return (path / name).string(); }
  std::string toml(const std::string& chat = {}) const {
    return "[node]\nserver_name = \"chat.example\"\ndata_dir = \"" + at("data") +
           "\"\nworker_threads = 2\n[edge]\nchat_endpoints = [\"" +
           (chat.empty() ? "ipc://" + at("run/causeway/chat.sock") : chat) + "\"]\nadmin_endpoint = \"ipc://" +
           at("run/causeway/admin.sock") +
           "\"\n[gateway]\nlisten = [\"127.0.0.1:0\"]\nplain_http = true\n[log]\nlevel = \"warning\"\nfile = \"" +
           at("logs/causeway.log") + "\"\n";
  }
  std::string log() const {
    std::ostringstream out;
    out << std::ifstream{at("logs/causeway.log")}.rdbuf();
    return out.str();
  }
};

/// What others have any right to in a folder.
std::vector<std::string> open_to_others(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& each : fs::recursive_directory_iterator{folder}) {
    struct stat about {};
    BOOST_REQUIRE(::lstat(each.path().c_str(), &about) == 0);
    if ((about.st_mode & 077U) != 0) out.push_back(each.path().string());
  }
  return out;
}

/// Begins of the mappings of this process that hold `secret` and would be in a core dump.
/// @param secret  in memory that is in no core dump
std::vector<std::string> dumped(std::string_view secret) {
  std::vector<std::string> found;
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  std::ifstream maps{"/proc/self/smaps"};
  std::string line, head;
  while (std::getline(maps, line)) {
    const auto first = line.substr(0, line.find(' '));
    if (first.find('-') != std::string::npos && first.find(':') == std::string::npos) head = line;
    if (!line.starts_with("VmFlags:") || line.find(" dd") != std::string::npos ||
        head.find(" rw-") == std::string::npos)
      continue;
    const auto begin = std::stoull(head, nullptr, 16), end = std::stoull(head.substr(head.find('-') + 1), nullptr, 16);
    std::string bytes(end - begin, '\0');
    const auto n = ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(begin));
    if (n <= 0) continue;
    bytes.resize(static_cast<std::size_t>(n));
    if (bytes.find(secret) != std::string::npos) found.push_back(head);
  }
  ::close(memory);
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_it_makes_is_for_its_user_alone_and_the_umask_of_the_process_is_not_touched) {
  const place here;
  const auto before = ::umask(0);
  umask_calls = 0;
  auto* node = causeway_start_text(here.toml().c_str());
  BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
  BOOST_TEST(umask_calls.load() == 0);
  for (const auto* made : {"data/signing.key", "data/store.db", "data/media/media.db", "run/causeway/chat.sock",
                           "run/causeway/admin.sock", "logs/causeway.log"})
    BOOST_TEST(fs::exists(here.path / made), made);
  BOOST_TEST(open_to_others(here.path) == std::vector<std::string>{}, boost::test_tools::per_element());
  causeway_stop(node);
  BOOST_TEST(umask_calls.load() == 0);
  BOOST_TEST(::umask(before) == 0U);
}

BOOST_AUTO_TEST_CASE(at_its_start_it_tells_what_other_users_of_the_machine_can_reach) {
  const place here;
  fs::create_directories(here.path / "data");
  ::chmod(here.at("data").c_str(), 0755);
  auto* node = causeway_start_text(here.toml("tcp://127.0.0.1:*").c_str());
  BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
  const auto log = here.log();
  BOOST_TEST(log.find("every user of this machine can act as the chat server") != std::string::npos, log);
  BOOST_TEST(log.find("node.data_dir") != std::string::npos, log);
  causeway_stop(node);
}

BOOST_AUTO_TEST_CASE(it_is_silent_when_nothing_is_open_to_others) {
  const place here;
  auto* node = causeway_start_text(here.toml().c_str());
  BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
  BOOST_TEST(here.log() == "");
  causeway_stop(node);
}

BOOST_AUTO_TEST_CASE(its_signing_key_is_in_no_core_dump) {
  const place here;
  auto* node = causeway_start_text(here.toml().c_str());
  BOOST_TEST_REQUIRE(node != nullptr, causeway_last_error());
  // Any change of its bytes would show it to this case once more, in what was read of it.
  const std::unique_ptr<void, void (*)(void*)> secret{sodium_malloc(32), &sodium_free};
  {
    std::ifstream file{here.at("data/signing.key")};
    std::string algorithm, id, text;
    file >> algorithm >> id >> text;
    auto seed = causeway::matrix::base64_decode(text);
    BOOST_REQUIRE(seed && seed->size() == 32U);
    std::memcpy(secret.get(), seed->data(), 32);
    sodium_memzero(seed->data(), seed->size());
  }
  // The secret half begins with the seed.
  for (const auto& mapping : dumped({static_cast<const char*>(secret.get()), 32})) BOOST_ERROR(mapping);
  causeway_stop(node);
}

BOOST_AUTO_TEST_SUITE_END()
