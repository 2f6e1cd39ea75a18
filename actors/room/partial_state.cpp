#include "actors/room/partial_state.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

using matrix::json::object;

namespace {

/// Pause before the members are asked for again, of another server; doubling.
constexpr time_ms retry_ms_min = 10'000, retry_ms_max = 3'600'000;
/// Events read from the store at once.
constexpr std::size_t read_max = 2'000;

} // namespace

void partial_state::begin(std::string join, std::string server, std::set<std::string> servers) {
  matrix::json::array names;
  for (const auto& s : servers) names.emplace_back(s);
  writer_.begin_partial_state(matrix::json::canonical(object{{"join", join}, {"servers", std::move(names)}}),
                              std::move(servers));
  forget_questions();
  fetch_ = fetch{};
  fetch_->join = std::move(join);
  fetch_->server = std::move(server);
}

void partial_state::forget_questions() {
  if (!fetch_) return;
  pending_.forget(std::exchange(fetch_->asked, 0));
  pending_.forget(std::exchange(fetch_->reading, 0));
}

void partial_state::end() {
  forget_questions();
  fetch_.reset();
  writer_.end_partial_state();
}

void partial_state::load() {
  if (room_.head.members_omitted.empty() || room_.head.phase != store::room_phase::joined) return;
  auto kept = matrix::json::parse(room_.head.members_omitted);
  const auto* join = kept ? kept->find_string("join") : nullptr;
  if (!join) throw std::runtime_error("room " + room_.id + ": members_omitted is no JSON of ours");
  std::set<std::string> servers;
  if (const auto* names = kept->find_array("servers"))
    for (const auto& name : *names)
      if (name.as_string()) servers.insert(*name.as_string());
  const auto first = servers.empty() ? std::string{} : *servers.begin();
  begin(*join, first, std::move(servers));
  ask();
}

void partial_state::ask() {
  if (!fetch_ || fetch_->asked != 0 || fetch_->reading != 0) return;
  auto& w = *fetch_;
  if (w.state) return read_what_came_since(room_.graph.extremities());
  if (w.server.empty() || w.server == room_.node.server_name)
    return failed("no other server is known to be in the room");
  peer_request r;
  r.endpoint = matrix::endpoint::state;
  r.parameters = {room_.id};
  r.query = {{"event_id", w.join}};
  r.timeout_ms = room_.node.settings().federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  w.asked = pending_.ask_server(w.server, std::move(r), question::full_state{});
}

void partial_state::answered(question::full_state, const peer_answer& m) {
  auto& w = *fetch_;
  w.asked = 0;
  if (m.status != 200) return failed(to_string(m.why));
  if (auto read = w.told.read(m.body, "pdus", room_.id, room_.graph.rules()); !read)
    return failed(to_string(read.error()));
  auto create = w.told.create();
  if (!create || create->event_id != room_.graph.create()->event_id)
    return failed("the state has not the room's create event");
  verify_next();
}

void partial_state::verify_next() {
  auto& w = *fetch_;
  w.asked =
    pending_.verify(w.told.next_part(), question::full_state_events{}, pending_questions::foreign_keys_patience_ms);
}

void partial_state::answered(question::full_state_events, const events_verified& m) {
  auto& w = *fetch_;
  w.asked = 0;
  w.told.take(m.checks);
  if (w.told.verified() < w.told.size()) {
    notifier_.join_progress(chat::join_phase::members, {}, w.server, w.told.verified(), w.told.size());
    return verify_next();
  }
  if (const auto missing = w.told.without_key(); missing > 0)
    out_.log(log_level::warning, "R113 full state: events left out, signing key unavailable",
             {{"room", room_.id}, {"events", std::to_string(missing)}});
  auto verified = w.told.take_verified();
  repair_.repair(verified.stripped, w.server);
  auto state = import_.add_state(std::move(verified));
  if (!state.contains({"m.room.create", ""})) return failed("the create event is not among what is validly signed");
  w.state = std::move(state);
  read_what_came_since(room_.graph.extremities());
}

