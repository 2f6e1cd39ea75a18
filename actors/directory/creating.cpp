// Rooms that are made. Of a dm it is found out first whether the two have one.
#include "actors/directory/directory_machine.hpp"

#include "actors/room/found_room.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace causeway::directory {
namespace {

constexpr const char* no_own_room_id =
  "the chat server's own id is expected; Matrix ids of rooms begin with '!', aliases with '#'";

bool is_own_room_id(const std::string& text) { return text.front() != '!' && text.front() != '#'; }

/// The room that a command names, where it names one.
const std::string* room_named_by(const chat::command& body) {
  return std::visit(
    []([[maybe_unused]] const auto& x) -> const std::string* {
      if constexpr (requires { x.room; })
        if constexpr (std::is_same_v<std::decay_t<decltype(x.room)>, std::string>) return &x.room;
      return nullptr;
    },
    body);
}

} // namespace

bool directory_machine::is_alias_free(const command_received& m, const chat::room_create& x) {
  if (!x.alias) return true;
  const auto alias = "#" + *x.alias + ":" + node_.server_name;
  if (x.type != chat::room_type::channel || !matrix::is_room_alias(alias))
    return fail(m, {fault_code::invalid_identifier, "alias: a channel's alias localpart is expected"}), false;
  if (aliases_.find(alias))
    return fail(m, {fault_code::already_exists, "alias: " + alias + " is another room's"}), false;
  if (names_.is_being_given(*x.alias))
    return fail(m, {fault_code::already_exists, "alias: " + alias + " is being given to another room"}), false;
  return true;
}

bool directory_machine::name_members(const command_received& m, chat::room_create& x) {
  std::vector<std::string> users{x.creator};
  for (auto& member : x.members) {
    if (const auto who = users_.resolve(member); who && who->user_id == x.creator) member = x.creator;
    else if (!name_invited(m, member, "members")) return false;
    if (x.federated && node_.is_local(member) && !may_federate(m, member, "members")) return false;
    if (!node_.is_local(member)) {
      if (!x.federated) return fail(m, {fault_code::not_federated, "members: " + member}), false;
      if (auto fine = node_.federates_with(matrix::server_name_of(member)); !fine)
        return fail(m, {fine.error().code, "members: " + fine.error().detail}), false;
    }
    if (std::find(users.begin(), users.end(), member) == users.end()) users.push_back(member);
  }
  x.members.assign(users.begin() + 1, users.end());
  return true;
}

void directory_machine::route(const command_received& m, chat::room_create x) {
  if (!is_own_room_id(x.room)) return fail(m, {fault_code::invalid_identifier, std::string{"room: "} + no_own_room_id});
  if (const auto* room = names_.find(x.room))
    return fail(m, {fault_code::already_exists, "room: " + x.room + " is bound to " + *room});
  if (names_.under_way(x.room))
    return fail(m, {fault_code::overloaded, "room: " + x.room + " is being created by another command"});
  const auto creator = x.creator;
  if (!name_local(m, x.creator, "creator")) return; // they exist once all of it is right
  if (x.federated && !may_federate(m, x.creator, "creator")) return;
  if (!name_members(m, x)) return;
  for (auto& named : x.members_of) {
    auto room = names_.resolve(named);
    if (!room) return fail(m, {room.error().code, "members_of: " + room.error().detail});
    named = *room;
  }
  if (x.type == chat::room_type::dm && x.members.size() != 1)
    return fail(m, {fault_code::bad_body, "members: a dm has exactly one besides its creator"});
  if (!is_alias_free(m, x)) return;
  if (x.type == chat::room_type::dm && x.federated)
    if (auto rooms = direct_.between(x.creator, x.members.front()); !rooms.empty())
      return ask_direct({m, std::move(x), creator, std::move(rooms), {}, 0, 0, {}});
  make_room(m, std::move(x), creator);
}

