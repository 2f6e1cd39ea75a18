#include "tools/causeway/command_line.hpp"

#include <cerrno>
#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace causeway::tools {

namespace {

std::string configured_endpoint(const config::sources& from) {
  const auto found = config::examine(from);
  // A file as a whole, not one of its lines: those of conf.d end in .toml, whatever the first one is called.
  const auto is_of_a_file = [&from](const config::problem& x) {
    return x.key.empty() && (x.where == from.file || x.where.ends_with(".toml"));
  };
  for (const auto& problem : found.problems)
    if (is_of_a_file(problem) || problem.key == "edge.admin_endpoint")
      throw std::runtime_error("the configuration does not tell where the broker listens: " + to_string(problem) +
                               " Correct it, or give --socket.");
  return found.values.edge.admin_endpoint;
}

bool is_denied(const std::string& path, int right) { return access(path.c_str(), right) != 0 && errno == EACCES; }

/// Neither the file that a package installs nor the socket of its broker is for this user.
bool is_nothing_for_this_user(const config::sources& from) {
  constexpr std::string_view scheme = "ipc://";
  const auto endpoint = config::edge_options{}.admin_endpoint;
  return is_denied(from.file, R_OK) && endpoint.starts_with(scheme) && is_denied(endpoint.substr(scheme.size()), W_OK);
}

} // namespace

config::sources command_line::sources() const {
  config::sources from;
  from.file = config::file_to_read(config_file);
  from.environment = config::process_environment();
  from.set = set;
  return from;
}

broker_request command_line::request() const {
  auto x = broker;
  if (!x.archive.empty()) return x; // nobody is asked
  if (socket.empty()) {
    auto from = sources();
    if (config_file.empty() && is_nothing_for_this_user(from)) from.file.clear(); // the socket tells who may ask
    x.where.endpoint = configured_endpoint(from);
  } else {
    x.where.endpoint = socket;
  }
  return x;
}

} // namespace causeway::tools
