// The way of a foreign event into the room: formed -> verified -> gathered -> authorised -> resolved -> committed -> told.
// Source: server-server-api, "Checks performed on receipt of a PDU".
#include "actors/room/answer_id.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace causeway::room {

std::string id_for_answer(const matrix::json::object& pdu, const matrix::room_version_rules& rules) {
  if (rules.event_ids == matrix::event_id_format::given) {
    const auto* id = pdu.find("event_id");
    return id && id->as_string() ? *id->as_string() : std::string{};
  }
  const auto hash = matrix::reference_hash(pdu, rules);
  return "$" + (rules.event_ids == matrix::event_id_format::base64_hash ? matrix::base64_encode(hash) : matrix::base64url_encode(hash));
}

void room_machine::receive(const pdus_received& m) {
  if (!make_room_for(m)) {
    // The sender keeps what it sent and repeats it; an answer per PDU would make it drop them.
    out_.send(m.reply_to, pdus_handled{m.asked, {}, true});
    return;
  }
  if (m.reply_to.kind != actor_kind::room && holds_pdus()) return hold(m);
  heard_from(m.origin);
  const auto batch_id = ++last_batch_;
  auto& b = batches_[batch_id];
  b.reply_to = m.reply_to;
  b.asked = m.asked;
  b.outcomes.resize(m.pdus->size());
  b.open = m.pdus->size() + 1; // the last one is this function's own
  intake in{m.origin, batch_id};
  for (std::size_t i = 0; i < m.pdus->size(); ++i) take_pdu(in, i, (*m.pdus)[i]);
  if (--b.open == 0) {
    out_.send(b.reply_to, pdus_handled{b.asked, std::move(b.outcomes)});
    batches_.erase(batch_id);
  }
  if (!in.copies.empty()) ask_to_verify(std::move(in.copies));
  if (in.wanted_now) advance(); // the gap it was pulled for may fail and ask for nothing more
}

room_machine::taken room_machine::take_pdu(intake& in, std::size_t i, matrix::json::object& pdu, const std::string& row) {
  const auto found = batches_.find(in.batch_id);
  auto* b = found == batches_.end() ? nullptr : &found->second;
  auto settled = [&](std::string event_id, std::string error) {
    if (!b) return taken::settled;
    b->outcomes[i] = {std::move(event_id), std::move(error)};
    --b->open;
    return taken::settled;
  };
  if (!exists_ || head_.phase != store::room_phase::joined) {
    // Not our room (any more). One thing concerns us still: an invitation that is taken back.
    const auto* type = pdu.find("type");
    const auto* key = pdu.find("state_key");
    if (type && type->as_string() && *type->as_string() == "m.room.member" && key && key->as_string() &&
        node_.is_local(*key->as_string()) && matrix::is_user_id(*key->as_string(), matrix::user_id_grammar::strict)) {
      // Answered when the invitation has it on disk.
      const auto asked = out_.next_token();
      rescinding_[asked] = {in.batch_id, i, out_.now(), row};
      out_.send({actor_kind::invitation, room_id_ + "|" + *key->as_string()}, rescission_received{{actor_kind::room, room_id_}, asked, in.origin, pdu});
      return taken::handed_on;
    }
    return settled(exists_ ? id_for_answer(pdu, graph_.rules()) : std::string{}, "this server is not in the room");
  }
  const auto acl = graph_.state_event("m.room.server_acl");
  if (!matrix::server_acl_allows(acl ? &acl->content() : nullptr, in.origin)) return settled(id_for_answer(pdu, graph_.rules()), "server ACL denies " + in.origin);
  auto formed = matrix::take_event(pdu, graph_.rules());
  if (!formed) return settled(id_for_answer(pdu, graph_.rules()), to_string(formed.error()));
  const auto& x = *formed;
  if (x->room_id != room_id_) return settled(x->event_id, "event of another room");
  if (const auto* known = graph_.find(x->event_id); known && known->judged != store::verdict::outlier) {
    consider_restoring(*known, x);
    return settled(x->event_id, {}); // a repeat is harmless
  }
  if (b) b->outcomes[i].event_id = x->event_id;
  in.last_event_id = x->event_id;
  if (auto it = work_by_event_.find(x->event_id); it != work_by_event_.end()) {
    auto& w = work_.at(it->second);
    w.pulled_for = 0; // somebody waits for it now
    in.wanted_now = true;
    also_pushed(it->second, in.origin);
    if (!w.copies.empty()) {
      if (add_copy(it->second, w, x, in.origin, waiter{in.batch_id, i})) in.copies.emplace_back(it->second, x);
      return taken::waits;
    }
    if (w.stripped)
      if (auto whole = matrix::restored(*w.event, *x)) {
        w.event = std::move(whole);
        w.stripped = false;
      }
    if (w.in_inbox) settled(x->event_id, {}); // staged already: on disk
    else w.waiters.emplace_back(in.batch_id, i);
    return taken::waits;
  }
  const auto id = begin_work(x, in.origin);
  work_.at(id).copies.back().waiters.emplace_back(in.batch_id, i);
  in.copies.emplace_back(id, x);
  return taken::waits;
}

