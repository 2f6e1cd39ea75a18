// One of our users is invited, by a server whose room we need not be in. Source: server-server-api, "Inviting to a room",
// "Leaving Rooms (Rejecting Invites)".
#include "actors/answers.hpp"
#include "actors/handshake.hpp"
#include "actors/invitation/invitation_machine.hpp"
#include "actors/invitation/room_preview.hpp"
#include "actors/room_type.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using matrix::endpoint;
using matrix::json::object;

/// Refusals of a rejected invitation's leave that are not yet believed; about two minutes with the default back-off.
constexpr std::uint32_t refusals_believed_after = 8;
/// It is offered to the other server that long.
constexpr time_ms leave_give_up_ms = 7 * 24 * 3'600'000LL;
/// Requests about the same invitation that wait for the first.
constexpr std::size_t more_arrivals_max = 10;
/// An invitation over its server's bound asks again after so many waits at most, each on average of what fills the bound by one; and after an hour at most.
constexpr std::size_t admission_turns_max = 8;
constexpr std::uint64_t admission_wait_ms_max = 3'600'000;

fault problem_of(event_check checked, std::string_view sender) {
  const std::string server{matrix::server_name_of(sender)};
  switch (checked) {
  case event_check::missing_signature: return {fault_code::bad_signature, "the event is not signed by " + server};
  case event_check::no_key:
    return {fault_code::bad_signature, "the event is signed with a key of " + server + " that cannot be had"};
  case event_check::bad_hash: return {fault_code::bad_hash, "the event's content hash does not match"};
  default: return {fault_code::bad_signature, "the signature of " + server + " is not valid"};
  }
}

} // namespace

void invitation_machine::invited(const federation_call& m) {
  if (arriving_) {
    more_arrivals_.push_back(m);
    if (more_arrivals_.size() > more_arrivals_max) {
      refuse(out_, more_arrivals_.front(), {fault_code::limit_exceeded, "the same invitation is under way"});
      more_arrivals_.pop_front();
    }
    return;
  }
  if (!m.body || !m.body->as_object()) return refuse(out_, m, {fault_code::bad_json, "a JSON object is expected"});
  const bool v1 = m.match->info->id == endpoint::invite_v1;
  arrival a;
  a.call = m;
  const object* pdu = nullptr;
  const matrix::json::value* state = nullptr;
  if (v1) {
    pdu = m.body->as_object();
    a.room_version = "1"; // the old form carries no version
    if (const auto* u = m.body->find("unsigned")) state = u->find("invite_room_state");
  } else {
    const auto* version = m.body->find_string("room_version");
    if (!version) return refuse(out_, m, {fault_code::missing_param, "room_version"});
    a.room_version = *version;
    pdu = m.body->find_object("event");
    state = m.body->find("invite_room_state");
  }
  if (!pdu) return refuse(out_, m, {fault_code::missing_param, "event"});
  const auto* rules = matrix::find_room_version(a.room_version);
  if (!rules)
    return reply(out_, m, 400,
                 matrix::json::canonical(object{{"errcode", "M_INCOMPATIBLE_ROOM_VERSION"},
                                                {"error", "room version " + a.room_version + " is not known here"},
                                                {"room_version", a.room_version}}));
  // Its own server asks, so whatever else excuses an invite from that signature, here it is to be had.
  const auto* signatures = pdu->find("signatures");
  if (!signatures || !signatures->find_object(m.origin))
    return refuse(out_, m, {fault_code::bad_signature, "the event is not signed by " + m.origin});
  auto e = matrix::make_event(*pdu, *rules);
  if (!e) {
    const bool is_json_at_fault = e.error().code == fault_code::bad_json || e.error().code == fault_code::not_canonical;
    return refuse(out_, m, {is_json_at_fault ? e.error().code : fault_code::invalid_param, to_string(e.error())});
  }
  const auto& x = **e;
  if (x.room_id != room_id_ || m.match->parameters.at(0) != room_id_)
    return refuse(out_, m, {fault_code::invalid_param, "room_id differs from the path"});
  if (x.event_id != m.match->parameters.at(1))
    return refuse(out_, m, {fault_code::invalid_param, "the event id differs from the path"});
  if (x.type != "m.room.member" || x.membership() != "invite" || !x.state_key || *x.state_key != user_id_)
    return refuse(out_, m, {fault_code::invalid_param, "an m.room.member event with membership invite is expected"});
  if (matrix::server_name_of(x.sender) != m.origin)
    return refuse(out_, m, {fault_code::forbidden, "the sender belongs to another server"});
  if (rules->room_id_is_create_hash) {
    // The room id is the hash of the create event, so the invitation can prove which room it is for.
    bool proven = false;
    if (const auto* list = state ? state->as_array() : nullptr)
      for (const auto& entry : *list)
        if (const auto* t = entry.find_string("type"); t && *t == "m.room.create" && entry.as_object())
          if (auto create = matrix::make_event(*entry.as_object(), *rules))
            proven = proven || '!' + (*create)->event_id.substr(1) == room_id_;
    if (!proven)
      return refuse(out_, m, {fault_code::missing_param, "invite_room_state has no m.room.create event of this room"});
  }
  a.invite_room_state = room_preview(state, x.sender);
  a.type = type_of_invited(x, state); // by all that was told, of which the preview keeps what people are shown
  a.event = *e;
  a.asked = out_.next_token();
  out_.send_at_once({actor_kind::verifier, ""},
                    verify_events{{actor_kind::invitation, key_of(room_id_, user_id_)}, a.asked, {a.event}});
  arriving_ = std::move(a);
}

