// The server's verify keys: cached, fetched once for all who wait; from itself, then from the notaries. Kept for half of their lifetime, then
// fetched again while the old ones go on being used. Source: server-server-api, "Retrieving server keys".
#include "actors/due.hpp"
#include "actors/remote_server/remote_server_machine.hpp"

#include "messages/limits.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

constexpr std::size_t keys_waiting_max = 1'000;
/// Four times what is kept of it (matrix::key_document_bytes_max): some servers lay their JSON out with blanks.
constexpr std::size_t keys_bytes_max = 64 * 1024;
/// Keys of one server, all it ever told: those it stopped using first go first.
constexpr std::size_t known_keys_max = 4 * limits::server_keys_max;
/// A signature that does not match a known key may be one of a server that was installed anew: the server is asked. Anybody can send such
/// signatures in any server's name, so it is asked for that reason no more often than after this many times federation.key_fetch_retry_ms (a minute).
constexpr time_ms doubt_pauses = 6;
/// Key ids a notary is asked for.
constexpr std::size_t wanted_ids_max = 16;
/// A notary's actor answers within its time-out; what takes this much longer was lost with it.
constexpr time_ms notary_lost_after_ms = 15'000;

} // namespace

bool remote_server_machine::satisfied(const keys_wanted& m) const {
  if (keys_->empty() || (m.wants_document && !key_documents_)) return false;
  // A retired key is as good as it will ever get; one that is in use may be told with a later end.
  const auto fit = [&](const auto& k) { return k.is_old || k.valid_until_ts >= m.valid_at_ts; };
  for (const auto& id : m.key_ids)
    if (const auto it = keys_->find(id); it == keys_->end() || !fit(it->second)) return false;
  if (m.valid_at_ts == 0 || !m.key_ids.empty()) return true;
  return std::any_of(keys_->begin(), keys_->end(),
                     [&](const auto& k) { return k.second.valid_until_ts >= m.valid_at_ts; });
}

keys_found remote_server_machine::keys_for(const keys_wanted& m) const {
  return {m.asked, server_name_, keys_, key_documents_};
}

time_ms remote_server_machine::keys_pause() const {
  const auto& o = node_.federation;
  const auto doublings = std::min(keys_failures_ > 0 ? keys_failures_ - 1 : 0, 30u);
  return std::min<time_ms>(time_ms{o.key_fetch_retry_ms} << doublings,
                           std::max(o.key_fetch_retry_ms, o.key_fetch_retry_ms_max));
}

bool remote_server_machine::may_doubt_keys() const {
  const auto pause = doubt_pauses * time_ms{node_.federation.key_fetch_retry_ms};
  return keys_request_ != 0 || !is_within(keys_doubted_at_, pause, out_.now());
}

void remote_server_machine::want_keys(const keys_wanted& m) {
  if (m.are_doubted && may_doubt_keys() && keys_waiting_.size() < keys_waiting_max) {
    keys_waiting_.push_back(m);
    if (keys_request_ != 0) return; // its answer is fresh enough
    keys_doubted_at_ = out_.now();
    return fetch_keys();
  }
  if (satisfied(m)) {
    out_.send_at_once(m.reply_to, keys_for(m));
    return refresh_keys();
  }
  const bool under_way = keys_request_ != 0 || notary_token_ != 0;
  // Nobody is asked again and again for what he did not tell a moment ago.
  const bool paused = !under_way && is_within(keys_asked_at_, keys_pause(), out_.now());
  if (paused || keys_waiting_.size() >= keys_waiting_max) {
    out_.send_at_once(m.reply_to, keys_for(m));
    return;
  }
  keys_waiting_.push_back(m);
  if (!under_way) fetch_keys();
  if (m.in_crowd && notary_token_ == 0) ask_notary();
}

void remote_server_machine::refresh_keys() {
  if (keys_request_ != 0 || notary_token_ != 0 || is_within(keys_asked_at_, keys_pause(), out_.now())) return;
  std::int64_t until = 0;
  for (const auto& [id, k] : *keys_)
    if (!k.is_old) until = std::max(until, k.valid_until_ts);
  if (out_.now() < keys_fetched_at_ || out_.now() >= keys_fetched_at_ + (until - keys_fetched_at_) / 2) fetch_keys();
}

