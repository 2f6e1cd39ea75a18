#include "messages/matrix/receipts.hpp"

#include "messages/matrix/identifiers.hpp"

#include <utility>

namespace causeway::matrix {
namespace {

/// `{"content":{},"edu_type":"m.receipt"}`
constexpr std::size_t envelope_bytes = 40;
/// What surrounds a room: `"":{"m.read":{}},`
constexpr std::size_t room_bytes = 20;

std::string json_text(std::string_view text) {
  std::string out;
  json::write_string(out, text);
  return out;
}

/// What a user's entry says; false: it is malformed.
bool read_entry(const json::value& entry, receipt& into) {
  const auto* events = entry.find_array("event_ids");
  const auto* data = entry.find("data");
  const auto* ts = data ? data->find_integer("ts") : nullptr;
  if (!events || events->empty() || !ts) return false;
  const auto* event_id = events->back().as_string();
  if (!event_id || !is_event_id(*event_id)) return false;
  into.thread_id.clear();
  if (const auto* thread = data->find("thread_id"); thread && !thread->is_null()) {
    const auto* id = thread->as_string();
    if (!id || (*id != "main" && !is_event_id(*id))) return false;
    into.thread_id = *id;
  }
  into.event_id = *event_id;
  into.ts = *ts;
  return true;
}

} // namespace

std::vector<receipt> receipts_of(const json::object& content, std::string_view origin) {
  std::vector<receipt> found;
  std::size_t seen = 0;
  for (const auto& room : content) {
    const auto* users = is_room_id(room.key) ? room.mapped.find_object("m.read") : nullptr;
    if (!users) continue;
    for (const auto& user : *users) {
      if (++seen > receipts_per_edu_max) return found;
      receipt x;
      if (!is_user_id(user.key) || server_name_of(user.key) != origin || !read_entry(user.mapped, x)) continue;
      x.room_id = room.key;
      x.user_id = user.key;
      found.push_back(std::move(x));
    }
  }
  return found;
}

bool receipt_content::add(const receipt& x) {
  const auto room = rooms_.find(x.room_id);
  if (room != rooms_.end() && room->second.contains(x.user_id)) return false;
  std::string entry = "{\"data\":{";
  if (!x.thread_id.empty()) entry += "\"thread_id\":" + json_text(x.thread_id) + ",";
  entry += "\"ts\":" + std::to_string(x.ts) + "},\"event_ids\":[" + json_text(x.event_id) + "]}";
  auto bytes = bytes_ + entry.size() + json_text(x.user_id).size() + 2;
  if (bytes_ == 0) bytes += envelope_bytes;
  if (room == rooms_.end()) bytes += json_text(x.room_id).size() + room_bytes;
  if (bytes > receipt_edu_bytes_max) return false;
  bytes_ = bytes;
  rooms_[x.room_id].emplace(x.user_id, std::move(entry));
  return true;
}

std::string receipt_content::text() const {
  std::string out = "{";
  for (const auto& [room, users] : rooms_) {
    if (out.size() > 1) out += ',';
    out += json_text(room) + ":{\"m.read\":{";
    bool is_first = true;
    for (const auto& [user, entry] : users) {
      if (!std::exchange(is_first, false)) out += ',';
      out += json_text(user) + ":" + entry;
    }
    out += "}}";
  }
  return out += '}';
}

} // namespace causeway::matrix
