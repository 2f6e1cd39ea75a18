#include "messages/chat/commands.hpp"

#include "messages/put_alternative.hpp"
#include "messages/replace.hpp"

#include <utility>

namespace causeway::chat {

command::command() noexcept = default;
command::command(const command&) = default;
command::command(command&&) noexcept = default;
command& command::operator=(const command& x) { return replace(*this, command{x}); }
command& command::operator=(command&& x) noexcept { return replace(*this, std::move(x)); }
command::~command() = default;
command::command(std::size_t place, void* alternative) noexcept { put_alternative<content>(*this, place, alternative); }

} // namespace causeway::chat
