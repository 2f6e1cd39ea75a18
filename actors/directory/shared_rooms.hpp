#pragma once
#include "actors/effects.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::directory {

/// Whether a server shares a room with one of our users: asked where `federation.profiles_need_shared_room` is set. The
/// listings of the rooms say in which a user is; those are asked, some at a time, until one has a member of the server.
/// Rooms nothing is known of (they sleep since the option was set) or with too many of our users to list are asked as
/// well. Pure; a part of the directory.
class shared_rooms {
public:
  /// Questions under way; further ones are refused.
  static constexpr std::size_t questions_max = 1'000;
  /// Rooms one question wakes at a time.
  static constexpr std::size_t asked_at_once = 20;
  /// A question no room has answered with yes ends after that: its asker waits no longer either.
  static constexpr time_ms patience_ms = 10'000;
  /// Our users a listing names; a room with more is asked for every user.
  static constexpr std::size_t listed_users_max = 100;

  /// A question and how it ended.
  struct verdict {
    federation_call call;
    bool shared = false;
    bool known = true; ///< false: not all rooms have answered in time
  };

  /// @param first_token  of the questions to the rooms: none of an earlier incarnation may be the same
  void begin(token first_token) { last_token_ = first_token; }
  /// A room we take part in, as the store has it at the start; its listing may be of a time before the option was set.
  void found(const std::string& room_id, const matrix::json::value* listing);
  /// What a room says of itself; null: we take no part in it any more, or no other server can.
  void listed(const std::string& room_id, const matrix::json::value* listing);

  /// Begins to ask for `user` and the server of `call`.
  /// @returns false: too many questions are under way
  bool ask(federation_call call, std::string user, time_ms now);
  void answered(const member_response& m);
  /// Ends what took too long.
  void expire(time_ms now);

  /// What is to be sent to the rooms, since it was asked last.
  effects take_effects() { return std::exchange(out_, {}); }
  std::vector<verdict> take_verdicts() { return std::exchange(ended_, {}); }
  /// When `expire` is due; 0: never.
  time_ms deadline() const { return questions_.empty() ? 0 : questions_.begin()->second.since + patience_ms; }

private:
  struct question {
    federation_call call;
    std::string user;
    std::deque<std::string> rooms; ///< still to be asked
    std::size_t open = 0;          ///< asked and not answered
    time_ms since = 0;
  };
  void forget(const std::string& room_id);
  void ask_more(std::uint64_t number, question& q);

  std::unordered_map<std::string, std::set<std::string>> rooms_of_;    ///< user -> rooms that name them
  std::unordered_map<std::string, std::vector<std::string>> users_of_; ///< room -> the users it names
  std::set<std::string> asked_for_everybody_;                          ///< rooms that do not, or not all
  token last_token_ = 0;
  std::uint64_t last_question_ = 0;
  std::map<std::uint64_t, question> questions_; ///< the oldest first
  std::map<token, std::uint64_t> asked_;        ///< of a room -> question
  effects out_;
  std::vector<verdict> ended_;
};

} // namespace causeway::directory
