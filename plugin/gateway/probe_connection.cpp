#include "plugin/gateway/probe_connection.hpp"

#include "plugin/gateway/certificate_check.hpp"
#include "plugin/gateway/probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <chrono>
#include <optional>
#include <utility>

namespace causeway::gateway {
namespace {

namespace http = boost::beast::http;
using steady_time = std::chrono::steady_clock::time_point;
using tls_stream = boost::asio::ssl::stream<boost::beast::tcp_stream>;

/// Of each step.
constexpr std::chrono::seconds step_timeout{5};
/// Certificates of a chain that are reported.
constexpr int certificates_told_max = 8;

std::int64_t now_after(steady_time begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
}

class looking_connection : public probe_connection, public std::enable_shared_from_this<looking_connection> {
public:
  looking_connection(boost::asio::io_context& io, target to, const trust_store& trust, phase_sink phases,
                     std::function<void()> ended)
      : io_(io), to_(std::move(to)), phases_(std::move(phases)), ended_(std::move(ended)) {
    // Looked at rather than trusted: the verdict is read after the handshake.
    context_.set_verify_mode(boost::asio::ssl::verify_none);
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    SSL_CTX_set1_cert_store(context_.native_handle(), trust.get());
    const bool is_v6 = to_.address.find(':') != std::string::npos;
    out_.address = (is_v6 ? '[' + to_.address + ']' : to_.address) + ':' + std::to_string(to_.port);
    is_numeric_ = is_numeric_host(to_.tls_name);
  }

  probe::connection report() const override { return out_; }

  void start(const address_policy& policy) override {
    if (!policy.allows(std::string_view{to_.address})) {
      out_.is_private = true;
      out_.problem = "it is a private address, and gateway.allowed_networks does not admit it";
      phases_({"TCP", out_.address, 0, false, out_.problem});
      return boost::asio::post(io_, [self = shared_from_this()] { self->ended_(); });
    }
    stream_.emplace(io_, context_);
    auto& socket = begin_step();
    socket.async_connect(boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address(to_.address), to_.port},
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           self->out_.connected = !error;
                           if (self->end_step("TCP", error, {})) self->encrypt();
                         });
  }

private:
  boost::beast::tcp_stream& begin_step() {
    step_begun_ = std::chrono::steady_clock::now();
    auto& socket = stream_->next_layer();
    socket.expires_after(step_timeout);
    return socket;
  }

  /// @returns whether to go on
  bool end_step(const char* name, const boost::system::error_code& error, const std::string& detail) {
    const auto said = error ? error.message() : detail;
    phases_({name, out_.address, now_after(step_begun_), !error, said});
    if (!error) return true;
    out_.problem = std::string{name} + ": " + said;
    end();
    return false;
  }

  void encrypt() {
    begin_step();
    if (!is_numeric_) SSL_set_tlsext_host_name(stream_->native_handle(), to_.tls_name.c_str());
    stream_->async_handshake(boost::asio::ssl::stream_base::client,
                             [self = shared_from_this()](const boost::system::error_code& error) {
                               if (!error) self->read_certificates();
                               const auto detail = error ? std::string{} : self->verdict();
                               if (self->end_step("TLS", error, detail)) self->ask_keys();
                             });
  }

  std::string verdict() const {
    if (!out_.is_trusted) return "certificate not trusted: " + out_.trust_problem;
    return out_.names_match ? out_.tls_version : "certificate is not for " + to_.tls_name;
  }

  void read_certificates() {
    auto* tls = stream_->native_handle();
    out_.encrypted = true;
    out_.tls_version = SSL_get_version(tls);
    out_.cipher = SSL_get_cipher_name(tls);
    const auto verified = SSL_get_verify_result(tls);
    out_.is_trusted = verified == X509_V_OK;
    if (!out_.is_trusted) out_.trust_problem = X509_verify_cert_error_string(verified);
    auto* chain = SSL_get_peer_cert_chain(tls);
    for (int i = 0; chain && i < sk_X509_num(chain) && i < certificates_told_max; ++i)
      out_.certificates.push_back(describe_certificate(sk_X509_value(chain, i)));
    out_.names_match = chain && sk_X509_num(chain) > 0 && is_certified_for(sk_X509_value(chain, 0), to_.tls_name);
  }

  void ask_keys() {
    ask(
      "/_matrix/key/v2/server",
      [this](const http::response<http::string_body>& answer) {
        out_.keys_status = answer.result_int();
        out_.keys_body = answer.body();
        out_.answered_ts = to_.now_ms + now_after(begun_);
        const auto date_s = curl_getdate(std::string{answer[http::field::date]}.c_str(), nullptr);
        if (date_s > 0) out_.date_ts = static_cast<std::int64_t>(date_s) * 1'000;
        return "HTTP status " + std::to_string(out_.keys_status);
      },
      "keys",
      [this] {
        if (parser_->get().keep_alive()) ask_version();
        else end();
      });
  }

  void ask_version() {
    ask(
      "/_matrix/federation/v1/version",
      [this](const http::response<http::string_body>& answer) {
        out_.version_status = answer.result_int();
        out_.version_body = answer.body();
        return "HTTP status " + std::to_string(out_.version_status);
      },
      "version", [this] { end(); });
  }

  void end() {
    stream_->next_layer().close();
    ended_();
  }

  using reader = std::function<std::string(const http::response<http::string_body>&)>;

  void ask(const char* path, reader read, const char* name, std::function<void()> then) {
    begin_step();
    request_ = {http::verb::get, path, 11};
    request_.set(http::field::host, to_.host_header);
    request_.set(http::field::user_agent, "Causeway");
    request_.set(http::field::accept, "application/json");
    parser_.emplace();
    parser_->body_limit(probed_body_bytes_max);
    auto self = shared_from_this();
    auto on_answer = [self, read = std::move(read), name,
                      then = std::move(then)](const boost::system::error_code& error, std::size_t) {
      const auto detail = error ? std::string{} : read(self->parser_->get());
      if (!self->end_step(name, error, detail)) return;
      then();
    };
    // The header by itself: one that announces too large a body is refused there, and only there.
    auto on_header = [self, name, on_answer = std::move(on_answer)](const boost::system::error_code& error,
                                                                    std::size_t) mutable {
      if (error) return static_cast<void>(self->end_step(name, error, {}));
      http::async_read(*self->stream_, self->buffer_, *self->parser_, std::move(on_answer));
    };
    http::async_write(
      *stream_, request_,
      [self, name, on_header = std::move(on_header)](const boost::system::error_code& error, std::size_t) mutable {
        if (error) return static_cast<void>(self->end_step(name, error, {}));
        http::async_read_header(*self->stream_, self->buffer_, *self->parser_, std::move(on_header));
      });
  }

  boost::asio::io_context& io_;
  const target to_;
  phase_sink phases_;
  std::function<void()> ended_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  std::optional<tls_stream> stream_;
  boost::beast::flat_buffer buffer_{2 * probed_body_bytes_max};
  http::request<http::empty_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
  const steady_time begun_ = std::chrono::steady_clock::now();
  steady_time step_begun_ = begun_;
  bool is_numeric_ = false;
  probe::connection out_;
};

} // namespace

std::shared_ptr<probe_connection> probe_connection::make(boost::asio::io_context& io, target to,
                                                         const trust_store& trust, phase_sink phases,
                                                         std::function<void()> ended) {
  return std::make_shared<looking_connection>(io, std::move(to), trust, std::move(phases), std::move(ended));
}

} // namespace causeway::gateway
