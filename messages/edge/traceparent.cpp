#include "messages/edge/traceparent.hpp"

namespace causeway::edge {

namespace {

constexpr std::size_t trace_id_digits = 32, parent_id_digits = 16, first_version_bytes = 55;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

} // namespace

std::optional<outer_trace> read_traceparent(std::string_view text) {
  if (text.size() < first_version_bytes || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = text.substr(0, 2), trace = text.substr(3, trace_id_digits),
             parent = text.substr(36, parent_id_digits), flags = text.substr(53, 2);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(flags))
    return std::nullopt;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return std::nullopt;
  if (version == "00" ? text.size() != first_version_bytes
                      : text.size() > first_version_bytes && text[first_version_bytes] != '-')
    return std::nullopt;
  return outer_trace{std::string{trace}, std::string{flags}};
}

std::string traceparent_of(const outer_trace& of, trace_id ours) {
  return "00-" + of.trace_id + "-" + trace_text(ours) + "-" + of.flags;
}

} // namespace causeway::edge
