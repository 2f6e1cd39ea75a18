// What is asked to close a gap, in this order: the events that lead to it (get_missing_events) while they come; where they end, the
// state at the oldest that came (state_ids and the few events that are unknown, else state); for an event whose auth events are unknown its auth chain (event_auth), then each of them (event).
// Each of a server once: nothing it answers makes us ask it without end.
// Source: server-server-api, "Retrieving event authorization information" and "Backfilling and retrieving missing events".
#include "actors/room/citations.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/json_lists.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace causeway::room {
namespace {

/// A question that got no answer is asked again of the server that pushed the event before others are asked.
constexpr std::uint32_t gap_attempts_max = 3;
constexpr time_ms gap_attempt_pause_ms = 1'000;
/// So long events of a gap wait for the keys of their servers, since others wait for them.
constexpr time_ms keys_of_gap_ms = 2 * 60'000;
/// Servers besides that are asked for the state at an event when its own server is not the one that pushed us there.
constexpr std::size_t witnesses_max = 3;
/// So long the word of the pusher about an event of somebody else is not enough when who could contradict is silent.
constexpr time_ms lone_word_after_ms = 3'600'000;
/// As many unknown events of a state are fetched one by one, and no more than a tenth of it: beyond, the state is asked for whole.
constexpr std::size_t state_events_max = 20, state_events_share = 10;
/// Ids of a state and of its auth chain, each; Matrix's largest rooms have some 100,000 members.
constexpr std::size_t state_ids_max = 400'000;
constexpr std::uint64_t state_ids_bytes_max = 64 * 1024 * 1024;
/// Of one server: auth chains asked for, and single events after them.
constexpr std::size_t chains_max = 20, singles_max = 10;
/// Events of one auth chain that are looked at; that of an event in a large and old room has some thousands.
constexpr std::size_t chain_events_max = 10'000;
/// Unknown events that a state told for a gap may bring, besides twice as many as the room's state has: they stay in memory.
constexpr std::size_t told_events_max = 20'000;

std::unordered_set<std::string_view> ids_of(const std::vector<matrix::event_ptr>& events) {
  std::unordered_set<std::string_view> ids;
  for (const auto& x : events) ids.insert(x->event_id);
  return ids;
}

} // namespace

room_machine::lacking room_machine::gap_lacks() const {
  lacking found;
  for (const auto& [id, w] : work_) {
    if (w.phase != work_phase::closing_gap || (!w.pulled && id != gap_->work_id)) continue;
    const auto& x = *w.event;
    // Only the ends of what was pulled: naming a whole chain would have the answer repeat it.
    auto unknown = [&](const std::string& ref) {
      const auto other = work_by_event_.find(ref);
      if (other == work_by_event_.end()) return true;
      const auto phase = work_.at(other->second).phase;
      found.waits = found.waits || phase == work_phase::verifying || phase == work_phase::gathering || phase == work_phase::asking_policy_server;
      return false;
    };
    if (!w.told_state && w.distrusts_parents) found.states.push_back(&w);
    else if (!w.told_state && std::any_of(x.prev_events.begin(), x.prev_events.end(), [&](const auto& p) { return !graph_.is_placed(p) && unknown(p); }))
      found.parents.push_back(&w);
    else if (std::any_of(x.auth_events.begin(), x.auth_events.end(), [&](const auto& a) { return !graph_.find(a) && unknown(a); }))
      found.authority.push_back(&w);
  }
  return found;
}

