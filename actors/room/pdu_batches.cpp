#include "actors/room/pdu_batches.hpp"

#include <utility>

namespace causeway::room {

std::uint64_t pdu_batches::begin(address reply_to, token asked, std::size_t pdus) {
  auto& b = open_[++last_];
  b.reply_to = std::move(reply_to);
  b.asked = asked;
  b.outcomes.resize(pdus);
  b.open = pdus + 1; // one for the intake itself
  return last_;
}

void pdu_batches::name(std::uint64_t batch, std::size_t index, std::string event_id) {
  if (const auto it = open_.find(batch); it != open_.end()) it->second.outcomes[index].event_id = std::move(event_id);
}

void pdu_batches::complete(std::uint64_t batch, std::size_t index, std::string error) {
  const auto it = open_.find(batch);
  if (it == open_.end()) return;
  it->second.outcomes[index].error = std::move(error);
  close_one(batch);
}

void pdu_batches::close_one(std::uint64_t batch) {
  const auto it = open_.find(batch);
  if (it == open_.end() || --it->second.open > 0) return;
  out_.send(it->second.reply_to, pdus_handled{it->second.asked, std::move(it->second.outcomes)});
  open_.erase(it);
}

void pdu_batches::put_off(std::uint64_t batch) {
  const auto it = open_.find(batch);
  if (it == open_.end()) return;
  out_.send(it->second.reply_to, pdus_handled{it->second.asked, {}, true});
  open_.erase(it);
}

} // namespace causeway::room
