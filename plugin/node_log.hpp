#pragma once
#include "actors/effects.hpp"
#include "config/options.hpp"

#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace causeway {

class log_file;

/// Makes the file of the log, for this user alone, where it is not there; one that is there may have been made for
/// others to read.
/// @returns store_failed
status prepare_log_file(const config::log_options& options);

/// The log: one line per change of state or decided fault, JSON or text. Thread-safe. Never written: message texts,
/// keys, bodies.
class node_log {
public:
  explicit node_log(const config::log_options& options);
  ~node_log();
  void write(const note& x, const address& who);
  /// From now on only what has `level` and more is written; the file is opened anew under its name, so that it can be
  /// moved away before. Any thread.
  /// @returns store_failed: the file cannot be opened, and the old one goes on
  status reload(const std::string& level);

private:
  std::shared_ptr<spdlog::logger> logger_, edges_; ///< the edges' own lines go where all others go
  std::vector<std::shared_ptr<log_file>> files_;
  config::log_options options_;
  bool json_ = true;
};

} // namespace causeway
