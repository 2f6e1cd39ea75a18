#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace causeway::room {

/// What goes on when it is known whether a user may be let in.
struct make_join_call {
  federation_call call;
};
struct send_join_call {
  federation_call call;
  matrix::event_ptr join;
};
using authorised_step = std::variant<make_join_call, send_join_call, join_request>;

/// Restricted rooms: whoever is in one of the rooms that the join rule names may join, when a server that can see so
/// lets one of its users who may invite answer for them. Source: server-server-api, "Restricted rooms"; room versions 8
/// and 10.
class join_authorisation {
public:
  /// Rooms of one join rule that are asked; who is in none of these has to ask another server.
  static constexpr std::size_t conditions_max = 20;
  /// Joins that wait for such questions.
  static constexpr std::size_t waiting_max = 100;

  join_authorisation(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  /// Whether a join of this user needs it.
  bool is_needed(std::string_view user) const;

  struct outcome {
    std::string user;
    authorised_step next;
    /// Who of ours answers for the user; faults forbidden, unable_to_authorise_join, unable_to_grant_join,
    /// limit_exceeded.
    result<std::string> authoriser;
  };
  /// Asks the rooms that the join rule names. @returns what is known at once; nothing: `answered` brings it
  std::optional<outcome> begin(const std::string& user, authorised_step next);
  /// @returns nothing: other rooms are still asked, or it is known already
  std::optional<outcome> answered(question::membership_elsewhere q, const member_response& m);
  std::optional<outcome> answered(question::membership_elsewhere q, const timed_out&);
  bool is_idle() const { return waiting_.empty(); }

private:
  struct waiting_join {
    std::string user;
    authorised_step next;
    std::size_t open = 0; ///< questions to other rooms
    bool unknown_room = false, silent_room = false;
  };
  /// The join rule when it is `restricted` or `knock_restricted` and the version knows it, else null.
  matrix::event_ptr restricting_rules() const;
  /// One of our users who may invite, the most powerful.
  std::optional<std::string> authoriser() const;

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  std::map<std::uint64_t, waiting_join> waiting_;
  std::uint64_t last_join_ = 0;
};

} // namespace causeway::room
