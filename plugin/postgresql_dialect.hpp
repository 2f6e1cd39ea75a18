#pragma once
#include <string>
#include <string_view>

namespace causeway::store {

/// A statement of the table groups (database.hpp) as PostgreSQL spells it. What differs:
///
/// - parameters are $1, not ?1;
/// - INTEGER is BIGINT, and a table's INTEGER PRIMARY KEY numbers new rows by itself;
/// - TEXT and BLOB are BYTEA: texts come from strangers and hold any byte, also 0; they are compared bytewise, whatever
///   the collation of the database; a column without a type is BYTEA too;
/// - a blob is written '\x90'::bytea, not x'90';
/// - CROSS JOIN takes no ON, and WITHOUT ROWID has no meaning.
///
/// What stands between quotes is left as it is. Pure.
std::string to_postgresql(std::string_view sql);

} // namespace causeway::store
