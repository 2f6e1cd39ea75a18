// A large room is joined without its members (send_join with omit_members): it opens at once, they are fetched afterwards. Until
// then an event is judged with the memberships that it cites, nothing is soft-failed, nobody joins through us and no state is
// served; afterwards everything that came since the join is put on the whole state and judged once more.
// Source: server-server-api, "Joining Rooms" (members_omitted).
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {

using matrix::json::object;

namespace {

/// Pause before the members are asked for again, of another server; doubling.
constexpr time_ms retry_ms_min = 10'000, retry_ms_max = 3'600'000;
/// Events read from the store at once.
constexpr std::size_t read_max = 2'000;

} // namespace

void room_machine::begin_without_members(std::string join, std::string server, std::set<std::string> servers) {
  matrix::json::array names;
  for (const auto& s : servers) names.emplace_back(s);
  head_.members_omitted = matrix::json::canonical(object{{"join", join}, {"servers", std::move(names)}});
  head_changed_ = true;
  without_members_.emplace();
  without_members_->join = std::move(join);
  without_members_->server = std::move(server);
  without_members_->servers = std::move(servers);
  graph_.set_members_omitted(true);
}

void room_machine::end_without_members() {
  without_members_.reset();
  head_.members_omitted.clear();
  head_changed_ = true;
  graph_.set_members_omitted(false);
}

void room_machine::load_without_members() {
  if (head_.members_omitted.empty() || head_.phase != store::room_phase::joined) return;
  auto kept = matrix::json::parse(head_.members_omitted);
  const auto* join = kept ? kept->find_string("join") : nullptr;
  if (!join) throw std::runtime_error("room " + room_id_ + ": members_omitted is no JSON of ours");
  std::set<std::string> servers;
  if (const auto* names = kept->find_array("servers"))
    for (const auto& name : *names)
      if (name.as_string()) servers.insert(*name.as_string());
  const auto first = servers.empty() ? std::string{} : *servers.begin();
  begin_without_members(*join, first, std::move(servers));
  ask_members();
}

std::vector<std::string> room_machine::servers_in_room() const {
  auto servers = graph_.servers_in(graph_.current());
  if (!without_members_) return servers;
  std::set<std::string> all(servers.begin(), servers.end());
  all.insert(without_members_->servers.begin(), without_members_->servers.end());
  return {all.begin(), all.end()};
}

void room_machine::ask_members() {
  if (!without_members_ || without_members_->asked != 0 || without_members_->reading != 0) return;
  auto& w = *without_members_;
  if (w.state) return read_what_came_since(graph_.extremities());
  if (w.server.empty() || w.server == node_.server_name) return members_failed("no other server is known to be in the room");
  w.since = out_.now();
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = w.asked = out_.next_token();
  r.endpoint = matrix::endpoint::state;
  r.parameters = {room_id_};
  r.query = {{"event_id", w.join}};
  r.timeout_ms = node_.federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  out_.send_at_once({actor_kind::remote_server, w.server}, std::move(r));
}

void room_machine::members_answer(const peer_answer& m) {
  auto& w = *without_members_;
  w.asked = 0;
  if (m.status != 200) return members_failed(to_string(m.why));
  if (auto read = w.told.read(m.body, "pdus", room_id_, graph_.rules()); !read) return members_failed(to_string(read.error()));
  auto create = w.told.create();
  if (!create || create->event_id != graph_.create()->event_id) return members_failed("the state has not the room's create event");
  w.asked = out_.next_token();
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, w.asked, w.told.next_part()});
}

void room_machine::members_verified(const events_verified& m) {
  auto& w = *without_members_;
  w.asked = 0;
  w.since = out_.now();
  w.told.take(m.checks);
  if (w.told.verified() < w.told.size()) {
    tell_progress("members", {}, w.server, w.told.verified(), w.told.size());
    w.asked = out_.next_token();
    out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, w.asked, w.told.next_part()});
    return;
  }
  if (const auto missing = w.told.without_key(); missing > 0)
    out_.log(log_level::warning, "members: state events without a key", {{"room", room_id_}, {"events", std::to_string(missing)}});
  auto proven = w.told.take_proven();
  repair(proven.stripped, w.server);
  auto state = add_told(std::move(proven));
  if (!state.contains({"m.room.create", ""})) return members_failed("the create event is not among what is validly signed");
  w.state = std::move(state);
  read_what_came_since(graph_.extremities());
}

void room_machine::members_failed(const std::string& why) {
  auto& w = *without_members_;
  out_.log(log_level::warning, "members not obtained", {{"room", room_id_}, {"server", w.server}, {"why", why}});
  w.asked = w.reading = 0;
  w.told = {};
  auto servers = servers_in_room();
  std::erase(servers, node_.server_name);
  if (!servers.empty()) {
    // The next one at once; a pause when all have been asked.
    const auto next = std::upper_bound(servers.begin(), servers.end(), w.server);
    w.server = next == servers.end() ? servers.front() : *next;
    if (++w.tried < servers.size()) return ask_members();
    w.tried = 0;
  }
  const auto pause = std::min<time_ms>(retry_ms_min << std::min(w.failures++, 20u), retry_ms_max);
  out_.wake_at(out_.now() + pause, "members");
  release_pdus(); // it waited for the store only
}

void room_machine::read_what_came_since(std::vector<std::string> from) {
  auto& w = *without_members_;
  if (w.come_since.empty()) w.last_position = graph_.last_position();
  store::load_ancestors q;
  q.room_id = room_id_;
  q.from = std::move(from);
  if (const auto* n = graph_.find(w.join)) q.stop_at = n->event->prev_events;
  q.limit = read_max;
  w.since = out_.now();
  w.reading = out_.next_token();
  out_.ask_after_commit(w.reading, std::move(q)); // behind the commit of our join, which may still be on its way
}

void room_machine::members_read(const store::events_loaded& found) {
  auto& w = *without_members_;
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
  if (!further.empty() && !found.events.empty() && join == w.come_since.end()) return read_what_came_since(std::move(further));
  if (graph_.last_position() != w.last_position) { // the room went on meanwhile
    w.come_since.clear();
    w.states_before.clear();
    return read_what_came_since(graph_.extremities());
  }
  take_members();
}

void room_machine::take_members() {
  auto& w = *without_members_;
  std::vector<store::stored_event> events;
  const auto join = w.come_since.find(w.join);
  if (join == w.come_since.end()) throw std::runtime_error("room " + room_id_ + ": its join is not in the store");
  for (const auto& [id, s] : w.come_since)
    if (s.position >= join->second.position) events.push_back(s);
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  const auto changes = graph_.put_on_whole_state(std::move(*w.state), events, w.states_before, out_.writes());
  end_without_members();

  // Who was there all along is told by name only; whatever else turned out otherwise is told as the change it is.
  std::vector<state_change> news;
  std::vector<std::string> members;
  for (const auto& c : changes)
    if (c.key.first == "m.room.member" && !c.before && c.after && c.after->membership() == "join") members.push_back(c.key.second);
    else if (c.key.first != "m.room.member" || c.before) news.push_back(c);
  tell_state_changes(news);
  tell_members(members, 0, true);
  tell_invited();
  out_.log(log_level::info, "members are complete", {{"room", room_id_}, {"members", std::to_string(members.size())}});
  release_pdus();
}

} // namespace causeway::room
