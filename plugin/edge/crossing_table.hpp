#pragma once
#include "plugin/edge/crossing_link.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::edge {

/// Who has a shard: an incarnation of a node, since an epoch.
struct shard_owner {
  std::int64_t incarnation = 0; ///< 0: nobody
  std::uint64_t epoch = 0;
  bool operator==(const shard_owner&) const = default;
};
using shard_owners = std::array<shard_owner, shard_count>;

/// The links of one node to all others, and which message goes where. A message is for an actor, whose shard has an
/// owner: it is delivered here, or goes over the link to the owner's node. What comes to a node that does not own the
/// shard goes back to who sent it, as does all that follows it; the sender reads who owns what, waits until everything
/// has come back that was to (`parcel::kind::last`), and sends it to the new owner in its order. So what one actor says
/// to another one stays in order, and comes once, whoever owns what.
///
/// A message is lost only with a link: when one of the two incarnations ends, or too much waits. Then every actor of
/// this node that has spoken over that link is told to the caller, who ends it and makes it anew; what it says until
/// then is dropped. One that has ended by itself is among them as long as its last message may be lost; it is made
/// anew, and derives again what it said. Pure: time comes with each call, in milliseconds, and never goes back.
class crossing_table {
public:
  struct bounds {
    crossing_link::bounds link = {};
    /// What waits for owners, of all shards together, bytes; one parcel always fits. Beyond it what waits for the shard
    /// with the most is given up.
    std::size_t held_bytes_max = 64 * 1024 * 1024;
    /// Who owns what is read again after this while something waits; and a node that has refused a shard is tried again
    /// after it where the rows still name it.
    std::int64_t look_again_ms = 100;
  };

  /// For an actor here, or for this node.
  struct deliver {
    std::int64_t from = 0; ///< incarnation; of this node: its own
    parcel_ptr what;
  };
  /// These actors may wait for something that will not come.
  struct lost {
    std::int64_t peer = 0;       ///< incarnation at the other end; 0: too much waited for an owner
    std::vector<address> actors; ///< of this node, in order
  };
  /// The rows of `shard` are to be read, and told by `set_owners`.
  struct read_owners {};
  using effect = std::variant<deliver, lost, read_owners>;
  using effects = std::vector<effect>;

  crossing_table(std::int64_t self, const bounds& most) : self_(self), bounds_(most) {}
  explicit crossing_table(std::int64_t self) : crossing_table(self, bounds{}) {}

  /// Incarnations that live, this one or not. One that has ended never comes back.
  effects set_nodes(const std::set<std::int64_t>& live, std::int64_t now_ms);
  /// What the rows say. Which shards this node has it knows by `take` and `release` alone.
  effects set_owners(const shard_owners& read, std::int64_t now_ms);
  effects take(shard_number shard, std::uint64_t epoch, std::int64_t now_ms);
  /// @pre the actors of the shard have ended: what comes for them from now on goes back
  effects release(shard_number shard, std::int64_t now_ms);

  /// For an actor. @pre it is a message with a shard
  effects send(parcel x, std::int64_t now_ms);
  /// For what is of that node, whatever it owns: the answer to a call of its gateway. Dropped where that node is gone.
  effects send_to(std::int64_t node, parcel x, std::int64_t now_ms);
  /// An actor of this node has ended: the next one of its address may speak. To be called for all that `lost` tells,
  /// also of those that are not there any more.
  void forget(const address& ended);

  /// A message that `deliver` told cannot be read: who sent it is told so, as of a loss.
  effects refuse_unread(const deliver& x, std::int64_t now_ms);

  effects on_frame(const link_frame& x, std::int64_t now_ms);
  void on_connected(std::int64_t node);
  /// To be called when `due` says so; harmless else.
  effects tick(std::int64_t now_ms);
  std::int64_t due() const;
  /// As `crossing_link::next_frame`.
  std::optional<link_frame> next_frame(std::int64_t node, std::int64_t now_ms);

  std::size_t held_bytes() const { return held_bytes_; }
  /// Null: there is no link to it.
  const crossing_link* link_to(std::int64_t node) const;

private:
  struct last_word {
    std::uint64_t number = 0; ///< of its last parcel
    bool has_ended = false;   ///< it is forgotten once that is settled
  };
  struct peer {
    crossing_link link;
    std::map<address, last_word> spoken = {};         ///< actors of this node
    std::multimap<std::uint64_t, address> ended = {}; ///< by the last parcel of each
    shard_set returning = {};                         ///< what it sends for these goes back, until its `last`
  };
  /// Where the messages for the actors of one shard go.
  struct way {
    std::int64_t went_to = 0;    ///< messages may come back from there; 0: from nobody
    std::int64_t waits_for = 0;  ///< whose `last_seen` is to come; 0: nobody's
    shard_owner refused_by = {}; ///< with the epoch that was sent
    std::int64_t refused_ms = 0;
    std::deque<parcel_ptr> returned = {}, later = {}; ///< in this order
    std::size_t held_bytes = 0;                       ///< of these
    /// What these said before they were told of a loss is dropped if it comes back: what was before it is lost.
    std::set<address> silenced = {};

    bool is_empty() const { return returned.empty() && later.empty(); }
  };

  shard_owner owner_of(shard_number shard) const;
  bool must_wait(const way& w, const shard_owner& owner, std::int64_t now_ms) const;
  void route(shard_number shard, std::int64_t now_ms, effects& out);
  void route_all(std::int64_t now_ms, effects& out);
  void hand_over(const parcel_ptr& x, const shard_owner& to, std::int64_t now_ms, effects& out);
  void put(std::int64_t node, parcel_ptr x, std::int64_t now_ms, effects& out);
  void note_spoken(peer& to, const address& actor) const;
  static void forget_settled(peer& x);
  void take_parcel(std::int64_t from, const parcel_ptr& x, std::int64_t now_ms, effects& out);
  void give_back(std::int64_t to, const parcel& x, std::int64_t now_ms, effects& out);
  void hold(way& w, std::deque<parcel_ptr>& where, parcel_ptr x);
  void note_let_go(way& w, std::size_t bytes);
  void keep_bound(std::size_t bytes, effects& out);
  void end_link(std::int64_t node, effects& out);
  void tell_lost(std::int64_t node, const std::set<address>& actors, effects& out);
  void ask_for_owners(std::int64_t now_ms, effects& out);

  const std::int64_t self_;
  const bounds bounds_;
  std::map<std::int64_t, peer> peers_;
  shard_owners owners_ = {};                               ///< as the rows were read
  std::array<std::uint64_t, shard_count> own_epochs_ = {}; ///< 0: not this node's
  std::array<way, shard_count> ways_ = {};
  shard_set waiting_; ///< shards for which something waits
  std::size_t held_bytes_ = 0;
  std::set<address> alive_;  ///< actors that have spoken, and not ended yet
  std::set<address> doomed_; ///< told lost, and not ended yet
  std::int64_t asked_ms_ = 0;
  bool has_asked_ = false, is_asking_ = false;
};

} // namespace causeway::edge
