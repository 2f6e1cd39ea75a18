#include "tools/causeway/listing.hpp"

#include "tools/causeway/terminal.hpp"
#include "tools/causeway/watch.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

/// Rows that are asked for where it is decided here which of them are wanted: the most that the broker gives.
constexpr std::uint32_t rows_asked_max = 100'000;

printed misunderstood(const fault& why) { return {exit_usage, {}, "causeway: " + printable(why.detail) + "\n"}; }

/// A broker with a hundred thousand rooms need not send all of them for the one with that name.
std::string text_for_the_broker(const selection& x) {
  const auto names_a_column = [](const std::string& text) { return text.find_first_of("=<>~") != std::string::npos; };
  const auto plain = std::find_if_not(x.filters.begin(), x.filters.end(), names_a_column);
  return plain == x.filters.end() ? std::string{} : *plain;
}

std::string below_the_table(std::int64_t total, std::size_t shown, bool is_top) {
  if (total <= static_cast<std::int64_t>(shown)) return {};
  return "... " + std::to_string(shown) + " of " + std::to_string(total) +
         (is_top ? "\n" : "; see --limit and --filter\n");
}

struct selected {
  std::int64_t total = 0; ///< rows that there are, or that were wanted where somebody chose
  column_names columns;
};

/// Leaves in `body` what was asked for.
result<selected> select(const broker_request& x, const list_kind& what, json::object& body, std::int64_t now) {
  selected out;
  const auto names = names_of(what.columns);
  out.columns = x.how.wide ? names : what.shown;
  if (!x.how.columns.empty()) {
    auto chosen = find_columns(x.how.columns, names);
    if (!chosen) return chosen.error();
    out.columns = std::move(*chosen);
  }
  auto* rows_value = body.find(what.member);
  auto* rows = rows_value ? rows_value->as_array() : nullptr;
  const auto* total = body.find("total");
  const auto* told = total ? total->as_integer() : nullptr;
  out.total = told ? *told : rows ? static_cast<std::int64_t>(rows->size()) : 0;
  auto order = arrangement::understand(x.rows, names, now);
  if (!order) return order.error();
  if (x.rows.is_empty() || !rows) return out;
  const bool is_cut = out.total > static_cast<std::int64_t>(rows->size()); // the broker has more than it was asked for
  const auto matched = static_cast<std::int64_t>(order->apply(*rows));
  if (!is_cut) out.total = matched;
  body.set("total", out.total);
  return out;
}

printed print_list(const broker_request& x, const list_kind& what) {
  auto asked = x;
  if (!x.rows.is_empty()) {
    asked.with.limit = rows_asked_max;
    asked.with.filter = text_for_the_broker(x.rows);
    if (x.rows.filters.size() == 1 && x.rows.filters[0] == asked.with.filter && x.rows.sort.empty() &&
        x.rows.since.empty())
      asked.with.limit = x.with.limit; // the broker's own order and filter: as many as one wants to see
  }
  auto [answer, now] = answer_to(asked, what.command);
  if (answer.outcome != reply::kind::done) return failure(x, answer);
  const auto chosen = select(x, what, answer.body, now);
  if (!chosen) return misunderstood(chosen.error());
  if (x.how.json) return {exit_ok, json::canonical(answer.body) + "\n", {}};
  const auto besides = what.below ? what.below(answer.body, now) : std::string{};
  const json::value whole{std::move(answer.body)};
  const auto* rows = whole.find_array(what.member);
  if (!rows || rows->empty())
    return {exit_ok, (x.rows.is_empty() ? std::string{what.none} : "No row is like that.") + "\n" + besides, {}};
  return {exit_ok,
          table(*rows, chosen->columns, now) + below_the_table(chosen->total, rows->size(), x.rows.top > 0) + besides,
          {}};
}

} // namespace

int show_list(const broker_request& x, const list_kind& what) {
  if (x.how.explain) return put_out({exit_ok, legend(what.columns), {}});
  // What is wrong with the options is said before anybody is asked.
  json::object nothing;
  if (const auto understood = select(x, what, nothing, now_ms()); !understood)
    return put_out(misunderstood(understood.error()));
  return watch(x, [&] { return print_list(x, what); });
}

} // namespace causeway::tools
