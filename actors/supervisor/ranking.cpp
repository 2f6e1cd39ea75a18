#include "actors/supervisor/ranking.hpp"

#include "actors/shell.hpp"
#include "actors/supervisor/sweep.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace causeway {

namespace {

using ranked_child = supervisor_state::child;

constexpr std::array<std::pair<std::string_view, child_column>, 14> column_names = {{
  {"kind", child_column::kind},
  {"key", child_column::key},
  {"phase", child_column::phase},
  {"last_fault", child_column::last_fault},
  {"since_ts", child_column::since},
  {"handled", child_column::handled},
  {"mailbox", child_column::mailbox},
  {"oldest_waiting_ts", child_column::oldest_waiting},
  {"handling_us", child_column::handling},
  {"failures", child_column::failures},
  {"rate_milli", child_column::rate},
  {"handling_ns", child_column::handling_each},
  {"whole_rate_milli", child_column::whole_rate},
  {"whole_handling_ns", child_column::whole_handling_each},
}};

/// Who looks at the same supervisor at once; one more has all of them looked at each time.
constexpr std::size_t rankings_max = 4;
/// So long nobody has to look before a ranking is forgotten.
constexpr time_ms forgotten_after_ms = 10'000;
/// Rates are measured over this at least: two who look do not measure each other's pauses.
constexpr std::uint32_t measured_ms_min = 500;
/// Over longer nobody measures: that was another look at it, or the clock has changed.
constexpr std::uint32_t measured_ms_max = 300'000;

constexpr std::int64_t milli_per_s = 1'000, ns_per_us = 1'000;

std::int64_t handling_us_of(const ranked_child& x) {
  return x.progress ? x.progress->handling_ns.load(std::memory_order_relaxed) / ns_per_us : 0;
}

/// What has passed from one number to another; nothing when it began anew meanwhile.
std::uint32_t passed(std::uint32_t from, std::uint32_t to) {
  const auto difference = to - from;
  return difference > std::numeric_limits<std::uint32_t>::max() / 2 ? 0 : difference;
}

std::uint32_t fitting(std::uint64_t x) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(x, std::numeric_limits<std::uint32_t>::max()));
}

