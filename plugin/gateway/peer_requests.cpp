#include "plugin/gateway/peer_requests.hpp"

#include "messages/crash_point.hpp"
#include "messages/limits.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace causeway::gateway {
namespace {

using milliseconds = std::chrono::milliseconds;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c <= '~'; });
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

/// What would break out of its place in the HTTP request, or nothing.
const char* problem_of(const http_request& x) {
  const auto upper = [](unsigned char c) { return c >= 'A' && c <= 'Z'; };
  if (x.method.empty() || !std::all_of(x.method.begin(), x.method.end(), upper)) return "method";
  if (x.url.empty() && (x.target.empty() || x.target.front() != '/' || !is_visible(x.target))) return "target";
  if (!std::all_of(x.authorization.begin(), x.authorization.end(), is_header_value)) return "authorization";
  return nullptr;
}

/// For crash points.
bool is_transaction(const http_request& x) {
  return crash::is_compiled_in && x.target.starts_with("/_matrix/federation/v1/send/");
}

} // namespace

struct peer_requests::attempt {
  http_request request;
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  route way;
  std::size_t hop_index = 0;
  std::optional<url_parts> url; ///< of a request that names one: nothing is looked up
  bool waits = false;           ///< for its turn
  bool is_cancelled = false;    ///< by us
  std::optional<http_pool::id> call;
  std::optional<boost::asio::steady_timer> deadline; ///< only while a lookup is under way: a call has its own

  milliseconds left() const {
    return milliseconds{request.timeout_ms} -
           std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  }
};

peer_requests::peer_requests(boost::asio::io_context& io, peer_directory& directory, http_pool& client,
                             answer_sink sink, piece_sink pieces, attempt_gate::bounds bounds)
    : io_(io), directory_(directory), client_(client), sink_(std::move(sink)), pieces_(std::move(pieces)),
      gate_(bounds), turns_(io) {}

peer_requests::~peer_requests() = default;

peer_requests::attempt* peer_requests::find(key k) {
  const auto it = attempts_.find(k);
  return it == attempts_.end() ? nullptr : it->second.get();
}

void peer_requests::refuse(const http_request& request, fault why) {
  http_answer out;
  out.id = request.id;
  out.why = std::move(why);
  sink_(std::move(out));
}

void peer_requests::start(http_request request) {
  if (const auto* field = problem_of(request)) return refuse(request, {fault_code::invalid_param, field});
  std::optional<url_parts> url;
  if (!request.url.empty()) {
    url = split_url(request.url);
    if (!url) return refuse(request, {fault_code::invalid_param, "url"});
    request.target = url->target;
  }
  if (request.stream != 0 && streams_.contains(request.stream))
    return refuse(request, {fault_code::invalid_param, "stream"});
  if (attempts_.size() >= open_max)
    return refuse(request, {fault_code::overloaded, std::to_string(open_max) + " requests are open"});
  const auto k = ++last_key_;
  auto& x = *attempts_.emplace(k, std::make_unique<attempt>()).first->second;
  open_count_ = attempts_.size();
  x.request = std::move(request);
  if (x.request.stream != 0) streams_.emplace(x.request.stream, k);
  x.url = std::move(url);
  charge_held_up();
  if (!x.url && !gate_.ask(k, x.request.server_name, std::chrono::steady_clock::now())) {
    x.waits = true;
    waiting_count_ = gate_.waiting();
    x.deadline.emplace(io_, milliseconds{x.request.timeout_ms} / 2); // what is left is for the attempt itself
    x.deadline->async_wait([this, k](const boost::system::error_code& error) {
      if (error) return;
      if (auto* late = find(k); late != nullptr && late->waits)
        finish(k, {.why = {fault_code::overloaded,
                           "it was not tried: too many servers that do not answer are being tried"}});
    });
    return begin_due();
  }
  begin(k);
}

void peer_requests::charge_held_up() { gate_.charge(client_.take_held_up(), std::chrono::steady_clock::now()); }

void peer_requests::begin_due() {
  charge_held_up();
  for (const auto k : gate_.due(std::chrono::steady_clock::now())) begin(k);
  waiting_count_ = gate_.waiting();
  const auto next = gate_.next();
  if (!next) return; // nobody waits, or all wait for a place: whoever gives one back comes here
  turns_.expires_at(*next);
  turns_.async_wait([this](const boost::system::error_code& error) {
    if (!error) begin_due();
  });
}

void peer_requests::begin(key k) {
  auto* x = find(k);
  if (x == nullptr) return;
  x->waits = false;
  x->deadline.reset();
  if (x->url) {
    on_route(k, x->url->way());
  } else {
    find_route(k);
  }
  auto* waiting = find(k);
  if (waiting == nullptr || waiting->call) return; // everything was remembered
  waiting->deadline.emplace(io_, std::max(milliseconds{1}, waiting->left()));
  waiting->deadline->async_wait([this, k](const boost::system::error_code& error) {
    if (error) return;
    if (auto* late = find(k); late != nullptr && !late->call)
      finish(k, {.why = {fault_code::peer_timeout, "server discovery took longer than the request's time-out"},
                 .phase = directory_.asks_well_known(late->request.server_name) ? request_phase::well_known
                                                                                : request_phase::dns});
  });
}

void peer_requests::find_route(key k) {
  const auto name = find(k)->request.server_name; // a copy: the answer may come at once and end the attempt
  directory_.find(name, [this, k](result<route> found) { on_route(k, std::move(found)); });
}

