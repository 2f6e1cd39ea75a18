#pragma once
#include "messages/matrix/event.hpp"

#include <string>
#include <string_view>

namespace causeway::room {

/// Value of a text in the content of an event; empty: there is none, or it is no text.
inline std::string text_of(const matrix::event& x, std::string_view key) {
  const auto* v = x.content().find(key);
  return v && v->as_string() ? *v->as_string() : std::string{};
}

} // namespace causeway::room
