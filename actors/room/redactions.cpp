#include "actors/answers.hpp"
#include "actors/room/redactions.hpp"

#include "actors/room/event_text.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

} // namespace

bool redactions::has_power(const matrix::event& redaction, const matrix::event* levels_event) const {
  // Versions 1 and 2 have a rule for it: one that may not redact was rejected.
  if (redaction.rules().redaction_auth_rule) return true;
  const matrix::power_levels levels{room_.graph.create().get(), levels_event};
  return levels.of_user(redaction.sender) >= levels.of_action("redact");
}

void redactions::accepted(const matrix::event& redaction, const state_ref& before) {
  hold(redaction, has_power(redaction, room_.graph.state_event(before, "m.room.power_levels").get()));
}

void redactions::accepted_history(const matrix::event& redaction) {
  const matrix::event* levels = nullptr;
  for (const auto& id : redaction.auth_events)
    if (const auto* n = room_.graph.find(id); n && n->event->is_state("m.room.power_levels")) levels = n->event.get();
  hold(redaction, has_power(redaction, levels));
}

void redactions::load(const std::vector<store::hold_redaction>& held) {
  std::vector<store::hold_redaction> wishes;
  for (const auto& r : held) {
    if (r.target_event_id == r.redaction_event_id) {
      wishes.push_back(r);
      continue;
    }
    held_[r.redaction_event_id] = {r.target_event_id, r.sender, r.by_power, ++last_held_};
    of_target_.emplace(r.target_event_id, r.redaction_event_id);
    if (!r.looked_up) look_up(r.redaction_event_id, r.target_event_id);
  }
  load_wishes(wishes);
}

void redactions::target_came(const std::string& event_id) {
  for (auto [held, end] = of_target_.equal_range(event_id); held != end; ++held) look_up(held->second, event_id);
}

void redactions::answered(const question::redaction_target& q, const store_answered& m) {
  // A busy store says nothing: it is asked again by the next incarnation of this actor at the latest.
  if (const auto* told = std::get_if<store::redaction_loaded>(m.answer.get())) looked_up(q.redaction_id, *told);
}

bool redactions::may_redact(const held_redaction& r, const std::string& redaction_id,
                            const matrix::event& target) const {
  if (target.type == "m.room.create" || target.room_id != room_.id || target.event_id == redaction_id) return false;
  return r.by_power || matrix::server_name_of(r.sender) == matrix::server_name_of(target.sender);
}

void redactions::hold(const matrix::event& redaction, bool by_power) {
  const std::string target{redaction.redacts()};
  if (target.empty() || target == redaction.event_id || held_.contains(redaction.event_id)) return;
  if (held_.size() >= held_per_server_max) make_room_for(matrix::server_name_of(redaction.sender));
  held_[redaction.event_id] = {target, redaction.sender, by_power, ++last_held_};
  of_target_.emplace(target, redaction.event_id);
  out_.write(store::hold_redaction{room_.id, redaction.event_id, target, redaction.sender, by_power, false});
  look_up(redaction.event_id, target);
}

void redactions::make_room_for(std::string_view server) {
  std::size_t of_server = 0;
  auto oldest = held_.end(), oldest_of_server = held_.end();
  for (auto it = held_.begin(); it != held_.end(); ++it) {
    if (oldest == held_.end() || it->second.order < oldest->second.order) oldest = it;
    if (matrix::server_name_of(it->second.sender) != server) continue;
    ++of_server;
    if (oldest_of_server == held_.end() || it->second.order < oldest_of_server->second.order) oldest_of_server = it;
  }
  if (of_server >= held_per_server_max) drop(std::string{oldest_of_server->first});
  else if (held_.size() >= held_max) drop(std::string{oldest->first});
}

void redactions::drop(const std::string& redaction_id) {
  auto it = held_.find(redaction_id);
  if (it == held_.end()) return;
  auto [at, end] = of_target_.equal_range(it->second.target);
  while (at != end) at = at->second == redaction_id ? of_target_.erase(at) : std::next(at);
  held_.erase(it);
  out_.write(store::drop_held_redaction{room_.id, redaction_id});
}

void redactions::look_up(const std::string& redaction_id, const std::string& target) {
  pending_.ask_store(store::load_redaction{room_.id, redaction_id, target}, question::redaction_target{redaction_id});
}

void redactions::looked_up(const std::string& redaction_id, const store::redaction_loaded& found) {
  auto held = held_.find(redaction_id);
  if (held == held_.end()) {
    // It was applied when its target came; now it can be told with it.
    if (found.target && found.target->event->redacted_because) writer_.replace(found.target->event);
    return;
  }
  if (!found.target) {
    const auto& r = held->second;
    out_.write(store::hold_redaction{room_.id, redaction_id, r.target, r.sender, r.by_power, true});
    return;
  }
  if (found.redaction && !found.target->event->redacted_because &&
      may_redact(held->second, redaction_id, *found.target->event))
    apply(found.redaction, found);
  drop(redaction_id);
}

void redactions::apply(const matrix::event_ptr& redaction, const store::redaction_loaded& found) {
  const auto& target = *found.target;
  const auto left = matrix::redacted(*target.event, redaction);
  writer_.redact(left, redaction->event_id);
  entry_.invalidate();
  if (target.event->is_state()) {
    const auto in_force = room_.graph.state_event(left->type, *left->state_key);
    if (in_force && in_force->event_id == left->event_id)
      notifier_.state_redacted(*target.event, *left, *redaction, text_of(*redaction, "reason"));
    return;
  }
  if (found.relation && relations_.taken_back(*found.relation, *redaction)) return;
  relations_.target_redacted(left->event_id);
  // Our own users' deletions are the chat server's doing; of a ban it does not know which messages it takes away.
  const bool is_known = room_.node.is_local(redaction->sender) && redaction->type == "m.room.redaction";
  if (target.judged != store::verdict::accepted || !notifier_.is_message_shown(*target.event) || is_known) return;
  notifier_.notify(chat::message_deleted{.room = room_.head.chat_room_id,
                                         .matrix_room_id = room_.id,
                                         .event_id = left->event_id,
                                         .message = found.chat_message_id,
                                         .by = redaction->sender,
                                         .reason = text_of(*redaction, "reason"),
                                         .redaction_event_id = redaction->event_id,
                                         .ts = notifier_.shown_ts(redaction.get())});
}

matrix::event_ptr redactions::as_redacted(const matrix::event_ptr& x) {
  // One that came before as part of a state stays what it was made then.
  if (const auto* n = room_.graph.find(x->event_id)) return n->event;
  std::vector<std::string> futile;
  matrix::event_ptr left = x;
  for (auto [at, end] = of_target_.equal_range(x->event_id); at != end; ++at) {
    const auto& redaction_id = at->second;
    if (left == x && may_redact(held_.at(redaction_id), redaction_id, *x)) {
      const auto* n = room_.graph.find(redaction_id);
      left = matrix::redacted(*x, n ? n->event : nullptr);
      redacting_now_[x->event_id] = redaction_id;
    } else {
      futile.push_back(redaction_id);
    }
  }
  for (const auto& id : futile) drop(id);
  return left;
}

void redactions::complete(const matrix::event_ptr& x) {
  auto it = redacting_now_.find(x->event_id);
  if (it == redacting_now_.end()) return;
  const auto redaction_id = std::move(it->second);
  redacting_now_.erase(it);
  out_.write(store::redact_event{room_.id, x, redaction_id});
  drop(redaction_id);
  if (!x->redacted_because) look_up(redaction_id, x->event_id);
}

} // namespace causeway::room
