#include "actors/room/missing_events.hpp"

#include "actors/room/described.hpp"
#include "actors/room/intake_limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <tuple>

namespace causeway::room {
namespace {

/// The same where its own server says that it does not know it. It may know it later: a server that has just joined a
/// large room knows no states until it has been told all members.
constexpr time_ms disowned_give_up_ms = 3'600'000;
/// So long a gap waits for the history of a join.
constexpr time_ms history_first_ms = 10 * 60'000;
/// Pause between attempts at one event, at most; it begins with `room.inbox_retry_ms` and doubles.
constexpr time_ms gap_retry_ms_max = 3'600'000;
/// Servers asked in one attempt: whoever pushed the event, and others of the room.
constexpr std::size_t gap_servers_max = 4;
/// Gaps that are open at a time, of one server and of all: a hopeless one does not hold up the others.
constexpr std::size_t gaps_of_server_max = 2, gaps_max = 8;
/// Beyond `gaps_max` a server that has none open still opens its first, up to so many: a crowd of silent servers keeps
/// nobody else waiting.
constexpr std::size_t first_gaps_max = 64;
/// So long a server is waited for, in the first attempt, before another is asked besides. Each attempt doubles it: a
/// slow server is heard too.
constexpr time_ms hedge_after_ms = 1'500;
/// So long those that answer go before a server that let a question hang.
constexpr time_ms hanging_ms = 60'000;
/// Questions of one gap that are still open while others are asked.
constexpr std::size_t late_max = 8;
/// Questions that are still open of gaps that were closed; the oldest go first.
constexpr std::size_t belated_max = 64;
/// Servers of which it is known when they were heard last, and when they let a question hang.
constexpr std::size_t heard_max = 1'000;

} // namespace

const missing_events::gap* missing_events::gap_of(std::uint64_t work_id) const {
  const auto it = std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& g) { return g.second.work_id == work_id; });
  return it == gaps_.end() ? nullptr : &it->second;
}

std::optional<std::uint64_t> missing_events::gap_number_of(std::uint64_t id) const {
  const auto* g = gap_of(id);
  return g ? std::optional{g->number} : std::nullopt;
}

std::string missing_events::pusher_of(std::uint64_t gap_number) const {
  const auto it = gaps_.find(gap_number);
  return it == gaps_.end() ? std::string{} : it->second.pusher;
}

std::optional<time_ms> missing_events::progress_for(std::uint64_t id, const inbound_event& w) const {
  const auto* g = w.pulled() ? nullptr : gap_of(id);
  if (const auto of = gaps_.find(w.pulled_for); of != gaps_.end()) g = &of->second;
  return g ? std::optional{g->progress} : std::nullopt;
}

void missing_events::refuted(std::uint64_t gap_number, const std::string& event_id) {
  if (const auto g = gaps_.find(gap_number); g != gaps_.end()) g->second.before.refuted.insert(event_id);
}

void missing_events::event_ended(std::uint64_t id) {
  gap_pauses_.erase(id);
  answers_.forget(id);
  while (const auto* g = gap_of(id)) {
    // Placed by a state of its own, or behind one that was: what was fetched for it has still to be shown, and nobody
    // asks for that again.
    if (room_.graph.is_placed(inbound_.all().at(id).event->event_id))
      for (auto& [other, w] : inbound_.all()) {
        if (w.pulled_for != g->number) continue;
        w.pulled_for = 0;
        w.state.drop(); // it is asked for again, with what it rests on
      }
    close(g->number);
  }
}

void missing_events::forget_questions(const gap& g) {
  pending_.forget(g.open.asked);
  pending_.forget(g.verifying);
  for (const auto& late : g.late) pending_.forget(late.asked);
}

void missing_events::close(std::uint64_t number) {
  const auto it = gaps_.find(number);
  if (it == gaps_.end()) return;
  forget_questions(it->second);
  gaps_.erase(it);
}

void missing_events::abandon() {
  while (!gaps_.empty()) close(gaps_.begin()->first);
  for (const auto& [asked, about] : std::exchange(belated_, {})) pending_.forget(asked);
}

void missing_events::keep_late_questions(gap& g) {
  if (!inbound_.all().contains(g.work_id)) return;
  for (const auto& late : g.late)
    if (late.at == step::missing_events) belated_[late.asked] = {g.work_id, late.asked_of};
  std::erase_if(g.late, [this](const auto& late) { return belated_.contains(late.asked); });
  while (belated_.size() > belated_max) {
    pending_.forget(belated_.begin()->first);
    belated_.erase(belated_.begin());
  }
}

