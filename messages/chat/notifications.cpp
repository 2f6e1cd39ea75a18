#include "messages/chat/notifications.hpp"

#include "messages/put_alternative.hpp"
#include "messages/replace.hpp"

#include <utility>

namespace causeway::chat {

notification::notification() noexcept = default;
notification::notification(const notification&) = default;
notification::notification(notification&&) noexcept = default;
notification& notification::operator=(const notification& x) { return replace(*this, notification{x}); }
notification& notification::operator=(notification&& x) noexcept { return replace(*this, std::move(x)); }
notification::~notification() = default;
notification::notification(std::size_t place, void* alternative) noexcept {
  put_alternative<content>(*this, place, alternative);
}

answer::answer() noexcept = default;
answer::answer(const answer&) = default;
answer::answer(answer&&) noexcept = default;
answer& answer::operator=(const answer& x) { return replace(*this, answer{x}); }
answer& answer::operator=(answer&& x) noexcept { return replace(*this, std::move(x)); }
answer::~answer() = default;
answer::answer(std::size_t place, void* alternative) noexcept { put_alternative<content>(*this, place, alternative); }

} // namespace causeway::chat
