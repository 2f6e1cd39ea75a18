#include "plugin/gateway/http_client.hpp"

#include "messages/crash_point.hpp"
#include "messages/limits.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <strings.h>
#include <sys/socket.h>

namespace causeway::gateway {
namespace {

/// What this thread has had of the processor.
std::chrono::nanoseconds thread_time() {
  timespec x{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &x);
  return std::chrono::seconds{x.tv_sec} + std::chrono::nanoseconds{x.tv_nsec};
}

constexpr std::size_t response_header_bytes_max = 64 * 1024;
/// Room taken at the first bytes of a body whose Content-Length is known; the rest grows with what really arrives.
constexpr std::uint64_t body_reserve_max = 1024 * 1024;
/// Body of an answer other than 200 to a request whose body is streamed: an error message.
constexpr std::size_t streamed_error_bytes_max = 64 * 1024;
/// What libcurl reads at once for a streamed body.
constexpr long streamed_read_bytes = 128 * 1024;
/// A Retry-After beyond is taken for this much.
constexpr curl_off_t retry_after_s_max = 24 * 3'600;
constexpr std::size_t spare_handles_max = 64;
/// Addresses come with every call (CURLOPT_RESOLVE); a call that waits for a free connection must still find its own.
constexpr long address_memory_s = 600;
/// A call with such a memory has libcurl look through all addresses when it ends. Servers that die together would each
/// cost a walk over the whole crowd, while others wait: one call in so many does it.
constexpr http_client::id calls_per_look = 256;
constexpr long no_look = -1;
/// A connection is not reused beyond this age, so that peers can move.
constexpr long connection_age_s_max = 3'600;

struct list_closer {
  void operator()(curl_slist* x) const { curl_slist_free_all(x); }
};
using list = std::unique_ptr<curl_slist, list_closer>;

void append(list& to, const std::string& line) {
  auto* longer = curl_slist_append(to.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(to.release());
  to.reset(longer);
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : '[' + host + ']'; }

std::string host_and_port(const std::string& host, long port) { return bracketed(host) + ':' + std::to_string(port); }

/// libcurl with CURLOPT_NOSIGNAL leaves SIGPIPE to its user, and OpenSSL provokes it when it says goodbye to a closed
/// connection. The gateway's threads block it; here another thread may be at work.
class no_sigpipe {
public:
  no_sigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  no_sigpipe(const no_sigpipe&) = delete;
  no_sigpipe& operator=(const no_sigpipe&) = delete;
  ~no_sigpipe() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) {}
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

private:
  sigset_t pipe_{}, before_{};
};

fault_code code_of(CURLcode code, bool connected) {
  switch (code) {
  case CURLE_OPERATION_TIMEDOUT: return connected ? fault_code::peer_timeout : fault_code::peer_unreachable;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_INVALIDCERTSTATUS: return fault_code::peer_tls;
  case CURLE_COULDNT_RESOLVE_HOST: return fault_code::peer_unresolvable;
  case CURLE_FILESIZE_EXCEEDED: return fault_code::too_large;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_PARTIAL_FILE:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_TOO_MANY_REDIRECTS: return fault_code::peer_bad_answer;
  case CURLE_OUT_OF_MEMORY:
  case CURLE_FAILED_INIT:
  case CURLE_BAD_FUNCTION_ARGUMENT:
  case CURLE_URL_MALFORMAT: return fault_code::internal;
  default: return fault_code::peer_unreachable;
  }
}

/// The crash points where a request is out and its answer begins to come.
void pass_answer_begun(std::string_view target) {
  if constexpr (!crash::is_compiled_in) return;
  if (target.starts_with("/_matrix/federation/v1/send/")) crash::pass(crash::point::transaction_bytes_sent);
  if (target.starts_with("/_matrix/federation/v2/invite/")) crash::pass(crash::point::invitation_bytes_sent);
}

/// What a call failed in, by how far it came.
request_phase phase_reached(fault_code why, bool connected, bool ready, bool answered) {
  if (why == fault_code::peer_tls) return request_phase::tls;
  if (why == fault_code::peer_unresolvable) return request_phase::dns;
  if (ready) return answered ? request_phase::body : request_phase::http;
  return connected ? request_phase::tls : request_phase::tcp;
}

} // namespace

struct http_client::transfer {
  http_client* owner = nullptr;
  id number = 0;
  https_call call;
  std::function<void(https_outcome)> done;
  easy_handle easy;
  list headers, resolve, connect_to;
  https_outcome outcome;
  std::size_t header_bytes = 0;
  bool has_connection = false;
  bool blocked = false; ///< at least one address was refused by the policy
  bool too_large = false;
  bool headers_too_large = false;
  std::string content_disposition;
  std::uint64_t streamed_bytes = 0;                          ///< that went to `on_piece`
  std::uint64_t granted_bytes = limits::stream_window_bytes; ///< that may go there in all
  bool paused = false;
  char error[CURL_ERROR_SIZE] = {};
};

http_client::http_client(boost::asio::io_context& io, http_client_options options, address_policy policy,
                         trust_store trust)
    : options_(options), policy_(std::move(policy)), trust_(std::move(trust)), timer_(io),
      watch_(io, [this](int fd, bool readable, bool writable) {
        act(fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
      }) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::runtime_error("libcurl gives no multi handle");
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &http_client::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &http_client::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_destination_max);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.connections_max);
  bound_idle();
}