void missing_events::describe(matrix::json::object& o) const {
  matrix::json::array gaps;
  for (const auto& [id, w] : inbound_.all()) {
    if (gaps.size() == described_max) break;
    if (needs_gap(id, w) || gap_of(id)) gaps.emplace_back(describe(id, w));
  }
  o.set("gaps", std::move(gaps));
}

matrix::json::object missing_events::describe(std::uint64_t work_id, const inbound_event& w) const {
  matrix::json::object o{{"event_id", w.event->event_id}};
  const auto* g = gap_of(work_id);
  const auto pause = gap_pauses_.find(work_id);
  const bool has_failed = pause != gap_pauses_.end();
  o.set("server", g && g->open.asked != 0 ? g->open.asked_of : std::string{});
  o.set("rounds", static_cast<std::int64_t>(g ? g->rounds : 0));
  o.set("attempts", static_cast<std::int64_t>(has_failed ? pause->second.attempts : 0) + (g ? 1 : 0));
  o.set("retry_ts", !g && has_failed ? pause->second.until : time_ms{0});
  o.set("give_up_ts", w.in_inbox ? w.since + gap_give_up_ms : time_ms{0});
  o.set("answers", answers_.describe(work_id));
  return o;
}

bool missing_events::needs_gap(std::uint64_t id, const inbound_event& w) const {
  return !w.pulled() && w.phase == work_phase::closing_gap &&
         !gap_of(id); // pulled events are part of the gap of the one they were pulled for
}

void missing_events::consider() {
  if (join_.is_active() || inbound_.is_looking_up()) return;
  // What lies behind the history of a join is history too, and comes with it in its order.
  if (history_.is_active() && gaps_.empty() && out_.now() < history_.begun() + history_first_ms) {
    if (std::any_of(inbound_.all().begin(), inbound_.all().end(),
                    [&](const auto& w) { return needs_gap(w.first, w.second); }))
      consider_at(history_.begun() + history_first_ms);
    return;
  }
  resume_gaps();
  time_ms wake = 0;
  std::vector<std::uint64_t> given_up;
  std::map<std::string, std::size_t> open_of;
  for (const auto& [number, g] : gaps_) ++open_of[g.pusher];
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::uint64_t>> wanted; ///< (turn of the server, depth, work)
  for (const auto& [id, w] : inbound_.all()) {
    // Also where they only wait for each other: the ids of room versions 1 and 2 allow circles.
    if (w.in_inbox && out_.now() - w.since > gap_give_up_ms) {
      given_up.push_back(id);
      continue;
    }
    if (!needs_gap(id, w)) continue;
    if (auto it = gap_pauses_.find(id); it != gap_pauses_.end() && it->second.until > out_.now()) {
      wake = wake == 0 ? it->second.until : std::min(wake, it->second.until);
      continue;
    }
    // Servers take turns: one that sends many events without a past must not keep the others' gaps open.
    const auto last = gap_turns_.find(w.origin);
    wanted.emplace_back(last == gap_turns_.end() ? 0 : last->second, w.event->depth, id);
  }
  // Of one server the deepest first: others may rest on it.
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::uint64_t> opened;
  for (const auto& [turn, depth, id] : wanted) {
    const auto& w = inbound_.all().at(id);
    const auto open = open_of[w.origin];
    if (open >= gaps_of_server_max || gaps_.size() >= (open == 0 ? first_gaps_max : gaps_max)) continue;
    ++open_of[w.origin];
    open_gap(id, w);
    opened.push_back(last_gap_);
  }
  for (const auto id : given_up) give_up(id, "a day has passed");
  for (const auto number : opened)
    if (gaps_.contains(number)) ask_gap(number);
  if (wake != 0 && gaps_.empty()) consider_at(wake);
}

void missing_events::give_up(std::uint64_t work_id, const char* why) {
  auto& w = inbound_.all().at(work_id);
  out_.log(log_level::warning, "R112 event given up: nobody has its parents",
           {{"room", room_.id}, {"event", w.event->event_id}, {"origin", w.origin}, {"why", why}});
  inbound_.hand_over_rescission(w);
  inbound_.end_work(work_id, "the event's parents cannot be obtained");
}

bool missing_events::is_hopeless(const gap& g, const inbound_event& target) const {
  return g.disowned && target.in_inbox && !g.silent && out_.now() - target.since >= disowned_give_up_ms;
}

