#include "actors/answers.hpp"
#include "actors/room/described.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/invitation/shown_invitations.hpp"

#include "actors/invitation/invitation_row.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::room {
room_machine::room_machine(const context& node, std::string room_id)
    : room_(node, std::move(room_id)), out_({actor_kind::room, room_.id}),
      timer_(out_, std::int64_t{node.settings().room.idle_s} * 1000) {}

effects room_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  room_.graph.unpack();
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

void room_machine::rest() {
  if (life_.is_loaded() && room_.exists && is_idle()) room_.graph.pack();
}

void room_machine::dispatch(const message& m) {
  out_.continue_trace(m.trace); // it may have waited
  if (!std::holds_alternative<timer_due>(m) && !std::holds_alternative<passivate>(m)) timer_.touch();
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, store_answered> || std::is_same_v<T, peer_answer> ||
                    std::is_same_v<T, events_verified> || std::is_same_v<T, rescission_result> ||
                    std::is_same_v<T, member_response> || std::is_same_v<T, summary_response>)
        answer(x.asked, x);
      else if constexpr (std::is_same_v<T, timer_due>)
        x.name == fan_out::timer ? authoring_.deliveries().on_timer() : on_timer();
      else if constexpr (std::is_same_v<T, pdus_received>) inbound_.receive(x);
      else if constexpr (std::is_same_v<T, chat_command>) commands_.take(x);
      else if constexpr (std::is_same_v<T, federation_call>) requests_.serve(x);
      else if constexpr (std::is_same_v<T, summary_request>) requests_.summarize(x);
      else if constexpr (std::is_same_v<T, member_request>) requests_.send_member(x);
      else if constexpr (std::is_same_v<T, revoke_invite>) room_invitations_.revoke(x);
      else if constexpr (std::is_same_v<T, join_request>) joins_.want(x);
      else if constexpr (std::is_same_v<T, invite_accepted_by_server>) {
        room_invitations_.commit(x);
      } else if constexpr (std::is_same_v<T, invite_begun>) {
        room_invitations_.begun(x);
      } else if constexpr (std::is_same_v<T, invite_abandoned>) {
        room_invitations_.resolved(x.user_id, x.event_id);
      } else if constexpr (std::is_same_v<T, invite_arrived>) {
        room_invitations_.arrived(x);
      } else if constexpr (std::is_same_v<T, pdus_handled>) {
        room_invitations_.handled_by_room(x);
      } else if constexpr (std::is_same_v<T, membership_request>) {
        room_invitations_.send_membership(x);
      } else if constexpr (std::is_same_v<T, leave_request>) {
        room_invitations_.leave(x);
      } else if constexpr (std::is_same_v<T, rescission_wanted_again>) {
        room_invitations_.rescind_again(x);
      } else if constexpr (std::is_same_v<T, member_update_request>) {
        if (auto leave = unasked_.members.want(x)) commands_.take(*leave);
      } else if constexpr (std::is_same_v<T, direct_request>) {
        room_invitations_.tell_direct(x);
      } else if constexpr (std::is_same_v<T, successor_request>) {
        commands_.found_successor(x);
      } else if constexpr (std::is_same_v<T, successor_founded>) {
        commands_.successor_founded(x);
      } else if constexpr (std::is_same_v<T, successor_joined>) {
        unasked_.followed.joined(x);
      } else if constexpr (std::is_same_v<T, edu_received>) {
        edus_.receive(x);
      } else if constexpr (std::is_same_v<T, receipts_received>) {
        edus_.receive(x);
      } else if constexpr (std::is_same_v<T, room_servers_request>) {
        edus_.send_servers(x);
      } else if constexpr (std::is_same_v<T, room_version_refused> || std::is_same_v<T, refounding_request> ||
                           std::is_same_v<T, refounding_done> || std::is_same_v<T, room_succeeded> ||
                           std::is_same_v<T, handover_ended>) {
        commands_.on(x);
      } else if constexpr (std::is_same_v<T, room_named>) {
        writer_.name(x.chat_room_id);
      } else if constexpr (std::is_same_v<T, status_request>) {
        out_.send_at_once(x.reply_to, status_response{x.asked, {actor_kind::room, room_.id}, describe(out_.now())});
      } else if constexpr (std::is_same_v<T, passivate>) {
        timer_.consider_end(is_idle());
      } else {
        out_.log(log_level::error, "R119 room: unexpected message type", {{"room", room_.id}});
      }
    },
    m);
}

void room_machine::loaded(const store::room_loaded& from) {
  room_.exists = from.exists;
  timer_.touch();
  room_.head.chat_room_id = from.room.chat_room_id; // it may have a name before we are in it
  if (!room_.exists) return inbound_.load_held(from.inbox);
  room_.head = from.room;
  room_.graph.load(from);
  if (!room_.graph.create()) throw std::runtime_error("room " + room_.id + " has no create event in the store");
  room_invitations_.load(from.invitations);
  commands_.load();
  redactions_.load(from.held_redactions);
  authoring_.deliveries().load(from.fan_outs);
  if (room_.head.phase == store::room_phase::joined) redactions_.related().load(from.open_relations);
  if (room_.head.phase == store::room_phase::joined) inbound_.load(from.inbox);
  else inbound_.load_held(from.inbox);
  if (room_.head.phase == store::room_phase::joined && !room_.head.history_from.empty()) history_backfill_.start("");
  partial_state_.load();
  unasked_.followed.load();
  signature_audit_.begin();
  inbound_.advance();
}

