#pragma once
#include "messages/address.hpp"
#include "messages/limits.hpp"
#include "messages/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace causeway::edge {

/// What a node says to another one, in order and once.
struct parcel {
  enum class kind : std::uint8_t {
    message,   ///< for an actor
    returned,  ///< a message that came to who does not own its shard; goes back to who sent it
    last,      ///< no message for the shard follows before `last_seen` has come
    last_seen, ///< answer to `last`: what was to be returned was returned before it
    unread     ///< a message came whole and its version cannot be read there: what follows it may make no sense
  };
  kind what = kind::message;
  /// Of the actor it is for; none: it is for the node, whoever owns what.
  std::optional<shard_number> shard;
  std::uint64_t epoch = 0; ///< of the shard, as far as the sender knows
  address from, to;
  std::string body; ///< of a message, messages/crossing/codec.hpp

  /// What it takes of a bound.
  std::size_t bytes() const { return sizeof(parcel) + from.key.size() + to.key.size() + body.size(); }
};
using parcel_ptr = std::shared_ptr<const parcel>;

/// One frame of a link: a parcel with its number, or none; and how far the other side was heard.
struct link_frame {
  std::int64_t from = 0, to = 0; ///< incarnations
  std::uint64_t generation = 0;  ///< of the link between these two
  std::uint64_t received = 0;    ///< all parcels up to this number have come
  std::uint64_t last = 0;        ///< whatever these made it say is among its own parcels up to this one
  bool has_gap = false;          ///< and a later one: send again from there
  bool asks = false;             ///< nothing of this generation was heard: answer
  std::uint64_t number = 0;      ///< of the parcel, from 1; 0: none
  parcel_ptr what;
};

/// One side of the link between two incarnations of nodes: parcels come out at the other side in order, each once,
/// whatever the network loses, doubles or reorders. What is not acknowledged is kept, and sent again.
///
/// A link that would keep more than its bound ends: both sides forget what is under way and begin the next generation.
/// Pure: time comes with each call, in milliseconds, and never goes back.
class crossing_link {
public:
  struct bounds {
    /// What is not acknowledged, bytes; one parcel always fits.
    std::size_t kept_bytes_max = limits::crossing_bytes_max + 64 * 1024 * 1024;
    std::size_t window_bytes = 8 * 1024 * 1024; ///< under way at once; one parcel always is
    std::int64_t resend_ms = 500; ///< without an acknowledgement, then all is sent again; doubled each time
    std::int64_t resend_ms_max = 8'000;
    std::size_t resend_bytes_per_ms = 10'000; ///< so much longer where much is under way
    std::int64_t acknowledge_ms = 10;         ///< at the latest
    std::uint64_t acknowledge_parcels = 64;   ///< or as soon as so many have come
    std::size_t acknowledge_bytes = 256 * 1024;
    std::int64_t greet_ms = 500; ///< until the other side has said that it knows the generation
  };
  enum class outcome : std::uint8_t { goes_on, ended };

  crossing_link(std::int64_t self, std::int64_t peer, const bounds& most, std::int64_t now_ms);

  /// Keeps it until it is acknowledged.
  /// @returns ended: its bound was reached; this parcel is lost with the others
  outcome send(parcel_ptr x, std::int64_t now_ms);
  /// @param out  gets what comes out, in order. @returns ended: the other side has; `out` is of the new generation
  outcome on_frame(const link_frame& x, std::vector<parcel_ptr>& out, std::int64_t now_ms);
  /// The way to the other side is a new one: what was under way on the former may be lost.
  void on_connected();
  /// To be called when `due` says so; harmless else.
  void tick(std::int64_t now_ms);
  /// What is to be handed to the network next; nothing: all that may go has gone. To be asked after each of the calls
  /// above, and only when the network takes a frame: what it returns counts as under way.
  std::optional<link_frame> next_frame(std::int64_t now_ms);
  std::int64_t due() const;

  std::size_t kept_bytes() const { return kept_bytes_; }
  std::uint64_t generation() const { return generation_; }
  /// The other side has answered in this generation.
  bool is_confirmed() const { return is_confirmed_; }
  /// Of the next parcel that is sent.
  std::uint64_t next_number() const { return first_ + kept_.size(); }
  /// Parcels up to this number have come, and so has whatever the other side said of them.
  std::uint64_t settled() const { return settled_; }

private:
  void begin(std::uint64_t generation);
  void acknowledge_to(std::uint64_t number, std::int64_t now_ms);
  void take(const link_frame& x, std::vector<parcel_ptr>& out, std::int64_t now_ms);
  void settle();
  void send_again();
  bool may_send() const;
  std::int64_t patience_ms() const;

  const std::int64_t self_, peer_;
  const bounds bounds_;
  std::uint64_t generation_ = 0;
  bool is_confirmed_ = false;
  std::deque<parcel_ptr> kept_; ///< not acknowledged
  std::size_t kept_bytes_ = 0;
  std::uint64_t first_ = 1;         ///< number of the first one kept
  std::uint64_t next_to_send_ = 1;  ///< those before it are under way
  std::size_t under_way_bytes_ = 0; ///< of these
  std::int64_t resend_ms_ = 0, resend_at_ms_ = 0;
  std::uint64_t received_ = 0;     ///< the last one that came in order
  std::uint64_t gap_told_ = 0;     ///< the number it was last told that it is missing
  std::uint64_t owed_parcels_ = 0; ///< that came, and were not acknowledged
  std::size_t owed_bytes_ = 0;
  bool owes_word_ = false, owes_gap_ = false; ///< a frame, even without a parcel
  std::int64_t acknowledge_at_ms_ = 0, greet_at_ms_ = 0;
  /// What the other side has acknowledged, and how far its own parcels went then.
  struct mark {
    std::uint64_t acknowledged = 0, last = 0;
  };
  mark oldest_mark_, newest_mark_; ///< those between say nothing more
  std::uint64_t settled_ = 0;
};

} // namespace causeway::edge
