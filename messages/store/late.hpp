#pragma once
#include "messages/store/bounds.hpp"
#include "messages/store/destinations.hpp"
#include "messages/store/events.hpp"
#include "messages/store/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// For the operator, who asks why an event is late (`causeway why`). Each may read much, and none is asked by an actor.
namespace causeway::store {

/// Staged copies of an event, whatever their room. Bound: `limit`.
struct find_staged {
  std::string event_id;
  std::size_t limit = 20;
};
struct staged_found {
  std::vector<put_inbox> copies; ///< in the order they came
};

/// To whom an event is still owed, and who refuses it. Bound: `limit` of each.
struct find_owed {
  std::string event_id;
  std::size_t limit = 1'000;
};
struct owed_found {
  struct debt {
    put_destination destination; ///< without `transaction_edus`
    std::int64_t before = 0;     ///< events that stand before it in the queue, as far as counted: at most 1,000
    std::string first_event_id;  ///< that of the queue; empty: the event is on its way there (put_fan_out)
  };
  std::vector<debt> debts;               ///< by the names of the servers
  std::int64_t servers = 0;              ///< all it is owed to
  std::vector<put_refused_pdu> refusals; ///< those that are kept
};

/// The notification of an event among those that the chat server has not acknowledged, and its dead letter. Looks at
/// `rows_max` notifications of a stream at most, the oldest.
struct find_notification {
  std::string event_id;
  std::size_t rows_max = 20'000;
};
struct notification_found {
  struct stream {
    std::uint32_t number = 0;
    std::int64_t head = 0, acknowledged = 0;
  };
  std::vector<stream> streams;            ///< all there are
  std::optional<std::uint32_t> stream;    ///< that of the notification; absent: none is open
  std::int64_t cursor = 0;                ///< its place there
  std::string name;                       ///< e.g. "message.received"
  bool whole = true;                      ///< false: further ones were not looked at
  std::optional<put_dead_letter> refusal; ///< the chat server has refused it for good
};

} // namespace causeway::store
