#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/directory/user_names.hpp"
#include "messages/matrix/json.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace causeway::directory {

/// What one of ours shows of themselves, as others are told it.
/// @param field  this one alone; absent: all
matrix::json::object shown_profile(const store::put_user& user, std::optional<std::string_view> field);

/// `query.profile`: what a user of any server shows of themselves, any field of it. Their server is asked each time,
/// nothing is kept: a change in a room is told by the room. Its answer is hostile input: a long name is cut, a picture
/// that is none is left out, and what is over the bounds of our answer is refused rather than told in part. A part of
/// the directory. Source: server-server-api, "Querying for information"; MSC4133 (any field), MSC4170 (403 says nothing
/// of whether somebody exists).
class user_profiles {
public:
  /// Questions under way; further ones are refused.
  static constexpr std::size_t questions_max = 200;
  /// Of an answer: the largest profile there may be, with every byte of it escaped.
  static constexpr std::uint64_t answer_bytes_max = 6 * chat::profile_bytes_max;
  /// A server that says nothing for so long is not waited for: a person waits for the answer.
  static constexpr std::uint32_t patience_ms_max = 10'000;

  user_profiles(const context& node, decision& out, const user_names& users) : node_(node), out_(out), users_(users) {}

  void run(const command_received& m, const chat::query_profile& x);
  /// @returns false: it answers nothing that was asked here
  bool answered(const peer_answer& m);
  /// When `expire` has something to do; 0: never.
  time_ms deadline() const;
  void expire();

private:
  struct question {
    command_received command;
    std::string user_id;
    std::optional<std::string> field;
    time_ms since = 0;
  };
  void complete(const question& q, const result<chat::profile_answer>& found);
  std::uint32_t timeout_ms() const;

  const context& node_;
  decision& out_;
  const user_names& users_;
  std::map<token, question> asked_; ///< the oldest first
};

} // namespace causeway::directory
