#include "actors/answers.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/invitation/shown_invitations.hpp"

#include "actors/invitation/invitation_row.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::room {
namespace {

/// Members, servers and events a description of the room names of each; their numbers stand beside them.
constexpr std::size_t described_max = 50;

} // namespace
room_machine::room_machine(const context& node, std::string room_id)
    : room_(node, std::move(room_id)), out_({actor_kind::room, room_.id}),
      timers_(out_, std::int64_t{node.room.idle_s} * 1000) {}

effects room_machine::on(const message& m, time_ms now) {
  out_.set_now(now);
  switch (life_.on(m, out_, [this] { return store::load_room{room_.id}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded:
    loaded(incarnation::state_in<store::room_loaded>(m, "room " + room_.id));
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  case incarnation::turn::runs: dispatch(m);
  }
  return flush();
}

void room_machine::dispatch(const message& m) {
  if (!std::holds_alternative<timer_due>(m) && !std::holds_alternative<passivate>(m)) timers_.touch();
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, store_answered>) store_answer(x);
      else if constexpr (std::is_same_v<T, timer_due>) timer(x);
      else if constexpr (std::is_same_v<T, pdus_received>) inbound_.receive(x);
      else if constexpr (std::is_same_v<T, events_verified>) verified(x);
      else if constexpr (std::is_same_v<T, chat_command>) commands_.take(x);
      else if constexpr (std::is_same_v<T, federation_call>) requests_.serve(x);
      else if constexpr (std::is_same_v<T, summary_wanted>) requests_.summarize(x);
      else if constexpr (std::is_same_v<T, summary_told>) requests_.child_summarized(x);
      else if constexpr (std::is_same_v<T, member_wanted>) requests_.send_member(x);
      else if constexpr (std::is_same_v<T, member_told>) joins_.member_told(x);
      else if constexpr (std::is_same_v<T, revoke_invite>) room_invitations_.revoke(x);
      else if constexpr (std::is_same_v<T, join_wanted>) joins_.want(x);
      else if constexpr (std::is_same_v<T, peer_answer>) {
        if (inbound_.missing().answered(x)) return;
        if (content_repair_.answered(x)) return;
        if (inbound_.answered(x)) return;
        if (history_backfill_.answered(x)) return;
        else if (remote_join_.answered(x)) return;
        else if (partial_state_.answered(x)) return;
        else if (!joins_.answered(x)) policy_answer(x);
      } else if constexpr (std::is_same_v<T, invite_accepted_by_server>) {
        room_invitations_.commit(x);
      } else if constexpr (std::is_same_v<T, invite_begun>) {
        room_invitations_.begun(x);
      } else if constexpr (std::is_same_v<T, invite_given_up>) {
        room_invitations_.resolved(x.user_id, x.event_id);
      } else if constexpr (std::is_same_v<T, invite_arrived>) {
        room_invitations_.arrived(x);
      } else if constexpr (std::is_same_v<T, pdus_handled>) {
        room_invitations_.handled_by_room(x);
      } else if constexpr (std::is_same_v<T, membership_wanted>) {
        room_invitations_.send_membership(x);
      } else if constexpr (std::is_same_v<T, leave_wanted>) {
        room_invitations_.leave(x);
      } else if constexpr (std::is_same_v<T, rescission_wanted_again>) {
        room_invitations_.rescind_again(x);
      } else if constexpr (std::is_same_v<T, rescission_handled>) {
        inbound_.rescission_handled(x);
      } else if constexpr (std::is_same_v<T, edu_received>) {
        typing_.receive(x);
      } else if constexpr (std::is_same_v<T, room_named>) {
        writer_.name(x.chat_room_id);
      } else if constexpr (std::is_same_v<T, status_wanted>) {
        out_.send_at_once(x.reply_to, status_told{x.asked, {actor_kind::room, room_.id}, describe(out_.now())});
      } else if constexpr (std::is_same_v<T, passivate>) {
        timers_.on_idle(is_idle());
      } else {
        out_.log(log_level::warning, "room: message not understood", {{"room", room_.id}});
      }
    },
    m);
}

