// What is missing: parents of events that were pushed to us, and what they rest on. Here: whose gaps are open, and which servers are
// asked; gap_questions.cpp: what they are asked. A few gaps at a time, one server at a time for each; what cannot be had stays staged and is tried
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
/// Gaps that are open at a time, of one server and of all: a hopeless one does not hold up the others.
constexpr std::size_t gaps_of_server_max = 2, gaps_max = 8;
/// Another server than the pusher is waited for so long, while there is one more to ask.
constexpr time_ms witness_patience_ms = 2'500;
/// Servers of which it is known when they were heard last.
constexpr std::size_t heard_max = 1'000;

} // namespace

const room_machine::gap* room_machine::gap_of(std::uint64_t work_id) const {
  const auto it = std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& g) { return g.second.work_id == work_id; });
  return it == gaps_.end() ? nullptr : &it->second;
}

bool room_machine::needs_gap(std::uint64_t id, const work& w) const {
  return !w.pulled() && w.phase == work_phase::closing_gap && !gap_of(id); // pulled events are part of the gap of the one they were pulled for
}

void room_machine::consider_gap() {
  if (join_ || !looking_up_.empty()) return;
  // What lies behind the history of a join is history too, and comes with it in its order.
  if (history_ && gaps_.empty() && now_ < history_->begun + history_first_ms) {
    if (std::any_of(work_.begin(), work_.end(), [&](const auto& w) { return needs_gap(w.first, w.second); }))
      now_effects_.push_back(wake_me_at{history_->begun + history_first_ms, "gap"});
    return;
  }
  resume_gaps();
  time_ms wake = 0;
  std::vector<std::uint64_t> given_up;
  std::map<std::string, std::size_t> open_of;
  for (const auto& [number, g] : gaps_) ++open_of[g.pusher];
  std::vector<std::pair<std::uint64_t, std::uint64_t>> wanted; ///< (turn of the server, work)
  for (const auto& [id, w] : work_) {
    // Also where they only wait for each other: the ids of room versions 1 and 2 allow circles.
    if (w.in_inbox && now_ - w.since > gap_give_up_ms) {
      given_up.push_back(id);
      continue;
    }
    if (!needs_gap(id, w)) continue;
    if (auto it = gap_pauses_.find(id); it != gap_pauses_.end() && it->second.until > now_) {
      wake = wake == 0 ? it->second.until : std::min(wake, it->second.until);
      continue;
    }
    // Servers take turns: one that sends many events without a past must not keep the others' gaps open.
    const auto last = gap_turns_.find(w.origin);
    wanted.emplace_back(last == gap_turns_.end() ? 0 : last->second, id);
  }
  std::stable_sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::uint64_t> opened;
  for (const auto& [turn, id] : wanted) {
    const auto& w = work_.at(id);
    if (gaps_.size() >= gaps_max || open_of[w.origin] >= gaps_of_server_max) continue;
    ++open_of[w.origin];
    open_gap(id, w);
    opened.push_back(last_gap_);
  }
  for (const auto id : given_up) {
    const auto& w = work_.at(id);
    now_effects_.push_back(note{log_level::warning, "event given up: nobody has its parents", {{"room", room_id_}, {"event", w.event->event_id}, {"origin", w.origin}}});
    end_work(id, "the event's parents cannot be obtained");
  }
  for (const auto number : opened)
    if (gaps_.contains(number)) ask_gap(number);
  if (wake != 0 && gaps_.empty()) now_effects_.push_back(wake_me_at{wake, "gap"});
}

void room_machine::resume_gaps() {
  std::vector<std::uint64_t> paused;
  for (const auto& [number, g] : gaps_)
    if (g.paused && g.not_before <= now_) paused.push_back(number);
  for (const auto number : paused) {
    const auto it = gaps_.find(number);
    if (it == gaps_.end() || !std::exchange(it->second.paused, false)) continue;
    auto& g = it->second;
    const auto fetched = std::count_if(work_.begin(), work_.end(), [&](const auto& w) { return w.second.pulled_for == number; });
    const auto fetched_max = std::size_t{node_.room.missing_events_rounds} * node_.room.missing_events_limit;
    if (g.rounds >= node_.room.missing_events_rounds || static_cast<std::size_t>(fetched) >= fetched_max) g.walk_ended = true;
    ask_gap(number);
  }
}

void room_machine::gaps_overdue() {
  const auto patience = std::int64_t{node_.federation.send_join_timeout_ms} + 30'000;
  std::vector<std::uint64_t> late;
  for (const auto& [number, g] : gaps_) {
    const auto waits_ms = g.asked_of == g.pusher ? patience : std::min(patience, witness_patience_ms);
    if (g.asked != 0 && now_ - g.since >= waits_ms) late.push_back(number);
    else if (g.asked == 0 && !g.paused && now_ - g.since >= patience) late.push_back(number); // the verifier failed with our question
  }
  for (const auto number : late)
    if (gaps_.contains(number)) gap_unanswered(number, "no answer", false);
}

void room_machine::open_gap(std::uint64_t work_id, const work& target) {
  auto& g = gaps_[++last_gap_];
  g.number = last_gap_;
  g.work_id = work_id;
  g.pusher = g.server = target.origin;
  g.since = g.progress = now_;
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
  g.to_try.assign(others.begin(), others.end());
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
  // What was pulled belongs to its gap. Kept beyond it, each further attempt would add to it, and the next gap would ask for its ends as well.
  std::vector<std::uint64_t> pulled;
  for (auto& [id, w] : work_) {
    if (!w.pulled() || gaps_.contains(w.pulled_for)) continue;
    // What may prove genuine a moment later stays for itself.
    if (w.phase == work_phase::verifying || w.phase == work_phase::waiting_for_keys) w.pulled_for = 0;
    else pulled.push_back(id);
  }
  for (const auto id : pulled) end_work(id, {});
  if (work_.empty()) gap_turns_.clear();
}

void room_machine::next_gap_server(std::uint64_t number, const std::string& why) {
  auto& g = gaps_.at(number);
  now_effects_.push_back(note{log_level::info, "gap not closed", {{"room", room_id_}, {"server", g.server}, {"event", g.event_id}, {"why", why}}});
  const auto it = work_.find(g.work_id);
  if (it != work_.end() && !g.to_try.empty()) {
    g.server = std::move(g.to_try.front());
    g.to_try.pop_front();
    g.walk_ended = g.alone = false;
    g.rounds = g.unanswered = 0;
    g.chains_asked.clear();
    g.singles_asked.clear();
    g.by_ids.reset();
    return ask_gap(number);
  }
  if (it != work_.end()) {
    auto& pause = gap_pauses_[g.work_id];
    pause.until = now_ + std::min<time_ms>(time_ms{node_.room.inbox_retry_ms} << std::min(pause.attempts++, 20u), gap_retry_ms_max);
    it->second.told_state.reset(); // it is asked for again, with what it rests on
    it->second.stands_alone = false;
  }
  absent_.clear();
  gaps_.erase(number);
  // One after the other, not one within the other; what was pulled for it is dropped, and what waited for that has a gap again.
  now_effects_.push_back(wake_me_at{now_, "gap"});
}

} // namespace causeway::room
