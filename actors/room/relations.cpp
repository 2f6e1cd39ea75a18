#include "actors/room/relations.hpp"

#include "actors/room/mentions.hpp"
#include "actors/room/message_content.hpp"
#include "actors/room/message_relations.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {
namespace {

using store::relation_standing;

/// The store is asked again after that when it did not answer.
constexpr time_ms look_up_pause_ms = 1'000;

} // namespace

void relations::load(const std::vector<store::put_relation>& open) {
  for (const auto& row : open) this->open(row);
}

void relations::accepted(const matrix::event& x, bool historical) {
  for (auto& [event_id, one] : open_) {
    if (one.row.target_event_id != x.event_id) continue;
    if (one.asked) one.again = true;
    else look_up(one);
  }
  auto row = row_of(x);
  if (!row || open_.contains(x.event_id)) return;
  if (room_.node.is_local(x.sender)) return made(x); // from before we left the room: its chat server knows it
  row->standing = relation_standing::waits;
  row->historical = historical;
  out_.write(*row);
  open(*std::move(row));
}

void relations::made(const matrix::event& x) {
  if (auto row = row_of(x)) out_.write(*std::move(row));
}

std::optional<store::put_relation> relations::row_of(const matrix::event& x) const {
  const auto to = related_of(x);
  if (!to) return {};
  store::put_relation row;
  row.room_id = room_.id;
  row.event_id = x.event_id;
  row.target_event_id = to.target_event_id;
  row.rel_type = to.rel_type;
  row.sender = x.sender;
  row.key = to.key;
  row.ts = x.origin_server_ts;
  row.standing = relation_standing::counts;
  return row;
}

bool relations::taken_back(const store::put_relation& row, const matrix::event& redaction) {
  if (row.standing == relation_standing::plain) {
    out_.write(store::remove_relation{room_.id, row.event_id});
    return false;
  }
  const auto waiting = open_.find(row.event_id);
  const bool was_told = waiting == open_.end() && row.standing != relation_standing::ignored;
  if (waiting != open_.end()) close(waiting);
  // Our own users' doing is the chat server's.
  if (!was_told || room_.node.is_local(redaction.sender)) {
    out_.write(store::remove_relation{room_.id, row.event_id});
    return true;
  }
  auto left = row;
  left.standing = relation_standing::taken_back;
  out_.write(left);
  open(std::move(left));
  return true;
}

void relations::target_redacted(const std::string& event_id) {
  out_.write(store::remove_relations_to{room_.id, event_id});
  for (auto at = open_.begin(); at != open_.end();)
    if (auto it = at++; it->second.row.target_event_id == event_id) close(it);
}

void relations::abandon() {
  for (const auto& [event_id, one] : std::exchange(open_, {}))
    out_.write(store::remove_relation{room_.id, one.row.event_id});
  alarm_.clear();
}

void relations::open(store::put_relation row) {
  if (open_.size() >= waiting_max) expire_oldest();
  auto& one = open_[row.event_id];
  one.row = std::move(row);
  one.order = ++last_order_;
  if (one.row.standing == relation_standing::waits) due_at(one, one.until = out_.now() + wait_ms);
  look_up(one);
}

void relations::expire_oldest() {
  open_relation* oldest = nullptr;
  for (auto& [event_id, one] : open_)
    if (one.row.standing == relation_standing::waits && !one.waits_no_more && (!oldest || one.order < oldest->order))
      oldest = &one;
  if (!oldest) return;
  oldest->waits_no_more = true;
  if (!oldest->asked) look_up(*oldest);
}

void relations::look_up(open_relation& one) {
  one.asked = true;
  one.again = false;
  const auto& row = one.row;
  pending_.ask_store(store::load_relations{room_.id, row.target_event_id, row.sender, row.key, row.event_id},
                     question::relation{row.event_id});
}

void relations::due_at(open_relation& one, time_ms at) {
  one.due = at;
  alarm_.set(earlier(alarm_.at(), at));
}

void relations::close(open_map::iterator at) {
  open_.erase(at);
  if (open_.empty()) alarm_.clear();
}

void relations::stands(open_relation& one, relation_standing standing) {
  one.row.standing = standing;
  out_.write(one.row);
}

void relations::on_deadline() {
  if (!alarm_.goes_off(out_.now())) return;
  for (auto& [event_id, one] : open_) {
    if (one.due == 0) continue;
    if (one.due > out_.now()) {
      due_at(one, one.due);
      continue;
    }
    one.due = 0;
    if (one.until != 0 && one.until <= out_.now()) one.waits_no_more = true;
    else if (one.until != 0) due_at(one, one.until);
    if (!one.asked) look_up(one);
  }
}

