#include "tools/causeway/local_commands.hpp"

#include "config/endpoints.hpp"
#include "config/manual_page.hpp"
#include "config/warnings.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/edge/listener.hpp"
#include "plugin/gateway/certificate_check.hpp"
#include "plugin/gateway/gateway_process.hpp"
#include "plugin/key_file.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/files.hpp"
#include "plugin/store/identity.hpp"
#include "tools/causeway/terminal.hpp"

#include <sodium.h>
#include <zmq.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int failed(const std::string& why) {
  std::fprintf(stderr, "causeway: %s\n", printable(why).c_str());
  return exit_problem;
}

json::value to_json(const config::value& x) {
  if (const auto* flag = std::get_if<bool>(&x)) return *flag;
  if (const auto* number = std::get_if<std::uint64_t>(&x)) return static_cast<std::int64_t>(*number);
  if (const auto* text = std::get_if<std::string>(&x)) return *text;
  json::array out;
  if (const auto* list = std::get_if<std::vector<std::string>>(&x)) out.assign(list->begin(), list->end());
  if (const auto* list = std::get_if<std::vector<config::record>>(&x))
    for (const auto& item : *list) {
      json::object row;
      for (const auto& [key, text] : item) row.set(key, text);
      out.emplace_back(std::move(row));
    }
  return out;
}

json::object to_json(const config::problem& x) {
  json::object out{{"key", json::value{x.key}}, {"where", json::value{x.where}}, {"what", json::value{x.what}}};
  json::array others;
  for (const auto& other : x.others)
    others.emplace_back(json::object{{"key", json::value{other.key}}, {"where", json::value{other.where}}});
  if (!others.empty()) out.set("others", std::move(others));
  return out;
}

json::array to_json(const std::vector<config::problem>& problems) {
  json::array out;
  for (const auto& x : problems) out.emplace_back(to_json(x));
  return out;
}

/// The keys of a gateway that reaches its nodes by CURVE, in their order; none without their public keys.
result<std::vector<std::optional<gateway::curve_keys>>> own_curve_keys(const gateway_link& link, std::size_t nodes,
                                                                       const std::string& configured_file) {
  std::vector<std::optional<gateway::curve_keys>> keys(nodes);
  if (link.node_keys.empty()) return keys;
  if (link.node_keys.size() != 1 && link.node_keys.size() != nodes)
    return fault{fault_code::invalid_param, "must be there as often as --node, or once for all."};
  for (const auto& x : link.node_keys)
    if (!config::is_curve_key(x))
      return fault{fault_code::invalid_param,
                   "must be 40 characters of Z85, as `causeway curve-key FILE` prints them on the node."};
  const auto& file = link.secret_key_file.empty() ? configured_file : link.secret_key_file;
  if (file.empty())
    return fault{fault_code::missing_param, "needs our own half: --secret-key-file, or edge.curve_secret_key_file."};
  auto own = edge::load_curve_keys(file);
  if (!own) return own.error();
  for (std::size_t i = 0; i < nodes; ++i)
    keys[i] = gateway::curve_keys{link.node_keys.size() == 1 ? link.node_keys.front() : link.node_keys[i],
                                  own->public_key, own->secret.text};
  return keys;
}

void print_problems(const std::vector<config::problem>& problems) {
  for (const auto& x : problems) std::fprintf(stderr, "%s\n", printable(to_string(x)).c_str());
}

/// Where the running program is; empty when the system does not tell.
std::filesystem::path own_directory() {
  std::error_code error;
  auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path{} : self.parent_path();
}

/// The demo's folder: given, installed beside us, or of the source tree we were built from.
std::optional<std::filesystem::path> demo_directory() {
  std::vector<std::filesystem::path> candidates;
  if (const char* share = std::getenv("CAUSEWAY_SHARE"); share && *share)
    candidates.emplace_back(std::filesystem::path{share} / "demo");
  else
    candidates = {own_directory().parent_path() / "share" / "causeway" / "demo",
                  std::filesystem::path{CAUSEWAY_SOURCE_DIR} / "tools" / "demo"};
  std::error_code error;
  for (const auto& x : candidates)
    if (std::filesystem::is_regular_file(x / "__main__.py", error)) return x;
  return std::nullopt;
}

} // namespace

