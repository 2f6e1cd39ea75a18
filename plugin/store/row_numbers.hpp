#pragma once
#include "plugin/database.hpp"
#include "plugin/store/id_index.hpp"

#include <cstdint>

/// Numbers of rows in a store that several nodes write into. They come in blocks of the table's own sequence, so a node
/// asks once for many rows, and no number is given twice, whoever asks. What a block has left when its node ends is
/// never used.
///
/// The numbers of a room only grow, whoever has it: who takes a shard begins a new block, which lies behind all that
/// were begun before, and so behind all that the former owner has given.
namespace causeway::store::sql {

/// A step of the schema: the sequence of the table counts in blocks, where the store is shared; a
/// store of one process has none. @throws error
void number_in_blocks(connection& db, const id_kind& kind);
/// All blocks that are begun from now on lie behind `last`. @throws error
void skip_numbers(connection& db, const id_kind& kind, std::int64_t last);

/// Of the writing connection.
class row_numbers {
public:
  /// @throws error
  row_numbers(connection& db, const id_kind& kind);

  /// Never given twice, and greater than the one before. @throws error
  std::int64_t next();
  /// The latest given here, or the last before the block. Who has had the shards of this connection before has given
  /// none that is greater; other nodes may. @throws error
  std::int64_t newest();
  /// Shards were taken: the next number is of a new block.
  void begin_anew();

private:
  void begin_block();

  const std::int64_t block_;
  statement begin_;
  std::int64_t next_ = 0, end_ = 0;
};

} // namespace causeway::store::sql
