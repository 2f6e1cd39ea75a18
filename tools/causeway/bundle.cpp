#include "config/fields.hpp"
#include "tools/causeway/operator_commands.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

/// Lists of the archive: NAME.json holds what the broker answers to NAME.
constexpr std::array archived_verbs = {"status",       "check",  "rooms", "servers", "invites",
                                       "dead_letters", "actors", "edge",  "streams", "receipts",
                                       "keys",         "audit",  "nodes", "history"};
/// Of the end of the log.
constexpr std::uintmax_t log_bytes_max = 512 * 1024;

/// A folder that goes with the object.
class gathering_folder {
public:
  gathering_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "causeway-bundle-XXXXXX").string();
    if (const char* made = mkdtemp(pattern.data())) path_ = made;
  }
  gathering_folder(const gathering_folder&) = delete;
  gathering_folder& operator=(const gathering_folder&) = delete;
  ~gathering_folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  bool write(const std::string& name, std::string_view text) const {
    std::ofstream to{path_ / name, std::ios::binary};
    to.write(text.data(), static_cast<std::streamsize>(text.size()));
    return static_cast<bool>(to.flush());
  }

private:
  std::filesystem::path path_;
};

bool is_secret(std::string_view name) {
  if (name.ends_with("_file")) return false; // where it is may be known
  static constexpr std::array words = {"token", "secret", "password"};
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return name.find(word) != std::string_view::npos; });
}

std::string redacted_configuration(const config::examination& found) {
  std::string text;
  for (const auto& part : config::sections()) {
    text += "[" + std::string{part.name} + "]\n";
    for (const auto& x : config::fields()) {
      if (x.section != part.name) continue;
      const auto at = found.origins.find(x.key());
      text += std::string{x.name} + " = " +
              (is_secret(x.name) ? std::string{"\"(redacted)\""} : config::to_toml(x.read(found.values))) + " # " +
              (at == found.origins.end() ? std::string{"default"} : printable(at->second)) + "\n";
    }
  }
  return text;
}

/// Whole lines of its end; empty: it cannot be read.
std::string end_of_log(const std::string& file) {
  std::ifstream from{file, std::ios::binary | std::ios::ate};
  if (!from) return {};
  const auto size = static_cast<std::uintmax_t>(from.tellg());
  const auto begin = size > log_bytes_max ? size - log_bytes_max : 0;
  from.seekg(static_cast<std::streamoff>(begin));
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  from.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(from.gcount()));
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

/// @returns whether tar has made the archive
bool pack(const std::filesystem::path& folder, const std::string& file) {
  const auto child = fork();
  if (child < 0) return false;
  if (child == 0) {
    execlp("tar", "tar", "--create", "--gzip", "--owner=0", "--group=0", "--directory", folder.c_str(), "--file",
           file.c_str(), ".", static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int fail(const std::string& why) {
  std::fprintf(stderr, "causeway: %s\n", printable(why).c_str());
  return exit_problem;
}

} // namespace

int write_bundle(const broker_request& x, const config::sources& from, const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return fail(file + " exists already.");
  const auto absolute = std::filesystem::absolute(file, ignored).string();
  const gathering_folder folder;
  if (folder.path().empty()) return fail("no temporary folder can be made.");
  std::string problems;
  std::size_t answered = 0;
  for (const auto* verb : archived_verbs) {
    auto with = x.with;
    with.limit = 100'000;
    const auto answer = ask(x.where, verb, with);
    if (answer.outcome == reply::kind::done) {
      ++answered;
      if (!folder.write(std::string{verb} + ".json", json::canonical(answer.body))) return fail("the disk is full.");
    } else {
      problems += std::string{verb} + ": " +
                  (answer.outcome == reply::kind::refused ? json::canonical(answer.body) : answer.problem) + "\n";
      if (answer.outcome != reply::kind::refused) break; // and so for the others
    }
  }
  const auto found = config::examine(from);
  for (const auto& one : found.problems) problems += config::to_string(one) + "\n";
  const auto log = found.values.log.file.empty() ? std::string{} : end_of_log(found.values.log.file);
  const auto about = json::object{{"version", json::value{CAUSEWAY_VERSION}}, {"made_ts", json::value{now_ms()}}};
  const bool is_written = folder.write("bundle.json", json::canonical(about)) &&
                          folder.write("configuration.toml", redacted_configuration(found)) &&
                          (log.empty() || folder.write("log.txt", log)) &&
                          (problems.empty() || folder.write("problems.txt", problems));
  if (!is_written) return fail("the disk is full.");
  // For whoever runs this only: names of rooms and users are in it.
  const int mine = open(absolute.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (mine < 0) return fail(absolute + " cannot be made.");
  close(mine);
  if (!pack(folder.path(), absolute)) {
    std::filesystem::remove(absolute, ignored);
    return fail("tar has failed; is it installed?");
  }
  if (answered == 0) std::fprintf(stderr, "causeway: the broker did not answer; what it says is missing.\n");
  std::printf(
    "%s holds %zu lists, the configuration without secrets%s. Names of rooms and users are in it, messages and "
    "keys are not.\n",
    printable(absolute).c_str(), answered, log.empty() ? "" : ", the end of the log");
  return exit_ok;
}

} // namespace causeway::tools