void room_machine::ask_gap() {
  if (!work_.contains(gap_->work_id)) {
    gap_.reset();
    return consider_gap();
  }
  gap_->paused = false;
  if (gap_->by_ids) return ask_state_event();
  auto lacks = gap_lacks();
  if (!lacks.parents.empty() && !gap_->walk_ended) return ask_missing_events(lacks.parents);
  lacks.states.insert(lacks.states.end(), lacks.parents.begin(), lacks.parents.end());
  if (!lacks.states.empty()) {
    // The deepest first: it may be an ancestor of the others, and what is placed ahead of its parents leaves them out.
    const auto deepest = *std::min_element(lacks.states.begin(), lacks.states.end(), [](const auto* a, const auto* b) { return a->event->depth < b->event->depth; });
    if (!ask_state(*deepest)) next_gap_server("nobody asked has told the state at the far end");
  } else if (!ask_authority(lacks.authority)) {
    if (lacks.waits) gap_->paused = true; // what comes of it goes on from here
    else next_gap_server("nothing is left to ask");
  }
}

void room_machine::ask_for_gap(gap::step what, const std::string& server, const std::string& event_id, peer_request r) {
  gap_->at = what;
  std::erase_if(importing_, [this](const auto& i) { return i.second.first == gap_->number; }); // of a question that was given up
  gap_->asked_of = server;
  gap_->event_id = event_id;
  gap_->since = now_;
  ++gap_->questions;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = gap_->asked = next_token();
  now_effects_.push_back(tell{{actor_kind::remote_server, server}, std::move(r)});
}

void room_machine::ask_missing_events(const std::vector<const work*>& ends) {
  matrix::json::array earliest, latest;
  for (const auto& e : graph_.extremities()) earliest.emplace_back(e);
  const bool pulled = std::any_of(ends.begin(), ends.end(), [](const auto* w) { return w->pulled; });
  for (const auto* w : ends)
    if ((w->pulled || !pulled) && latest.size() < limits::prev_events_max) latest.emplace_back(w->event->event_id);
  peer_request r;
  r.endpoint = matrix::endpoint::get_missing_events;
  r.parameters = {room_id_};
  r.body = matrix::json::canonical(matrix::json::object{{"earliest_events", std::move(earliest)}, {"latest_events", std::move(latest)},
                                                       {"limit", static_cast<std::int64_t>(node_.room.missing_events_limit)}, {"min_depth", 0}});
  r.timeout_ms = node_.federation.request_timeout_ms * 2;
  r.response_bytes_max = (node_.room.missing_events_limit + 1) * limits::event_bytes_max;
  ask_for_gap(gap::step::missing_events, gap_->server, work_.at(gap_->work_id).event->event_id, std::move(r));
}

std::optional<std::string> room_machine::witness_for(const work& w) const {
  const std::string author{matrix::server_name_of(w.event->sender)};
  const auto servers = servers_in_room();
  std::vector<std::string> order;
  if (author != node_.server_name && std::find(servers.begin(), servers.end(), author) != servers.end()) order.push_back(author);
  if (gap_->server != gap_->pusher || author == gap_->pusher) order.push_back(gap_->server);
  else order.insert(order.end(), gap_->to_try.begin(), gap_->to_try.begin() + static_cast<std::ptrdiff_t>(std::min(witnesses_max, gap_->to_try.size())));
  // A server may hide from us what everybody else knows and then tell an old state in its place: of others' events it is believed last,
  // and not at all while those who would know better are merely silent.
  if (gap_->server == gap_->pusher && (!gap_->silent_witnesses.contains(w.event->event_id) || now_ - work_.at(gap_->work_id).since >= lone_word_after_ms))
    order.push_back(gap_->pusher);
  for (const auto& server : order)
    if (!gap_->states_asked.contains({server, w.event->event_id})) return server;
  return {};
}

bool room_machine::ask_state(const work& at) {
  const auto witness = witness_for(at);
  if (!witness) return false;
  const bool whole = gap_->whole_wanted.contains({*witness, at.event->event_id});
  peer_request r;
  r.endpoint = whole ? matrix::endpoint::state : matrix::endpoint::state_ids;
  r.parameters = {room_id_};
  r.query = {{"event_id", at.event->event_id}};
  r.timeout_ms = whole ? node_.federation.send_join_timeout_ms : node_.federation.request_timeout_ms * 2;
  r.response_bytes_max = whole ? limits::response_bytes_max : state_ids_bytes_max;
  ask_for_gap(whole ? gap::step::state : gap::step::state_ids, *witness, at.event->event_id, std::move(r));
  return true;
}

