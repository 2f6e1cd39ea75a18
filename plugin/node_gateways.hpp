#pragma once
#include "actors/bounded_map.hpp"
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "actors/remote_server/address_budget.hpp"
#include "actors/remote_server/stranger_gate.hpp"
#include "messages/gateway.hpp"
#include "messages/matrix/endpoints.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace causeway {

/// Who has files: what of the link is theirs. Any thread.
class stream_sink {
public:
  virtual ~stream_sink() = default;
  virtual void on_piece(gateway::http_piece x) = 0;
  virtual void on_body_request(const std::string& gateway, const gateway::body_request& x) = 0;
};

/// The node's end of the gateway edge: greets gateways, spreads our requests over them, takes a homeserver's request
/// apart far enough to know which actor it is for. Open endpoints (keys, version) are answered here; they concern no
/// actor. Thread-safe.
class gateway_links {
public:
  /// Open requests of strangers that are remembered, to learn from their answer whether it was no lie. Beyond it the
  /// one whose request is oldest stays a stranger for longer: an answer comes within a minute, or not at all.
  static constexpr std::size_t claims_max = 20'000;

  using deliver_function = std::function<void(const address&, message)>;
  using send_function = std::function<void(const edge::connection&, edge::frame)>;

  using answer_function = std::function<void(gateway::http_answer)>;
  /// @param known_servers  whose keys are on disk: no strangers
  gateway_links(const context& node, deliver_function deliver, send_function send, std::function<time_ms()> now,
                const std::vector<std::string>& known_servers = {});

  void on_frame(const edge::connection& from, edge::frame&& x);
  void on_lost(const edge::connection& gone);
  /// Sends a request by any gateway that takes them; those of nodes that stand by do not. Without one it waits for one
  /// for a moment, as at the start of the node, then it is answered with peer_unreachable.
  void send(gateway::http_request x, trace_id trace = 0);
  /// The same; the answer goes to `done`, from any thread, instead of the remote_server.
  void send(gateway::http_request x, answer_function done);
  void send(const federation_reply& x, trace_id trace = 0);
  void send(const std::string& gateway, const gateway::federation_answer& x);
  /// To the gateway that has the stream; nothing when that has ended.
  void send(const gateway::stream_credit& x);
  /// Hears of each answer with a Date: whose, from which address, the date, how long it took. Before the first frame.
  using date_function = std::function<void(const std::string& server_name, const gateway::http_answer&)>;
  void handle_dates(date_function x) { on_date_ = std::move(x); }
  /// Hears of each request that is handed to an actor, and says under which trace. Before the first frame.
  using trace_function = std::function<trace_id(const std::string& origin, const gateway::federation_request&)>;
  void handle_requests(trace_function x) { on_request_ = std::move(x); }
  /// Before the first frame. @param x  outlives the last one
  void handle_streams(stream_sink& x) { streams_ = &x; }
  /// Gateways that are connected, with what each calls itself.
  std::vector<std::string> connected() const;
  /// What the operator has changed.
  void take_over(std::shared_ptr<const settings> now);
  /// Answers what has waited for a gateway long enough, and forgets gateways of nodes that stand by and are silent: of
  /// those no frame fails that would tell that they are gone. To be called every second or so.
  void expire();
  /// The node is about to stop: gateways of nodes that stand by keep what comes now for the one that follows. What they
  /// have asked is answered still.
  void say_goodbye();

private:
  struct open_request {
    std::string server_name, gateway;
    std::uint64_t id = 0; ///< the actor's number
    std::uint64_t stream = 0;
    trace_id trace = 0;   ///< its answer goes on under it
    answer_function done; ///< empty: the remote_server
  };
  /// A request for which there is no gateway.
  struct waiting_request {
    gateway::http_request request;
    trace_id trace = 0;
    answer_function done;
    time_ms since = 0;
  };
  struct known_gateway {
    edge::connection at;
    std::string name; ///< as it calls itself
    bool outbound = true;
    int silent_looks = 0; ///< of `expire`, since it was heard
  };
  void send(gateway::http_request x, trace_id trace, answer_function done);
  /// A node that stands by is greeted no more while this one stops.
  bool refuses(const edge::frame& hello) const;
  /// Greets it, unless this node is about to stop. @pre `mutex_` is held
  bool enter(const std::string& key, const edge::connection& from, const edge::frame& hello);
  std::shared_ptr<const settings> settings_now() const;
  void conclude(const open_request& r, gateway::http_answer a);
  void refuse(const waiting_request& x);
  void send_waiting();
  void federation(const edge::connection& from, gateway::federation_request&& x);
  /// GET or POST /key/v2/query: open to anybody, and more is done for whoever says who they are.
  void keys_question(const edge::connection& from, gateway::federation_request&& x, matrix::endpoint_match&& match);
  void hand_to_origin(const std::string& gateway, const std::string& origin, std::vector<std::string> headers,
                      gateway::federation_request&& x, matrix::endpoint_match&& match);
  void refuse(const edge::connection& to, std::uint64_t id, const fault& why, std::uint32_t retry_after_ms = 0);
  void answer(const edge::connection& to, std::uint64_t id, int http_status, std::string body,
              std::uint32_t retry_after_ms = 0);
  std::string keys_document();
  /// Whether a request in the name of `origin` is handed to its actor.
  /// @param proves  a successful answer to it means that its signature was valid
  bool admit(const std::string& origin, const std::string& gateway, const gateway::federation_request& x, bool proves);

  deliver_function deliver_;
  send_function send_;
  std::function<time_ms()> now_;
  stream_sink* streams_ = nullptr; ///< null: nobody has files
  date_function on_date_;
  trace_function on_request_;

  mutable std::mutex mutex_; ///< guards all below, and the settings in `node_`
  context node_;
  std::map<std::string, known_gateway> gateways_;
  bool is_stopping_ = false;
  std::map<std::uint64_t, open_request> open_;
  std::deque<waiting_request> waiting_;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, std::string> gateway_of_stream_;
  remote_server::stranger_gate gate_;
  remote_server::address_budget key_questions_;
  bounded_map<std::pair<std::string, std::uint64_t>, std::string> claims_{claims_max}; ///< (gateway, request) -> origin
  std::string keys_document_;
  time_ms keys_document_until_ = 0;
};

} // namespace causeway