void room_machine::loaded(const store::room_loaded& from) {
  room_.exists = from.exists;
  timers_.touch();
  room_.head.chat_room_id = from.room.chat_room_id; // it may have a name before we are in it
  if (!room_.exists) return inbound_.load_held(from.inbox);
  room_.head = from.room;
  room_.graph.load(from);
  if (!room_.graph.create()) throw std::runtime_error("room " + room_.id + " has no create event in the store");
  room_invitations_.load(from.invitations);
  redactions_.load(from.held_redactions);
  if (room_.head.phase == store::room_phase::joined) inbound_.load(from.inbox);
  else inbound_.load_held(from.inbox);
  if (room_.head.phase == store::room_phase::joined && !room_.head.history_from.empty()) history_backfill_.start("");
  partial_state_.load();
  signature_audit_.begin();
  inbound_.advance();
}

void room_machine::store_answer(const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (commands_.store_answered(m)) return;
  if (inbound_.store_answered(m.asked, found)) return;
  if (content_repair_.store_answered(m.asked, *m.answer)) return;
  if (redactions_.store_answered(m.asked, *m.answer)) return;
  if (history_backfill_.store_answered(m.asked, found)) return;
  bool handled = false;
  const auto waited = parent_fetch_.store_answered(m.asked, found, handled);
  if (waited) {
    parent_fetch_.set_retrying(true);
    dispatch(*waited);
    parent_fetch_.set_retrying(false);
  }
  if (handled) return;
  if (partial_state_.store_answered(m.asked, found)) return;
  (void)requests_.store_answered(m.asked, found);
}

void room_machine::timer(const timer_due& m) {
  if (m.name == room_timers::idle) return timers_.on_idle(is_idle());
  if (m.name == missing_events::timer) return inbound_.advance();
  if (m.name == room_timers::watch) return watch();
  if (m.name == inbound_events::keys_timer) return inbound_.verify_again();
  if (m.name == inbound_events::stalled_timer) return inbound_.on_stalled_timer();
  if (m.name == membership_service::timer) return membership_service_.release({});
  if (m.name == request_service::timer) return requests_.on_timer();
  if (m.name == typing::timer) return typing_.on_timer();
  if (m.name == extremity_merger::timer) return extremity_merger_.on_timer();
  if (m.name == join_authorisation::timer) return joins_.on_authorise_timer();
  if (m.name == resident_join::timer) return joins_.on_resident_timer();
  if (m.name == remote_join::timer) return remote_join_.on_timer();
  if (m.name == room_invitations::resend_timer) return room_invitations_.on_resend_timer();
  if (m.name == room_invitations::arriving_timer) return room_invitations_.on_arriving_timer();
  if (m.name == room_invitations::withdrawn_timer) return room_invitations_.on_withdrawn_timer();
  if (m.name == history_backfill::timer) return history_backfill_.ask();
  if (m.name == partial_state::timer) return partial_state_.ask();
}

bool room_machine::is_idle() const {
  return inbound_.is_idle() && commands_.is_idle() && !remote_join_.is_active() && !history_backfill_.is_active() &&
         !partial_state_.is_active() && requests_.is_idle() && joins_.is_idle() && membership_service_.is_idle() &&
         parent_fetch_.is_idle() && redactions_.is_idle() && policy_gate_.is_idle() && typing_.is_idle() &&
         room_invitations_.is_idle();
}

void room_machine::watch() {
  timers_.on_watch();
  // Whoever was asked may have failed with our question: no wait is for ever.
  constexpr time_ms verify_ms = 60'000;
  const auto patience = std::int64_t{room_.node.federation.send_join_timeout_ms} + 30'000;
  inbound_.expire_verifications(verify_ms);
  policy_overdue();
  membership_service_.expire_verifications(verify_ms);
  inbound_.expire_rescissions(verify_ms);
  remote_join_.expire(patience);
  history_backfill_.expire(patience);
  partial_state_.expire(patience);
}

void room_machine::abandon_work() {
  inbound_.abandon();
  history_backfill_.abandon();
  if (partial_state_.is_active()) partial_state_.end();
  inbound_.release_pdus();
}