void partial_state::answered(question::since_join, const store_answered& m) {
  if (const auto* found = std::get_if<store::events_loaded>(m.answer.get())) read(*found);
  else failed("the store did not answer");
}

void partial_state::failed(const std::string& why) {
  auto& w = *fetch_;
  out_.log(log_level::warning, "R114 full state not received; will retry",
           {{"room", room_.id}, {"server", w.server}, {"why", why}});
  forget_questions();
  w.told = {};
  auto servers = room_.servers();
  std::erase(servers, room_.node.server_name);
  if (!servers.empty()) {
    // The next one at once; a pause when all have been asked.
    const auto next = std::upper_bound(servers.begin(), servers.end(), w.server);
    w.server = next == servers.end() ? servers.front() : *next;
    if (++w.tried < servers.size()) return ask();
    w.tried = 0;
  }
  const auto pause = std::min<time_ms>(retry_ms_min << std::min(w.failures++, 20u), retry_ms_max);
  alarm_.set(out_.now() + pause);
  events_.full_state_unavailable();
}

void partial_state::read_what_came_since(std::vector<std::string> from) {
  auto& w = *fetch_;
  if (w.come_since.empty()) w.last_position = room_.graph.last_position();
  store::load_ancestors q;
  q.room_id = room_.id;
  q.from = std::move(from);
  if (const auto* n = room_.graph.find(w.join)) q.stop_at = n->event->prev_events;
  q.limit = read_max;
  w.reading = pending_.ask_store_after_commit(
    std::move(q), question::since_join{}); // behind the commit of our join, which may still be on its way
}

void partial_state::read(const store::events_loaded& found) {
  auto& w = *fetch_;
  w.reading = 0;
  w.states_before.insert(found.state_groups.begin(), found.state_groups.end());
  for (const auto& s : found.events) w.come_since.emplace(s.event->event_id, s);
  const auto join = w.come_since.find(w.join);
  // What was there before us has no place above the join; what is not reached yet is read further back.
  const auto first = join != w.come_since.end() ? join->second.position : 1;
  std::vector<std::string> further;
  for (const auto& [id, s] : w.come_since) {
    if (id == w.join || s.position < first) continue;
    for (const auto& prev : s.event->prev_events)
      if (!w.come_since.contains(prev) && further.size() < read_max) further.push_back(prev);
  }
  std::sort(further.begin(), further.end());
  further.erase(std::unique(further.begin(), further.end()), further.end());
  // A parent that the store does not have (the oldest event of a gap) is asked for once.
  if (!further.empty() && !found.events.empty() && join == w.come_since.end())
    return read_what_came_since(std::move(further));
  if (room_.graph.last_position() != w.last_position) { // the room went on meanwhile
    w.come_since.clear();
    w.states_before.clear();
    return read_what_came_since(room_.graph.extremities());
  }
  take();
}

void partial_state::take() {
  auto& w = *fetch_;
  std::vector<store::stored_event> events;
  const auto join = w.come_since.find(w.join);
  if (join == w.come_since.end()) throw std::runtime_error("room " + room_.id + ": its join is not in the store");
  for (const auto& [id, s] : w.come_since)
    if (s.position >= join->second.position) events.push_back(s);
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  const auto changes = writer_.rebuild_on_full_state(std::move(*w.state), events, w.states_before);
  end();

  // Who was there all along is told by name only; whatever else turned out otherwise is told as the change it is.
  std::vector<state_change> news;
  std::vector<std::string> members;
  for (const auto& c : changes)
    if (c.key.first == "m.room.member" && !c.before && c.after && c.after->membership() == matrix::membership::join)
      members.push_back(c.key.second);
    else if (c.key.first != "m.room.member" || c.before) news.push_back(c);
  events_.full_state_known(news, members);
}

} // namespace causeway::room
