#include "tests/plugin/gateway/tls_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace causeway::testing {
namespace {

void bound_waits(int fd) {
  const timeval wait{wait_s_max, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int connect_loopback(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bound_waits(fd);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(fd);
    throw std::runtime_error("connect");
  }
  return fd;
}

/// OpenSSL writes without MSG_NOSIGNAL. The signal is blocked only round our own calls: the gateway has to look after
/// itself.
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
    const auto kept = errno; // of the call it guards
    while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) {}
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = kept;
  }

private:
  sigset_t pipe_{}, before_{};
};

std::map<std::string, std::string> read_headers(const std::string& head) {
  std::map<std::string, std::string> out;
  for (auto at = head.find("\r\n"); at + 2 < head.size();) {
    const auto end = head.find("\r\n", at + 2);
    const auto line = head.substr(at + 2, end - at - 2);
    if (const auto colon = line.find(':'); colon != std::string::npos) {
      auto name = line.substr(0, colon);
      for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const auto first = line.find_first_not_of(' ', colon + 1);
      out[name] = first == std::string::npos ? "" : line.substr(first);
    }
    at = end;
  }
  return out;
}

std::size_t content_length(const std::map<std::string, std::string>& headers) {
  const auto it = headers.find("content-length");
  return it == headers.end() ? 0 : std::stoul(it->second);
}

} // namespace

std::shared_ptr<SSL_CTX> server_context(const std::string& certificate_file, const std::string& key_file) {
  std::shared_ptr<SSL_CTX> out{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (SSL_CTX_use_certificate_chain_file(out.get(), certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(out.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("server certificate");
  return out;
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; }

std::string put(const std::string& target, const std::string& body) {
  return "PUT " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

tls_socket tls_socket::connect(std::uint16_t port) {
  static const std::shared_ptr<SSL_CTX> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  const no_sigpipe guard;
  tls_socket out{connect_loopback(port), SSL_new(context.get())};
  SSL_set_fd(out.ssl_, out.fd_);
  if (SSL_connect(out.ssl_) != 1) throw std::runtime_error("SSL_connect");
  return out;
}

tls_socket tls_socket::connect_plain(std::uint16_t port) { return {connect_loopback(port), nullptr}; }

bool tls_socket::can_connect(std::uint16_t port, SSL_CTX* context) {
  const no_sigpipe guard;
  tls_socket out{connect_loopback(port), SSL_new(context)};
  SSL_set_fd(out.ssl_, out.fd_);
  return SSL_connect(out.ssl_) == 1;
}

std::optional<tls_socket> tls_socket::accept(int fd, SSL_CTX* context) {
  bound_waits(fd);
  const no_sigpipe guard;
  tls_socket out{fd, SSL_new(context)};
  SSL_set_fd(out.ssl_, fd);
  if (SSL_accept(out.ssl_) != 1) return std::nullopt;
  return out;
}

tls_socket::tls_socket(tls_socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ssl_(std::exchange(other.ssl_, nullptr)),
      received_(std::move(other.received_)) {}

tls_socket::~tls_socket() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

bool tls_socket::send(const std::string& text) {
  if (text.empty()) return true;
  const no_sigpipe guard;
  if (ssl_ != nullptr)
    return SSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

void tls_socket::shut_sending() { ::shutdown(fd_, SHUT_WR); }

bool tls_socket::read_more() {
  std::array<char, 16'384> part;
  const no_sigpipe guard; // an answer to what came may be written
  const auto got = ssl_ != nullptr ? SSL_read(ssl_, part.data(), static_cast<int>(part.size()))
                                   : static_cast<int>(::recv(fd_, part.data(), part.size(), 0));
  if (got <= 0) return false;
  received_.append(part.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::size_t> tls_socket::read_head() {
  for (;;) {
    if (const auto end = received_.find("\r\n\r\n"); end != std::string::npos) return end + 4;
    if (!read_more()) return std::nullopt;
  }
}

http_reply tls_socket::read_reply(bool to_head) {
  http_reply out;
  const auto head = read_head();
  if (!head) return out;
  const auto text = received_.substr(0, *head);
  out.status = std::stoi(text.substr(text.find(' ') + 1));
  out.headers = read_headers(text);
  const auto length = to_head || out.status == 100 ? 0 : content_length(out.headers);
  while (received_.size() < *head + length)
    if (!read_more()) return {};
  out.body = received_.substr(*head, length);
  received_.erase(0, *head + length);
  return out;
}

std::string tls_socket::read_request() {
  const auto head = read_head();
  if (!head) return {};
  const auto length = content_length(read_headers(received_.substr(0, *head)));
  while (received_.size() < *head + length)
    if (!read_more()) return {};
  auto out = received_.substr(0, *head + length);
  received_.erase(0, out.size());
  return out;
}

bool tls_socket::is_closed_by_peer() {
  errno = 0;
  return received_.empty() && !read_more() && errno != EAGAIN;
}

std::string tls_socket::server_name_asked() const {
  const auto* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string tls_socket::peer_common_name() const {
  const std::unique_ptr<X509, void (*)(X509*)> certificate{SSL_get1_peer_certificate(ssl_), X509_free};
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text.data(),
                            static_cast<int>(text.size()));
  return text.data();
}

} // namespace causeway::testing
