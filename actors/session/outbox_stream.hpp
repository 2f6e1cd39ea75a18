#pragma once
#include "actors/effects.hpp"
#include "messages/store.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::session {

/// A connection within a session: endpoint and routing id.
using connection_key = std::pair<std::uint32_t, std::string>;
inline connection_key key_of(const edge::connection& x) { return {x.endpoint, x.routing_id}; }

/// One durable notification stream on its way to the peer: what was read, what was sent, what was acknowledged. Knows
/// cursors; connections and credit are the machine's business.
class outbox_stream {
public:
  /// A row the peer has and did not acknowledge.
  struct sent_row {
    std::int64_t cursor = 0;
    std::string event_id, room_id; ///< where the row has both: an ACK may bind the chat server's id to the event
    time_ms sent_at = 0;
  };

  /// The stored positions, once. Everything after `acknowledged` is to be sent.
  void load(std::int64_t acknowledged, std::int64_t head);
  void grow(std::int64_t new_head);

  /// Rows read after `fetched_to()`. No rows below `head` means a gap that was cleaned up: it is stepped over.
  void fetched(std::vector<store::outbox_row> rows, std::int64_t head);
  /// Rows told by the commit that wrote them: taken when they follow what is here and somebody gets them soon; others
  /// are read.
  void appended(std::vector<store::outbox_row> rows);
  /// Whether more is worth reading: something is there and little of it is here.
  bool wants_rows() const;

  /// Whether anything is not sent yet.
  bool has_more() const { return !buffer_.empty() || fetched_to_ < head_; }
  /// The next row to send, or null. Rows given up as dead letters are stepped over (and acknowledged with what is
  /// before them).
  const store::outbox_row* next();
  /// `next()` goes out. @returns its body
  std::string sent_next(sent_row row);

  /// Cumulative. @pre `cursor <= delivered()` @returns how many rows left the flight
  std::size_t acknowledge(std::int64_t cursor, time_ms now);
  /// The peer refused this one for good. @pre is_in_flight(cursor) @returns as acknowledge
  std::size_t give_up(std::int64_t cursor, time_ms now);
  /// The peer wants `cursor`, and all that follows, again. @returns as acknowledge
  std::size_t step_back(std::int64_t cursor);
  /// Goes on after the last ACK: the peer is another one. @returns as acknowledge
  std::size_t rewind(time_ms now);
  /// Goes on after `cursor`, whatever was acknowledged. @returns as acknowledge
  std::size_t seek(std::int64_t cursor);

  bool is_in_flight(std::int64_t cursor) const;
  /// @pre is_in_flight(cursor)
  const sent_row& in_flight_at(std::int64_t cursor) const;
  std::unordered_map<std::string, std::string> rooms_in_flight(std::int64_t up_to) const; ///< event id -> room id
  /// Calls `see(event_id)` for each event that is in flight, in order.
  template <class See>
  void each_event_in_flight(std::int64_t up_to, See see) const {
    for (auto row = sent_.begin(); row != sent_.end() && row->cursor <= up_to; ++row)
      if (!row->event_id.empty()) see(row->event_id);
  }

  std::int64_t acked() const { return acked_; }
  std::int64_t head() const { return head_; }
  /// Highest cursor a peer may acknowledge: it was sent, or sought past.
  std::int64_t delivered() const { return delivered_; }
  std::int64_t fetched_to() const { return fetched_to_; }
  std::size_t in_flight() const { return sent_.size(); }
  std::size_t buffered() const { return buffer_.size(); }
  /// Since when something has been in flight and nothing was acknowledged, 0: nothing is in flight. How long that was
  /// counts on where it is sent again to somebody else: a chat server that ends over a notification, and is started
  /// again, acknowledges nothing either. Who has acknowledged something just now is not silent, however much it has.
  time_ms unacknowledged_since() const { return unacknowledged_since_; }
  /// Bytes of what was read first and is not sent; 0: nothing is here.
  std::size_t front_bytes() const { return buffer_.empty() ? 0 : buffer_.front().body.size(); }

  // Set by the machine.
  std::optional<connection_key> owner;      ///< who gets this stream
  std::optional<connection_key> next_owner; ///< gets it as soon as the owner has acknowledged what it has
  token reading = 0;                        ///< the read under way; an answer to an older one is stale
  bool seeking = false;                     ///< nothing is sent until the SEEK is answered
  time_ms paused_until = 0;                 ///< back-off after a NACK or a failed read
  std::int64_t refused_cursor = 0;          ///< of the last NACK
  std::uint32_t refusals = 0;               ///< of that cursor in a row

private:
  void skip_dead_letters();
  void progress(time_ms now);

  std::int64_t acked_ = 0, head_ = 0, delivered_ = 0, fetched_to_ = 0;
  time_ms unacknowledged_since_ = 0;
  time_ms silent_for_ = 0;               ///< with former owners, until something is sent again
  std::int64_t sent_to_ = 0;             ///< up to here this pass sent everything or stepped over it
  std::deque<store::outbox_row> buffer_; ///< read, not sent
  std::deque<sent_row> sent_;            ///< sent, not acknowledged; cursors rise
  std::set<std::int64_t> dead_;          ///< given up, above acked_
};

} // namespace causeway::session
