#include "tools/causeway/command_line.hpp"

#include <stdexcept>

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
  x.where.endpoint = socket.empty() ? configured_endpoint(sources()) : socket;
  return x;
}

} // namespace causeway::tools