void peer_requests::on_route(key k, result<route> found) {
  auto* x = find(k);
  if (x == nullptr) return;
  if (!found) return finish(k, {.why = found.error()});
  x->way = *std::move(found);
  try_hop(k);
}

void peer_requests::try_hop(key k) {
  auto& x = *find(k);
  directory_.find_addresses(x.way.hops[x.hop_index], [this, k](result<std::vector<std::string>> addresses) {
    connect(k, std::move(addresses));
  });
}

void peer_requests::connect(key k, result<std::vector<std::string>> addresses) {
  auto* x = find(k);
  if (x == nullptr) return;
  if (!addresses) return next_hop(k, addresses.error());
  const auto left = x->left();
  if (left.count() <= 0) return finish(k, {.why = {fault_code::peer_timeout, "no time was left to connect"}});
  https_call call;
  call.method = x->request.method;
  call.target = x->request.target;
  call.authorization = x->request.authorization;
  const bool last = x->hop_index + 1 == x->way.hops.size();
  call.body = last ? std::move(x->request.body) : x->request.body; // a further hop would need it again
  call.to = x->way.hops[x->hop_index];
  call.addresses = *std::move(addresses);
  call.host_header = x->way.host_header;
  call.tls_name = x->way.tls_name;
  call.timeout = left;
  call.response_bytes_max = x->request.response_bytes_max;
  call.on_connected = [this, k] {
    if (gate_.reached(k)) boost::asio::post(io_, [this] { begin_due(); });
  };
  if (const auto stream = x->request.stream; stream != 0) {
    call.on_piece = [this, stream, first = true](const body_piece& piece) mutable {
      http_piece out;
      out.stream = stream;
      if (std::exchange(first, false)) {
        out.content_type = piece.content_type;
        out.content_disposition = piece.content_disposition;
      }
      out.body = piece.bytes;
      pieces_(std::move(out));
    };
  }
  x->deadline.reset();
  if (is_transaction(x->request)) crash::pass(crash::point::transaction_before_send);
  x->call = client_.start(std::move(call), [this, k](https_outcome outcome) { on_outcome(k, std::move(outcome)); });
}

void peer_requests::on_outcome(key k, https_outcome outcome) {
  auto* x = find(k);
  if (x == nullptr) return;
  if (outcome.status == 0 && !outcome.connected) return next_hop(k, std::move(outcome.why), outcome.phase);
  if (outcome.status == 200 && is_transaction(x->request)) crash::pass(crash::point::transaction_answered);
  http_answer out;
  out.status = outcome.status;
  out.content_type = std::move(outcome.content_type);
  out.body = std::move(outcome.body);
  out.why = std::move(outcome.why);
  out.phase = outcome.phase;
  out.address = std::move(outcome.address);
  out.retry_after_ms = outcome.retry_after_ms;
  // What no signature asked for may come out of a cache, which keeps the date with it.
  if (!x->request.authorization.empty()) out.date_ms = outcome.date_ms;
  finish(k, std::move(out));
}

void peer_requests::next_hop(key k, fault why, request_phase phase) {
  auto& x = *find(k);
  if (x.hop_index + 1 < x.way.hops.size() && x.left().count() > 0) {
    ++x.hop_index;
    return try_hop(k); // `call` stays set: the hops' lookups are short, and the time left is looked at before each
  }
  directory_.forget(x.request.server_name, x.way);
  finish(k, {.why = std::move(why), .phase = phase});
}

void peer_requests::finish(key k, http_answer answer) {
  auto node = attempts_.extract(k);
  open_count_ = attempts_.size();
  const auto& x = *node.mapped();
  using outcome = attempt_gate::outcome;
  const auto how = answer.status != 0          ? outcome::answered
                   : x.waits || x.is_cancelled ? outcome::untried
                                               : outcome::failed;
  if (!x.url && gate_.ended(k, x.request.server_name, how, std::chrono::steady_clock::now()))
    boost::asio::post(io_, [this] { begin_due(); });
  waiting_count_ = gate_.waiting();
  if (x.request.stream != 0) streams_.erase(x.request.stream);
  answer.id = x.request.id;
  if (answer.status == 0 && answer.phase == request_phase::unknown) answer.phase = phase_of(to_string(answer.why));
  answer.elapsed_ms = static_cast<std::uint32_t>(
    std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - x.begun).count());
  sink_(std::move(answer));
}

void peer_requests::go_on(const stream_credit& x) {
  const auto stream = streams_.find(x.stream);
  if (stream == streams_.end()) return;
  const auto k = stream->second;
  auto* attempt = find(k);
  if (!x.cancel) {
    if (attempt->call) client_.grant(*attempt->call, x.bytes);
    return;
  }
  if (attempt->call) client_.cancel(*attempt->call);
  attempt->is_cancelled = true;
  finish(k, {.why = {fault_code::peer_bad_answer, "the body was not wanted to its end"}});
}

void peer_requests::end_all(const fault& why) {
  auto ended = std::move(attempts_);
  attempts_.clear();
  streams_.clear();
  open_count_ = 0;
  gate_.clear();
  waiting_count_ = 0;
  turns_.cancel();
  for (auto& [k, x] : ended) {
    if (x->call) client_.cancel(*x->call);
    if (why.code != fault_code::none) refuse(x->request, why);
  }
}

} // namespace causeway::gateway
