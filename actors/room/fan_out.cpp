#include "actors/room/fan_out.hpp"

#include "actors/remote_server/fan_out.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/remote_server.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace causeway::room {
namespace {

/// So many turns take all that waits: where it is one event for some thousands, one part a turn.
constexpr std::size_t turns_wanted = 64;

} // namespace

void fan_out::load(const std::vector<store::room_loaded::fan_out>& from) {
  for (const auto& x : from) {
    // To how many it went altogether nobody knows any more: to a crowd.
    parts_.push_back({x.number, x.event, x.chat_message_id, x.servers, remote_server::fan_out_at_once + 1});
    last_number_ = std::max(last_number_, x.number);
  }
  if (parts_.empty()) return;
  goes_on_ = true;
  out_.wake_at(out_.now(), timer);
}

void fan_out::queue(const matrix::event_ptr& x, std::vector<std::string> servers, const std::string& own_id) {
  drop_untold(servers, x->event_id);
  const auto all = servers.size(), at_once = servers_at_once();
  destinations_of_last_ = all;
  if (all > at_once) heard_first(servers);
  auto next = servers.begin();
  for (bool is_first = parts_.empty(); next != servers.end(); is_first = false) {
    const auto end = next + std::min<std::ptrdiff_t>(std::ssize(servers) - (next - servers.begin()),
                                                     static_cast<std::ptrdiff_t>(at_once));
    part one{0, x, own_id, {std::make_move_iterator(next), std::make_move_iterator(end)}, all};
    next = end;
    if (is_first) hand_on(one);
    else put_off(std::move(one));
  }
  while (parts_.size() > parts_max) hand_on_next();
}

void fan_out::drop_untold(std::vector<std::string>& servers, const std::string& event_id) const {
  // A member may have a name that tells no server: nobody can be told there.
  std::erase_if(servers, [this](const auto& x) { return x == room_.node.server_name || !matrix::is_server_name(x); });
  for (const auto& waiting : parts_) {
    if (waiting.event->event_id != event_id) continue;
    std::erase_if(servers,
                  [&](const auto& x) { return std::ranges::find(waiting.servers, x) != waiting.servers.end(); });
  }
}

void fan_out::heard_first(std::vector<std::string>& servers) const {
  auto end = servers.begin();
  for (const auto& x : heard_)
    if (const auto found = std::find(end, servers.end(), x); found != servers.end()) std::iter_swap(end++, found);
}

void fan_out::put_off(part x) {
  x.number = ++last_number_;
  out_.write(store::put_fan_out{room_.id, x.number, x.event->event_id, x.servers});
  parts_.push_back(std::move(x));
  go_on();
}

void fan_out::hand_on(const part& x) {
  for (const auto& server : x.servers) {
    out_.write(store::queue_pdu{server, x.event->event_id});
    out_.send({actor_kind::remote_server, server},
              pdu_queued{x.event, room_.head.chat_room_id, x.own_id, x.destinations});
  }
}

void fan_out::hand_on_next() {
  const auto first = std::move(parts_.front());
  parts_.pop_front();
  out_.write(store::remove_fan_out{room_.id, first.number});
  hand_on(first);
}

void fan_out::heard(std::string_view server) {
  if (server == room_.node.server_name) return;
  const auto found = std::find(heard_.begin(), heard_.end(), server);
  if (found != heard_.end()) {
    std::rotate(heard_.begin(), found, found + 1);
    return;
  }
  if (heard_.size() == heard_max) heard_.pop_back();
  heard_.emplace(heard_.begin(), server);
}

void fan_out::go_on() {
  if (!std::exchange(goes_on_, true)) out_.after_commit(wake_me_at{out_.now() + pause_ms, timer});
}

void fan_out::on_timer() {
  goes_on_ = false;
  for (auto n = std::min(parts_at_once_max, 1 + parts_.size() / turns_wanted); n > 0 && !parts_.empty(); --n)
    hand_on_next();
  if (!parts_.empty()) go_on();
}

void fan_out::describe(matrix::json::object& o, time_ms) const {
  std::int64_t servers = 0;
  for (const auto& x : parts_) servers += std::ssize(x.servers);
  o.set("fan_out_servers", servers);
}

} // namespace causeway::room
