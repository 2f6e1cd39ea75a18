#include "actors/hops.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace causeway {
namespace {

/// Of one text of a hop: longer ones (an invitation's key may be) are cut.
constexpr std::size_t text_bytes_max = 512;

/// Threads take the shards in turn, so two of a node's share one only where it has more than there are.
unsigned number_of_this_thread() {
  static std::atomic<unsigned> given = 0;
  thread_local const unsigned own = given.fetch_add(1, std::memory_order_relaxed);
  return own;
}

/// In front of the texts of a hop, which follow it without gaps.
struct record_head {
  time_ms at = 0;
  trace_id trace = 0;
  std::uint64_t sequence = 0; ///< hops of one event may stand in several shards
  std::uint32_t attempt = 0;
  std::array<std::uint16_t, 5> lengths{}; ///< key of the actor, event, server, transaction, answer
  actor_kind kind = actor_kind::room;
  hop_stage stage = hop_stage::gateway_in;
  request_phase phase = request_phase::unknown;
};

} // namespace

struct hop_ring::chunk {
  std::array<char, chunk_bytes> bytes;
  std::size_t used = 0; ///< guarded by the shard's mutex; what lies before it does not change
  std::uint64_t first_sequence = 0;
  time_ms last_at = 0;
};

/// A hop where it lies.
struct hop_ring::record {
  record_head head;
  std::string_view key, event_id, server, transaction, answer;

  explicit record(const char* at) {
    std::memcpy(&head, at, sizeof head);
    at += sizeof head;
    auto* length = head.lengths.data();
    for (auto* text : {&key, &event_id, &server, &transaction, &answer}) {
      *text = {at, *length};
      at += *length++;
    }
  }
  std::size_t bytes() const {
    return sizeof head + key.size() + event_id.size() + server.size() + transaction.size() + answer.size();
  }
  seen_hop copy() const {
    seen_hop x{head.at, {head.kind, std::string{key}}, head.trace, {std::string{event_id}, head.stage}};
    if (!server.empty() || !transaction.empty() || !answer.empty() || head.attempt != 0)
      x.what.more = std::make_shared<hop_details>(
        hop_details{std::string{server}, std::string{transaction}, head.attempt, head.phase, std::string{answer}});
    return x;
  }
};

void hop_ring::listen(std::size_t bytes_max) {
  stop();
  chunks_max_ = std::max(bytes_max, bytes_min) / chunk_bytes;
  on_.store(true, std::memory_order_relaxed);
}

void hop_ring::stop() {
  on_.store(false, std::memory_order_relaxed);
  const std::lock_guard one_at_a_time{making_room_};
  for (auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    chunks_ -= s.chunks.size();
    s.chunks.clear();
  }
}

hop_ring::shard& hop_ring::own_shard() const { return shards_[number_of_this_thread() % shards_max]; }

void hop_ring::add(time_ms at, const address& where, trace_id trace, const hop& x) {
  static const hop_details nothing;
  const auto& more = x.more ? *x.more : nothing;
  const std::array<std::string_view, 5> texts = {where.key, x.event_id, more.server, more.transaction, more.answer};
  record_head head;
  head.at = at;
  head.trace = trace;
  head.attempt = more.attempt;
  head.kind = where.kind;
  head.stage = x.stage;
  head.phase = more.phase;
  auto bytes = sizeof head;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    head.lengths[i] = static_cast<std::uint16_t>(std::min(texts[i].size(), text_bytes_max));
    bytes += head.lengths[i];
  }

  auto& s = own_shard();
  std::unique_lock guard{s.mutex};
  const auto is_full = [&] { return s.chunks.empty() || s.chunks.back()->used + bytes > chunk_bytes; };
  if (is_full()) {
    guard.unlock();
    make_room(at);
    auto fresh = std::make_shared<chunk>();
    guard.lock();
    if (is_full() && is_on()) {
      s.chunks.push_back(std::move(fresh));
      ++chunks_;
    }
  }
  if (!is_on() || s.chunks.empty()) return; // it was on its way when nobody listened any more
  auto& to = *s.chunks.back();
  head.sequence = last_sequence_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (to.used == 0) to.first_sequence = head.sequence;
  to.last_at = at;
  auto* end = to.bytes.data() + to.used;
  std::memcpy(end, &head, sizeof head);
  end += sizeof head;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::memcpy(end, texts[i].data(), head.lengths[i]);
    end += head.lengths[i];
  }
  to.used += bytes;
}

