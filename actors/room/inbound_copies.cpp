#include "actors/room/inbound_events.hpp"

#include "actors/room/intake_limits.hpp"
#include "actors/room/missing_events.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_lists.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace causeway::room {
namespace {

/// Copies of one event that are not verified, one for each server that sent it; that of its own server is always heard.
constexpr std::size_t copies_max = 32;
/// Of them those of one server.
constexpr std::size_t copies_of_one_max = 4;
/// So long others wait for an event whose key is being fetched, or that waits for what it rests on. What people see
/// must not depend on one server's keys.
constexpr time_ms keys_patience_ms = 1'500, parents_patience_ms = 2'500;
/// The same while the history before a join is being fetched, which most likely brings what they rest on, in its order.
constexpr time_ms history_patience_ms = 30'000;
/// How often waiting events are looked at; only while there are some.
constexpr time_ms stalled_check_ms = 500;
/// The whole of a stripped event is waited for so long.
constexpr std::uint32_t author_timeout_ms = 5'000;

/// Whether a key of the server of the first has signed both.
bool share_signing_key(const matrix::event& a, const matrix::event& b) {
  const auto keys_in = [server = matrix::server_name_of(a.sender)](const matrix::event& x) {
    const auto* signatures = x.source.find("signatures");
    return signatures ? signatures->find_object(server) : nullptr;
  };
  const auto *of_a = keys_in(a), *of_b = keys_in(b);
  return of_a && of_b && std::any_of(of_a->begin(), of_a->end(), [&](const auto& s) { return of_b->find(s.key); });
}

} // namespace

std::uint64_t inbound_events::begin_work(const matrix::event_ptr& x, const std::string& origin,
                                         std::uint64_t pulled_for) {
  const auto id = ++last_work_;
  inbound_event w;
  w.event = x;
  w.origin = origin;
  w.phase = work_phase::verifying;
  w.since = w.phase_since = out_.now();
  w.pulled_for = pulled_for;
  w.copies.push_back({unverified_copy::state::verifying, x, origin, {}, false});
  work_by_event_[x->event_id] = id;
  work_.emplace(id, std::move(w));
  out_.hop(x->event_id, hop_stage::room_received);
  return id;
}

bool inbound_events::add_copy(std::uint64_t id, inbound_event& w, const matrix::event_ptr& x, const std::string& origin,
                              std::optional<waiter> waits) {
  auto wait_with = [&](unverified_copy& copy) {
    if (!waits) return;
    if (copy.staged) batches_.complete(waits->first, waits->second, {});
    else copy.waiters.push_back(*waits);
  };
  if (const auto same =
        std::find_if(w.copies.begin(), w.copies.end(), [&](const auto& c) { return c.event->source == x->source; });
      same != w.copies.end()) {
    wait_with(*same);
    return false;
  }
  unverified_copy fresh{unverified_copy::state::verifying, x, origin, {}, false};
  const auto of_origin =
    std::count_if(w.copies.begin(), w.copies.end(), [&](const auto& c) { return c.origin == origin; });
  // The same server says it in other words: of those that were not found genuine the last counts. One that is being
  // verified may be.
  const auto former = std::find_if(w.copies.begin(), w.copies.end(), [&](const auto& c) {
    return c.origin == origin && c.is == unverified_copy::state::no_key;
  });
  if (former != w.copies.end()) {
    fresh.waiters = std::move(former->waiters);
    w.copies.erase(former);
  } else if (static_cast<std::size_t>(of_origin) >= copies_of_one_max) {
    if (waits)
      batches_.complete(waits->first, waits->second,
                        "you have sent other copies of this event, none of which is verified yet");
    return false;
  } else if (w.copies.size() >= copies_max && origin != matrix::server_name_of(x->sender)) {
    if (waits)
      batches_.complete(waits->first, waits->second,
                        "too many servers have sent different copies of this event, none of which is verified yet");
    return false;
  }
  w.copies.push_back(std::move(fresh));
  wait_with(w.copies.back());
  w.event = w.copies.front().event;
  w.enter(work_phase::verifying, out_.now());
  if (!waits) ask_to_verify({{id, x}});
  return true;
}

void inbound_events::ask_to_verify(std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies) {
  std::map<std::string, std::vector<std::pair<std::uint64_t, matrix::event_ptr>>> by_signers;
  for (auto& [id, x] : copies) {
    if (!work_.contains(id)) continue;
    std::string signers{matrix::server_name_of(x->sender)};
    for (const auto& server : matrix::required_signers(*x, matrix::kept_as::redacted)) signers += " " + server;
    by_signers[signers].emplace_back(id, std::move(x));
  }
  for (auto& [signers, those] : by_signers) {
    std::vector<matrix::event_ptr> events;
    for (const auto& [id, x] : those) events.push_back(x);
    pending_.verify(std::move(events), question::copies{std::move(those)});
  }
  wake_for_stalled(); // the verifier may have to wait for a key
}

