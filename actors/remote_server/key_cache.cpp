#include "actors/remote_server/key_cache.hpp"

#include "actors/due.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/signing.hpp"

#include <algorithm>
#include <utility>

namespace causeway::remote_server {
namespace {

/// Four times what is kept of it (matrix::key_document_bytes_max): some servers lay their JSON out with blanks.
constexpr std::size_t keys_bytes_max = 64 * 1024;
/// Keys of one server, all it ever told: those it stopped using first go first.
constexpr std::size_t known_keys_max = 4 * limits::server_keys_max;
/// A signature that does not match a known key may be one of a server that was installed anew: the server is asked.
/// Anybody can send such signatures in any server's name, so it is asked for that reason no more often than after
/// this many times federation.key_fetch_retry_ms (a minute).
constexpr time_ms doubt_pauses = 6;
/// Key ids a notary is asked for.
constexpr std::size_t wanted_ids_max = 16;
/// A notary's actor answers within its time-out; what takes this much longer was lost with it.
constexpr time_ms notary_lost_after_ms = 15'000;

} // namespace

void key_cache::load(const store::put_server_keys& from) {
  keys_ = std::make_shared<const matrix::verify_keys>(from.keys);
  fetched_at_ = asked_at_ = from.fetched_ts;
  if (auto documents = matrix::split_documents(from.documents); !documents.empty())
    documents_ = std::make_shared<const matrix::key_documents>(std::move(documents));
}

bool key_cache::satisfies(const keys_request& m) const {
  if (keys_->empty() || (m.wants_document && !documents_)) return false;
  // A retired key is as good as it will ever get; one that is in use may be told with a later end.
  const auto fit = [&](const auto& k) { return k.is_old || k.valid_until_ts >= m.valid_at_ts; };
  for (const auto& id : m.key_ids)
    if (const auto it = keys_->find(id); it == keys_->end() || !fit(it->second)) return false;
  if (m.valid_at_ts == 0 || !m.key_ids.empty()) return true;
  return std::any_of(keys_->begin(), keys_->end(),
                     [&](const auto& k) { return k.second.valid_until_ts >= m.valid_at_ts; });
}

void key_cache::reply(const keys_request& m) {
  out_.send_at_once(m.reply_to, keys_response{m.asked, server_.name, keys_, documents_});
}

time_ms key_cache::pause() const {
  const auto& o = server_.options();
  const auto doublings = std::min(failures_ > 0 ? failures_ - 1 : 0, 30u);
  return std::min<time_ms>(time_ms{o.key_fetch_retry_ms} << doublings,
                           std::max(o.key_fetch_retry_ms, o.key_fetch_retry_ms_max));
}

bool key_cache::were_asked_within(time_ms pause_ms) const { return is_within(asked_at_, pause_ms, out_.now()); }

bool key_cache::may_doubt() const {
  const auto between = doubt_pauses * time_ms{server_.options().key_fetch_retry_ms};
  return is_fetching_ || !is_within(doubted_at_, between, out_.now());
}

const matrix::verify_key* key_cache::current(const std::string& key_id) const {
  const auto key = keys_->find(key_id);
  return key == keys_->end() || key->second.is_old || key->second.valid_until_ts < out_.now() ? nullptr : &key->second;
}

void key_cache::want(const keys_request& m) {
  if (m.are_doubted && may_doubt() && waiting_.size() < waiting_max) {
    waiting_.push_back(m);
    if (!is_fetching_) fetch_doubted(); // else its answer is fresh enough
    return;
  }
  if (satisfies(m)) {
    reply(m);
    return refresh();
  }
  // Nobody is asked again and again for what they did not tell a moment ago.
  const bool paused = !is_under_way() && were_asked_within(pause());
  if (paused || waiting_.size() >= waiting_max) return reply(m);
  const bool was_under_way = is_under_way();
  waiting_.push_back(m);
  if (!was_under_way) fetch();
  if (m.in_crowd && notary_token_ == 0) ask_notary();
}

void key_cache::refresh() {
  if (is_under_way() || were_asked_within(pause())) return;
  std::int64_t until = 0;
  for (const auto& [id, k] : *keys_)
    if (!k.is_old) until = std::max(until, k.valid_until_ts);
  if (out_.now() < fetched_at_ || out_.now() >= fetched_at_ + (until - fetched_at_) / 2) fetch();
}

void key_cache::fetch_doubted() {
  doubted_at_ = out_.now();
  fetch();
}

void key_cache::fetch() {
  if (is_fetching_) return;
  next_notary_ = 0;
  if (auto fine = server_.admitted(); !fine) { // what others have of it may be used all the same
    fault_ = to_string(fine.error());
    events_.key_fetch_ended();
    return advance();
  }
  if (const auto left = requests_.pause_left(matrix::endpoint::key_server); left > 0) {
    fault_ = "it accepts no more requests for its keys for another " + std::to_string(left / 1'000 + 1) + " s";
    events_.key_fetch_ended();
    return advance();
  }
  is_fetching_ = true;
  requests_.send(key_request{}, {.endpoint = matrix::endpoint::key_server,
                                 .timeout_ms = server_.options().key_fetch_timeout_ms,
                                 .response_bytes_max = keys_bytes_max});
}

status key_cache::take(const matrix::json::object& document, matrix::key_source source) {
  auto found = matrix::check_server_keys(document, server_.name, out_.now());
  if (!found) return found.error();
  auto merged = *keys_;
  for (const auto& id : matrix::merge_keys(merged, *found, out_.now(), source))
    out_.log(log_level::warning, "S203 server shows another public key under a known key id",
             {{"server", server_.name}, {"key", id}, {"public_key", merged.at(id).public_key_base64}});
  while (merged.size() > known_keys_max)
    merged.erase(std::min_element(merged.begin(), merged.end(), [](const auto& a, const auto& b) {
      return a.second.valid_until_ts < b.second.valid_until_ts;
    }));
  keys_ = std::make_shared<const matrix::verify_keys>(std::move(merged));
  static const matrix::key_documents none;
  auto documents = matrix::with_document(documents_ ? *documents_ : none, document, server_.name);
  documents_ = documents.empty() ? nullptr : std::make_shared<const matrix::key_documents>(std::move(documents));
  return ok();
}

void key_cache::save() {
  out_.write(store::put_server_keys{server_.name, *keys_, fetched_at_,
                                    documents_ ? matrix::join_documents(*documents_) : std::string{}});
}

void key_cache::answered(const gateway::http_answer& a) {
  is_fetching_ = false;
  fault_.clear();
  auto body = matrix::json::parse(a.body);
  if (a.status != 200) fault_ = a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status);
  else if (!body || !body->as_object()) fault_ = "the answer is no JSON object";
  else if (auto taken = take(*body->as_object(), matrix::key_source::itself); !taken) fault_ = to_string(taken.error());
  else {
    fetched_at_ = out_.now();
    failures_ = 0;
    save();
  }
  if (!fault_.empty()) {
    ++failures_;
    out_.log(log_level::warning, "S204 server keys not fetched", {{"server", server_.name}, {"why", fault_}});
  }
  events_.key_fetch_ended();
  advance();
}

void key_cache::advance() {
  // Of our own notary's questions none goes on to another notary: two of them would ask each other in circles.
  const bool from_itself = is_fetching_;
  auto waiting = std::exchange(waiting_, {});
  for (auto& w : waiting) {
    const bool is_enough = satisfies(w) && !(w.are_doubted && from_itself);
    if (is_enough || (w.wants_document && !from_itself)) reply(w);
    else waiting_.push_back(std::move(w));
  }
  events_.keys_changed(from_itself ? key_fetch::open : key_fetch::ended);
  if (from_itself || notary_token_ != 0) return;
  if ((!waiting_.empty() || events_.requests_wait_for_keys()) && ask_notary()) return;
  asked_at_ = out_.now();
  for (const auto& w : std::exchange(waiting_, {})) reply(w);
  events_.keys_exhausted();
}

bool key_cache::ask_notary() {
  const auto& notaries = server_.options().trusted_key_servers;
  while (next_notary_ < notaries.size()) {
    const auto& notary = notaries[next_notary_++];
    if (notary == server_.name || notary == server_.node.server_name || !server_.node.admits(notary)) continue;
    notary_keys_request q{server_.name, notary_token_ = out_.next_token(), 0, {}};
    for (const auto& w : waiting_) {
      q.valid_at_ts = std::max(q.valid_at_ts, w.valid_at_ts);
      for (const auto& id : w.key_ids)
        if (q.key_ids.size() < wanted_ids_max && std::find(q.key_ids.begin(), q.key_ids.end(), id) == q.key_ids.end())
          q.key_ids.push_back(id);
    }
    // A request is authenticated with the keys of now, whichever they are.
    if (events_.requests_wait_for_keys()) {
      q.valid_at_ts = std::max(q.valid_at_ts, out_.now());
      q.key_ids.clear();
    }
    out_.send_at_once({actor_kind::remote_server, notary}, std::move(q));
    out_.wake_at(out_.now() + server_.options().notary_timeout_ms + notary_lost_after_ms, notary_timer);
    return true;
  }
  return false;
}

void key_cache::notary_answered(const notary_keys_response& m) {
  if (notary_token_ == 0 || m.asked != notary_token_) return;
  notary_token_ = 0;
  out_.wake_at(0, notary_timer);
  bool is_new = false;
  std::string why = m.why;
  for (const auto& document : m.documents) {
    // The notary's word is not enough: the server itself must have signed it.
    if (auto taken = take(document, matrix::key_source::notary); taken) is_new = true;
    else why = to_string(taken.error());
  }
  if (is_new) save();
  else
    out_.log(log_level::info, "S205 notary has no keys of the server",
             {{"server", server_.name}, {"notary", m.notary}, {"why", why}});
  advance();
}

void key_cache::on_notary_timer() {
  if (std::exchange(notary_token_, 0) != 0) advance();
}

} // namespace causeway::remote_server
