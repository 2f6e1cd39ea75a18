#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"
#include "actors/room/inbound_events.hpp"

#include "actors/due.hpp"
#include "actors/room/answer_id.hpp"
#include "actors/room/described.hpp"
#include "actors/room/intake_limits.hpp"
#include "actors/room/missing_events.hpp"
#include "actors/room/word_of_invite.hpp"

#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace causeway::room {

namespace {

/// The store is asked again after that when it did not answer.
constexpr time_ms look_up_again_ms = 500;
/// What is staged is given up after a day. Of the time before this actor's start at most so much counts: its sender was
/// told that we have it, and while we were down nobody looked for what it lacks.
constexpr time_ms staged_before_start_ms_max = 12 * 3'600'000;

} // namespace

std::string_view name(work_phase p) {
  switch (p) {
  case work_phase::formed: return "formed";
  case work_phase::verifying: return "verifying";
  case work_phase::waiting_for_keys: return "waiting_for_keys";
  case work_phase::gathering: return "gathering";
  case work_phase::waiting_for_parents: return "waiting_for_parents";
  case work_phase::closing_gap: return "closing_gap";
  case work_phase::asking_policy_server: return "asking_policy_server";
  case work_phase::done: return "done";
  }
  return "unknown";
}

std::string id_for_answer(const matrix::json::object& pdu, const matrix::room_version_rules& rules) {
  if (rules.event_ids == matrix::event_id_format::given) {
    const auto* id = pdu.find("event_id");
    return id && id->as_string() ? *id->as_string() : std::string{};
  }
  const auto hash = matrix::reference_hash(pdu, rules);
  return "$" + (rules.event_ids == matrix::event_id_format::base64_hash ? matrix::base64_encode(hash)
                                                                        : matrix::base64url_encode(hash));
}

void inbound_events::receive(const pdus_received& m) {
  if (!make_room_for(m)) {
    // The sender keeps what it sent and repeats it; an answer per PDU would make it drop them.
    out_.send(m.reply_to, pdus_handled{m.asked, {}, true});
    return;
  }
  if (m.reply_to.kind != actor_kind::room && holds_pdus()) return hold(m);
  missing_.record_contact(m.origin);
  const auto batch_id = batches_.begin(m.reply_to, m.asked, m.pdus->size());
  intake in{m.origin, batch_id};
  for (std::size_t i = 0; i < m.pdus->size(); ++i) take_pdu(in, i, (*m.pdus)[i]);
  batches_.end_intake(batch_id);
  if (!in.copies.empty()) ask_to_verify(std::move(in.copies));
  if (in.wanted_now) advance(); // the gap it was pulled for may fail and ask for nothing more
}

inbound_events::taken inbound_events::take_pdu(intake& in, std::size_t i, matrix::json::object& pdu,
                                               const std::string& row) {
  auto completed = [&](std::string event_id, std::string error) {
    batches_.name(in.batch_id, i, std::move(event_id));
    batches_.complete(in.batch_id, i, std::move(error));
    return taken::completed;
  };
  if (!room_.takes_part()) {
    // Not our room (any more). One thing concerns us still: an invitation that is taken back.
    const auto* type = pdu.find("type");
    const auto* key = pdu.find("state_key");
    if (type && type->as_string() && *type->as_string() == "m.room.member" && key && key->as_string() &&
        room_.node.is_local(*key->as_string()) &&
        matrix::is_user_id(*key->as_string(), matrix::user_id_grammar::strict)) {
      // Answered when the invitation has it on disk.
      ask_invitation(*key->as_string(), in.origin, pdu, {in.batch_id, i, row});
      return taken::handed_on;
    }
    return completed(room_.exists ? id_for_answer(pdu, room_.graph.rules()) : std::string{},
                     "this server is not in the room");
  }
  const auto acl = room_.graph.state_event("m.room.server_acl");
  if (!matrix::server_acl_allows(acl ? &acl->content() : nullptr, in.origin))
    return completed(id_for_answer(pdu, room_.graph.rules()), "server ACL denies " + in.origin);
  auto formed = matrix::take_event(pdu, room_.graph.rules());
  if (!formed) return completed(id_for_answer(pdu, room_.graph.rules()), to_string(formed.error()));
  const auto& x = *formed;
  if (x->room_id != room_.id) return completed(x->event_id, "event of another room");
  if (const auto* known = room_.graph.find(x->event_id); known && known->judged != store::verdict::outlier) {
    repair_.offer(*known, x);
    return completed(x->event_id, {}); // a repeat is harmless
  }
  batches_.name(in.batch_id, i, x->event_id);
  in.last_event_id = x->event_id;
  if (auto it = work_by_event_.find(x->event_id); it != work_by_event_.end()) {
    auto& w = work_.at(it->second);
    w.pulled_for = 0; // somebody waits for it now
    in.wanted_now = true;
    missing_.also_pushed(it->second, in.origin);
    if (!w.copies.empty()) {
      if (add_copy(it->second, w, x, in.origin, waiter{in.batch_id, i})) in.copies.emplace_back(it->second, x);
      return taken::waits;
    }
    if (w.stripped)
      if (auto whole = matrix::restored(*w.event, *x)) {
        w.event = std::move(whole);
        w.stripped = false;
      }
    if (w.in_inbox) completed(x->event_id, {}); // staged already: on disk
    else w.waiters.emplace_back(in.batch_id, i);
    return taken::waits;
  }
  const auto id = begin_work(x, in.origin);
  work_.at(id).copies.back().waiters.emplace_back(in.batch_id, i);
  in.copies.emplace_back(id, x);
  return taken::waits;
}