void inbound_events::verify_again() {
  std::vector<std::pair<std::uint64_t, matrix::event_ptr>> again;
  for (auto& [id, w] : work_)
    for (auto& copy : w.copies)
      if (copy.is == unverified_copy::state::no_key) {
        copy.is = unverified_copy::state::verifying; // the phase stays: nobody waits for it anew
        again.emplace_back(id, copy.event);
      }
  ask_to_verify(std::move(again));
}

void inbound_events::copy_verified(std::uint64_t id, const matrix::event_ptr& x, event_check check,
                                   bool some_lack_keys) {
  const auto found = work_.find(id);
  if (found == work_.end()) return;
  auto& w = found->second;
  const auto copy = std::find_if(w.copies.begin(), w.copies.end(), [&](const auto& c) { return c.event == x; });
  if (copy == w.copies.end()) return; // another one has proved genuine, or came from the same server since
  auto drop = [&](const char* why) {
    if (w.pulled_for != 0) missing_.refuted(w.pulled_for, x->event_id);
    if (w.copies.size() == 1) return end_work(id, why);
    for (const auto& [batch_id, index] : copy->waiters) batches_.complete(batch_id, index, why);
    w.copies.erase(copy);
    w.event = w.copies.front().event;
    decide_copies(id);
  };
  switch (check) {
  case event_check::valid: {
    const auto origin = copy->origin;
    out_.hop(x->event_id, hop_stage::verified);
    adopt(w, x, origin);
    // What waits for this very key was said before: it need not wait for its next turn, nor be shown after this one.
    const bool has_brought_key =
      some_lack_keys && std::any_of(work_.begin(), work_.end(), [&](const auto& other) {
        return std::any_of(other.second.copies.begin(), other.second.copies.end(), [&](const auto& c) {
          return c.is == unverified_copy::state::no_key && share_signing_key(*x, *c.event);
        });
      });
    if (has_brought_key) keys_again_.set(out_.now());
    break;
  }
  case event_check::bad_hash:
    copy->is = unverified_copy::state::stripped;
    decide_copies(id);
    break;
  case event_check::bad_signature: drop("bad_signature: a signature of the event is not valid"); break;
  case event_check::missing_signature: drop("bad_signature: a required signature is missing"); break;
  case event_check::no_key: // may be had a moment later: nobody sends the event again. Our own keys are all known.
    if (out_.now() - w.since > keys_give_up_ms || room_.node.is_local(w.event->sender)) {
      drop("bad_signature: the signing key could not be obtained");
      break;
    }
    copy->is = unverified_copy::state::no_key;
    w.pulled_for = 0; // it stays when the gap it was fetched for is closed without it
    stage(w);
    decide_copies(id);
    break;
  }
}

void inbound_events::decide_copies(std::uint64_t id) {
  const auto found = work_.find(id);
  if (found == work_.end() || found->second.copies.empty()) return;
  auto& w = found->second;
  using state = unverified_copy::state;
  auto with = [&](state wanted) {
    return std::find_if(w.copies.begin(), w.copies.end(), [&](const auto& c) { return c.is == wanted; });
  };
  if (with(state::verifying) != w.copies.end()) return;
  if (const auto stripped = with(state::stripped); stripped != w.copies.end()) {
    if (ask_author(id, w)) return;
    const auto origin = stripped->origin;
    w.stripped = true;
    return adopt(w, matrix::redacted(*stripped->event), origin);
  }
  if (w.phase != work_phase::waiting_for_keys)
    out_.hop(w.event->event_id, hop_stage::waiting_for_key, out_.details([&] {
      return hop_details{std::string{matrix::server_name_of(w.event->sender)}, {}, 0, request_phase::signature, {}};
    }));
  w.enter(work_phase::waiting_for_keys, out_.now());
  // Who waits already keeps their turn: copies whose key is missing may come all the time, from anybody.
  keys_again_.set(earlier(keys_again_.at(), out_.now() + time_ms{room_.node.settings().room.inbox_retry_ms}));
}

