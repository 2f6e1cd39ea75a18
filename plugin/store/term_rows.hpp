#pragma once
#include "config/store_options.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Who served a shared store from when to when, and why that ended (table `term`). Written by `membership`, in the
/// transaction that decides it. A store in a file belongs to one process; its table stays empty.
namespace causeway::store {

/// What one node did between its take of the shards and its end. Times are the database's, milliseconds since 1970.
struct term {
  std::int64_t incarnation = 0;
  std::string name, version;
  std::int64_t from_ts = 0;
  /// 0: it serves. Of one that ended without a word: its last renewal, or when the next one began where none is known.
  std::int64_t until_ts = 0;
  std::string why; ///< it ended; empty: it serves
};

/// The latest first; on a connection of its own, for as long as that takes.
/// @returns store_failed: the database cannot be reached or read
result<std::vector<term>> read_terms(const config::store_options& options, std::size_t limit);
/// What list_nodes answers, for a node that has no store because it stands by.
result<nodes_listed> read_nodes(const config::store_options& options, std::size_t limit);

namespace sql {

/// More are forgotten, the oldest first.
inline constexpr std::int64_t terms_kept_max = 1'000;

schema_steps term_steps();

/// This node serves from now on. @pre in a transaction that writes. @throws error
void begin_term(connection& db, std::int64_t incarnation, const std::string& name, const std::string& version);
/// Nothing, where it has ended or never began. @pre in a transaction that writes. @throws error
void end_term(connection& db, std::int64_t incarnation, const std::string& why);
/// The same of a node that was found gone: it ended after its last renewal, at a moment that nobody has seen. @pre its
/// row is there
void end_term_unseen(connection& db, std::int64_t incarnation, const std::string& why);

} // namespace sql
} // namespace causeway::store
