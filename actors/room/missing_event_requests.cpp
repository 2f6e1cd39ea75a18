#include "actors/room/citations.hpp"
#include "actors/room/missing_events.hpp"

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
/// So long events of a gap wait for the keys of their servers, since others wait for them. What people see must not
/// depend on one server's keys.
constexpr time_ms keys_of_gap_ms = 1'500;
/// Servers besides that are asked for the state at an event when its own server is not the one that pushed us there.
constexpr std::size_t state_sources_max = 3;
/// So long the word of the pusher about an event of somebody else is not enough when who could contradict is silent.
constexpr time_ms single_source_after_ms = 3'600'000;
/// As many unknown events of a state are fetched one by one, and no more than a tenth of it: beyond, the state is asked
/// for whole.
constexpr std::size_t state_events_max = 20, state_events_share = 10;
/// Ids of a state and of its auth chain, each; Matrix's largest rooms have some 100,000 members.
constexpr std::size_t state_ids_max = 400'000;
constexpr std::uint64_t state_ids_bytes_max = 64 * 1024 * 1024;
/// Of one server: auth chains asked for, and single events after them.
constexpr std::size_t chains_max = 20, singles_max = 10;
/// Walks that servers let hang and are asked for once more in an attempt, when they answer something else: who does
/// that again and again has others asked again, too.
constexpr std::uint32_t walks_again_max = 3;
/// In so many attempts, and then in each of so many, the state at the event itself is asked for where what leads to it
/// cannot be had.
constexpr std::uint32_t alone_attempts_max = 3, alone_attempts_every = 8;
/// So long an event whose state is needed waits for others that lead to it and are under way.
constexpr time_ms others_patience_ms = 2'500;
/// So long a server that offers an invite may not know itself what leads to it.
constexpr time_ms own_invite_ms = 10'000;
/// Events of one server that wait for one another, one behind the other: so many are placed with a state told for the
/// last.
constexpr std::size_t line_max = 1'000;
/// Events of one auth chain that are looked at; that of an event in a large and old room has some thousands.
constexpr std::size_t chain_events_max = 10'000;
/// Unknown events that a state told for a gap may bring, besides twice as many as the room's state has: they stay in
/// memory.
constexpr std::size_t told_events_max = 20'000;

std::unordered_set<std::string_view> ids_of(const std::vector<matrix::event_ptr>& events) {
  std::unordered_set<std::string_view> ids;
  for (const auto& x : events) ids.insert(x->event_id);
  return ids;
}

} // namespace

missing_events::missing_of_gap missing_events::missing_for(const gap& g) const {
  missing_of_gap found;
  for (const auto& [id, w] : inbound_.all()) {
    if (!is_part_of(g, id, w)) continue;
    if (w.phase == work_phase::waiting_for_parents) {
      // For what came by another way; what was pulled for this gap is looked at for itself.
      found.waits =
        found.waits || std::any_of(w.event->prev_events.begin(), w.event->prev_events.end(), [&](const auto& ref) {
          const auto other = inbound_.by_event().find(ref);
          return other != inbound_.by_event().end() &&
                 !is_part_of(g, other->second, inbound_.all().at(other->second)) &&
                 !inbound_.is_stalled(inbound_.all().at(other->second));
        });
      continue;
    }
    if (w.phase != work_phase::closing_gap) {
      found.waits = found.waits || !inbound_.is_stalled(w);
      found.comes = found.comes || (w.pulled_for == g.number && !inbound_.is_stalled(w));
      continue;
    }
    const auto& x = *w.event;
    // Only the ends of what was pulled: naming a whole chain would have the answer repeat it.
    auto unknown = [&](const std::string& ref) {
      const auto other = inbound_.by_event().find(ref);
      if (other == inbound_.by_event().end()) return true;
      const auto& parent = inbound_.all().at(other->second);
      if (is_part_of(g, other->second, parent) && parent.phase == work_phase::closing_gap)
        return false; // itself among them
      if (inbound_.is_stalled(parent)) return true;
      found.waits = true;
      return false;
    };
    const bool all_refuted =
      !x.prev_events.empty() &&
      std::all_of(x.prev_events.begin(), x.prev_events.end(), [this](const auto& p) { return inbound_.is_refuted(p); });
    if (w.state.is_to_fetch() || (all_refuted && !w.state.is_given())) found.states.push_back(&w);
    else if (!w.state.is_given() && std::any_of(x.prev_events.begin(), x.prev_events.end(), [&](const auto& p) {
               return !room_.graph.is_placed(p) && !inbound_.is_left_out(x, p) && unknown(p);
             }))
      found.parents.push_back(&w);
    else if (std::any_of(x.auth_events.begin(), x.auth_events.end(),
                         [&](const auto& a) { return !room_.graph.find(a) && unknown(a); }))
      found.authority.push_back(&w);
  }
  return found;
}

