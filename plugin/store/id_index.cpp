#include "plugin/store/id_index.hpp"

#include "plugin/meta.hpp"

#include <algorithm>
#include <utility>

namespace causeway::store::sql {
namespace {

/// Rows in memory before they are merged. Twice this many are read at the start, 1 KB each.
constexpr std::size_t recent_max = 32'768;
/// Entries merged with a commit: twice what it adds, so that the merge ends before the next one is due.
constexpr std::size_t slice_min = 32;

void erase_from(recent_ids::table& from, std::int64_t hash, std::int64_t row) {
  auto [at, end] = from.equal_range(hash);
  for (; at != end; ++at) {
    if (at->second != row) continue;
    from.erase(at);
    return;
  }
}

} // namespace

// -- in memory --------------------------------------------------------------------------------------------------------

recent_ids::view recent_ids::current() const {
  std::lock_guard lock{mutex_};
  return now_;
}

void recent_ids::find(const view& in, std::int64_t hash, std::vector<std::int64_t>& rows) const {
  std::lock_guard lock{mutex_};
  for (const auto* in_memory : {in.merging.get(), in.growing.get()}) {
    auto [at, end] = in_memory->equal_range(hash);
    for (; at != end; ++at) rows.push_back(at->second);
  }
}

void recent_ids::add(std::int64_t hash, std::int64_t row) {
  std::lock_guard lock{mutex_};
  now_.growing->emplace(hash, row);
}

void recent_ids::erase(std::int64_t hash, std::int64_t row) {
  std::lock_guard lock{mutex_};
  erase_from(*now_.growing, hash, row);
  erase_from(*now_.merging, hash, row);
}

std::size_t recent_ids::growing_size() const {
  std::lock_guard lock{mutex_};
  return now_.growing->size();
}

std::vector<std::pair<std::int64_t, std::int64_t>> recent_ids::freeze() {
  std::lock_guard lock{mutex_};
  now_.merging = std::exchange(now_.growing, std::make_shared<table>());
  std::vector<std::pair<std::int64_t, std::int64_t>> sorted(now_.merging->begin(), now_.merging->end());
  std::ranges::sort(sorted);
  return sorted;
}

void recent_ids::drop_merging() {
  std::lock_guard lock{mutex_};
  now_.merging = std::make_shared<table>();
}

// -- looking up -------------------------------------------------------------------------------------------------------

id_index::id_index(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent)
    : recent_(std::move(recent)), view_(recent_->current()),
      select_(db, "SELECT row FROM " + table_of(kind) + " WHERE hash = ?1") {}

const std::vector<std::int64_t>& id_index::rows(std::int64_t hash) {
  found_.clear();
  recent_->find(view_, hash, found_);
  for (auto on_disk = select_.query(hash); on_disk.next();) found_.push_back(on_disk.integer(0));
  if (found_.size() > 1) {
    std::ranges::sort(found_);
    // A row is in memory and on disk while its table is being merged.
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  }
  return found_;
}

// -- merging ----------------------------------------------------------------------------------------------------------

id_merger::id_merger(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent)
    : recent_(std::move(recent)), mark_(mark_of(kind)),
      insert_(db, "INSERT INTO " + table_of(kind) + " VALUES(?1, ?2) ON CONFLICT DO NOTHING"),
      delete_(db, "DELETE FROM " + table_of(kind) + " WHERE hash = ?1 AND row = ?2"), put_merged_(db, put_meta) {
  statement select{db, "SELECT value FROM meta WHERE name = ?1"};
  if (auto rows = select.query(mark_); rows.next()) merged_up_to_ = rows.integer(0);
  // A number below the mark must not come again, even when all rows were purged: nobody would read that row at a start.
  last_row_ = std::max(db.integer(kind.last_row), merged_up_to_);
}

void id_merger::add(std::int64_t hash, std::int64_t row) {
  recent_->add(hash, row);
  added_.emplace_back(hash, row);
  last_row_ = std::max(last_row_, row);
}

void id_merger::erase_in_memory(std::int64_t hash, std::int64_t row) {
  recent_->erase(hash, row);
  auto at = std::ranges::lower_bound(merging_, entry{hash, row});
  // Row 0 is skipped by the merge; the hash keeps the order.
  if (at != merging_.end() && *at == entry{hash, row} && at >= merging_.begin() + static_cast<std::ptrdiff_t>(merged_))
    at->second = 0;
}

void id_merger::begin() {
  added_.clear();
  merged_before_ = merged_;
}

void id_merger::merge_slice() {
  if (merged_ == merging_.size()) return;
  auto end = std::min(merging_.size(), merged_ + std::max(slice_min, 2 * added_.size()));
  for (; merged_ < end; ++merged_)
    if (merging_[merged_].second != 0) insert_.run(merging_[merged_].first, merging_[merged_].second);
  if (merged_ == merging_.size()) put_merged_.run(mark_, std::to_string(merging_up_to_));
}

void id_merger::committed() {
  added_.clear();
  if (merged_ < merging_.size()) return;
  if (!merging_.empty()) {
    merged_up_to_ = merging_up_to_;
    merging_.clear();
    merged_ = 0;
    recent_->drop_merging();
  }
  if (recent_->growing_size() < recent_max) return;
  merging_ = recent_->freeze();
  merging_up_to_ = last_row_;
}

void id_merger::rolled_back() {
  for (auto [hash, row] : added_) recent_->erase(hash, row);
  added_.clear();
  merged_ = merged_before_;
}

} // namespace causeway::store::sql