void inbound_events::adopt(inbound_event& w, const matrix::event_ptr& x, const std::string& origin) {
  for (auto& copy : w.copies) w.waiters.insert(w.waiters.end(), copy.waiters.begin(), copy.waiters.end());
  w.copies.clear();
  w.event = x;
  w.origin = origin;
  w.enter(work_phase::waiting_for_parents, out_.now());
  if (w.in_inbox)
    for (const auto& [batch_id, index] : std::exchange(w.waiters, {})) batches_.complete(batch_id, index, {});
}

bool inbound_events::ask_author(std::uint64_t id, inbound_event& w) {
  if (w.author_of_stripped == inbound_event::author::asked) return true;
  const std::string author{matrix::server_name_of(w.event->sender)};
  const bool came_from_him =
    std::any_of(w.copies.begin(), w.copies.end(), [&](const auto& c) { return c.origin == author; });
  if (w.author_of_stripped == inbound_event::author::answered || came_from_him || author == room_.node.server_name)
    return false;
  w.author_of_stripped = inbound_event::author::asked;
  peer_request r;
  r.endpoint = matrix::endpoint::event;
  r.parameters = {w.event->event_id};
  r.timeout_ms = author_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  pending_.ask_server(author, std::move(r), question::authors_copy{id});
  return true;
}

void inbound_events::answered(question::authors_copy q, const timed_out& m) {
  peer_answer none;
  none.asked = m.asked;
  none.why = {fault_code::timed_out, "no answer"};
  answered(q, none);
}

void inbound_events::answered(question::authors_copy q, const peer_answer& m) {
  const auto id = q.work_id;
  const auto found = work_.find(id);
  if (found == work_.end()) return;
  const auto body =
    m.status == 200 ? matrix::json::parse_readable(m.body, {"pdus"}) : result<matrix::json::value>{m.why};
  const auto* pdus = body ? body->find_array("pdus") : nullptr;
  found->second.author_of_stripped = inbound_event::author::answered;
  for (const auto& x : pdus ? import_.parse(*pdus, matrix::count_policy::unbounded) : std::vector<matrix::event_ptr>{})
    if (x->event_id == found->second.event->event_id) add_copy(id, found->second, x, m.server_name, {});
  decide_copies(id);
  advance();
}

bool inbound_events::is_stalled(const inbound_event& w) const {
  switch (w.phase) {
  case work_phase::waiting_for_keys: return true;
  case work_phase::formed:
  case work_phase::verifying: return out_.now() - w.phase_since >= keys_patience_ms;
  case work_phase::closing_gap: {
    if (history_.is_active() && out_.now() < history_.begun() + history_patience_ms) return false;
    const auto id = work_by_event_.at(w.event->event_id);
    if (missing_.has_failed(id)) return true;
    return out_.now() - missing_.progress_for(id, w).value_or(w.phase_since) >= parents_patience_ms;
  }
  default: return false;
  }
}

void inbound_events::wake_for_stalled() {
  if (stalled_check_.is_set()) return;
  const bool some_wait = std::any_of(work_.begin(), work_.end(), [](const auto& w) {
    return w.second.phase == work_phase::verifying || w.second.phase == work_phase::waiting_for_parents;
  });
  if (!some_wait && missing_.is_idle()) return;
  stalled_check_.set(out_.now() + stalled_check_ms);
}

void inbound_events::check_stalled() {
  // Its sender need not wait for another server's key.
  for (auto& [id, w] : work_)
    if (w.phase == work_phase::verifying && out_.now() - w.phase_since >= keys_patience_ms) {
      w.pulled_for = 0; // it stays when the gap it was fetched for is closed without it
      stage(w);
    }
  missing_.hedge();
  advance();
}

std::size_t inbound_events::enqueue_pulled(const std::vector<matrix::event_ptr>& events, const std::string& origin,
                                           std::uint64_t gap_number) {
  auto all = events;
  for (const auto& [id, w] : work_) all.push_back(w.event);
  writer_.mark_history(all);
  std::vector<std::pair<std::uint64_t, matrix::event_ptr>> fresh;
  std::size_t brought = 0;
  for (const auto& x : events) {
    const auto* known = room_.graph.find(x->event_id);
    if (known && known->judged != store::verdict::outlier) {
      repair_.offer(*known, x);
      continue;
    }
    if (const auto it = work_by_event_.find(x->event_id); it != work_by_event_.end()) {
      auto& w = work_.at(it->second);
      if (!w.copies.empty() && add_copy(it->second, w, x, origin, {})) ++brought;
      continue;
    }
    fresh.emplace_back(begin_work(x, origin, gap_number), x);
  }
  brought += fresh.size();
  ask_to_verify(std::move(fresh));
  return brought;
}

} // namespace causeway::room
