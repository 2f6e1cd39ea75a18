#pragma once
#include "messages/gateway.hpp"
#include "plugin/gateway/attempt_gate.hpp"
#include "plugin/gateway/http_pool.hpp"
#include "plugin/gateway/peer_directory.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>

namespace causeway::gateway {

/// Open requests to homeservers: finds the way, tries its hops in order, answers once. Those to servers nobody has
/// heard of lately take turns (attempt_gate), lookups included. One Asio thread only.
class peer_requests {
public:
  /// More open requests than this are answered with fault overloaded at once.
  static constexpr std::size_t open_max = 20'000;
  using answer_sink = std::function<void(http_answer)>;
  using piece_sink = std::function<void(http_piece)>;

  /// @pre `directory` and `client` outlive this object
  peer_requests(boost::asio::io_context& io, peer_directory& directory, http_pool& client, answer_sink sink,
                piece_sink pieces, attempt_gate::bounds bounds = {});
  ~peer_requests();

  /// Answers through the sink: an HTTP answer, or status 0 with a fault (invalid_param, invalid_identifier, overloaded,
  /// and those of `http_answer`).
  void start(http_request request);
  /// Lets a streamed body go on, or ends it: its request is then answered with peer_bad_answer. Unknown streams are
  /// ignored.
  void go_on(const stream_credit& x);
  /// Ends every open request. @param why  answers each with it; none: says nothing (who asked is gone)
  void end_all(const fault& why);
  /// Any thread.
  std::size_t open() const { return open_count_; }
  /// Of those the ones that wait for their turn. Any thread.
  std::size_t waiting() const { return waiting_count_; }

private:
  struct attempt;
  using key = std::uint64_t;

  void begin(key k);
  void begin_due();
  void charge_held_up();
  void find_route(key k);
  void on_route(key k, result<route> found);
  void try_hop(key k);
  void connect(key k, result<std::vector<std::string>> addresses);
  void on_outcome(key k, https_outcome outcome);
  void next_hop(key k, fault why, request_phase phase = request_phase::unknown);
  void finish(key k, http_answer answer);
  void refuse(const http_request& request, fault why);
  attempt* find(key k);

  boost::asio::io_context& io_;
  peer_directory& directory_;
  http_pool& client_;
  answer_sink sink_;
  piece_sink pieces_;
  std::unordered_map<std::uint64_t, key> streams_; ///< streamed bodies -> their requests
  std::unordered_map<key, std::unique_ptr<attempt>> attempts_;
  attempt_gate gate_;
  boost::asio::steady_timer turns_;
  std::atomic<std::size_t> open_count_{0}, waiting_count_{0};
  key last_key_ = 0;
};

} // namespace causeway::gateway
