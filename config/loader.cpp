#include "config/loader.hpp"

#include "config/endpoints.hpp"
#include "config/toml_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace causeway::config {

namespace {

constexpr std::string_view environment_prefix = "CAUSEWAY_";
constexpr std::size_t file_bytes_max = 1024 * 1024;

result<std::string> read_file(const std::string& path) {
  std::error_code error;
  const bool is_there = std::filesystem::is_regular_file(path, error);
  if (error == std::errc::permission_denied)
    return {fault_code::invalid_param, "permission denied: this user may not read what is in its folder."};
  if (!is_there) return {fault_code::invalid_param, "there is no such file."};
  std::ifstream in{path, std::ios::binary};
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof()))
    return {fault_code::invalid_param, "cannot be read; this user needs the right to."};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) return {fault_code::too_large, "is larger than 1 MiB."};
  return text;
}

std::vector<std::string> drop_in_files(const std::string& file) {
  std::vector<std::string> list;
  std::error_code error;
  auto directory = std::filesystem::path{file}.parent_path() / "conf.d";
  for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".toml") list.push_back(at->path().string());
  std::sort(list.begin(), list.end());
  return list;
}

/// What to suggest for a key that does not exist.
std::string unknown_key(std::string_view section_name, std::string_view name) {
  std::vector<std::string_view> section_names;
  for (const auto& x : sections()) section_names.push_back(x.name);
  if (std::find(section_names.begin(), section_names.end(), section_name) == section_names.end()) {
    auto like = nearest(section_name, section_names);
    return "there is no section [" + std::string{section_name} + "]" +
           (like.empty() ? "." : "; did you mean [" + std::string{like} + "]?");
  }
  std::vector<std::string_view> here;
  for (const auto& x : fields()) {
    if (x.section == section_name) here.push_back(x.name);
    else if (x.name == name) return "there is no such key; did you mean " + x.key() + "?";
  }
  auto like = nearest(name, here);
  return "there is no such key" + (like.empty() ? "." : "; did you mean " + std::string{like} + "?");
}

/// Applies values to the options, one source after the other.
class loading {
public:
  explicit loading(examination& out) : out_(out) {}

  void problem_at(std::string key, std::string where, std::string what) {
    out_.problems.push_back({std::move(key), std::move(where), std::move(what)});
  }

  void set(std::string_view section_name, std::string_view name, const std::string& where,
           const std::function<result<value>(const field&)>& read) {
    auto key = std::string{section_name} + "." + std::string{name};
    const auto* of = find_field(key);
    if (!of) return problem_at(std::move(key), where, unknown_key(section_name, name));
    auto x = read(*of);
    if (!x) return problem_at(std::move(key), where, x.error().detail);
    if (auto wrong = check(*of, *x); !wrong.empty()) return problem_at(std::move(key), where, std::move(wrong));
    of->write(out_.values, *x);
    out_.origins[key] = where;
  }

  void toml(std::string_view text, const std::string& name) {
    auto document = read_toml(text);
    if (!document) return problem_at({}, name, document.error().detail);
    for (const auto& x : document->entries) {
      auto where = name + ":" + std::to_string(x.line);
      if (x.section.empty()) problem_at(x.name, where, "stands outside of any section; " + section_hint(x.name));
      else if (x.name.empty()) set_problem_of_section(x, where);
      else set(x.section, x.name, where, [&x](const field& of) { return x.as(of); });
    }
  }

  void file(const std::string& path) {
    auto text = read_file(path);
    if (!text) return problem_at({}, path, text.error().detail);
    out_.files.push_back(path);
    toml(*text, path);
  }

  void environment(const std::string& variable, const std::string& text) {
    std::string_view rest = variable;
    if (!rest.starts_with(environment_prefix)) return;
    rest.remove_prefix(environment_prefix.size());
    auto at = rest.find("__");
    if (at == std::string_view::npos) return; // CAUSEWAY_SHARE and the like are no configuration
    auto lower = [](std::string_view x) {
      std::string out{x};
      for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      return out;
    };
    set(lower(rest.substr(0, at)), lower(rest.substr(at + 2)), "environment " + variable,
        [&text](const field& of) { return parse_word(of, text); });
  }

  void flag(const std::string& assignment) {
    auto equals = assignment.find('=');
    auto dot = assignment.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals)
      return problem_at({}, "--set " + assignment, "must be written as section.key=value.");
    std::string_view all = assignment;
    set(all.substr(0, dot), all.substr(dot + 1, equals - dot - 1), "--set " + assignment.substr(0, equals),
        [text = assignment.substr(equals + 1)](const field& of) { return parse_word(of, text); });
  }

private:
  static std::string section_hint(std::string_view name) {
    for (const auto& x : fields())
      if (x.name == name) return "it belongs under [" + std::string{x.section} + "].";
    return "write it under its [section].";
  }
  void set_problem_of_section(const toml_entry& x, const std::string& where) {
    for (const auto& known : sections())
      if (known.name == x.section) return; // an empty section of ours
    problem_at({}, where, unknown_key(x.section, {}));
  }

  examination& out_;
};

