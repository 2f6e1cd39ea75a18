#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Which rows of a list one sees, and in which order. Pure.
namespace causeway::tools {

/// As it was written on the command line.
struct selection {
  std::vector<std::string> filters; ///< each has to hold: TEXT, or COLUMN and = != ~ < <= > >= and a value
  std::string sort;                 ///< COLUMN, COLUMN:desc; empty: as the broker sorts, what is in trouble first
  std::string since;                ///< a duration or a time, see moments.hpp; empty: whatever its age
  std::uint32_t top = 0;            ///< only the first of them; 0: all

  bool is_empty() const { return filters.empty() && sort.empty() && since.empty() && top == 0; }
};

/// One `--filter`, understood.
struct condition {
  enum class kind : std::uint8_t { text, equal, unequal, holds, less, at_most, more, at_least };
  kind is = kind::text;
  std::string column; ///< empty for `text`: any of them
  std::string value;
  std::int64_t number = 0; ///< of those that compare; of a column of times: how far away, in milliseconds
};

/// The name of the column that somebody calls `text`: its name, also with `-`, in capitals, or without `_ts`.
/// @returns fault invalid_param with a suggestion
result<std::string_view> find_column(std::string_view text, const std::vector<std::string_view>& columns);

/// Columns named with commas between them. @returns fault invalid_param
result<std::vector<std::string_view>> find_columns(std::string_view text, const std::vector<std::string_view>& columns);

class arrangement {
public:
  /// @param columns  of the list; they have to outlive the call only
  /// @returns fault invalid_param: a column that there is not, a number or a time that is none
  static result<arrangement> understand(const selection& x, const std::vector<std::string_view>& columns,
                                        std::int64_t now_ms);

  /// Leaves the rows that are wanted, sorted. @returns how many there were before `top`
  std::size_t apply(matrix::json::array& rows) const;

private:
  bool wants(const matrix::json::value& row) const;

  std::vector<condition> conditions_;
  std::string sort_;
  bool descending_ = false;
  std::optional<std::int64_t> since_;
  std::uint32_t top_ = 0;
  std::int64_t now_ms_ = 0;
};

} // namespace causeway::tools
