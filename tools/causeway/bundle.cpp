#include "config/fields.hpp"
#include "tools/causeway/log_end.hpp"
#include "tools/causeway/operator_commands.hpp"
#include "tools/causeway/redaction.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

/// Lists of the archive: NAME.json holds what the broker answers to NAME.
constexpr std::array archived_verbs = {"status",       "check",  "rooms", "servers", "invites",
                                       "dead_letters", "actors", "edge",  "streams", "receipts",
                                       "keys",         "audit",  "nodes", "history", "shards"};

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
      text +=
        std::string{x.name} + " = " +
        (is_secret(x.name) ? std::string{"\"(redacted)\""} : without_passwords(config::to_toml(x.read(found.values)))) +
        " # " + (at == found.origins.end() ? std::string{"default"} : printable(at->second)) + "\n";
    }
  }
  return text;
}

/// Things that are shown one by one, as far as they are in trouble. VERB.json holds what the broker answers to each.
struct shown_kind {
  const char *verb, *list, *member;
  bool (*is_shown)(const json::object& row);
  void (*name)(const json::object& row, admin::arguments& to);
};

bool waits(const json::object& row) { return !text_of(row, "waits_for").empty(); }

constexpr std::array<shown_kind, 5> shown_kinds = {{
  {"server.show", "servers", "servers", &waits,
   [](const json::object& row, admin::arguments& to) { to.server = text_of(row, "server_name"); }},
  {"room.show", "rooms", "rooms", &waits,
   [](const json::object& row, admin::arguments& to) { to.room = text_of(row, "room_id"); }},
  {"invite.show", "invites", "invitations", &waits,
   [](const json::object& row, admin::arguments& to) {
     to.room = text_of(row, "room_id");
     to.user = text_of(row, "user_id");
   }},
  {"dead_letter.show", "dead_letters", "dead_letters", [](const json::object&) { return true; },
   [](const json::object& row, admin::arguments& to) { to.letter = text_of(row, "id"); }},
  {"actor.show", "actors", "actors", [](const json::object& row) { return text_of(row, "phase") != "running"; },
   [](const json::object& row, admin::arguments& to) {
     to.kind = text_of(row, "kind");
     to.key = text_of(row, "key");
   }},
}};
/// Of each kind: the lists are sorted by how bad it is.
constexpr std::size_t shown_max = 50;
/// It looks at us from outside, step by step.
constexpr std::uint32_t doctor_timeout_ms = 60'000;
/// All pages together take as long as so many answers that are late: a minute where nothing else is said.
constexpr std::uint32_t late_pages_max = 6;

/// What is gathered, and what could not be.
struct gathered {
  std::size_t lists = 0, shown = 0;
  std::vector<std::string> events; ///< that wait, as the pages tell; `shown_max` at most
  std::chrono::milliseconds left_for_pages{0};
  std::string problems;

  void note(const std::string& what, const reply& answer) {
    problems +=
      what + ": " + (answer.outcome == reply::kind::refused ? json::canonical(answer.body) : answer.problem) + "\n";
  }
};

/// Events that the page of a server or a room lists as waiting: each is asked about.
void note_events(const json::object& page, gathered& into) {
  const json::value whole{page};
  for (const char* member : {"queue", "staged"}) {
    const auto* rows = whole.find_array(member);
    for (std::size_t i = 0; rows && i < rows->size() && into.events.size() < shown_max; ++i)
      if (const auto* row = (*rows)[i].as_object())
        if (auto id = text_of(*row, "event_id"); !id.empty() && std::ranges::find(into.events, id) == into.events.end())
          into.events.push_back(std::move(id));
  }
}

/// Asks within what is left for pages.
reply ask_page(const broker_request& x, std::string_view verb, const admin::arguments& with, gathered& into) {
  using clock = std::chrono::steady_clock;
  auto where = x.where;
  where.answer_timeout_ms = std::min(where.answer_timeout_ms, static_cast<std::uint32_t>(into.left_for_pages.count()));
  const auto begin = clock::now();
  auto answer = ask(where, verb, with);
  const auto took = std::chrono::ceil<std::chrono::milliseconds>(clock::now() - begin);
  into.left_for_pages -= std::min(took, into.left_for_pages);
  return answer;
}

