#include "plugin/media/media_session.hpp"

namespace causeway::media {
namespace {

using store::postgresql_database;
namespace sql = store::sql;

constexpr std::chrono::seconds away_pause{1};
/// A statement about one file of the largest size touches 16,384 rows.
constexpr std::string_view statement_limit = "SET LOCAL statement_timeout = 60000";
/// Who has what is waited for takes the store, or is another connection of this one's own.
constexpr std::string_view lock_limit = "SET LOCAL lock_timeout = 2000";

} // namespace

media_session::media_session(const std::string& url, std::int64_t incarnation)
    : db_(url, postgresql_database::use::shared), incarnation_(incarnation) {
  if (incarnation_ != 0) db_.belong_to(incarnation_, postgresql_database::session_of::worker);
}

void media_session::begin(bool writes) {
  if (std::chrono::steady_clock::now() < away_until_) throw sql::error{sql::failure::machine, away_};
  try {
    db_.was_ended(); // then it is made anew
    db_.begin(writes);
  } catch (const sql::error& failed) {
    away_ = failed.what();
    away_until_ = std::chrono::steady_clock::now() + away_pause;
    throw;
  }
  try {
    // For reads, too: whoever waits for one holds up the others, and the end of the node.
    for (const auto limit : {statement_limit, lock_limit}) sql::statement{db_, limit}.run();
    if (writes && incarnation_ != 0) check_alive();
  } catch (const sql::error&) {
    db_.roll_back();
    throw;
  }
}

void media_session::check_alive() {
  sql::statement serves{db_, "SELECT 1 FROM node WHERE incarnation = ?1 AND state = ?2"};
  if (!serves.query(incarnation_, "active").next())
    throw sql::error{sql::failure::owner, "this node was declared dead; another one keeps the files by now"};
}

} // namespace causeway::media
