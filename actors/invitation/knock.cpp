#include "actors/invitation/knock.hpp"

#include "actors/answers.hpp"
#include "actors/handshake.hpp"
#include "actors/room_type.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using matrix::json::object;
using enum invitation_state;

/// The invite is in the room only when its server has heard our answer to it, and, where another of us is in the room,
/// when it has come by the room's own way. A join that is faster is refused: that is believed when it has come so
/// often, about two minutes with the default back-off.
constexpr std::uint32_t join_refusals_believed_after = 8;

} // namespace

void knock::begin() {
  const auto& row = record_.row;
  if (row.pending_request == next_request::none || question_.is_open() || profile_asked_.is_open() || !record_.is_due())
    return;
  if (row.pending_request == next_request::leave) leave_.begin();
  else if (row.pending_request == next_request::knock) begin_round();
  else if (row.pending_request == next_request::ask) ask_whether_it_stands();
  else if (record_.is_let_in() && !join_.is_open()) ask_profile();
}

void knock::change(invitation_cause why, const std::string& reason) {
  record_.change(why, reason);
  if (!record_.is_open_knock() && !record_.is_let_in()) profile_asked_.forget();
}

// -- it is made -------------------------------------------------------------------------------------------------------

void knock::start(const chat_command& m, const chat::room_knock& x) {
  auto& row = record_.row;
  auto& out = record_.out;
  const auto refuse = [&](std::string why) {
    command_failed(out, m.reference, x.name, {fault_code::conflict, std::move(why)});
  };
  if (knocking_.holds(m, "the user is knocking")) return;
  if (record_.is(invitation_direction::incoming, pending))
    return refuse(record_.user_id + " is invited: answer the invitation");
  // The room takes the user for invited until it has heard of it.
  if (record_.is(invitation_direction::incoming) && row.pending_request == next_request::leave)
    return refuse("the room's server has still to be told that the user rejected its invitation");
  if (record_.is_let_in()) return refuse(record_.user_id + " was let in and is joining");
  const bool knocks = record_.is_open_knock();
  if (knocks && row.state == pending)
    return command_succeeded(out, m.reference, x.name, chat::room_knocked_answer{record_.room_id, name(row.state)});
  knocking_.open(m, record_.patience_ends());
  if (knocks && (question_.is_open() || profile_asked_.is_open()))
    return; // an attempt is under way: its end is the answer
  if (x.via.empty()) return end_command({fault_code::not_found, "no server to knock at is known"});
  if (!knocks) {
    const auto chat_room_id = row.chat_room_id;
    row = {};
    row.room_id = record_.room_id;
    row.user_id = row.inviter = record_.user_id;
    row.chat_room_id = chat_room_id;
    row.direction = invitation_direction::knock;
    row.pending_request = next_request::knock;
    record_.event.reset();
    record_.exists = true;
    question_.forget();
  }
  row.via = x.via;
  row.reason = x.reason.value_or("");
  row.attempts = 0;
  row.retry_at_ts = 0;
  row.since_ts = out.now();
  change(cause::knocked, row.reason);
  begin_round();
}

bool knock::made(const knock_made& m) {
  auto& row = record_.row;
  const bool is_known =
    record_.is(invitation_direction::knock) && record_.event && record_.event->event_id == m.event->event_id;
  if (!is_known) {
    question_.forget();
    leave_.forget();
    forget();
    record_.begin_anew(invitation_direction::knock, m.event, cause::taken);
    row.reason = reason_of(*m.event);
    row.chat_room_id = m.chat_room_id;
    row.type = m.type;
    record_.save();
    record_.notify_changed(none);
    end_command({}); // it was on its way to another server of the room
  }
  if (m.command)
    command_succeeded(record_.out, *m.command, chat::room_knock::name,
                      chat::room_knocked_answer{record_.room_id, name(row.state)});
  return !is_known;
}

