// One of our users asks to be let into a room that none of us is in. A knock is offered to the room's servers one after the other, again and
// again while none can be reached; taken, it waits for an answer: an invite, which he follows by himself, or a leave. Few servers tell a server
// that is not in the room of such a leave, so the one that took the knock is asked whether it still is one.
// Source: server-server-api, "Knocking upon a room".
#include "actors/handshake.hpp"
#include "actors/invitation/invitation_machine.hpp"

#include "actors/answers.hpp"
#include "actors/room_type.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using matrix::json::object;

/// The invite is in the room only when its server has heard our answer to it, and, where another of us is in the room, when it has come by the room's
/// own way. A join that is faster is refused: that is believed when it has come so often, about two minutes with the default back-off.
constexpr std::uint32_t knock_refusals_believed_after = 8;

} // namespace

std::vector<std::string> invitation_machine::knocked_at() const {
  std::vector<std::string> servers;
  for (std::size_t from = 0; from < row_.via.size();) {
    const auto to = std::min(row_.via.find(' ', from), row_.via.size());
    servers.push_back(row_.via.substr(from, to - from));
    from = to + 1;
  }
  return servers;
}

std::string invitation_machine::leave_server() const {
  if (row_.direction == "knock" && !row_.via.empty()) return row_.via.substr(0, row_.via.find(' '));
  const auto servers = via(); // the inviter's first
  return servers[leave_via_ % servers.size()];
}

void invitation_machine::knock(const chat_command& m, const chat::room_knock& x) {
  if (knocking_) {
    if (knocking_->reference.command_id != m.reference.command_id)
      return command_failed(out_, m.reference, x.name, {fault_code::conflict, "he is knocking"});
    knocking_->reference = m.reference; // the same command once more: one RESULT for both
    return;
  }
  if (exists_ && row_.direction == "incoming" && row_.state == "pending")
    return command_failed(out_, m.reference, x.name,
                          {fault_code::conflict, user_id_ + " is invited: answer the invitation"});
  // The room takes him for invited until it has heard of it.
  if (exists_ && row_.direction == "incoming" && row_.pending_request == "leave")
    return command_failed(
      out_, m.reference, x.name,
      {fault_code::conflict, "the room's server has still to be told that he rejected its invitation"});
  if (is_let_in())
    return command_failed(out_, m.reference, x.name, {fault_code::conflict, user_id_ + " was let in and is joining"});
  if (knocks() && row_.state == "pending")
    return command_succeeded(out_, m.reference, x.name, chat::room_knocked_answer{room_id_, row_.state});
  knocking_ = m;
  if (knocks() && (asking_ != asking::nothing || profile_asked_ != 0))
    return; // an attempt is under way: its end is the answer
  if (x.via.empty()) return end_knock_command({fault_code::not_found, "no server to knock at is known"});
  if (!knocks()) {
    const auto chat_room_id = row_.chat_room_id;
    row_ = {};
    row_.room_id = room_id_;
    row_.user_id = row_.inviter = user_id_;
    row_.chat_room_id = chat_room_id;
    row_.direction = "knock";
    row_.pending_request = "knock";
    event_.reset();
    exists_ = true;
    asking_ = asking::nothing;
  }
  row_.via.clear();
  for (const auto& server : x.via) row_.via += (row_.via.empty() ? "" : " ") + server;
  row_.reason = x.reason.value_or("");
  row_.attempts = 0;
  row_.retry_at_ts = 0;
  row_.since_ts = out_.now();
  become("sending", row_.reason);
  begin_knock();
}

void invitation_machine::knocked(const knock_made& m) {
  const bool is_known = exists_ && row_.direction == "knock" && event_ && event_->event_id == m.event->event_id;
  if (!is_known) {
    const auto* reason = m.event->content().find("reason");
    begin_anew("knock", m.event);
    row_.state = "pending";
    row_.reason = reason && reason->as_string() ? *reason->as_string() : std::string{};
    row_.chat_room_id = m.chat_room_id;
    row_.type = m.type;
    save();
    tell_changed({});
    end_knock_command({}); // it was on its way to another server of the room
  }
  if (m.command)
    command_succeeded(out_, *m.command, chat::room_knock::name, chat::room_knocked_answer{room_id_, row_.state});
}

void invitation_machine::begin_knock() {
  if (out_.now() - row_.since_ts > std::int64_t{node_.invitation.give_up_h} * 3'600'000) {
    row_.pending_request.clear();
    row_.retry_at_ts = 0;
    return become("failed", "no server of the room could be reached");
  }
  at_via_ = 0;
  knock_unanswered_ = false;
  knock_fault_ = {fault_code::not_found, "no server of the room is known"};
  ++row_.attempts;
  save();
  ask_profile();
}

void invitation_machine::ask_profile() {
  profile_asked_ = out_.next_token();
  out_.ask(profile_asked_, store::find_user{user_id_});
}

void invitation_machine::profile_told(const store::user_found* found) {
  profile_asked_ = 0;
  if (found && found->user) profile_ = *found->user;
  if (knocks() && row_.pending_request == "knock" && asking_ == asking::nothing) return make_knock();
  if (is_let_in() && !joining_) ask_to_join(nullptr);
}