void hop_ring::make_room(time_ms now) {
  const std::lock_guard one_at_a_time{making_room_};
  shard* oldest = nullptr;
  auto oldest_sequence = UINT64_MAX;
  for (auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    while (!s.chunks.empty() && s.chunks.front()->last_at < now - kept_ms) {
      s.chunks.pop_front();
      --chunks_;
    }
    // It may be the one that is written to: its thread takes a new one then.
    if (s.chunks.empty() || s.chunks.front()->first_sequence >= oldest_sequence) continue;
    oldest_sequence = s.chunks.front()->first_sequence;
    oldest = &s;
  }
  if (oldest == nullptr || chunks_ < chunks_max_) return;
  const std::lock_guard guard{oldest->mutex};
  if (oldest->chunks.empty()) return;
  oldest->chunks.pop_front();
  --chunks_;
}

std::vector<hop_ring::piece> hop_ring::pieces() const {
  std::vector<piece> list;
  for (auto& s : shards_) {
    const std::lock_guard guard{s.mutex};
    for (const auto& x : s.chunks) list.push_back({x, x->used});
  }
  return list;
}

template <class See>
void hop_ring::for_each(See see) const {
  for (const auto& p : pieces())
    for (std::size_t at = 0; at < p.used;) {
      const record x{p.of->bytes.data() + at};
      see(x);
      at += x.bytes();
    }
}

namespace {

using numbered_hops = std::vector<std::pair<std::uint64_t, seen_hop>>;

std::vector<seen_hop> in_order(numbered_hops found) {
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<seen_hop> list;
  list.reserve(found.size());
  for (auto& x : found) list.push_back(std::move(x.second));
  return list;
}

} // namespace

std::vector<seen_hop> hop_ring::all() const {
  numbered_hops found;
  for_each([&](const record& x) { found.emplace_back(x.head.sequence, x.copy()); });
  return in_order(std::move(found));
}

std::vector<seen_hop> hop_ring::of(std::string_view event_id) const {
  auto first = UINT64_MAX;
  trace_id trace = 0;
  for_each([&](const record& x) {
    if (x.event_id != event_id || x.head.sequence >= first) return;
    first = x.head.sequence;
    trace = x.head.trace;
  });
  numbered_hops found;
  if (first == UINT64_MAX) return {};
  for_each([&](const record& x) {
    if (x.event_id == event_id || (x.event_id.empty() && x.head.trace == trace))
      found.emplace_back(x.head.sequence, x.copy());
  });
  return in_order(std::move(found));
}

std::vector<std::string> hop_ring::events_of_transaction(std::string_view transaction) const {
  if (transaction.empty()) return {};
  std::vector<trace_id> traces; // under which other servers' transactions of that id came
  std::vector<std::pair<std::uint64_t, std::string>> named;
  for_each([&](const record& x) {
    if (x.transaction != transaction) return;
    if (x.event_id.empty()) traces.push_back(x.head.trace);
    else named.emplace_back(x.head.sequence, x.event_id);
  });
  if (!traces.empty())
    for_each([&](const record& x) {
      if (x.head.stage == hop_stage::room_received &&
          std::find(traces.begin(), traces.end(), x.head.trace) != traces.end())
        named.emplace_back(x.head.sequence, x.event_id);
    });
  std::sort(named.begin(), named.end());
  std::vector<std::string> events;
  for (auto& [sequence, event_id] : named) {
    if (events.size() == limits::pdus_per_transaction_max) break;
    if (std::find(events.begin(), events.end(), event_id) == events.end()) events.push_back(std::move(event_id));
  }
  return events;
}

std::size_t hop_ring::bytes() const { return chunks_ * chunk_bytes; }

} // namespace causeway
