#pragma once
#include "actors/decision.hpp"
#include "messages/message.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <variant>

namespace causeway::directory {

/// What the chat server has refused for good: listed, brought again, dropped. The letters are in the store only. A part
/// of the directory. Contract: messages/chat/CONTRACT.md, "Dead letters".
class dead_letters {
public:
  /// Questions under way; further ones are refused.
  static constexpr std::size_t questions_max = 1'000;
  /// Texts of one answer together, bytes: reasons and names.
  static constexpr std::size_t answer_bytes_max = 256 * 1024;

  explicit dead_letters(decision& out) : out_(out) {}

  void run(const command_received& m, const chat::query_dead_letters& x);
  void run(const command_received& m, const chat::dead_letter_retry& x) {
    look_for(m, x.id, store::retry_dead_letter{});
  }
  void run(const command_received& m, const chat::dead_letter_drop& x) { look_for(m, x.id, store::drop_dead_letter{}); }
  /// @returns false: it answers nothing that was asked here
  bool answered(const store_answered& m);

private:
  /// What is to be done with a letter, if it is there; nothing: it is listed with others.
  using change = std::variant<std::monostate, store::retry_dead_letter, store::drop_dead_letter>;
  struct question {
    command_received command;
    change wanted;
  };
  void look_for(const command_received& m, const std::string& id, change wanted);
  void ask(const command_received& m, store::list_dead_letters which, change wanted);
  void list(const command_received& m, const store::dead_letters_listed& found);
  void carry_out(const question& q, const store::dead_letters_listed& found);
  void fail(const command_received& m, const fault& why);

  decision& out_;
  std::map<token, question> asked_;
};

} // namespace causeway::directory