http_client::~http_client() {
  const no_sigpipe guard;
  for (auto& [number, x] : transfers_) curl_multi_remove_handle(multi_, x->easy.get());
  transfers_.clear();
  spare_.clear();
  curl_multi_cleanup(multi_);
}

http_client::id http_client::start(https_call call, std::function<void(https_outcome)> done) {
  auto x = std::make_unique<transfer>();
  x->owner = this;
  x->number = ++last_id_;
  x->call = std::move(call);
  x->done = std::move(done);
  if (spare_.empty()) {
    x->easy.reset(curl_easy_init());
    if (!x->easy) throw std::bad_alloc{};
  } else {
    x->easy = std::move(spare_.back());
    spare_.pop_back();
  }
  prepare(*x);
  auto* easy = x->easy.get();
  const auto number = x->number;
  transfers_.emplace(number, std::move(x));
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) throw std::runtime_error("libcurl refuses a new call");
  return number;
}

/// libcurl counts those that are in use against its bound on idle ones: where enough servers hung, it closed the
/// connection of one that is alive after each call. Not to be called by what libcurl calls.
void http_client::bound_idle() {
  // It looks when a call is done, whose connection becomes an idle one then. Calls that wait for one have none.
  const auto all = options_.idle_connections_max + std::max(in_use_ - 1, 0L);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, std::min(all, options_.connections_max));
}

void http_client::note_connection(transfer& x) {
  if (!std::exchange(x.has_connection, true)) ++in_use_;
}

void http_client::prepare(transfer& x) {
  auto* easy = x.easy.get();
  const auto& call = x.call;
  const auto set = [easy](CURLoption option, auto value) {
    if (const auto code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
      throw std::runtime_error(std::string{"libcurl option: "} + curl_easy_strerror(code));
  };
  // The URL carries only the certificate's name and the port; the target goes out as it came, byte for byte.
  const auto url = "https://" + host_and_port(call.tls_name, call.to.port) + '/';
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_REQUEST_TARGET, call.target.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  if (call.to.host != call.tls_name) {
    append(x.connect_to, "::" + host_and_port(call.to.host, call.to.port));
    set(CURLOPT_CONNECT_TO, x.connect_to.get());
  }
  if (!call.addresses.empty()) {
    auto line = '+' + host_and_port(call.to.host, call.to.port) + ':';
    for (const auto& address : call.addresses) line += (line.back() == ':' ? "" : ",") + bracketed(address);
    append(x.resolve, line);
  }
  set(CURLOPT_RESOLVE, x.resolve.get());
  append(x.headers, "Host: " + call.host_header);
  append(x.headers, call.on_piece ? "Accept: */*" : "Accept: application/json");
  for (const auto& value : call.authorization) append(x.headers, "Authorization: " + value);
  if (!call.body.empty()) {
    append(x.headers, "Content-Type: application/json");
    append(x.headers, "Expect:"); // no round trip before large bodies
    set(CURLOPT_POSTFIELDS, call.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  } else if (call.method != "GET") {
    append(x.headers, "Content-Length: 0");
  }
  set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  set(CURLOPT_HTTPHEADER, x.headers.get());
  set(CURLOPT_USERAGENT, "Causeway");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_DNS_CACHE_TIMEOUT, x.number % calls_per_look == 0 ? address_memory_s : no_look);
  set(CURLOPT_MAXLIFETIME_CONN, connection_age_s_max);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, call.timeout.count())));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_CAINFO, static_cast<const char*>(nullptr)); // trust comes from on_tls
  set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  set(CURLOPT_SSL_CTX_FUNCTION, &http_client::on_tls);
  set(CURLOPT_SSL_CTX_DATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &http_client::on_open);
  set(CURLOPT_OPENSOCKETDATA, &x);
  set(CURLOPT_PREREQFUNCTION, &http_client::on_ready);
  set(CURLOPT_PREREQDATA, &x);
  set(CURLOPT_HEADERFUNCTION, &http_client::on_header);
  set(CURLOPT_HEADERDATA, &x);
  set(CURLOPT_WRITEFUNCTION, &http_client::on_body);
  set(CURLOPT_WRITEDATA, &x);
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(std::max<std::uint64_t>(1, call.response_bytes_max)));
  if (call.on_piece) set(CURLOPT_BUFFERSIZE, streamed_read_bytes);
  set(CURLOPT_ERRORBUFFER, x.error);
  set(CURLOPT_PRIVATE, &x);
}

