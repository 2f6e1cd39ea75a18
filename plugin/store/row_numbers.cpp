#include "plugin/store/row_numbers.hpp"

#include "messages/crash_point.hpp"

#include <string>

namespace causeway::store::sql {
namespace {

std::string sequence_of(const id_kind& kind) {
  return "pg_get_serial_sequence('" + std::string{kind.table} + "', 'seq')";
}

} // namespace

void number_in_blocks(connection& db, const id_kind& kind) {
  if (!db.is_shared()) return;
  db.execute("ALTER TABLE " + std::string{kind.table} + " ALTER COLUMN seq SET INCREMENT BY " +
             std::to_string(kind.block));
}

void skip_numbers(connection& db, const id_kind& kind, std::int64_t last) {
  const auto sequence = sequence_of(kind);
  const auto next =
    db.integer("SELECT coalesce(pg_sequence_last_value(" + sequence + ") + " + std::to_string(kind.block) + ", 1)");
  if (next > last) return;
  // Not by setval, which would take it back where somebody else has gone further meanwhile.
  db.integer("SELECT count(nextval(" + sequence + ")) FROM generate_series(1, " +
             std::to_string((last - next) / kind.block + 1) + ")");
}

row_numbers::row_numbers(connection& db, const id_kind& kind)
    : block_(kind.block), begin_(db, "SELECT nextval(" + sequence_of(kind) + ")") {}

void row_numbers::begin_block() {
  auto rows = begin_.query();
  if (!rows.next()) throw error{failure::damage, "the sequence of a table gives no number"};
  next_ = rows.integer(0);
  end_ = next_ + block_;
}

void row_numbers::begin_anew() {
  if (!crash::is_mutant(crash::mutant::numbers_not_anew)) end_ = 0;
}

std::int64_t row_numbers::next() {
  if (next_ >= end_) begin_block();
  return next_++;
}

std::int64_t row_numbers::newest() {
  if (next_ >= end_) begin_block();
  return next_ - 1;
}

} // namespace causeway::store::sql
