#include "actors/session/acknowledgement.hpp"

#include "messages/edge/packing.hpp"

#include <utility>

namespace causeway::session {
namespace {

status check(const std::map<std::string, std::string>& bindings, char sigil, const char* key) {
  if (bindings.size() > chat::bindings_max)
    return {fault_code::too_large, std::string{"bind."} + key + " has too many entries"};
  for (const auto& [matrix_id, chat_id] : bindings) {
    if (matrix_id.empty() || matrix_id.front() != sigil)
      return {fault_code::bad_body, std::string{"bind."} + key + " has a key that does not begin with " + sigil};
    if (chat_id.empty()) return {fault_code::bad_body, std::string{"bind."} + key + " has an empty id"};
  }
  return ok();
}

/// Picks two strings of the outermost map, and reads no further than these.
class id_finder : public msgpack::null_visitor {
public:
  std::string_view event_id, room_id;

  bool start_map(std::uint32_t) { return ++depth_, true; }
  bool end_map() { return --depth_, true; }
  bool start_array(std::uint32_t) { return ++depth_, true; }
  bool end_array() { return --depth_, true; }
  bool start_map_key() { return in_key_ = true; }
  bool end_map_key() { return in_key_ = false, true; }
  bool visit_str(const char* text, std::uint32_t size) {
    if (depth_ != 1) return true;
    const std::string_view found{text, size};
    if (in_key_) wanted_ = found == "event_id" ? &event_id : found == "matrix_room_id" ? &room_id : nullptr;
    else if (auto* into = std::exchange(wanted_, nullptr)) *into = found;
    return !has_both();
  }
  bool has_both() const { return !event_id.empty() && !room_id.empty(); }

private:
  std::size_t depth_ = 0;
  bool in_key_ = false;
  std::string_view* wanted_ = nullptr; ///< whose value comes next
};

} // namespace

result<acknowledgement> decode_acknowledgement(std::string_view body) {
  if (body.empty()) return acknowledgement{};
  auto x = edge::unpack<chat::acknowledgement>(body, fault_code::bad_body);
  if (!x) return x.error();
  if (!x->bind) return acknowledgement{};
  if (const auto rooms = check(x->bind->rooms, '!', "rooms"); !rooms) return rooms.error();
  if (const auto messages = check(x->bind->messages, '$', "messages"); !messages) return messages.error();
  return std::move(*x->bind);
}

void name_event(const store::outbox_row& row, outbox_stream::sent_row& sent) {
  // What the store gives back was encoded here: no bounds to check, and no tree of the whole body to build for two of
  // its strings.
  id_finder ids;
  static_cast<void>(msgpack::parse(row.body.data(), row.body.size(), ids)); // it says no where it was told to stop
  if (!ids.has_both()) return;
  sent.event_id = ids.event_id;
  sent.room_id = ids.room_id;
}

} // namespace causeway::session
