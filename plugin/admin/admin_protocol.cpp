#include "plugin/admin/admin_protocol.hpp"

#include "messages/edge/packing.hpp"
#include "messages/matrix/json.hpp"

#include <type_traits>
#include <utility>

namespace causeway::admin {

std::optional<edge::broken_rule> arguments::broken() const {
  if (limit < 1 || limit > 100'000) return {{"limit", "must lie in 1..100000", fault_code::invalid_param}};
  if (count < 1 || count > trace_count_max) return {{"count", "must lie in 1..1000", fault_code::invalid_param}};
  if (every < 1 || every > trace_every_max) return {{"every", "must lie in 1..10000", fault_code::invalid_param}};
  if (seconds < 1 || seconds > trace_seconds_max) return {{"seconds", "must lie in 1..60", fault_code::invalid_param}};
  return {};
}

result<arguments> decode_arguments(const command_info& command, std::string_view body) {
  auto x = edge::unpack<arguments>(body, fault_code::bad_body);
  if (!x) return x;
  auto missing = [&](std::string_view key, const std::string& text) {
    return command.required.find(key) != std::string_view::npos && text.empty();
  };
  for (auto [key, text] : {std::pair<std::string_view, const std::string*>{"room", &x->room},
                           {"user", &x->user},
                           {"server", &x->server},
                           {"letter", &x->letter},
                           {"event", &x->event},
                           {"kind", &x->kind}})
    if (missing(key, *text))
      return fault{fault_code::bad_body, std::string{command.name} + " needs " + std::string{key}};
  if (command.changes && x->reason.find_first_not_of(" \t\r\n") == std::string::npos)
    return fault{fault_code::bad_body,
                 std::string{command.name} + " needs reason: say why (--reason TEXT); it is kept in the audit"};
  return x;
}

namespace {

/// Gathers what differs from the default.
struct given {
  matrix::json::object out;
  template <class T>
  void optional(std::string_view name, const T& x, std::string_view = {}, const edge::field& = {}) {
    if (name == "reason" || name == "by") return;
    if constexpr (std::is_same_v<T, std::string>) {
      if (!x.empty()) out.set(name, x);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (x) out.set(name, x);
    }
  }
};

} // namespace

std::string given_arguments(const arguments& x) {
  given f;
  arguments::fields(f, x);
  return matrix::json::canonical(f.out);
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
