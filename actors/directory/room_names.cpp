#include "actors/directory/room_names.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {

void room_names::load(const store::directory_loaded::room& r, bool is_succeeded) {
  if (is_succeeded) refounded_as_[r.room_id] = r.refounded_as;
  if (r.chat_room_id.empty()) return;
  if (!is_succeeded) room_by_chat_id_[r.chat_room_id] = r.room_id;
  chat_id_by_room_[r.room_id] = r.chat_room_id;
}

const room_names::creation* room_names::under_way(const std::string& chat_room_id) const {
  const auto it = creating_.find(chat_room_id);
  return it != creating_.end() && out_.now() - it->second.since < creating_ms_max ? &it->second : nullptr;
}

result<std::string> room_names::resolve(const std::string& named) const {
  if (named.empty()) return {fault_code::bad_body, "room: is empty"};
  if (named.front() == '!') {
    if (!matrix::is_room_id(named)) return {fault_code::invalid_identifier, "room: " + named + " is no room id"};
    const auto* room = &named;
    for (auto next = refounded_as_.find(*room); next != refounded_as_.end(); next = refounded_as_.find(*room))
      room = &next->second;
    return *room;
  }
  auto it = room_by_chat_id_.find(named);
  // A command may follow room.create at once: the room's actor takes them in order.
  if (const auto* made = under_way(named); it == room_by_chat_id_.end() && made) return made->room_id;
  if (it == room_by_chat_id_.end()) return {fault_code::not_found, "room: " + named + " is not known to the broker"};
  return it->second;
}

const std::string* room_names::find(const std::string& chat_room_id) const {
  const auto it = room_by_chat_id_.find(chat_room_id);
  return it == room_by_chat_id_.end() ? nullptr : &it->second;
}

const std::string* room_names::chat_id_of(const std::string& room_id) const {
  const auto it = chat_id_by_room_.find(room_id);
  return it == chat_id_by_room_.end() ? nullptr : &it->second;
}

bool room_names::is_being_given(const std::string& alias) const {
  return std::any_of(creating_.begin(), creating_.end(), [&](const auto& c) {
    return c.second.alias == alias && out_.now() - c.second.since < creating_ms_max;
  });
}

const room_names::creation* room_names::begun(const room_named& m) const {
  const auto it = creating_.find(m.chat_room_id);
  return it != creating_.end() && it->second.room_id == m.room_id ? &it->second : nullptr;
}

void room_names::bind(const std::string& room_id, const std::string& chat_room_id) {
  out_.write(store::bind_room{room_id, chat_room_id});
  name({room_id, chat_room_id, {}});
}

void room_names::name(const room_named& m) {
  creating_.erase(m.chat_room_id);
  if (m.chat_room_id.empty() || refounded_as_.contains(m.room_id)) return;
  if (auto it = room_by_chat_id_.find(m.chat_room_id); it != room_by_chat_id_.end() && it->second != m.room_id) {
    if (m.former.empty() || it->second != m.former) {
      out_.log(log_level::warning, "A801 chat room id already bound to another room",
               {{"room", m.chat_room_id}, {"bound_to", it->second}, {"wanted", m.room_id}});
      return;
    }
    chat_id_by_room_.erase(m.former);
    room_by_chat_id_.erase(it);
  }
  auto& known = chat_id_by_room_[m.room_id];
  const bool news = known != m.chat_room_id;
  // As on disk: a room has one id.
  if (news && !known.empty()) room_by_chat_id_.erase(known);
  known = m.chat_room_id;
  room_by_chat_id_[m.chat_room_id] = m.room_id;
  if (news) out_.send_at_once({actor_kind::room, m.room_id}, m); // it keeps the name on disk
}

void room_names::succeed(const room_succeeded& m) {
  creating_.erase(m.chat_room_id);
  refounded_as_[m.room_id] = m.successor;
  if (!m.chat_room_id.empty()) {
    room_by_chat_id_[m.chat_room_id] = m.successor;
    chat_id_by_room_[m.successor] = m.chat_room_id;
  }
  out_.send_at_once({actor_kind::room, m.room_id}, m); // behind all that was sent there
}

} // namespace causeway::directory