template <class Answer>
void room_machine::answer(token asked, const Answer& m) {
  if (auto found = pending_.take(asked)) hand_over(std::move(*found), m); // otherwise nobody waits for it any more
}

template <class Answer>
void room_machine::hand_over(question::any about, const Answer& m) {
  std::visit(
    [&](auto& q) {
      const auto to_asker = [&]<class... Components>(Components&... all) {
        using question_type = std::decay_t<decltype(q)>;
        constexpr auto askers = (std::size_t{is_asker<Components, question_type, Answer>} + ...);
        static_assert(askers == 1 || (askers == 0 && !std::is_same_v<Answer, timed_out>),
                      "one component has asked, and says what it does without an answer");
        const auto offer = [&](auto& component) {
          if constexpr (is_asker<std::decay_t<decltype(component)>, question_type, Answer>)
            component.answered(std::move(q), m);
        };
        (offer(all), ...);
      };
      to_asker(inbound_, inbound_.missing(), content_repair_, redactions_, redactions_.related(), history_backfill_,
               partial_state_, remote_join_, joins_, membership_service_, commands_, requests_, signature_audit_,
               *this);
    },
    about);
}

template <class Self, class F>
void room_machine::for_each_component(Self& self, F f) {
  f(self.inbound_), f(self.policy_gate_), f(self.membership_service_), f(self.remote_join_);
  f(self.history_backfill_), f(self.partial_state_), f(self.redactions_), f(self.redactions_.related());
  f(self.signature_audit_);
  f(self.commands_), f(self.requests_), f(self.joins_), f(self.authoring_), f(self.authoring_.deliveries());
  f(self.room_invitations_);
  f(self.edus_), f(self.unasked_.merger), f(self.unasked_.levels), f(self.unasked_.followed);
}

time_ms room_machine::deadline() const {
  auto next = earlier(pending_.deadline(), timer_.deadline());
  for_each_component(*this, [&](const auto& c) {
    if constexpr (requires { c.deadline(); }) next = earlier(next, c.deadline());
  });
  return next;
}

void room_machine::on_timer() {
  timer_.went_off();
  while (auto lost = pending_.take_expired()) hand_over(std::move(lost->second), lost->first);
  const auto is_due = [this](const auto& c) { return c.deadline() != 0 && c.deadline() <= out_.now(); };
  for_each_component(*this, [&](auto& c) {
    if constexpr (requires { c.on_deadline(); })
      if (is_due(c)) c.on_deadline();
  });
  if (is_due(timer_)) timer_.consider_end(is_idle());
}

bool room_machine::is_idle() const {
  bool idle = pending_.size() == 0;
  for_each_component(*this, [&](const auto& c) {
    if constexpr (requires { c.is_idle(); }) idle = idle && c.is_idle();
  });
  return idle;
}

void room_machine::abandon_work() {
  inbound_.abandon();
  history_backfill_.abandon();
  redactions_.related().abandon();
  if (partial_state_.is_active()) partial_state_.end();
  inbound_.release_pdus();
}

effects room_machine::flush() {
  if (room_.exists && room_.head.phase == store::room_phase::left && !remote_join_.is_active() &&
      (!inbound_.all().empty() || history_backfill_.is_active() || partial_state_.is_active() ||
       !redactions_.related().is_idle()))
    abandon_work();
  if (!commands_.takes_over()) directory_entry_.observe(); // its aliases are the former room's so long
  unasked_.members.note_members();
  writer_.write_head();
  if (room_.exists) timer_.begin_idle();
  timer_.set_for(deadline());
  auto out = out_.take();
  // A name that turned out to be no room of ours keeps no actor.
  if (life_.is_loaded() && !room_.exists && !remote_join_.is_active() && commands_.is_idle() &&
      !inbound_.owes_answers())
    out.emplace_back(finish{.on_disk = false});
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
  o.set("type", name(room_.type()));
  o.set("events_at_hand", static_cast<std::int64_t>(room_.graph.events_at_hand()));
  matrix::json::array ext;
  for (const auto& e : room_.graph.extremities())
    if (ext.size() < described_max) ext.emplace_back(e);
  o.set("extremities", std::move(ext));
  o.set("extremities_total", static_cast<std::int64_t>(room_.graph.extremities().size()));
  for_each_component(*this, [&](const auto& c) {
    if constexpr (requires { c.describe(o, now); }) c.describe(o, now);
  });
  if (room_.graph.current()) {
    matrix::json::array servers;
    const auto all = room_.servers();
    for (const auto& s : all)
      if (servers.size() < described_max) servers.emplace_back(s);
    o.set("servers", std::move(servers));
    o.set("servers_total", static_cast<std::int64_t>(all.size()));
    matrix::json::object members;
    room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
      members.set(*e->state_key, name(e->membership()));
      return members.size() < described_max;
    });
    o.set("members", std::move(members));
    o.set("members_joined", static_cast<std::int64_t>(room_.graph.members().all().joined));
    o.set("members_invited", static_cast<std::int64_t>(room_.graph.members().all().invited));
  }
  return matrix::json::canonical(o);
}

} // namespace causeway::room