void invitation_machine::make_knock() {
  auto r = question(asking::make_knock, matrix::endpoint::make_knock, user_id_, node_.federation.make_join_timeout_ms);
  for (const auto& v : matrix::room_versions()) r.query.emplace_back("ver", v.id);
  out_.send({actor_kind::remote_server, knocked_at().at(at_via_)}, std::move(r));
}

void invitation_machine::knock_answered(const peer_answer& m) {
  const auto step = std::exchange(asking_, asking::nothing);
  if (!knocks() || row_.pending_request != "knock") return;
  if (m.status == 200) return step == asking::make_knock ? send_knock(m) : knock_taken();
  if (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION") {
    at_via_ = knocked_at().size(); // no other server of the room will say otherwise
    knock_fault_ = {};
    return knock_next(incompatible_version(m));
  }
  const auto why = refusal_of(m);
  knock_unanswered_ = knock_unanswered_ || why.code == fault_code::peer_bad_answer; // that was no homeserver's answer
  knock_next(why);
}

void invitation_machine::send_knock(const peer_answer& m) {
  const auto body = matrix::json::parse(m.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  if (!shape) return knock_next({fault_code::peer_bad_answer, "make_knock: no event"});
  const auto* version = body->find_string("room_version");
  const auto* rules = version ? matrix::find_room_version(*version) : nullptr;
  if (!rules || !rules->knock)
    return knock_next(
      {fault_code::unsupported_room_version, "make_knock: " + (version ? *version : std::string{"no room_version"})});
  object content{{"membership", "knock"}};
  if (!row_.reason.empty()) content.set("reason", row_.reason);
  if (!profile_.display_name.empty()) content.set("displayname", profile_.display_name);
  if (!profile_.avatar_url.empty()) content.set("avatar_url", profile_.avatar_url);
  const auto x = sign_from_template(node_, *shape, *rules, room_id_, user_id_, std::move(content), out_.now());
  if (!x) return knock_next({fault_code::peer_bad_answer, "make_knock: " + x.error().detail});
  auto servers = knocked_at();
  std::rotate(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(at_via_),
              servers.begin() + static_cast<std::ptrdiff_t>(at_via_) + 1);
  row_.via.clear();
  for (const auto& server : servers) row_.via += (row_.via.empty() ? "" : " ") + server;
  row_.room_version = std::string{rules->id};
  row_.event = (*x)->to_json();
  event_ = *x;
  save(); // from here on the room may know of it
  auto r =
    question(asking::send_knock, matrix::endpoint::send_knock, event_->event_id, node_.federation.request_timeout_ms);
  r.body = row_.event;
  out_.send({actor_kind::remote_server, leave_server()}, std::move(r));
}

void invitation_machine::knock_next(const fault& why) {
  if (weight_of(why) >= weight_of(knock_fault_)) knock_fault_ = why;
  out_.log(log_level::info, "knock not taken", {{"room", room_id_}, {"user", user_id_}, {"why", to_string(why)}});
  if (++at_via_ < knocked_at().size()) return make_knock();
  // Who could not be reached may be later on; a server that answers with what is no template will do so again.
  if (info(knock_fault_.code).retryable && (knock_unanswered_ || knock_fault_.code != fault_code::peer_bad_answer)) {
    end_knock_command({});
    return retry_later(knock_fault_);
  }
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  end_knock_command(knock_fault_);
  become("failed", to_string(knock_fault_));
}

void invitation_machine::knock_taken() {
  become("pending", row_.reason);
  end_knock_command({});
  row_.attempts = 0;
  ask_about_knock_at(out_.now() + std::int64_t{node_.invitation.knock_check_s} * 1'000);
}

void invitation_machine::end_knock_command(const fault& why) {
  const auto command = std::exchange(knocking_, std::nullopt);
  if (!command) return;
  if (why.code != fault_code::none) return command_failed(out_, command->reference, chat::room_knock::name, why);
  command_succeeded(out_, command->reference, chat::room_knock::name, chat::room_knocked_answer{room_id_, row_.state});
}

// -- what becomes of it ----------------------------------------------------------------------------------------------------

void invitation_machine::ask_about_knock_at(time_ms at) {
  if (row_.via.empty()) return; // made in a room of ours, which says what becomes of it
  row_.pending_request = "ask";
  row_.retry_at_ts = at;
  save();
  if (asking_ == asking::nothing) begin();
}

void invitation_machine::ask_about_knock() {
  // A question only: who is given a template for a leave need not send one. It is given to whoever is invited, in the room, or knocks.
  auto r = question(asking::about_knock, matrix::endpoint::make_leave, user_id_, node_.federation.make_join_timeout_ms);
  row_.retry_at_ts = 0;
  out_.send({actor_kind::remote_server, leave_server()}, std::move(r));
}

void invitation_machine::told_about_knock(const peer_answer& m) {
  asking_ = asking::nothing;
  if (!knocks() || row_.pending_request != "ask") return;
  if (m.status == 403 && m.errcode == "M_FORBIDDEN") return knock_refused("rejected", {}, {});
  // Something may have been heard since the question left, of which its answer says nothing.
  const bool is_old = row_.retry_at_ts != 0;
  ask_about_knock_at(is_old ? out_.now() : out_.now() + std::int64_t{node_.invitation.knock_check_s} * 1'000);
}

void invitation_machine::knock_refused(const std::string& state, const std::string& by, const std::string& reason) {
  asking_ = asking::nothing;
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  row_.inviter = by;
  become(state, reason);
  end_knock_command({fault_code::forbidden, "the knock was rejected"});
}

void invitation_machine::let_in(const matrix::event_ptr& invite, const std::string& type) {
  const auto* reason = invite->content().find("reason");
  row_.type = type;
  row_.room_version = std::string{invite->rules().id};
  row_.inviter = invite->sender;
  row_.event = invite->to_json();
  row_.pending_request = "join";
  row_.attempts = 0;
  row_.retry_at_ts = 0;
  event_ = invite;
  asking_ = asking::nothing; // the answer says nothing new
  become("accepted", reason && reason->as_string() ? *reason->as_string() : std::string{});
  end_knock_command({});
  if (profile_asked_ == 0) ask_profile();
}

void invitation_machine::join_of_knock_ended(const join_finished& m) {
  joining_ = false;
  if (!is_let_in()) return;
  if (m.why.code != fault_code::none) {
    if (info(m.why.code).retryable || row_.attempts < knock_refusals_believed_after) return retry_later(m.why);
    return reopen(); // he may try for himself what did not succeed by itself
  }
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  save();
}

void invitation_machine::knock_membership(const invited_membership_changed& m) {
  if (!m.event) return;
  const auto& x = *m.event;
  if (m.membership == "invite") {
    if (knocks()) return let_in(m.event, m.type.empty() ? type_of_invited(*m.event, nullptr) : m.type);
    // It has come by the room's own way: what was refused a moment ago is lawful now.
    if (!joining_ && profile_asked_ == 0) ask_profile();
    return;
  }
  if (m.membership == "join") {
    asking_ = asking::nothing;
    row_.pending_request.clear();
    row_.retry_at_ts = 0;
    become("accepted", {});
    return end_knock_command({});
  }
  if (!event_) return;
  if (m.membership == "knock") {
    if (row_.state == "sending" && x.event_id == event_->event_id) {
      asking_ = asking::nothing;
      knock_taken();
    }
    return;
  }
  // One that ended an earlier knock or invitation may come late, with the history of a join.
  if (x.depth <= event_->depth && !cites(x, *event_)) return;
  knock_refused(m.membership == "ban" ? "banned" : m.by == user_id_ ? "revoked" : "rejected", m.by, m.reason);
}

// -- he takes it back ------------------------------------------------------------------------------------------------------

void invitation_machine::retract(const chat_command& m, const chat::knock_retract& x) {
  if (exists_ && row_.direction == "knock" && row_.state == "revoked")
    return command_succeeded(out_, m.reference, x.name, chat::state_answer{row_.state}); // it is what was asked for
  if (!knocks())
    return command_failed(out_, m.reference, x.name,
                          {fault_code::conflict, exists_ && row_.direction == "knock" ? "the knock is " + row_.state
                                                                                      : "there is no open knock"});
  if (retracting_) {
    if (retracting_->reference.command_id != m.reference.command_id)
      return command_failed(out_, m.reference, x.name, {fault_code::conflict, "the knock is being taken back"});
    retracting_->reference = m.reference;
    return;
  }
  retracting_ = m;
  out_.send_at_once({actor_kind::room, room_id_}, leave_wanted{user_id_, x.reason.value_or("")});
}

void invitation_machine::retracted(const join_finished& m) {
  const auto command = *std::exchange(retracting_, std::nullopt);
  const auto& x = std::get<chat::knock_retract>(*command.body);
  if (!knocks()) { // the room has told what became of it
    if (row_.state == "revoked")
      return command_succeeded(out_, command.reference, x.name, chat::state_answer{row_.state});
    return command_failed(out_, command.reference, x.name, {fault_code::conflict, "the knock is " + row_.state});
  }
  // Forbidden: the room, ours too, does not know of the knock.
  if (m.why.code != fault_code::none && m.why.code != fault_code::not_member && m.why.code != fault_code::forbidden)
    return command_failed(out_, command.reference, x.name, m.why);
  // We do not take part in the room: taken back here and now; the server that has it, or may have, is told as soon as it can be.
  const bool to_be_told = m.why.code == fault_code::not_member && event_ && !row_.via.empty();
  asking_ = asking::nothing;
  row_.pending_request = to_be_told ? "leave" : "";
  row_.attempts = 0;
  row_.retry_at_ts = 0;
  become("revoked", x.reason.value_or(""));
  end_knock_command({fault_code::conflict, "the knock was taken back"});
  command_succeeded(out_, command.reference, x.name, chat::state_answer{row_.state});
  if (to_be_told) send_leave_request();
}

} // namespace causeway::invitation
