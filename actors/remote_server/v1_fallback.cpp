#include "actors/remote_server/v1_fallback.hpp"

namespace causeway::remote_server {
namespace {

using matrix::endpoint;

} // namespace

bool has_v1_fallback(const peer_request& m) {
  return m.endpoint == endpoint::send_join_v2 || m.endpoint == endpoint::send_leave_v2 ||
         m.endpoint == endpoint::invite_v2;
}

bool is_unknown_endpoint(const gateway::http_answer& a) {
  if (a.status != 404 && a.status != 405 && a.status != 400) return false;
  auto body = matrix::json::parse(a.body);
  const auto* errcode = body ? body->find_string("errcode") : nullptr;
  return errcode ? *errcode == "M_UNRECOGNIZED" : a.status != 400;
}

std::optional<peer_request> in_v1_fallback(const peer_request& m) {
  auto old = m;
  if (m.endpoint == endpoint::send_join_v2) {
    old.endpoint = endpoint::send_join_v1;
  } else if (m.endpoint == endpoint::send_leave_v2) {
    old.endpoint = endpoint::send_leave_v1;
  } else {
    auto body = matrix::json::parse(m.body);
    const auto* version = body ? body->find_string("room_version") : nullptr;
    const auto* event = body ? body->find_object("event") : nullptr;
    if (!version || !event || (*version != "1" && *version != "2")) return {};
    auto whole = *event;
    matrix::json::object more;
    if (const auto* told = whole.find("unsigned"); told && told->as_object()) more = *told->as_object();
    if (const auto* state = body->find("invite_room_state")) more.set("invite_room_state", *state);
    whole.set("unsigned", std::move(more));
    old.endpoint = endpoint::invite_v1;
    old.body = matrix::json::canonical(whole);
  }
  return old;
}

void take_out_of_v1_fallback(gateway::http_answer& a) {
  if (a.status != 200) return;
  // By text: the answer to a join is large, and who asked parses it anyway.
  const std::string_view text = a.body;
  const auto first = text.find('{'), last = text.rfind('}');
  if (first == std::string_view::npos || last == std::string_view::npos || last < first) return;
  auto before = std::string{text.substr(0, first)}, after = std::string{text.substr(last + 1)};
  const auto blank = [](char x) { return x == ' ' || x == '\n' || x == '\r' || x == '\t'; };
  std::erase_if(before, blank);
  std::erase_if(after, blank);
  if (before == "[200," && after == "]") a.body = a.body.substr(first, last - first + 1);
}

} // namespace causeway::remote_server
