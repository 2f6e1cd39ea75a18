#pragma once
#include "plugin/postgresql_database.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace causeway::media {

/// A connection of the media service's own to the database of the store: files never wait for a commit of the store,
/// nor commits for files. One that was lost is made anew with the next transaction. After an attempt that failed the
/// next second fails at once, so that what waits for files is told so and does not pile up.
///
/// Blobs need no fence: their names say what is in them. Half of an upload does, since a process that was replaced and
/// does not know it would cut off what its successor has added. It has no shard, since any node may take it on. So a
/// transaction that writes begins with the question whether this node is alive, and who declares it dead ends all its
/// sessions before anything of it is taken: what had begun before is rolled back.
class media_session : public store::sql::connection {
public:
  /// @param incarnation  the node whose session this is; 0: a command, while no node serves
  /// @throws store::sql::error
  media_session(const std::string& url, std::int64_t incarnation);

  std::unique_ptr<store::sql::prepared> prepare(std::string_view sql) override { return db_.prepare(sql); }
  void execute(const std::string& sql) override { db_.execute(sql); }
  /// @throws store::sql::error: also failure::owner, when this node was declared dead
  void begin(bool writes) override;
  void commit() override { db_.commit(); }
  void roll_back() noexcept override { db_.roll_back(); }
  std::int64_t changes() override { return db_.changes(); }

private:
  void check_alive();

  store::postgresql_database db_;
  const std::int64_t incarnation_;
  std::string away_; ///< why the last attempt to connect failed
  std::chrono::steady_clock::time_point away_until_;
};

} // namespace causeway::media
