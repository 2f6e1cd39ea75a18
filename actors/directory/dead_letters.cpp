#include "actors/directory/dead_letters.hpp"

#include "actors/answers.hpp"
#include "messages/dead_letter_id.hpp"

#include <type_traits>
#include <utility>

namespace causeway::directory {

void dead_letters::fail(const command_received& m, const fault& why) {
  command_failed(out_, m.reference, chat::name(*m.body), why);
}

void dead_letters::run(const command_received& m, const chat::query_dead_letters& x) {
  store::list_dead_letters which{{}, chat::listed_dead_letters_max};
  if (x.after) {
    which.after = dead_letter_place_of(*x.after);
    if (!which.after) return fail(m, {fault_code::invalid_param, "after: is no id of a dead letter"});
  }
  ask(m, which, {});
}

void dead_letters::look_for(const command_received& m, const std::string& id, change wanted) {
  const auto at = dead_letter_place_of(id);
  if (!at) return fail(m, {fault_code::not_found, "id: is no id of a dead letter"});
  std::visit(
    [&](auto& x) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(x)>, std::monostate>) {
        x.stream = at->stream;
        x.cursor = at->cursor;
      }
    },
    wanted);
  ask(m, {store::dead_letter_place{at->stream, at->cursor - 1}, 1}, wanted);
}

void dead_letters::ask(const command_received& m, store::list_dead_letters which, change wanted) {
  if (asked_.size() >= questions_max) return fail(m, {fault_code::overloaded, "too many questions about dead letters"});
  const auto asked = out_.next_token();
  asked_.emplace(asked, question{m, wanted});
  out_.ask(asked, which);
}

bool dead_letters::answered(const store_answered& m) {
  const auto at = asked_.find(m.asked);
  if (at == asked_.end()) return false;
  const auto q = std::move(at->second);
  asked_.erase(at);
  const auto* found = std::get_if<store::dead_letters_listed>(m.answer.get());
  if (!found) fail(q.command, {fault_code::store_failed, "the dead letters cannot be read"});
  else if (std::holds_alternative<std::monostate>(q.wanted)) list(q.command, *found);
  else carry_out(q, *found);
  return true;
}

void dead_letters::list(const command_received& m, const store::dead_letters_listed& found) {
  chat::dead_letters_answer page;
  page.more_dead_letters = found.more;
  std::size_t bytes = 0;
  for (const auto& x : found.letters) {
    bytes += x.name.size() + x.reason.size() + x.room_id.size() + x.event_id.size();
    if (bytes > answer_bytes_max && !page.dead_letters.empty()) {
      page.more_dead_letters = true;
      break;
    }
    auto& view = page.dead_letters.emplace_back();
    view.id = dead_letter_id(x.at);
    view.event = x.name;
    view.reason = x.reason;
    view.bytes = static_cast<std::uint64_t>(x.bytes);
    view.ts = x.ts;
    if (!x.room_id.empty()) view.matrix_room_id = x.room_id;
    if (!x.event_id.empty()) view.event_id = x.event_id;
  }
  command_succeeded(out_, m.reference, chat::query_dead_letters::name, page, false);
}

void dead_letters::carry_out(const question& q, const store::dead_letters_listed& found) {
  const auto is_there = [&](const auto& wanted) {
    return found.letters.size() == 1 &&
           found.letters.front().at == store::dead_letter_place{wanted.stream, wanted.cursor};
  };
  std::visit(
    [&](const auto& x) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(x)>, std::monostate>) {
        if (!is_there(x)) return fail(q.command, {fault_code::not_found, "id: there is no such dead letter"});
        out_.write(x);
        command_succeeded(out_, q.command.reference, chat::name(*q.command.body), chat::empty_answer{}, true);
      }
    },
    q.wanted);
}

} // namespace causeway::directory
