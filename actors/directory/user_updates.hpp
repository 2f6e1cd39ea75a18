#pragma once
#include "actors/decision.hpp"
#include "actors/directory/user_names.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace causeway::directory {

/// The rooms of a user of ours are told what has become of them: a new profile, or that they leave for good. One room
/// after the other, some users at a time, since each room is loaded for it. What is due stands in the user's row until
/// all rooms have been told (`put_user::update`), so that a restart begins anew; what changes meanwhile is told as it
/// is by then. A part of the directory. Contract: messages/chat/CONTRACT.md, "Users".
class user_updates {
public:
  static constexpr timer_kind timer = timer_kind::user_updates;
  /// Users whose rooms are told at once; the others wait.
  static constexpr std::size_t users_at_once_max = 4;
  /// Rooms read from the store at a time.
  static constexpr std::size_t rooms_read_max = 50;
  /// A room that has not answered by then is asked again in the next pass.
  static constexpr time_ms patience_ms = 60'000;
  /// Pause before what could not be done is tried again; it doubles, up to the longest one.
  static constexpr time_ms pause_ms_min = 5'000, pause_ms_max = 600'000;

  /// A join that was under way when its user was deactivated has ended by then.
  static constexpr time_ms joins_end_ms = 24 * 3'600'000;

  user_updates(user_names& users, decision& out) : users_(users), out_(out) {}

  /// What was due when the node ended. Whoever was deactivated within `joins_end_ms` is looked after once more: word of
  /// a join that ended meanwhile may be lost.
  void load(const std::vector<store::put_user>& users);
  /// The row of the user says what is due.
  void begin(const std::string& user_id);
  /// The user is deactivated: leaves all rooms, also those they have come into since it was said first.
  /// @pre the user is known
  void leave(const std::string& user_id);
  /// Of a deactivated user a join may have been under way, which nobody takes back.
  void joined(const local_users_joined& m);
  void updated(const member_updated& m);
  /// @returns false: it is no answer to a question of these
  bool found(const store_answered& m);
  void on_timer();
  std::size_t size() const { return waiting_.size() + open_.size(); }

private:
  /// What is asked next of a user, or for.
  enum class step : std::uint8_t { invitations, rooms, room, pause };
  struct pass {
    step at = step::invitations;
    token asked = 0;
    time_ms until = 0;             ///< of what is waited for
    std::deque<std::string> rooms; ///< still to be asked
    std::int64_t after = 0;        ///< those behind are still to be read
    bool is_read = false;          ///< there are none behind
    bool is_unfinished = false;    ///< a room was not told, or has still something to do
    bool is_old = false;           ///< what is due has changed since
    std::uint32_t pauses = 0;
  };

  void advance();
  void start(const std::string& user, pass& p);
  void go_on(const std::string& user, pass& p);
  void ask_rooms(const std::string& user, pass& p);
  void ask_room(const std::string& user, pass& p);
  void invitations_found(const std::string& user, pass& p, const store::invitations_found& found);
  void end(const std::string& user, pass& p);
  void wait(pass& p, time_ms ms);

  user_names& users_;
  decision& out_;
  std::deque<std::string> waiting_;
  std::set<std::string> is_waiting_;
  std::map<std::string, pass> open_;
};

} // namespace causeway::directory
