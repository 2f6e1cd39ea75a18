#pragma once
#include "actors/effects.hpp"
#include "config/options.hpp"

#include <memory>

namespace spdlog {
class logger;
}

namespace causeway {

/// The log: one line per change of state or decided fault, JSON or text. Thread-safe. Never written: message texts, keys, bodies.
class node_log {
public:
  explicit node_log(const config::log_options& options);
  ~node_log();
  void write(const note& x, const address& who);

private:
  std::shared_ptr<spdlog::logger> logger_;
  bool json_ = true;
};

} // namespace causeway
