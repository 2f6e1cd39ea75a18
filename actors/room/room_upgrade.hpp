#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway::room {

/// room.upgrade. The successor is made first, by its own actor and with our members in it: who follows the tombstone
/// finds it complete. Then the tombstone is written, and in the same commit the room's own id goes over. What is under
/// way is on disk: after a restart it goes on, and the command is answered under its id.
/// Source: client-server-api, "Room Upgrades"; CONTRACT.md, "Upgraded rooms".
class room_upgrade {
public:
  static constexpr time_ms repeat_ms = 10'000;
  static constexpr std::uint32_t repeats_max = 12;

  struct parts {
    const room_state& room;
    decision& out;
    event_writer& writer;
    authoring& author;
    chat_notifier& notifier;
  };
  explicit room_upgrade(const parts& p)
      : room_(p.room), out_(p.out), writer_(p.writer), authoring_(p.author), notifier_(p.notifier) {}

  command_outcome run(const queued_command& c, const chat::room_upgrade& x);
  /// The successor exists, or cannot be made.
  void founded(const successor_founded& m);
  /// This room is to be the successor of another one.
  void found(const successor_request& m);
  /// Goes on with what the store has of it.
  void load();

  /// Its successor is being made: commands about it wait.
  bool is_under_way() const { return work_.has_value(); }
  /// What happens in the room now is part of it, and told as a whole.
  bool is_quiet() const { return quiet_; }
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  bool is_idle() const { return !work_; }
  void describe(matrix::json::object& o, time_ms now) const;

private:
  struct work {
    matrix::event_ptr create;
    command_reference command;
    time_ms since = 0;
    std::uint32_t repeats = 0;
  };
  static std::string to_row(const work& w);
  static std::optional<work> from_row(const std::string& row);

  void ask();
  void fail(const fault& why);
  /// Of the old room: its alias goes over, and who has no power is to write in the new one.
  void close(const std::string& by);
  void try_set(const char* type, const std::string& by, matrix::json::object content);
  /// @returns what prevents it
  status make(const successor_request& m);

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  authoring& authoring_;
  chat_notifier& notifier_;
  std::optional<work> work_;
  alarm_time alarm_;
  bool quiet_ = false;
};

} // namespace causeway::room
