#pragma once
#include "actors/decision.hpp"
#include "messages/remote_server.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace causeway::room {

/// PDUs that came together, until the outcome of each is known: then their sender is answered, once, with all outcomes
/// in order.
class pdu_batches {
public:
  explicit pdu_batches(decision& out) : out_(out) {}

  /// @returns its number. It stays open until `end_intake`, whatever is completed before
  std::uint64_t begin(address reply_to, token asked, std::size_t pdus);
  void end_intake(std::uint64_t batch) { close_one(batch); }

  // Of a batch that is not open any more nothing is done: its sender has been answered.
  void name(std::uint64_t batch, std::size_t index, std::string event_id);
  /// @param error  empty: it was taken
  void complete(std::uint64_t batch, std::size_t index, std::string error);
  /// The sender keeps the transaction and repeats it.
  void put_off(std::uint64_t batch);

  bool is_idle() const { return open_.empty(); }

private:
  struct open_batch {
    address reply_to;
    token asked = 0;
    std::vector<pdu_outcome> outcomes;
    std::size_t open = 0;
  };
  void close_one(std::uint64_t batch);

  decision& out_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, open_batch> open_;
};

} // namespace causeway::room