void invitation_machine::invite_verified(event_check checked) {
  const auto& a = *arriving_;
  if (checked != event_check::valid) return reply_to_arrival(problem_of(checked, a.event->sender));
  const auto signers = matrix::required_signers(*a.event, matrix::kept_as::whole);
  if (std::find(signers.begin(), signers.end(), a.call.origin) != signers.end()) return place_arrival();
  // By the rules it needs no signature of its sender's server. That server asks itself, so here it counts all the same.
  keys_wanted k;
  k.reply_to = {actor_kind::invitation, key_of(room_id_, user_id_)};
  k.asked = arriving_->asked = out_.next_token();
  for (const auto& s : *a.event->source.find("signatures")->find_object(a.call.origin)) k.key_ids.push_back(s.key);
  out_.send_at_once({actor_kind::remote_server, a.call.origin}, std::move(k));
}

void invitation_machine::inviter_checked(const keys_found& m) {
  const auto& x = *arriving_->event;
  if (matrix::check_event_signature(x, matrix::signed_bytes(x.source, x.rules()), arriving_->call.origin, *m.keys) !=
      matrix::signature_verdict::valid)
    return reply_to_arrival(problem_of(event_check::bad_signature, x.sender));
  place_arrival();
}

void invitation_machine::place_arrival() {
  auto& a = *arriving_;
  a.event = matrix::add_signature(*a.event, node_.server_name, node_.key);
  counted_invite_ = a.event->event_id;
  a.placing = true;
  a.asked = out_.next_token();
  // Where we take part in the room it says what becomes of the invite, and tells us, before anybody else hears of it.
  out_.send_at_once(
    {actor_kind::room, room_id_},
    invite_arrived{{actor_kind::invitation, key_of(room_id_, user_id_)}, a.asked, a.call.origin, a.event});
}

void invitation_machine::invite_placed_by_room(const invite_placed& m) {
  if (!arriving_ || !arriving_->placing || arriving_->asked != m.asked) return;
  if (m.where == invite_place::outside) take_invite(*arriving_);
  reply_to_arrival(m.where == invite_place::refused ? m.why : fault{});
}

