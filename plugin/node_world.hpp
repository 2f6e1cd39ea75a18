#pragma once
#include "actors/excerpt.hpp"
#include "actors/shell.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/media/media_service.hpp"
#include "plugin/node_clock.hpp"
#include "plugin/node_gateways.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_traffic.hpp"
#include "plugin/node_voice.hpp"
#include "plugin/open_answers.hpp"
#include "plugin/store/store_thread.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace causeway {

/// The world as the actors see it: real store, real edges, a clock that does not jump unnoticed.
class node_world : public world {
public:
  node_world(store::store_thread& store, node_log& log, traffic& seen) : store_(store), log_(log), seen_(seen) {}

  time_ms now() const override { return clock.now(wall_clock_ms(), steady_clock_ms()); }
  void commit(store::store_batch batch, trace_id trace, std::shared_ptr<std::atomic<bool>> failed,
              std::function<void(result<store::commit_outcome>)> done) override {
    const auto weight = seen_.weigh(batch);
    store_.submit(
      std::move(batch),
      [this, trace, weight, done = std::move(done)](result<store::commit_outcome> outcome) {
        if (outcome) seen_.committed(weight, now());
        if (outcome && !outcome->outbox_heads.empty()) {
          message advanced{outbox_advanced{
            outcome->outbox_heads, std::make_shared<decltype(outcome->outbox_rows)>(std::move(outcome->outbox_rows))}};
          advanced.trace = trace;
          router->deliver({actor_kind::session, ""}, std::move(advanced));
        }
        done(std::move(outcome));
      },
      std::move(failed));
  }
  void ask(store::query question, std::function<void(std::shared_ptr<const store::answer>)> done) override {
    store_.ask(std::move(question), [done = std::move(done)](store::answer a) {
      done(std::make_shared<const store::answer>(std::move(a)));
    });
  }
  void send(gateway::http_request x, trace_id trace) override {
    if (router->logs_debug)
      log_.write(note{log_level::debug,
                      "N733 request sent",
                      {{"server", x.server_name}, {"method", x.method}, {"target", excerpt(x.target, target_chars)}},
                      trace},
                 gateway_border_);
    seen_.sent(x);
    gateways->send(std::move(x), trace);
  }
  void send(federation_reply x, trace_id trace) override {
    if (router->logs_debug)
      log_.write(note{log_level::debug, "N732 request answered", {{"status", std::to_string(x.status)}}, trace},
                 gateway_border_);
    seen_.replied(x.status);
    gateways->send(x, trace);
  }
  void send(std::vector<send_frame> x) override {
    std::vector<edge::outgoing> frames;
    frames.reserve(x.size());
    for (auto& one : x) frames.push_back({std::move(one.to), std::move(one.body)});
    voice.send(std::move(frames));
  }
  void media(message x) override { files->on(std::move(x)); }
  void inspect(message x) override {
    if (auto* told = std::get_if<status_response>(&x)) {
      auto done = statuses_.take(told->asked);
      if (done) done(std::move(told->json));
    } else if (auto* answer = std::get_if<peer_answer>(&x)) {
      auto done = peer_answers_.take(answer->asked);
      if (done) done(std::move(*answer));
    } else if (auto* handled = std::get_if<pdus_handled>(&x)) {
      auto done = handlings_.take(handled->asked);
      if (done) done(std::move(*handled));
    }
  }
  void switch_federation(federation_switches now) override { on_switched(std::move(now)); }
  void log(const note& x, const address& who) override { log_.write(x, who); }
  void passes(const address& to, const message& body) override {
    if (traffic::concerns(body)) seen_.passes(to, body, wall_clock_ms());
  }

  void ask_status(const address& who, std::function<void(std::string)> done) {
    router->deliver(who, status_request{us_, statuses_.put(std::move(done))});
  }
  void ask_peer(const std::string& server, peer_request question, std::function<void(peer_answer)> done) {
    question.reply_to = us_;
    question.asked = peer_answers_.put(std::move(done));
    router->deliver({actor_kind::remote_server, server}, std::move(question));
  }
  /// Events of another server that its own transactions have not brought.
  void hand_in(const std::string& room_id, pdus_received events, std::function<void(pdus_handled)> done) {
    events.reply_to = us_;
    events.asked = handlings_.put(std::move(done));
    router->deliver({actor_kind::room, room_id}, std::move(events));
  }

  /// A request of another server begins a trace.
  trace_id begin_request(const std::string& origin, const gateway::federation_request& x) {
    const auto trace = router->new_trace();
    router->hop(hop_stage::gateway_in, gateway_border_, trace);
    if (router->logs_debug)
      log_.write(note{log_level::debug,
                      "N731 request received",
                      {{"origin", origin}, {"method", x.method}, {"target", excerpt(x.target, target_chars)}},
                      trace},
                 gateway_border_);
    return trace;
  }
  /// A frame of the chat server begins one, too.
  void chat_frame(const edge::connection& from, edge::frame&& f) {
    message m{frame_received{from, std::move(f)}};
    m.trace = router->new_trace();
    router->hop(hop_stage::edge_in, {actor_kind::edge, ""}, m.trace);
    router->deliver({actor_kind::session, ""}, std::move(m));
  }

  std::shared_ptr<message_router> router;
  node_clock clock{wall_clock_ms(), steady_clock_ms()};
  std::unique_ptr<gateway_links> gateways;
  node_voice voice;
  media::media_service* files = nullptr;
  std::function<void(federation_switches)> on_switched;

private:
  /// Of a path and query in a log line.
  static constexpr std::size_t target_chars = 200;
  const address gateway_border_{actor_kind::gateway, ""};
  const address us_{actor_kind::inspector, ""};

  store::store_thread& store_;
  node_log& log_;
  open_answers<std::string> statuses_;
  open_answers<peer_answer> peer_answers_;
  open_answers<pdus_handled> handlings_;
  traffic& seen_;
};

} // namespace causeway
