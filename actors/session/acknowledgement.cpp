#include "actors/session/acknowledgement.hpp"

#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"

#include <optional>

namespace causeway {
namespace {

struct acknowledgement_body {
  std::optional<session::acknowledgement> bind;
};

} // namespace

template <>
struct edge::contract<session::acknowledgement> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("rooms", x.rooms, limits::identifier_bytes_max);
    f.optional("messages", x.messages, limits::identifier_bytes_max);
  }
};
template <>
struct edge::contract<acknowledgement_body> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional("bind", x.bind);
  }
};

namespace session {
namespace {

status check(const std::map<std::string, std::string>& bindings, char sigil, const char* key) {
  if (bindings.size() > bindings_max) return {fault_code::too_large, std::string{"bind."} + key + " has too many entries"};
  for (const auto& [matrix_id, chat_id] : bindings) {
    if (matrix_id.empty() || matrix_id.front() != sigil)
      return {fault_code::bad_body, std::string{"bind."} + key + " has a key that does not begin with " + sigil};
    if (chat_id.empty()) return {fault_code::bad_body, std::string{"bind."} + key + " has an empty id"};
  }
  return ok();
}

} // namespace

result<acknowledgement> decode_acknowledgement(std::string_view body) {
  if (body.empty()) return acknowledgement{};
  auto x = edge::unpack<acknowledgement_body>(body, fault_code::bad_body);
  if (!x) return x.error();
  if (!x->bind) return acknowledgement{};
  if (const auto rooms = check(x->bind->rooms, '!', "rooms"); !rooms) return rooms.error();
  if (const auto messages = check(x->bind->messages, '$', "messages"); !messages) return messages.error();
  return std::move(*x->bind);
}

void name_event(const store::outbox_row& row, outbox_stream::sent_row& sent) {
  const auto map = edge::unpacked_map::parse(row.body, fault_code::internal);
  if (!map) return;
  const auto text = [&](std::string_view key) -> std::string_view {
    const auto* found = map->find(key);
    if (found == nullptr || found->type != msgpack::type::STR) return {};
    return {found->via.str.ptr, found->via.str.size};
  };
  const auto event_id = text("event_id"), room_id = text("matrix_room_id");
  if (event_id.empty() || room_id.empty()) return;
  sent.event_id = event_id;
  sent.room_id = room_id;
}

} // namespace session
} // namespace causeway
