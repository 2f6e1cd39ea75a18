#pragma once
#include "actors/alarm_time.hpp"
#include "actors/directory/heard_presence.hpp"
#include "actors/directory/own_presence.hpp"

#include <string>
#include <vector>

namespace causeway::directory {

/// Who is there: ours, as others are told (`own_presence`), and theirs, as the chat server is (`heard_presence`). Off
/// by default. Hands on to the part that does it. Contract: messages/chat/CONTRACT.md, "Presence".
class presences {
public:
  static constexpr timer_kind timer = timer_kind::presence;

  presences(const context& node, decision& out) : out_(out), own_(node, out), heard_(node, out) {}

  void set(const std::string& user_id, const chat::set_presence& x) {
    own_.set(user_id, x);
    set_timer();
  }
  void forget(const std::string& user_id) {
    own_.forget(user_id);
    set_timer();
  }
  void joined(const local_users_joined& m) {
    own_.joined(m.users);
    set_timer();
  }
  void take(const chat_server_seen& m) {
    own_.chat_server(m.is_there);
    if (m.is_there) heard_.chat_server_connected();
    set_timer();
  }
  void take(const presence_received& m, const std::vector<std::string>& shared) {
    heard_.take(m, shared);
    set_timer();
  }
  void completed(const edu_completed& m) {
    own_.completed(m);
    set_timer();
  }
  bool answered(const store_answered& m) {
    const bool is_own = own_.answered(m);
    if (is_own) set_timer();
    return is_own;
  }
  void answered(const room_servers_response& m) {
    if (!own_.answered(m)) heard_.answered(m);
    set_timer();
  }
  void on_timer() {
    set_for_ = 0;
    own_.on_deadline();
    heard_.on_deadline();
    set_timer();
  }
  void describe(matrix::json::object& o) const {
    o.set("present_users", static_cast<std::int64_t>(own_.size()));
    o.set("present_remote_users", static_cast<std::int64_t>(heard_.size()));
  }

private:
  /// One that is set for an earlier moment stays, and finds nothing to do then.
  void set_timer() {
    const auto at = earlier(own_.deadline(), heard_.deadline());
    if (at == 0 || (set_for_ != 0 && set_for_ <= at)) return;
    out_.wake_at(at, timer);
    set_for_ = at;
  }

  decision& out_;
  own_presence own_;
  heard_presence heard_;
  time_ms set_for_ = 0; ///< when the timer goes off; 0: it is not set
};

} // namespace causeway::directory