namespace {

/// What our certificate is worth to others. Files that are not there are told by `check_files`.
std::vector<config::problem> check_certificate(const config::options& x, config::purpose what_for) {
  std::vector<config::problem> out;
  const auto& g = x.gateway;
  if (g.plain_http || g.listen.empty() || access(g.certificate_file.c_str(), R_OK) != 0) return out;
  const auto key_file = access(g.private_key_file.c_str(), R_OK) == 0 ? g.private_key_file : std::string{};
  const bool node = what_for == config::purpose::node;
  const auto host = node || !g.well_known_server.empty()
                      ? gateway::certified_host(x.node.server_name, g.well_known_server)
                      : std::string{};
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  for (auto& problem : gateway::certificate_problems(g.certificate_file, key_file, host, now)) {
    config::problem p;
    p.key = problem.of_key ? "gateway.private_key_file" : "gateway.certificate_file";
    p.what = std::move(problem.what);
    out.push_back(std::move(p));
  }
  return out;
}

/// What the store was made for, where it can be read.
std::vector<config::problem> check_store(const config::options& x) {
  std::vector<config::problem> out;
  if (!x.store.is_file()) return out;
  const auto made_for = store::read_identity(x.store.path);
  if (!made_for) return out;
  for (auto& conflict : store::conflicts(*made_for, {x.node.server_name, x.edge.streams}, x.store.path)) {
    config::problem p;
    p.key = std::move(conflict.key);
    p.what = std::move(conflict.what);
    p.others = {{"store.path", {}}, {"node.data_dir", {}}};
    out.push_back(std::move(p));
  }
  return out;
}

std::string counted(std::size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string{what} + (n == 1 ? "" : "s");
}

/// Where a value comes from, and what its change needs.
std::string origin_comment(const config::field& of, std::string_view where, bool has_problem) {
  return " # " + printable(std::string{where}) + (of.is_reloadable ? " [reload]" : "") +
         (has_problem ? ", has a problem: see below" : "");
}

constexpr const char* what_reload_means =
  "\n# [reload]: a running broker takes a change over at `systemctl reload causewayd` (SIGHUP). All else counts from\n"
  "# its next start on. It says which was which: lines N717 and N715 of its log.\n";

std::string listed(const std::vector<std::string>& files) {
  std::string out;
  for (const auto& x : files) out += (out.empty() ? "" : ", ") + x;
  return out;
}

} // namespace

int check_config(const config::sources& from, bool gateway, bool as_json) {
  auto what_for = gateway ? config::purpose::gateway : config::purpose::node;
  auto found = config::examine(from, what_for);
  const auto add = [&found](std::vector<config::problem> more) {
    for (auto& x : more) {
      config::place(x, found.origins);
      found.problems.push_back(std::move(x));
    }
  };
  // A value that was refused stands at its default: comparing that with the world would only confuse.
  const auto refused = [&found](std::string_view key) {
    return std::any_of(found.problems.begin(), found.problems.end(), [&](const auto& x) { return x.key == key; });
  };
  const bool names_fine = !refused("node.server_name") && !refused("gateway.well_known_server");
  const bool store_fine = !refused("store.path") && !refused("node.data_dir") && !refused("edge.streams");
  add(config::check_files(found.values, what_for));
  if (names_fine) add(check_certificate(found.values, what_for));
  if (names_fine && store_fine && !gateway) add(check_store(found.values));
  auto warned = config::warnings_of_files(found.files);
  for (auto& x : config::warnings(found.values, what_for)) {
    // What is a problem already needs no warning.
    if (std::ranges::any_of(found.problems, [&](const config::problem& p) { return p.key == x.key; })) continue;
    config::place(x, found.origins);
    warned.push_back(std::move(x));
  }
  const bool fine = found.problems.empty();
  if (as_json) {
    json::array files;
    files.assign(found.files.begin(), found.files.end());
    print(json::canonical(json::object{{"ok", json::value{fine}},
                                       {"files", json::value{std::move(files)}},
                                       {"problems", json::value{to_json(found.problems)}},
                                       {"warnings", json::value{to_json(warned)}}}) +
          "\n");
    return fine ? exit_ok : exit_problem;
  }
  print_problems(found.problems);
  for (const auto& x : warned) std::fprintf(stderr, "warning: %s\n", printable(to_string(x)).c_str());
  if (from.file.empty())
    std::fprintf(stderr, "No configuration file was read: none is named, and there is no %s.\n", config::default_file);
  if (!fine) {
    std::fprintf(stderr, "%zu problem%s\n", found.problems.size(), found.problems.size() == 1 ? "" : "s");
    return exit_problem;
  }
  print("The configuration is good (" + counted(found.origins.size(), "value") + " set, " +
        counted(found.files.size(), "file") + " read" + (found.files.empty() ? "" : ": " + listed(found.files)) +
        ").\n");
  return exit_ok;
}

int show_config(const config::sources& from, bool origin, bool only_set, bool as_json) {
  auto found = config::examine(from);
  json::object all;
  std::string text;
  for (const auto& part : config::sections()) {
    std::string lines;
    for (const auto& x : config::fields()) {
      auto at = found.origins.find(x.key());
      const bool set = at != found.origins.end();
      if (x.section != part.name || (only_set && !set)) continue;
      auto value = x.read(found.values);
      auto where = set ? at->second : std::string{"default"};
      all.set(x.key(), json::object{{"value", to_json(value)},
                                    {"origin", json::value{where}},
                                    {"reload", json::value{x.is_reloadable}}});
      const bool has_problem =
        std::any_of(found.problems.begin(), found.problems.end(), [&](const auto& p) { return p.key == x.key(); });
      auto line = std::string{x.name} + " = " + config::to_toml(value);
      if (origin)
        line += std::string(line.size() < 50 ? 50 - line.size() : 1, ' ') + origin_comment(x, where, has_problem);
      lines += line + "\n";
    }
    if (!lines.empty()) text += (text.empty() ? "[" : "\n[") + std::string{part.name} + "]\n" + lines;
  }
  print(as_json ? json::canonical(all) + "\n" : text + (origin && !text.empty() ? what_reload_means : ""));
  print_problems(found.problems);
  return found.problems.empty() ? exit_ok : exit_problem;
}