void knock::begin_round() {
  auto& row = record_.row;
  if (record_.out.now() - row.since_ts > std::int64_t{record_.node.settings().invitation.give_up_h} * 3'600'000) {
    record_.forget_request();
    return change(cause::failed, "no server of the room could be reached");
  }
  at_via_ = 0;
  has_unreadable_answer_ = false;
  fault_ = {fault_code::not_found, "no server of the room is known"};
  ++row.attempts;
  record_.save();
  ask_profile();
}

void knock::ask_profile() {
  record_.out.ask(profile_asked_.ask(record_.out, {}, record_.patience_ends()), store::find_user{record_.user_id});
}

bool knock::profile_found(token asked, const store::user_found* found) {
  if (!profile_asked_.is(asked)) return false;
  profile_asked_.forget();
  if (found && found->user) join_.set_profile(*found->user);
  go_on();
  return true;
}

void knock::go_on() {
  if (record_.is_open_knock() && record_.row.pending_request == next_request::knock && !question_.is_open())
    return make();
  if (record_.is_let_in() && !join_.is_open()) join_.ask(nullptr);
}

void knock::make() {
  auto r = question_.ask(server_request::make_knock, matrix::endpoint::make_knock, record_.user_id,
                         record_.node.settings().federation.make_join_timeout_ms);
  for (const auto& v : matrix::room_versions()) r.query.emplace_back("ver", v.id);
  record_.out.send({actor_kind::remote_server, asked_server()}, std::move(r));
}

void knock::answered(server_request step, const peer_answer& m) {
  if (step == server_request::about_knock) return told_whether_it_stands(m);
  if (!record_.is_open_knock() || record_.row.pending_request != next_request::knock) return;
  if (m.status == 200) return step == server_request::make_knock ? send(m) : taken();
  if (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION") {
    at_via_ = record_.row.via.size(); // no other server of the room will say otherwise
    fault_ = {};
    return next(incompatible_version(m));
  }
  const auto why = refusal_of(m);
  has_unreadable_answer_ = has_unreadable_answer_ || why.code == fault_code::peer_bad_answer;
  next(why);
}