void missing_events::ask_gap(std::uint64_t number) {
  auto& g = gaps_.at(number);
  if (!inbound_.all().contains(g.work_id)) {
    close(number);
    consider_at(out_.now());
    return;
  }
  g.paused = false;
  if (g.by_ids) return ask_state_event(number);
  auto missing = missing_for(g);
  if (missing.comes) {
    // Its ends are not known before. Asked for the others alone, a server that has nothing to add to those would end
    // the walk for all.
    g.paused = true;
    return;
  }
  if (!missing.parents.empty() && !g.walk_ended && !g.alone) return ask_missing_events(g, missing.parents);
  missing.states.insert(missing.states.end(), missing.parents.begin(), missing.parents.end());
  if (!missing.states.empty() && missing.waits && out_.now() - g.progress < others_patience_ms) {
    // What they rest on is about to get its place: it is shown before them.
    g.paused = true;
    return;
  }
  if (!missing.states.empty()) {
    // Somebody keeps silent about an event on the way: nobody has to wait for them.
    if ((g.alone || !g.before.unresponsive_sources.empty()) && ask_state_of_target(g)) return;
    // The deepest first: it may be an ancestor of the others, and what is placed ahead of its parents leaves them out.
    const auto* target = &std::as_const(inbound_.all()).at(g.work_id);
    const auto deepest =
      *std::min_element(missing.states.begin(), missing.states.end(), [target](const auto* a, const auto* b) {
        return std::pair{a->event->depth, a == target} < std::pair{b->event->depth, b == target};
      });
    if ((deepest != target && ask_state(g, *deepest)) || ask_state_of_target(g)) return;
    return next_gap_server(number, "nobody asked has told the state at the far end");
  }
  if (missing.waits) {
    g.paused = true; // what comes of it goes on from here
    return;
  }
  if (ask_authority(g, missing.authority)) return;
  // Of another event the authority cannot be had; of the target itself nothing can be told without it.
  const bool own = std::any_of(missing.authority.begin(), missing.authority.end(),
                               [&](const auto* w) { return w == &inbound_.all().at(g.work_id); });
  if (own || !ask_state_of_target(g)) next_gap_server(number, "nothing is left to ask");
}

bool missing_events::ask_state_of_target(gap& g) {
  const auto& target = inbound_.all().at(g.work_id);
  const auto pause = gap_pauses_.find(g.work_id);
  const auto attempt = pause == gap_pauses_.end() ? 0 : pause->second.attempts;
  if (target.state.is_given() || (attempt >= alone_attempts_max && attempt % alone_attempts_every != 0)) return false;
  if (!ask_state(g, target)) return false;
  g.alone = true;
  return true;
}

void missing_events::ask_for_gap(gap& g, step what, const std::string& server, const std::string& event_id,
                                 peer_request r) {
  g.open.at = what;
  pending_.forget(std::exchange(g.verifying, 0)); // of a question that was given up
  g.open.asked_of = server;
  g.open.event_id = event_id;
  g.open.since = out_.now();
  ++g.questions;
  g.open.asked = pending_.ask_server(server, std::move(r), question::of_gap{g.number});
}

