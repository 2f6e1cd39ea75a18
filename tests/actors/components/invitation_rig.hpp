#pragma once
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/leave_delivery.hpp"
#include "actors/invitation/room_join.hpp"
#include "actors/invitation/server_question.hpp"
#include "messages/chat/codec.hpp"
#include "messages/room.hpp"
#include "tests/actors/machine_rig.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Components of an invitation alone: a record and a decision, and what the directions share. No machine is behind
/// them.
namespace causeway::test {

inline const std::string our_user = "@bob:here.example", our_member = "@ann:here.example",
                         their_user = "@eve:there.example";
inline const std::string their_room = "!r:there.example", our_room = "!r:here.example";

inline matrix::event_ptr member_event(const std::string& room, const std::string& by, const std::string& user,
                                      const std::string& membership, std::int64_t depth,
                                      std::vector<std::string> cited = {}) {
  matrix::json::array auth;
  for (auto& id : cited) auth.emplace_back(std::move(id));
  const bool is_theirs = matrix::server_name_of(by) == "there.example";
  matrix::json::object pdu{{"type", "m.room.member"},
                           {"room_id", room},
                           {"sender", by},
                           {"state_key", user},
                           {"content", matrix::json::object{{"membership", membership}}},
                           {"origin_server_ts", noon + depth},
                           {"depth", depth},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", std::move(auth)}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"),
                                is_theirs ? "there.example" : "here.example", is_theirs ? there_key() : key_of('h'));
}

struct invitation_rig {
  context node = here();
  time_ms now = noon;
  decision out;
  invitation::invitation_record record;
  invitation::server_question question{record};
  invitation::leave_delivery leave{record, question};
  invitation::room_join join{record, leave};

  invitation_rig(const std::string& room_id, const std::string& user_id)
      : out({actor_kind::invitation, room_id + "|" + user_id}), record(node, out, room_id, user_id) {
    out.set_now(now);
    record.waiting_since = now;
  }
  effects take() { return out.take(); }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  time_ms patience_ms() const { return 2 * std::int64_t{node.settings().federation.send_join_timeout_ms}; }
  /// A row as it is loaded.
  void stored(invitation_direction direction, invitation_state state, const matrix::event_ptr& event,
              next_request next = next_request::none) {
    store::put_invitation row;
    row.room_version = "11";
    row.inviter = event->sender;
    row.direction = direction;
    row.state = state;
    row.event = event->to_json();
    row.since_ts = now;
    row.pending_request = next;
    record.load(row);
  }
  invitation_state state() const { return record.row.state; }
  next_request next() const { return record.row.pending_request; }

  template <class Command>
  chat_command command(Command x, std::string id = "c1") const {
    chat_command c;
    c.reference = {"s", std::move(id), 0};
    c.body = std::make_shared<const chat::command>(std::move(x));
    c.room_id = record.room_id;
    return c;
  }
};

/// The states that the chat server is notified of.
inline std::vector<std::string> states_notified(const effects& list) {
  std::vector<std::string> found;
  for (const auto& row : written<store::append_outbox>(list))
    if (auto n = chat::decode_notification(row.name, row.body)) {
      if (const auto* x = std::get_if<chat::invitation_changed>(&*n)) found.push_back(x->state);
      if (std::holds_alternative<chat::invitation_received>(*n)) found.emplace_back("received");
    }
  return found;
}

/// How the one command that has ended did: "ok", or the name of its fault.
inline std::string result_in(const effects& list) {
  const auto results = told<command_done>(list);
  if (results.size() != 1) return std::to_string(results.size()) + " results";
  const auto& x = results[0].second;
  return x.succeeded ? "ok" : std::string{info(chat::decode_fault(x.body).code).name};
}

/// What another server says to a request.
inline peer_answer their_answer(const peer_request& asked, int status, std::string body = "{}",
                                std::string errcode = {}) {
  peer_answer a;
  a.asked = asked.asked;
  a.status = status;
  a.body = std::move(body);
  a.errcode = std::move(errcode);
  if (status != 200)
    a.why = {status == 0 ? fault_code::peer_timeout : fault_code::peer_refused, "says " + std::to_string(status)};
  return a;
}

/// make_leave or make_knock of there.example for bob.
inline std::string made_event(const std::string& membership) {
  return R"({"event":{"type":"m.room.member","room_id":"!r:there.example","sender":"@bob:here.example",)"
         R"("state_key":"@bob:here.example","content":{"membership":")" +
         membership + R"("},"depth":9,"prev_events":[],"auth_events":[],"origin_server_ts":1},"room_version":"11"})";
}

} // namespace causeway::test
