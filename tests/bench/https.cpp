#include <utility> // Asio of Boost 1.74 needs it first in C++20

#include "tests/bench/fake_homeserver.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <pthread.h>
#include <ctime>
#include <future>
#include <optional>

namespace causeway::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

// -- client -----------------------------------------------------------------------------------------------------------

struct https_connection::state {
  asio::io_context io;
  asio::ssl::context context{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> stream;
  beast::flat_buffer buffer;

  state(const tls_files& files, std::uint16_t port) : stream(io, trusting(context, files)) {
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream.next_layer().set_option(tcp::no_delay{true});
    SSL_set_tlsext_host_name(stream.native_handle(), "localhost");
    stream.handshake(asio::ssl::stream_base::client);
    buffer.reserve(65'536);
  }
  static asio::ssl::context& trusting(asio::ssl::context& context, const tls_files& files) {
    context.load_verify_file(files.ca);
    context.set_verify_mode(asio::ssl::verify_peer);
    context.set_verify_callback(asio::ssl::host_name_verification{"localhost"});
    return context;
  }
};

https_connection::https_connection(const tls_files& files, std::uint16_t port)
    : state_(std::make_unique<state>(files, port)) {}
https_connection::~https_connection() = default;
https_connection::https_connection(https_connection&&) noexcept = default;
https_connection& https_connection::operator=(https_connection&&) noexcept = default;

http_reply https_connection::request(std::string_view method, std::string_view target, const std::string& authorization,
                                     const std::string& body) {
  http::request<http::string_body> question;
  question.method_string({method.data(), method.size()});
  question.target({target.data(), target.size()});
  question.version(11);
  question.set(http::field::host, "localhost");
  if (!authorization.empty()) question.set(http::field::authorization, authorization);
  if (!body.empty()) {
    question.set(http::field::content_type, "application/json");
    question.body() = body;
  }
  question.prepare_payload();
  http::write(state_->stream, question);
  http::response_parser<http::string_body> answer;
  answer.body_limit(64 * 1024 * 1024);
  http::read(state_->stream, state_->buffer, answer);
  return {static_cast<int>(answer.get().result_int()), std::move(answer.get().body())};
}

// -- server -----------------------------------------------------------------------------------------------------------

namespace {

class served;

} // namespace

struct https_listeners::state {
  asio::io_context io{1};
  asio::ssl::context context{asio::ssl::context::tls_server};
  std::vector<tcp::acceptor> acceptors;
  std::vector<std::string> key_documents;
  std::function<void(std::size_t, std::string_view)> on_transaction;
  https_listeners::handler on_request;
  std::vector<std::vector<std::weak_ptr<served>>> connections; ///< by listener; also ended ones
  std::thread thread;
};

namespace {

/// One accepted connection; lives as long as it has something to wait for.
class served : public std::enable_shared_from_this<served> {
public:
  using handler = std::function<std::optional<http_reply>(std::string_view, std::string_view)>;
  served(tcp::socket socket, asio::ssl::context& context, const std::string& key_document,
         std::function<void(std::string_view)> on_transaction, handler on_request)
      : stream_(std::move(socket), context), key_document_(key_document), on_transaction_(std::move(on_transaction)),
        on_request_(std::move(on_request)) {
    buffer_.reserve(65'536);
  }
  void close() {
    beast::error_code ignored;
    stream_.next_layer().close(ignored);
  }
  void start() {
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }

private:
  void read() {
    parser_.emplace();
    parser_->body_limit(16 * 1024 * 1024);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }
  void answer() {
    const auto& request = parser_->get();
    const std::string_view target{request.target().data(), request.target().size()};
    answer_ = {http::status::ok, 11};
    answer_.set(http::field::content_type, "application/json");
    answer_.keep_alive(request.keep_alive());
    if (target.starts_with("/_matrix/federation/v1/send/")) {
      on_transaction_(request.body());
      answer_.body() = R"({"pdus":{}})";
    } else if (target.starts_with("/_matrix/key/v2/server")) {
      answer_.body() = key_document_;
    } else if (auto told = on_request_({request.method_string().data(), request.method_string().size()}, target)) {
      answer_.result(static_cast<unsigned>(told->status));
      answer_.body() = std::move(told->body);
    } else {
      answer_.result(http::status::not_found);
      answer_.body() = R"({"errcode":"M_NOT_FOUND","error":"a load program has nothing of that kind"})";
    }
    answer_.prepare_payload();
    http::async_write(stream_, answer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->answer_.keep_alive()) self->read();
    });
  }

  asio::ssl::stream<tcp::socket> stream_;
  const std::string& key_document_;
  std::function<void(std::string_view)> on_transaction_;
  handler on_request_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
};

} // namespace

https_listeners::https_listeners(const tls_files& files, std::size_t count,
                                 std::function<void(std::size_t, std::string_view)> on_transaction)
    : state_(std::make_unique<state>()) {
  auto& all = *state_;
  all.context.use_certificate_chain_file(files.certificate);
  all.context.use_private_key_file(files.private_key, asio::ssl::context::pem);
  all.key_documents.resize(count);
  all.connections.resize(count);
  all.on_transaction = std::move(on_transaction);
  for (std::size_t i = 0; i < count; ++i) {
    all.acceptors.emplace_back(all.io, tcp::endpoint{asio::ip::address_v4::loopback(), 0});
    ports_.push_back(all.acceptors.back().local_endpoint().port());
  }
  // Recursion through a copyable function object: each accept starts the next.
  struct accepting {
    state& all;
    std::size_t index;
    void operator()() const {
      all.acceptors[index].async_accept([*this](beast::error_code error, tcp::socket socket) {
        if (error) return;
        socket.set_option(tcp::no_delay{true});
        auto made = std::make_shared<served>(
          std::move(socket), all.context, all.key_documents[index],
          [&shared = all, which = index](std::string_view body) { shared.on_transaction(which, body); },
          [&shared = all, which = index](std::string_view method, std::string_view target) {
            return shared.on_request ? shared.on_request(which, method, target) : std::nullopt;
          });
        all.connections[index].push_back(made);
        made->start();
        (*this)();
      });
    }
  };
  for (std::size_t i = 0; i < count; ++i) accepting{all, i}();
  all.thread = std::thread{[&all] { all.io.run(); }};
}

https_listeners::~https_listeners() {
  state_->io.stop();
  state_->thread.join();
}

void https_listeners::set_key_document(std::size_t index, std::string json) {
  state_->key_documents[index] = std::move(json);
}

void https_listeners::set_handler(handler on_request) { state_->on_request = std::move(on_request); }

void https_listeners::die(std::size_t index, dead how) {
  auto& all = *state_;
  std::promise<void> done;
  asio::post(all.io, [&all, &done, index, how] {
    beast::error_code ignored;
    for (const auto& each : all.connections[index])
      if (const auto open = each.lock()) open->close();
    if (how == dead::refuses) all.acceptors[index].close(ignored);
    else all.acceptors[index].cancel(ignored); // the kernel goes on taking connections, and nobody reads them
    done.set_value();
  });
  done.get_future().wait();
}

double https_listeners::cpu_seconds() const {
  clockid_t clock;
  timespec used{};
  if (pthread_getcpuclockid(state_->thread.native_handle(), &clock) == 0) clock_gettime(clock, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

} // namespace causeway::bench