void missing_events::ask_missing_events(gap& g, const std::vector<const inbound_event*>& ends) {
  matrix::json::array earliest, latest;
  for (const auto& e : room_.graph.extremities()) earliest.emplace_back(e);
  const bool pulled = std::any_of(ends.begin(), ends.end(), [](const auto* w) { return w->pulled(); });
  for (const auto* w : ends)
    if ((w->pulled() || !pulled) && latest.size() < limits::prev_events_max) latest.emplace_back(w->event->event_id);
  peer_request r;
  r.endpoint = matrix::endpoint::get_missing_events;
  r.parameters = {room_.id};
  r.body = matrix::json::canonical(
    matrix::json::object{{"earliest_events", std::move(earliest)},
                         {"latest_events", std::move(latest)},
                         {"limit", static_cast<std::int64_t>(room_.node.settings().room.missing_events_limit)},
                         {"min_depth", 0}});
  r.timeout_ms = room_.node.settings().federation.request_timeout_ms * 2;
  r.response_bytes_max = (room_.node.settings().room.missing_events_limit + 1) * limits::event_bytes_max;
  ask_for_gap(g, step::missing_events, g.server, inbound_.all().at(g.work_id).event->event_id, std::move(r));
}

std::optional<std::string> missing_events::state_source_for(const gap& g, const inbound_event& w) const {
  const std::string author{matrix::server_name_of(w.event->sender)};
  std::vector<std::string> order;
  if (author != room_.node.server_name && room_.has_server(author)) order.push_back(author);
  if (g.server != g.pusher || author == g.pusher) order.push_back(g.server);
  else
    order.insert(order.end(), g.to_try.begin(),
                 g.to_try.begin() + static_cast<std::ptrdiff_t>(std::min(state_sources_max, g.to_try.size())));
  std::stable_partition(order.begin(), order.end(), [this](const auto& s) { return !hangs(s); });
  // A server may hide from us what everybody else knows and then tell an old state in its place: of others' events it
  // is believed last, and not at all while those who would know better are merely silent.
  if (g.server == g.pusher && (!g.before.unresponsive_sources.contains(w.event->event_id) ||
                               out_.now() - inbound_.all().at(g.work_id).since >= single_source_after_ms))
    order.push_back(g.pusher);
  for (const auto& server : order)
    if (!g.before.states_asked.contains({server, w.event->event_id})) return server;
  return {};
}

bool missing_events::ask_state(gap& g, const inbound_event& at) {
  const auto source = state_source_for(g, at);
  if (!source) return false;
  const bool whole = g.before.whole_requested.contains({*source, at.event->event_id});
  peer_request r;
  r.endpoint = whole ? matrix::endpoint::state : matrix::endpoint::state_ids;
  r.parameters = {room_.id};
  r.query = {{"event_id", at.event->event_id}};
  r.timeout_ms = whole ? room_.node.settings().federation.send_join_timeout_ms
                       : room_.node.settings().federation.request_timeout_ms * 2;
  r.response_bytes_max = whole ? limits::response_bytes_max : state_ids_bytes_max;
  ask_for_gap(g, whole ? step::state : step::state_ids, *source, at.event->event_id, std::move(r));
  return true;
}

void missing_events::gap_state_ids(std::uint64_t number, const std::string& body) {
  auto& g = gaps_.at(number);
  gap::state_by_ids told{g.open.asked_of, g.open.event_id, {}, {}};
  std::size_t chain = 0;
  const auto read = matrix::json::parse_streamed(
    body, {"pdu_ids", "auth_chain_ids"}, [&](std::string_view list, matrix::json::value&& item) {
      const auto* id = item.as_string();
      if (!id || id->size() > limits::identifier_bytes_max) return true;
      if (!room_.graph.find(*id) && told.missing.size() <= state_events_max &&
          std::find(told.missing.begin(), told.missing.end(), *id) == told.missing.end())
        told.missing.push_back(*id);
      if (list == "pdu_ids") told.ids.push_back(*id);
      return told.ids.size() <= state_ids_max && (list == "pdu_ids" || ++chain <= state_ids_max);
    });
  const auto* ids = read ? read->find("pdu_ids") : nullptr;
  if (!ids || !ids->as_array() || told.missing.size() > state_events_max ||
      told.missing.size() * state_events_share > told.ids.size())
    return ask_whole_state(number);
  g.by_ids = std::move(told);
  ask_state_event(number);
}

