// Redactions: which of them apply, held until their target comes, and what is left of it then.
// Source: "Room Versions", "Redactions" and "Handling redactions".
#include "actors/room/room_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

/// Redactions of events that nobody has sent yet: as many are held, the oldest make room. One server's fill a tenth.
constexpr std::size_t held_max = 10'000;
constexpr std::size_t held_per_server_max = 1'000;

std::string reason_of(const matrix::event& redaction) {
  const auto* reason = redaction.content().find("reason");
  return reason && reason->as_string() ? *reason->as_string() : std::string{};
}

} // namespace

bool room_machine::has_power_to_redact(const matrix::event& redaction, const state_ref& before) const {
  // Versions 1 and 2 have a rule for it: one that may not redact was rejected.
  if (redaction.rules().redaction_auth_rule) return true;
  const auto levels_event = graph_.state_event(before, "m.room.power_levels");
  const matrix::power_levels levels{graph_.create().get(), levels_event.get()};
  return levels.of_user(redaction.sender) >= levels.of_action("redact");
}

bool room_machine::has_power_to_redact(const matrix::event& redaction) const {
  if (redaction.rules().redaction_auth_rule) return true;
  const matrix::event* levels_event = nullptr;
  for (const auto& id : redaction.auth_events)
    if (const auto* n = graph_.find(id); n && n->event->is_state("m.room.power_levels")) levels_event = n->event.get();
  const matrix::power_levels levels{graph_.create().get(), levels_event};
  return levels.of_user(redaction.sender) >= levels.of_action("redact");
}

bool room_machine::may_redact(const held_redaction& r, const std::string& redaction_id, const matrix::event& target) const {
  if (target.type == "m.room.create" || target.room_id != room_id_ || target.event_id == redaction_id) return false;
  return r.by_power || matrix::server_name_of(r.sender) == matrix::server_name_of(target.sender);
}

void room_machine::hold(const matrix::event& redaction, bool by_power) {
  const std::string target{redaction.redacts()};
  if (target.empty() || target == redaction.event_id || held_redactions_.contains(redaction.event_id)) return;
  if (held_redactions_.size() >= held_per_server_max) make_room_for_held(matrix::server_name_of(redaction.sender));
  held_redactions_[redaction.event_id] = {target, redaction.sender, by_power, ++last_held_};
  redactions_of_.emplace(target, redaction.event_id);
  out_.write(store::hold_redaction{room_id_, redaction.event_id, target, redaction.sender, by_power, false});
  look_up(redaction.event_id, target);
}

void room_machine::make_room_for_held(std::string_view server) {
  std::size_t of_server = 0;
  auto oldest = held_redactions_.end(), oldest_of_server = held_redactions_.end();
  for (auto it = held_redactions_.begin(); it != held_redactions_.end(); ++it) {
    if (oldest == held_redactions_.end() || it->second.order < oldest->second.order) oldest = it;
    if (matrix::server_name_of(it->second.sender) != server) continue;
    ++of_server;
    if (oldest_of_server == held_redactions_.end() || it->second.order < oldest_of_server->second.order) oldest_of_server = it;
  }
  if (of_server >= held_per_server_max) drop_held(std::string{oldest_of_server->first});
  else if (held_redactions_.size() >= held_max) drop_held(std::string{oldest->first});
}

void room_machine::drop_held(const std::string& redaction_id) {
  auto it = held_redactions_.find(redaction_id);
  if (it == held_redactions_.end()) return;
  auto [at, end] = redactions_of_.equal_range(it->second.target);
  while (at != end) at = at->second == redaction_id ? redactions_of_.erase(at) : std::next(at);
  held_redactions_.erase(it);
  out_.write(store::drop_held_redaction{room_id_, redaction_id});
}

void room_machine::look_up(const std::string& redaction_id, const std::string& target) {
  const auto asked = out_.next_token();
  redaction_lookups_[asked] = redaction_id;
  out_.ask(asked, store::load_redaction{room_id_, redaction_id, target});
}

void room_machine::redaction_looked_up(const std::string& redaction_id, const store::redaction_loaded& found) {
  auto held = held_redactions_.find(redaction_id);
  if (held == held_redactions_.end()) {
    // It was applied when its target came; now it can be told with it.
    if (found.target && found.target->event->redacted_because) graph_.replace(found.target->event);
    return;
  }
  if (!found.target) {
    const auto& r = held->second;
    out_.write(store::hold_redaction{room_id_, redaction_id, r.target, r.sender, r.by_power, true});
    return;
  }
  if (found.redaction && !found.target->event->redacted_because && may_redact(held->second, redaction_id, *found.target->event))
    apply_redaction(found.redaction, *found.target, found.chat_message_id);
  drop_held(redaction_id);
}

