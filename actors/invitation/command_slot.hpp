#pragma once
#include "actors/answers.hpp"
#include "actors/invitation/question.hpp"
#include "messages/room.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace causeway::invitation {

/// The one command of a kind that is carried out. The same command once more takes its place: one RESULT for both.
template <class Command>
class command_slot {
public:
  /// So long at most the chat server waits for the RESULT: the session answers for who says nothing, after 300 s, and
  /// what is overdue is looked for every 20 s.
  static constexpr time_ms patience_ms_max = 240'000;

  explicit command_slot(decision& out) : out_(out) {}

  bool is_open() const { return open_.is_open(); }
  /// Whether one is open already, by which this one is answered: another command is refused.
  bool holds(const chat_command& m, const char* refusal) {
    if (!is_open()) return false;
    auto& open = open_.about();
    if (open.reference.command_id == m.reference.command_id) open.reference = m.reference;
    else command_failed(out_, m.reference, Command::name, {fault_code::conflict, refusal});
    return true;
  }
  void open(const chat_command& m, time_ms deadline) {
    open_.ask(out_, m, std::min(deadline, out_.now() + patience_ms_max));
  }
  /// @pre is_open()
  const Command& body() const { return std::get<Command>(*open_.about().body); }
  /// @pre is_open()
  chat_command take() { return open_.take(); }

  void succeed(const chat::answer& what) {
    if (is_open()) command_succeeded(out_, take().reference, Command::name, what);
  }
  void fail(const fault& why) {
    if (is_open()) command_failed(out_, take().reference, Command::name, why);
  }
  /// Whoever carries it out may have failed with it.
  bool is_overdue() const { return open_.is_overdue(out_.now()); }

private:
  decision& out_;
  question<chat_command> open_;
};

} // namespace causeway::invitation
