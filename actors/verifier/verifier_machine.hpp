#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace causeway::verifier {

/// Answers `verify_events`: collects the keys of all servers concerned (from their remote_server actors), then has the
/// workers check. Where a signature does not match a known key, its server may have been installed anew: its actor is
/// asked once more, and the events are checked again when it tells another key. Pure.
class verifier_machine {
public:
  /// @param workers  how many `verifier/worker-N` there are
  verifier_machine(const context& node, std::size_t workers);
  effects on(const message& m, time_ms now);
  std::string describe(time_ms now) const;

private:
  struct question {
    verify_events asked;
    std::shared_ptr<key_ring> keys = std::make_shared<key_ring>(); ///< not changed once workers have it
    std::set<std::string> missing;
    bool doubts = false;              ///< the second round: `missing` are servers whose keys do not match
    std::vector<std::size_t> doubted; ///< events of it, by index
    std::size_t open_pieces = 0;
    std::vector<event_check> checks;
    time_ms since = 0;
  };
  void begin(const verify_events& m);
  void hand_out(token id, question& q);
  void take_keys(token id, question& q, const keys_response& found);
  void pieces_done(token id, question& q);
  /// @returns false: nothing is in doubt
  bool ask_about_doubts(token id, question& q);
  void check_doubted(token id, question& q);
  void finish(token id);
  /// Dated ahead of us, and beyond what a key of its signers that is known is good for.
  bool is_beyond_keys(const question& q, std::size_t event) const;
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