void inbound_events::ask_invitation(const std::string& user, const std::string& origin, matrix::json::object pdu,
                                    question::rescission about) {
  const auto asked = pending_.expect(std::move(about), pending_questions::invitation_patience_ms);
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, user)},
            rescission_received{out_.self(), asked, origin, std::move(pdu)});
}

void inbound_events::answered(question::copies q, const events_verified& m) {
  // Looked at once for all of them: a large gap has thousands of events under way.
  bool some_lack_keys = std::any_of(work_.begin(), work_.end(), [](const auto& w) {
    return std::any_of(w.second.copies.begin(), w.second.copies.end(),
                       [](const auto& c) { return c.is == unverified_copy::state::no_key; });
  });
  for (std::size_t i = 0; i < q.copies.size() && i < m.checks.size(); ++i) {
    copy_verified(q.copies[i].first, q.copies[i].second, m.checks[i], some_lack_keys);
    some_lack_keys = some_lack_keys || m.checks[i] == event_check::no_key;
  }
  advance();
}

inbound_events::progress inbound_events::advance_one(std::uint64_t id, inbound_event& w,
                                                     std::vector<std::string>& to_look_up) {
  if (w.phase == work_phase::verifying || w.phase == work_phase::waiting_for_keys || w.phase == work_phase::formed)
    return progress::stays;
  bool missing = false, waiting = false, unknown = false;
  auto look = [&](const std::string& ref, bool as_parent) {
    if (as_parent ? room_.graph.is_placed(ref) || is_left_out(*w.event, ref) : room_.graph.find(ref) != nullptr) return;
    missing = true;
    if (const auto other = work_by_event_.find(ref); other != work_by_event_.end()) {
      // What others cannot get does not keep this one.
      if (is_stalled(work_.at(other->second)) && !(w.pulled() && work_.at(other->second).pulled_for == w.pulled_for))
        unknown = true;
      else waiting = true;
    } else if (!lookup_.is_absent(ref)) to_look_up.push_back(ref);
    else unknown = true;
  };
  // History that was fetched meanwhile may have brought it.
  if (const auto* known = room_.graph.find(w.event->event_id); known && known->judged != store::verdict::outlier) {
    repair_.offer(*known, w.event);
    end_work(id, {});
    return progress::ended;
  }
  auto stays = [&] {
    if (!w.in_inbox && !w.pulled() && (unknown || waiting) && to_look_up.empty()) stage(w);
    const auto next = unknown ? work_phase::closing_gap : waiting ? work_phase::waiting_for_parents : w.phase;
    if (next != w.phase) out_.hop(w.event->event_id, hop_stage::waiting_for_parents);
    w.enter(unknown || waiting ? next : work_phase::gathering, out_.now());
    return progress::stays;
  };
  auto placed = [&] {
    const auto checked = check_policy(id, w);
    if (std::holds_alternative<waits_for_policy_server>(checked)) return progress::stays;
    if (accept(id, w, std::get_if<policy_denied>(&checked)) == acceptance::needs_another_state) return progress::stays;
    end_work(id, {});
    return progress::ended;
  };
  if (w.state.is_given()) {
    // The oldest event of a gap: its state was told by a server that has it. What it rests on itself need not be part
    // of that.
    for (const auto& auth : w.event->auth_events) look(auth, false);
    return missing ? stays() : placed();
  }
  if (w.state.is_to_fetch()) {
    unknown = true; // the state before it
    return stays();
  }
  // A repeat of an event that is on disk but no longer in memory must not be taken twice. One that continues the whole
  // head cannot be one: the head would be its child.
  const auto& head = room_.graph.extremities();
  const bool continues_head =
    std::is_permutation(head.begin(), head.end(), w.event->prev_events.begin(), w.event->prev_events.end());
  if (!continues_head && !w.looked_up) {
    to_look_up.push_back(w.event->event_id);
    if (w.phase != work_phase::closing_gap) w.enter(work_phase::gathering, out_.now());
    return progress::stays;
  }
  // Room versions 1 and 2 allow it: nobody could ever place it.
  auto is_itself = [&](const std::string& ref) { return ref == w.event->event_id; };
  if (std::any_of(w.event->prev_events.begin(), w.event->prev_events.end(), is_itself) ||
      std::any_of(w.event->auth_events.begin(), w.event->auth_events.end(), is_itself)) {
    refute(id, "the event cites itself");
    return progress::ended;
  }
  for (const auto& prev : w.event->prev_events) look(prev, true);
  for (const auto& auth : w.event->auth_events) look(auth, false);
  if (w.event->prev_events.empty() && w.event->event_id == room_.graph.create()->event_id) {
    // The way back has come to the beginning of the room, where the state is known: there is none.
    w.state.begin_room();
    accept(id, w, nullptr);
    end_work(id, {});
    return progress::ended;
  }
  if (w.event->prev_events.empty()) {
    refute(id, "an event other than the first of a room has parents");
    return progress::ended;
  }
  return missing ? stays() : placed();
}