void invitation_machine::reply_to_arrival(const fault& why) {
  const auto a = *std::exchange(arriving_, std::nullopt);
  if (why.code != fault_code::none) {
    refuse(out_, a.call, why);
  } else {
    const auto body = "{\"event\":" + a.event->to_json() + "}";
    reply(out_, a.call, 200, a.call.match->info->id == endpoint::invite_v1 ? "[200," + body + "]" : body);
  }
  for (const auto& more : std::exchange(more_arrivals_, {})) invited(more);
}

bool invitation_machine::is_told(const matrix::event& invite) const {
  if (!exists_ || row_.direction == "outgoing" || !event_ || event_->membership() != "invite") return false;
  if (event_->event_id == invite.event_id) return true;
  // One server invites one after the other: whoever of its users did, what lies before the invite we know was ended by its server itself.
  const bool of_one_server = matrix::server_name_of(event_->sender) == matrix::server_name_of(invite.sender);
  return of_one_server && (invite.depth < event_->depth ||
                           (invite.depth == event_->depth && invite.origin_server_ts < event_->origin_server_ts));
}

void invitation_machine::take_invite(const arrival& a) {
  const auto& invite = a.event;
  if (is_told(*invite)) {
    // He has answered it long ago. Offered again, so its server may not have heard the answer yet.
    if (row_.state == "rejected" && row_.pending_request.empty() && event_->event_id == invite->event_id) {
      row_.pending_request = "leave";
      row_.attempts = 0;
      save();
      send_leave_request();
    }
    return;
  }
  if (knocks()) {
    row_.room_version = a.room_version;
    row_.invite_room_state = a.invite_room_state;
    return let_in(invite, a.type);
  }
  const auto chat_room_id = row_.chat_room_id;
  begin_anew("incoming", invite);
  row_.state = "pending";
  row_.room_version = a.room_version;
  row_.invite_room_state = a.invite_room_state;
  row_.chat_room_id = chat_room_id;
  row_.type = a.type;
  // A join to the invitation before is still under way: should its answer be lost, it is repeated.
  if (joining_) row_.pending_request = "join";
  else perhaps_joined_ = false;
  save();
  tell_received();
}

void invitation_machine::invited_in_room(const invited_membership_changed& m) {
  if (event_ && event_->event_id == m.event->event_id) {
    // He has answered this very one, and the room will hear of it. Only where he said yes, and the room took him for a member that he had
    // ceased to be, nobody else has heard his answer: he is asked again.
    if (row_.direction == "incoming" && row_.state == "accepted" && !joining_ && !answering_) reopen();
    return;
  }
  if (is_told(*m.event)) return; // one from before the one he has answered, which the room has heard of late
  if (node_.is_local(m.by) || counted_invite_ == m.event->event_id) return take_room_invite(m, 0);
  unadmitted_ = m;
  ask_admission(m.by);
}

void invitation_machine::take_room_invite(const invited_membership_changed& m, std::uint32_t wait_ms) {
  begin_anew("incoming", m.event);
  row_.state = "pending";
  row_.chat_room_id = m.chat_room_id;
  row_.type = m.type;
  const auto told = matrix::json::parse(m.invite_room_state);
  row_.invite_room_state = room_preview(told ? &*told : nullptr, row_.inviter);
  if (wait_ms > 0) row_.pending_request = "tell";
  if (wait_ms > 0) wait_for_admission(wait_ms);
  save();
  if (wait_ms == 0 && !node_.is_local(m.by)) tell_received();
}

void invitation_machine::wait_for_admission(std::uint32_t wait_ms) {
  // One of those that wait has its turn then: not all of them ask at once.
  const auto turns = 1 + std::hash<std::string>{}(key_of(room_id_, user_id_)) % admission_turns_max;
  row_.retry_at_ts = out_.now() + static_cast<time_ms>(std::min<std::uint64_t>(turns * wait_ms, admission_wait_ms_max));
  out_.wake_at(row_.retry_at_ts, "retry");
}

