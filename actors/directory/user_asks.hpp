#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::directory {

/// `ask.user`: users of ours whom the chat server has not told of and somebody of another server asks for. One question
/// for all who ask for the same user; that there is no such user is kept for a while. Only where `federation.ask_user`
/// says that the chat server answers. A part of the directory. Contract: messages/chat/CONTRACT.md, "Users the broker
/// does not know".
class user_asks {
public:
  static constexpr timer_kind timer = timer_kind::user_asks;
  /// Questions open, of all servers and of one: names cost a server nothing. Further ones are not asked.
  static constexpr std::size_t questions_max = 1'000;
  static constexpr std::size_t questions_of_server_max = 50;
  /// Who waits for one answer.
  static constexpr std::size_t waiting_max = 100;
  /// Users remembered that there are not; the oldest go.
  static constexpr std::size_t absent_max = 10'000;

  /// What goes on when it is known whether the user exists.
  using waiting = std::variant<federation_call, invite_admission_request>;
  /// How a question ended.
  struct ended {
    std::string user_id;
    std::vector<waiting> who;
  };

  user_asks(const context& node, decision& out) : node_(node), out_(out) {}

  /// Whether the chat server has to be asked for one whom the broker does not know.
  bool wants(const std::string& user_id) const;
  /// @pre wants(user_id) @returns false: too much is under way
  bool ask(const std::string& user_id, const std::string& origin, waiting who);
  /// Whose question is open under that name; nothing: none.
  std::optional<std::string> user_of(const std::string& ask) const;
  /// Ends a question. @pre user_of(ask)
  ended answered(const std::string& ask);
  /// There is no such user, for others at least.
  void set_absent(const std::string& user_id);
  void set_present(const std::string& user_id) { absent_.erase(user_id); }
  /// Questions nobody has answered in time.
  std::vector<ended> take_overdue();
  std::size_t size() const { return questions_.size(); }

private:
  struct question {
    std::string ask;
    std::string user_id;
    std::string origin;
    std::vector<waiting> who;
    time_ms until = 0;
  };
  using by_number = std::map<token, question>; ///< the oldest first

  ended end(by_number::iterator at);
  void set_timer();
  by_number::const_iterator find(const std::string& ask) const;

  const context& node_;
  decision& out_;
  by_number questions_;
  std::unordered_map<std::string, token> by_user_;
  std::map<std::string, std::size_t> by_origin_;    ///< none is 0
  std::unordered_map<std::string, time_ms> absent_; ///< until when
  std::deque<std::pair<time_ms, std::string>> absent_until_;
};

} // namespace causeway::directory
