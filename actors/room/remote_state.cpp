#include "actors/room/remote_state.hpp"

#include "actors/room/citations.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace causeway::room {
namespace {

/// Matrix's largest rooms have some 100,000 members; an event takes a few KiB of memory.
constexpr std::size_t events_max = 400'000;
constexpr std::size_t part_max = 2'000;

} // namespace

result<matrix::json::object> remote_state::read(std::string_view body, std::string_view state_key,
                                                std::string_view room_id, const matrix::room_version_rules& rules,
                                                const std::function<bool(const std::string& event_id)>& known) {
  *this = {};
  std::vector<matrix::event_ptr> chain;
  std::unordered_map<std::string, std::size_t> in_chain;
  std::unordered_set<std::string> in_state;
  auto rest = matrix::json::parse_streamed(
    body, {state_key, "auth_chain"}, [&](std::string_view list, matrix::json::value&& item) {
      auto* pdu = item.as_object();
      if (!pdu) return true;
      auto x = matrix::take_event(*pdu, rules, matrix::count_policy::unbounded);
      if (!x || (*x)->room_id != room_id) return true;
      const auto& id = (*x)->event_id;
      if (known && known(id)) {
        if (list == state_key && known_state_.size() < events_max) known_state_.push_back(id);
      } else if (list == state_key) {
        if (!(*x)->is_state() || !in_state.insert(id).second) return true;
        events_.push_back(*x);
        if (auto it = in_chain.find(id); it != in_chain.end()) chain[it->second].reset(); // one list is enough
      } else if (!in_state.contains(id) && in_chain.emplace(id, chain.size()).second) {
        chain.push_back(*x);
      }
      return events_.size() + chain.size() <= events_max;
    });
  if (!rest) return rest;
  for (const auto key : {state_key, std::string_view{"auth_chain"}})
    if (const auto* list = rest->find(key); !list || !list->as_array())
      return {fault_code::bad_json, "no " + std::string{key}};
  std::erase(chain, nullptr);
  state_size_ = events_.size();
  events_.insert(events_.end(), std::make_move_iterator(chain.begin()), std::make_move_iterator(chain.end()));
  begin_verifying();
  return rest;
}

void remote_state::begin_verifying() {
  checks_.assign(events_.size(), event_check::no_key);
  open_.resize(events_.size());
  std::iota(open_.rbegin(), open_.rend(), std::size_t{0}); // taken from the back
}

void remote_state::keep_reached() {
  const auto first = events_.begin() + static_cast<std::ptrdiff_t>(state_size_);
  std::vector<std::string> cited;
  std::for_each(events_.begin(), first,
                [&](const auto& x) { cited.insert(cited.end(), x->auth_events.begin(), x->auth_events.end()); });
  auto chain = reached_by_auth(cited, {first, events_.end()});
  events_.erase(first, events_.end());
  events_.insert(events_.end(), std::make_move_iterator(chain.begin()), std::make_move_iterator(chain.end()));
  begin_verifying();
}

std::vector<matrix::event_ptr> remote_state::next_part() {
  asked_.clear();
  std::vector<matrix::event_ptr> part;
  while (!open_.empty() && part.size() < part_max) {
    asked_.push_back(open_.back());
    part.push_back(events_[open_.back()]);
    open_.pop_back();
  }
  return part;
}

void remote_state::take(const std::vector<event_check>& checks) {
  for (std::size_t i = 0; i < asked_.size() && i < checks.size(); ++i) checks_[asked_[i]] = checks[i];
  verified_ += asked_.size();
  asked_.clear();
}

std::size_t remote_state::without_key() const {
  return static_cast<std::size_t>(
    std::count(checks_.begin(), checks_.begin() + static_cast<std::ptrdiff_t>(state_size_), event_check::no_key));
}

void remote_state::try_again() {
  for (auto i = checks_.size(); i-- > 0;)
    if (checks_[i] == event_check::no_key) {
      open_.push_back(i);
      --verified_;
    }
}

matrix::event_ptr remote_state::create() const {
  matrix::event_ptr found;
  for (std::size_t i = 0; i < state_size_; ++i)
    if (events_[i]->is_state("m.room.create")) {
      if (found) return nullptr;
      found = events_[i];
    }
  return found;
}

remote_state::verified_events remote_state::take_verified() {
  verified_events out;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    auto& into = i < state_size_ ? out.state : out.auth_chain;
    if (checks_[i] == event_check::valid) into.push_back(std::move(events_[i]));
    else if (checks_[i] == event_check::bad_hash) {
      into.push_back(matrix::redacted(*events_[i]));
      out.stripped.push_back(into.back());
    }
  }
  *this = {};
  return out;
}

} // namespace causeway::room
