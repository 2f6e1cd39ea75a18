#pragma once
#include <string>

namespace causeway::chat {

/// A fault on the wire. The peer needs no table of its own to act on it.
struct fault_body {
  static constexpr const char* name = "fault";
  std::string code, message, detail;
  bool retryable = false;

  static void fields(auto& f, auto& x) {
    f.required("code", x.code, "Stable word; see *Faults*.");
    f.required("message", x.message, "What to do.");
    f.required("detail", x.detail, "Which field, rule or bound; what the other server said.");
    f.required("retryable", x.retryable, "The same command, under the same id, may succeed later.");
  }
};

} // namespace causeway::chat
