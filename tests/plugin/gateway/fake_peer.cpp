#include "tests/plugin/gateway/fake_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace causeway::testing {
namespace {

int bind_loopback(int type, std::uint16_t& port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::system_error{errno, std::generic_category(), "fake_peer: bind"};
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length);
  port = ntohs(at.sin_port);
  return fd;
}

void put16(std::string& to, unsigned x) {
  to += static_cast<char>(x >> 8);
  to += static_cast<char>(x);
}

void put_name(std::string& to, const std::string& name) {
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    to += static_cast<char>(end - at);
    to.append(name, at, end - at);
    at = end + 1;
  }
  to += '\0';
}

} // namespace

std::string reply_json(const std::string& body, const std::string& more_headers) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + more_headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

fake_peer::fake_peer(const certificate_files& files, handler answer)
    : context_(server_context(files.certificate, files.key)), answer_(std::move(answer)),
      listen_fd_(bind_loopback(SOCK_STREAM, port_)) {
  ::listen(listen_fd_, 64);
  thread_ = std::thread([this] { accept_loop(); });
}

fake_peer::~fake_peer() {
  ::shutdown(listen_fd_, SHUT_RDWR);
  thread_.join();
  {
    const std::lock_guard lock{mutex_};
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& one : workers_) one.join();
  ::close(listen_fd_);
}

std::string fake_peer::server_name_asked() const {
  const std::lock_guard lock{mutex_};
  return server_name_asked_;
}

void fake_peer::accept_loop() {
  for (;;) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const std::lock_guard lock{mutex_};
    open_.push_back(fd);
    workers_.emplace_back([this, fd] { serve(fd); });
  }
}

void fake_peer::serve(int fd) {
  sigset_t pipe; // this thread is the test's own: whatever OpenSSL writes late may fail in silence
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  auto socket = tls_socket::accept(fd, context_.get());
  if (socket) {
    {
      const std::lock_guard lock{mutex_};
      server_name_asked_ = socket->server_name_asked();
    }
    for (auto request = socket->read_request(); !request.empty(); request = socket->read_request())
      if (const auto text = answer_(request); !text.empty() && !socket->send(text)) break;
  }
  const std::lock_guard lock{
    mutex_}; // before the socket closes, so that no other descriptor of this number is shut down
  std::erase(open_, fd);
  socket.reset();
}

fake_dns::fake_dns() : fd_(bind_loopback(SOCK_DGRAM, port_)) {
  thread_ = std::thread([this] { run(); });
}

fake_dns::~fake_dns() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port_);
  ::sendto(fd_, "", 0, 0, reinterpret_cast<sockaddr*>(&at), sizeof at); // an empty datagram ends the thread
  thread_.join();
  ::close(fd_);
}

std::string fake_dns::address() const { return "127.0.0.1:" + std::to_string(port_); }

void fake_dns::add_address(const std::string& name, const std::string& ipv4) {
  const std::lock_guard lock{mutex_};
  addresses_[name].push_back(ipv4);
}

void fake_dns::add_service(const std::string& name, service one) {
  const std::lock_guard lock{mutex_};
  services_[name].push_back(std::move(one));
}

int fake_dns::queries(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  const auto it = queries_.find(name);
  return it == queries_.end() ? 0 : it->second;
}

void fake_dns::run() {
  for (;;) {
    std::array<char, 2048> packet;
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const auto got = ::recvfrom(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (got <= 0) return;
    const auto text = answer({packet.data(), static_cast<std::size_t>(got)});
    ::sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
}

std::string fake_dns::answer(const std::string& query) {
  constexpr unsigned type_a = 1, type_srv = 33, header_bytes = 12, ttl_s = 60, nxdomain = 3;
  std::string name;
  std::size_t at = header_bytes;
  while (query.at(at) != 0) {
    const auto length = static_cast<unsigned char>(query[at]);
    name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
    at += length + 1u;
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto type = static_cast<unsigned>(static_cast<unsigned char>(query.at(at + 1)) << 8 |
                                          static_cast<unsigned char>(query.at(at + 2)));
  const auto question = query.substr(header_bytes, at + 5 - header_bytes);

  const std::lock_guard lock{mutex_};
  ++queries_[name];
  std::vector<std::string> data;
  if (type == type_a)
    for (const auto& one : addresses_[name]) {
      in_addr raw{};
      inet_pton(AF_INET, one.c_str(), &raw);
      data.emplace_back(reinterpret_cast<const char*>(&raw), sizeof raw);
    }
  if (type == type_srv)
    for (const auto& one : services_[name]) {
      std::string record;
      put16(record, one.priority);
      put16(record, one.weight);
      put16(record, one.port);
      put_name(record, one.target);
      data.push_back(std::move(record));
    }
  const bool known = !addresses_[name].empty() || !services_[name].empty();
  std::string out = query.substr(0, 2);
  put16(out, 0x8180 | (known ? 0 : nxdomain));
  put16(out, 1);
  put16(out, static_cast<unsigned>(data.size()));
  put16(out, 0);
  put16(out, 0);
  out += question;
  for (const auto& one : data) {
    put16(out, 0xc000 | header_bytes);
    put16(out, type);
    put16(out, 1);
    put16(out, 0);
    put16(out, ttl_s);
    put16(out, static_cast<unsigned>(one.size()));
    out += one;
  }
  return out;
}

} // namespace causeway::testing
