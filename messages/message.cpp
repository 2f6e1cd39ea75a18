#include "messages/message.hpp"

namespace causeway {

message::message() noexcept = default;
message::message(const message&) = default;
message::message(message&&) noexcept = default;
message& message::operator=(const message&) = default;
message& message::operator=(message&&) noexcept = default;
message::~message() = default;

} // namespace causeway
