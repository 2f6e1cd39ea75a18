#include "plugin/admin/unpacked_json.hpp"

#include "messages/edge/packing.hpp"
#include "plugin/admin/rows.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

/// Fields whose texts are names (rooms, messages, users, servers) or words of the contract. All others may hold what
/// somebody has written.
constexpr std::array<std::string_view, 18> shown_fields = {
  "room", "matrix_room_id", "message", "event_id", "reply_to", "thread", "sender", "user", "actor",
  "by",   "inviter",        "server",  "kind",     "type",     "state",  "event",  "id",   "code"};

json::value outline_of_text(std::string_view key, std::string_view text) {
  if (std::find(shown_fields.begin(), shown_fields.end(), key) != shown_fields.end())
    return detail::to_value(std::string{text});
  return "(" + std::to_string(text.size()) + " bytes)";
}

/// As deep as edge::unpacked_map has let it be.
/// @param key  of the field it is in
json::value value_of(std::string_view key, const msgpack::object& x) {
  switch (x.type) {
  case msgpack::type::BOOLEAN: return x.via.boolean;
  case msgpack::type::POSITIVE_INTEGER:
    return x.via.u64 <= static_cast<std::uint64_t>(INT64_MAX) ? json::value{static_cast<std::int64_t>(x.via.u64)}
                                                              : json::value{std::to_string(x.via.u64)};
  case msgpack::type::NEGATIVE_INTEGER: return x.via.i64;
  case msgpack::type::FLOAT32:
  case msgpack::type::FLOAT64: return std::to_string(x.via.f64);
  case msgpack::type::STR: return outline_of_text(key, {x.via.str.ptr, x.via.str.size});
  case msgpack::type::BIN: return outline_of_text({}, {x.via.bin.ptr, x.via.bin.size});
  case msgpack::type::ARRAY: {
    json::array out;
    for (const auto& one : std::span{x.via.array.ptr, x.via.array.size}) out.push_back(value_of(key, one));
    return out;
  }
  case msgpack::type::MAP: {
    json::object out;
    for (const auto& [name, mapped] : std::span{x.via.map.ptr, x.via.map.size}) {
      if (name.type != msgpack::type::STR) continue;
      const std::string_view text{name.via.str.ptr, name.via.str.size};
      out.set(text, value_of(text, mapped));
    }
    return out;
  }
  default: return nullptr;
  }
}

} // namespace

result<json::object> outline_of_msgpack(std::string_view bytes) {
  const auto map = edge::unpacked_map::parse(bytes, fault_code::bad_body);
  if (!map) return map.error();
  auto whole = value_of({}, map->root());
  if (auto* object = whole.as_object()) return std::move(*object);
  return {fault_code::bad_body, "it is no map"};
}

} // namespace causeway::admin