/// Where only data_dir is given, the store lies in it: one key moves everything.
void derive(examination& out) {
  if (out.origins.contains("store.path") || !out.origins.contains("node.data_dir")) return;
  out.values.store.path = out.values.node.data_dir + "/store.db";
  out.origins["store.path"] = "follows node.data_dir";
}

} // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > 100) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (auto candidate : known) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      auto diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        auto replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string file_to_read(const std::string& named, const std::string& otherwise) {
  if (!named.empty()) return named; // whether or not there is such a file: who names one wants that one
  struct stat about {};
  return lstat(otherwise.c_str(), &about) == 0 || errno != ENOENT ? otherwise : std::string{};
}

examination examine(const sources& from, purpose what_for) {
  examination out;
  loading into{out};
  if (!from.file.empty()) {
    into.file(from.file);
    for (const auto& path : drop_in_files(from.file)) into.file(path);
  }
  if (!from.text.empty()) into.toml(from.text, "text");
  for (const auto& [variable, text] : from.environment) into.environment(variable, text);
  for (const auto& x : from.set) into.flag(x);
  derive(out);
  const auto told = out.problems.size();
  const auto was_refused = [&out, told](const std::string& key) {
    return std::any_of(out.problems.begin(), out.problems.begin() + static_cast<std::ptrdiff_t>(told),
                       [&key](const problem& y) { return y.key == key; });
  };
  for (auto& x : validate(out.values, what_for,
                          [&out](std::string_view key) { return out.origins.contains(std::string{key}); })) {
    // A value that was refused above stands at its default now; the default's own problems would only confuse.
    if (was_refused(x.key) ||
        std::any_of(x.others.begin(), x.others.end(), [&](const auto& other) { return was_refused(other.key); }))
      continue;
    place(x, out.origins);
    out.problems.push_back(std::move(x));
  }
  return out;
}

void place(problem& x, const std::map<std::string, std::string>& origins) {
  const auto where_of = [&origins](const std::string& key) {
    const auto at = origins.find(key);
    return at == origins.end() ? std::string{} : at->second;
  };
  x.where = where_of(x.key);
  for (auto& other : x.others) {
    other.where = where_of(other.key);
    if (x.where.empty())
      x.where = other.where; // the key itself stands at its default: whoever set the other has to know
  }
}

result<options> load(const sources& from, purpose what_for) {
  auto found = examine(from, what_for);
  if (found.problems.empty()) return std::move(found.values);
  std::string detail;
  for (const auto& x : found.problems) (detail += detail.empty() ? "" : "\n") += to_string(x);
  return fault{fault_code::invalid_param, std::move(detail)};
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> list;
  for (char** at = environ; at && *at; ++at) {
    std::string_view entry = *at;
    auto equals = entry.find('=');
    if (entry.starts_with(environment_prefix) && equals != std::string_view::npos)
      list.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return list;
}

std::vector<problem> check_files(const options& x, purpose what_for) {
  std::vector<problem> out;
  auto check = [&out](std::string_view key, const std::string& path, bool secret, bool may_be_absent = false) {
    if (path.empty()) return;
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
      if (!may_be_absent || errno != ENOENT)
        out.push_back({std::string{key}, {}, path + " does not exist or may not be looked at."});
    } else if (!S_ISREG(about.st_mode)) {
      out.push_back({std::string{key}, {}, path + " is no regular file."});
    } else if (access(path.c_str(), R_OK) != 0) {
      out.push_back({std::string{key}, {}, path + " may not be read by this user."});
    } else if (secret && (about.st_mode & 077U) != 0) {
      out.push_back({std::string{key}, {}, path + " is a secret that others may read: chmod 600 it."});
    }
  };
  if (!x.gateway.plain_http && !x.gateway.listen.empty()) {
    check("gateway.certificate_file", x.gateway.certificate_file, false);
    check("gateway.private_key_file", x.gateway.private_key_file, false);
  }
  check("gateway.ca_file", x.gateway.ca_file, false);
  check("edge.curve_secret_key_file", x.edge.curve_secret_key_file, true);
  if (what_for == purpose::node) check("node.signing_key_file", x.node.signing_key_path(), true, true);
  return out;
}

std::string example_file() {
  std::string out =
    "# Causeway's configuration: every key with its default. Remove the # before a key to change it.\n"
    "# Overridden by conf.d/*.toml beside this file, then by the environment (CAUSEWAY_SECTION__KEY), then by\n"
    "# --set section.key=value. `causeway config check FILE` checks, `causeway config show --origin` tells what "
    "counts.\n"
    "# What ends with [reload] is taken over from the changed file by SIGHUP; all else counts from the next start "
    "on.\n";
  const options defaults;
  for (const auto& part : sections()) {
    out += "\n# " + std::string{part.doc} + "\n[" + std::string{part.name} + "]\n";
    for (const auto& x : fields()) {
      if (x.section != part.name) continue;
      out += "\n" + wrap(describe(x), "# ", 110);
      out += x.required ? std::string{x.name} + " = \"chat.example.org\"\n"
                        : "#" + std::string{x.name} + " = " + to_toml(x.read(defaults)) + "\n";
    }
  }
  return out;
}

} // namespace causeway::config