void inbound_events::advance() {
  std::vector<std::string> to_look_up;
  // Arrival order; an event that could be placed may be the parent of one seen before it, so go round until nothing
  // moves.
  for (bool moved = true; moved;) {
    moved = false;
    to_look_up.clear();
    for (auto it = work_.begin(); it != work_.end();) {
      const auto id = it->first;
      const bool ended = advance_one(id, it->second, to_look_up) == progress::ended;
      moved = moved || ended;
      it = ended ? work_.upper_bound(id) : std::next(it);
    }
    if (!moved) moved = refute_circles();
  }
  lookup_.ask(std::move(to_look_up));
  missing_.drop_pulled();
  missing_.consider();
  wake_for_stalled();
}

inbound_events::acceptance inbound_events::accept(std::uint64_t id, inbound_event& w, const policy_denied* denied) {
  state_ref before;
  std::vector<store::write> states_made;
  const bool at_gap = w.state.is_given();
  if (auto own = w.state.take()) {
    std::vector<state_ref> states{writer_.adopt_state(*std::move(own), states_made)};
    for (const auto& prev : w.event->prev_events)
      if (room_.graph.is_placed(prev)) states.push_back(room_.graph.find(prev)->after);
    before = writer_.resolve(std::move(states), states_made);
  } else {
    before = writer_.state_before(parents_that_count(*w.event), states_made);
  }
  const bool history = room_.graph.is_history(w.event->event_id);
  auto verdict = at_gap ? writer_.judge_at_gap(*w.event, before, states_made) : room_.graph.judge(*w.event, before);
  const auto& prev_events = w.event->prev_events;
  const bool parents_use_remote_state = std::any_of(prev_events.begin(), prev_events.end(), [this](const auto& prev) {
    return events_on_remote_state_.contains(prev);
  });
  if (verdict.judged == store::verdict::rejected &&
      (w.state.is_remote() || parents_use_remote_state || lacks_what_is_cited(*w.event, before)) &&
      room_.graph.judge_by_own_auth_events(*w.event).judged != store::verdict::rejected) {
    // Whoever told the state may have told an old one: a rejection would stand for ever, though all others accept the
    // event.
    out_.log(log_level::info,
             "R103 event fails authorization against state received from another server; refetching state",
             {{"room", room_.id}, {"event", w.event->event_id}, {"reason", verdict.reason}});
    w.state.distrust();
    w.enter(work_phase::closing_gap, out_.now());
    if (!w.in_inbox && !w.pulled()) stage(w);
    return acceptance::needs_another_state;
  }
  if (w.state.is_remote() || (parents_use_remote_state && (w.pulled() || missing_.has_gap(id)))) {
    events_on_remote_state_.insert(w.event->event_id);
  }
  out_.writes().insert(out_.writes().end(), std::make_move_iterator(states_made.begin()),
                       std::make_move_iterator(states_made.end()));
  if (verdict.judged == store::verdict::accepted && denied)
    verdict = {store::verdict::soft_failed, "not signed by the room's policy server: " + denied->why};
  out_.hop(w.event->event_id, hop_stage::judged,
           verdict.judged == store::verdict::accepted ? nullptr : out_.details([&] {
             return hop_details{{},
                                {},
                                0,
                                request_phase::unknown,
                                (verdict.judged == store::verdict::rejected ? "rejected: " : "soft-failed: ") +
                                  verdict.reason};
           }));
  const auto came = std::exchange(w.event, redactions_.as_redacted(w.event));
  auto changes = writer_.add(w.event, before, verdict, !w.state.stands_alone());
  redactions_.complete(w.event);
  if (came != w.event) repair_.offer(*room_.graph.find(w.event->event_id), came); // told before in a poorer form
  w.phase = work_phase::done;
  if (verdict.judged != store::verdict::accepted) {
    out_.log(log_level::info,
             verdict.judged == store::verdict::rejected ? "R101 event rejected by the auth rules"
                                                        : "R102 event soft-failed",
             {{"room", room_.id}, {"event", w.event->event_id}, {"reason", verdict.reason}});
    // Of a soft-failed state event the state after it is a group of its own. The current state is as it was until an
    // accepted event follows this one.
  } else {
    notifier_.message(w.event, history);
    events_.content_known(*w.event, history);
    if (w.event->type == "m.room.redaction") redactions_.accepted(*w.event, before);
  }
  events_.state_changed(changes);
  if (verdict.judged == store::verdict::accepted) events_.event_accepted(*w.event, history);
  return acceptance::placed;
}

