// What is missing: parents of events that were pushed to us, and what they rest on. Here: whose gap is open, and which servers are
// asked; gap_questions.cpp: what they are asked. One gap at a time, one server at a time; what cannot be had stays staged and is tried
// again, each time a little later, and at other servers.
// Source: server-server-api, "Backfilling and retrieving missing events".
#include "actors/room/room_machine.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// After this a staged event whose parents nobody has is given up.
constexpr time_ms gap_give_up_ms = 24 * 3'600'000;
/// So long a gap waits for the history of a join.
constexpr time_ms history_first_ms = 10 * 60'000;
/// Pause between attempts at one event, at most; it begins with `room.inbox_retry_ms` and doubles.
constexpr time_ms gap_retry_ms_max = 3'600'000;
/// Servers asked in one attempt: whoever pushed the event, and others of the room.
constexpr std::size_t gap_servers_max = 4;
/// Servers of which it is known when they were heard last.
constexpr std::size_t heard_max = 1'000;

} // namespace

bool room_machine::needs_gap(const work& w) const {
  return !w.pulled && w.phase == work_phase::closing_gap; // pulled events are part of the gap of the one they were pulled for
}

void room_machine::consider_gap() {
  if (join_ || !looking_up_.empty()) return;
  // What lies behind the history of a join is history too, and comes with it in its order.
  if (history_ && !gap_ && now_ < history_->begun + history_first_ms) {
    if (std::any_of(work_.begin(), work_.end(), [&](const auto& w) { return needs_gap(w.second); }))
      now_effects_.push_back(wake_me_at{history_->begun + history_first_ms, "gap"});
    return;
  }
  if (gap_) {
    if (!std::exchange(gap_->paused, false)) return;
    const auto fetched = std::count_if(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled; });
    const auto fetched_max = std::size_t{node_.room.missing_events_rounds} * node_.room.missing_events_limit;
    if (gap_->rounds >= node_.room.missing_events_rounds || static_cast<std::size_t>(fetched) >= fetched_max) gap_->walk_ended = true;
    return ask_gap();
  }
  time_ms wake = 0;
  std::vector<std::uint64_t> given_up;
  const std::pair<const std::uint64_t, work>* next = nullptr;
  std::uint64_t turn = 0;
  for (const auto& entry : work_) {
    const auto& [id, w] = entry;
    // Also where they only wait for each other: the ids of room versions 1 and 2 allow circles.
    if (w.in_inbox && now_ - w.since > gap_give_up_ms) {
      given_up.push_back(id);
      continue;
    }
    if (!needs_gap(w)) continue;
    if (auto it = gap_pauses_.find(id); it != gap_pauses_.end() && it->second.until > now_) {
      wake = wake == 0 ? it->second.until : std::min(wake, it->second.until);
      continue;
    }
    // Servers take turns: one that sends many events without a past must not keep the others' gaps open.
    const auto last = gap_turns_.find(w.origin);
    const auto its_turn = last == gap_turns_.end() ? 0 : last->second;
    if (next && its_turn >= turn) continue;
    next = &entry;
    turn = its_turn;
  }
  if (next) open_gap(next->first, next->second);
  for (const auto id : given_up) {
    const auto& w = work_.at(id);
    now_effects_.push_back(note{log_level::warning, "event given up: nobody has its parents", {{"room", room_id_}, {"event", w.event->event_id}, {"origin", w.origin}}});
    end_work(id, "the event's parents cannot be obtained");
  }
  if (gap_) return ask_gap();
  if (wake != 0) now_effects_.push_back(wake_me_at{wake, "gap"});
}

void room_machine::open_gap(std::uint64_t work_id, const work& target) {
  gap_.emplace();
  gap_->number = ++last_gap_;
  gap_->work_id = work_id;
  gap_->pusher = gap_->server = target.origin;
  gap_turns_[target.origin] = last_gap_;
  auto others = servers_in_room();
  std::erase_if(others, [&](const auto& s) { return s == node_.server_name || s == target.origin; });
  if (others.empty()) return;
  // Those heard of last first; each attempt goes on where the one before ended.
  std::stable_sort(others.begin(), others.end(), [this](const auto& a, const auto& b) { return last_heard(a) > last_heard(b); });
  const auto attempt = gap_pauses_.contains(work_id) ? std::size_t{gap_pauses_.at(work_id).attempts} : 0;
  constexpr auto others_max = gap_servers_max - 1;
  if (others.size() > others_max) {
    std::rotate(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(attempt * others_max % others.size()), others.end());
    others.resize(others_max);
  }
  gap_->to_try.assign(others.begin(), others.end());
}

void room_machine::heard_from(const std::string& server) {
  heard_[server] = now_;
  if (heard_.size() <= heard_max) return;
  heard_.erase(std::min_element(heard_.begin(), heard_.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
}

time_ms room_machine::last_heard(const std::string& server) const {
  const auto it = heard_.find(server);
  return it == heard_.end() ? 0 : it->second;
}

void room_machine::drop_pulled() {
  // What was pulled belongs to the gap that is open. Kept beyond it, each further attempt would add to it, and the next gap
  // would ask for its ends as well.
  if (gap_) return;
  std::vector<std::uint64_t> pulled;
  for (const auto& [id, w] : work_)
    if (w.pulled) pulled.push_back(id);
  for (const auto id : pulled) end_work(id, {});
  if (work_.empty()) gap_turns_.clear();
}

void room_machine::next_gap_server(const std::string& why) {
  now_effects_.push_back(note{log_level::info, "gap not closed", {{"room", room_id_}, {"server", gap_->server}, {"event", gap_->event_id}, {"why", why}}});
  const auto it = work_.find(gap_->work_id);
  if (it != work_.end() && !gap_->to_try.empty()) {
    gap_->server = std::move(gap_->to_try.front());
    gap_->to_try.pop_front();
    gap_->walk_ended = false;
    gap_->rounds = gap_->unanswered = 0;
    gap_->chains_asked.clear();
    gap_->singles_asked.clear();
    gap_->by_ids.reset();
    return ask_gap();
  }
  const bool asked_nobody = gap_->questions == 0;
  if (it != work_.end()) {
    auto& pause = gap_pauses_[gap_->work_id];
    pause.until = now_ + std::min<time_ms>(time_ms{node_.room.inbox_retry_ms} << std::min(pause.attempts++, 20u), gap_retry_ms_max);
    it->second.told_state.reset(); // it is asked for again, with what it rests on
  }
  absent_.clear();
  gap_.reset();
  const bool pulled = std::any_of(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled; });
  if (pulled) return advance(); // drops it; what waited for it has a gap again
  if (asked_nobody) now_effects_.push_back(wake_me_at{now_, "gap"}); // one after the other, not one within the other
  else consider_gap();
}

} // namespace causeway::room
