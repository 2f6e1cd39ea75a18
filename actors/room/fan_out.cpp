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

/// The ones that `is_one` says, in their order; the others stay in theirs.
template <class Condition>
std::vector<std::string> take_if(std::vector<std::string>& from, Condition is_one) {
  std::vector<std::string> out;
  std::erase_if(from, [&](std::string& x) {
    if (!is_one(x)) return false;
    out.push_back(std::move(x));
    return true;
  });
  return out;
}

/// The first `count`, or all.
std::vector<std::string> take_front(std::vector<std::string>& from, std::size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(count, from.size()));
  std::vector<std::string> out{std::make_move_iterator(from.begin()), std::make_move_iterator(end)};
  from.erase(from.begin(), end);
  return out;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

void fan_out::load(const std::vector<store::room_loaded::fan_out>& from) {
  for (const auto& x : from) {
    // To how many it went altogether nobody knows any more: to a crowd.
    patient_.push({x.number, x.event, x.chat_message_id, x.servers, remote_server::fan_out_at_once + 1});
    last_number_ = std::max(last_number_, x.number);
  }
  if (is_idle()) return;
  goes_on_ = true;
  out_.wake_at(out_.now(), timer);
}

void fan_out::queue(const matrix::event_ptr& x, std::vector<std::string> servers, const std::string& own_id) {
  drop_untold(servers, x->event_id);
  destinations_of_last_ = servers.size();
  const fan_out_part event{0, x, own_id, {}, servers.size()};
  auto behind_patient = take_if(servers, [this](const std::string& each) { return patient_.holds(each); });
  auto behind_prompt = take_if(servers, [this](const std::string& each) { return prompt_.holds(each); });
  const auto at_once = servers_at_once();
  auto prompt = servers.size() > at_once ? take_prompt(servers) : std::exchange(servers, {});
  heard_first(servers);
  // Where nobody is known to answer, some of the others are queued for at once.
  auto now = take_front(prompt.empty() && patient_.empty() ? servers : prompt, at_once);
  if (!now.empty()) {
    auto first = event;
    first.servers = std::move(now);
    hand_on(first);
  }
  append(behind_prompt, std::move(prompt));
  put_off(prompt_, event, std::move(behind_prompt));
  append(behind_patient, std::move(servers));
  put_off(patient_, event, std::move(behind_patient));
  while (prompt_.size() + patient_.size() > parts_max) hand_on_next(patient_.empty() ? prompt_ : patient_);
}

void fan_out::drop_untold(std::vector<std::string>& servers, const std::string& event_id) const {
  // A member may have a name that tells no server: nobody can be told there.
  std::erase_if(servers, [this](const auto& x) { return x == room_.node.server_name || !matrix::is_server_name(x); });
  for (const auto* lane : {&prompt_, &patient_})
    for (const auto& waiting : lane->parts()) {
      if (waiting.event->event_id != event_id) continue;
      std::erase_if(servers,
                    [&](const auto& x) { return std::ranges::find(waiting.servers, x) != waiting.servers.end(); });
    }
}

std::vector<std::string> fan_out::take_prompt(std::vector<std::string>& servers) const {
  const auto& known = room_.node.who()->answering;
  return known ? known->take_from(servers, out_.now()) : std::vector<std::string>{};
}

void fan_out::heard_first(std::vector<std::string>& servers) const {
  auto end = servers.begin();
  for (const auto& x : heard_)
    if (const auto found = std::find(end, servers.end(), x); found != servers.end()) std::iter_swap(end++, found);
}

void fan_out::put_off(fan_out_lane& lane, const fan_out_part& event, std::vector<std::string> servers) {
  while (!servers.empty()) {
    auto part = event;
    part.servers = take_front(servers, servers_at_once());
    part.number = ++last_number_;
    out_.write(store::put_fan_out{room_.id, part.number, part.event->event_id, part.servers});
    lane.push(std::move(part));
    go_on();
  }
}

void fan_out::hand_on(const fan_out_part& x) {
  for (const auto& server : x.servers) {
    out_.write(store::queue_pdu{server, x.event->event_id});
    out_.send({actor_kind::remote_server, server},
              pdu_queued{x.event, room_.head.chat_room_id, x.own_id, x.destinations});
  }
}

void fan_out::hand_on_next(fan_out_lane& lane) {
  const auto first = lane.pop();
  out_.write(store::remove_fan_out{room_.id, first.number});
  hand_on(first);
}

void fan_out::hand_on_some(fan_out_lane& lane) {
  for (auto n = std::min(parts_at_once_max, 1 + lane.size() / turns_wanted); n > 0 && !lane.empty(); --n)
    hand_on_next(lane);
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

time_ms fan_out::patience() const {
  const auto& known = room_.node.who()->answering;
  const bool live = known && !patient_.empty() && known->mostly(patient_.parts().front().servers, out_.now());
  return live ? pause_ms : patient_pause_ms;
}

void fan_out::go_on() {
  if (std::exchange(goes_on_, true)) return;
  out_.after_commit(wake_me_at{out_.now() + (prompt_.empty() ? patience() : pause_ms), timer});
}

void fan_out::on_timer() {
  goes_on_ = false;
  if (prompt_.empty()) out_.let_ride(ride_ms);
  else hand_on_some(prompt_);
  // A clock that was set back does not hold it up.
  if (prompt_.empty() || out_.now() >= patient_at_ || patient_at_ - out_.now() > patient_pause_ms) {
    hand_on_some(patient_);
    patient_at_ = out_.now() + patience();
  }
  if (!is_idle()) go_on();
}

void fan_out::describe(matrix::json::object& o, time_ms) const {
  std::int64_t servers = 0;
  for (const auto* lane : {&prompt_, &patient_})
    for (const auto& x : lane->parts()) servers += std::ssize(x.servers);
  o.set("fan_out_servers", servers);
}

} // namespace causeway::room