void missing_events::ask_state_event(std::uint64_t number) {
  auto& g = gaps_.at(number);
  auto& told = *g.by_ids;
  while (!told.missing.empty() && room_.graph.find(told.missing.front())) told.missing.pop_front();
  if (told.missing.empty()) {
    matrix::state_map state;
    for (const auto& id : told.ids)
      if (const auto* n = room_.graph.find(id); n && n->event->is_state() && n->judged != store::verdict::rejected)
        state.insert_or_assign({n->event->type, *n->event->state_key}, id);
    g.open.asked_of = told.server;
    g.open.event_id = told.event_id;
    g.before.states_asked.insert({told.server, told.event_id});
    g.by_ids.reset();
    return take_state_for_gap(number, std::move(state));
  }
  peer_request r;
  r.endpoint = matrix::endpoint::event;
  r.parameters = {told.missing.front()};
  r.timeout_ms = room_.node.settings().federation.request_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  ask_for_gap(g, step::state_event, told.server, told.missing.front(), std::move(r));
}

void missing_events::ask_whole_state(std::uint64_t number) {
  auto& g = gaps_.at(number);
  if (g.by_ids) g.open.event_id = g.by_ids->event_id;
  g.by_ids.reset();
  g.before.whole_requested.insert({g.open.asked_of, g.open.event_id});
  ask_gap(number);
}

bool missing_events::ask_authority(gap& g, const std::vector<const inbound_event*>& of) {
  peer_request r;
  r.timeout_ms = room_.node.settings().federation.request_timeout_ms * 2;
  for (const auto* w : of) {
    const auto& id = w->event->event_id;
    if (g.before.chains_asked.contains(id) || g.before.chains_asked.size() >= chains_max) continue;
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_.id, id};
    r.response_bytes_max = limits::response_bytes_max;
    ask_for_gap(g, step::auth_events, g.server, id, std::move(r));
    return true;
  }
  if (g.before.singles_asked.size() >= singles_max) return false;
  // The chain did not bring it.
  const auto kept = ids_of(g.unplaced_auth_events);
  auto without = g.unplaced_auth_events;
  for (const auto* w : of) without.push_back(w->event);
  for (const auto& x : without)
    for (const auto& id : room_.graph.missing_auth_events(*x)) {
      if (inbound_.by_event().contains(id) || kept.contains(id) || g.before.singles_asked.contains(id)) continue;
      r.endpoint = matrix::endpoint::event;
      r.parameters = {id};
      r.response_bytes_max = 2 * limits::event_bytes_max;
      ask_for_gap(g, step::event, g.server, id, std::move(r));
      return true;
    }
  return false;
}

void missing_events::answered(question::of_gap q, const timed_out& m) {
  belated_.erase(m.asked);
  if (!gaps_.contains(q.gap)) return;
  auto& g = gaps_.at(q.gap);
  if (std::erase_if(g.late, [&](const auto& late) { return late.asked == m.asked; }) != 0 || g.open.asked != m.asked)
    return;
  g.open.asked = 0;
  left_hanging(g.open.asked_of);
  gap_unanswered(q.gap, "no answer", false);
}

void missing_events::answered(question::of_gap q, const peer_answer& m) {
  const auto number = q.gap;
  if (!gaps_.contains(number)) return answered_after_all(m);
  auto& g = gaps_.at(number);
  if (g.open.asked != m.asked && !take_up_question(g, m)) return;
  g.open.asked = 0;
  if (m.status == 0 || m.status == 429 || m.status >= 500) {
    left_hanging(g.open.asked_of);
    return gap_unanswered(number, to_string(m.why));
  }
  g.open.unanswered = 0;
  g.open.since = out_.now();
  record_contact(g.open.asked_of);
  hanging_.erase(g.open.asked_of);
  gap_question_done(g);
  if (g.open.at == step::own_invite) {
    g.open.at = step::missing_events;
    if (m.status == 404) return gap_unanswered(number, "the server does not know its own invite yet");
    g.knows_own_invite = true;
    return ask_gap(number); // perhaps since it was asked
  }
  if (m.status != 200) {
    note_disowned(g, m);
    // It has not heard of our join yet: that says nothing of what it has.
    if (m.status == 403 && g.open.at == step::missing_events && g.attempts < alone_attempts_max) {
      note_answer(g, to_string(m.why));
      return next_gap_server(number, to_string(m.why));
    }
    return gap_refused(number, to_string(m.why));
  }
  gap_answered(number, m.body);
}