void directory_machine::make_room(const command_received& m, chat::room_create x, std::string creator) {
  const auto& service = node_.settings().room.service_user;
  const bool is_made_for_them = x.type == chat::room_type::channel && !service.empty();
  auto founder = is_made_for_them ? "@" + service + ":" + node_.server_name : x.creator;
  auto create = room::found_room(node_, x, founder, next_random(), out_.now());
  if (!create) return fail(m, create.error());
  if (!let_act(m, creator, "creator")) return;
  if (is_made_for_them && !let_act(m, founder, "room.service_user")) return;
  const auto room_id = (*create)->room_id;
  names_.begin(x.room, {room_id, out_.now(), x.alias.value_or("")});
  if (x.type == chat::room_type::dm && x.federated) direct_.made(room_id, x.creator, x.members.front());
  std::vector<std::string> users{x.creator, founder};
  users.insert(users.end(), x.members.begin(), x.members.end());
  send({actor_kind::room, room_id}, m, std::move(x), room_id, users, *create);
}

// -- a dm that is there already

void directory_machine::ask_direct(direct_rooms::creation c) {
  c.asking = std::move(c.rooms.back());
  c.rooms.pop_back();
  c.asked = out_.next_token();
  c.since = out_.now();
  out_.send_at_once({actor_kind::room, c.asking}, direct_request{c.asked, c.wanted.creator, c.wanted.members.front()});
  direct_.begin(std::move(c));
  out_.wake_at(direct_.deadline(), timer_kind::direct);
}

void directory_machine::direct_answered(const direct_response& m) {
  auto c = direct_.take(m.asked);
  if (!c) return;
  if (!m.is_one) {
    direct_.missed(c->asking);
    return direct_missed(std::move(*c));
  }
  chat::room_created_answer answer{c->asking, m.room_version, {}};
  answer.reused = true;
  const auto* named = names_.chat_id_of(c->asking);
  answer.room = named ? *named : m.chat_room_id;
  if (answer.room->empty()) {
    answer.room = c->wanted.room;
    names_.bind(c->asking, c->wanted.room);
  }
  done(c->command, answer, true);
  go_on(c->held_back);
}

void directory_machine::direct_missed(direct_rooms::creation c) {
  if (!c.rooms.empty()) return ask_direct(std::move(c));
  make_room(c.command, std::move(c.wanted), std::move(c.creator));
  go_on(c.held_back);
}

void directory_machine::directs_overdue() {
  while (auto c = direct_.take_overdue(out_.now())) {
    c->rooms.clear(); // whatever ails the room, nobody is to wait several times as long
    direct_missed(std::move(*c));
  }
  if (const auto next = direct_.deadline(); next != 0) out_.wake_at(next, timer_kind::direct);
}

void directory_machine::go_on(const std::vector<command_received>& held_back) {
  for (const auto& m : held_back) {
    const trace_scope under{out_, m.reference.trace};
    command(m);
  }
}

bool directory_machine::holds_back(const command_received& m) {
  const auto* room = room_named_by(*m.body);
  auto* c = room ? direct_.find(*room) : nullptr;
  if (!c) return false;
  if (c->held_back.size() < direct_rooms::held_back_max) c->held_back.push_back(m);
  else fail(m, {fault_code::overloaded, "room: " + *room + " is being created, and too many commands wait for it"});
  return true;
}

// -- ids of rooms

void directory_machine::route(const command_received& m, chat::room_bind x) {
  if (!is_own_room_id(x.as)) return fail(m, {fault_code::invalid_identifier, std::string{"as: "} + no_own_room_id});
  if (!know_room(m, x.room)) return;
  if (const auto* room = names_.find(x.as); room && *room != x.room)
    return fail(m, {fault_code::already_exists, "as: " + x.as + " is bound to " + *room});
  if (const auto* made = names_.under_way(x.as); made && made->room_id != x.room)
    return fail(m, {fault_code::already_exists, "as: " + x.as + " is being given to another room"});
  names_.bind(x.room, x.as);
  done(m, chat::empty_answer{}, true);
}

void directory_machine::claim_alias_of_new(const room_named& m) {
  const auto* made = names_.begun(m);
  if (made && !made->alias.empty()) aliases_.claim("#" + made->alias + ":" + node_.server_name, m.room_id);
}

} // namespace causeway::directory
