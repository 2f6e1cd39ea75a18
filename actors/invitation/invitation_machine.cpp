#include "actors/invitation/invitation_machine.hpp"

#include "actors/answers.hpp"
#include "actors/due.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::invitation {

using matrix::json::object;

namespace {

/// A revocation whose confirmation does not come is told again so often: whoever knew of it may have failed.
constexpr time_ms confirm_every_ms = 3'600'000;

} // namespace

bool cites(const matrix::event& x, const matrix::event& invite) {
  return std::find(x.auth_events.begin(), x.auth_events.end(), invite.event_id) != x.auth_events.end();
}

std::string key_of(std::string_view room_id, std::string_view user_id) {
  return std::string{room_id} + "|" + std::string{user_id};
}

invitation_machine::invitation_machine(const context& node, std::string key)
    : node_(node), out_({actor_kind::invitation, key}) {
  // Both names may have a bar, a server name has none: only one of the cuts leaves two ids.
  for (auto bar = key.find("|@"); bar != std::string::npos; bar = key.find("|@", bar + 1)) {
    room_id_ = key.substr(0, bar);
    user_id_ = key.substr(bar + 1);
    if (matrix::has_identifier_shape(room_id_, '!', false) && matrix::has_identifier_shape(user_id_, '@', true)) return;
  }
  throw std::logic_error("not the key of an invitation: " + key);
}

effects invitation_machine::on(const message& m, time_ms now) {
  out_.set_now(now);
  switch (life_.on(m, out_, [this] { return store::load_invitation{room_id_, user_id_}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded: {
    const auto& found = incarnation::state_in<store::invitation_loaded>(m, "an invitation");
    exists_ = found.invitation.has_value();
    if (exists_) row_ = *found.invitation;
    loaded();
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  }
  case incarnation::turn::runs:
    if (const auto* a = std::get_if<store_answered>(&m)) {
      if (profile_asked_ != 0 && a->asked == profile_asked_)
        profile_told(std::get_if<store::user_found>(a->answer.get()));
    } else {
      dispatch(m);
    }
  }
  return flush();
}

void invitation_machine::loaded() {
  row_.room_id = room_id_;
  row_.user_id = user_id_;
  perhaps_joined_ = exists_ && row_.pending_request == "join";
  invite_may_be_late_ = exists_ && row_.pending_request == "invite" && row_.attempts > 0;
  if (!exists_) return;
  // What a clock that ran ahead has written begins now: nothing may wait for years, and no invitation may end before it was seen.
  row_.since_ts = happened_at(row_.since_ts, out_.now());
  if (const auto lifetime_ms = std::int64_t{node_.invitation.lifetime_h} * 3'600'000;
      lifetime_ms > 0 && row_.deadline_ts > out_.now() + lifetime_ms)
    row_.deadline_ts = out_.now() + lifetime_ms;
  if (const auto* rules = matrix::find_room_version(row_.room_version); rules && !row_.event.empty())
    if (auto e = matrix::parse_event(row_.event, *rules)) event_ = *e;
  // A crash may have come between the room's commit and ours. To an invitation the room itself says so when it is loaded; a knock is perhaps in no
  // room of ours, and nobody else speaks of it.
  if (knocks() || is_let_in()) out_.send_at_once({actor_kind::room, room_id_}, membership_wanted{user_id_});
  begin();
}

void invitation_machine::forget_requests() {
  answered_event_.reset();
  asking_ = asking::nothing; // an answer to the invitation before says nothing about this one
  keys_asked_ = profile_asked_ = admission_asked_ = 0;
  revocation_asked_ = expiring_ = rescission_told_ = invite_may_be_late_ = false;
  delivered_.clear();
  leave_via_ = 0;
}

void invitation_machine::begin_anew(std::string direction, const matrix::event_ptr& event) {
  forget_requests();
  row_ = {};
  row_.room_id = room_id_;
  row_.user_id = user_id_;
  row_.room_version = std::string{event->rules().id};
  row_.inviter = event->sender;
  row_.direction = std::move(direction);
  row_.event = event->to_json();
  row_.since_ts = out_.now();
  event_ = event;
  exists_ = true;
}

void invitation_machine::dispatch(const message& m) {
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, chat_command>) take_command(x);
      else if constexpr (std::is_same_v<T, federation_call>) invited(x);
      else if constexpr (std::is_same_v<T, invited_membership_changed>) membership(x);
      else if constexpr (std::is_same_v<T, peer_answer>) answered(x);
      else if constexpr (std::is_same_v<T, events_verified>) verified(x);
      else if constexpr (std::is_same_v<T, keys_found>) signature_checked(x);
      else if constexpr (std::is_same_v<T, revocation_done>) revoked(x);
      else if constexpr (std::is_same_v<T, join_finished>) joined(x);
      else if constexpr (std::is_same_v<T, rescission_received>) rescinded(x);
      else if constexpr (std::is_same_v<T, invite_wanted>) wanted(x);
      else if constexpr (std::is_same_v<T, knock_made>) knocked(x);
      else if constexpr (std::is_same_v<T, invite_placed>) invite_placed_by_room(x);
      else if constexpr (std::is_same_v<T, invite_admitted>) admitted(x);
      else if constexpr (std::is_same_v<T, invite_not_taken>) not_taken(x);
      else if constexpr (std::is_same_v<T, rescission_delivered>) leave_delivered(x);
      else if constexpr (std::is_same_v<T, server_alive>) {
        if ((row_.pending_request == "invite" || row_.pending_request == "leave" || row_.pending_request == "knock") &&
            row_.retry_at_ts > out_.now()) {
          row_.retry_at_ts = out_.now();
          begin();
        }
      } else if constexpr (std::is_same_v<T, timer_due>) {
        if (x.name == "watch") watch();
        else if (x.name == "confirm") {
          if (row_.state == "revoked_unconfirmed" && row_.pending_request.empty()) begin();
        } else timer();
      } else if constexpr (std::is_same_v<T, status_wanted>)
        out_.send_at_once(
          x.reply_to, status_told{x.asked, {actor_kind::invitation, key_of(room_id_, user_id_)}, describe(out_.now())});
      else if constexpr (std::is_same_v<T, passivate>) {
      } else
        out_.log(log_level::warning, "invitation: message not understood", {{"room", room_id_}, {"user", user_id_}});
    },
    m);
}