void room_machine::settle(std::uint64_t batch_id, std::size_t index, const std::string& error) {
  auto it = batches_.find(batch_id);
  if (it == batches_.end()) return;
  auto& b = it->second;
  b.outcomes[index].error = error;
  if (--b.open > 0) return;
  out_.send(b.reply_to, pdus_handled{b.asked, std::move(b.outcomes)});
  batches_.erase(it);
}

void room_machine::verified(const events_verified& m) {
  if (audit_ != 0 && m.asked == audit_) return audited(m.checks);
  if (auto it = importing_.find(m.asked); it != importing_.end()) {
    auto [number, events] = std::move(it->second);
    importing_.erase(it);
    if (!gaps_.contains(number)) return; // it was given up
    return gap_verified(number, events, m.checks);
  }
  if (auto it = history_verifying_.find(m.asked); it != history_verifying_.end()) {
    const auto events = std::move(it->second);
    history_verifying_.erase(it);
    return history_verified(proven(events, m.checks));
  }
  if (auto it = joining_peers_.find(m.asked); it != joining_peers_.end()) {
    const auto arriving = std::move(it->second);
    joining_peers_.erase(it);
    if (m.checks.front() != event_check::valid) return refuse(arriving.call, {fault_code::bad_signature, "the event's signature or hash is not valid"});
    return finish_send_membership(arriving.call, arriving.event);
  }
  if (join_ && join_->at == join_dance::step::verifying && join_->asked == m.asked) return join_verified(m);
  if (without_members_ && without_members_->asked == m.asked) return members_verified(m);
  auto it = verifying_.find(m.asked);
  if (it == verifying_.end()) return;
  const auto copies = std::move(it->second.copies);
  verifying_.erase(it);
  for (std::size_t i = 0; i < copies.size() && i < m.checks.size(); ++i) copy_verified(copies[i].first, copies[i].second, m.checks[i]);
  advance();
}

