#include "plugin/gateway/http_server.hpp"

#include "plugin/gateway/http_session.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <spdlog/spdlog.h>

#include <charconv>

namespace causeway::gateway {
namespace {

using tcp = asio::ip::tcp;
using acceptor = asio::basic_socket_acceptor<tcp, executor>;
using socket = asio::basic_stream_socket<tcp, executor>;

/// Wait after an accept that failed, e.g. for lack of descriptors: trying at once would only burn the processor.
constexpr std::chrono::milliseconds accept_retry{100};
/// Bytes of an answer the kernel holds beyond what the client's window lets out.
constexpr int unsent_bytes_max = 256 * 1024;
/// TLS 1.2 suites with forward secrecy and authenticated encryption; those of TLS 1.3 are all of that kind.
constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string openssl_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

/// `ip:port`, `[ipv6]:port`.
std::optional<tcp::endpoint> read_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  beast::error_code wrong;
  const auto address = asio::ip::make_address(std::string{host}, wrong);
  if (wrong) return std::nullopt;
  return tcp::endpoint{address, port};
}

result<std::shared_ptr<asio::ssl::context>> load_certificate(const config::gateway_options& options) {
  auto out = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto* raw = out->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, tls12_ciphers);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS); // idle connections are many
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1)
    return {fault_code::invalid_param, "certificate_file '" + options.certificate_file + "': " + openssl_error()};
  if (SSL_CTX_use_PrivateKey_file(raw, options.private_key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1)
    return {fault_code::invalid_param, "private_key_file '" + options.private_key_file + "': " + openssl_error()};
  return out;
}

} // namespace

struct http_server::shared {
  std::shared_ptr<const config::gateway_options> options;
  std::shared_ptr<connection_places> places;
  std::shared_ptr<unread_answers> unread;
  repeated_line crowded, accept_failed;
  std::vector<std::shared_ptr<connection_shard>> shards;
  std::size_t next_shard = 0; // on the accepting thread

  struct listener {
    explicit listener(asio::io_context& io) : accept(io.get_executor()), retry(io) {}
    acceptor accept;
    asio::steady_timer retry;
  };
  std::vector<std::unique_ptr<listener>> listeners; // all on the first context

  std::mutex tls_mutex;
  std::shared_ptr<asio::ssl::context> tls;

  void accept_on(listener& at);
  void take(socket from);
};

http_server::http_server(config::gateway_options options, const std::vector<asio::io_context*>& threads,
                         request_sink& sink, std::chrono::milliseconds write_window)
    : shared_(std::make_unique<shared>()) {
  shared_->options = std::make_shared<const config::gateway_options>(std::move(options));
  const auto bodies = std::make_shared<body_budget>(std::size_t{shared_->options->inbound_bodies_mib} << 20);
  const auto& o = *shared_->options;
  shared_->places = std::make_shared<connection_places>(
    o.connections_max, std::min(o.connections_per_address_max, std::max(o.connections_max / 2, 1U)));
  const auto streams = std::make_shared<stream_count>();
  shared_->unread = std::make_shared<unread_answers>();
  const auto answers = std::make_shared<answer_budget>(std::size_t{shared_->options->answers_mib} << 20,
                                                       std::size_t{shared_->options->answers_per_peer_mib} << 20);
  for (auto* io : threads) {
    auto one = std::make_shared<connection_shard>();
    one->io = io;
    one->options = shared_->options;
    one->sink = &sink;
    one->streams = streams;
    one->bodies = bodies;
    one->answers = answers;
    one->unread = shared_->unread;
    one->write_window = write_window;
    shared_->shards.push_back(std::move(one));
  }
}

http_server::~http_server() = default;

/// In words: what the kernel says of a bind is seldom what is to be done.
static fault cannot_listen(const std::string& text, const beast::error_code& error) {
  namespace errc = boost::system::errc;
  const auto what = "gateway.listen: '" + text + "': " + error.message();
  if (error == errc::address_in_use) return {fault_code::address_in_use, what};
  if (error == errc::permission_denied)
    return {fault_code::invalid_param,
            what + ": a port below 1024 needs the right CAP_NET_BIND_SERVICE, or take another port"};
  if (error == errc::address_not_available)
    return {fault_code::invalid_param, what + ": no interface of this machine has that address"};
  return {fault_code::internal, what};
}