bool inbound_events::lacks_what_is_cited(const matrix::event& x, const state_ref& before) const {
  return std::any_of(x.auth_events.begin(), x.auth_events.end(), [&](const auto& id) {
    const auto* n = room_.graph.find(id);
    if (!n || n->judged == store::verdict::rejected || !n->event->is_state()) return false;
    const auto there = room_.graph.state_event(before, n->event->type, *n->event->state_key);
    const auto& follows = n->event->auth_events;
    return !there || std::find(follows.begin(), follows.end(), there->event_id) != follows.end();
  });
}

void inbound_events::stage(inbound_event& w) {
  // Answered for from now on: it waits on disk for what is missing.
  w.in_inbox = true;
  auto put = [&](const matrix::event& x, const std::string& origin) {
    auto text = x.to_json();
    const auto bytes = text.size();
    out_.write(store::put_inbox{room_.id, x.event_id, origin, std::move(text), out_.now()});
    return bytes;
  };
  if (w.copies.empty()) w.bytes = put(*w.event, w.origin);
  for (auto& copy : w.copies) {
    if (!std::exchange(copy.staged, true)) copy.bytes = put(*copy.event, copy.origin);
    for (const auto& [batch_id, index] : std::exchange(copy.waiters, {})) batches_.complete(batch_id, index, {});
  }
  for (const auto& [batch_id, index] : std::exchange(w.waiters, {})) batches_.complete(batch_id, index, {});
}

void inbound_events::end_work(std::uint64_t id, const std::string& error) {
  auto it = work_.find(id);
  if (it == work_.end()) return;
  auto& w = it->second;
  if (w.in_inbox) out_.write(store::remove_inbox{room_.id, {w.event->event_id}});
  lookup_.forget(w.event->event_id);
  for (const auto& copy : w.copies)
    for (const auto& [batch_id, index] : copy.waiters) batches_.complete(batch_id, index, error);
  for (const auto& [batch_id, index] : w.waiters) batches_.complete(batch_id, index, error);
  work_by_event_.erase(w.event->event_id);
  missing_.event_ended(id);
  const auto event = w.event;
  work_.erase(it);
  events_.event_completed(*event, error);
}

