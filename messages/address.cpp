#include "messages/address.hpp"

namespace causeway {

std::string_view name(actor_kind kind) {
  switch (kind) {
  case actor_kind::room: return "room";
  case actor_kind::remote_server: return "remote_server";
  case actor_kind::invitation: return "invitation";
  case actor_kind::session: return "session";
  case actor_kind::directory: return "directory";
  case actor_kind::verifier: return "verifier";
  case actor_kind::store: return "store";
  case actor_kind::gateway: return "gateway";
  case actor_kind::edge: return "edge";
  case actor_kind::inspector: return "inspector";
  case actor_kind::media: return "media";
  case actor_kind::receipts: return "receipts";
  case actor_kind::node: return "node";
  }
  return "unknown";
}

std::string to_string(const address& x) {
  std::string text{name(x.kind)};
  if (!x.key.empty()) text += "/" + x.key;
  return text;
}

} // namespace causeway
