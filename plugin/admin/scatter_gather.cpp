#include "plugin/admin/scatter_gather.hpp"

#include <utility>

namespace causeway::admin {

fault query_results::why_not(std::string_view part) const {
  auto at = answers.find(part);
  if (at == answers.end()) return {fault_code::timed_out, "the store did not answer in time"};
  if (const auto* why = std::get_if<fault>(&at->second)) return *why;
  return {fault_code::internal, "the store gave another answer than asked for (" + std::string{part} + ")"};
}

template <class Change>
void scatter_gather::take(Change change) {
  std::unique_lock lock{mutex_};
  if (!done_) return;
  change(found_);
  if (--missing_ > 0) return;
  auto done = std::exchange(done_, nullptr);
  auto found = std::move(found_);
  lock.unlock();
  done(std::move(found));
}

void scatter_gather::answered(const std::string& part, store::answer x) {
  take([&](query_results& found) { found.answers.insert_or_assign(part, std::move(x)); });
}

void scatter_gather::status_response(std::string json) {
  take([&](query_results& found) { found.status = std::move(json); });
}

void scatter_gather::actors_listed(std::vector<actor_row> rows) {
  take([&](query_results& found) { found.actors = std::move(rows); });
}

void scatter_gather::actors_in_order(result<actors_ranked> x) {
  take([&](query_results& found) { found.ranked = std::move(x); });
}

void scatter_gather::probed(probe::report x) {
  take([&](query_results& found) { found.probed = std::move(x); });
}

void scatter_gather::peer_answered(const std::string& part, peer_answer x) {
  take([&](query_results& found) { found.peers.insert_or_assign(part, std::move(x)); });
}

void scatter_gather::pdus_taken(const std::string& part, pdus_handled x) {
  take([&](query_results& found) { found.handled.insert_or_assign(part, std::move(x)); });
}

void scatter_gather::expire(std::int64_t now_ms) {
  std::unique_lock lock{mutex_};
  // A deadline further ahead than any can be: the clock was set back meanwhile.
  if (!done_ || (now_ms < deadline_ms_ && deadline_ms_ - now_ms <= timeout_ms_)) return;
  auto done = std::exchange(done_, nullptr);
  auto found = std::move(found_);
  lock.unlock();
  done(std::move(found));
}

bool scatter_gather::finished() const {
  std::lock_guard lock{mutex_};
  return !done_;
}

} // namespace causeway::admin
