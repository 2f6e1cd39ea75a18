#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/directory/user_names.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::directory {

/// `query.verify_users`: whether people exist, by their servers' word (GET /query/profile), all at once. A user is
/// asked for once at a time, and what a server has said is kept for a while. A part of the directory. Source:
/// server-server-api, "Querying for information"; MSC4170: a 403 says nothing of whether somebody exists.
class user_checks {
public:
  /// Commands and users under way; further commands are refused.
  static constexpr std::size_t questions_max = 100;
  static constexpr std::size_t asked_max = 500;
  /// Answers kept; the oldest go.
  static constexpr std::size_t kept_max = 10'000;
  static constexpr time_ms kept_ms = 120'000;
  /// A server that says nothing for so long is not waited for: a person waits for the answer.
  static constexpr std::uint32_t patience_ms_max = 10'000;

  user_checks(const context& node, decision& out, const user_names& users) : node_(node), out_(out), users_(users) {}

  void run(const command_received& m, const chat::query_verify_users& x);
  /// @returns false: it answers nothing that was asked here
  bool answered(const peer_answer& m);
  /// When `expire` has something to do; 0: never.
  time_ms deadline() const;
  void expire();

private:
  struct question {
    command_received command;
    chat::verify_users_answer answer;
    std::size_t missing = 0; ///< users nobody has answered for
    time_ms since = 0;
  };
  struct kept {
    chat::verification state = chat::verification::verified;
    time_ms until = 0;
  };
  using place = std::pair<std::uint64_t, std::size_t>; ///< a question, and which of its users

  /// What is known without asking anybody; false: the server of `user_id` has to be asked.
  bool know(chat::verified_user& into, std::string& user_id) const;
  void ask(const std::string& user_id, place who_waits);
  void complete(const std::string& user_id, chat::verification state, const fault& why);
  void keep(const std::string& user_id, chat::verification state);
  void finish(std::uint64_t number);
  std::uint32_t timeout_ms() const;

  const context& node_;
  decision& out_;
  const user_names& users_;
  std::uint64_t last_question_ = 0;
  std::map<std::uint64_t, question> questions_; ///< the oldest first
  std::unordered_map<std::string, std::vector<place>> waiting_;
  std::map<token, std::string> asked_; ///< -> Matrix id
  std::unordered_map<std::string, kept> kept_;
  std::deque<std::pair<time_ms, std::string>> kept_until_; ///< the first to go first
};

} // namespace causeway::directory