int print_example_config() {
  print(config::example_file());
  return exit_ok;
}

int print_options_page() {
  print(config::manual_page(CAUSEWAY_VERSION));
  return exit_ok;
}

int run_gateway(const config::sources& from, const gateway_link& link) {
  auto found = config::examine(from, config::purpose::gateway);
  const auto& edge = found.values.edge;
  auto endpoints = link.nodes;
  if (endpoints.empty() && !edge.gateway_endpoints.empty()) endpoints.push_back(edge.gateway_endpoints.front());
  if (endpoints.empty())
    found.problems.push_back(
      {"edge.gateway_endpoints", {}, "is empty: name the node's endpoint for gateways there, or with --node."});
  auto keys = own_curve_keys(link, endpoints.size(), edge.curve_secret_key_file);
  if (!keys) found.problems.push_back({{}, "--node-key", keys.error().detail});
  std::vector<gateway::node_address> nodes;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (auto fine = config::check_endpoint(endpoints[i]); !fine)
      found.problems.push_back({{}, "--node", fine.error().detail});
    else if (keys && !(*keys)[i] && config::is_remote_endpoint(endpoints[i]))
      found.problems.push_back(
        {{}, {}, endpoints[i] + " is on another machine and so needs CURVE: give --node-key, the node's public key."});
    nodes.push_back({endpoints[i], keys ? (*keys)[i] : std::nullopt});
  }
  print_problems(found.problems);
  if (!found.problems.empty()) return exit_problem;
  for (const auto& x : config::warnings(found.values, config::purpose::gateway))
    std::fprintf(stderr, "warning: %s\n", printable(to_string(x)).c_str());
  return gateway::run_gateway_process(found.values.gateway, nodes);
}

int make_curve_key(const std::string& file, bool as_json) {
  std::array<char, 41> own_public{}, secret{};
  if (zmq_curve_keypair(own_public.data(), secret.data()) != 0) return failed("this system's libzmq has no CURVE");
  std::string text = std::string{secret.data()} + "\n";
  auto written = write_secret_file(file, text);
  sodium_memzero(secret.data(), secret.size());
  sodium_memzero(text.data(), text.size());
  if (!written) return failed(written.error().detail);
  std::string public_key{own_public.data()};
  print(as_json
          ? json::canonical(json::object{{"file", json::value{file}}, {"public_key", json::value{public_key}}}) + "\n"
          : public_key + "\n");
  return exit_ok;
}

int rotate_key(const config::sources& from, bool as_json) {
  auto found = config::examine(from, config::purpose::node);
  print_problems(found.problems);
  if (!found.problems.empty()) return exit_problem;
  const auto& options = found.values;
  // Nothing may be signed with the old key after the time at which it is said to have expired: the broker has to be
  // down.
  std::optional<descriptor> held;
  std::unique_ptr<store::postgresql_database> held_database;
  if (options.store.engine == config::store_engine::postgresql) {
    try {
      held_database =
        std::make_unique<store::postgresql_database>(options.store.url, store::postgresql_database::use::alone);
    } catch (const store::sql::error& x) {
      return failed(std::string{x.what()} + "; stop the broker first");
    }
  }
  if (options.store.is_file()) {
    auto locked = store::lock_store(options.store.path);
    if (!locked) return failed(locked.error().detail + "; stop the broker first");
    held = std::move(*locked);
  }
  const auto path = options.node.signing_key_path();
  const auto now =
    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  auto key = rotate_key_file(path, now.count());
  if (!key) return failed(key.error().detail);
  if (as_json)
    print(json::canonical(json::object{{"file", json::value{path}},
                                       {"key_id", json::value{key->key_id()}},
                                       {"public_key", json::value{key->public_key_base64()}}}) +
          "\n");
  else
    print("New key " + key->key_id() + " in " + path +
          ". The former one is published as an old key from the next start on. Make a backup of the file.\n");
  return exit_ok;
}

int run_demo(const std::vector<std::string>& arguments) {
  auto folder = demo_directory();
  if (!folder) return failed("the demo's files were not found: set CAUSEWAY_SHARE to the folder that holds demo/");
  // The demo starts causewayd; the one beside us is meant, unless told otherwise.
  if (auto own = own_directory(); !own.empty()) setenv("CAUSEWAY_BIN", own.c_str(), 0);
  // Debian's python first: it is the one that has the packages our dependencies name.
  std::string python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
  std::vector<std::string> words = {python, folder->string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& x : words) argv.push_back(x.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  execvp(argv[0], argv.data());
  return failed("cannot run " + python + ": " + std::strerror(errno));
}

int print_version(bool as_json) {
  print(as_json ? json::canonical(json::object{{"version", json::value{CAUSEWAY_VERSION}}}) + "\n"
                : std::string{"causeway "} + CAUSEWAY_VERSION + "\n");
  return exit_ok;
}

} // namespace causeway::tools