void room_machine::gap_state_ids(const std::string& body) {
  gap::state_by_ids told{gap_->asked_of, gap_->event_id, {}, {}};
  std::size_t chain = 0;
  const auto read = matrix::json::parse_streamed(body, {"pdu_ids", "auth_chain_ids"}, [&](std::string_view list, matrix::json::value&& item) {
    const auto* id = item.as_string();
    if (!id || id->size() > limits::identifier_bytes_max) return true;
    if (!graph_.find(*id) && told.missing.size() <= state_events_max && std::find(told.missing.begin(), told.missing.end(), *id) == told.missing.end())
      told.missing.push_back(*id);
    if (list == "pdu_ids") told.ids.push_back(*id);
    return told.ids.size() <= state_ids_max && (list == "pdu_ids" || ++chain <= state_ids_max);
  });
  const auto* ids = read ? read->find("pdu_ids") : nullptr;
  if (!ids || !ids->as_array() || told.missing.size() > state_events_max || told.missing.size() * state_events_share > told.ids.size())
    return ask_whole_state();
  gap_->by_ids = std::move(told);
  ask_state_event();
}

void room_machine::ask_state_event() {
  auto& told = *gap_->by_ids;
  while (!told.missing.empty() && graph_.find(told.missing.front())) told.missing.pop_front();
  if (told.missing.empty()) {
    matrix::state_map state;
    for (const auto& id : told.ids)
      if (const auto* n = graph_.find(id); n && n->event->is_state() && n->judged != store::verdict::rejected) state[{n->event->type, *n->event->state_key}] = id;
    gap_->asked_of = told.server;
    gap_->event_id = told.event_id;
    gap_->states_asked.insert({told.server, told.event_id});
    gap_->by_ids.reset();
    return take_state_for_gap(std::move(state));
  }
  peer_request r;
  r.endpoint = matrix::endpoint::event;
  r.parameters = {told.missing.front()};
  r.timeout_ms = node_.federation.request_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  ask_for_gap(gap::step::state_event, told.server, told.missing.front(), std::move(r));
}

void room_machine::ask_whole_state() {
  if (gap_->by_ids) gap_->event_id = gap_->by_ids->event_id;
  gap_->by_ids.reset();
  gap_->whole_wanted.insert({gap_->asked_of, gap_->event_id});
  ask_gap();
}

bool room_machine::ask_authority(const std::vector<const work*>& of) {
  peer_request r;
  r.timeout_ms = node_.federation.request_timeout_ms * 2;
  for (const auto* w : of) {
    const auto& id = w->event->event_id;
    if (gap_->chains_asked.contains(id) || gap_->chains_asked.size() >= chains_max) continue;
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_id_, id};
    r.response_bytes_max = limits::response_bytes_max;
    ask_for_gap(gap::step::auth_events, gap_->server, id, std::move(r));
    return true;
  }
  if (gap_->singles_asked.size() >= singles_max) return false;
  // The chain did not bring it.
  const auto kept = ids_of(gap_->loose);
  auto lacking = gap_->loose;
  for (const auto* w : of) lacking.push_back(w->event);
  for (const auto& x : lacking)
    for (const auto& id : graph_.missing_auth_events(*x)) {
      if (work_by_event_.contains(id) || kept.contains(id) || gap_->singles_asked.contains(id)) continue;
      r.endpoint = matrix::endpoint::event;
      r.parameters = {id};
      r.response_bytes_max = 2 * limits::event_bytes_max;
      ask_for_gap(gap::step::event, gap_->server, id, std::move(r));
      return true;
    }
  return false;
}

