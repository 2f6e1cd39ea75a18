#include "tools/causeway/top/rates.hpp"

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

void actor_rates::add_to(json::array& rows, std::int64_t now_ms) {
  snapshot current{now_ms, {}};
  for (auto& x : rows) {
    auto* row = x.as_object();
    if (row == nullptr) continue;
    const sample now{integer_in(x, "since_ts"), integer_in(x, "handled"), integer_in(x, "handling_us")};
    const auto* kind = x.find_string("kind");
    const auto* key = x.find_string("key");
    auto name = (kind ? *kind : "") + " " + (key ? *key : "");
    set_rate(*row, "whole_", now.handled, now.handling_us, now_ms - now.since_ms);
    if (base_.at_ms != 0) {
      const auto before = base_.actors.find(name);
      // One that was made since then has begun with nothing.
      const bool is_same = before != base_.actors.end() && before->second.since_ms == now.since_ms;
      const sample old = is_same ? before->second : sample{};
      set_rate(*row, "", now.handled - old.handled, now.handling_us - old.handling_us, now_ms - base_.at_ms);
    }
    current.actors.emplace(std::move(name), now);
  }
  if (base_.at_ms == 0) base_ = std::move(current);
  else if (next_.at_ms == 0) next_ = std::move(current);
  else if (now_ms - next_.at_ms >= window_ms_min) {
    base_ = std::exchange(next_, std::move(current));
  }
}

} // namespace causeway::tools::top
