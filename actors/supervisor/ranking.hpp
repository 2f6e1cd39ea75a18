#pragma once
#include "actors/supervisor/activity.hpp"
#include "messages/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway {

struct children_ranked;
struct supervisor_state;

/// By what children are put in order. What has no value in that column stands last, whichever way one sorts.
enum class child_column : std::uint8_t {
  kind,
  key,
  phase,
  last_fault,
  since,
  handled,
  mailbox,
  oldest_waiting,
  handling,
  failures,
  rate,               ///< messages in a second, since it was looked at before
  handling_each,      ///< time a message takes, likewise
  whole_rate,         ///< since it was made
  whole_handling_each ///< likewise
};

/// The name of the column in the operator's lists. @returns nothing: there is none
std::optional<child_column> find_child_column(std::string_view name);

struct child_order {
  child_column by = child_column::oldest_waiting;
  bool descending = false;
  std::string filter = {}; ///< a text that kind, key, phase or last fault hold; empty: all
  std::size_t limit = 100;
  std::optional<std::size_t> phase = {}; ///< only those in this one, by its place in `child_phases`
};

/// Where a child stands. Of two supervisors' children too.
struct child_place {
  bool has_value = false;
  std::int64_t number = 0;
  std::string_view text = {}, kind = {}, key = {};
};
bool stands_before(const child_place& a, const child_place& b, bool descending);

/// How fast a child worked between two looks at it. The numbers of before wrap around.
struct child_pace {
  bool is_begun = false, is_known = false;
  std::uint32_t looked_at_ms = 0, handled = 0, handling_us = 0;
  std::uint32_t rate_milli = 0, handling_ns = 0;
};

/// What a child does, in the order of `supervisor_state::child::phase`.
inline constexpr std::array<std::string_view, 4> child_phases = {"wanted", "running", "restarting", "parked"};

/// Of the children that a filter lets through, as they were when each was looked at last.
struct children_counted {
  std::size_t total = 0;
  std::array<std::size_t, child_phases.size()> phases{};
};

/// The first of many children, for who looks once a second. At first all of them are looked at; then those that stood
/// first or next to it, those that have had something to do since (`activity`), and some of the others each time, in
/// the order of their keys, round and round. So a look costs as much as happens, however many there are, and what
/// happens is seen at once. By turns alone comes who rises because others ended who stood before, and whom timers alone
/// keep busy.
class child_ranking {
public:
  /// Children looked at each time of those that have had something to do.
  static constexpr std::size_t busy_max = 10'000;
  /// Likewise of all in turn; more where it depends on that, by the columns of handling time and with a filter.
  static constexpr std::size_t turn_of_idle = 500, turn_of_all = 5'000;

  struct found {
    std::vector<child_place> first; ///< in order; their texts are the children's own
    children_counted counted;
  };

  explicit child_ranking(child_order wanted) : wanted_(std::move(wanted)) {}

  /// At most as many as were wanted at first.
  found look(supervisor_state& of);

  /// Whether this is about the same question; fewer may be wanted.
  bool is_about(const child_order& x) const;
  const child_order& wanted() const { return wanted_; }
  std::int64_t looked_at() const { return looked_at_; }

private:
  std::size_t turn() const;
  children_counted counted_without_looking(const supervisor_state& of) const; ///< @pre there is no filter

  child_order wanted_;
  std::vector<std::string> first_; ///< keys, twice as many as are wanted
  std::string looked_to_;
  std::unique_ptr<activity::bookmark> read_to_; ///< null: they have not been looked at yet
  std::int64_t looked_at_ = 0;
  children_counted counting_, counted_; ///< of this round, of the last one
};

/// Answers a look. The supervisor keeps the rankings of a few who look, for as long as they do.
children_ranked rank(supervisor_state& of, const child_order& wanted);

} // namespace causeway