void relations::answered(const question::relation& q, const store_answered& m) {
  const auto at = open_.find(q.event_id);
  if (at == open_.end()) return; // redacted meanwhile
  const auto* found = std::get_if<store::relations_loaded>(m.answer.get());
  if (!found) return answered(q, timed_out{m.asked});
  at->second.asked = false;
  looked_up(at, *found);
}

void relations::answered(const question::relation& q, const timed_out&) {
  const auto at = open_.find(q.event_id);
  if (at == open_.end()) return;
  at->second.asked = false;
  due_at(at->second, out_.now() + look_up_pause_ms); // a busy store says nothing
}

void relations::looked_up(open_map::iterator at, const store::relations_loaded& found) {
  auto& one = at->second;
  const auto target = found.target && found.target->judged != store::verdict::outlier ? found.target->event : nullptr;
  if (one.row.standing == relation_standing::taken_back) {
    if (target && is_relatable(*target) && found.relation) tell_taken_back(one.row, found);
    out_.write(store::remove_relation{room_.id, one.row.event_id});
    return close(at);
  }
  const auto to = found.relation ? related_of(*found.relation) : related_event{};
  if (!to) {
    out_.write(store::remove_relation{room_.id, one.row.event_id});
    return close(at);
  }
  if (!target) {
    if (one.again) return look_up(one);
    if (!one.waits_no_more) return;
    out_.log(log_level::info, "R131 edit or reaction without its message",
             {{"room", room_.id}, {"event", one.row.event_id}, {"target", one.row.target_event_id}});
    if (to.is_edit()) {
      stands(one, relation_standing::plain);
      notifier_.edit_as_message(*found.relation, one.row.historical);
    } else {
      out_.write(store::remove_relation{room_.id, one.row.event_id});
    }
    return close(at);
  }
  const bool fits = found.target->judged == store::verdict::accepted && is_relatable(*target) &&
                    (!to.is_edit() || replaces(*found.relation, *target));
  stands(one, fits ? relation_standing::counts : relation_standing::ignored);
  if (fits && to.is_edit() && found.latest_edit && found.latest_edit->event_id == one.row.event_id)
    tell_edited(found, one.row.historical);
  if (fits && !to.is_edit() && found.reaction && found.reaction->event->event_id == one.row.event_id)
    tell_added(one.row, found);
  close(at);
}

chat::message_edited relations::shown_now(const store::relations_loaded& found) const {
  const auto& original = *found.target->event;
  const auto* latest = found.latest_edit.get();
  chat::message_edited n;
  n.room = room_.head.chat_room_id;
  n.matrix_room_id = room_.id;
  n.event_id = original.event_id;
  n.message = found.chat_message_id;
  if (latest) n.edit_event_id = latest->event_id;
  n.sender = original.sender;
  auto said = text_in(shown_content_of(original, latest));
  n.text = std::move(said.text);
  n.html = std::move(said.html);
  return n;
}

void relations::tell_edited(const store::relations_loaded& found, bool historical) {
  const auto& original = *found.target->event;
  const auto& edit = *found.latest_edit;
  const auto& content = new_content_of(edit);
  auto n = shown_now(found);
  n.mentions = newly_mentioned(mentions_of(content, room_.id),
                               mentions_of(shown_content_of(original, found.edit_before.get()), room_.id));
  if (found.edit_before) n.mentions = newly_mentioned(std::move(n.mentions), mentions_of(original.content(), room_.id));
  n.historical = historical;
  n.ts = notifier_.shown_ts(&edit);
  notifier_.notify(n);
}

void relations::tell_added(const store::put_relation& row, const store::relations_loaded& found) {
  chat::reaction_added n;
  n.room = room_.head.chat_room_id;
  n.matrix_room_id = room_.id;
  n.event_id = row.target_event_id;
  n.message = found.chat_message_id;
  n.reaction_event_id = row.event_id;
  n.user = row.sender;
  n.key = row.key;
  n.historical = row.historical;
  n.ts = notifier_.shown_ts(found.relation.get());
  notifier_.notify(n);
}

void relations::tell_taken_back(const store::put_relation& row, const store::relations_loaded& found) {
  const auto* redaction = found.relation->redacted_because.get();
  if (row.rel_type == rel_annotation) {
    if (found.reaction) return; // they have reacted with it twice
    chat::reaction_removed n;
    n.room = room_.head.chat_room_id;
    n.matrix_room_id = room_.id;
    n.event_id = row.target_event_id;
    n.message = found.chat_message_id;
    n.reaction_event_id = row.event_id;
    n.user = row.sender;
    n.key = row.key;
    if (redaction) n.by = redaction->sender;
    n.ts = notifier_.shown_ts(redaction);
    return notifier_.notify(n);
  }
  const auto* latest = found.latest_edit.get();
  if (latest && is_later_edit(*latest, *found.relation)) return; // it was not what is shown
  auto n = shown_now(found);
  n.ts = notifier_.shown_ts(redaction);
  notifier_.notify(n);
}

} // namespace causeway::room