status http_server::open() {
  const auto& options = *shared_->options;
  if (!options.plain_http) {
    if (auto loaded = reload_certificate(); !loaded) return loaded;
  }
  if (options.listen.empty()) return {fault_code::invalid_param, "listen: no address"};
  for (const auto& text : options.listen) {
    const auto at = read_listen_address(text);
    if (!at) return {fault_code::invalid_param, "listen: '" + text + "' is not ip:port"};
    auto one = std::make_unique<shared::listener>(*shared_->shards.front()->io);
    beast::error_code error;
    const auto step = [&](auto&& act) {
      if (!error) act();
    };
    step([&] { one->accept.open(at->protocol(), error); });
    step([&] { one->accept.set_option(asio::socket_base::reuse_address{true}, error); });
    if (at->address().is_v6())
      step([&] { one->accept.set_option(asio::ip::v6_only{true}, error); }); // so 0.0.0.0 may be listed too
    step([&] { one->accept.bind(*at, error); });
    step([&] { one->accept.listen(asio::socket_base::max_listen_connections, error); });
    if (error) return cannot_listen(text, error);
    shared_->listeners.push_back(std::move(one));
  }
  for (auto& one : shared_->listeners) shared_->accept_on(*one);
  return ok();
}

std::vector<std::uint16_t> http_server::ports() const {
  std::vector<std::uint16_t> out;
  for (const auto& one : shared_->listeners) {
    beast::error_code ignored;
    out.push_back(one->accept.local_endpoint(ignored).port());
  }
  return out;
}

status http_server::reload_certificate() {
  if (shared_->options->plain_http) return ok();
  auto loaded = load_certificate(*shared_->options);
  if (!loaded) return loaded.error();
  const std::lock_guard lock{shared_->tls_mutex};
  shared_->tls = *std::move(loaded);
  return ok();
}

void http_server::shared::accept_on(listener& at) {
  auto& shard = *shards[next_shard++ % shards.size()];
  at.accept.async_accept(shard.io->get_executor(), [this, &at](const beast::error_code& error, socket from) {
    if (!at.accept.is_open()) return;
    if (error) {
      if (const auto times = accept_failed.again(std::chrono::steady_clock::now()))
        spdlog::warn("G608 gateway: accept: {} ({} times)", error.message(), *times);
      at.retry.expires_after(accept_retry);
      at.retry.async_wait([this, &at](const beast::error_code& cancelled) {
        if (!cancelled && at.accept.is_open()) accept_on(at);
      });
      return;
    }
    take(std::move(from));
    accept_on(at);
  });
}

void http_server::shared::take(socket from) {
  beast::error_code error;
  const auto remote = from.remote_endpoint(error);
  if (error) return; // gone already
  from.set_option(tcp::no_delay{true}, error);
  // What the kernel takes is not read yet: little of it, so that the pace of writing is that of reading.
  ::setsockopt(from.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, sizeof unsent_bytes_max);
  auto address = remote.address().is_v6() ? '[' + remote.address().to_string() + ']' : remote.address().to_string();
  address += ':' + std::to_string(remote.port());
  // Behind a proxy all come from one address.
  const auto before = places->gave_way();
  auto place = connection_places::take(places, options->plain_http ? std::string{} : peer_of(address));
  if (!place || places->gave_way() != before)
    if (const auto times = crowded.again(std::chrono::steady_clock::now()))
      spdlog::warn(
        "G609 gateway: too many connections, {}: {} had to give way or were refused; the last one came from {}",
        places->now() >= options->connections_max ? "all places are taken" : "one address has its share", *times,
        address);
  if (!place) return; // closes it: better than to let it wait for nothing
  const auto ex = from.get_executor();
  const auto found =
    std::find_if(shards.begin(), shards.end(), [&](const auto& one) { return one->io->get_executor() == ex; });
  const auto& shard = *found;
  const auto launch = [&](const auto& session) { asio::dispatch(ex, [session] { session->run(); }); };
  if (options->plain_http) {
    launch(std::make_shared<http_session<plain_stream>>(shard, plain_stream{std::move(from)}, std::move(address),
                                                        nullptr, std::move(place)));
    return;
  }
  std::shared_ptr<asio::ssl::context> context;
  {
    const std::lock_guard lock{tls_mutex};
    context = tls;
  }
  launch(std::make_shared<http_session<tls_stream>>(shard, tls_stream{plain_stream{std::move(from)}, *context},
                                                    std::move(address), context, std::move(place)));
}

void http_server::drain() {
  asio::post(*shared_->shards.front()->io, [x = shared_.get()] {
    for (auto& one : x->listeners) {
      beast::error_code ignored;
      one->accept.close(ignored);
      one->retry.cancel();
    }
  });
  for (auto& shard : shared_->shards)
    asio::post(*shard->io, [one = shard] {
      one->draining = true;
      const auto live = one->live; // drain() takes itself out
      for (auto* connection : live) connection->drain();
    });
}

bool http_server::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  return shared_->places->wait_until_none(deadline);
}

std::uint64_t http_server::crowded_out() const { return shared_->crowded.total(); }

std::uint64_t http_server::slow_readers() const { return shared_->unread->cut.total(); }

std::uint64_t http_server::answers_refused() const { return shared_->unread->refused.total(); }

std::size_t http_server::connections() const { return shared_->places->now(); }

} // namespace causeway::gateway
