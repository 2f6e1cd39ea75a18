#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/directory/public_directory.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>

namespace causeway::directory {

/// `query.public_rooms`: a page of our own public directory, or of another server's, which is asked. Its answer is
/// hostile input: names that are none are left out, texts are cut. A part of the directory. Source: server-server-api,
/// "Public Room Directory".
class remote_directories {
public:
  /// Questions under way; further ones are refused.
  static constexpr std::size_t questions_max = 200;
  /// Of an answer: a hundred rooms with the longest topics there may be are more, and are not taken.
  static constexpr std::uint64_t answer_bytes_max = 2 * 1024 * 1024;
  /// Of the topic and the name of a room that are shown: a page fits into a frame whatever its server says.
  static constexpr std::size_t topic_bytes_max = 4'000, name_bytes_max = 1'000;

  using chat_ids = std::unordered_map<std::string, std::string>; ///< room id -> the chat server's id

  remote_directories(const context& node, decision& out, const public_directory& own, const chat_ids& names)
      : node_(node), out_(out), own_(own), names_(names) {}

  void run(const command_received& m, const chat::query_public_rooms& x);
  /// @returns false: it answers nothing that was asked here
  bool answered(const peer_answer& m);
  /// When `expire` has something to do; 0: never.
  time_ms deadline() const;
  void expire();

private:
  struct question {
    command_received command;
    std::string server;
    time_ms since = 0;
  };
  void show_own(const command_received& m, const chat::query_public_rooms& x);
  void fail(const command_received& m, const fault& why);
  result<chat::public_rooms_answer> read(const peer_answer& m) const;
  std::optional<chat::public_room_view> read_room(const matrix::json::object& told) const;
  time_ms patience() const;

  const context& node_;
  decision& out_;
  const public_directory& own_;
  const chat_ids& names_;
  std::map<token, question> asked_; ///< the oldest first
};

} // namespace causeway::directory
