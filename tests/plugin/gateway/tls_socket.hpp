#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

/// Plain blocking TLS over loopback, for both ends of a test. Every wait ends after `wait_s_max`.
namespace causeway::testing {

inline constexpr int wait_s_max = 30;

/// An HTTP answer as a client sees it.
struct http_reply {
  int status = 0;                             ///< 0: the connection ended instead
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;
};

class tls_socket {
public:
  /// Connects to 127.0.0.1; certificates are not checked here.
  static tls_socket connect(std::uint16_t port);
  /// The same without TLS.
  static tls_socket connect_plain(std::uint16_t port);
  /// Takes over an accepted descriptor. Empty when the handshake fails.
  static std::optional<tls_socket> accept(int fd, SSL_CTX* context);

  /// Whether a handshake with this context comes about.
  static bool can_connect(std::uint16_t port, SSL_CTX* context);

  tls_socket(tls_socket&&) noexcept;
  tls_socket& operator=(tls_socket&&) = delete;
  ~tls_socket();

  /// @returns false when the other end is gone
  bool send(const std::string& text);
  /// Says that nothing more will be sent; without TLS only.
  void shut_sending();
  http_reply read_reply(bool to_head = false);
  /// Reads until one whole request (head and Content-Length body) is there; empty at the end of the connection.
  std::string read_request();
  /// True when the other end closes without sending anything more.
  bool is_closed_by_peer();
  /// What the client asked for by SNI.
  std::string server_name_asked() const;
  /// CN of the other end's certificate.
  std::string peer_common_name() const;

private:
  tls_socket(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  bool read_more();
  /// Length of the head up to and with the empty line, once it is there.
  std::optional<std::size_t> read_head();

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string received_;
};

/// SSL_CTX with a certificate for the server end.
std::shared_ptr<SSL_CTX> server_context(const std::string& certificate_file, const std::string& key_file);

/// "GET /path HTTP/1.1" with Host, ready to send.
std::string get(const std::string& target);
std::string put(const std::string& target, const std::string& body);

} // namespace causeway::testing