void room_machine::verified(const events_verified& m) {
  (void)(signature_audit_.verified(m) || inbound_.missing().verified(m) || history_backfill_.verified(m) ||
         membership_service_.verified(m) || remote_join_.verified(m) || partial_state_.verified(m) ||
         inbound_.verified(m));
}

effects room_machine::flush() {
  if (room_.exists && room_.head.phase == store::room_phase::left && !remote_join_.is_active() &&
      (!inbound_.all().empty() || history_backfill_.is_active() || partial_state_.is_active()))
    abandon_work();
  directory_entry_.observe();
  if (inbound_.waits_for_others() || membership_service_.waits_for_verifier() || !inbound_.missing().is_idle() ||
      remote_join_.is_active() || history_backfill_.is_active() || partial_state_.is_active() ||
      !policy_gate_.is_idle())
    timers_.begin_watch();
  writer_.write_head();
  if (room_.exists) timers_.begin_idle();
  auto out = out_.take();
  // A name that turned out to be no room of ours keeps no actor.
  if (life_.is_loaded() && !room_.exists && !remote_join_.is_active() && commands_.is_idle() &&
      !inbound_.owes_answers())
    out.push_back(finish{.on_disk = false});
  return out;
}

std::string room_machine::describe(time_ms now) const {
  using matrix::json::object;
  object o;
  o.set("room_id", room_.id);
  o.set("room", room_.head.chat_room_id);
  o.set("phase", !life_.is_loaded()                              ? "loading"
                 : remote_join_.is_active()                      ? "joining"
                 : !room_.exists                                 ? "unknown"
                 : room_.head.phase == store::room_phase::joined ? "joined"
                                                                 : "left");
  o.set("room_version", room_.head.room_version);
  o.set("type", room_.type());
  o.set("events_at_hand", static_cast<std::int64_t>(room_.graph.events_at_hand()));
  matrix::json::array ext;
  for (const auto& e : room_.graph.extremities())
    if (ext.size() < described_max) ext.emplace_back(e);
  o.set("extremities", std::move(ext));
  o.set("extremities_total", static_cast<std::int64_t>(room_.graph.extremities().size()));
  o.set("commands_waiting", static_cast<std::int64_t>(commands_.waiting()));
  o.set("with_policy_server", static_cast<std::int64_t>(policy_gate_.open()));
  matrix::json::array under_way;
  for (const auto& [id, w] : inbound_.all()) {
    if (under_way.size() == described_max) break;
    object row;
    row.set("event_id", w.event->event_id);
    row.set("phase", name(w.phase));
    row.set("origin", w.origin);
    row.set("age_ms", now - w.since);
    under_way.emplace_back(std::move(row));
  }
  o.set("events_held", static_cast<std::int64_t>(inbound_.held()));
  o.set("events_under_way", static_cast<std::int64_t>(inbound_.all().size()));
  o.set("under_way", std::move(under_way));
  matrix::json::array unsigned_memberships;
  for (const auto& id : signature_audit_.found())
    if (unsigned_memberships.size() < described_max) unsigned_memberships.emplace_back(id);
  o.set("unsigned_memberships", std::move(unsigned_memberships));
  o.set("unsigned_memberships_total", static_cast<std::int64_t>(signature_audit_.found().size()));
  o.set("redactions_held", static_cast<std::int64_t>(redactions_.held()));
  o.set("gaps", inbound_.missing().describe());
  if (remote_join_.is_active()) o.set("join", remote_join_.describe(now));
  if (room_.graph.current()) {
    matrix::json::array servers;
    const auto all = room_.servers();
    for (const auto& s : all)
      if (servers.size() < described_max) servers.emplace_back(s);
    o.set("servers", std::move(servers));
    o.set("servers_total", static_cast<std::int64_t>(all.size()));
    matrix::json::object members;
    room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
      members.set(*e->state_key, std::string{e->membership()});
      return members.size() < described_max;
    });
    o.set("members", std::move(members));
    o.set("members_joined", static_cast<std::int64_t>(room_.graph.members().all().joined));
    o.set("members_invited", static_cast<std::int64_t>(room_.graph.members().all().invited));
  }
  return matrix::json::canonical(o);
}

} // namespace causeway::room
