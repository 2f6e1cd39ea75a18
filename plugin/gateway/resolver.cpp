#include "plugin/gateway/resolver.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>

#include <algorithm>
#include <mutex>

namespace causeway::gateway {
namespace {

/// First wait; c-ares doubles it for each further round over the servers.
constexpr int query_timeout_ms = 2'500;
constexpr int query_tries = 2;
/// Answers are kept at least and at most this long whatever their TTL says: neither a storm of queries nor a stale
/// week.
constexpr std::chrono::seconds ttl_min{5}, ttl_max{3'600};
/// For names from the hosts file, which have no TTL.
constexpr std::chrono::seconds ttl_hosts{60};

std::chrono::seconds clamp_ttl(long ttl) { return std::clamp(std::chrono::seconds{ttl}, ttl_min, ttl_max); }

template <class Value>
using callback = std::function<void(result<Value>)>;

fault unresolvable(int status) { return {fault_code::peer_unresolvable, ares_strerror(status)}; }

std::string without_dot(const char* name) {
  std::string out{name};
  if (!out.empty() && out.back() == '.') out.pop_back();
  return out;
}

/// The smallest TTL among the answer's SRV records; c-ares parses everything of them but this.
std::chrono::seconds srv_ttl(const unsigned char* packet, int length) {
  constexpr int header_bytes = 12, question_tail_bytes = 4, record_tail_bytes = 10;
  if (length < header_bytes) return ttl_min;
  const auto u16 = [](const unsigned char* p) { return static_cast<unsigned>(p[0] << 8 | p[1]); };
  const unsigned char* at = packet + header_bytes;
  const unsigned char* const end = packet + length;
  const auto skip_name = [&] {
    char* name = nullptr;
    long used = 0;
    if (ares_expand_name(at, packet, length, &name, &used) != ARES_SUCCESS) return false;
    ares_free_string(name);
    at += used;
    return true;
  };
  for (auto questions = u16(packet + 4); questions > 0; --questions) {
    if (!skip_name() || end - at < question_tail_bytes) return ttl_min;
    at += question_tail_bytes;
  }
  long least = ttl_max.count();
  for (auto answers = u16(packet + 6); answers > 0; --answers) {
    if (!skip_name() || end - at < record_tail_bytes) return ttl_min;
    if (u16(at) == ns_t_srv) least = std::min<long>(least, static_cast<long>(u16(at + 4)) << 16 | u16(at + 6));
    const auto data_bytes = static_cast<long>(u16(at + 8));
    at += record_tail_bytes;
    if (end - at < data_bytes) return ttl_min;
    at += data_bytes;
  }
  return clamp_ttl(least);
}

void on_addresses(void* argument, int status, int, ares_addrinfo* answer) {
  const std::unique_ptr<callback<resolver::addresses>> done{static_cast<callback<resolver::addresses>*>(argument)};
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owner{answer, ares_freeaddrinfo};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return; // the resolver ends, and with it who asked
  if (status != ARES_SUCCESS) return (*done)(unresolvable(status));
  resolver::addresses out;
  long ttl = ttl_max.count();
  for (const auto* node = answer->nodes; node != nullptr && out.numeric.size() < resolver::addresses_max;
       node = node->ai_next) {
    char text[INET6_ADDRSTRLEN] = {};
    const void* raw = node->ai_family == AF_INET
                        ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr)
                        : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr);
    if (inet_ntop(node->ai_family, raw, text, sizeof text) == nullptr) continue;
    ttl = std::min<long>(ttl, node->ai_ttl > 0 ? node->ai_ttl : ttl_hosts.count());
    out.numeric.emplace_back(text);
  }
  if (out.numeric.empty()) return (*done)(unresolvable(ARES_ENODATA));
  out.ttl = clamp_ttl(ttl);
  (*done)(std::move(out));
}

void on_services(void* argument, int status, int, unsigned char* packet, int length) {
  const std::unique_ptr<callback<resolver::services>> done{static_cast<callback<resolver::services>*>(argument)};
  if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
  resolver::services out;
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
    out.ttl = std::chrono::minutes{5}; // the SOA's negative TTL is not worth a parser
    return (*done)(std::move(out));
  }
  if (status ==
      ARES_ECONNREFUSED) { // no DNS server at all: names are those of the hosts file, which has no SRV records
    out.ttl = ttl_min;
    return (*done)(std::move(out));
  }
  if (status != ARES_SUCCESS) return (*done)(unresolvable(status));
  ares_srv_reply* replies = nullptr;
  if (const int parsed = ares_parse_srv_reply(packet, length, &replies); parsed != ARES_SUCCESS) {
    if (parsed != ARES_ENODATA) return (*done)(unresolvable(parsed));
    out.ttl = std::chrono::minutes{5};
    return (*done)(std::move(out));
  }
  const std::unique_ptr<ares_srv_reply, void (*)(void*)> owner{replies, ares_free_data};
  for (const auto* one = replies; one != nullptr; one = one->next)
    out.records.push_back({one->priority, one->weight, one->port, without_dot(one->host)});
  out.ttl = srv_ttl(packet, length);
  (*done)(std::move(out));
}

} // namespace

resolver::resolver(boost::asio::io_context& io)
    : watch_(io,
             [this](int fd, bool readable, bool writable) {
               ares_process_fd(channel_, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
               arm_timer();
             }),
      timer_(io) {}

result<std::unique_ptr<resolver>> resolver::make(boost::asio::io_context& io, const std::string& dns_server) {
  static std::once_flag once;
  static int library = ARES_SUCCESS;
  std::call_once(once, [] { library = ares_library_init(ARES_LIB_INIT_ALL); });
  if (library != ARES_SUCCESS) return {fault_code::internal, std::string{"c-ares: "} + ares_strerror(library)};

  std::unique_ptr<resolver> out{new resolver(io)};
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH; // a server name is complete; a search domain would lead it elsewhere
  options.timeout = query_timeout_ms;
  options.tries = query_tries;
  options.sock_state_cb_data = &out->watch_;
  options.sock_state_cb = [](void* data, ares_socket_t fd, int readable, int writable) {
    static_cast<fd_watch*>(data)->set(fd, readable != 0, writable != 0);
  };
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&out->channel_, &options, mask); status != ARES_SUCCESS)
    return {fault_code::internal, std::string{"c-ares: "} + ares_strerror(status)};
  if (!dns_server.empty() && ares_set_servers_ports_csv(out->channel_, dns_server.c_str()) != ARES_SUCCESS)
    return {fault_code::invalid_param, "dns_server: '" + dns_server + "' is not ip:port"};
  return out;
}

resolver::~resolver() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void resolver::arm_timer() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds{wait.tv_sec} + std::chrono::microseconds{wait.tv_usec});
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer();
  });
}

void resolver::find_addresses(const std::string& host, std::function<void(result<addresses>)> done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, on_addresses, new callback<addresses>(std::move(done)));
  arm_timer();
}

void resolver::find_services(const std::string& service, std::function<void(result<services>)> done) {
  ares_query(channel_, service.c_str(), ns_c_in, ns_t_srv, on_services, new callback<services>(std::move(done)));
  arm_timer();
}

} // namespace causeway::gateway
