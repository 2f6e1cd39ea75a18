#include "messages/trace.hpp"

namespace causeway {

std::string trace_text(trace_id x) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (auto at = text.rbegin(); x != 0; ++at, x >>= 4) *at = digits[x & 15];
  return text;
}

} // namespace causeway
