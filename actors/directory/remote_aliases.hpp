#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/fault.hpp"
#include "messages/remote_server.hpp"
#include "messages/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace causeway::directory {

/// Which room an alias of another server means: its server is asked, for a join or a knock that waits. Source:
/// server-server-api, "Querying for information".
class remote_aliases {
public:
  static constexpr timer_kind timer = timer_kind::alias;
  /// Servers to join by that are taken of one answer.
  static constexpr std::size_t servers_max = 10;
  /// The remote_server actor answers always, unless it failed meanwhile.
  static constexpr time_ms slack_ms = 10'000;

  using entry = std::variant<chat::room_join, chat::room_knock>; ///< with the user's Matrix id
  struct place {
    std::string room_id;
    std::vector<std::string> servers;
  };
  /// What has become of a question.
  struct ended {
    command_received command;
    entry wanted;
    result<place> found; ///< faults not_found, forbidden, peer_bad_answer, peer_timeout, or that of the request
  };

  remote_aliases(const context& node, decision& out) : node_(node), out_(out) {}

  /// @param server  whose alias it is
  void ask(const command_received& m, entry wanted, const std::string& alias, const std::string& server);
  /// Nothing: it is no answer to a question of this.
  std::optional<ended> answered(const peer_answer& m);
  /// One that has waited too long; nothing: none has. The timer is set anew when there is none left.
  std::optional<ended> take_overdue();

private:
  struct question {
    command_received command;
    entry wanted;
    std::string alias;
    time_ms since = 0;
  };
  time_ms patience() const { return time_ms{node_.settings().federation.request_timeout_ms} + slack_ms; }

  const context& node_;
  decision& out_;
  std::map<token, question> open_;
};

} // namespace causeway::directory