void room_machine::apply_redaction(const matrix::event_ptr& redaction, const store::stored_event& target, const std::string& chat_message_id) {
  const auto left = matrix::redacted(*target.event, redaction);
  graph_.replace(left);
  out_.write(store::redact_event{room_id_, left, redaction->event_id});
  listed_group_ = -1; // the same state may read otherwise now
  if (target.event->is_state()) return tell_state_redacted(*target.event, left, *redaction);
  // Our own users' deletions are the chat server's doing.
  if (target.judged != store::verdict::accepted || !is_message_shown(*target.event) || node_.is_local(redaction->sender)) return;
  notify(chat::message_deleted{head_.chat_room_id, room_id_, left->event_id, chat_message_id, redaction->sender, reason_of(*redaction),
                               redaction->event_id, shown_ts(redaction.get())});
}

matrix::event_ptr room_machine::as_redacted(const matrix::event_ptr& x) {
  // One that came before as part of a state stays what it was made then.
  if (const auto* n = graph_.find(x->event_id)) return n->event;
  std::vector<std::string> futile;
  matrix::event_ptr left = x;
  for (auto [at, end] = redactions_of_.equal_range(x->event_id); at != end; ++at) {
    const auto& redaction_id = at->second;
    if (left == x && may_redact(held_redactions_.at(redaction_id), redaction_id, *x)) {
      const auto* n = graph_.find(redaction_id);
      left = matrix::redacted(*x, n ? n->event : nullptr);
      redacting_now_[x->event_id] = redaction_id;
    } else {
      futile.push_back(redaction_id);
    }
  }
  for (const auto& id : futile) drop_held(id);
  return left;
}

void room_machine::settle_redaction(const matrix::event_ptr& x) {
  auto it = redacting_now_.find(x->event_id);
  if (it == redacting_now_.end()) return;
  const auto redaction_id = std::move(it->second);
  redacting_now_.erase(it);
  out_.write(store::redact_event{room_id_, x, redaction_id});
  drop_held(redaction_id);
  if (!x->redacted_because) look_up(redaction_id, x->event_id);
}

void room_machine::tell_state_redacted(const matrix::event& before, const matrix::event_ptr& after, const matrix::event& redaction) {
  const auto in_force = graph_.state_event(after->type, *after->state_key);
  if (!in_force || in_force->event_id != after->event_id) return;
  if (after->type == "m.room.member" && after->membership() == "join")
    notify(chat::member_changed{head_.chat_room_id, room_id_, *after->state_key, "join", "join", redaction.sender, reason_of(redaction), {}, {},
                                after->event_id, shown_ts(&redaction)});
  else if (after->type == "m.room.name" && before.content().contains("name"))
    tell_named(after->type, redaction.sender, {}, reason_of(redaction), &redaction);
  else if (after->type == "m.room.topic" && before.content().contains("topic"))
    tell_named(after->type, redaction.sender, {}, reason_of(redaction), &redaction);
}

void room_machine::run(const queued_command& c, const chat::message_delete& x) {
  auto refuse = [&](fault_code code, std::string why) { failed(c.command.reference, x.name, {code, std::move(why)}); };
  const auto& target = c.target->target;
  if (!target || target->judged != store::verdict::accepted) return refuse(fault_code::not_found, "message " + x.message);
  if (target->event->is_state()) return refuse(fault_code::invalid_param, x.message + " is no message");
  if (target->event->redacted_because) return refuse(fault_code::conflict, "message " + x.message + " is deleted already");
  if (graph_.membership(x.by) != "join") return refuse(fault_code::not_member, x.by + " is not in the room");
  draft d{"m.room.redaction", x.by, std::nullopt, {}, target->event->event_id};
  if (x.reason && !x.reason->empty()) d.content.set("reason", *x.reason);
  auto e = author(d);
  if (!e) return failed(c.command.reference, x.name, e.error());
  if (!graph_.rules().redaction_auth_rule && !matrix::redaction_applies(**e, *target->event, graph_.levels()))
    return refuse(fault_code::forbidden, x.by + " is below the room's redact level, and the message is of another server");
  if (auto fine = commit_local(*e); !fine) return failed(c.command.reference, x.name, fine.error());
  apply_redaction(*e, *target, c.target->chat_message_id);
  done(c.command.reference, x.name, chat::event_answer{(*e)->event_id});
}

} // namespace causeway::room
