#include "messages/message.hpp"

#include "messages/put_alternative.hpp"
#include "messages/replace.hpp"

#include <utility>

namespace causeway {

message::message() noexcept = default;
message::message(const message&) = default;
message::message(message&&) noexcept = default;
message& message::operator=(const message& x) { return replace(*this, message{x}); }
message& message::operator=(message&& x) noexcept { return replace(*this, std::move(x)); }
message::~message() = default;
message::message(std::size_t place, void* alternative) noexcept {
  put_alternative<message_content>(*this, place, alternative);
}

} // namespace causeway
