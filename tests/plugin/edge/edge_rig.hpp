#pragma once
#include "config/edge_options.hpp"
#include "plugin/edge/edge.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::test {

using std::chrono::milliseconds;

/// Longer than any machine is busy; waits end as soon as there is something.
inline constexpr milliseconds patience{30'000};

/// A directory of its own, removed at the end.
class scratch {
public:
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "edge.XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// A socket file whose process died.
inline void leave_stale_socket(const std::string& file) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::strncpy(where.sun_path, file.c_str(), sizeof where.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  ::close(fd);
}

struct curve {
  std::string public_key, secret_key;
};
inline curve curve_pair() {
  std::array<char, 41> public_key{}, secret_key{};
  BOOST_REQUIRE(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  return {public_key.data(), secret_key.data()};
}
inline std::string key_file(const scratch& dir, const std::string& text) {
  auto file = dir.file("key" + std::to_string(text.size()));
  std::ofstream{file} << text << "\n";
  ::chmod(file.c_str(), 0600);
  return file;
}
inline std::function<void(zmq::socket_t&)> curve_client(const std::string& server_key, const curve& own) {
  return [=](zmq::socket_t& s) {
    s.set(zmq::sockopt::curve_serverkey, server_key);
    s.set(zmq::sockopt::curve_publickey, own.public_key);
    s.set(zmq::sockopt::curve_secretkey, own.secret_key);
  };
}

/// A peer that speaks raw frames. Has a context of its own unless it connects inproc.
class dealer {
public:
  dealer(zmq::context_t& shared, const std::string& endpoint, const std::function<void(zmq::socket_t&)>& prepare = {})
      : socket_(endpoint.starts_with("inproc") ? shared : own_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(patience.count()));
    if (prepare) prepare(socket_);
    socket_.connect(endpoint);
  }
  void send(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i)
      socket_.send(zmq::buffer(parts[i]), i + 1 == parts.size() ? zmq::send_flags::none : zmq::send_flags::sndmore);
  }
  /// The same for a peer the other side may already have refused, which ends its connection: what has no way is
  /// dropped.
  void try_send(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (!socket_.send(zmq::buffer(parts[i]),
                        (i + 1 == parts.size() ? zmq::send_flags::none : zmq::send_flags::sndmore) |
                          zmq::send_flags::dontwait))
        return;
  }
  /// Empty: nothing came.
  std::vector<std::string> receive() {
    std::vector<std::string> parts;
    zmq::message_t part;
    do {
      if (!socket_.recv(part)) return {};
      parts.push_back(part.to_string());
    } while (part.more());
    return parts;
  }

private:
  zmq::context_t own_{1};
  zmq::socket_t socket_;
};

/// Hears nothing.
struct deaf_sink final : edge::frame_sink {
  void on_frame(const edge::connection&, edge::frame&&) override {}
  void on_lost(const edge::connection&) override {}
};

/// An edge and what it told. By default one chat endpoint on loopback.
class edge_rig : private edge::frame_sink {
public:
  explicit edge_rig(const std::function<void(config::edge_options&)>& change = {}) {
    config::edge_options options;
    options.chat_endpoints = {"tcp://127.0.0.1:*"};
    options.admin_endpoint.clear();
    if (change) change(options);
    auto made = edge::edge::open(context, options, *this);
    BOOST_REQUIRE_MESSAGE(made, to_string(made ? fault{} : made.error()));
    served = std::move(*made);
  }

  std::string chat() const { return served->endpoints()[0].address; }
  /// The address to connect to where the bind was to every interface.
  std::string on_loopback(std::size_t index) const {
    const auto& address = served->endpoints()[index].address;
    return "tcp://127.0.0.1" + address.substr(address.rfind(':'));
  }

  std::optional<std::pair<edge::connection, edge::frame>> next(milliseconds wait = patience) {
    return take(frames_, wait);
  }
  std::optional<edge::connection> lost(milliseconds wait) { return take(lost_, wait); }

  zmq::context_t context{1};

private:
  void on_frame(const edge::connection& from, edge::frame&& x) override { put(frames_, {from, std::move(x)}); }
  void on_lost(const edge::connection& gone) override { put(lost_, gone); }
  template <class T>
  void put(std::deque<T>& to, T x) {
    const std::lock_guard guard{mutex_};
    to.push_back(std::move(x));
    changed_.notify_all();
  }
  template <class T>
  std::optional<T> take(std::deque<T>& from, milliseconds wait) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, wait, [&] { return !from.empty(); })) return {};
    auto x = std::move(from.front());
    from.pop_front();
    return x;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<edge::connection, edge::frame>> frames_;
  std::deque<edge::connection> lost_;

public:
  std::unique_ptr<edge::edge> served; ///< last: its thread uses all of the above
};

} // namespace causeway::test
