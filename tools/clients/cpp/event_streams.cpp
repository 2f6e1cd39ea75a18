#include "event_streams.hpp"

#include <algorithm>

namespace causeway::client {
namespace {

/// One ACK answers for all events acknowledged meanwhile. The broker writes ACKs every 50 ms, so nobody waits for it.
constexpr std::chrono::milliseconds ack_interval{20};
/// ACKs with bindings kept per stream, for events that come again because the connection broke before the broker had
/// read them.
constexpr std::size_t bound_acks_max = 1'000;

} // namespace

bool event_streams::is_new(std::uint32_t stream, std::int64_t cursor) {
  auto& s = streams_[stream];
  if (!s.asked.empty()) return false; // on its way before the NACK or SEEK
  if (cursor <= s.seen) {
    // It was handed out before. Where the application is done with it, the broker only missed the ACK.
    if (cursor <= s.finished) acknowledge(stream, cursor);
    return false;
  }
  s.seen = cursor;
  return true;
}

void event_streams::finish(std::uint32_t stream, std::int64_t cursor, const std::string& bindings) {
  auto& s = streams_[stream];
  s.finished = std::max(s.finished, cursor);
  if (!bindings.empty()) {
    s.bound[cursor] = bindings;
    if (s.bound.size() > bound_acks_max) s.bound.erase(s.bound.begin());
  }
  acknowledge(stream, cursor);
}

/// With the next ACK; at once where it has bindings, which hold for the next command.
void event_streams::acknowledge(std::uint32_t stream, std::int64_t cursor) {
  if (!is_connected_) return;
  const auto& s = streams_[stream];
  if (const auto bound = s.bound.find(cursor); bound != s.bound.end()) {
    if (const auto waits = acks_.find(stream); waits != acks_.end() && waits->second <= cursor) acks_.erase(waits);
    return send_(edge::verb::ack, edge::encode_header(edge::ack_header{stream, cursor}), bound->second);
  }
  if (acks_.empty()) acks_due_ = std::chrono::steady_clock::now() + ack_interval;
  auto& waits = acks_[stream];
  waits = std::max(waits, cursor);
}

void event_streams::refuse(const edge::nack_header& x) {
  auto& s = streams_[x.stream];
  if (!x.permanent) {
    if (is_connected_) s.asked.push_back({false, x.cursor});
    else s.seen = std::min(s.seen, x.cursor - 1);
  }
  if (!is_connected_) return;
  send_acks();
  send_(edge::verb::nack, edge::encode_header(x), {});
}

void event_streams::seek(const edge::seek_header& x) {
  auto& s = streams_[x.stream];
  if (!is_connected_) { // after a reconnect the broker goes on after the last ACK
    s.seen = std::min(s.seen, s.finished);
    return;
  }
  s.asked.push_back({true, x.cursor});
  send_acks();
  send_(edge::verb::seek, edge::encode_header(x), {});
}

void event_streams::positioned(const edge::sought_header& x) {
  auto& s = streams_[x.stream];
  if (s.asked.empty()) return;
  const bool is_seek = s.asked.front().is_seek;
  s.asked.pop_front();
  if (!x.granted) s.seen = std::min(s.seen, s.finished);
  else s.seen = x.cursor;
  if (x.granted && is_seek) s.finished = x.cursor;
}

void event_streams::send_acks() {
  for (const auto& [stream, cursor] : std::exchange(acks_, {}))
    send_(edge::verb::ack, edge::encode_header(edge::ack_header{stream, cursor}), {});
}

void event_streams::connected(const std::map<std::string, std::int64_t>& acked) {
  is_connected_ = true;
  for (auto& [number, s] : streams_) {
    const auto known = acked.find(std::to_string(number));
    if (known != acked.end()) s.bound.erase(s.bound.begin(), s.bound.upper_bound(known->second));
    for (const auto& open : std::exchange(s.asked, {})) // what waited was dropped; all after the last ACK comes again
      s.seen = std::min(s.seen, open.is_seek ? s.finished : open.cursor - 1);
  }
}

void event_streams::disconnected() {
  is_connected_ = false;
  acks_.clear(); // events without an ACK come again
}

} // namespace causeway::client
