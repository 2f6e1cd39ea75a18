#pragma once
#include "plugin/admin/rows.hpp"
#include "tools/causeway/broker_request.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

/// The commands that print a list of rows, one way for all of them.
namespace causeway::tools {

using column_names = std::vector<std::string_view>;

/// One list of the broker.
struct list_kind {
  std::string_view command;           ///< as it is asked for
  std::string_view member;            ///< of the answer, that holds the rows
  std::vector<admin::column> columns; ///< all of them
  column_names shown;                 ///< unless one asks for others
  std::string_view none;              ///< what is said where there are no rows
  /// What else the answer says, below the table; null: nothing.
  std::string (*below)(const matrix::json::object& body, std::int64_t now_ms) = nullptr;
};

/// Asks for the list and prints it as the request says: sorted, filtered, once or again and again.
int show_list(const broker_request& x, const list_kind& what);

template <class Row>
int list(const broker_request& x, std::string_view command, std::string_view member, const column_names& shown,
         std::string_view none) {
  return show_list(x, {command, member, admin::columns<Row>(), shown, none, nullptr});
}

} // namespace causeway::tools
