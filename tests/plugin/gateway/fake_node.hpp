#pragma once
#include "messages/gateway.hpp"

#include <zmq.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace causeway::testing {

/// The node's end of the gateway link: a ROUTER on a thread of its own.
class fake_node {
public:
  /// Answers a request at once; nothing: says nothing (yet).
  using answerer = std::function<std::optional<gateway::federation_answer>(const gateway::federation_request&)>;

  fake_node(zmq::context_t& context, const std::string& endpoint, answerer answer = {});
  ~fake_node();

  /// Waits until the gateway has processed our WELCOME. @returns false after 30 s
  bool wait_until_greeted(std::size_t greetings = 1);
  /// The next request the gateway passed on and no `answerer` took; fails the test by exception after 30 s.
  gateway::federation_request wait_for_request();
  void answer(const gateway::federation_answer& x) { send(encode(x)); }
  /// Sends a request out and waits for its answer. @pre greeted
  gateway::http_answer ask(gateway::http_request x);
  void send(edge::frame x);
  /// Waits for the next answer to a request sent by `send`.
  gateway::http_answer wait_for_http_answer(std::uint64_t id);
  /// The next part of a streamed answer that the gateway asks for.
  gateway::body_request wait_for_body_wanted();
  /// The next piece of a body that is fetched.
  gateway::http_piece wait_for_piece();
  bool has_piece();
  /// Requests the `answerer` has taken, and the address the last one came from.
  std::size_t answered();
  std::string last_address();
  /// Waits until a frame of this verb has come.
  bool wait_for(edge::verb what);

  std::atomic<bool> mute{false};      ///< says nothing at all, like a frozen process
  std::atomic<bool> forgetful{false}; ///< answers everything but HELLO with ERROR hello_required, like a restarted one

private:
  template <class T>
  T wait_for_next(std::deque<T>& from, const char* what);
  void run();
  void on_message(std::vector<zmq::message_t> parts);
  void reply(edge::frame x);
  void wake();

  zmq::socket_t socket_;
  answerer answerer_;
  int wake_fd_;
  std::string peer_; // routing id of the gateway, on the thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<edge::frame> outgoing_;
  std::deque<gateway::federation_request> requests_;
  std::map<std::uint64_t, gateway::http_answer> http_answers_;
  std::deque<gateway::body_request> bodies_wanted_;
  std::deque<gateway::http_piece> pieces_;
  std::map<edge::verb, int> seen_;
  std::size_t greeted_ = 0, answered_ = 0;
  std::string last_address_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace causeway::testing
