#include "tools/causeway/top/rates.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace causeway::tools::top {

namespace {

namespace json = matrix::json;

std::int64_t integer_in(const json::value& row, std::string_view column) {
  const auto* number = row.find_integer(column);
  return number ? *number : 0;
}

void set_rate(json::object& row, const std::string& before, std::int64_t handled, std::int64_t handling_us,
              std::int64_t time_ms) {
  if (time_ms <= 0 || handled < 0) return;
  row.set(before + "rate_milli", handled * 1'000'000 / time_ms);
  if (handled > 0) row.set(before + "handling_ns", handling_us * 1'000 / handled);
}

} // namespace

const actor_rates::sample* actor_rates::begin_of(const std::string& name, std::int64_t since_ms, const sample& now) {
  auto [at, is_new] = actors_.try_emplace(name);
  auto& x = at->second;
  x.last_ms = now.at_ms;
  if (is_new || x.since_ms != since_ms) {
    // One that was made since the last answer has begun with nothing; of another it is not known what it did before.
    const bool is_made_now = asked_ms_ != 0 && since_ms >= asked_ms_;
    x.since_ms = since_ms;
    x.base = is_made_now ? sample{since_ms, 0, 0} : now;
    x.next = {};
    return is_made_now ? &x.base : nullptr;
  }
  if (x.next.at_ms == 0) x.next = now;
  else if (now.at_ms - x.next.at_ms >= window_ms_min) x.base = std::exchange(x.next, now);
  return &x.base;
}

void actor_rates::add_to(json::array& rows, std::int64_t now_ms) {
  window_ms_ = 0;
  for (auto& x : rows) {
    auto* row = x.as_object();
    if (row == nullptr) continue;
    const auto since = integer_in(x, "since_ts");
    const sample now{now_ms, integer_in(x, "handled"), integer_in(x, "handling_us")};
    const auto* kind = x.find_string("kind");
    const auto* key = x.find_string("key");
    const auto name = (kind ? *kind : "") + " " + (key ? *key : "");
    set_rate(*row, "whole_", now.handled, now.handling_us, now_ms - since);
    const auto* begin = begin_of(name, since, now);
    if (begin == nullptr) continue;
    set_rate(*row, "", now.handled - begin->handled, now.handling_us - begin->handling_us, now_ms - begin->at_ms);
    window_ms_ = std::max(window_ms_, now_ms - begin->at_ms);
  }
  asked_ms_ = now_ms;
  // One that is out of sight for a while comes back as one that is new.
  std::erase_if(actors_, [&](const auto& x) { return now_ms - x.second.last_ms > 2 * window_ms_min; });
}

} // namespace causeway::tools::top