policy_result inbound_events::check_policy(std::uint64_t id, inbound_event& w) {
  if (std::holds_alternative<policy_asked>(w.policy)) return waits_for_policy_server{};
  if (std::holds_alternative<policy_passed>(w.policy)) return policy_passed{};
  if (const auto* denied = std::get_if<policy_denied>(&w.policy)) return *denied;
  const auto guard = policy_.server();
  if (!guard || !matrix::needs_policy_signature(w.event->type, w.event->state_key) ||
      room_.graph.is_history(w.event->event_id))
    return policy_passed{};
  if (std::holds_alternative<policy_unchecked>(w.policy)) {
    if (matrix::has_policy_signature(*w.event, *guard)) return policy_passed{};
    // Only what passes the room's own rules is worth a question.
    if (!w.state.is_given() &&
        room_.graph.judge(*w.event, writer_.state_before(w.event->prev_events)).judged != store::verdict::accepted)
      return policy_passed{};
    w.policy = policy_pending{};
    if (!w.in_inbox) stage(w);
    w.pulled_for = 0; // it no longer belongs to the gap it was fetched for
  }
  w.enter(work_phase::asking_policy_server, out_.now());
  if (policy_.is_us(*guard)) {
    policy_denied denied{policy_.denied_by_us().detail};
    w.policy = denied;
    return denied;
  }
  if (policy_.is_full()) return waits_for_policy_server{}; // asked when another one has been answered
  w.policy = policy_asked{};
  policy_.ask(w.event, *guard, policy_gate::inbound_event{id});
  return waits_for_policy_server{};
}

void inbound_events::hand_over_rescission(inbound_event& w) {
  // The sender was told that we have it: the invitation it takes back must not stand for ever.
  const auto& x = *w.event;
  const bool ends_invitation =
    x.type == "m.room.member" && x.state_key && *x.state_key != x.sender &&
    (x.membership() == matrix::membership::leave || x.membership() == matrix::membership::ban);
  if (!w.in_inbox || !ends_invitation || !room_.node.is_local(*x.state_key) ||
      !matrix::is_user_id(*x.state_key, matrix::user_id_grammar::strict))
    return;
  w.in_inbox = false; // its row stays until the invitation has it on disk
  ask_invitation(*x.state_key, w.origin, x.source, {0, 0, x.event_id});
}

void inbound_events::hand_over_invite(const inbound_event& w) {
  // The sender was told that we have it, and who was invited has not heard of it yet. From now on nobody but their
  // invitation decides.
  const auto& x = *w.event;
  if (!w.in_inbox || !w.copies.empty() || x.type != "m.room.member" || x.membership() != matrix::membership::invite ||
      !x.state_key || room_.node.is_local(x.sender) || !room_.node.is_local(*x.state_key) ||
      !matrix::is_user_id(*x.state_key, matrix::user_id_grammar::strict))
    return;
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, *x.state_key)}, word_of_invite(room_, w.event));
}

void inbound_events::load(const std::vector<store::put_inbox>& inbox) {
  std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies;
  for (const auto& staged : inbox) {
    auto e = matrix::parse_event(staged.pdu, room_.graph.rules());
    if (!e || (*e)->event_id !=
                staged.event_id) { // of another room version than the join was offered: nobody can have meant it
      out_.write(store::remove_inbox{room_.id, {staged.event_id}});
      continue;
    }
    const auto known = work_by_event_.find((*e)->event_id);
    const auto id =
      known == work_by_event_.end() ? begin_work(*e, staged.origin) : known->second; // it may have waited for keys
    auto& w = work_.at(id);
    if (known != work_by_event_.end())
      w.copies.push_back({unverified_copy::state::verifying, *e, staged.origin, {}, false});
    w.copies.back().staged = w.in_inbox = true;
    w.copies.back().bytes = staged.pdu.size();
    w.since = std::max(happened_at(staged.received_ts, out_.now()), out_.now() - staged_before_start_ms_max);
    copies.emplace_back(id, *e);
  }
  ask_to_verify(std::move(copies));
}