bool room_machine::advance_one(std::uint64_t id, work& w, std::vector<std::string>& to_look_up, bool& removed) {
  if (w.phase == work_phase::verifying || w.phase == work_phase::waiting_for_keys || w.phase == work_phase::formed) return false;
  bool missing = false, waiting = false, unknown = false;
  auto look = [&](const std::string& ref, bool as_parent) {
    if (as_parent ? graph_.is_placed(ref) || is_left_out(*w.event, ref) : graph_.find(ref) != nullptr) return;
    missing = true;
    if (const auto other = work_by_event_.find(ref); other != work_by_event_.end()) {
      // What others cannot get does not keep this one.
      if (is_stalled(work_.at(other->second)) && !(w.pulled() && work_.at(other->second).pulled_for == w.pulled_for)) unknown = true;
      else waiting = true;
    } else if (!absent_.contains(ref)) to_look_up.push_back(ref);
    else unknown = true;
  };
  // History that was fetched meanwhile may have brought it.
  if (const auto* known = graph_.find(w.event->event_id); known && known->judged != store::verdict::outlier) {
    consider_restoring(*known, w.event);
    end_work(id, {});
    removed = true;
    return true;
  }
  auto stays = [&] {
    if (!w.in_inbox && !w.pulled() && (unknown || waiting) && to_look_up.empty()) stage(w);
    w.enter(unknown ? work_phase::closing_gap : waiting ? work_phase::waiting_for_parents : work_phase::gathering, out_.now());
    return false;
  };
  auto placed = [&] {
    if (policy_holds(id, w) || !accept(id, w)) return false;
    end_work(id, {});
    removed = true;
    return true;
  };
  if (w.told_state) {
    // The oldest event of a gap: its state was told by a server that has it. What it rests on itself need not be part of that.
    for (const auto& auth : w.event->auth_events) look(auth, false);
    return missing ? stays() : placed();
  }
  if (w.distrusts_parents) {
    unknown = true; // the state before it
    return stays();
  }
  // A repeat of an event that is on disk but no longer in memory must not be taken twice. One that continues the whole head cannot be one:
  // the head would be its child.
  const auto& head = graph_.extremities();
  const bool continues_head = std::is_permutation(head.begin(), head.end(), w.event->prev_events.begin(), w.event->prev_events.end());
  if (!continues_head && !w.looked_up) {
    to_look_up.push_back(w.event->event_id);
    if (w.phase != work_phase::closing_gap) w.enter(work_phase::gathering, out_.now());
    return false;
  }
  // Room versions 1 and 2 allow it: nobody could ever place it.
  auto is_itself = [&](const std::string& ref) { return ref == w.event->event_id; };
  if (std::any_of(w.event->prev_events.begin(), w.event->prev_events.end(), is_itself) ||
      std::any_of(w.event->auth_events.begin(), w.event->auth_events.end(), is_itself)) {
    refute(id, "the event cites itself");
    removed = true;
    return true;
  }
  for (const auto& prev : w.event->prev_events) look(prev, true);
  for (const auto& auth : w.event->auth_events) look(auth, false);
  if (w.event->prev_events.empty() && w.event->event_id == graph_.create()->event_id) {
    // The way back has come to the beginning of the room, where the state is known: there is none.
    w.told_state.emplace();
    accept(id, w);
    end_work(id, {});
    removed = true;
    return true;
  }
  if (w.event->prev_events.empty()) {
    refute(id, "an event other than the first of a room has parents");
    removed = true;
    return true;
  }
  return missing ? stays() : placed();
}

void room_machine::advance() {
  std::vector<std::string> to_look_up;
  // Arrival order; an event that could be placed may be the parent of one seen before it, so go round until nothing moves.
  for (bool moved = true; moved;) {
    moved = false;
    to_look_up.clear();
    for (auto it = work_.begin(); it != work_.end();) {
      const auto id = it->first;
      bool removed = false;
      auto& w = it->second;
      if (advance_one(id, w, to_look_up, removed)) moved = true;
      it = removed ? work_.upper_bound(id) : std::next(it);
    }
    if (!moved) moved = refute_circles();
  }
  std::sort(to_look_up.begin(), to_look_up.end());
  to_look_up.erase(std::unique(to_look_up.begin(), to_look_up.end()), to_look_up.end());
  for (const auto& [asked, ids] : looking_up_)
    std::erase_if(to_look_up, [&](const auto& x) { return std::find(ids.begin(), ids.end(), x) != ids.end(); });
  if (!to_look_up.empty()) {
    const auto asked = out_.next_token();
    out_.ask(asked, store::load_events{room_id_, to_look_up, true});
    looking_up_[asked] = std::move(to_look_up);
  }
  drop_pulled();
  consider_gap();
  wake_for_stalled();
}