void knock::send(const peer_answer& made) {
  auto& row = record_.row;
  const auto body = matrix::json::parse(made.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  if (!shape) return next({fault_code::peer_bad_answer, "make_knock: no event"});
  const auto* version = body->find_string("room_version");
  const auto* rules = version ? matrix::find_room_version(*version) : nullptr;
  if (!rules || !rules->knock)
    return next(
      {fault_code::unsupported_room_version, "make_knock: " + (version ? *version : std::string{"no room_version"})});
  object content{{"membership", "knock"}};
  if (!row.reason.empty()) content.set("reason", row.reason);
  const auto& profile = join_.profile();
  if (!profile.display_name.empty()) content.set("displayname", profile.display_name);
  if (!profile.avatar_url.empty()) content.set("avatar_url", profile.avatar_url);
  const auto x = sign_from_template(record_.node, *shape, *rules, record_.room_id, record_.user_id, std::move(content),
                                    record_.out.now());
  if (!x) return next({fault_code::peer_bad_answer, "make_knock: " + x.error().detail});
  std::rotate(row.via.begin(), row.via.begin() + static_cast<std::ptrdiff_t>(at_via_),
              row.via.begin() + static_cast<std::ptrdiff_t>(at_via_) + 1);
  row.room_version = std::string{rules->id};
  row.event = (*x)->to_json();
  record_.event = *x;
  record_.save(); // from here on the room may know of it
  auto r = question_.ask(server_request::send_knock, matrix::endpoint::send_knock, (*x)->event_id,
                         record_.node.settings().federation.request_timeout_ms);
  r.body = row.event;
  record_.out.send({actor_kind::remote_server, leave_.server()}, std::move(r));
}

void knock::next(const fault& why) {
  if (rank_of_refusal(why) >= rank_of_refusal(fault_)) fault_ = why;
  record_.out.log(log_level::info, "I303 knock not accepted; trying the next server",
                  {{"room", record_.room_id}, {"user", record_.user_id}, {"why", to_string(why)}});
  if (++at_via_ < record_.row.via.size()) return make();
  // Who could not be reached may be later on; a server that answers with what is no template will do so again.
  const bool may_be_later = info(fault_.code).retryable || fault_.code == fault_code::federation_disabled;
  if (may_be_later && (has_unreadable_answer_ || fault_.code != fault_code::peer_bad_answer)) {
    end_command({});
    return record_.retry_later(fault_);
  }
  record_.forget_request();
  end_command(fault_);
  change(cause::failed, to_string(fault_));
}

void knock::taken() {
  change(cause::taken, record_.row.reason);
  end_command({});
  record_.row.attempts = 0;
  ask_whether_it_stands_at(record_.out.now() + std::int64_t{record_.node.settings().invitation.knock_check_s} * 1'000);
}

void knock::end_command(const fault& why) {
  if (why.code != fault_code::none) return knocking_.fail(why);
  knocking_.succeed(chat::room_knocked_answer{record_.room_id, name(record_.row.state)});
}

// -- what becomes of it -----------------------------------------------------------------------------------------------

void knock::ask_whether_it_stands_at(time_ms at) {
  auto& row = record_.row;
  if (row.via.empty()) return; // made in a room of ours, which says what becomes of it
  row.pending_request = next_request::ask;
  row.retry_at_ts = at;
  record_.save();
  if (!question_.is_open()) begin();
}

void knock::ask_whether_it_stands() {
  // A question only: who is given a template for a leave need not send one. It is given to whoever is invited, in the
  // room, or knocks.
  auto r = question_.ask(server_request::about_knock, matrix::endpoint::make_leave, record_.user_id,
                         record_.node.settings().federation.make_join_timeout_ms);
  record_.row.retry_at_ts = 0;
  record_.out.send({actor_kind::remote_server, leave_.server()}, std::move(r));
}

void knock::told_whether_it_stands(const peer_answer& m) {
  const auto& row = record_.row;
  if (!record_.is_open_knock() || row.pending_request != next_request::ask) return;
  if (m.status == 403 && m.errcode == "M_FORBIDDEN") return refused(cause::rejected, {}, {});
  // Something may have been heard since the question left, of which its answer says nothing.
  const bool is_old = row.retry_at_ts != 0;
  const auto now = record_.out.now();
  ask_whether_it_stands_at(is_old ? now : now + std::int64_t{record_.node.settings().invitation.knock_check_s} * 1'000);
}

void knock::refused(invitation_cause why, const std::string& by, const std::string& reason) {
  question_.forget();
  record_.forget_request();
  record_.row.inviter = by;
  change(why, reason);
  end_command({fault_code::forbidden, "the knock was rejected"});
}

void knock::let_in(const matrix::event_ptr& invite, chat::room_type type) {
  auto& row = record_.row;
  row.type = type;
  row.room_version = std::string{invite->rules().id};
  row.inviter = invite->sender;
  row.event = invite->to_json();
  row.pending_request = next_request::join;
  row.attempts = 0;
  row.retry_at_ts = 0;
  record_.event = invite;
  question_.forget(); // the answer says nothing new
  change(cause::invited, reason_of(*invite));
  end_command({});
  if (!profile_asked_.is_open()) ask_profile();
}

void knock::join_ended(const join_result& m) {
  join_.close();
  if (!record_.is_let_in()) return;
  if (m.why.code != fault_code::none) {
    if (info(m.why.code).retryable || record_.row.attempts < join_refusals_believed_after)
      return join_.retry_later(m.why);
    return record_.reopen(); // the user may try for themselves what did not succeed by itself
  }
  record_.forget_request();
  record_.save();
}

void knock::membership(const invited_membership_changed& m) {
  if (!m.event) return;
  const auto& x = *m.event;
  if (m.membership == matrix::membership::invite) {
    if (record_.is_open_knock()) return let_in(m.event, m.type ? *m.type : type_of_invited(x, nullptr));
    // It has come by the room's own way: what was refused a moment ago is allowed now.
    if (!join_.is_open() && !profile_asked_.is_open()) ask_profile();
    return;
  }
  if (m.membership == matrix::membership::join) {
    question_.forget();
    record_.forget_request();
    change(cause::joined, {});
    return end_command({});
  }
  if (!record_.event) return;
  if (m.membership == matrix::membership::knock) {
    if (record_.row.state == sending && x.event_id == record_.event->event_id) {
      question_.forget();
      taken();
    }
    return;
  }
  // One that ended an earlier knock or invitation may come late, with the history of a join.
  if (x.depth <= record_.event->depth && !cites(x, *record_.event)) return;
  const auto by_user = m.by == record_.user_id ? cause::revoked : cause::rejected;
  refused(m.membership == matrix::membership::ban ? cause::banned : by_user, m.by, m.reason);
}

void knock::rescinded(const matrix::event& x) {
  // The server that took the knock is believed. What another one of the room says is taken as a reason to ask it.
  if (record_.is_open_knock() && matrix::server_name_of(x.sender) != leave_.server()) {
    if (record_.row.state == pending) ask_whether_it_stands_at(record_.out.now());
    return;
  }
  refused(x.membership() == matrix::membership::ban ? cause::banned : cause::rejected, x.sender, reason_of(x));
}

// -- it is taken back -------------------------------------------------------------------------------------------------

void knock::retract(const chat_command& m, const chat::knock_retract& x) {
  const auto& row = record_.row;
  auto& out = record_.out;
  const bool is_knock = record_.is(invitation_direction::knock);
  if (is_knock && row.state == revoked)
    return command_succeeded(out, m.reference, x.name, chat::state_answer{name(row.state)}); // it is what was asked for
  if (!record_.is_open_knock())
    return command_failed(
      out, m.reference, x.name,
      {fault_code::conflict, is_knock ? std::string{"the knock is "} + name(row.state) : "there is no open knock"});
  if (retracting_.holds(m, "the knock is being taken back")) return;
  retracting_.open(m, record_.patience_ends());
  out.send_at_once(record_.room(), leave_request{record_.user_id, x.reason.value_or("")});
}

void knock::retracted(const join_result& m) {
  auto& row = record_.row;
  if (!record_.is_open_knock()) { // the room has told what became of it
    if (row.state == revoked) return retracting_.succeed(chat::state_answer{name(row.state)});
    return retracting_.fail({fault_code::conflict, std::string{"the knock is "} + name(row.state)});
  }
  // Forbidden: the room, ours too, does not know of the knock.
  if (m.why.code != fault_code::none && m.why.code != fault_code::not_member && m.why.code != fault_code::forbidden)
    return retracting_.fail(m.why);
  // We do not take part in the room: taken back here and now; the server that has it, or may have, is told as soon as
  // it can be.
  const bool to_be_told = m.why.code == fault_code::not_member && record_.event && !row.via.empty();
  question_.forget();
  row.pending_request = to_be_told ? next_request::leave : next_request::none;
  row.attempts = 0;
  row.retry_at_ts = 0;
  change(cause::revoked, retracting_.body().reason.value_or(""));
  end_command({fault_code::conflict, "the knock was taken back"});
  retracting_.succeed(chat::state_answer{name(row.state)});
  if (to_be_told) leave_.begin();
}

void knock::expire() {
  if (record_.row.direction == invitation_direction::knock) join_.expire();
  if (profile_asked_.is_overdue(record_.out.now())) {
    profile_asked_.forget();
    go_on();
  }
  if (retracting_.is_overdue()) retracting_.fail({fault_code::timed_out, "the room did not answer in time"});
}

} // namespace causeway::invitation
