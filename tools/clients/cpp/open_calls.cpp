#include "open_calls.hpp"

#include <utility>

namespace causeway::client {
namespace {

/// Commands that may wait here; one more is refused at once.
constexpr std::size_t commands_max = 10'000;
/// A command refused for want of room is repeated after this.
constexpr std::chrono::milliseconds busy_interval{100};

bool is_short_of_room(fault_code code) {
  return code == fault_code::credit_exceeded || code == fault_code::overloaded || code == fault_code::stopping;
}

} // namespace

void open_calls::begin(const std::string& id, const std::shared_ptr<call>& x) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) return found->second.all.push_back(x);
  if (calls_.size() >= commands_max) {
    const std::lock_guard lock{shared_.mutex};
    x->answer = fault{fault_code::overloaded, std::to_string(commands_max) + " commands wait for the broker"};
    shared_.changed.notify_all();
    return;
  }
  calls_.emplace(id, same_calls{++last_number_, {x}});
  waiting_.emplace(last_number_, id);
  send();
}

void open_calls::leave(const std::string& id, const std::shared_ptr<call>& x) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || std::erase(found->second.all, x) == 0 || !found->second.all.empty()) return;
  end(id, fault{fault_code::timed_out, {}});
}

void open_calls::send() {
  is_blocked_ = false;
  if (!is_connected_ || is_busy_) return;
  while (!waiting_.empty()) {
    const auto first = waiting_.begin();
    const auto& x = *calls_.at(first->second).all.front();
    if (sent_.size() >= credit_.messages) return;
    if (sent_bytes_ + x.weight > credit_.bytes && !sent_.empty()) return;
    // One that is not taken stays here, so that none overtakes it, and it is not sent at all when nobody waits for it
    // any more.
    if (!hand_over_(x)) {
      is_blocked_ = true;
      return;
    }
    sent_.emplace(first->second, x.weight);
    sent_bytes_ += x.weight;
    waiting_.erase(first);
  }
}

void open_calls::answered(const std::string& id, const result<std::string>& answer) {
  if (answer || !is_short_of_room(answer.error().code)) return end(id, answer);
  not_sent(id);
  if (const auto again = calls_.find(id); again != calls_.end()) waiting_.emplace(again->second.number, id);
  is_busy_ = true;
  busy_until_ = std::chrono::steady_clock::now() + busy_interval;
}

void open_calls::not_sent(const std::string& id) {
  if (const auto found = sent_.find(id); found != sent_.end()) {
    sent_bytes_ -= found->second;
    sent_.erase(found);
  }
}

void open_calls::end(const std::string& id, const result<std::string>& answer) {
  not_sent(id);
  const auto found = calls_.find(id);
  if (found != calls_.end()) {
    waiting_.erase(found->second.number);
    const std::lock_guard lock{shared_.mutex};
    for (const auto& each : found->second.all) each->answer = answer;
    calls_.erase(found);
    shared_.changed.notify_all();
  }
  send();
}

void open_calls::end_all(const fault& why) {
  for (const auto& [id, same] : calls_)
    for (const auto& each : same.all) each->answer = why;
}

void open_calls::connected(const edge::credit_grant& credit) {
  is_connected_ = true;
  credit_ = credit;
  sent_.clear();
  sent_bytes_ = 0;
  waiting_.clear(); // all of them are sent again
  for (const auto& [id, same] : calls_) waiting_.emplace(same.number, id);
  is_busy_ = false;
}

void open_calls::disconnected() {
  is_connected_ = false;
  is_blocked_ = false;
}

void open_calls::on_tick(std::chrono::steady_clock::time_point now) {
  if (!is_busy_ || now < busy_until_) return;
  is_busy_ = false;
  send();
}

std::string open_calls::name_of(const std::string& id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() || found->second.all.empty() ? std::string{} : found->second.all.front()->name;
}

} // namespace causeway::client