bool room_machine::accept(std::uint64_t id, work& w) {
  state_ref before;
  std::vector<store::write> states_made;
  const bool at_gap = w.told_state.has_value();
  if (w.told_state) {
    std::vector<state_ref> states{graph_.adopt_state(*std::exchange(w.told_state, {}), states_made)};
    for (const auto& prev : w.event->prev_events)
      if (graph_.is_placed(prev)) states.push_back(graph_.find(prev)->after);
    before = graph_.resolve(std::move(states), states_made);
  } else {
    before = graph_.state_before(parents_that_count(*w.event), states_made);
  }
  const bool history = graph_.is_history(w.event->event_id);
  auto verdict = at_gap ? graph_.judge_at_gap(*w.event, before, states_made) : graph_.judge(*w.event, before);
  const auto& prev_events = w.event->prev_events;
  const bool parents_rest_on_told = std::any_of(prev_events.begin(), prev_events.end(), [this](const auto& id) { return rest_on_told_.contains(id); });
  if (verdict.judged == store::verdict::rejected && (w.rests_on_told || parents_rest_on_told) && graph_.judge_outlier(*w.event).judged != store::verdict::rejected) {
    // Whoever told the state may have told an old one: a rejection would stand for ever, though all others accept the event.
    out_.log(log_level::info, "unlawful by a state that was only told: another is asked for",
                                {{"room", room_id_}, {"event", w.event->event_id}, {"reason", verdict.reason}});
    w.distrusts_parents = w.distrusts_parents || !w.rests_on_told;
    w.rests_on_told = false;
    w.stands_alone = false;
    w.enter(work_phase::closing_gap, out_.now());
    if (!w.in_inbox && !w.pulled()) stage(w);
    return false;
  }
  if (w.rests_on_told || (parents_rest_on_told && (w.pulled() || gap_of(id)))) {
    if (rest_on_told_.size() >= rest_on_told_max) rest_on_told_.clear();
    rest_on_told_.insert(w.event->event_id);
  }
  out_.writes().insert(out_.writes().end(), std::make_move_iterator(states_made.begin()), std::make_move_iterator(states_made.end()));
  if (verdict.judged == store::verdict::accepted && w.policy == policy_verdict::denied)
    verdict = {store::verdict::soft_failed, "not signed by the room's policy server: " + w.policy_reason};
  const auto came = std::exchange(w.event, as_redacted(w.event));
  auto changes = graph_.add(w.event, before, verdict, out_.writes(), !w.stands_alone);
  settle_redaction(w.event);
  if (came != w.event) consider_restoring(*graph_.find(w.event->event_id), came); // told before in a poorer form
  w.phase = work_phase::done;
  if (verdict.judged != store::verdict::accepted) {
    out_.log(log_level::info, verdict.judged == store::verdict::rejected ? "event rejected" : "event soft-failed",
                                {{"room", room_id_}, {"event", w.event->event_id}, {"reason", verdict.reason}});
    // A merge may change the state even so; what it changed is told below.
  } else {
    tell_event(w.event, history);
    if (w.event->type == "m.room.redaction") hold(*w.event, has_power_to_redact(*w.event, before));
  }
  tell_state_changes(changes);
  if (verdict.judged == store::verdict::accepted) tell_outlived(*w.event);
  if (verdict.judged == store::verdict::accepted && !history) consider_forks();
  return true;
}

void room_machine::stage(work& w) {
  // Answered for from now on: it waits on disk for what is missing.
  w.in_inbox = true;
  auto put = [&](const matrix::event& x, const std::string& origin) {
    auto text = x.to_json();
    const auto bytes = text.size();
    out_.write(store::put_inbox{room_id_, x.event_id, origin, std::move(text), out_.now()});
    return bytes;
  };
  if (w.copies.empty()) w.bytes = put(*w.event, w.origin);
  for (auto& copy : w.copies) {
    if (!std::exchange(copy.staged, true)) copy.bytes = put(*copy.event, copy.origin);
    for (const auto& [batch_id, index] : std::exchange(copy.waiters, {})) settle(batch_id, index, {});
  }
  for (const auto& [batch_id, index] : std::exchange(w.waiters, {})) settle(batch_id, index, {});
}

void room_machine::end_work(std::uint64_t id, const std::string& error) {
  auto it = work_.find(id);
  if (it == work_.end()) return;
  auto& w = it->second;
  if (w.in_inbox) out_.write(store::remove_inbox{room_id_, {w.event->event_id}});
  absent_.erase(w.event->event_id);
  for (const auto& copy : w.copies)
    for (const auto& [batch_id, index] : copy.waiters) settle(batch_id, index, error);
  for (const auto& [batch_id, index] : w.waiters) settle(batch_id, index, error);
  gap_pauses_.erase(id);
  work_by_event_.erase(w.event->event_id);
  std::erase_if(gaps_, [id](const auto& g) { return g.second.work_id == id; });
  const auto event = w.event;
  work_.erase(it);
  if (!joins_by_residents_.empty()) resident_join_settled(*event, error);
  if (!arriving_invites_.empty()) arrival_settled(*event);
}

} // namespace causeway::room
