#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace causeway {

/// A text made short (zlib, quickly rather than well), to lie in memory while nobody reads it.
struct deflated {
  std::string bytes;
  std::size_t size = 0; ///< of the text
};
deflated deflate_text(std::string_view text);
/// @throws std::runtime_error  what `deflate_text` made of it is damaged
std::string inflate_text(const deflated& x);

} // namespace causeway
