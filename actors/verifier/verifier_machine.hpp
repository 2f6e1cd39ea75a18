#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace causeway::verifier {

/// Answers `verify_events`: collects the keys of all servers concerned (from their remote_server actors), then has the
/// workers check. Pure.
class verifier_machine {
public:
  /// @param workers  how many `verifier/worker-N` there are
  verifier_machine(const context& node, std::size_t workers);
  effects on(const message& m, time_ms now);
  std::string describe(time_ms now) const;

private:
  struct question {
    verify_events asked;
    key_ring keys;
    std::set<std::string> missing;
    std::size_t open_pieces = 0;
    std::vector<event_check> checks;
    time_ms since = 0;
  };
  void begin(const verify_events& m);
  void hand_out(token id, question& q);
  void sweep();
  static time_ms deadline(const question& q);
  time_ms next_deadline() const;

  const context& node_;
  const std::size_t workers_;
  time_ms now_ = 0;
  effects out_;
  token last_token_ = 0;
  std::size_t next_worker_ = 0;
  std::map<token, question> open_;
  std::shared_ptr<const matrix::verify_keys> own_keys_;
  time_ms sweep_at_ = 0; ///< when the timer that is set last is due
  std::uint64_t verified_ = 0;
};

/// One worker: no state at all.
class worker_machine {
public:
  effects on(const message& m, time_ms now);
  std::string describe(time_ms) const { return "{}"; }
};

} // namespace causeway::verifier
