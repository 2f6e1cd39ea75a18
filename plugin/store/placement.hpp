#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Which node of several is to have what. A unit is what has one owner: the shards whose rooms share a stream. Every
/// node looks at the same rows, and each does what is its own to do; there is no coordinator, and what a node does is
/// carried out only if the row it is about is still as it was seen.
namespace causeway::store {

/// What the rows said at one moment.
struct cluster_view {
  struct node {
    std::int64_t incarnation = 0;
    std::string name;
    bool may_own = true; ///< false: it is drained, or starts: it is given nothing, and what it has goes to others
  };
  struct unit {
    std::int64_t owner = 0; ///< incarnation; 0: nobody
    std::int64_t next = 0;  ///< to whom the owner is to hand it over; 0: it keeps it
    std::uint64_t epoch = 0;
  };
  std::vector<node> nodes; ///< that live
  std::vector<unit> units; ///< by number
};

/// What one node does next. Units in order of their numbers.
struct placement_actions {
  std::vector<std::size_t> take;    ///< nobody has them, or their owners are gone: with the next epoch
  std::vector<std::size_t> release; ///< its own, for `next`, once its actors have ended
  /// The owner is to hand it over to that node; 0: to keep it.
  std::vector<std::pair<std::size_t, std::int64_t>> promise;
};

/// The node whose name fits a unit best (rendezvous hashing): the others keep what they have when one comes or goes,
/// and one that is started anew gets back what it had. @returns null: none may own anything
const cluster_view::node* preferred_node(std::size_t unit, const std::vector<cluster_view::node>& nodes);

/// Decides for one node. Pure: time comes with each look.
class placement {
public:
  struct bounds {
    std::int64_t settle_ms = 10'000; ///< so long the nodes have to be the same before anything is moved for balance
    std::int64_t overdue_ms = 2'000; ///< then anybody takes what nobody has, whoever should
    std::size_t moves_max = 8;       ///< units handed over at once, of all nodes together
  };
  placement(std::int64_t self, const bounds& most) : self_(self), bounds_(most) {}
  explicit placement(std::int64_t self) : placement(self, bounds{}) {}

  /// @param now_ms  never goes back
  placement_actions look(const cluster_view& seen, std::int64_t now_ms);

private:
  /// Since when a unit has been without an owner, by the epoch it had then.
  struct vacancy {
    std::uint64_t epoch = 0;
    std::int64_t since_ms = 0;
  };
  void note_nodes(const cluster_view& seen, std::int64_t now_ms);
  bool is_mine_to_take(std::size_t unit, const cluster_view& seen, std::int64_t now_ms);
  void promise_moves(const cluster_view& seen, std::int64_t now_ms, placement_actions& out) const;

  const std::int64_t self_;
  const bounds bounds_;
  std::vector<std::pair<std::int64_t, bool>> nodes_; ///< as they were seen last: incarnation, may_own
  std::int64_t settled_since_ms_ = 0;
  std::map<std::size_t, vacancy> vacancies_;
};

} // namespace causeway::store