void room_machine::gap_answer(const peer_answer& m) {
  gap_->asked = 0;
  if (m.status == 0 || m.status == 429 || m.status >= 500) return gap_unanswered(to_string(m.why));
  gap_->unanswered = 0;
  heard_from(gap_->asked_of);
  gap_question_done();
  if (m.status != 200) return gap_refused(to_string(m.why));
  if (gap_->at == gap::step::state) {
    auto read = gap_->told.read(m.body, "pdus", room_id_, graph_.rules(), [this](const std::string& id) { return graph_.find(id) != nullptr; });
    if (!read) return gap_refused(to_string(read.error()));
    gap_->told.keep_reached();
    if (gap_->told.size() > told_events_max + 2 * graph_.current().state->size()) return gap_refused("the state has too many unknown events");
    return verify_told_of_gap();
  }
  if (gap_->at == gap::step::state_ids) return gap_state_ids(m.body);
  auto body = matrix::json::parse_readable(m.body, {"events", "pdus", "auth_chain"});
  if (!body) return gap_refused("the answer is no JSON");
  const char* list = gap_->at == gap::step::missing_events ? "events" : gap_->at == gap::step::auth_events ? "auth_chain" : "pdus";
  const auto* pdus = body->find_array(list);
  if (!pdus) return gap_refused(std::string{"the answer has no "} + list);
  std::vector<matrix::event_ptr> unknown;
  switch (gap_->at) {
    case gap::step::missing_events: {
      unknown = formed(*pdus, matrix::count_policy::bounded); // they come to be placed, like what is pushed
      if (unknown.size() > node_.room.missing_events_limit) unknown.resize(node_.room.missing_events_limit);
      std::erase_if(unknown, [this](const auto& x) {
        const auto* known = graph_.find(x->event_id);
        return (known && known->judged != store::verdict::outlier) || work_by_event_.contains(x->event_id);
      });
      break;
    }
    case gap::step::auth_events: {
      const auto of = work_by_event_.find(gap_->event_id);
      unknown = of == work_by_event_.end() ? decltype(unknown){} : reached_by_auth(work_.at(of->second).event->auth_events, formed_unknown(*pdus));
      if (unknown.size() > chain_events_max) return gap_refused("the auth chain is too long");
      break;
    }
    case gap::step::event:
    case gap::step::state_event:
      unknown = formed_unknown(*pdus);
      std::erase_if(unknown, [this](const auto& x) { return x->event_id != gap_->event_id; });
      break;
    case gap::step::state_ids:
    case gap::step::state: break;
  }
  if (unknown.empty()) return gap_refused("the server had nothing to add");
  verify_for_gap(std::move(unknown));
}

void room_machine::gap_question_done() {
  switch (gap_->at) {
    case gap::step::missing_events: // as often as it leads further, see room.missing_events_rounds
    case gap::step::state_ids:      // it ends with a state, or with the question for the whole
      break;
    case gap::step::state_event: gap_->by_ids->missing.pop_front(); break;
    case gap::step::state: gap_->states_asked.insert({gap_->asked_of, gap_->event_id}); break;
    case gap::step::auth_events: gap_->chains_asked.insert(gap_->event_id); break;
    case gap::step::event: gap_->singles_asked.insert(gap_->event_id); break;
  }
}

void room_machine::gap_unanswered(const std::string& why, bool again) {
  // It says nothing of what the server has: to take the state instead would leave out the events between.
  gap_->asked = 0;
  if (again && gap_->asked_of == gap_->pusher && ++gap_->unanswered < gap_attempts_max) {
    gap_->paused = true;
    now_effects_.push_back(wake_me_at{now_ + gap_attempt_pause_ms, "gap"});
    return;
  }
  gap_->unanswered = 0;
  const bool of_state = gap_->at == gap::step::state || gap_->at == gap::step::state_ids || gap_->at == gap::step::state_event;
  if (!of_state) return next_gap_server(why);
  if (gap_->by_ids) gap_->event_id = std::exchange(gap_->by_ids, {})->event_id;
  gap_->states_asked.insert({gap_->asked_of, gap_->event_id});
  gap_->silent_witnesses.insert(gap_->event_id);
  ask_gap(); // somebody else may tell it
}