void missing_events::answered_after_all(const peer_answer& m) {
  const auto it = belated_.find(m.asked);
  if (it == belated_.end()) return;
  const auto about = std::move(it->second);
  belated_.erase(it);
  if (m.status == 0) return;
  record_contact(about.server);
  hanging_.erase(about.server);
  const auto target = inbound_.all().find(about.work_id);
  if (m.status != 200 || target == inbound_.all().end() || !needs_gap(target->first, target->second)) return;
  // The next attempt begins with what it has told: whoever speaks next in the room would be shown before this event
  // otherwise.
  open_gap(target->first, target->second);
  auto& g = gaps_.at(last_gap_);
  if (about.server != g.server) {
    std::erase(g.to_try, about.server);
    g.to_try.push_front(std::exchange(g.server, about.server));
  }
  g.before.turned_to.insert(about.server);
  g.open.at = step::missing_events;
  g.open.asked_of = about.server;
  g.open.event_id = target->second.event->event_id;
  gap_answered(last_gap_, m.body);
}

void missing_events::note_disowned(gap& g, const peer_answer& m) {
  const auto target = inbound_.all().find(g.work_id);
  if (target == inbound_.all().end() || g.open.at != step::state || m.status != 404 || m.errcode != "M_NOT_FOUND")
    return;
  const auto& x = *target->second.event;
  g.disowned = g.disowned || (x.event_id == g.open.event_id && matrix::server_name_of(x.sender) == g.open.asked_of);
}

bool missing_events::ask_hanging_again(gap& g) {
  // It has let the question about what lies between hang, or that about the state at an event on the way, and answers
  // now. With its state at this one the former would be left out, and the latter shown behind it.
  const auto hung = std::find_if(g.late.begin(), g.late.end(), [&](const auto& q) {
    if (q.asked_of != g.open.asked_of) return false;
    if (q.at == step::missing_events) return g.before.walks_again < walks_again_max;
    return (q.at == step::state || q.at == step::state_ids) && q.event_id != g.open.event_id &&
           inbound_.by_event().contains(q.event_id) && !g.before.asked_again.contains({q.asked_of, q.event_id});
  });
  if (hung == g.late.end()) return false;
  if (hung->at != step::missing_events) {
    g.before.asked_again.insert({hung->asked_of, hung->event_id});
    g.before.states_asked.erase({hung->asked_of, hung->event_id});
    g.before.unresponsive_sources.erase(hung->event_id);
  } else {
    ++g.before.walks_again;
  }
  pending_.forget(hung->asked);
  g.late.erase(hung);
  g.before.states_asked.erase({g.open.asked_of, g.open.event_id});
  std::erase(g.to_try, g.open.asked_of);
  if (g.server != g.open.asked_of) g.to_try.push_front(std::exchange(g.server, g.open.asked_of));
  g.walk_ended = g.alone = false;
  return true;
}