void http_client::cancel(id which) {
  const auto it = transfers_.find(which);
  if (it == transfers_.end()) return;
  curl_multi_remove_handle(multi_, it->second->easy.get());
  in_use_ -= it->second->has_connection ? 1 : 0;
  transfers_.erase(it); // the handle is not reused: it is in the middle of something
}

int http_client::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& client = *static_cast<http_client*>(self);
  if (timeout_ms < 0) {
    client.timer_.cancel();
    return 0;
  }
  client.timer_.expires_after(std::chrono::milliseconds{timeout_ms});
  client.timer_.async_wait([&client](const boost::system::error_code& error) {
    if (!error) client.act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

int http_client::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<http_client*>(self)->watch_.set(fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
                                              what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
  return 0;
}

curl_socket_t http_client::on_open(void* of, curlsocktype, curl_sockaddr* address) {
  auto& x = *static_cast<transfer*>(of);
  if (!x.owner->policy_.allows(address->addr)) {
    x.blocked = true;
    return CURL_SOCKET_BAD;
  }
  x.owner->note_connection(x);
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int http_client::on_ready(void* of, char*, char*, int, int) {
  auto& x = *static_cast<transfer*>(of);
  x.owner->note_connection(x); // one that was idle
  if (x.call.on_connected) x.call.on_connected();
  return CURL_PREREQFUNC_OK;
}

std::size_t http_client::on_header(char* data, std::size_t, std::size_t bytes, void* of) {
  auto& x = *static_cast<transfer*>(of);
  if (x.header_bytes == 0) pass_answer_begun(x.call.target);
  x.header_bytes += bytes;
  if (x.header_bytes > response_header_bytes_max) {
    x.headers_too_large = true;
    return 0;
  }
  const std::string_view line{data, bytes};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  const auto is = [&](std::string_view name) {
    return colon == name.size() && strncasecmp(data, name.data(), colon) == 0;
  };
  const auto value = [&] {
    auto text = line.substr(colon + 1);
    const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t\r\n");
    return first == std::string_view::npos || last < first ? std::string{}
                                                           : std::string{text.substr(first, last - first + 1)};
  };
  if (is("cache-control")) x.outcome.cache_control = value();
  else if (is("expires")) x.outcome.expires = value();
  else if (is("date")) {
    const auto date_s = curl_getdate(value().c_str(), nullptr);
    x.outcome.date_ms = date_s > 0 ? static_cast<std::int64_t>(date_s) * 1'000 : 0;
  } else if (is("content-disposition")) x.content_disposition = value();
  return bytes;
}

std::size_t http_client::on_body(char* data, std::size_t, std::size_t bytes, void* of) {
  auto& x = *static_cast<transfer*>(of);
  auto& body = x.outcome.body;
  if (x.call.on_piece) {
    long status = 0;
    curl_easy_getinfo(x.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) return stream(x, {data, bytes});
    if (body.size() + bytes > streamed_error_bytes_max) {
      x.too_large = true;
      return 0;
    }
  }
  if (body.size() + bytes > x.call.response_bytes_max) {
    x.too_large = true;
    return 0;
  }
  if (body.empty()) {
    curl_off_t length = -1;
    curl_easy_getinfo(x.easy.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0) body.reserve(std::min<std::uint64_t>(static_cast<std::uint64_t>(length), body_reserve_max));
  }
  body.append(data, bytes);
  return bytes;
}

std::size_t http_client::stream(transfer& x, std::string_view bytes) {
  if (x.streamed_bytes + bytes.size() > x.call.response_bytes_max) {
    x.too_large = true;
    return 0;
  }
  // One piece may reach beyond the window, so that a window smaller than a piece does not stop everything.
  if (x.streamed_bytes >= x.granted_bytes) {
    x.paused = true;
    return CURL_WRITEFUNC_PAUSE; // libcurl keeps the piece and stops reading from the socket
  }
  const char* type = nullptr;
  curl_easy_getinfo(x.easy.get(), CURLINFO_CONTENT_TYPE, &type);
  x.streamed_bytes += bytes.size();
  x.call.on_piece({bytes, type != nullptr ? type : std::string_view{}, x.content_disposition});
  return bytes.size();
}

void http_client::grant(id which, std::uint64_t bytes) {
  const auto it = transfers_.find(which);
  if (it == transfers_.end()) return;
  auto& x = *it->second;
  x.granted_bytes += std::min(bytes, limits::streamed_response_bytes_max);
  if (!x.paused || x.streamed_bytes >= x.granted_bytes) return;
  x.paused = false;
  curl_easy_pause(x.easy.get(), CURLPAUSE_CONT); // hands the kept piece over before it returns
}

CURLcode http_client::on_tls(CURL*, void* ssl_context, void* self) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_context), static_cast<http_client*>(self)->trust_.get());
  return CURLE_OK;
}

