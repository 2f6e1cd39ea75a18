#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// The first rows of a list by one of their columns. Pure.
namespace causeway::admin {

/// As it is asked for: "COLUMN", "COLUMN:asc" or "COLUMN:desc".
struct sort_order {
  std::string column;
  bool descending = false;

  static result<sort_order> of(std::string_view text) {
    const auto colon = text.find(':');
    const auto way = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (colon != std::string_view::npos && way != "desc" && way != "asc")
      return fault{fault_code::invalid_param, "sort: behind the colon stands asc or desc"};
    return sort_order{std::string{text.substr(0, colon)}, way == "desc"};
  }
};

namespace detail {

/// What a row has in one column. A time of 0, an empty text and a list are no value.
struct column_value {
  std::string_view column;
  bool is_column = false, has_value = false;
  std::int64_t number = 0;
  std::string text = {};

  void operator()(std::string_view name, const std::string& x, std::string_view) {
    if (name != column) return;
    is_column = true;
    has_value = !x.empty();
    text = x;
  }
  template <std::integral T>
  void operator()(std::string_view name, const T& x, std::string_view) {
    if (name != column) return;
    is_column = true;
    number = static_cast<std::int64_t>(x);
    has_value = number != 0 || !name.ends_with("_ts");
  }
  template <class T>
  void operator()(std::string_view name, const T&, std::string_view) {
    is_column = is_column || name == column;
  }
};

template <class Row>
column_value value_in(Row& row, std::string_view column) {
  column_value f{column};
  row.fields(f);
  return f;
}

} // namespace detail

/// Leaves the first `limit` rows in order. What has no value stands last, whichever way one sorts.
/// @returns fault invalid_param: there is no such column
template <class Row>
status keep_first(std::vector<Row>& rows, const sort_order& by, std::size_t limit) {
  Row none{};
  if (!detail::value_in(none, by.column).is_column)
    return fault{fault_code::invalid_param, "sort: there is no column " + by.column};
  std::vector<std::pair<detail::column_value, std::size_t>> places;
  places.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) places.emplace_back(detail::value_in(rows[i], by.column), i);
  const auto stands_first = [&](const auto& a, const auto& b) {
    if (a.first.has_value != b.first.has_value) return a.first.has_value;
    const auto left = std::tie(a.first.number, a.first.text), right = std::tie(b.first.number, b.first.text);
    if (a.first.has_value && left != right) return by.descending ? right < left : left < right;
    return a.second < b.second;
  };
  const auto kept = std::min(limit, places.size());
  std::partial_sort(places.begin(), std::next(places.begin(), static_cast<std::ptrdiff_t>(kept)), places.end(),
                    stands_first);
  std::vector<Row> first;
  first.reserve(kept);
  for (std::size_t i = 0; i < kept; ++i) first.push_back(std::move(rows[places[i].second]));
  rows = std::move(first);
  return ok();
}

/// How many rows are in which state. @returns nothing: they have none
template <class Row>
std::optional<matrix::json::object> count_states(std::vector<Row>& rows) {
  Row none{};
  if (!detail::value_in(none, "state").is_column) return std::nullopt;
  std::map<std::string, std::int64_t> counts;
  for (auto& row : rows) ++counts[detail::value_in(row, "state").text];
  matrix::json::object out;
  for (const auto& [state, count] : counts) out.set(state, count);
  return out;
}

} // namespace causeway::admin