/// @returns false: the disk is full
bool gather_shown(const broker_request& x, const shown_kind& kind, const json::object& list,
                  const gathering_folder& folder, gathered& into) {
  const json::value body{list};
  const auto* rows = body.find_array(kind.member);
  json::array shown;
  for (std::size_t i = 0; rows && i < rows->size() && shown.size() < shown_max; ++i) {
    const auto* row = (*rows)[i].as_object();
    if (!row || !kind.is_shown(*row)) continue;
    reply answer;
    answer.outcome = reply::kind::unreachable;
    if (into.left_for_pages.count() > 0) {
      admin::arguments with;
      kind.name(*row, with);
      answer = ask_page(x, kind.verb, with, into);
    }
    // Also where the last one was not answered within the little that was left.
    if (answer.outcome == reply::kind::unreachable && into.left_for_pages.count() == 0) {
      into.problems += std::string{kind.verb} + ": the broker is slow; no time was left for the pages that follow\n";
      break;
    }
    if (answer.outcome == reply::kind::done) note_events(answer.body, into);
    if (answer.outcome == reply::kind::done) shown.emplace_back(std::move(answer.body));
    else into.note(kind.verb, answer); // it may have gone meanwhile
    if (answer.outcome == reply::kind::unreachable || answer.outcome == reply::kind::not_asked) break;
  }
  into.shown += shown.size();
  return folder.write(std::string{kind.verb} + ".json",
                      json::canonical(json::object{{"shown", json::value{std::move(shown)}}}));
}

/// Why each of the events that wait does. @returns false: the disk is full
bool gather_events(const broker_request& x, const gathering_folder& folder, gathered& into) {
  json::array shown;
  for (const auto& id : into.events) {
    if (into.left_for_pages.count() == 0) {
      into.problems += "why: the broker is slow; no time was left for the events that follow\n";
      break;
    }
    admin::arguments with;
    with.event = id;
    auto answer = ask_page(x, "why", with, into);
    if (answer.outcome == reply::kind::done) shown.emplace_back(std::move(answer.body));
    else into.note("why", answer); // it may have gone meanwhile
    if (answer.outcome == reply::kind::unreachable || answer.outcome == reply::kind::not_asked) break;
  }
  into.shown += shown.size();
  return folder.write("why.json", json::canonical(json::object{{"shown", json::value{std::move(shown)}}}));
}

/// @returns false: the disk is full
bool gather_from_broker(const broker_request& x, const gathering_folder& folder, gathered& into) {
  for (const auto* verb : archived_verbs) {
    auto with = x.with;
    with.limit = 100'000;
    const auto answer = ask(x.where, verb, with);
    if (answer.outcome != reply::kind::done) {
      into.note(verb, answer);
      if (answer.outcome != reply::kind::refused) return true; // and so for the others
      continue;
    }
    ++into.lists;
    if (!folder.write(std::string{verb} + ".json", json::canonical(answer.body))) return false;
    for (const auto& kind : shown_kinds)
      if (std::string_view{kind.list} == verb && !gather_shown(x, kind, answer.body, folder, into)) return false;
  }
  if (!gather_events(x, folder, into)) return false;
  auto patient = x.where;
  patient.answer_timeout_ms = std::max(patient.answer_timeout_ms, doctor_timeout_ms);
  const auto looked = ask(patient, "doctor", {});
  if (looked.outcome == reply::kind::done) return folder.write("doctor.json", json::canonical(looked.body));
  into.note("doctor", looked);
  return true;
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
  gathered from_broker;
  from_broker.left_for_pages = std::chrono::milliseconds{x.where.answer_timeout_ms} * late_pages_max;
  if (!gather_from_broker(x, folder, from_broker)) return fail("the disk is full.");
  auto& problems = from_broker.problems;
  const auto found = config::examine(from);
  for (const auto& one : found.problems) problems += without_passwords(config::to_string(one)) + "\n";
  const auto [log, why_no_log] = find_end_of_log(found.values.log.file);
  if (!why_no_log.empty()) problems += "log: " + why_no_log + "\n";
  // A broker asked by --socket alone may be another one than this machine's configuration is for.
  const bool is_of_another = found.values.edge.admin_endpoint != x.where.endpoint;
  const auto whose = "configuration and log are those that are read here, of a broker at " +
                     found.values.edge.admin_endpoint + ", and " + x.where.endpoint +
                     " was asked: give the --config of that one";
  if (is_of_another) problems += whose + "\n";
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
  if (from_broker.lists == 0) std::fprintf(stderr, "causeway: the broker did not answer; what it says is missing.\n");
  if (is_of_another) std::fprintf(stderr, "causeway: %s.\n", printable(whose).c_str());
  if (!why_no_log.empty()) std::fprintf(stderr, "causeway: no log: %s.\n", printable(why_no_log).c_str());
  std::printf(
    "%s holds %zu lists, %zu pages of what is in trouble, the configuration without secrets%s. Names of rooms "
    "and users are in it, messages and keys are not.\n",
    printable(absolute).c_str(), from_broker.lists, from_broker.shown, log.empty() ? "" : ", the end of the log");
  return exit_ok;
}

} // namespace causeway::tools