void remote_server_machine::fetch_keys() {
  if (keys_request_ != 0) return;
  next_notary_ = 0;
  if (const auto left = pauses_.left(matrix::endpoint::key_server, out_.now()); left > 0) {
    keys_fault_ = "it has asked to be left alone for another " + std::to_string(left / 1'000 + 1) + " s";
    check_others();
    return keys_advance();
  }
  keys_request_ = request(open_request::kind::keys, matrix::endpoint::key_server, {}, {}, {},
                          node_.federation.key_fetch_timeout_ms, keys_bytes_max);
}

status remote_server_machine::take_keys(const matrix::json::object& document, matrix::key_source told_by) {
  auto found = matrix::check_server_keys(document, server_name_, out_.now());
  if (!found) return found.error();
  auto merged = *keys_;
  for (const auto& id : matrix::merge_keys(merged, *found, out_.now(), told_by))
    out_.log(log_level::warning, "server shows another public key under a known id: was it installed anew?",
             {{"server", server_name_}, {"key", id}, {"public_key", merged.at(id).public_key_base64}});
  while (merged.size() > known_keys_max)
    merged.erase(std::min_element(merged.begin(), merged.end(), [](const auto& a, const auto& b) {
      return a.second.valid_until_ts < b.second.valid_until_ts;
    }));
  keys_ = std::make_shared<const matrix::verify_keys>(std::move(merged));
  static const matrix::key_documents none;
  auto documents = matrix::with_document(key_documents_ ? *key_documents_ : none, document, server_name_);
  key_documents_ = documents.empty() ? nullptr : std::make_shared<const matrix::key_documents>(std::move(documents));
  return ok();
}

void remote_server_machine::save_keys() {
  out_.write(store::put_server_keys{server_name_, *keys_, keys_fetched_at_,
                                    key_documents_ ? matrix::join_documents(*key_documents_) : std::string{}});
}

void remote_server_machine::keys_answered(const gateway::http_answer& a) {
  keys_request_ = 0;
  keys_fault_.clear();
  auto body = matrix::json::parse(a.body);
  if (a.status != 200) keys_fault_ = a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status);
  else if (!body || !body->as_object()) keys_fault_ = "the answer is no JSON object";
  else if (auto taken = take_keys(*body->as_object(), matrix::key_source::itself); !taken)
    keys_fault_ = to_string(taken.error());
  else {
    keys_fetched_at_ = out_.now();
    keys_failures_ = 0;
    save_keys();
  }
  if (!keys_fault_.empty()) {
    ++keys_failures_;
    out_.log(log_level::warning, "server keys not obtained", {{"server", server_name_}, {"why", keys_fault_}});
  }
  check_others();
  keys_advance();
}

void remote_server_machine::keys_advance() {
  // Of our own notary's questions none goes on to another notary: two of them would ask each other in circles.
  const bool from_itself = keys_request_ != 0;
  auto waiting = std::exchange(keys_waiting_, {});
  for (auto& w : waiting) {
    const bool is_enough = satisfied(w) && !(w.are_doubted && from_itself);
    if (is_enough || (w.wants_document && !from_itself)) out_.send_at_once(w.reply_to, keys_for(w));
    else keys_waiting_.push_back(std::move(w));
  }
  auto requests = std::exchange(auth_waiting_, {});
  for (auto& r : requests) {
    if (has_key_for(r.request) && !(r.doubts && from_itself)) authenticate(r.request, true);
    else auth_waiting_.push_back(std::move(r));
  }
  if (from_itself || notary_token_ != 0) return;
  if ((!keys_waiting_.empty() || !auth_waiting_.empty()) && ask_notary()) return;
  keys_asked_at_ = out_.now();
  for (const auto& w : std::exchange(keys_waiting_, {})) out_.send_at_once(w.reply_to, keys_for(w));
  for (const auto& r : std::exchange(auth_waiting_, {})) authenticate(r.request, true);
}

bool remote_server_machine::ask_notary() {
  const auto& notaries = node_.federation.trusted_key_servers;
  while (next_notary_ < notaries.size()) {
    const auto& notary = notaries[next_notary_++];
    if (notary == server_name_ || notary == node_.server_name || !node_.admits(notary)) continue;
    notary_keys_wanted q{server_name_, notary_token_ = out_.next_token(), 0, {}};
    for (const auto& w : keys_waiting_) {
      q.valid_at_ts = std::max(q.valid_at_ts, w.valid_at_ts);
      for (const auto& id : w.key_ids)
        if (q.key_ids.size() < wanted_ids_max && std::find(q.key_ids.begin(), q.key_ids.end(), id) == q.key_ids.end())
          q.key_ids.push_back(id);
    }
    // A request is authenticated with the keys of now, whichever they are.
    if (!auth_waiting_.empty()) {
      q.valid_at_ts = std::max(q.valid_at_ts, out_.now());
      q.key_ids.clear();
    }
    out_.send_at_once({actor_kind::remote_server, notary}, std::move(q));
    out_.wake_at(out_.now() + node_.federation.notary_timeout_ms + notary_lost_after_ms, "notary");
    return true;
  }
  return false;
}

void remote_server_machine::notary_told(const notary_keys_told& m) {
  if (notary_token_ == 0 || m.asked != notary_token_) return;
  notary_token_ = 0;
  out_.wake_at(0, "notary");
  bool learnt = false;
  std::string why = m.why;
  for (const auto& document : m.documents) {
    // The notary's word is not enough: the server itself must have signed it.
    if (auto taken = take_keys(document, matrix::key_source::notary); taken) learnt = true;
    else why = to_string(taken.error());
  }
  if (learnt) save_keys();
  else
    out_.log(log_level::info, "notary does not know the keys",
             {{"server", server_name_}, {"notary", m.notary}, {"why", why}});
  keys_advance();
}

void remote_server_machine::notary_overdue() {
  if (std::exchange(notary_token_, 0) != 0) keys_advance();
}

} // namespace causeway::remote_server
