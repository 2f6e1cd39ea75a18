#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace causeway {

/// Kinds of actors; the name is what the inspector prints.
enum class actor_kind : std::uint8_t {
  room,
  remote_server,
  invitation,
  session,
  directory,
  verifier,
  store,
  gateway,
  edge,
  inspector,
  media,
  receipts,
  node
};
inline constexpr std::size_t actor_kinds = static_cast<std::size_t>(actor_kind::node) + 1;
std::string_view name(actor_kind kind);

/// Whom a message is for: a kind and, where there are many, which one: room id, server name, `room_id|user_id`, peer
/// name.
struct address {
  actor_kind kind = actor_kind::directory;
  std::string key;
  auto operator<=>(const address&) const = default;

  static void fields(auto& f, auto& x) {
    f.required("kind", x.kind);
    f.required("key", x.key);
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, address& x) {
  return f(x.kind, x.key);
}
std::string to_string(const address& x);

/// Names one question of one asker; unique within the asker. 0: no answer wanted.
using token = std::uint64_t;

} // namespace causeway
