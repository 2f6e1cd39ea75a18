#include "plugin/shard_ownership.hpp"

#include "messages/crash_point.hpp"

#include <utility>

namespace causeway::store {

shard_set shard_epochs::shards() const {
  shard_set all;
  for (std::size_t i = 0; i < shard_count; ++i)
    if (epochs_.at(i) != 0) all.add(static_cast<shard_number>(i));
  return all;
}

namespace sql {
namespace {

/// In SQL: an array that was bound as text.
std::string numbers_in(const std::string& parameter) { return "convert_from(" + parameter + ", 'UTF8')::bigint[]"; }

/// Rows of shards for whoever changes them. NO KEY, as an UPDATE locks them: a fence that is too weak for an UPDATE is
/// to be too weak for this.
std::string locked(const std::string& which) {
  return "(SELECT id FROM shard WHERE " + which + " ORDER BY id FOR NO KEY UPDATE)";
}

shard_epochs read_all(cursor rows) {
  shard_epochs all;
  while (rows.next()) all.put(static_cast<shard_number>(rows.integer(0)), static_cast<std::uint64_t>(rows.integer(1)));
  return all;
}

std::string array_of(const shard_set& shards, const auto& number_of) {
  std::string text = "{";
  shards.for_each([&](shard_number x) {
    if (text.size() > 1) text += ',';
    text += std::to_string(number_of(x));
  });
  return text + "}";
}

} // namespace

std::string check_shards() {
  // FOR KEY SHARE does not conflict with an UPDATE.
  const std::string lock = crash::is_mutant(crash::mutant::fence_too_weak) ? "FOR KEY SHARE" : "FOR SHARE";
  return "SELECT 1 / (count(*) = ?4)::int FROM (SELECT 1 FROM shard JOIN unnest(" + numbers_in("?2") + ", " +
         numbers_in("?3") + ") AS wanted(id, epoch) ON shard.id = wanted.id AND shard.epoch = wanted.epoch" +
         " WHERE shard.owner = ?1 ORDER BY shard.id " + lock + " OF shard) AS held";
}

fence_values::fence_values(const shard_set& of, const shard_epochs& known) {
  auto checked = of;
  shard_number first = 0;
  bool is_first = true;
  of.for_each([&](shard_number x) {
    if (std::exchange(is_first, false)) first = x;
  });
  if (crash::is_mutant(crash::mutant::fence_of_one_shard)) checked = shard_set{first};
  const bool mixes_them_up = crash::is_mutant(crash::mutant::fence_of_another_epoch);
  shards = array_of(checked, [](shard_number x) { return std::uint64_t{x}; });
  epochs = array_of(checked, [&](shard_number x) { return known.at(mixes_them_up ? first : x); });
  count = static_cast<std::int64_t>(checked.size());
}

shard_epochs take_shards(connection& db, const shard_set& wanted, std::int64_t from, std::int64_t to) {
  const auto ids = array_of(wanted, [](shard_number x) { return std::uint64_t{x}; });
  statement take{db, "WITH theirs AS " + locked("owner = ?2 AND id = ANY(" + numbers_in("?3") + ")") +
                       " UPDATE shard SET owner = ?1, epoch = epoch + 1 FROM theirs WHERE shard.id = theirs.id"
                       " RETURNING shard.id, shard.epoch"};
  return read_all(take.query(to, from, ids));
}

std::string take_again(std::int64_t owner, const shard_epochs& known) {
  const auto mine = "shard.owner = " + std::to_string(owner);
  // Whatever a lost connection had sent holds the rows until it is done, or finds another epoch.
  if (crash::is_mutant(crash::mutant::epoch_not_anew)) return "SELECT id, epoch FROM shard WHERE " + mine;
  const auto shards = known.shards();
  // `known` stands in front: the server tells only the beginning of a statement that waits.
  return "WITH known AS (SELECT * FROM unnest('" + array_of(shards, [](shard_number x) { return std::uint64_t{x}; }) +
         "'::bigint[], '" + array_of(shards, [&](shard_number x) { return known.at(x); }) +
         "'::bigint[]) AS those(id, epoch)), mine AS (SELECT shard.id, known.epoch + 1 AS epoch FROM shard JOIN known"
         " ON known.id = shard.id WHERE " +
         mine +
         " AND shard.epoch BETWEEN known.epoch AND known.epoch + 1 ORDER BY shard.id FOR NO KEY UPDATE OF shard)"
         " UPDATE shard SET epoch = mine.epoch FROM mine WHERE shard.id = mine.id RETURNING shard.id, shard.epoch";
}

shard_epochs read_shards(connection& db, std::int64_t owner) {
  statement find{db, "SELECT id, epoch FROM shard WHERE owner = ?1"};
  return read_all(find.query(owner));
}

} // namespace sql
} // namespace causeway::store