void missing_events::resume_gaps() {
  std::vector<std::uint64_t> paused;
  for (const auto& [number, g] : gaps_)
    if (g.paused && g.not_before <= out_.now()) paused.push_back(number);
  for (const auto number : paused) {
    const auto it = gaps_.find(number);
    if (it == gaps_.end() || !std::exchange(it->second.paused, false)) continue;
    auto& g = it->second;
    const auto fetched = std::count_if(inbound_.all().begin(), inbound_.all().end(),
                                       [&](const auto& w) { return w.second.pulled_for == number; });
    const auto fetched_max =
      std::size_t{room_.node.settings().room.missing_events_rounds} * room_.node.settings().room.missing_events_limit;
    if (g.rounds >= room_.node.settings().room.missing_events_rounds ||
        static_cast<std::size_t>(fetched) >= fetched_max)
      g.walk_ended = true;
    ask_gap(number);
  }
}

time_ms missing_events::patience_of(const gap& g) const {
  // Those before are still waited for: each further one has half of it.
  const auto first = hedge_after_ms << std::min(g.attempts, 20u);
  return g.before.turned_to.size() > 1 ? first / 2 : first;
}

void missing_events::hedge() {
  std::vector<std::uint64_t> late;
  for (const auto& [number, g] : gaps_)
    if (g.open.asked != 0 && !g.lone && out_.now() - g.open.since >= patience_of(g)) late.push_back(number);
  for (const auto number : late) {
    const auto it = gaps_.find(number);
    if (it == gaps_.end()) continue;
    left_hanging(it->second.open.asked_of);
    put_aside_question(it->second);
    gap_unanswered(number, "no answer", false);
  }
}

void missing_events::put_aside_question(gap& g) {
  // An event of a state, or of an auth chain, is of use only while the rest is being put together.
  if (g.open.asked == 0 || g.open.at == step::state_event || g.open.at == step::event || g.open.at == step::own_invite)
    return;
  if (g.late.size() >= late_max) {
    pending_.forget(g.late.front().asked);
    g.late.erase(g.late.begin());
  }
  g.late.push_back({g.open.asked, g.open.at, g.server, g.open.asked_of, g.open.event_id});
  g.open.asked = 0;
}

bool missing_events::take_up_question(gap& g, const peer_answer& m) {
  const auto it = std::find_if(g.late.begin(), g.late.end(), [&](const auto& q) { return q.asked == m.asked; });
  if (it == g.late.end()) return false;
  auto answered = std::move(*it);
  g.late.erase(it);
  if (m.status != 0) {
    record_contact(answered.asked_of);
    hanging_.erase(answered.asked_of);
  }
  // What another has brought meanwhile goes on.
  if (m.status != 200 || g.open.asked == 0 || g.by_ids) return false;
  put_aside_question(g);
  pending_.forget(g.open.asked); // where it could not be put aside
  g.open.asked = answered.asked;
  g.open.at = answered.at;
  g.open.asked_of = answered.asked_of;
  g.open.event_id = answered.event_id;
  if (g.open.at == step::missing_events) g.walk_ended = g.alone = false;
  if (answered.server != g.server) {
    std::erase(g.to_try, answered.server);
    g.to_try.push_front(std::exchange(g.server, answered.server));
  }
  return true;
}

bool missing_events::hangs(const std::string& server) const {
  const auto it = hanging_.find(server);
  return it != hanging_.end() && out_.now() - it->second < hanging_ms;
}

void missing_events::left_hanging(const std::string& server) {
  hanging_[server] = out_.now();
  if (hanging_.size() <= heard_max) return;
  hanging_.erase(std::min_element(hanging_.begin(), hanging_.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; }));
}

void missing_events::also_pushed(std::uint64_t work_id, const std::string& server) {
  auto& w = inbound_.all().at(work_id);
  if (!w.copies.empty() || w.origin == server) return;
  const bool by_its_author = server == matrix::server_name_of(w.event->sender);
  const auto open =
    std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& g) { return g.second.work_id == work_id; });
  if (open == gaps_.end()) {
    // Its own server, once: whoever relayed it first may be silent, and have used up its turns.
    if (!by_its_author) return;
    w.origin = server;
    if (const auto pause = gap_pauses_.find(work_id); pause != gap_pauses_.end()) pause->second.until = out_.now();
    return;
  }
  auto& g = open->second;
  if (g.before.turned_to.contains(server) || g.open.asked_of == server) return;
  g.lone = false;
  std::erase(g.to_try, server);
  g.to_try.push_front(server);
  if (by_its_author) w.origin = server;
  if (g.open.asked == 0 || g.open.at != step::missing_events) return;
  put_aside_question(g); // it has the event: it is asked at once
  next_gap_server(open->first, "another server has sent the event");
}

