#include "actors/receipts/reader_queries.hpp"

#include "actors/answers.hpp"

#include <utility>

namespace causeway::receipts {
namespace {

const char* query_name(const readers_request& m) {
  return m.event_id.empty() ? chat::query_read_positions::name : chat::query_receipts::name;
}

std::vector<chat::marker_view> views_of(const store::readers_found& found) {
  std::vector<chat::marker_view> list;
  for (const auto& x : found.readers) {
    auto& one =
      list.emplace_back(chat::marker_view{x.marker.user_id, x.marker.event_id, x.chat_message_id, x.marker.ts, {}, {}});
    if (!x.marker.thread.empty()) one.thread = x.marker.thread;
    if (x.marker.is_private) one.is_private = true;
  }
  return list;
}

} // namespace

void reader_queries::take(const readers_request& m) {
  if (open_.size() >= open_max) return fail(m, {fault_code::overloaded, "too many questions about readers are open"});
  const auto asked = out_.next_token();
  open_.emplace(asked, question{m, out_.now() + answer_ms_max});
  out_.ask(asked, store::find_readers{m.room_id, m.event_id, m.after, chat::listed_readers_max});
}

void reader_queries::answered(token asked, const store::answer& found) {
  const auto open = open_.find(asked);
  if (open == open_.end()) return;
  const auto m = std::move(open->second.what);
  open_.erase(open);
  const auto* readers = std::get_if<store::readers_found>(&found);
  if (!readers) return fail(m, {fault_code::store_failed, "the readers cannot be read"});
  if (!readers->known) return fail(m, {fault_code::not_found, "message: no message of this room that is shown"});
  chat::answer said = chat::readers_answer{views_of(*readers), readers->more};
  if (m.event_id.empty()) said = chat::read_positions_answer{views_of(*readers), readers->more};
  command_succeeded(out_, m.command, query_name(m), said, false);
}

void reader_queries::on_deadline() {
  while (!open_.empty() && open_.begin()->second.until <= out_.now()) {
    const auto m = std::move(open_.begin()->second.what);
    open_.erase(open_.begin());
    fail(m, {fault_code::timed_out, "the store did not answer"});
  }
}

void reader_queries::fail(const readers_request& m, const fault& why) {
  command_failed(out_, m.command, query_name(m), why);
}

} // namespace causeway::receipts
