#pragma once
#include "messages/fault.hpp"

#include <string>
#include <string_view>

/// The tables of CONTRACT.md, printed from what the structs say of themselves.
namespace causeway::chat {

/// A page whose tables are printed anew. A table stands between the lines `<!-- printed: NAME -->` and
/// `<!-- /printed -->`; names are commands, events, maps, headers, verbs, names, bounds, users, faults and
/// invitations.
/// @returns fault invalid_param: a name that is none, a table without end, or a table that the page has not
result<std::string> with_tables(std::string_view page);

} // namespace causeway::chat