void room_machine::gap_refused(const std::string& why) {
  if (gap_->at == gap::step::state_ids || gap_->at == gap::step::state_event) return ask_whole_state();
  if (gap_->at != gap::step::missing_events) return ask_gap(); // what was asked is not asked again
  const auto& target = *work_.at(gap_->work_id).event;
  // The chain goes no further back: the state is taken at its oldest events. A parent that is known as history, without the state
  // around it, cannot be pulled at all: only the state here can be asked for.
  const bool something_pulled = std::any_of(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled && w.second.phase == work_phase::closing_gap; });
  const bool only_stateless = std::all_of(target.prev_events.begin(), target.prev_events.end(), [this](const auto& id) { return graph_.find(id) != nullptr; });
  if (!something_pulled && !only_stateless) return next_gap_server(why);
  gap_->walk_ended = true;
  ask_gap();
}

void room_machine::verify_for_gap(std::vector<matrix::event_ptr> events) {
  const auto asked = next_token();
  gap_->since = now_;
  now_effects_.push_back(tell{{actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, events}});
  importing_[asked] = {gap_->number, std::move(events)};
}

void room_machine::verify_told_of_gap() {
  if (auto part = gap_->told.next_part(); !part.empty()) return verify_for_gap(std::move(part));
  if (gap_->told.without_key() > 0 && keys_may_come()) return next_gap_server("keys are missing");
  auto known = gap_->told.known_state();
  auto state = add_told(gap_->told.take_proven());
  for (const auto& id : known)
    if (const auto* n = graph_.find(id); n && n->event->is_state() && n->judged != store::verdict::rejected) state[{n->event->type, *n->event->state_key}] = id;
  take_state_for_gap(std::move(state));
}

void room_machine::take_state_for_gap(matrix::state_map state) {
  const auto it = work_by_event_.find(gap_->event_id);
  const auto create = state.find({"m.room.create", ""});
  if (it != work_by_event_.end() && create != state.end() && create->second == graph_.create()->event_id) {
    auto& w = work_.at(it->second);
    w.told_state = std::move(state);
    w.rests_on_told = true;
  }
  gap_->paused = true; // whatever asks next goes on from here
  advance();
}

bool room_machine::keys_may_come() const {
  const auto it = work_.find(gap_->work_id);
  return it != work_.end() && now_ - it->second.since < keys_of_gap_ms;
}

void room_machine::gap_verified(const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks) {
  if (gap_->at == gap::step::state) {
    gap_->told.take(checks);
    return verify_told_of_gap();
  }
  if (std::count(checks.begin(), checks.end(), event_check::no_key) > 0 && keys_may_come()) return next_gap_server("keys are missing");
  gap_imported(proven(events, checks));
}

void room_machine::gap_imported(std::vector<matrix::event_ptr> events) {
  const auto number = gap_->number;
  if (gap_->at == gap::step::missing_events) {
    const auto before = work_.size();
    enqueue_pulled(events, gap_->server);
    ++gap_->rounds;
    if (work_.size() == before) {
      advance();
      if (gap_ && gap_->number == number && !gap_->paused && gap_->asked == 0) gap_refused("no progress");
      return;
    }
  } else {
    // What still lacks something is kept as long as this gap: the next answer may bring it.
    auto kept = ids_of(gap_->loose);
    for (auto& x : events)
      if (gap_->loose.size() < chain_events_max && kept.insert(x->event_id).second) gap_->loose.push_back(std::move(x));
    add_outliers(gap_->loose);
    std::erase_if(gap_->loose, [this](const auto& x) { return graph_.find(x->event_id) != nullptr; });
  }
  gap_->paused = true; // whatever asks next goes on from here
  advance(); // may end the gap, ask the store first, or go on with it
}

} // namespace causeway::room
