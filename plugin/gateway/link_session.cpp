#include "plugin/gateway/link_session.hpp"

#include <algorithm>

namespace causeway::gateway {

using edge::verb;

std::string_view name(link_session::phase x) {
  switch (x) {
  case link_session::phase::greeting: return "greeting";
  case link_session::phase::up: return "up";
  case link_session::phase::parting: return "parting";
  }
  return "unknown";
}

link_session::actions link_session::greet(time_point now, bool lost) {
  phase_ = phase::greeting;
  last_hello_ = now;
  return {.send_hello = true, .lost = lost};
}

link_session::actions link_session::open(time_point now) { return greet(now, false); }

link_session::actions link_session::on_frame(verb what, std::string_view error_name, time_point now) {
  last_heard_ = now;
  switch (what) {
  case verb::welcome: {
    const auto before = phase_;
    phase_ = phase::up;
    last_ping_ = now;
    // After a BYE only a successor greets; what its predecessor left open has no answer.
    return {.came_up = before != phase::up, .lost = before == phase::parting};
  }
  case verb::ping: return {.send_pong = true};
  case verb::command:
  case verb::result:
  case verb::credit: return {.deliver = true};
  case verb::bye:
    if (phase_ != phase::up) return {};
    phase_ = phase::parting;
    last_hello_ = now;
    return {.parting = true};
  case verb::error:
    // A restarted node, or one that has forgotten us. While greeting, the HELLO that answers this is on its way.
    if (error_name == "hello_required" && phase_ != phase::greeting) return greet(now, true);
    return {};
  default: return {};
  }
}

link_session::actions link_session::on_tick(time_point now) {
  switch (phase_) {
  case phase::greeting:
    if (now - last_hello_ < timing_.hello_interval) return {};
    return greet(now, false);
  case phase::up:
    if (now - last_heard_ >= timing_.silence_max) return greet(now, true);
    if (now - std::max(last_heard_, last_ping_) < timing_.ping_interval) return {};
    last_ping_ = now;
    return {.send_ping = true};
  case phase::parting:
    // Its answers may still come; when it is silent for long it has ended, and a successor may be there.
    if (now - last_heard_ >= timing_.silence_max) return greet(now, true);
    if (now - last_hello_ < timing_.hello_interval) return {};
    last_hello_ = now;
    return {.send_hello = true};
  }
  return {};
}

link_session::actions link_session::on_overflow(time_point now) { return greet(now, phase_ != phase::greeting); }

link_session::actions link_session::retarget(time_point now) { return greet(now, phase_ != phase::greeting); }

link_session::time_point link_session::next_tick() const {
  switch (phase_) {
  case phase::greeting: return last_hello_ + timing_.hello_interval;
  case phase::up:
    return std::min(last_heard_ + timing_.silence_max, std::max(last_heard_, last_ping_) + timing_.ping_interval);
  case phase::parting: return std::min(last_heard_ + timing_.silence_max, last_hello_ + timing_.hello_interval);
  }
  return last_hello_ + timing_.hello_interval;
}

} // namespace causeway::gateway
