#pragma once
#include "config/loader.hpp"
#include "tools/causeway/broker_request.hpp"
#include "tools/causeway/local_commands.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace causeway::tools {

/// Everything that a command line of `causeway` can say. Which command takes what: command_table.hpp.
struct command_line {
  std::string config_file;
  std::vector<std::string> set; ///< section.key=value
  std::string socket;
  broker_request broker;
  gateway_link link;
  std::string backup_folder, bundle_file, check_file, curve_file, contract_file, database_url;
  std::vector<std::string> demo_arguments;
  optional_value web;             ///< the port of the demo's page
  std::string shell;              ///< completions are for
  std::vector<std::string> topic; ///< words of the command that help is wanted about
  bool origin = false, only_set = false, for_gateway = false, keep = false, tour = false, waits = false,
       is_cluster = false, finishes = false, lists_shards = false;

  /// What the configuration is read from.
  config::sources sources() const;
  /// To the broker that listens where --socket says, else where the broker itself would read it.
  /// Throws where the configuration does not say it: the default would be another broker's. Where this user may neither
  /// read the default file nor ask at the default place, it is that place, whose refusal tells who may.
  broker_request request() const;
};

/// Where a word of the command line goes.
using place = std::variant<bool*, std::string*, std::uint32_t*, std::vector<std::string>*, optional_value*>;

} // namespace causeway::tools