void http_client::act(curl_socket_t fd, int events) {
  int running = 0;
  bound_idle();
  const auto begun = thread_time();
  curl_multi_socket_action(multi_, fd, events, &running);
  const auto took = thread_time() - begun;
  if (fd == CURL_SOCKET_TIMEOUT && took > at_one_go_max) held_up_ += took;
  collect();
}

void http_client::collect() {
  int left = 0;
  while (auto* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto code = message->data.result;
    transfer* x = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x);
    auto outcome = conclude(*x, code);
    auto done = std::move(x->done);
    curl_multi_remove_handle(multi_, x->easy.get()); // invalidates `message`
    auto node = transfers_.extract(x->number);
    in_use_ -= node.mapped()->has_connection ? 1 : 0;
    release(std::move(node.mapped()->easy));
    node = {};
    done(std::move(outcome)); // may start further calls
  }
}

https_outcome http_client::conclude(transfer& x, CURLcode code) {
  auto* easy = x.easy.get();
  auto out = std::move(x.outcome);
  long status = 0, port = 0;
  char *type = nullptr, *ip = nullptr, *redirect = nullptr;
  curl_off_t ready_us = 0, connect_us = 0, first_byte_us = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T,
                    &ready_us); // connected and TLS spoken; also where a connection was used again
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect_us);
  if (ip != nullptr && *ip != 0 && port > 0) out.address = host_and_port(ip, port);
  out.connected = ready_us > 0;
  if (code == CURLE_OK) {
    out.connected = true;
    out.status = static_cast<int>(status);
    if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != nullptr) out.content_type = type;
    curl_off_t retry_after_s = 0;
    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s) == CURLE_OK && retry_after_s > 0)
      out.retry_after_ms = static_cast<std::uint32_t>(std::min<curl_off_t>(retry_after_s, retry_after_s_max) * 1'000);
    if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect) == CURLE_OK && redirect != nullptr)
      out.redirect_url = redirect;
    return out;
  }
  out.body.clear();
  out.why = {code_of(code, ready_us > 0 || connect_us > 0), x.error[0] != 0 ? x.error : curl_easy_strerror(code)};
  if (x.too_large || code == CURLE_FILESIZE_EXCEEDED)
    out.why = {fault_code::too_large, "response is over " + std::to_string(x.call.response_bytes_max) + " bytes"};
  else if (x.headers_too_large)
    out.why = {fault_code::peer_bad_answer,
               "response headers are over " + std::to_string(response_header_bytes_max) + " bytes"};
  else if (x.blocked && connect_us == 0)
    out.why = {fault_code::peer_blocked_address,
               x.call.to.host + " has no address that gateway.allowed_networks admits"};
  curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
  out.phase = phase_reached(out.why.code, connect_us > 0, ready_us > 0, first_byte_us > 0);
  return out;
}

void http_client::release(easy_handle easy) {
  if (spare_.size() >= spare_handles_max) return;
  curl_easy_reset(easy.get());
  spare_.push_back(std::move(easy));
}

} // namespace causeway::gateway