void invitation_machine::ask_admission(const std::string& inviter) {
  admission_asked_ = out_.next_token();
  out_.send({actor_kind::directory, ""}, invite_admission_wanted{{actor_kind::invitation, key_of(room_id_, user_id_)},
                                                                 admission_asked_,
                                                                 std::string{matrix::server_name_of(inviter)},
                                                                 user_id_});
}

void invitation_machine::admitted(const invite_admitted& m) {
  if (m.asked != admission_asked_) return;
  admission_asked_ = 0;
  if (const auto first = std::exchange(unadmitted_, std::nullopt)) {
    if (m.is_known) take_room_invite(*first, m.wait_ms);
    return;
  }
  if (!is_untold()) return;                                // it is over, or answered, without a word of ours
  if (m.wait_ms > 0) return wait_for_admission(m.wait_ms); // on disk it is as before: it waits
  row_.pending_request.clear();
  save();
  tell_received();
}

void invitation_machine::tell_received() {
  const auto* reason = event_ ? event_->content().find("reason") : nullptr;
  chat::notification n =
    chat::invitation_received{row_.chat_room_id,
                              room_id_,
                              row_.room_version,
                              user_id_,
                              row_.inviter,
                              preview_text(row_.invite_room_state, "m.room.member", row_.inviter, "displayname"),
                              preview_text(row_.invite_room_state, "m.room.name", "", "name"),
                              row_.type.empty() ? "channel" : row_.type,
                              reason && reason->as_string() ? *reason->as_string() : std::string{},
                              out_.now()};
  out_.write(store::append_outbox{node_.stream_of(room_id_), chat::name(n), chat::encode(n)});
}

void invitation_machine::reopen() {
  row_.direction = "incoming";
  row_.state = "pending";
  row_.reason.clear();
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  row_.since_ts = out_.now();
  save();
  tell_received();
}

std::vector<std::string> invitation_machine::via() const {
  std::vector<std::string> servers{std::string{matrix::server_name_of(row_.inviter)}};
  auto add = [&](std::string_view s) {
    if (matrix::is_server_name(s) && s != node_.server_name &&
        std::find(servers.begin(), servers.end(), s) == servers.end() && servers.size() < 5)
      servers.emplace_back(s);
  };
  if (auto list = matrix::json::parse(row_.invite_room_state.empty() ? "[]" : row_.invite_room_state);
      list && list->as_array())
    for (const auto& e : *list->as_array())
      if (const auto* sender = e.find_string("sender")) add(matrix::server_name_of(*sender));
  for (const auto& s : knocked_at()) add(s);
  add(matrix::server_name_of(room_id_));
  return servers;
}

void invitation_machine::answer(const chat_command& m, const chat::invite_answer& x) {
  if (!exists_ || row_.state != "pending" || row_.direction != "incoming")
    return command_failed(
      out_, m.reference, x.name,
      {fault_code::conflict, exists_ ? "the invitation is " + row_.state : "there is no such invitation"});
  if (answering_) {
    if (answering_->reference.command_id != m.reference.command_id)
      return command_failed(out_, m.reference, x.name, {fault_code::conflict, "the invitation is being answered"});
    answering_->reference = m.reference; // the same command once more: one RESULT for both
    return;
  }
  if (joining_ && !x.accept)
    return command_failed(out_, m.reference, x.name, {fault_code::conflict, "the invitation is being accepted"});
  if (is_untold()) row_.pending_request.clear(); // he has found it by himself
  answering_ = m;
  if (x.accept) {
    if (!joining_) ask_to_join(&m);
  } else {
    leave_reason_ = x.reason.value_or("");
    out_.send_at_once({actor_kind::room, room_id_}, leave_wanted{user_id_, leave_reason_});
  }
}

