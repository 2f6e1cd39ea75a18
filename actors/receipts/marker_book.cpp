#include "actors/receipts/marker_book.hpp"

#include "actors/answers.hpp"
#include "actors/due.hpp"
#include "messages/chat/codec.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace causeway::receipts {
namespace {

/// Between two lines of the log about what is passed over.
constexpr time_ms complaint_pause_ms = 60'000;

/// A receipt of the room as others may say it: not before the event, not later than now.
time_ms honest_ts(time_ms said, time_ms event_ts, time_ms now) {
  if (said <= 0) return now;
  return std::clamp(said, std::min(event_ts, now), now);
}

} // namespace

class marker_book::desk {
public:
  explicit desk(const store::receipts_loaded& from) {
    for (const auto& x : from.receipts) markers_[{x.user_id, x.thread, x.is_private}] = x;
    for (const auto& x : from.places) places_.emplace(x.event_id, x);
  }
  const store::event_place* place_of(const std::string& event_id) const {
    const auto at = places_.find(event_id);
    return at == places_.end() ? nullptr : &at->second;
  }
  const store::put_receipt* find(const read_marker& x) const {
    const auto at = markers_.find({x.user_id, x.thread, x.is_private});
    return at == markers_.end() ? nullptr : &at->second;
  }
  void put(const store::put_receipt& x) { markers_[{x.user_id, x.thread, x.is_private}] = x; }
  /// The marker of the user that has to go for another one; nothing: there is place for it.
  std::optional<store::put_receipt> pushed_out_by(const read_marker& x) {
    std::size_t count = 0;
    auto last = markers_.end();
    for (auto at = markers_.lower_bound({x.user_id, "", false});
         at != markers_.end() && std::get<0>(at->first) == x.user_id; ++at) {
      if (++count; last == markers_.end() || at->second.position < last->second.position) last = at;
    }
    if (count < threads_max) return {};
    auto gone = last->second;
    markers_.erase(last);
    return gone;
  }

private:
  std::map<std::tuple<std::string, std::string, bool>, store::put_receipt> markers_;
  std::map<std::string, store::event_place> places_;
};

void marker_book::take(const markers_moved& m) {
  if (waiting_ + m.markers.size() > waiting_max) {
    if (m.command)
      return command_failed(out_, *m.command, chat::mark_read::name,
                            {fault_code::overloaded, "too many markers wait for the store"});
    return complain();
  }
  waiting_ += m.markers.size();
  auto& of = rooms_[m.room_id];
  of.waiting.push_back(m);
  if (!of.is_asked) ask(m.room_id, of);
}

void marker_book::ask(const std::string& room_id, room& of) {
  question q{room_id, {}, out_.now() + answer_ms_max};
  std::set<std::string> users, events;
  std::size_t count = 0;
  while (!of.waiting.empty() && (count == 0 || count + of.waiting.front().markers.size() <= at_once_max)) {
    for (const auto& x : of.waiting.front().markers) {
      users.insert(x.user_id);
      events.insert(x.event_id);
      ++count;
    }
    q.moved.push_back(std::move(of.waiting.front()));
    of.waiting.pop_front();
  }
  of.is_asked = true;
  const auto asked = out_.next_token();
  questions_.emplace(asked, std::move(q));
  out_.ask(asked, store::load_receipts{room_id, {users.begin(), users.end()}, {events.begin(), events.end()}});
}

void marker_book::go_on(const std::string& room_id) {
  const auto at = rooms_.find(room_id);
  if (at == rooms_.end()) return;
  at->second.is_asked = false;
  if (at->second.waiting.empty()) rooms_.erase(at);
  else ask(room_id, at->second);
}

bool marker_book::answered(token asked, const store::answer& found) {
  const auto open = questions_.find(asked);
  if (open == questions_.end()) return false;
  const auto q = std::move(open->second);
  questions_.erase(open);
  for (const auto& m : q.moved) waiting_ -= m.markers.size();
  if (const auto* loaded = std::get_if<store::receipts_loaded>(&found)) {
    desk known{*loaded};
    for (const auto& m : q.moved) decide(m, known);
  } else {
    fail(q, {fault_code::store_failed, "the store does not say how far the user has read"});
  }
  go_on(q.room_id);
  return true;
}

void marker_book::fail(const question& q, const fault& why) {
  for (const auto& m : q.moved) {
    if (m.command) command_failed(out_, *m.command, chat::mark_read::name, why);
    else complain();
  }
}

void marker_book::decide(const markers_moved& m, desk& known) {
  bool all_known = true;
  for (const auto& x : m.markers) {
    const bool is_known = move(m, x, known);
    all_known = all_known && is_known;
    if (m.origin.empty()) continue;
    if (is_known) parked_.found(m.room_id, x);
    else if (!parked_.park(m, x, out_.now())) complain();
  }
  if (!m.command) return;
  if (all_known) command_succeeded(out_, *m.command, chat::mark_read::name, chat::empty_answer{}, false);
  else
    command_failed(out_, *m.command, chat::mark_read::name,
                   {fault_code::not_found, "message: no message of this room that is shown"});
}

bool marker_book::move(const markers_moved& m, const read_marker& x, desk& known) {
  const auto* place = known.place_of(x.event_id);
  if (!place) return false;
  const auto* before = known.find(x);
  if (before && before->position >= place->position) return true;
  store::put_receipt row{m.room_id, x.user_id, x.thread, x.is_private, x.event_id, place->position};
  row.ts = honest_ts(x.ts, place->ts, out_.now());
  // Also where no other server is in the room: one that comes later is owed what was read before.
  const bool is_public = m.origin.empty() && !x.is_private && m.servers && node_.settings().federation.receipts;
  if (is_public) row.change = ++last_change_;
  if (!before)
    if (const auto gone = known.pushed_out_by(x))
      out_.write(store::remove_receipt{m.room_id, gone->user_id, gone->thread, gone->is_private});
  known.put(row);
  out_.write(row);
  if (is_public && !m.servers->empty()) debts_.owe(row, m.servers);
  if (!m.origin.empty()) tell_chat(m, row, *place);
  return true;
}

void marker_book::tell_chat(const markers_moved& m, const store::put_receipt& x, const store::event_place& place) {
  chat::receipt_changed told{m.chat_room_id, m.room_id, x.user_id, x.event_id, place.chat_message_id, x.ts, {}};
  if (!x.thread.empty()) told.thread = x.thread;
  out_.send({actor_kind::session, ""},
            ephemeral_notification{chat::receipt_changed::name,
                                   "receipt|" + m.room_id + "|" + x.user_id + "|" + x.thread, chat::encode(told)});
}

void marker_book::on_deadline() {
  // Ours are kept whatever the switch says; others' are not heard of while it is off.
  if (!node_.settings().federation.receipts) parked_.clear();
  for (const auto& m : parked_.due(out_.now())) take(m);
  while (!questions_.empty() && first_until() <= out_.now()) {
    const auto q = std::move(questions_.begin()->second);
    questions_.erase(questions_.begin());
    for (const auto& m : q.moved) waiting_ -= m.markers.size();
    fail(q, {fault_code::timed_out, "the store did not answer"});
    go_on(q.room_id);
  }
}

void marker_book::complain() {
  if (is_within(complained_at_, complaint_pause_ms, out_.now())) return;
  complained_at_ = out_.now();
  out_.log(log_level::warning, "P801 receipts passed over: too many wait",
           {{"waiting", std::to_string(waiting_)}, {"parked", std::to_string(parked_.size())}});
}

} // namespace causeway::receipts
