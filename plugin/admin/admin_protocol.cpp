#include "plugin/admin/admin_protocol.hpp"

#include "messages/edge/packing.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <array>

namespace causeway::admin {

std::optional<edge::broken_rule> arguments::broken() const {
  if (limit < 1 || limit > 100'000) return {{"limit", "must lie in 1..100000", fault_code::invalid_param}};
  return {};
}

std::span<const command_info> commands() {
  static constexpr std::array<command_info, 10> all = {{
    {"rooms", false, "", "All rooms, those that wait for something first."},
    {"room.show", false, "room", "One room: members, head of the graph, invitations, servers, what waits."},
    {"servers", false, "", "All other servers we owe or owed something, the latest first."},
    {"server.show", false, "server",
     "One server: queue, transaction in flight, back-off, keys, and why its messages wait."},
    {"server.retry", true, "server", "Ends the back-off of a server: the next attempt is made now."},
    {"invites", false, "", "Open invitations; with `all` also those that are over."},
    {"invite.show", false, "room user", "One invitation and what it waits for."},
    {"status", false, "", "What is wrong with the broker as a whole."},
    {"actors", false, "", "Actors in memory, those in trouble first."},
    {"keys", false, "", "Our verify key; with `server` the known keys of that server."},
  }};
  return all;
}

const command_info* find_command(std::string_view name) {
  auto all = commands();
  auto at = std::find_if(all.begin(), all.end(), [name](const command_info& x) { return x.name == name; });
  return at == all.end() ? nullptr : &*at;
}

result<arguments> decode_arguments(const command_info& command, std::string_view body) {
  auto x = edge::unpack<arguments>(body, fault_code::bad_body);
  if (!x) return x;
  auto missing = [&](std::string_view key, const std::string& text) {
    return command.required.find(key) != std::string_view::npos && text.empty();
  };
  for (auto [key, text] :
       {std::pair<std::string_view, const std::string*>{"room", &x->room}, {"user", &x->user}, {"server", &x->server}})
    if (missing(key, *text))
      return fault{fault_code::bad_body, std::string{command.name} + " needs " + std::string{key}};
  return x;
}

std::string encode_arguments(const arguments& x) { return edge::pack(x); }

std::string fault_json(const fault& x) {
  const auto& about = info(x.code);
  return matrix::json::canonical(matrix::json::object{
    {"code", matrix::json::value{about.name}},
    {"detail", matrix::json::value{x.detail}},
    {"message", matrix::json::value{to_string(x)}},
    {"retryable", matrix::json::value{about.retryable}},
    {"what_to_do", matrix::json::value{about.what_to_do}},
  });
}

} // namespace causeway::admin
