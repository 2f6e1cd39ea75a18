#pragma once
#include "actors/remote_server/deferred_writes.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/open_requests.hpp"
#include "actors/remote_server/server_events.hpp"
#include "actors/remote_server/store_questions.hpp"
#include "tests/actors/machine_rig.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace causeway::test {

/// What a component says to the others, written down.
struct event_recorder : remote_server::server_events {
  std::vector<std::string> said;
  std::vector<inbound_request> authenticated_requests;
  std::vector<bool> bodies; ///< of them: whether it came parsed
  bool requests_wait = false;

  void key_fetch_ended() override { said.emplace_back("key_fetch_ended"); }
  void keys_changed(remote_server::key_fetch state) override {
    said.emplace_back(state == remote_server::key_fetch::open ? "keys_changed open" : "keys_changed ended");
  }
  bool requests_wait_for_keys() const override { return requests_wait; }
  void keys_exhausted() override { said.emplace_back("keys_exhausted"); }
  void authenticated(const inbound_request& m, std::shared_ptr<matrix::json::value> body) override {
    said.emplace_back("authenticated");
    authenticated_requests.push_back(m);
    bodies.push_back(body != nullptr);
  }
  void queue_advanced() override { said.emplace_back("queue_advanced"); }
  void queue_stopped() override { said.emplace_back("queue_stopped"); }
  void queue_is_empty() override { said.emplace_back("queue_is_empty"); }
  void contacted() override { said.emplace_back("contacted"); }

  std::size_t count(const std::string& what) const {
    return static_cast<std::size_t>(std::count(said.begin(), said.end(), what));
  }
};

/// What all components of the actor of there.example work with; no machine is behind it.
struct server_rig {
  context node = here();
  time_ms now = noon;
  remote_server::homeserver server;
  decision out;
  remote_server::store_questions store{out};
  remote_server::open_requests requests{server, out};
  remote_server::deferred_writes deferred{out};
  event_recorder events;

  explicit server_rig(const std::string& name = "there.example")
      : server(node, name), out({actor_kind::remote_server, name}) {
    out.set_now(now);
  }
  effects take() { return out.take(); }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
};

/// An HTTP answer to the request of that number.
inline gateway::http_answer http_answer(std::uint64_t id, int status, std::string body = "{}", fault why = {}) {
  gateway::http_answer a;
  a.id = id;
  a.status = status;
  a.body = std::move(body);
  a.why = std::move(why);
  return a;
}
inline gateway::http_answer no_http_answer(std::uint64_t id) {
  return http_answer(id, 0, "", {fault_code::peer_unreachable, ""});
}

inline matrix::event_ptr message_from_here(const std::string& room_id, int number) {
  matrix::json::object pdu{{"type", "m.room.message"},
                           {"room_id", room_id},
                           {"sender", "@ann:here.example"},
                           {"content", matrix::json::object{{"body", std::to_string(number)}}},
                           {"origin_server_ts", noon},
                           {"depth", number},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key_of('h'));
}

} // namespace causeway::test
