/// One actor of a remote server, for its tests.
#pragma once

#include "actors/remote_server/remote_server_machine.hpp"
#include "tests/actors/machine_rig.hpp"

#include <memory>
#include <string>
#include <utility>

namespace causeway::test {

inline const address the_room{actor_kind::room, "!r:here.example"};

/// The actor of there.example; the store and the network are the test.
struct remote_server_rig {
  context node = here();
  std::unique_ptr<remote_server::remote_server_machine> machine;
  time_ms now = noon;

  remote_server_rig() { begin(); }
  /// A new life of the actor with what the store has.
  effects begin(store::destination_loaded stored = {}) {
    machine = std::make_unique<remote_server::remote_server_machine>(node, "there.example");
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    return machine->on(store_says(asked, std::move(stored)), now);
  }
  effects begin_with_keys() {
    store::destination_loaded stored;
    stored.keys = {"there.example", keys_of(there_key()), now};
    return begin(std::move(stored));
  }
  effects on(const message& m) { return machine->on(m, now); }

  matrix::event_ptr message_event(int n) {
    matrix::json::object pdu{{"type", "m.room.message"},
                             {"room_id", the_room.key},
                             {"sender", "@ann:here.example"},
                             {"content", matrix::json::object{{"body", "m" + std::to_string(n)}}},
                             {"origin_server_ts", now},
                             {"depth", n},
                             {"prev_events", matrix::json::array{}},
                             {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), node.server_name, node.key);
  }
};

inline std::string transaction_of(const gateway::http_request& r) { return r.target.substr(r.target.rfind('/') + 1); }

} // namespace causeway::test
