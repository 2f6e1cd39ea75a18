#include "plugin/admin/gathering.hpp"

#include <utility>

namespace causeway::admin {

fault findings::why_not(std::string_view part) const {
  auto at = answers.find(part);
  if (at == answers.end()) return {fault_code::timed_out, "the store did not answer in time"};
  if (const auto* why = std::get_if<fault>(&at->second)) return *why;
  return {fault_code::internal, "the store gave another answer than asked for (" + std::string{part} + ")"};
}

template <class Change>
void gathering::take(Change change) {
  std::unique_lock lock{mutex_};
  if (!done_) return;
  change(found_);
  if (--missing_ > 0) return;
  auto done = std::exchange(done_, nullptr);
  auto found = std::move(found_);
  lock.unlock();
  done(std::move(found));
}

void gathering::answered(const std::string& part, store::answer x) {
  take([&](findings& found) { found.answers.insert_or_assign(part, std::move(x)); });
}

void gathering::status_response(std::string json) {
  take([&](findings& found) { found.status = std::move(json); });
}

void gathering::actors_listed(std::vector<actor_row> rows) {
  take([&](findings& found) { found.actors = std::move(rows); });
}

void gathering::actors_in_order(result<actors_ranked> x) {
  take([&](findings& found) { found.ranked = std::move(x); });
}

void gathering::probed(probe::report x) {
  take([&](findings& found) { found.probed = std::move(x); });
}

void gathering::peer_answered(const std::string& part, peer_answer x) {
  take([&](findings& found) { found.peers.insert_or_assign(part, std::move(x)); });
}

void gathering::pdus_taken(const std::string& part, pdus_handled x) {
  take([&](findings& found) { found.handled.insert_or_assign(part, std::move(x)); });
}

void gathering::expire(std::int64_t now_ms) {
  std::unique_lock lock{mutex_};
  // A deadline further ahead than any can be: the clock was set back meanwhile.
  if (!done_ || (now_ms < deadline_ms_ && deadline_ms_ - now_ms <= timeout_ms_)) return;
  auto done = std::exchange(done_, nullptr);
  auto found = std::move(found_);
  lock.unlock();
  done(std::move(found));
}

bool gathering::finished() const {
  std::lock_guard lock{mutex_};
  return !done_;
}

} // namespace causeway::admin