void measure(ranked_child& x, std::uint64_t handled, time_ms now) {
  auto& pace = x.pace;
  const auto at = static_cast<std::uint32_t>(now);
  const auto total = static_cast<std::uint32_t>(handled), total_us = static_cast<std::uint32_t>(handling_us_of(x));
  const auto elapsed = at - pace.looked_at_ms;
  if (pace.is_begun && elapsed < measured_ms_min) return;
  pace.is_known = pace.is_begun && elapsed <= measured_ms_max;
  if (pace.is_known) {
    const auto messages = std::uint64_t{passed(pace.handled, total)};
    pace.rate_milli = fitting(messages * milli_per_s * 1'000 / elapsed);
    pace.handling_ns =
      messages == 0 ? 0 : fitting(passed(pace.handling_us, total_us) * std::uint64_t{1'000} / messages);
  }
  pace.is_begun = true;
  pace.looked_at_ms = at;
  pace.handled = total;
  pace.handling_us = total_us;
}

std::int64_t rate_since_made(const ranked_child& x, std::uint64_t handled, time_ms now) {
  return now > x.since ? static_cast<std::int64_t>(handled) * milli_per_s * 1'000 / (now - x.since) : 0;
}

child_place with_number(std::int64_t x) { return {true, x}; }
child_place with_time(std::int64_t x) { return {x != 0, x}; }
child_place with_text(std::string_view x) { return {!x.empty(), 0, x}; }
child_place with_share(std::int64_t sum, std::uint64_t of) {
  return {of != 0, of == 0 ? 0 : sum * ns_per_us / static_cast<std::int64_t>(of)};
}

/// What it has in the column.
child_place value_of(ranked_child& x, const std::string& key, child_column by, time_ms now) {
  const auto handled = handled_by(x);
  if (by == child_column::rate || by == child_column::handling_each) measure(x, handled, now);
  switch (by) {
  case child_column::kind: return with_number(0);
  case child_column::key: return with_text(key);
  case child_column::phase: return with_text(phase_name(x));
  case child_column::last_fault: return with_text(x.last_fault);
  case child_column::since: return with_time(x.since);
  case child_column::handled: return with_number(static_cast<std::int64_t>(handled));
  case child_column::mailbox: return with_number(static_cast<std::int64_t>(x.routed - handled + x.waiting.size()));
  case child_column::oldest_waiting: return with_time(oldest_waiting_of(x, handled));
  case child_column::handling: return with_number(handling_us_of(x));
  case child_column::failures: return with_number(static_cast<std::int64_t>(x.failures.size()));
  case child_column::rate: return with_number(x.pace.is_known ? x.pace.rate_milli : rate_since_made(x, handled, now));
  case child_column::handling_each:
    return x.pace.is_known ? with_time(x.pace.handling_ns) : with_share(handling_us_of(x), handled);
  case child_column::whole_rate: return with_number(rate_since_made(x, handled, now));
  default: return with_share(handling_us_of(x), handled);
  }
}

bool lets_through(std::string_view filter, std::string_view kind, const std::string& key, const ranked_child& x) {
  return filter.empty() || key.find(filter) != std::string::npos || kind.find(filter) != std::string_view::npos ||
         phase_name(x).find(filter) != std::string_view::npos || x.last_fault.find(filter) != std::string::npos;
}

/// Keeps the first of those that are added, in a bounded space.
class first_places {
public:
  first_places(const child_order& by, std::size_t limit) : by_(by), limit_(limit) {}
  void add(child_place x) {
    if (worst_ && !stands_before(x, *worst_, by_.descending)) return;
    places_.push_back(x);
    if (places_.size() >= 2 * limit_ + 64) cut();
  }
  /// In order.
  std::vector<child_place> take() {
    cut();
    return std::move(places_);
  }

private:
  void cut() {
    std::sort(places_.begin(), places_.end(),
              [this](const auto& a, const auto& b) { return stands_before(a, b, by_.descending); });
    // One that stood first is met again on the way round, and may have done something in between.
    std::unordered_set<const char*> met;
    std::erase_if(places_, [&](const child_place& x) { return !met.insert(x.key.data()).second; });
    if (places_.size() < limit_) return;
    places_.resize(limit_);
    worst_ = places_.back();
  }

  const child_order& by_;
  const std::size_t limit_;
  std::vector<child_place> places_;
  std::optional<child_place> worst_;
};

} // namespace

std::optional<child_column> find_child_column(std::string_view name) {
  const auto at =
    std::find_if(column_names.begin(), column_names.end(), [&](const auto& x) { return x.first == name; });
  return at == column_names.end() ? std::nullopt : std::optional{at->second};
}

bool stands_before(const child_place& a, const child_place& b, bool descending) {
  if (a.has_value != b.has_value) return a.has_value;
  const auto value = [](const child_place& x) { return std::tuple(x.number, x.text); };
  if (a.has_value && value(a) != value(b)) return descending ? value(b) < value(a) : value(a) < value(b);
  if (a.kind != b.kind) return descending ? b.kind < a.kind : a.kind < b.kind;
  return a.key < b.key;
}

std::size_t child_ranking::turn() const {
  // What timers and answers of the store cost a child is noted nowhere, and what a filter lets through is counted here.
  const bool is_noted = wanted_.by != child_column::handling && wanted_.by != child_column::handling_each &&
                        wanted_.by != child_column::whole_handling_each;
  return is_noted && wanted_.filter.empty() ? turn_of_idle : turn_of_all;
}

bool child_ranking::is_about(const child_order& x) const {
  return wanted_.by == x.by && wanted_.descending == x.descending && wanted_.filter == x.filter &&
         wanted_.limit >= x.limit && wanted_.phase == x.phase;
}

children_counted child_ranking::counted_without_looking(const supervisor_state& of) const {
  if (!wanted_.phase) return {of.children.size(), of.phases};
  children_counted only;
  only.total = only.phases.at(*wanted_.phase) = of.phases.at(*wanted_.phase);
  return only;
}

child_ranking::found child_ranking::look(supervisor_state& of) {
  looked_at_ = of.router->outside->now();
  const auto kind = name(of.settings.kind);
  if (wanted_.phase && of.phases.at(*wanted_.phase) == 0) return {}; // as good as always: nobody is parked
  first_places best{wanted_, 2 * wanted_.limit}; // who takes the place of one that goes is among them
  const auto consider = [&](const std::string& key, ranked_child& x) {
    if (wanted_.phase && static_cast<std::size_t>(x.at) != *wanted_.phase) return false;
    if (!lets_through(wanted_.filter, kind, key, x)) return false;
    auto place = value_of(x, key, wanted_.by, looked_at_);
    place.kind = kind;
    place.key = key;
    best.add(place);
    return true;
  };
  const auto count = [&](const std::string& key, ranked_child& x) {
    if (!consider(key, x)) return;
    ++counting_.total;
    ++counting_.phases[static_cast<std::size_t>(x.at)];
  };
  auto& all = of.children;
  if (!read_to_ || all.size() <= turn()) {
    counting_ = {};
    looked_to_.clear();
    for (auto& [key, x] : all) count(key, x);
    counted_ = std::exchange(counting_, {});
    if (read_to_) read_to_->to_the_end();
    else read_to_ = std::make_unique<activity::bookmark>(of.changes);
  } else {
    for (const auto& key : first_)
      if (const auto at = all.find(key); at != all.end()) consider(at->first, at->second);
    read_to_->read(busy_max, [&](const std::string& key, activity::entry& entry) {
      auto& x = static_cast<ranked_child&>(entry);
      consider(key, x);
      return has_work(x, handled_by(x)) ? activity::then::again : activity::then::over;
    });
    auto at = looked_to_.empty() ? all.begin() : all.upper_bound(looked_to_);
    for (std::size_t i = 0; i < turn(); ++i, ++at) {
      if (at == all.end()) {
        counted_ = std::exchange(counting_, {});
        at = all.begin();
      }
      count(at->first, at->second);
    }
    looked_to_ = std::prev(at)->first;
  }
  found out{best.take(), counted_};
  if (wanted_.filter.empty()) out.counted = counted_without_looking(of);
  first_.clear();
  for (const auto& x : out.first) first_.emplace_back(x.key);
  if (out.first.size() > wanted_.limit) out.first.resize(wanted_.limit);
  return out;
}

children_ranked rank(supervisor_state& of, const child_order& wanted) {
  std::optional<child_ranking> once; // those who look already are not made to begin anew
  const auto now = of.router->outside->now();
  auto& kept = of.rankings;
  std::erase_if(kept, [&](const child_ranking& x) { // of later: the clock was set back
    return now < x.looked_at() || now - x.looked_at() > forgotten_after_ms;
  });
  const auto found = std::find_if(kept.begin(), kept.end(), [&](const child_ranking& x) { return x.is_about(wanted); });
  auto* mine = found == kept.end() ? nullptr : &*found;
  if (mine == nullptr) mine = kept.size() >= rankings_max ? &once.emplace(wanted) : &kept.emplace_back(wanted);
  auto seen = mine->look(of);
  children_ranked out;
  out.counted = std::move(seen.counted);
  for (std::size_t i = 0; i < seen.first.size() && i < wanted.limit; ++i) {
    const auto& x = seen.first[i];
    const auto at = of.children.find(std::string{x.key});
    out.first.push_back({describe(of, at->first, at->second), x.has_value, x.number});
  }
  return out;
}

} // namespace causeway
