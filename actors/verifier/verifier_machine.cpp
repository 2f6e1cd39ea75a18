#include "actors/verifier/verifier_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/policy_server.hpp"

#include <algorithm>
#include <limits>
#include <ranges>

namespace causeway::verifier {
namespace {

/// Large enough to make the hand-over cheap, small enough to keep every core busy with one transaction.
constexpr std::size_t piece_events = 25;
/// A worker that has not answered for so long has failed over it.
constexpr time_ms worker_timeout_ms = 45'000;
/// So long the others of a question wait for word of a key that does not match. What is not known by then counts as an
/// event without a key, which its room verifies again.
constexpr time_ms doubts_timeout_ms = 2'000;
/// Clocks of honest servers differ by less.
constexpr time_ms ahead_ms = 60'000;
/// With as many servers in one question (a large room is joined) notaries are asked beside the servers themselves.
constexpr std::size_t crowd_servers_min = 20;
/// Servers that its description names: with a join of a large room it waits for thousands.
constexpr std::size_t shown_servers_max = 50;

} // namespace

verifier_machine::verifier_machine(const context& node, std::size_t workers)
    : node_(node), workers_(std::max<std::size_t>(1, workers)) {
  matrix::verify_keys own;
  own[node.key.key_id()] = {node.key.public_key_base64(), std::numeric_limits<std::int64_t>::max(), false};
  for (const auto& old : node.old_keys)
    own.emplace(old.key_id, matrix::verify_key{old.public_key_base64, old.expired_ts, true});
  own_keys_ = std::make_shared<const matrix::verify_keys>(std::move(own));
}

effects verifier_machine::on(const message& m, time_ms now) {
  now_ = now;
  // A verdict of a worker asked by an earlier incarnation of this actor must not be taken for one on these events.
  if (last_token_ == 0) last_token_ = static_cast<token>(now) << 16;
  if (const auto* x = std::get_if<verify_events>(&m)) begin(*x);
  else if (const auto* found = std::get_if<keys_response>(&m)) {
    if (auto it = open_.find(found->asked); it != open_.end()) take_keys(it->first, it->second, *found);
  } else if (const auto* piece = std::get_if<piece_verified>(&m)) {
    if (auto it = open_.find(piece->asked); it != open_.end()) {
      auto& q = it->second;
      std::copy(piece->checks.begin(), piece->checks.end(),
                q.checks.begin() + static_cast<std::ptrdiff_t>(piece->first));
      if (--q.open_pieces == 0) pieces_done(it->first, q);
    }
  } else if (const auto* t = std::get_if<timer_due>(&m); t && t->name == timer_kind::sweep) {
    sweep();
  } else if (const auto* s = std::get_if<status_request>(&m)) {
    out_.emplace_back(tell{s->reply_to, status_response{s->asked, {actor_kind::verifier, ""}, describe(now)}});
  }
  if (const auto due = next_deadline(); due != 0 && (sweep_at_ <= now_ || due < sweep_at_)) {
    sweep_at_ = due;
    out_.emplace_back(wake_me_at{due, timer_kind::sweep});
  }
  return std::exchange(out_, {});
}

void verifier_machine::begin(const verify_events& m) {
  const auto id = ++last_token_;
  auto& q = open_[id];
  q.asked = m;
  q.since = now_;
  q.checks.resize(m.events.size(), event_check::no_key);
  std::map<std::string, keys_request> wanted;
  for (const auto& e : m.events) {
    const auto* signatures = e->source.find("signatures");
    for (const auto& server : possible_signers(*e)) {
      if (server == node_.server_name) {
        (*q.keys)[server] = own_keys_;
        continue;
      }
      auto& w = wanted[server];
      if (e->rules().enforce_key_validity) w.valid_at_ts = std::max(w.valid_at_ts, std::min(e->origin_server_ts, now_));
      if (const auto* by = signatures ? signatures->find_object(server) : nullptr)
        for (const auto& s : *by)
          // A policy server's key is in the room's state and not among those its server tells.
          if (s.key != matrix::policy_server_key_id && w.key_ids.size() < 16 &&
              std::find(w.key_ids.begin(), w.key_ids.end(), s.key) == w.key_ids.end())
            w.key_ids.push_back(s.key);
    }
  }
  if (q.asked.events.empty()) {
    out_.emplace_back(tell{m.reply_to, events_verified{m.asked, {}}});
    open_.erase(id);
    return;
  }
  for (auto& [server, w] : wanted) {
    q.missing.insert(server);
    w.reply_to = {actor_kind::verifier, ""};
    w.asked = id;
    w.in_crowd = wanted.size() >= crowd_servers_min;
    out_.emplace_back(tell{{actor_kind::remote_server, server}, std::move(w)});
  }
  if (q.missing.empty()) return hand_out(id, q);
}

void verifier_machine::hand_out(token id, question& q) {
  const auto& events = q.asked.events;
  for (std::size_t first = 0; first < events.size(); first += piece_events) {
    const auto last = std::min(events.size(), first + piece_events);
    verify_piece p{
      {actor_kind::verifier, ""},
      id,
      first,
      {events.begin() + static_cast<std::ptrdiff_t>(first), events.begin() + static_cast<std::ptrdiff_t>(last)},
      q.keys,
      node_.server_name};
    ++q.open_pieces;
    out_.emplace_back(
      tell{{actor_kind::verifier, "worker-" + std::to_string(next_worker_++ % workers_)}, std::move(p)});
  }
}

time_ms verifier_machine::deadline(const question& q) {
  if (q.missing.empty()) return q.since + worker_timeout_ms;
  return q.since + (q.doubts ? doubts_timeout_ms : q.asked.keys_patience_ms);
}

time_ms verifier_machine::next_deadline() const {
  time_ms next = 0;
  for (const auto& [id, q] : open_) next = next == 0 ? deadline(q) : std::min(next, deadline(q));
  return next;
}

void verifier_machine::take_keys(token id, question& q, const keys_response& found) {
  if (q.missing.erase(found.server_name) == 0) return;
  if (!q.doubts) {
    (*q.keys)[found.server_name] = found.keys;
    if (q.missing.empty()) hand_out(id, q);
    return;
  }
  const auto known = q.keys->find(found.server_name);
  const bool is_news = known == q.keys->end() || !known->second || !found.keys || *known->second != *found.keys;
  if (is_news) {
    auto keys = std::make_shared<key_ring>(*q.keys);
    (*keys)[found.server_name] = found.keys;
    q.keys = std::move(keys);
  } else {
    // It stands by its key: its events are what they look like.
    std::erase_if(q.doubted, [&](auto i) {
      const auto signers = possible_signers(*q.asked.events[i]);
      return signers.size() == 1 && signers.front() == found.server_name;
    });
  }
  if (q.missing.empty()) check_doubted(id, q);
}

void verifier_machine::pieces_done(token id, question& q) {
  if (q.doubts || !ask_about_doubts(id, q)) finish(id);
}

bool verifier_machine::ask_about_doubts(token id, question& q) {
  std::map<std::string, keys_request> wanted;
  for (std::size_t i = 0; i < q.checks.size(); ++i) {
    if (q.checks[i] != event_check::bad_signature && !is_beyond_keys(q, i)) continue;
    const auto& e = *q.asked.events[i];
    bool is_of_others = false;
    for (const auto& server : possible_signers(e)) {
      if (server == node_.server_name) continue;
      is_of_others = true;
      auto& w = wanted[server];
      w.reply_to = {actor_kind::verifier, ""};
      w.asked = id;
      w.are_doubted = true;
    }
    if (is_of_others) q.doubted.push_back(i);
  }
  if (wanted.empty()) return false;
  q.doubts = true;
  q.since = now_;
  for (auto& [server, w] : wanted) {
    q.missing.insert(server);
    out_.emplace_back(tell{{actor_kind::remote_server, server}, std::move(w)});
  }
  return true;
}

void verifier_machine::check_doubted(token id, question& q) {
  q.since = now_;
  for (const auto i : q.doubted) {
    ++q.open_pieces;
    out_.emplace_back(
      tell{{actor_kind::verifier, "worker-" + std::to_string(next_worker_++ % workers_)},
           verify_piece{{actor_kind::verifier, ""}, id, i, {q.asked.events[i]}, q.keys, node_.server_name}});
  }
  if (q.open_pieces == 0) finish(id);
}

bool verifier_machine::is_beyond_keys(const question& q, std::size_t event) const {
  const auto& e = *q.asked.events[event];
  if (q.checks[event] != event_check::no_key || !e.rules().enforce_key_validity ||
      e.origin_server_ts <= now_ + ahead_ms)
    return false;
  const auto* signatures = e.source.find("signatures");
  for (const auto& server : possible_signers(e)) {
    const auto known = q.keys->find(server);
    const auto* by = signatures ? signatures->find_object(server) : nullptr;
    if (!by || known == q.keys->end() || !known->second) continue;
    for (const auto& s : *by)
      if (const auto key = known->second->find(s.key);
          key != known->second->end() && key->second.valid_until_ts < e.origin_server_ts)
        return true;
  }
  return false;
}

void verifier_machine::finish(token id) {
  auto& q = open_.at(id);
  // Its server has just been asked for its keys, and they are not good for such a date: no such signature is taken, and
  // nobody waits for the day to come. Source: room version 5, "Signing key validity period".
  for (std::size_t i = 0; i < q.checks.size(); ++i)
    if (is_beyond_keys(q, i)) q.checks[i] = event_check::bad_signature;
  verified_ += q.checks.size();
  out_.emplace_back(tell{q.asked.reply_to, events_verified{q.asked.asked, std::move(q.checks)}});
  open_.erase(id);
}

void verifier_machine::sweep() {
  sweep_at_ = 0;
  std::vector<token> given_up;
  for (auto& [id, q] : open_) {
    if (now_ < deadline(q)) continue;
    if (q.doubts && !q.missing.empty()) {
      for (const auto i : q.doubted) q.checks[i] = event_check::no_key; // its server has not said yet
      given_up.push_back(id);
    } else if (!q.missing.empty()) {
      q.missing.clear(); // judged without those keys
      q.since = now_;
      hand_out(id, q);
    } else {
      given_up.push_back(id); // a worker failed over it: what is not checked is answered as such
    }
  }
  for (const auto id : given_up) {
    auto& q = open_.at(id);
    out_.emplace_back(tell{q.asked.reply_to, events_verified{q.asked.asked, std::move(q.checks)}});
    open_.erase(id);
  }
}

std::string verifier_machine::describe(time_ms now) const {
  matrix::json::object o{{"questions_open", static_cast<std::int64_t>(open_.size())},
                         {"verified", static_cast<std::int64_t>(verified_)}};
  if (!open_.empty()) {
    o.set("oldest_age_ms", now - open_.begin()->second.since);
    const auto& missing = open_.begin()->second.missing;
    matrix::json::array some;
    for (const auto& s : missing | std::views::take(shown_servers_max)) some.emplace_back(s);
    o.set("oldest_waits_for_keys_of", std::move(some));
    o.set("oldest_waits_for_keys_total", static_cast<std::int64_t>(missing.size()));
  }
  return matrix::json::canonical(o);
}

effects worker_machine::on(const message& m, time_ms) {
  const auto* p = std::get_if<verify_piece>(&m);
  if (!p) return {};
  piece_verified done{p->asked, p->first, {}};
  done.checks.reserve(p->events.size());
  for (const auto& e : p->events) done.checks.push_back(check_event(*e, *p->keys, p->own_name));
  effects out;
  out.emplace_back(tell{p->reply_to, std::move(done)});
  return out;
}

} // namespace causeway::verifier
