#include "tests/plugin/gateway/fake_node.hpp"

#include "tests/plugin/gateway/tls_socket.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace causeway::testing {
namespace {

using edge::verb;
constexpr std::chrono::seconds wait_max{wait_s_max};
const std::string empty_map{"\x80", 1};
const std::string welcome_header = "\x81\xa8protocol\x01";
const std::string hello_required_body = "\x81\xa4"
                                        "code"
                                        "\xae"
                                        "hello_required";

} // namespace

fake_node::fake_node(zmq::context_t& context, const std::string& endpoint, answerer answer)
    : socket_(context, zmq::socket_type::router), answerer_(std::move(answer)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind(endpoint);
  thread_ = std::thread([this] { run(); });
}

fake_node::~fake_node() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_fd_);
}

void fake_node::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_fd_, &one, sizeof one));
}

void fake_node::run() {
  for (;;) {
    std::vector<zmq::pollitem_t> items{{socket_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, wake_fd_, ZMQ_POLLIN, 0}};
    zmq::poll(items, std::chrono::milliseconds{-1});
    std::uint64_t ignored = 0;
    static_cast<void>(!::read(wake_fd_, &ignored, sizeof ignored));
    std::deque<edge::frame> outgoing;
    {
      const std::lock_guard lock{mutex_};
      if (stop_) return;
      outgoing.swap(outgoing_);
    }
    for (auto& one : outgoing) reply(std::move(one));
    while ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) {
      std::vector<zmq::message_t> parts;
      do {
        parts.emplace_back();
        static_cast<void>(socket_.recv(parts.back()));
      } while (parts.back().more());
      on_message(std::move(parts));
    }
  }
}

void fake_node::reply(edge::frame x) {
  const char verb_byte = static_cast<char>(x.what);
  socket_.send(zmq::buffer(peer_), zmq::send_flags::sndmore);
  socket_.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
  socket_.send(zmq::const_buffer(&verb_byte, 1), zmq::send_flags::sndmore);
  socket_.send(zmq::buffer(x.header), zmq::send_flags::sndmore);
  socket_.send(zmq::buffer(x.body), zmq::send_flags::none);
}

void fake_node::on_message(std::vector<zmq::message_t> parts) {
  if (parts.size() != 5 || parts[1].to_string_view() != edge::magic) throw std::logic_error("fake_node: no CW1 frame");
  edge::frame x{static_cast<verb>(parts[2].to_string_view().at(0)), parts[3].to_string(), parts[4].to_string()};
  if (mute) return;
  peer_ = parts[0].to_string();
  if (forgetful && x.what != verb::hello) return reply({verb::error, empty_map, hello_required_body});
  std::unique_lock lock{mutex_};
  ++seen_[x.what];
  switch (x.what) {
  case verb::hello:
    forgetful = false;
    reply({verb::welcome, welcome_header, {}});
    reply({verb::ping, empty_map, {}}); // its PONG shows that the WELCOME was taken in
    break;
  case verb::ping: reply({verb::pong, empty_map, {}}); break;
  case verb::pong: ++greeted_; break;
  case verb::command: {
    auto request = gateway::decode_federation_request(x);
    if (!request) throw std::logic_error("fake_node: " + to_string(request.error()));
    if (answerer_) {
      if (auto answer = answerer_(*request)) {
        answer->id = request->id;
        ++answered_;
        last_address_ = request->remote_address;
        reply(gateway::encode(*answer));
        break;
      }
    }
    requests_.push_back(*std::move(request));
    break;
  }
  case verb::result: {
    auto answer = gateway::decode_http_answer(x);
    if (!answer) throw std::logic_error("fake_node: " + to_string(answer.error()));
    const auto id = answer->id;
    http_answers_[id] = *std::move(answer);
    break;
  }
  case verb::seek: {
    auto wanted = gateway::decode_body_request(x);
    if (!wanted) throw std::logic_error("fake_node: " + to_string(wanted.error()));
    bodies_wanted_.push_back(*std::move(wanted));
    break;
  }
  case verb::event: {
    auto piece = gateway::decode_http_piece(x);
    if (!piece) throw std::logic_error("fake_node: " + to_string(piece.error()));
    pieces_.push_back(*std::move(piece));
    break;
  }
  default: break;
  }
  changed_.notify_all();
}

bool fake_node::wait_until_greeted(std::size_t greetings) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, wait_max, [&] { return greeted_ >= greetings; });
}

bool fake_node::wait_for(verb what) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, wait_max, [&] { return seen_[what] > 0; });
}

template <class T>
T fake_node::wait_for_next(std::deque<T>& from, const char* what) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_for(lock, wait_max, [&] { return !from.empty(); }))
    throw std::runtime_error(std::string{"no "} + what + " came");
  auto out = std::move(from.front());
  from.pop_front();
  return out;
}

gateway::federation_request fake_node::wait_for_request() { return wait_for_next(requests_, "request"); }
gateway::body_request fake_node::wait_for_body_wanted() { return wait_for_next(bodies_wanted_, "question for a body"); }
gateway::http_piece fake_node::wait_for_piece() { return wait_for_next(pieces_, "piece"); }

bool fake_node::has_piece() {
  const std::lock_guard lock{mutex_};
  return !pieces_.empty();
}

std::size_t fake_node::answered() {
  const std::lock_guard lock{mutex_};
  return answered_;
}

std::string fake_node::last_address() {
  const std::lock_guard lock{mutex_};
  return last_address_;
}

void fake_node::send(edge::frame x) {
  {
    const std::lock_guard lock{mutex_};
    outgoing_.push_back(std::move(x));
  }
  wake();
}

gateway::http_answer fake_node::wait_for_http_answer(std::uint64_t id) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_for(lock, wait_max, [&] { return http_answers_.contains(id); }))
    throw std::runtime_error("no answer came");
  return http_answers_.extract(id).mapped();
}

gateway::http_answer fake_node::ask(gateway::http_request x) {
  static std::atomic<std::uint64_t> last_id{0};
  x.id = ++last_id;
  send(encode(x));
  return wait_for_http_answer(x.id);
}

} // namespace causeway::testing