void invitation_machine::ask_to_join(const chat_command* m) {
  join_wanted j;
  j.user_id = user_id_;
  j.room_version = row_.room_version;
  j.via = via();
  j.chat_room_id = row_.chat_room_id;
  j.is_direct = event_ && is_direct(*event_);
  if (row_.direction == "incoming" && !node_.is_local(row_.inviter)) j.invite = event_;
  if (m && m->profiles)
    for (const auto& p : *m->profiles)
      if (p.user_id == user_id_) {
        j.display_name = p.display_name;
        j.avatar_url = p.avatar_url;
      }
  if (!m) {
    j.display_name = profile_.display_name;
    j.avatar_url = profile_.avatar_url;
  }
  // On disk first: a join that is lost with us half way would leave a member whom all see but his own server.
  joining_ = true;
  ++row_.attempts;
  row_.pending_request = "join";
  save();
  out_.send({actor_kind::room, room_id_}, std::move(j));
}

void invitation_machine::joined(const join_finished& m) {
  if (retracting_) return retracted(m);
  if (joining_ && row_.direction == "knock") return join_of_knock_ended(m);
  if (std::exchange(joining_, false)) {
    perhaps_joined_ =
      m.why.code != fault_code::none && (m.perhaps_joined || (perhaps_joined_ && info(m.why.code).retryable));
    if (row_.pending_request == "join") {
      if (perhaps_joined_) retry_later(m.why);
      else {
        row_.pending_request.clear();
        row_.retry_at_ts = 0;
        save();
      }
    }
    if (!answering_ && m.why.code == fault_code::none && is_open()) return become("accepted", {});
  }
  if (!answering_) return;
  const auto command = *std::exchange(answering_, std::nullopt);
  const auto& x = std::get<chat::invite_answer>(*command.body);
  if (x.accept) {
    if (m.why.code != fault_code::none) return command_failed(out_, command.reference, x.name, m.why);
    if (is_open()) become("accepted", {});
    return command_succeeded(out_, command.reference, x.name, chat::state_answer{"accepted"});
  }
  if (m.why.code == fault_code::none || row_.state == "rejected") {
    if (is_open()) become("rejected", leave_reason_);
    return command_succeeded(out_, command.reference, x.name, chat::state_answer{"rejected"});
  }
  // We do not take part in the room: rejected here and now, whatever the other server does; it is told as soon as it can be.
  row_.pending_request = "leave";
  row_.attempts = 0;
  row_.retry_at_ts = 0;
  become("rejected", leave_reason_);
  command_succeeded(out_, command.reference, x.name, chat::state_answer{"rejected"});
  send_leave_request();
}

void invitation_machine::send_leave_request() {
  auto r = question(asking::make_leave, endpoint::make_leave, user_id_, node_.federation.make_join_timeout_ms);
  ++row_.attempts;
  out_.send({actor_kind::remote_server, leave_server()}, std::move(r));
}