bool invitation_machine::is_open() const {
  return exists_ && (row_.state == "sending" || row_.state == "pending" || row_.state == "revoked_unconfirmed");
}

effects invitation_machine::flush() {
  const bool waits = asking_ != asking::nothing || keys_asked_ != 0 || answering_ || joining_ || revoking_ ||
                     !rescinding_.empty() || arriving_ || profile_asked_ != 0 || retracting_ || admission_asked_ != 0;
  if (!waits) waiting_since_ = out_.now();
  else if (!watching_) {
    watching_ = true;
    out_.wake_at(out_.now() + 20'000, "watch");
  }
  auto out = out_.take();
  // Whatever is on disk and waits for somebody else needs no actor: it is made again when it is spoken to.
  const bool rests = !is_open() || (row_.direction != "outgoing" && row_.state == "pending");
  if (life_.is_loaded() && rests && row_.pending_request.empty() && !answering_ && !joining_ && !arriving_ &&
      !revoking_ && !retracting_ && rescinding_.empty() && asking_ == asking::nothing && admission_asked_ == 0 &&
      !life_.has_deferred())
    out.push_back(finish{.on_disk = exists_});
  return out;
}

void invitation_machine::timer() {
  if (!exists_) return;
  if (is_open() && row_.direction == "outgoing" && row_.deadline_ts != 0 && out_.now() >= row_.deadline_ts &&
      !expiring_ && row_.state != "revoked_unconfirmed") {
    if (asking_ == asking::invite) {
      out_.wake_at(out_.now() + node_.federation.request_timeout_ms,
                   "deadline"); // the leave must not overtake the invite
      return;
    }
    expiring_ = true;
    return tell_room_to_revoke({}, "The invitation expired.");
  }
  begin();
}

void invitation_machine::watch() {
  // Whoever was asked may have failed with our question: no wait is for ever.
  const auto patience = std::int64_t{node_.federation.send_join_timeout_ms} * 2;
  const auto request_ms =
    std::int64_t{std::max(node_.federation.request_timeout_ms, node_.federation.make_join_timeout_ms)} +
    node_.invitation.queue_wait_ms + 15'000;
  watching_ = false;
  if (asking_ != asking::nothing && out_.now() - asked_since_ >= request_ms) {
    peer_answer lost;
    lost.asked = asked_;
    lost.why = {fault_code::timed_out, "no answer"};
    answered(lost);
  }
  if (out_.now() - waiting_since_ >= patience) give_up_waiting();
}

void invitation_machine::give_up_waiting() {
  if (std::exchange(keys_asked_, 0) != 0)
    retry_later({fault_code::timed_out, "the keys of the invited server were not told"});
  if (const auto command = std::exchange(answering_, std::nullopt))
    command_failed(out_, command->reference, chat::invite_answer::name,
                   {fault_code::timed_out, "the join did not end in time"});
  if (std::exchange(joining_, false) && row_.pending_request == "join")
    retry_later({fault_code::timed_out, "the join did not end in time"});
  if (const auto command = std::exchange(revoking_, std::nullopt))
    command_failed(out_, command->reference, chat::invite_revoke::name,
                   {fault_code::timed_out, "the room did not answer in time"});
  if (std::exchange(revocation_asked_, false) || std::exchange(expiring_, false)) begin(); // it stands where it stood
  revocation_asked_ = expiring_ = false;
  for (auto& r : std::exchange(rescinding_, {})) answer_rescission(r, "not handled in time");
  if (std::exchange(profile_asked_, 0) != 0) profile_told(nullptr);
  if (const auto command = std::exchange(retracting_, std::nullopt))
    command_failed(out_, command->reference, chat::knock_retract::name,
                   {fault_code::timed_out, "the room did not answer in time"});
  if (std::exchange(admission_asked_, 0) != 0) {
    if (unadmitted_) ask_admission(unadmitted_->by);
    else begin();
  }
  if (arriving_) reply_to_arrival({fault_code::timed_out, "the invitation could not be handled in time"});
}

void invitation_machine::save() {
  if (row_.pending_request.empty()) {
    row_.retry_at_ts = 0;
    row_.last_fault.clear();
  }
  out_.write(row_);
}

void invitation_machine::tell_changed(const std::string& previous) {
  const auto view = view_of(row_, row_.chat_room_id);
  chat::invitation_changed n{view.room,  room_id_, user_id_,    view.by,   view.direction,
                             view.state, previous, view.reason, out_.now()};
  n.attempts = view.attempts;
  n.retry_at_ts = view.retry_at_ts;
  n.last_fault = view.last_fault;
  chat::notification told = std::move(n);
  out_.write(store::append_outbox{node_.stream_of(room_id_), chat::name(told), chat::encode(told)});
}

void invitation_machine::become(const std::string& state, const std::string& reason) {
  const auto previous = row_.state;
  if (previous == state) return save();
  const bool untold = is_untold();
  if (untold) row_.pending_request.clear();
  if (row_.direction == "outgoing" && previous == "sending" && state != "pending")
    out_.send({actor_kind::room, room_id_}, invite_given_up{user_id_, event_ ? event_->event_id : std::string{}});
  row_.state = state;
  row_.reason = reason;
  row_.since_ts = out_.now();
  if (!is_open()) row_.deadline_ts = 0;
  if (state == "revoked_unconfirmed") confirm_later();
  save();
  if (!untold) tell_changed(previous); // what nobody has heard of is over for nobody
  decision::fields with{{"room", room_id_}, {"user", user_id_}, {"direction", row_.direction}};
  if (state == "failed" || state == "expired")
    with.emplace_back("reason", reason); // of any other state it is what somebody has written
  out_.log(log_level::info, "invitation " + state, std::move(with));
}

void invitation_machine::confirm_later() { out_.wake_at(out_.now() + confirm_every_ms, "confirm"); }

void invitation_machine::take_command(const chat_command& m) {
  if (const auto* x = std::get_if<chat::invite_revoke>(m.body.get())) return revoke(m, *x);
  if (const auto* x = std::get_if<chat::invite_answer>(m.body.get())) return answer(m, *x);
  if (const auto* x = std::get_if<chat::room_knock>(m.body.get())) return knock(m, *x);
  if (const auto* x = std::get_if<chat::knock_retract>(m.body.get())) return retract(m, *x);
  command_failed(out_, m.reference, chat::name(*m.body),
                 {fault_code::internal, "an invitation does not handle this command"});
}

void invitation_machine::membership(const invited_membership_changed& m) {
  if (knocks() || is_let_in()) return knock_membership(m);
  if (m.membership != "invite") unadmitted_.reset();
  if (m.membership == "invite") {
    // In the room it may also be to be taken back there: pending it is when his server has taken it.
    if (exists_ && row_.state == "sending" && row_.pending_request == "commit") {
      row_.pending_request.clear();
      become("pending", {});
    } else if (!(exists_ && is_open()) && !m.historical && is_local_user() && m.event) invited_in_room(m);
    return;
  }
  if (!exists_ || !is_open()) return;
  const bool outlived = event_ && m.past_invite == event_->event_id;
  // Before the invite has entered the room (at the server we joined through) its state there is that of an earlier invitation, or of none.
  if (m.historical && (row_.state == "sending" || row_.direction == "incoming") && m.membership != "join" &&
      m.membership != "ban" && !outlived) {
    if (!event_ || !m.event || !cites(*m.event, *event_)) return;
  }
  // One that ended an earlier invitation may come late, with the history of a join.
  if (row_.direction == "incoming" && m.membership == "leave" && !outlived && m.event && event_ &&
      m.event->depth <= event_->depth && !cites(*m.event, *event_))
    return;
  if (m.membership == "leave" && m.by != user_id_ && revocation_asked_)
    return; // our own doing: the answer to revoke_invite follows
  if (!is_untold()) row_.pending_request.clear();
  if (m.membership == "join") {
    if (row_.state != "revoked_unconfirmed") become("accepted", {});
  } else if (m.membership == "ban") {
    become("banned", m.reason);
  } else if (m.membership == "leave") {
    if (m.by == user_id_) become("rejected", m.reason);
    else if (row_.state == "sending" || row_.state == "pending") {
      if (row_.state == "sending") expect_late_invite();
      become(is_local_user() ? "revoked" : "revoked_unconfirmed", m.reason);
      if (row_.pending_request == "rescind") return repeat_rescission();
      const bool told = std::exchange(rescission_told_, false) || (m.event && m.event->event_id == delivered_);
      if (told) rescission_told();
      // It is not news: what was told of its delivery may have been told to an actor that is no more.
      else if (m.historical && !is_local_user())
        out_.send({actor_kind::room, room_id_}, rescission_wanted_again{user_id_, event_});
    }
  }
}

void invitation_machine::answered(const peer_answer& m) {
  if (m.asked != asked_ || asking_ == asking::nothing) return;
  if (asking_ == asking::invite) return invite_answered(m);
  if (asking_ == asking::make_knock || asking_ == asking::send_knock) return knock_answered(m);
  if (asking_ == asking::about_knock) return told_about_knock(m);
  leave_answered(m);
}

void invitation_machine::verified(const events_verified& m) {
  const auto checked = m.checks.size() == 1 ? m.checks.front() : event_check::bad_signature;
  if (arriving_ && arriving_->asked == m.asked) return invite_verified(checked);
  if (!rescinding_.empty() && rescinding_.front().asked == m.asked)
    return rescission_verified(checked == event_check::valid);
}

std::string invitation_machine::describe(time_ms now) const {
  object o;
  o.set("room_id", room_id_);
  o.set("user", user_id_);
  o.set("by", row_.inviter);
  o.set("direction", row_.direction);
  o.set("state", row_.state);
  o.set("reason", row_.reason);
  o.set("since_ts", row_.since_ts);
  o.set("deadline_ts", row_.deadline_ts);
  o.set("attempts", static_cast<std::int64_t>(row_.attempts));
  o.set("retry_at_ts", row_.retry_at_ts);
  o.set("last_fault", row_.last_fault);
  std::string waits = "nothing";
  const auto servers = knocked_at();
  if (asking_ == asking::make_knock || asking_ == asking::send_knock) waits = "the answer of " + servers.at(at_via_);
  else if (asking_ != asking::nothing)
    waits =
      "the answer of " + (asking_ == asking::invite ? std::string{matrix::server_name_of(user_id_)} : leave_server());
  else if (!row_.pending_request.empty() && row_.retry_at_ts > now)
    waits = "the next attempt in " + std::to_string((row_.retry_at_ts - now) / 1000) + " s";
  else if (row_.state == "pending")
    waits = "the answer of " + (row_.direction == "knock" ? std::string{"the room"} : user_id_);
  else if (row_.state == "revoked_unconfirmed") waits = "the other server to take the revocation";
  o.set("waits_for", waits);
  return matrix::json::canonical(o);
}

} // namespace causeway::invitation