void inbound_events::take_signed(const matrix::event_ptr& x, const std::string& server) {
  const auto id = begin_work(x, server);
  ask_to_verify({{id, x}});
}

void inbound_events::abandon() {
  missing_.abandon();
  std::unordered_set<std::string> taken_back; // what is staged may bring an invite and its end
  for (const auto& [id, w] : work_)
    if (w.event->type == "m.room.member" &&
        (w.event->membership() == matrix::membership::leave || w.event->membership() == matrix::membership::ban))
      taken_back.insert(w.event->auth_events.begin(), w.event->auth_events.end());
  while (!work_.empty()) {
    auto& w = work_.begin()->second;
    hand_over_rescission(w);
    if (!taken_back.contains(w.event->event_id)) hand_over_invite(w);
    end_work(work_.begin()->first, "this server is not in the room");
  }
}

void inbound_events::answered(const question::cited_events& q, const timed_out&) {
  // The store is busy: nothing is known to be absent.
  lookup_.ended(q);
  missing_.consider_at(out_.now() + look_up_again_ms);
}

void inbound_events::answered(question::cited_events q, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return answered(q, timed_out{m.asked});
  lookup_.ended(q);
  writer_.remember(*found);
  for (auto& id : q.ids) {
    if (auto w = work_by_event_.find(id); w != work_by_event_.end()) work_.at(w->second).looked_up = true;
    else if (!room_.graph.is_placed(id)) lookup_.set_absent(std::move(id));
  }
  advance();
}

void inbound_events::answered(question::rescission q, const rescission_result& m) {
  if (!q.staged.empty()) out_.write(store::remove_inbox{room_.id, {q.staged}});
  else batches_.complete(q.batch_id, q.index, m.error);
}

void inbound_events::answered(const question::rescission& q, const timed_out&) {
  // Nothing is known to be on disk: the sender keeps the transaction and repeats it. What is staged is found in the
  // inbox again.
  batches_.put_off(q.batch_id);
}

void inbound_events::policy_decided(std::uint64_t id, result<matrix::event_ptr> outcome) {
  if (const auto w = work_.find(id); w != work_.end()) {
    if (outcome) {
      w->second.policy = policy_passed{};
      w->second.event = *outcome;
    } else {
      w->second.policy = policy_denied{to_string(outcome.error())};
    }
    w->second.enter(work_phase::waiting_for_parents, out_.now());
  }
  advance();
}

void inbound_events::on_deadline() {
  if (keys_again_.goes_off(out_.now())) verify_again();
  if (stalled_check_.goes_off(out_.now())) check_stalled();
  if (missing_.is_due()) advance();
}

void inbound_events::describe(matrix::json::object& o, time_ms now) const {
  matrix::json::array under_way;
  for (const auto& [id, w] : work_) {
    if (under_way.size() == described_max) break;
    under_way.emplace_back(
      matrix::json::object{{"event_id", w.event->event_id},
                           {"phase", std::string{name(w.phase)}},
                           {"origin", w.origin},
                           {"age_ms", now - w.since},
                           {"give_up_ts", w.copies.empty() ? time_ms{0} : w.since + keys_give_up_ms}});
  }
  o.set("events_held", static_cast<std::int64_t>(held_.all().size()));
  o.set("events_under_way", static_cast<std::int64_t>(work_.size()));
  o.set("under_way", std::move(under_way));
  missing_.describe(o);
}

std::vector<std::string> inbound_events::servers_arriving() const {
  std::vector<std::string> servers;
  for (const auto& [id, w] : work_) {
    const bool verified =
      w.phase != work_phase::formed && w.phase != work_phase::verifying && w.phase != work_phase::waiting_for_keys;
    const auto& x = *w.event;
    if (!verified || x.type != "m.room.member" || x.state_key != x.sender || x.membership() != matrix::membership::join)
      continue;
    // Only where our own state would let them in: anybody can send us a join.
    if (room_.graph.missing_auth_events(x).empty() &&
        room_.graph.judge(x, room_.graph.current()).judged == store::verdict::accepted)
      servers.emplace_back(matrix::server_name_of(x.sender));
  }
  return servers;
}

} // namespace causeway::room