void missing_events::gap_answered(std::uint64_t number, const std::string& text) {
  auto& g = gaps_.at(number);
  if ((g.open.at == step::state || g.open.at == step::state_ids) && ask_hanging_again(g)) return ask_gap(number);
  if (g.open.at == step::state) {
    auto read = g.told.read(text, "pdus", room_.id, room_.graph.rules(),
                            [this](const std::string& id) { return room_.graph.find(id) != nullptr; });
    if (!read) return gap_refused(number, to_string(read.error()));
    g.told.keep_reached();
    if (g.told.size() > told_events_max + 2 * room_.graph.current().state->size())
      return gap_refused(number, "the state has too many unknown events");
    return verify_told_of_gap(number);
  }
  if (g.open.at == step::state_ids) return gap_state_ids(number, text);
  auto body = matrix::json::parse_readable(text, {"events", "pdus", "auth_chain"});
  if (!body) return gap_refused(number, "the answer is no JSON");
  const char* list = g.open.at == step::missing_events ? "events"
                     : g.open.at == step::auth_events  ? "auth_chain"
                                                       : "pdus";
  const auto* pdus = body->find_array(list);
  if (!pdus) return gap_refused(number, std::string{"the answer has no "} + list);
  std::vector<matrix::event_ptr> unknown;
  switch (g.open.at) {
  case step::missing_events: {
    auto told = import_.parse(*pdus, matrix::count_policy::bounded); // they come to be placed, like what is pushed
    if (told.size() > room_.node.settings().room.missing_events_limit)
      told.resize(room_.node.settings().room.missing_events_limit);
    return missing_events_answered(number, told);
  }
  case step::auth_events: {
    const auto of = inbound_.by_event().find(g.open.event_id);
    unknown = of == inbound_.by_event().end()
                ? decltype(unknown){}
                : reached_by_auth(inbound_.all().at(of->second).event->auth_events, import_.parse_unknown(*pdus));
    if (unknown.size() > chain_events_max) return gap_refused(number, "the auth chain is too long");
    break;
  }
  case step::event:
  case step::state_event:
    unknown = import_.parse_unknown(*pdus);
    std::erase_if(unknown, [&](const auto& x) { return x->event_id != g.open.event_id; });
    break;
  case step::state_ids:
  case step::own_invite:
  case step::state: break;
  }
  if (unknown.empty()) return gap_refused(number, "the server had nothing to add");
  verify_for_gap(g, unknown);
}

void missing_events::note_answer(const gap& g, const std::string& answer) {
  if (!inbound_.all().contains(g.work_id)) return;
  const auto question = [&]() -> const char* {
    switch (g.open.at) {
    case step::missing_events: return "what leads to it";
    case step::state_ids:
    case step::state: return "the state before it";
    case step::auth_events: return "the events that allow it";
    case step::state_event:
    case step::event: return "an event it rests on";
    case step::own_invite: return "the invite itself";
    }
    return "";
  };
  answers_.note(g.work_id, {g.open.asked_of, question(), answer, out_.now()});
}

void missing_events::gap_question_done(gap& g) {
  switch (g.open.at) {
  case step::missing_events: // as often as it leads further, see room.missing_events_rounds
  case step::state_ids:      // it ends with a state, or with the question for the whole
  case step::own_invite: break;
  case step::state_event: g.by_ids->missing.pop_front(); break;
  case step::state: g.before.states_asked.insert({g.open.asked_of, g.open.event_id}); break;
  case step::auth_events: g.before.chains_asked.insert(g.open.event_id); break;
  case step::event: g.before.singles_asked.insert(g.open.event_id); break;
  }
}

void missing_events::gap_unanswered(std::uint64_t number, const std::string& why, bool again) {
  auto& g = gaps_.at(number);
  // It says nothing of what the server has: to take the state instead would leave out the events between.
  pending_.forget(std::exchange(g.open.asked, 0)); // where it could not be put aside
  g.silent = true;
  note_answer(g, why);
  if (again && g.open.asked_of == g.pusher && ++g.open.unanswered < gap_attempts_max) {
    g.paused = true;
    g.not_before = out_.now() + gap_attempt_pause_ms;
    consider_at(g.not_before);
    return;
  }
  g.open.unanswered = 0;
  const bool of_state = g.open.at == step::state || g.open.at == step::state_ids || g.open.at == step::state_event;
  if (!of_state) return next_gap_server(number, why);
  if (g.by_ids) g.open.event_id = std::exchange(g.by_ids, {})->event_id;
  g.before.states_asked.insert({g.open.asked_of, g.open.event_id});
  g.before.unresponsive_sources.insert(g.open.event_id);
  ask_gap(number); // somebody else may tell it
}

