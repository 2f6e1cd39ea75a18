#include "actors/remote_server/error_ring.hpp"

#include "actors/excerpt.hpp"

#include <algorithm>
#include <utility>

namespace causeway::remote_server {

void error_ring::add(time_ms at, std::string_view phase, std::string_view text) {
  ring_[count_++ % kept_max] = {at, phase, excerpt(text, text_bytes_max)};
}

matrix::json::array error_ring::listed() const {
  matrix::json::array out;
  const auto kept = std::min(count_, kept_max);
  for (std::size_t i = 1; i <= kept; ++i) {
    const auto& x = ring_[(count_ - i) % kept_max];
    out.emplace_back(matrix::json::object{{"ts", matrix::json::value{x.ts}},
                                          {"phase", matrix::json::value{std::string{x.phase}}},
                                          {"text", matrix::json::value{x.text}}});
  }
  return out;
}

} // namespace causeway::remote_server
