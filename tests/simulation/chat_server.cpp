#include "tests/simulation/chat_server.hpp"

#include "actors/room/roles.hpp"
#include "tests/simulation/broker.hpp"

#include <msgpack.hpp>

#include <algorithm>
#include <limits>

namespace causeway::simulation {
namespace {

/// As the session does: a command without RESULT for so long is repeated with the same id.
constexpr time_us patience_us = 300'000'000;
constexpr std::uint32_t attempts_max = 12;

} // namespace

std::string chat_server::outcome::field(const std::string& key) const {
  auto handle = msgpack::unpack(body.data(), body.size());
  const auto& x = handle.get();
  if (x.type != msgpack::type::MAP) return {};
  for (std::uint32_t i = 0; i < x.via.map.size; ++i) {
    const auto& entry = x.via.map.ptr[i];
    if (entry.key.type == msgpack::type::STR && std::string(entry.key.via.str.ptr, entry.key.via.str.size) == key &&
        entry.val.type == msgpack::type::STR)
      return {entry.val.via.str.ptr, entry.val.via.str.size};
  }
  return {};
}

chat_server::chat_server(world& w, broker& b) : world_(w), broker_(b) {}

std::string chat_server::send(chat::command x) {
  const auto id = broker_.server_name() + "-c" + std::to_string(++last_command_);
  if (const auto* role = std::get_if<chat::member_set_role>(&x))
    roles_wanted_.push_back({matrix_id_of(role->room), role->user, role->by, room::word_of(role->wanted), {}});
  commands_[id].body = std::move(x);
  commands_[id].since = world_.clock.now();
  order_.push_back(id);
  attempt(id);
  return id;
}

const chat_server::outcome* chat_server::result_of(const std::string& command_id) const {
  auto it = commands_.find(command_id);
  return it == commands_.end() || !it->second.result ? nullptr : &*it->second.result;
}

void chat_server::repeat(const std::string& command_id) { attempt(command_id); }

std::vector<std::string> chat_server::unanswered() const {
  std::vector<std::string> list;
  for (const auto& [id, s] : commands_)
    if (!s.result) list.push_back(id + " " + chat::name(s.body));
  return list;
}

void chat_server::attempt(const std::string& id) {
  auto& s = commands_.at(id);
  if (!broker_.is_up() || s.trace != 0) return; // the session merges a repetition with the one under way
  // The idempotency key first: what was answered is answered alike.
  const auto found = broker_.read_as<store::command_result_found>(store::find_command_result{id});
  if (found.result) return finished(id, {found.result->succeeded, found.result->body}, true);
  s.trace = ++last_trace_;
  ++s.attempts;
  traces_[s.trace] = id;
  world_.trace(broker_.server_name(), [&] { return "chat sends " + id + " " + chat::name(s.body); });
  broker_.command({{"", id, s.trace}, std::make_shared<const chat::command>(s.body)});
  watch(id, s.trace);
}

void chat_server::watch(const std::string& id, std::uint64_t trace) {
  world_.clock.after(patience_us, [this, id, trace] {
    auto& s = commands_.at(id);
    if (s.trace != trace) return;
    // Only an actor that failed may have lost it.
    if (broker_.failures() == 0)
      world_.violation(broker_.server_name() + ": no RESULT for " + id + " " + chat::name(s.body));
    traces_.erase(trace);
    s.trace = 0;
    attempt(id); // what got no RESULT is repeated for as long as it takes
  });
}

void chat_server::command_done_now(const command_done& m) {
  if (m.reference.command_id.empty()) return; // ephemeral
  auto it = traces_.find(m.reference.trace);
  if (it == traces_.end()) {
    // Given up, or of a broker before the crash; a second RESULT of the same attempt is a defect.
    if (broker_.failures() == 0)
      world_.violation(broker_.server_name() + ": a second RESULT for " + m.reference.command_id);
    return;
  }
  const auto id = it->second;
  traces_.erase(it);
  commands_.at(id).trace = 0;
  finished(id, {m.succeeded, m.body}, false);
}

void chat_server::ephemeral_now(const ephemeral_notification& m) {
  if (m.name != chat::receipt_changed::name) return;
  const outcome told{true, m.body};
  const auto room = told.field("matrix_room_id"), event_id = told.field("event_id");
  const auto found = broker_.read_as<store::events_loaded>(store::load_events{room, {event_id}, false});
  ++receipts_;
  if (found.events.empty())
    return world_.violation(broker_.server_name() + ": a receipt of " + event_id + " is told, which is not on disk");
  auto& last = read_to_.try_emplace(m.key, std::numeric_limits<std::int64_t>::min()).first->second;
  if (found.events.front().position <= last)
    world_.violation(broker_.server_name() + ": the marker " + m.key + " is told to have moved backwards");
  last = found.events.front().position;
}

std::vector<std::string> chat_server::messages_in(const std::string& matrix_room_id) const {
  std::vector<std::string> all;
  for (const auto& m : acknowledged_)
    if (m.matrix_room_id == matrix_room_id) all.push_back(m.event_id);
  for (const auto& h : heard_)
    if (const auto* m = std::get_if<chat::message_received>(&h.what); m && m->matrix_room_id == matrix_room_id)
      all.push_back(m->event_id);
  return all;
}

void chat_server::finished(const std::string& id, outcome what, bool from_store) {
  auto& s = commands_.at(id);
  world_.trace(broker_.server_name(), [&] {
    return "RESULT of " + id + " " + chat::name(s.body) + (from_store ? " (kept)" : "") + ": " +
           (what.succeeded ? "ok " + what.field("state") + what.field("event_id") + what.field("matrix_room_id")
                           : to_string(what.why()));
  });
  if (!what.succeeded && info(what.why().code).retryable && repeats_passing_refusals && s.attempts < attempts_max) {
    world_.clock.after(world_.random.between(1'000'000, 20'000'000), [this, id] { attempt(id); });
    return;
  }
  if (s.result) {
    // Only a refusal that passes may change, and the RESULT of a read: it is carried out anew, and whoever has read may
    // have left the room.
    const bool may_change =
      (!s.result->succeeded && info(s.result->why().code).retryable) || std::holds_alternative<chat::mark_read>(s.body);
    if (!may_change && (s.result->body != what.body || s.result->succeeded != what.succeeded))
      world_.violation(broker_.server_name() + ": a repetition of " + id + " got another RESULT");
    if (!may_change) return;
  }
  s.result = what;
  learn(s, what);
  if (world_.random.chance(150))
    world_.clock.after(world_.random.between(1'000, 60'000'000), [this, id] { repeat(id); });
}

void chat_server::broker_started() {
  for (const auto& id : order_)
    if (!commands_.at(id).result) attempt(id);
  outbox_grew();
}

void chat_server::broker_lost() {
  for (auto& [id, s] : commands_) s.trace = 0;
  traces_.clear();
}

std::string chat_server::matrix_id_of(const std::string& room) const {
  auto it = matrix_ids_.find(room);
  return it == matrix_ids_.end() ? room : it->second;
}

void chat_server::learn(const sent& s, const outcome& what) {
  if (!what.succeeded) return;
  if (const auto* x = std::get_if<chat::room_create>(&s.body)) {
    const auto id = what.field("matrix_room_id");
    matrix_ids_[x->room] = id;
    auto& r = rooms_[id];
    r.chat_id = x->room;
    r.joined.insert(x->creator);
    for (const auto& m : x->members) {
      if (broker_.node().is_local(m)) r.joined.insert(m);
      else r.outgoing.try_emplace(m, "sending");
    }
  } else if (const auto* m = std::get_if<chat::message_send>(&s.body)) {
    acknowledged_.push_back({matrix_id_of(m->room), m->sender, m->text, what.field("event_id")});
  } else if (const auto* d = std::get_if<chat::message_delete>(&s.body)) {
    deleted_[d->message] = what.field("event_id");
  } else if (const auto* e = std::get_if<chat::message_edit>(&s.body)) {
    edits_.push_back({matrix_id_of(e->room), e->message, e->sender, {}, what.field("event_id")});
  } else if (const auto* r = std::get_if<chat::reaction_add>(&s.body)) {
    reactions_.push_back({matrix_id_of(r->room), r->message, r->user, r->key, what.field("event_id")});
  } else if (const auto* i = std::get_if<chat::invite_send>(&s.body); i && broker_.node().is_local(i->user)) {
    rooms_[matrix_id_of(i->room)].incoming.insert(i->user);
  }
}

// -- the outbox -------------------------------------------------------------------------------------------------------

void chat_server::outbox_grew() {
  if (reading_) return;
  reading_ = true;
  world_.clock.after(world_.random.between(100, 20'000), [this] { read(); });
}

void chat_server::read() {
  reading_ = false;
  for (std::uint32_t stream = 0; stream < broker_.node().streams; ++stream) {
    auto& cursor = cursors_[stream];
    while (true) {
      const auto found = broker_.read_as<store::outbox_read>(store::read_outbox{stream, cursor, 16});
      for (const auto& row : found.rows) {
        if (row.cursor != cursor + 1)
          world_.violation(broker_.server_name() + ": cursor " + std::to_string(row.cursor) + " follows " +
                           std::to_string(cursor));
        cursor = row.cursor;
        auto n = chat::decode_notification(row.name, row.body);
        if (!n) {
          world_.violation(broker_.server_name() + ": unreadable notification " + row.name + ": " +
                           to_string(n.error()));
          continue;
        }
        heard_.push_back({stream, row.cursor, *n});
        take(*n);
      }
      if (found.rows.empty()) break;
    }
    if (cursor > 0 && broker_.is_up() && world_.random.chance(200))
      broker_.commit_beside({{store::acknowledge_outbox{stream, cursor}}});
  }
}

void chat_server::take(const chat::notification& n) {
  const auto& us = broker_.node();
  if (const auto* x = std::get_if<chat::room_created>(&n)) {
    auto& r = rooms_[x->matrix_room_id];
    for (const auto& m : x->members)
      if (us.is_local(m)) r.joined.insert(m);
  } else if (const auto* i = std::get_if<chat::invitation_received>(&n)) {
    rooms_[i->matrix_room_id].incoming.insert(i->user);
  } else if (const auto* c = std::get_if<chat::invitation_changed>(&n)) {
    auto& r = rooms_[c->matrix_room_id];
    if (c->direction == "outgoing") r.outgoing[c->user] = c->state;
    else if (c->state != "pending") r.incoming.erase(c->user);
  } else if (const auto* m = std::get_if<chat::member_changed>(&n)) {
    auto& r = rooms_[m->matrix_room_id];
    if (us.is_local(m->user)) {
      if (m->membership == "join") r.joined.insert(m->user);
      else r.joined.erase(m->user);
    }
  }
  world_.trace(broker_.server_name(), [&] {
    std::string text = std::string{"chat hears "} + chat::name(n);
    if (const auto* x = std::get_if<chat::message_received>(&n))
      text += " \"" + x->text + "\" of " + x->sender + (x->historical ? " (historical)" : "");
    if (const auto* x = std::get_if<chat::invitation_changed>(&n))
      text += " " + x->direction + " " + x->user + " " + x->previous_state + " -> " + x->state + " " + x->reason;
    if (const auto* x = std::get_if<chat::member_changed>(&n))
      text += " " + x->user + " " + x->previous_membership + " -> " + x->membership;
    if (const auto* x = std::get_if<chat::system_message>(&n)) text += " " + x->kind + " " + x->actor + " " + x->target;
    if (const auto* x = std::get_if<chat::role_changed>(&n))
      text += " " + x->user + " " + x->previous_role + " -> " + x->role + " by " + x->by;
    if (const auto* x = std::get_if<chat::permission_drift>(&n))
      text += " " + x->user + " " + x->cause + " " + x->wanted_role + " -> " + x->role + " by " + x->by;
    if (const auto* x = std::get_if<chat::invitation_received>(&n)) text += " " + x->user + " by " + x->by;
    return text;
  });
  if (listener) listener(n);
}

} // namespace causeway::simulation
