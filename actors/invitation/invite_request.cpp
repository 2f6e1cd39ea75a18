#include "actors/invitation/invite_request.hpp"

#include "messages/limits.hpp"

namespace causeway::invitation {
namespace {

using matrix::json::object;

/// The signature of the invited server: its name, a key id, 86 bytes of base64 and what stands around them; and of a
/// policy server.
constexpr std::size_t further_signatures_bytes = 2 * (2 * limits::identifier_bytes_max + 86 + 16);

object stripped(const matrix::json::value& event) {
  object out;
  for (const auto* key : {"content", "sender", "state_key", "type"})
    if (const auto* x = event.as_object() ? event.as_object()->find(key) : nullptr) out.set(key, *x);
  return out;
}

} // namespace

std::string invite_request_body(const matrix::event& invite, std::string_view room_version,
                                const std::string& invite_room_state) {
  const auto& state = invite_room_state.empty() ? std::string{"[]"} : invite_room_state;
  matrix::json::array fitting;
  auto bytes = invite.to_json().size() + further_signatures_bytes +
               std::string_view{R"(,"unsigned":{"invite_room_state":[]})"}.size();
  const auto list = matrix::json::parse(state);
  if (const auto* events = list ? list->as_array() : nullptr)
    for (const auto& e : *events) {
      auto entry = stripped(e);
      const auto more = matrix::json::canonical(entry).size() + 1;
      if (bytes + more > limits::event_bytes_max) continue;
      bytes += more;
      fitting.emplace_back(std::move(entry));
    }
  auto event = invite.source;
  event.set("unsigned", object{{"invite_room_state", std::move(fitting)}});
  return "{\"event\":" + matrix::json::canonical(event) + ",\"invite_room_state\":" + state + ",\"room_version\":\"" +
         std::string{room_version} + "\"}";
}

} // namespace causeway::invitation
