#pragma once
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What `causeway top` shows: one pane for each list. Pure.
namespace causeway::tools::top {

struct pane_column {
  std::string_view name; ///< of the row, or one that rates.hpp adds
  std::string_view heading;
  std::size_t width = 0; ///< 0: takes what the others leave
  bool right = false;    ///< numbers
};

struct pane {
  std::string_view title, command, member;
  std::span<const pane_column> columns;
  std::size_t sorted_by = 0; ///< at first
  bool descending = false;
  std::string_view counted; ///< column whose values are counted above the rows; empty: none
};

std::span<const pane> panes();

/// A question to the broker. Those with the same `id` are about the same thing.
struct question {
  std::string id, command;
  admin::arguments with;
};

/// What tells rows of a pane apart, however often they are asked for.
std::string key_of(const pane& of, const matrix::json::value& row);

/// Asks for all about one row; an empty command where the row itself is all there is.
question page_question(const pane& of, const matrix::json::value& row);

/// The answer to that as text.
std::string page_text(const question& asked, const matrix::json::object& body, std::int64_t now_ms);

/// One value as it stands in a pane: times short, without control characters.
std::string pane_cell(std::string_view column, const matrix::json::value& row, std::int64_t now_ms);

} // namespace causeway::tools::top