void missing_events::gap_refused(std::uint64_t number, const std::string& why) {
  auto& g = gaps_.at(number);
  note_answer(g, why);
  if (g.open.at == step::state_ids || g.open.at == step::state_event) return ask_whole_state(number);
  if (g.open.at != step::missing_events) return ask_gap(number); // what was asked is not asked again
  out_.log(log_level::info, "R110 missing events not available; fetching state instead",
           {{"room", room_.id}, {"server", g.open.asked_of}, {"event", g.open.event_id}, {"why", why}});
  g.walk_ended = true;
  ask_gap(number);
}

void missing_events::verify_for_gap(gap& g, const std::vector<matrix::event_ptr>& events) {
  g.open.since = out_.now();
  g.verifying = pending_.verify(events, question::gap_events{g.number, events},
                                pending_questions::foreign_keys_patience_ms, keys_of_gap_ms);
}

void missing_events::verify_told_of_gap(std::uint64_t number) {
  auto& g = gaps_.at(number);
  if (auto part = g.told.next_part(); !part.empty()) return verify_for_gap(g, part);
  auto known = g.told.known_state();
  auto verified = g.told.take_verified();
  repair_.repair(verified.stripped, g.open.asked_of);
  auto state = import_.add_state(std::move(verified));
  for (const auto& id : known)
    if (const auto* n = room_.graph.find(id); n && n->event->is_state() && n->judged != store::verdict::rejected)
      state.insert_or_assign({n->event->type, *n->event->state_key}, id);
  take_state_for_gap(number, std::move(state));
}

std::uint64_t missing_events::first_in_line(std::uint64_t work_id) const {
  const auto& all = inbound_.all();
  for (std::size_t steps = 0; steps < line_max; ++steps) {
    const auto& x = *all.at(work_id).event;
    if (x.prev_events.size() != 1) break;
    const auto parent = inbound_.by_event().find(x.prev_events.front());
    if (parent == inbound_.by_event().end()) break;
    const auto& p = all.at(parent->second);
    const bool waits = p.phase == work_phase::closing_gap || p.phase == work_phase::waiting_for_parents;
    if (!waits || !p.copies.empty() || p.state.is_given() || p.state.is_to_fetch() || p.event->is_state() ||
        matrix::server_name_of(p.event->sender) != matrix::server_name_of(x.sender) ||
        !room_.graph.missing_auth_events(*p.event).empty())
      break;
    work_id = parent->second;
  }
  return work_id;
}

void missing_events::take_state_for_gap(std::uint64_t number, matrix::state_map state) {
  auto& g = gaps_.at(number);
  const auto it = inbound_.by_event().find(g.open.event_id);
  const auto create = state.find({"m.room.create", ""});
  if (it != inbound_.by_event().end() && create != state.end() && create->second == room_.graph.create()->event_id) {
    auto& w = inbound_.all().at(first_in_line(it->second));
    w.state.fetch(std::move(state), !w.pulled());
  }
  g.paused = true; // whatever asks next goes on from here
  inbound_.advance();
}

void missing_events::answered(const question::gap_events& q, const events_verified& m) {
  gaps_.at(q.gap).verifying = 0;
  gap_verified(q.gap, q.events, m.checks);
}

void missing_events::answered(const question::gap_events& q, const timed_out&) {
  gaps_.at(q.gap).verifying = 0;
  gap_unanswered(q.gap, "the verifier did not answer", false);
}

void missing_events::gap_verified(std::uint64_t number, const std::vector<matrix::event_ptr>& events,
                                  const std::vector<event_check>& checks) {
  auto& g = gaps_.at(number);
  g.progress = out_.now();
  if (g.open.at == step::state) {
    g.told.take(checks);
    return verify_told_of_gap(number);
  }
  repair_.repair(event_import::stripped(events, checks), g.open.asked_of);
  auth_events_answered(number, event_import::verified(events, checks));
}

bool missing_events::may_know_soon(const gap& g) const {
  // An invite is offered before its server has it in its own room: it commits the invite when it has our answer, which
  // may be lost once.
  const auto target = inbound_.all().find(g.work_id);
  if (target == inbound_.all().end()) return false;
  const auto& x = *target->second.event;
  return !g.knows_own_invite && x.type == "m.room.member" && x.membership() == matrix::membership::invite &&
         x.event_id == g.open.event_id && matrix::server_name_of(x.sender) == g.open.asked_of &&
         out_.now() - target->second.since < own_invite_ms;
}