void invitation_machine::leave_answered(const peer_answer& m) {
  const auto step = std::exchange(asking_, asking::nothing);
  if (row_.pending_request != "leave") return;
  auto give_up = [&] {
    row_.pending_request.clear();
    row_.retry_at_ts = 0;
    save();
  };
  // Every server of the room can tell it the others; but only the inviter's knows that the room has no such invitation.
  const bool is_inviters = knocks() || leave_server() == matrix::server_name_of(row_.inviter);
  const auto try_again = [&](const fault& why) {
    if (out_.now() - row_.since_ts > leave_give_up_ms) return give_up();
    ++leave_via_;
    retry_later(why);
  };
  const bool is_final = is_refusal(m) && m.status != 401 && is_inviters;
  if (m.status != 200 && !is_final) return try_again(m.why);
  // A server that has not yet taken its own invitation into the room refuses at first: ask again a few times before believing it.
  if (m.status != 200 && row_.attempts < refusals_believed_after) return retry_later(m.why);
  if (m.status != 200 || step == asking::send_leave) return give_up(); // told, or the room knows no invitation any more
  auto body = matrix::json::parse(m.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  const auto* rules = matrix::find_room_version(row_.room_version);
  if (!rules) return give_up();
  if (!shape) return try_again({fault_code::peer_bad_answer, "make_leave: no event"});
  object content{{"membership", "leave"}};
  if (!row_.reason.empty()) content.set("reason", row_.reason);
  const auto x = sign_from_template(node_, *shape, *rules, room_id_, user_id_, std::move(content), out_.now());
  if (!x) return try_again({fault_code::peer_bad_answer, "make_leave: " + x.error().detail});
  auto r = question(asking::send_leave, endpoint::send_leave_v2, (*x)->event_id, node_.federation.request_timeout_ms);
  r.body = (*x)->to_json();
  out_.send_at_once({actor_kind::remote_server, leave_server()}, std::move(r));
}

bool invitation_machine::takes_back(const matrix::event& x) const {
  // Without the room's state only the inviter himself can be believed, and only about this very invitation. Who may reject a knock is not known
  // here: that it is cited shows that the sender's server is of those which know of it.
  const bool sender_may = knocks() ? x.sender != user_id_ : x.sender == row_.inviter;
  return x.room_id == room_id_ && x.type == "m.room.member" && x.state_key && *x.state_key == user_id_ && sender_may &&
         (x.membership() == "leave" || x.membership() == "ban") && event_ && cites(x, *event_);
}

void invitation_machine::rescinded(const rescission_received& m) {
  rescission r{m, nullptr, 0};
  static constexpr const char* not_ours = "this server is not in the room";
  if (!exists_ || row_.direction == "outgoing" || !event_) return answer_rescission(r, not_ours);
  auto e = matrix::make_event(m.pdu, event_->rules());
  if (!e) return answer_rescission(r, to_string(e.error()));
  const auto& x = **e;
  const bool over =
    row_.state == "revoked" || row_.state == "banned" || (row_.direction == "knock" && row_.state == "rejected");
  if (over) return answer_rescission(r, {}); // a repeat
  if (row_.state != "pending" && !knocks() && !is_let_in()) return answer_rescission(r, not_ours);
  if (matrix::server_name_of(x.sender) != m.origin || !takes_back(x)) return answer_rescission(r, not_ours);
  if (rescinding_.size() >= 10) return answer_rescission(r, "too many at once");
  r.event = *e;
  r.asked = out_.next_token();
  rescinding_.push_back(std::move(r));
  if (rescinding_.size() == 1) verify_rescission();
}

void invitation_machine::verify_rescission() {
  const auto& r = rescinding_.front();
  out_.send_at_once({actor_kind::verifier, ""},
                    verify_events{{actor_kind::invitation, key_of(room_id_, user_id_)}, r.asked, {r.event}});
}

void invitation_machine::answer_rescission(const rescission& r, const std::string& error) {
  out_.send(r.told.reply_to, rescission_handled{r.told.asked, error});
}

void invitation_machine::rescission_verified(bool valid) {
  const auto r = std::move(rescinding_.front());
  rescinding_.pop_front();
  if (!rescinding_.empty()) verify_rescission();
  answer_rescission(r, valid ? "" : "bad_signature: the event's signature is not valid");
  // He may have been invited anew while the signature was checked.
  const bool of_knock = knocks() || is_let_in();
  if (!valid || (row_.state != "pending" && !of_knock) || !takes_back(*r.event)) return;
  const auto* found = r.event->content().find("reason");
  const auto reason = found && found->as_string() ? *found->as_string() : std::string{};
  const bool bans = r.event->membership() == "ban";
  // The server that took the knock is believed. What another one of the room says is taken as a reason to ask it.
  if (knocks() && matrix::server_name_of(r.event->sender) != leave_server()) {
    if (row_.state == "pending") ask_about_knock_at(out_.now());
    return;
  }
  if (of_knock) return knock_refused(bans ? "banned" : "rejected", r.event->sender, reason);
  // He may be a member for all others: the join is repeated all the same, until it is known how it ended.
  if (!joining_ && !perhaps_joined_) row_.pending_request.clear();
  become(bans ? "banned" : "revoked", reason);
}

} // namespace causeway::invitation
