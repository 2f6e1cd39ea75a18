#include "plugin/store/lease.hpp"

#include <ctime>
#include <utility>

namespace causeway::store {

std::int64_t boot_time_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

void lease::renewed(std::int64_t at_ms) {
  renewed_ms_ = at_ms;
  const std::lock_guard guard(mutex_);
  if (told_) told_();
}

void lease::lose(const std::string& why) {
  if (!is_lost_.exchange(true) && on_lost_) on_lost_(why);
}

void lease::tell_renewals(std::function<void()> told) {
  const std::lock_guard guard(mutex_);
  told_ = std::move(told);
}

} // namespace causeway::store
