#include "actors/decision.hpp"

#include "messages/batch_shards.hpp"

namespace causeway {

void decision::add_hops() {
  std::vector<causeway::hop> seen;
  std::string event_id, first_server;
  std::size_t servers = 0;
  // One for all servers of an event, whose rows stand together: a room may have thousands.
  const auto end_queued = [&] {
    if (servers == 0) return;
    hop_details more;
    if (servers == 1) more.server = first_server;
    else more.answer = std::to_string(servers) + " servers";
    seen.push_back({event_id, hop_stage::queued, std::make_shared<hop_details>(std::move(more))});
    servers = 0;
  };
  const auto add_queued = [&](const std::string& event, const std::string& server, std::size_t count) {
    if (event_id != event) end_queued();
    event_id = event;
    first_server = server;
    servers += count;
  };
  bool is_told = false; // the servers were counted with the event, before they got rows of their own
  for (const auto& w : writes_) {
    const auto* one = std::get_if<store::queue_pdu>(&w);
    if (!one) is_told = std::holds_alternative<store::remove_fan_out>(w);
    else if (!is_told) add_queued(one->event_id, one->server_name, 1);
    if (const auto* put = std::get_if<store::put_event>(&w))
      seen.push_back({put->event->event_id, hop_stage::committed});
    else if (const auto* later = std::get_if<store::put_fan_out>(&w))
      add_queued(later->event_id, later->servers.front(), later->servers.size());
  }
  end_queued();
  // Before what follows from the commit: whoever is told then goes on at once.
  if (!seen.empty()) after_commit_.emplace(after_commit_.begin(), hops{std::move(seen)});
}

effects decision::take() {
  effects out = std::exchange(ahead_, {});
  if (is_listened_to()) add_hops();
  // Those of now come before the commit is asked for: what follows from it may be faster than the rest of this turn.
  if (!hops_.empty()) out.emplace_back(hops{std::exchange(hops_, {})});
  trace_ = 0;
  const auto may_wait_ms = std::exchange(may_wait_ms_, std::nullopt);
  const auto may_ride_ms = std::exchange(may_ride_ms_, std::nullopt);
  if (!writes_.empty() || !after_commit_.empty()) {
    persist p;
    p.batch.writes = std::exchange(writes_, {});
    if (!p.batch.writes.empty()) p.batch.shards = shards_of(self_, p.batch.writes);
    p.batch.may_wait_ms = may_wait_ms;
    p.batch.may_ride_ms = may_ride_ms;
    p.then = std::exchange(after_commit_, {});
    out.emplace_back(std::move(p));
  }
  append(out, std::exchange(at_once_, {}));
  return out;
}

} // namespace causeway