void missing_events::open_gap(std::uint64_t work_id, const inbound_event& target) {
  auto& g = gaps_[++last_gap_];
  g.number = last_gap_;
  g.work_id = work_id;
  g.pusher = g.server = target.origin;
  g.open.since = g.progress = out_.now();
  gap_turns_[target.origin] = last_gap_;
  auto others = room_.servers();
  std::erase_if(others, [&](const auto& s) { return s == room_.node.server_name || s == target.origin; });
  g.lone = others.empty();
  g.before.turned_to.insert(g.server);
  if (g.lone) return;
  // Those that answer and were heard of last first; each attempt goes on where the one before ended.
  std::stable_sort(others.begin(), others.end(), [this](const auto& a, const auto& b) {
    return std::pair{hangs(a), -last_contact(a)} < std::pair{hangs(b), -last_contact(b)};
  });
  g.attempts = gap_pauses_.contains(work_id) ? gap_pauses_.at(work_id).attempts : 0;
  const std::size_t attempt = g.attempts;
  constexpr auto others_max = gap_servers_max - 1;
  if (others.size() > others_max) {
    std::rotate(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(attempt * others_max % others.size()),
                others.end());
    others.resize(others_max);
  }
  g.to_try.assign(others.begin(), others.end());
  if (!hangs(g.pusher) || hangs(g.to_try.front())) return;
  g.server = std::move(g.to_try.front());
  g.to_try.pop_front();
  g.to_try.push_back(g.pusher);
  g.before.turned_to = {g.server};
}

void missing_events::record_contact(const std::string& server) {
  heard_[server] = out_.now();
  if (heard_.size() <= heard_max) return;
  heard_.erase(
    std::min_element(heard_.begin(), heard_.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
}

time_ms missing_events::last_contact(const std::string& server) const {
  const auto it = heard_.find(server);
  return it == heard_.end() ? 0 : it->second;
}

void missing_events::drop_pulled() {
  // What was pulled belongs to its gap. Kept beyond an attempt that failed, each further one would add to it, and the
  // next gap would ask for its ends as well.
  std::vector<std::uint64_t> pulled;
  for (auto& [id, w] : inbound_.all()) {
    if (!w.pulled() || gaps_.contains(w.pulled_for)) continue;
    // What may prove genuine a moment later stays for itself.
    if (w.phase == work_phase::verifying || w.phase == work_phase::waiting_for_keys) w.pulled_for = 0;
    else pulled.push_back(id);
  }
  for (const auto id : pulled) inbound_.end_work(id, {});
  if (inbound_.all().empty()) gap_turns_.clear();
}

void missing_events::next_gap_server(std::uint64_t number, const std::string& why) {
  auto& g = gaps_.at(number);
  out_.log(log_level::info, "R111 missing events not fetched",
           {{"room", room_.id}, {"server", g.server}, {"event", g.open.event_id}, {"why", why}});
  const auto it = inbound_.all().find(g.work_id);
  if (it != inbound_.all().end() && !g.to_try.empty()) {
    g.server = std::move(g.to_try.front());
    g.to_try.pop_front();
    g.before.turned_to.insert(g.server);
    g.walk_ended = g.alone = false;
    g.rounds = g.open.unanswered = 0;
    g.before.chains_asked.clear();
    g.before.singles_asked.clear();
    g.by_ids.reset();
    return ask_gap(number);
  }
  if (it != inbound_.all().end() && is_hopeless(g, it->second)) {
    // Such is the leave that takes back an invitation outside the room: its server has it for the invited alone.
    give_up(g.work_id, "its own server does not know it");
    inbound_.forget_absent();
    return consider_at(out_.now());
  }
  if (it != inbound_.all().end()) {
    auto& pause = gap_pauses_[g.work_id];
    pause.until = out_.now() + std::min<time_ms>(time_ms{room_.node.settings().room.inbox_retry_ms}
                                                   << std::min(pause.attempts++, 20u),
                                                 gap_retry_ms_max);
    it->second.state.drop(); // it is asked for again, with what it rests on
  }
  inbound_.forget_absent();
  keep_late_questions(g);
  close(number);
  // One after the other, not one within the other; what was pulled for it is dropped, and what waited for that has a
  // gap again.
  consider_at(out_.now());
}

} // namespace causeway::room
