#include "actors/room/intake_limits.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/missing_events.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

std::map<std::string, inbound_events::share> inbound_events::shares() {
  std::map<std::string, share> of;
  for (auto& [id, w] : work_) {
    // What was pulled for a gap is there for the event that was pushed.
    const auto pusher = missing_.pusher_of(w.pulled_for);
    auto& own = of[pusher.empty() ? w.origin : pusher];
    ++own.pdus;
    if (w.copies.empty() && w.in_inbox) {
      if (w.bytes == 0) w.bytes = w.event->to_json().size();
      own.bytes += w.bytes;
    }
    for (const auto& copy : w.copies) {
      of[copy.origin].bytes += copy.bytes;
      if (copy.origin != w.origin) ++of[copy.origin].pdus;
    }
  }
  for (const auto& h : held_.all()) {
    ++of[h.origin].pdus;
    of[h.origin].bytes += h.bytes;
  }
  return of;
}

std::vector<inbound_events::evictable> inbound_events::evictables() const {
  std::map<std::uint64_t, std::size_t> pulled;
  for (const auto& [id, w] : work_)
    if (w.pulled()) ++pulled[w.pulled_for];
  std::vector<evictable> all;
  for (const auto& [id, w] : work_) {
    const bool waits = w.phase == work_phase::waiting_for_keys || w.phase == work_phase::waiting_for_parents ||
                       w.phase == work_phase::closing_gap || w.phase == work_phase::verifying ||
                       w.phase == work_phase::asking_policy_server;
    if (!w.in_inbox || w.pulled() || !waits || w.origin == room_.node.server_name) continue;
    share frees{1, w.bytes};
    for (const auto& copy : w.copies) frees.bytes += copy.bytes;
    if (const auto number = missing_.gap_number_of(id))
      if (const auto of_gap = pulled.find(*number); of_gap != pulled.end()) frees.pdus += of_gap->second;
    all.push_back({w.since, w.origin, frees, id, {}});
  }
  for (const auto& h : held_.all()) all.push_back({h.since, h.origin, {1, h.bytes}, 0, h.row});
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
  return all;
}

void inbound_events::evict(const evictable& x) {
  if (x.work_id != 0) return end_work(x.work_id, "too much waits in the room");
  if (held_.drop(x.row, x.origin)) out_.write(store::remove_inbox{room_.id, {x.row}});
}

bool inbound_events::make_room_for(const pdus_received& m) {
  auto of = shares();
  share all;
  for (const auto& [server, own] : of) {
    all.pdus += own.pdus;
    all.bytes += own.bytes;
  }
  const auto come = m.pdus->size();
  const std::size_t pdus_max = room_.node.settings().room.pending_pdus_max;
  const auto own_max = std::max<std::size_t>(limits::pdus_per_transaction_max, pdus_max / 2);
  auto own_fits = [&] {
    return of[m.origin].pdus + come <= own_max && of[m.origin].bytes <= staged_bytes_of_server_max;
  };
  auto all_fits = [&] { return all.pdus + come <= pdus_max && all.bytes <= staged_bytes_max; };
  if (own_fits() && all_fits()) return true;
  auto waiting = evictables();
  std::map<std::string, std::size_t> gone;
  auto give_way = [&](std::vector<evictable>::iterator it) {
    const auto x = std::move(*it);
    waiting.erase(it);
    auto less = [](std::size_t& from, std::size_t by) { from -= std::min(from, by); };
    less(of[x.origin].pdus, x.frees.pdus), less(of[x.origin].bytes, x.frees.bytes);
    less(all.pdus, x.frees.pdus), less(all.bytes, x.frees.bytes);
    evict(x);
    ++gone[x.origin];
  };
  while (!own_fits()) {
    const auto it = std::find_if(waiting.begin(), waiting.end(), [&](const auto& x) { return x.origin == m.origin; });
    if (it == waiting.end() || out_.now() - it->since < hopeless_after_ms) break;
    give_way(it);
  }
  while (own_fits() && !all_fits()) {
    const bool by_bytes = all.bytes > staged_bytes_max;
    auto size_of = [&](const evictable& x) { return by_bytes ? of[x.origin].bytes : of[x.origin].pdus; };
    // Of equals the first is the one that has waited longest.
    const auto it = std::max_element(waiting.begin(), waiting.end(),
                                     [&](const auto& a, const auto& b) { return size_of(a) < size_of(b); });
    if (it == waiting.end()) break;
    give_way(it);
  }
  for (const auto& [server, number] : gone)
    out_.log(log_level::warning, "R109 staged events dropped: room is full",
             {{"room", room_.id}, {"server", server}, {"events", std::to_string(number)}});
  if (!gone.empty()) missing_.drop_pulled(); // what was fetched for them
  return own_fits() && all_fits();
}

} // namespace causeway::room
