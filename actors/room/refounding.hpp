#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway::room {

/// A room of ours whose version an invited server does not know, and that nobody of another server has seen: it is
/// founded again in the next older version, as a room of its own (refounded_room.hpp), which takes over everything and
/// invites anew. Should that be refused too, the new room does the same. Where no version is left it is founded in
/// `federation.room_version` once more, and the invitations have failed: who cannot be invited costs the room nothing.
///
/// While that goes on no command of the room is carried out; all are handed over in their order.
class refounding {
public:
  /// Events a room may have to be founded again: each is made anew.
  static constexpr std::size_t events_max = 1'000;
  static constexpr std::size_t events_bytes_max = std::size_t{16} * 1024 * 1024;
  /// How long other servers that are being invited are waited for: whether they have seen the room.
  static constexpr time_ms patience_ms = 45'000;
  /// Pause between two words of the same to the successor or the directory.
  static constexpr time_ms tell_again_ms = 10'000;

  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    pending_questions& pending;
    event_writer& writer;
    authoring& author;
    room_invitations& invitations;
  };
  explicit refounding(const parts& p) : p_(p) {}

  /// What was begun before a restart goes on.
  void load();
  /// The invited server does not know the room's version.
  void refused(const room_version_refused& m);
  /// Looks whether it can begin. @param is_busy  a command is half carried out
  void consider(bool is_busy);
  void done(const refounding_done& m);
  /// The directory has switched: the commands that come from now on are the last ones.
  void succeeded();

  void answered(question::own_history, const store_answered& m);
  void answered(question::own_history, const timed_out&) {
    give_up({fault_code::timed_out, "the store did not answer"});
  }
  void answered(question::own_invitations q, const store_answered& m);
  void answered(const question::own_invitations&, const timed_out&) {
    give_up({fault_code::timed_out, "the store did not answer"});
  }

  /// Commands wait.
  bool is_under_way() const { return stage_ != stage::none && stage_ != stage::waiting && stage_ != stage::over; }
  /// Commands belong to the successor.
  bool is_over() const { return stage_ == stage::over; }
  /// Our users leave the room: that is nobody's news.
  bool is_leaving() const { return is_leaving_; }
  address successor() const { return {actor_kind::room, p_.room.head.refounded_as}; }

  time_ms deadline() const { return alarm_.at(); }
  /// @param is_busy  as of `consider`
  void on_deadline(bool is_busy);
  void describe(matrix::json::object& o, time_ms) const;
  bool is_idle() const { return stage_ == stage::none || stage_ == stage::over; }

private:
  enum class stage : std::uint8_t {
    none,
    waiting,      ///< for the other servers that are invited
    gathering,    ///< of the store what the room is made of
    handing_over, ///< the successor makes itself
    switching,    ///< the directory is told
    over,
  };
  struct waiting_invitation {
    std::string user, event_id, server;
  };

  /// Why it cannot be founded again; empty: it can, as far as is known.
  std::string obstacle() const;
  void begin();
  void gather();
  void hand_over(std::vector<matrix::event_ptr> events, std::vector<store::put_invitation> invitations);
  void leave();
  void answer(const fault& why);
  /// It stays what it is.
  void give_up(const fault& why);
  std::string refused_by() const;

  parts p_;
  stage stage_ = stage::none;
  std::vector<waiting_invitation> waiting_; ///< one of a user
  std::vector<std::string> invited_;        ///< users whose invitation the successor takes over
  bool is_leaving_ = false;
  time_ms patience_ends_ = 0;
  alarm_time alarm_;
};

} // namespace causeway::room
