#include "plugin/node_gateways.hpp"

#include "actors/answers.hpp"
#include "actors/due.hpp"
#include "actors/excerpt.hpp"
#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/request_auth.hpp"
#include "messages/peer_address.hpp"
#include "plugin/version.hpp"

#include <algorithm>

namespace causeway {
namespace {

using matrix::json::object;

std::string key_of(const edge::connection& x) { return std::to_string(x.endpoint) + "|" + x.routing_id; }

/// What of a gateway's HELLO counts here.
struct gateway_hello {
  std::string name;
  bool outbound = true;
  static void fields(auto& f, auto& x) {
    f.optional("name", x.name, "What it calls itself.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("outbound", x.outbound, "false: it takes no requests to other servers.");
  }
};

/// A published keys document is renewed when this much of its life is left: nobody gets one about to expire.
constexpr time_ms renew_ms = 12 * 3'600'000;
/// So long a request waits for a gateway: longer than the one of this process takes to connect, and one of its own to
/// be started again.
constexpr time_ms waits_for_gateway_ms = 10'000;
/// So many wait, however many servers there are; further ones are answered at once.
constexpr std::size_t waiting_max = 10'000;
/// Left of a request's time-out at least when a gateway has come.
/// Of an error that we answer with, as its server's actor is told of it.
constexpr std::size_t told_error_bytes_max = 300;
constexpr std::uint32_t timeout_ms_min = 1'000;
/// Looks of `expire` without a word of a gateway that is of a node that stands by: at the first it is asked for one,
/// at the second it is gone. Looks, not time: after a pause of this process everybody seems silent.
constexpr int looks_until_asked = 5, looks_until_gone = 15;

} // namespace

gateway_links::gateway_links(const context& node, deliver_function deliver, send_function send,
                             std::function<time_ms()> now, const std::vector<std::string>& known_servers)
    : deliver_(std::move(deliver)), send_(std::move(send)), now_(std::move(now)), node_(node) {
  for (const auto& server : known_servers) gate_.prove(server);
}

void gateway_links::on_frame(const edge::connection& from, edge::frame&& x) {
  const auto key = key_of(from);
  bool takes_requests = false;
  // It begins anew: of what it was asked before it knows nothing.
  if (x.what == edge::verb::hello && !refuses(x)) on_lost(from);
  {
    std::lock_guard guard(mutex_);
    if (x.what == edge::verb::hello) {
      if (!enter(key, from, x)) return;
      takes_requests = gateways_.at(key).outbound;
    } else if (auto known = gateways_.find(key); known != gateways_.end()) {
      known->second.silent_looks = 0;
    } else {
      send_(from, edge::make_error({fault_code::hello_required, "HELLO first"}));
      return;
    }
  }
  switch (x.what) {
  case edge::verb::hello:
    if (takes_requests) send_waiting();
    return;
  case edge::verb::ping: send_(from, {edge::verb::pong, std::move(x.header), {}}); return;
  case edge::verb::pong: return;
  case edge::verb::bye: return on_lost(from);
  case edge::verb::command: {
    auto request = gateway::decode_federation_request(x);
    if (!request) return send_(from, edge::make_error(request.error()));
    return federation(from, std::move(*request));
  }
  case edge::verb::result: {
    auto a = gateway::decode_http_answer(x);
    if (!a) return send_(from, edge::make_error(a.error()));
    open_request r;
    {
      std::lock_guard guard(mutex_);
      auto it = open_.find(a->id);
      // Whoever was not asked has nothing to answer: the ids are small numbers, and an answer says what another server
      // has told us.
      if (it == open_.end() || it->second.gateway != key) return;
      r = std::move(it->second);
      open_.erase(it);
      gateway_of_stream_.erase(r.stream);
    }
    return conclude(r, std::move(*a));
  }
  case edge::verb::event: {
    auto piece = gateway::decode_http_piece(x);
    if (!piece) return send_(from, edge::make_error(piece.error()));
    {
      std::lock_guard guard(mutex_);
      auto stream = gateway_of_stream_.find(piece->stream);
      if (stream == gateway_of_stream_.end() || stream->second != key) return;
    }
    if (streams_) streams_->on_piece(std::move(*piece));
    return;
  }
  case edge::verb::seek: {
    auto wanted = gateway::decode_body_request(x);
    if (!wanted) return send_(from, edge::make_error(wanted.error()));
    if (streams_) streams_->on_body_request(key, *wanted);
    return;
  }
  default: send_(from, edge::make_error({fault_code::unknown_verb, "not a verb of a gateway"}));
  }
}

bool gateway_links::refuses(const edge::frame& hello) const {
  const auto told = edge::unpack<gateway_hello>(hello.header, fault_code::bad_frame);
  const std::lock_guard guard(mutex_);
  return is_stopping_ && told && !told->outbound;
}

bool gateway_links::enter(const std::string& key, const edge::connection& from, const edge::frame& hello) {
  const auto told = edge::unpack<gateway_hello>(hello.header, fault_code::bad_frame);
  const auto x = told ? *told : gateway_hello{};
  if (is_stopping_ && !x.outbound) return false;
  gateways_[key] = {from, x.name, x.outbound, 0};
  edge::welcome_header w;
  w.broker = "causeway/" + std::string{version()};
  w.server_name = node_.server_name;
  send_(from, {edge::verb::welcome, edge::encode_header(w), {}});
  return true;
}

void gateway_links::say_goodbye() {
  const std::lock_guard guard(mutex_);
  is_stopping_ = true;
  for (const auto& [key, x] : gateways_)
    if (!x.outbound) send_(x.at, {edge::verb::bye, edge::encode_header(edge::bye_header{}), {}});
}

std::vector<std::string> gateway_links::connected() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> list;
  for (const auto& [key, x] : gateways_) list.push_back(x.name);
  return list;
}

void gateway_links::on_lost(const edge::connection& gone) {
  const auto key = key_of(gone);
  std::vector<open_request> lost;
  {
    std::lock_guard guard(mutex_);
    gateways_.erase(key);
    for (auto it = open_.begin(); it != open_.end();) {
      if (it->second.gateway != key) {
        ++it;
        continue;
      }
      gateway_of_stream_.erase(it->second.stream);
      lost.push_back(std::move(it->second));
      it = open_.erase(it);
    }
  }
  for (const auto& r : lost) {
    gateway::http_answer a;
    a.why = {fault_code::peer_unreachable, "the gateway was lost"};
    conclude(r, std::move(a));
  }
}

void gateway_links::conclude(const open_request& r, gateway::http_answer a) {
  a.id = r.id;
  if (on_date_ && a.date_ms > 0) on_date_(r.server_name, a);
  if (r.done) return r.done(std::move(a));
  message answer{http_answered{std::make_shared<const gateway::http_answer>(std::move(a))}};
  answer.trace = r.trace;
  deliver_({actor_kind::remote_server, r.server_name}, std::move(answer));
}

void gateway_links::take_over(std::shared_ptr<const settings> now) {
  const std::lock_guard guard(mutex_);
  node_.take_over(std::move(now));
}

std::shared_ptr<const settings> gateway_links::settings_now() const {
  const std::lock_guard guard(mutex_);
  return node_.snapshot();
}

void gateway_links::send(gateway::http_request x, trace_id trace) { send(std::move(x), trace, nullptr); }

void gateway_links::send(gateway::http_request x, answer_function done) { send(std::move(x), 0, std::move(done)); }

void gateway_links::send(gateway::http_request x, trace_id trace, answer_function done) {
  open_request r{x.server_name, {}, x.id, x.stream, trace, std::move(done)};
  edge::connection to;
  std::unique_lock guard(mutex_);
  const auto takes_requests = [](const auto& x) { return x.second.outbound; };
  const auto count = std::count_if(gateways_.begin(), gateways_.end(), takes_requests);
  if (count == 0) {
    waiting_request w{std::move(x), trace, std::move(r.done), now_()};
    if (waiting_.size() < waiting_max) {
      waiting_.push_back(std::move(w));
      return;
    }
    guard.unlock();
    return refuse(w);
  }
  // A destination keeps to one gateway as long as there is the same set of them: its connections are there.
  auto it = std::find_if(gateways_.begin(), gateways_.end(), takes_requests);
  for (auto n = std::hash<std::string>{}(x.server_name) % static_cast<std::size_t>(count); n > 0; --n)
    it = std::find_if(std::next(it), gateways_.end(), takes_requests);
  to = it->second.at;
  const auto id = ++last_request_;
  r.gateway = it->first;
  if (r.stream != 0) gateway_of_stream_.emplace(r.stream, it->first);
  open_.emplace(id, std::move(r));
  x.id = id;
  guard.unlock();
  send_(to, gateway::encode(x));
}

void gateway_links::refuse(const waiting_request& x) {
  gateway::http_answer a;
  a.why = {fault_code::peer_unreachable, "no gateway is connected"};
  conclude({x.request.server_name, {}, x.request.id, x.request.stream, x.trace, x.done}, std::move(a));
}

void gateway_links::send_waiting() {
  std::deque<waiting_request> all;
  {
    std::lock_guard guard(mutex_);
    all.swap(waiting_);
  }
  for (auto& x : all) {
    const auto waited = static_cast<std::uint32_t>(std::clamp<time_ms>(now_() - x.since, 0, waits_for_gateway_ms));
    x.request.timeout_ms = std::max(timeout_ms_min, x.request.timeout_ms - std::min(x.request.timeout_ms, waited));
    send(std::move(x.request), x.trace, std::move(x.done));
  }
}

void gateway_links::expire() {
  std::deque<waiting_request> late;
  {
    std::lock_guard guard(mutex_);
    while (!waiting_.empty() && !is_within(waiting_.front().since, waits_for_gateway_ms, now_())) {
      late.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    for (auto it = gateways_.begin(); it != gateways_.end();) {
      auto& x = it->second;
      const bool is_gone = !x.outbound && ++x.silent_looks >= looks_until_gone;
      if (!x.outbound && x.silent_looks == looks_until_asked) send_(x.at, {edge::verb::ping, std::string{'\x80'}, {}});
      it = is_gone ? gateways_.erase(it) : std::next(it); // nothing is asked of it, so nothing waits for its answer
    }
  }
  for (const auto& x : late) refuse(x);
}

void gateway_links::send(const federation_reply& x, trace_id trace) {
  if (!x.origin.empty()) {
    call_answered told{x.gateway, x.id, x.body.size(), x.status};
    if (x.status >= 400) told.error = excerpt(x.body, told_error_bytes_max);
    message ended{std::move(told)};
    ended.trace = trace;
    deliver_({actor_kind::remote_server, x.origin}, std::move(ended));
  }
  edge::connection to;
  {
    std::lock_guard guard(mutex_);
    if (const auto* origin = claims_.find({x.gateway, x.id})) {
      // Only who is authenticated is answered so.
      if (x.status >= 200 && x.status < 300) gate_.prove(*origin);
      claims_.erase({x.gateway, x.id});
    }
    auto it = gateways_.find(x.gateway);
    if (it == gateways_.end()) return; // it is gone, and with it whoever waited
    to = it->second.at;
  }
  answer(to, x.id, x.status, x.body, x.retry_after_ms);
}

void gateway_links::send(const std::string& gateway, const gateway::federation_answer& x) {
  edge::connection to;
  {
    std::lock_guard guard(mutex_);
    auto it = gateways_.find(gateway);
    if (it == gateways_.end()) return; // it is gone, and with it whoever waited
    to = it->second.at;
  }
  send_(to, gateway::encode(x));
}

void gateway_links::send(const gateway::stream_credit& x) {
  edge::connection to;
  {
    std::lock_guard guard(mutex_);
    auto stream = gateway_of_stream_.find(x.stream);
    if (stream == gateway_of_stream_.end()) return;
    auto it = gateways_.find(stream->second);
    if (it == gateways_.end()) return;
    to = it->second.at;
  }
  send_(to, gateway::encode(x));
}

void gateway_links::answer(const edge::connection& to, std::uint64_t id, int http_status, std::string body,
                           std::uint32_t retry_after_ms) {
  gateway::federation_answer a;
  a.id = id;
  a.status = http_status;
  a.body = std::move(body);
  if (http_status == 429)
    a.headers.emplace_back("Retry-After", std::to_string(std::max(1u, (retry_after_ms + 999) / 1000)));
  send_(to, gateway::encode(a));
}

std::string gateway_links::keys_document() {
  std::lock_guard guard(mutex_);
  const auto now = now_();
  const auto lifetime_ms =
    std::max<time_ms>(renew_ms + 1, std::int64_t{node_.settings().federation.key_lifetime_h} * 3'600'000);
  if (is_due(keys_document_until_ - renew_ms, now, lifetime_ms)) {
    keys_document_until_ = now + lifetime_ms;
    keys_document_ = matrix::json::canonical(
      matrix::server_keys_document(node_.server_name, node_.key, node_.old_keys, keys_document_until_));
  }
  return keys_document_;
}

void gateway_links::refuse(const edge::connection& to, std::uint64_t id, const fault& why,
                           std::uint32_t retry_after_ms) {
  answer(to, id, info(why.code).http_status, error_body(why), retry_after_ms);
}

bool gateway_links::admit(const std::string& origin, const std::string& gateway, const gateway::federation_request& x,
                          bool proves) {
  std::lock_guard guard(mutex_);
  if (!gate_.admit(origin, now_(), peer_of(x.remote_address))) return false;
  if (!proves || gate_.is_proved(origin)) return true;
  claims_.put({gateway, x.id}, origin);
  return true;
}

void gateway_links::federation(const edge::connection& from, gateway::federation_request&& x) {
  auto match = matrix::match_endpoint(x.method, x.target);
  if (!match) return refuse(from, x.id, match.error());
  switch (match->info->id) {
  case matrix::endpoint::version:
    return answer(from, x.id, 200,
                  matrix::json::canonical(object{{"server", object{{"name", "Causeway"}, {"version", version()}}}}));
  case matrix::endpoint::key_server: return answer(from, x.id, 200, keys_document());
  case matrix::endpoint::key_query:
  case matrix::endpoint::key_query_batch: return keys_question(from, std::move(x), std::move(*match));
  case matrix::endpoint::media_download_v3: // nobody reads our files without saying who they are
    return refuse(from, x.id, {fault_code::not_found, "ask with authentication"});
  case matrix::endpoint::openid_userinfo: {
    // Tokens are given to people by a client API, which the chat server does not have: none is known.
    const fault why = match->find_query("access_token") ? fault{fault_code::unknown_token, "no such token"}
                                                        : fault{fault_code::missing_token, "access_token"};
    return refuse(from, x.id, why);
  }
  default: break;
  }
  auto claim = matrix::claimed_origin(x.authorization);
  if (claim.origin.empty()) return refuse(from, x.id, claim.problem);
  if (claim.origin == node_.server_name)
    return refuse(from, x.id, {fault_code::unauthorized, "the request claims to be from this server"});
  if (!admit(claim.origin, key_of(from), x, true))
    return refuse(from, x.id, {fault_code::overloaded, "too many unknown servers at once; repeat"});
  hand_to_origin(key_of(from), claim.origin, std::move(claim.headers), std::move(x), std::move(*match));
}

void gateway_links::keys_question(const edge::connection& from, gateway::federation_request&& x,
                                  matrix::endpoint_match&& match) {
  const auto settings = settings_now();
  const auto& o = settings->federation;
  if (o.notary == config::notary_service::none)
    return refuse(from, x.id, {fault_code::unrecognized, "this server is no notary"});
  std::uint32_t wait = 0;
  {
    std::lock_guard guard(mutex_);
    wait =
      key_questions_.take(peer_of(x.remote_address), o.notary_requests_per_second, o.notary_requests_burst, now_());
  }
  if (wait > 0)
    return refuse(from, x.id, {fault_code::limit_exceeded, "too many questions about keys from this address"}, wait);
  if (o.notary == config::notary_service::fetched) {
    auto claim = matrix::claimed_origin(x.authorization);
    if (!claim.origin.empty() && claim.origin != node_.server_name && admit(claim.origin, key_of(from), x, false))
      return hand_to_origin(key_of(from), claim.origin, std::move(claim.headers), std::move(x), std::move(match));
  }
  federation_call call;
  call.gateway = key_of(from);
  call.id = x.id;
  if (!x.body.empty()) {
    auto body = matrix::json::parse(x.body);
    if (!body) return refuse(from, x.id, body.error());
    call.body = std::make_shared<const matrix::json::value>(std::move(*body));
  }
  call.match = std::make_shared<const matrix::endpoint_match>(std::move(match));
  message handed_on{std::move(call)};
  if (on_request_) handed_on.trace = on_request_({}, x);
  deliver_({actor_kind::directory, ""}, std::move(handed_on));
}

void gateway_links::hand_to_origin(const std::string& gateway, const std::string& origin,
                                   std::vector<std::string> headers, gateway::federation_request&& x,
                                   matrix::endpoint_match&& match) {
  inbound_request r;
  r.gateway = gateway;
  r.id = x.id;
  r.match = std::make_shared<const matrix::endpoint_match>(std::move(match));
  r.authorization = std::make_shared<std::vector<std::string>>(std::move(headers));
  const auto trace = on_request_ ? on_request_(origin, x) : 0;
  r.request = std::make_shared<const gateway::federation_request>(std::move(x));
  message handed_on{std::move(r)};
  handed_on.trace = trace;
  deliver_({actor_kind::remote_server, origin}, std::move(handed_on));
}

} // namespace causeway
