#include "actors/effects.hpp"

#include "messages/replace.hpp"

#include <utility>

namespace causeway {

// Long and needed everywhere: compiled once.
effect::effect() noexcept = default;
effect::effect(const effect&) = default;
effect::effect(effect&&) noexcept = default;
effect& effect::operator=(const effect& x) { return replace(*this, effect{x}); }
effect& effect::operator=(effect&& x) noexcept { return replace(*this, std::move(x)); }
effect::~effect() = default;

std::string_view name(hop_stage x) {
  switch (x) {
  case hop_stage::gateway_in: return "gateway_in";
  case hop_stage::edge_in: return "edge_in";
  case hop_stage::transaction_accepted: return "transaction_accepted";
  case hop_stage::room_received: return "room_received";
  case hop_stage::waiting_for_key: return "waiting_for_key";
  case hop_stage::waiting_for_parents: return "waiting_for_parents";
  case hop_stage::verified: return "verified";
  case hop_stage::judged: return "judged";
  case hop_stage::committed: return "committed";
  case hop_stage::queued: return "queued";
  case hop_stage::sent: return "sent";
  case hop_stage::failed: return "failed";
  case hop_stage::refused: return "refused";
  case hop_stage::acknowledged: return "acknowledged";
  case hop_stage::notified: return "notified";
  case hop_stage::chat_refused: return "chat_refused";
  case hop_stage::chat_acknowledged: return "chat_acknowledged";
  }
  return "unknown";
}

} // namespace causeway
