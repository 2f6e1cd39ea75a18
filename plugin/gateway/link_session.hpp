#pragma once
#include "messages/edge/frame.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace causeway::gateway {

/// How the link to the node keeps itself alive.
struct link_timing {
  std::chrono::milliseconds hello_interval{1'000}; ///< HELLO is repeated this often until WELCOME
  std::chrono::milliseconds ping_interval{2'000};  ///< silence from the node before a PING
  std::chrono::milliseconds silence_max{10'000};   ///< silence from the node before it counts as gone
};

/// The link's protocol as a pure machine: greeting, heartbeat, loss. ZeroMQ reconnects invisibly, so only the node's
/// own frames tell whether somebody is there, and whether it is still the one that was greeted.
class link_session {
public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class phase : std::uint8_t {
    greeting, ///< HELLO sent, no WELCOME yet
    up,       ///< requests may be sent
    parting,  ///< the node said BYE: it answers what it has, and takes nothing new
  };
  /// What to do now; several may be true, `lost` is done before `came_up`.
  struct actions {
    bool send_hello = false;
    bool send_ping = false;
    bool send_pong = false;
    bool came_up = false;
    bool parting = false;
    bool lost = false;    ///< the node is gone or another one: nothing that is open will be answered
    bool deliver = false; ///< the frame carries a request or an answer
  };

  explicit link_session(link_timing timing) : timing_(timing) {}

  /// First HELLO.
  actions open(time_point now);
  /// @param error_name  of an ERROR: the fault's name; `hello_required` means the node does not know us (any more)
  actions on_frame(edge::verb what, std::string_view error_name, time_point now);
  actions on_tick(time_point now);
  /// More waits for the node than may: it takes nothing, and counts as gone.
  actions on_overflow(time_point now);
  /// Another node is to be greeted from now on; of the one before nothing comes any more.
  actions retarget(time_point now);
  /// When `on_tick` has something to do next, at the earliest.
  time_point next_tick() const;

  phase state() const { return phase_; }

private:
  actions greet(time_point now, bool lost);

  link_timing timing_;
  phase phase_ = phase::greeting;
  time_point last_hello_{};
  time_point last_heard_{};
  time_point last_ping_{};
};

std::string_view name(link_session::phase x);

} // namespace causeway::gateway
