#pragma once
#include "messages/trace.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace causeway::edge {

/// A trace that the chat server's side has begun: what we hand on of a W3C `traceparent`.
/// Spec: https://www.w3.org/TR/trace-context/, "Traceparent Header".
struct outer_trace {
  std::string trace_id; ///< 32 hexadecimal digits
  std::string flags;    ///< 2 of them
};

/// `version-trace_id-parent_id-flags`. Of a later version what this one knows.
/// @returns nothing where it is malformed: whoever gets such a one goes on as without
std::optional<outer_trace> read_traceparent(std::string_view text);

/// The same trace, with ours as the parent of what follows: log lines have it under `trace`.
std::string traceparent_of(const outer_trace& of, trace_id ours);

} // namespace causeway::edge
