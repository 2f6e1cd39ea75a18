#pragma once
#include "actors/alarm_time.hpp"
#include "actors/directory/dead_letters.hpp"
#include "actors/directory/remote_directories.hpp"
#include "actors/directory/server_list.hpp"
#include "actors/directory/user_checks.hpp"
#include "actors/directory/user_profiles.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace causeway::directory {

/// What the chat server looks up beyond its own rooms: public rooms, other servers, people and what they show of
/// themselves, and what it has refused. Hands on to the part that does it.
class lookups {
public:
  static constexpr timer_kind timer = timer_kind::lookups;

  lookups(const context& node, decision& out, const user_names& users, const public_directory& own,
          const remote_directories::chat_ids& names)
      : out_(out), directories_(node, out, own, names), users_(node, out, users), profiles_(node, out, users),
        servers_(out), dead_letters_(out) {}

  void listed(const std::string& room_id, const matrix::json::value* listing) { servers_.listed(room_id, listing); }
  std::vector<std::string> rooms_shared_with(const std::string& server, std::size_t max) const {
    return servers_.rooms_shared_with(server, max);
  }
  void run(const command_received& m, const chat::query_servers& x) { servers_.run(m, x); }
  void run(const command_received& m, const chat::query_dead_letters& x) { dead_letters_.run(m, x); }
  void run(const command_received& m, const chat::dead_letter_retry& x) { dead_letters_.run(m, x); }
  void run(const command_received& m, const chat::dead_letter_drop& x) { dead_letters_.run(m, x); }
  void run(const command_received& m, const chat::query_public_rooms& x) {
    directories_.run(m, x);
    set_timer();
  }
  void run(const command_received& m, const chat::query_verify_users& x) {
    users_.run(m, x);
    set_timer();
  }
  void run(const command_received& m, const chat::query_profile& x) {
    profiles_.run(m, x);
    set_timer();
  }
  bool answered(const peer_answer& m) {
    return directories_.answered(m) || users_.answered(m) || profiles_.answered(m);
  }
  bool answered(const store_answered& m) { return servers_.answered(m) || dead_letters_.answered(m); }
  void on_timer() {
    directories_.expire();
    users_.expire();
    profiles_.expire();
    set_timer();
  }

private:
  void set_timer() {
    const auto due = earlier(earlier(directories_.deadline(), users_.deadline()), profiles_.deadline());
    if (due != 0) out_.wake_at(due, timer);
  }

  decision& out_;
  remote_directories directories_;
  user_checks users_;
  user_profiles profiles_;
  server_list servers_;
  dead_letters dead_letters_;
};

} // namespace causeway::directory