void missing_events::ask_whether_it_knows(gap& g) {
  peer_request r;
  r.endpoint = matrix::endpoint::event;
  r.parameters = {g.open.event_id};
  r.timeout_ms = room_.node.settings().federation.request_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  ask_for_gap(g, step::own_invite, g.open.asked_of, std::string{g.open.event_id}, std::move(r));
}

std::size_t missing_events::take_over(std::uint64_t number, const std::vector<matrix::event_ptr>& told) {
  std::size_t count = 0;
  for (const auto& x : told) {
    const auto it = inbound_.by_event().find(x->event_id);
    if (it == inbound_.by_event().end()) continue;
    auto& w = inbound_.all().at(it->second);
    if (!w.pulled() || w.pulled_for == number || !w.copies.empty() || !inbound_.is_stalled(w)) continue;
    w.pulled_for = number;
    ++count;
  }
  return count;
}

void missing_events::missing_events_answered(std::uint64_t number, const std::vector<matrix::event_ptr>& told) {
  auto& g = gaps_.at(number);
  // An answer that came after its attempt may be about what was fetched in that, and dropped with it: between it and
  // the event would be a hole.
  if (g.questions == 0) {
    const auto& cited = inbound_.all().at(g.work_id).event->prev_events;
    if (std::none_of(told.begin(), told.end(),
                     [&](const auto& x) { return std::find(cited.begin(), cited.end(), x->event_id) != cited.end(); }))
      return ask_gap(number);
  }
  auto events = told;
  // What was refuted is nobody's word, however often it is told.
  std::erase_if(
    events, [&](const auto& x) { return g.before.refuted.contains(x->event_id) || inbound_.is_refuted(x->event_id); });
  const bool others_fetch = std::any_of(events.begin(), events.end(), [&](const auto& x) {
    const auto it = inbound_.by_event().find(x->event_id);
    return it != inbound_.by_event().end() && inbound_.all().at(it->second).pulled() &&
           inbound_.all().at(it->second).pulled_for != number && !inbound_.is_stalled(inbound_.all().at(it->second));
  });
  // Another attempt may have failed with them; their states are asked for here, the deepest first, so that all comes in
  // order.
  for (const auto& x : events)
    if (const auto it = inbound_.by_event().find(x->event_id); it != inbound_.by_event().end())
      if (const auto& w = inbound_.all().at(it->second); w.copies.empty() && !w.pulled() && it->second != g.work_id)
        g.met.insert(it->second);
  ++g.rounds;
  const auto taken_over = take_over(number, events);
  if (inbound_.enqueue_pulled(events, g.server, number) + taken_over == 0) {
    if (!others_fetch && may_know_soon(g)) return ask_whether_it_knows(g);
    if (!others_fetch) return gap_refused(number, "the server had nothing to add");
    g.not_before = out_.now() + gap_attempt_pause_ms; // another gap brings the same
    consider_at(g.not_before);
  } else {
    g.progress = out_.now();
    g.knows_own_invite = true; // else it could not tell what leads to it
  }
  g.paused = true; // until they are verified
  inbound_.advance();
}

void missing_events::auth_events_answered(std::uint64_t number, std::vector<matrix::event_ptr> events) {
  auto& g = gaps_.at(number);
  // What still lacks something is kept as long as this gap: the next answer may bring it.
  auto kept = ids_of(g.unplaced_auth_events);
  for (auto& x : events)
    if (g.unplaced_auth_events.size() < chain_events_max && kept.insert(x->event_id).second)
      g.unplaced_auth_events.push_back(std::move(x));
  import_.add_outliers(g.unplaced_auth_events);
  std::erase_if(g.unplaced_auth_events, [this](const auto& x) { return room_.graph.find(x->event_id) != nullptr; });
  g.paused = true;    // whatever asks next goes on from here
  inbound_.advance(); // may end the gap, ask the store first, or go on with it
}

} // namespace causeway::room
