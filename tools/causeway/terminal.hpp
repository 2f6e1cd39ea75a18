#pragma once
#include "messages/matrix/json.hpp"
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Text for a person at a terminal.
namespace causeway::tools {

/// Exit codes of the command.
enum exit_code : int { exit_ok = 0, exit_problem = 1, exit_usage = 2, exit_unreachable = 3 };

/// Those of `check`, as monitoring has them (Nagios, Icinga).
enum check_code : int { check_ok = 0, check_warning = 1, check_critical = 2, check_unknown = 3 };

/// Without control characters: names and reasons come from other servers and must not steer the terminal.
std::string printable(std::string_view text);

/// Columns of a terminal that `text` takes.
std::size_t display_width(std::string_view text);

/// The beginning of `text` that fits into so many columns of a terminal.
std::string clipped(std::string_view text, std::size_t columns);

/// With spaces to that width, behind or (`right`) in front.
std::string padded(const std::string& text, std::size_t to, bool right);

/// Whether a column holds a time: milliseconds since 1970, 0 where there is none.
bool is_time(std::string_view column);

/// A column's name as it stands above a table.
std::string heading(std::string_view column);

/// A member that is a string; empty where it is none.
std::string text_of(const matrix::json::object& x, std::string_view key);

/// One value of a row: times (`_ts`) as "12 min ago" or "in 40 s", booleans as yes and no, nothing as "-".
std::string cell(std::string_view column, const matrix::json::value* x, std::int64_t now_ms);

/// An aligned table with a heading; numbers to the right. `shown` names the columns in order.
std::string table(const matrix::json::array& rows, const std::vector<std::string_view>& shown, std::int64_t now_ms);

/// `name: value` lines of one row, aligned; empty ones are left out.
std::string sheet(const matrix::json::object& row, const std::vector<std::string_view>& shown, std::int64_t now_ms);

/// Each column with its sentence.
std::string legend(const std::vector<admin::column>& columns);

std::vector<std::string_view> names_of(const std::vector<admin::column>& columns);

/// Milliseconds since 1970.
std::int64_t now_ms();

} // namespace causeway::tools
