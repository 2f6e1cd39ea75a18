#include "actors/decision.hpp"

#include <algorithm>
#include <iterator>

namespace causeway {

void decision::add_hops() {
  effects hops;
  const store::queue_pdu* queued = nullptr;
  std::size_t servers = 0;
  // One for all servers of an event, whose rows stand together: a room may have thousands.
  const auto end_queued = [&] {
    if (servers == 0) return;
    hop_details more;
    if (servers == 1) more.server = queued->server_name;
    else more.answer = std::to_string(servers) + " servers";
    hops.emplace_back(
      causeway::hop{queued->event_id, hop_stage::queued, std::make_shared<hop_details>(std::move(more))});
    servers = 0;
  };
  for (const auto& w : writes_)
    if (const auto* put = std::get_if<store::put_event>(&w)) {
      hops.emplace_back(causeway::hop{put->event->event_id, hop_stage::committed});
    } else if (const auto* one = std::get_if<store::queue_pdu>(&w)) {
      if (queued == nullptr || queued->event_id != one->event_id) end_queued();
      queued = one;
      ++servers;
    }
  end_queued();
  // Before what follows from the commit: whoever is told then goes on at once.
  after_commit_.insert(after_commit_.begin(), std::make_move_iterator(hops.begin()),
                       std::make_move_iterator(hops.end()));
}

effects decision::take() {
  effects out;
  if (is_listened_to()) {
    add_hops();
    // Those of now come before the commit is asked for: what follows from it may be faster than the rest of this turn.
    const auto is_hop = [](const effect& x) { return std::holds_alternative<causeway::hop>(x); };
    const auto rest = std::stable_partition(at_once_.begin(), at_once_.end(), is_hop);
    out.assign(std::make_move_iterator(at_once_.begin()), std::make_move_iterator(rest));
    at_once_.erase(at_once_.begin(), rest);
  }
  trace_ = 0;
  if (!writes_.empty() || !after_commit_.empty()) {
    persist p;
    p.batch.writes = std::exchange(writes_, {});
    p.then = std::exchange(after_commit_, {});
    out.emplace_back(std::move(p));
  }
  append(out, std::exchange(at_once_, {}));
  return out;
}

} // namespace causeway
