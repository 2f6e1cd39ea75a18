#pragma once
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "tests/actors/components/assembled_rig.hpp"

#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Handlers of commands alone: the room's components, no queue. A test says what the queue would have found out.
namespace causeway::test {

inline const std::string cyd = "@cyd:here.example", zoe = "@zoe:third.example";

/// The fault that a handler leaves a command with; none: it is carried out, or waits.
inline fault_code refusal_of(const room::command_outcome& x) {
  const auto* why = std::get_if<fault>(&x);
  return why ? why->code : fault_code::none;
}
/// What the RESULT says. @pre it is carried out
template <class Answer>
Answer answer_of(const room::command_outcome& x) {
  if (const auto* why = std::get_if<fault>(&x)) throw std::runtime_error(to_string(*why));
  if (!std::holds_alternative<room::succeeded>(x)) throw std::runtime_error("the command has not ended");
  return std::get<Answer>(std::get<room::succeeded>(x).what);
}
inline bool is_done(const room::command_outcome& x) { return std::holds_alternative<room::succeeded>(x); }
inline bool asks_policy_server(const room::command_outcome& x) {
  return std::holds_alternative<room::waits_for_policy_server>(x);
}

/// Servers that events are queued for.
inline std::set<std::string> servers_of_events(const effects& list) {
  std::set<std::string> servers;
  for (const auto& row : written<store::queue_pdu>(list)) servers.insert(row.server_name);
  return servers;
}

/// The channel of ann and bob here, which eve and eli of there.example are in. cyd of ours and zoe of third.example
/// are not.
struct command_rig : assembled_rig {
  using assembled_rig::assembled_rig;

  static room::queued_command queued() {
    room::queued_command c;
    c.command.reference = {"s", "c1", 0};
    return c;
  }
  void set(const std::string& sender, const std::string& type, matrix::json::object content,
           const std::string& key = {}) {
    add(made(sender, type, std::move(content), key, {}, room.graph.extremities()));
    (void)take();
  }
  void member(const std::string& by, const std::string& user, const char* what) {
    set(by, "m.room.member", {{"membership", what}}, user);
  }
  /// Another level of one user, as if ann had given it.
  void give_level(const std::string& user, std::int64_t level) {
    auto content = state_of("m.room.power_levels")->content();
    content.find("users")->as_object()->set(user, level);
    set(ann, "m.room.power_levels", std::move(content));
  }
  void set_level(const char* of, std::int64_t level) {
    auto content = state_of("m.room.power_levels")->content();
    content.set(of, level);
    set(ann, "m.room.power_levels", std::move(content));
  }
  /// there.example is asked about each event.
  void guard() {
    const auto key = key_of('p');
    set(ann, "m.room.policy",
        {{"via", "there.example"}, {"public_keys", matrix::json::object{{"ed25519", key.public_key_base64()}}}});
  }
  /// The policy server says no to the event that it was asked about.
  void forbid() { authoring.decided(fault{fault_code::forbidden, "the policy server says no"}); }
  /// An invitation that zoe's server has not taken yet.
  void have_invited_zoe(const std::string& by = ann) {
    auto wanted = invitations.invite(by, zoe, "");
    if (!wanted || !*wanted) throw std::runtime_error("no invite");
    invitations.begin(zoe, **wanted);
    (void)take();
  }
  matrix::membership of(const std::string& user) const { return room.graph.membership(user); }
  matrix::event_ptr state_of(const char* type, const std::string& key = {}) const {
    return room.graph.state_event(type, key);
  }
  matrix::event_ptr member_event_of(const std::string& user) const { return state_of("m.room.member", user); }
  /// Nothing has come into the room, and nobody is told of anything.
  bool is_untouched() {
    const auto list = take();
    return written<store::put_event>(list).empty() && servers_of_events(list).empty() && events.changes.empty();
  }
};

} // namespace causeway::test
