#pragma once
#include "tests/actors/room_rig.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Questions of a room machine about what it lacks, and answers to them.
namespace causeway::test {

/// The only question to there.example in a list of effects, besides how large a room is.
inline peer_request question_in(const effects& list) {
  auto asked = told<peer_request>(list);
  std::erase_if(asked, [](const auto& q) { return q.second.endpoint == matrix::endpoint::hierarchy; });
  if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " questions");
  return asked[0].second;
}

/// The server it goes to, and which endpoint.
struct question {
  std::string server;
  matrix::endpoint endpoint = matrix::endpoint::version;
  bool operator==(const question&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const question& q) {
  return out << q.server << " " << matrix::info(q.endpoint).path;
}
inline question addressed(const effects& list) {
  const auto asked = told<peer_request>(list);
  if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " questions");
  return {asked[0].first.key, asked[0].second.endpoint};
}

inline peer_answer answer_to(const peer_request& q, int status, std::string body = {}) {
  peer_answer a;
  a.asked = q.asked;
  a.server_name = "there.example";
  a.status = status;
  a.body = std::move(body);
  if (status == 0) a.why = {fault_code::peer_timeout, "no answer in time"};
  return a;
}

inline std::string list_body(const std::string& name, const std::vector<matrix::event_ptr>& events) {
  std::string text;
  for (const auto& e : events) text += (text.empty() ? "" : ",") + e->to_json();
  return "{\"" + name + "\":[" + text + "]}";
}

inline std::string events_body(const std::vector<matrix::event_ptr>& events) { return list_body("events", events); }

/// The room's state, with `others` in the place of what has the same key.
inline std::string state_body(const shared_room& r, const std::vector<matrix::event_ptr>& others = {}) {
  std::map<matrix::state_key_pair, matrix::event_ptr> state;
  for (const auto& [key, id] : r.state()) state[key] = r.event(id);
  for (const auto& x : others) state[{x->type, *x->state_key}] = x;
  std::string text;
  for (const auto& [key, x] : state) text += (text.empty() ? "" : ",") + x->to_json();
  return "{\"auth_chain\":[],\"pdus\":[" + text + "]}";
}

inline std::string state_ids_body(const shared_room& r, const std::vector<matrix::event_ptr>& others = {}) {
  matrix::state_map state = r.state();
  for (const auto& x : others) state.insert_or_assign({x->type, *x->state_key}, x->event_id);
  std::string text;
  for (const auto& [key, id] : state) text += (text.empty() ? "\"" : ",\"") + id + "\"";
  return "{\"auth_chain_ids\":[],\"pdu_ids\":[" + text + "]}";
}

inline std::vector<std::string> texts_in(const effects& list) {
  std::vector<std::string> texts;
  for (const auto& m : notified<chat::message_received>(list)) texts.push_back(m.text);
  return texts;
}

/// A room with members of fifty other servers besides.
struct crowded_room : shared_room {
  crowded_room() {
    for (int i = 0; i < 50; ++i)
      push({made(user(i), "m.room.member", {{"membership", "join"}}, user(i))}, crowd_server(i));
  }
  static std::string user(int number) { return "@u:" + crowd_server(number); }
  /// The next question in or after `list`, and whom it goes to; timers go off meanwhile.
  std::pair<std::string, peer_request> next(effects& list) {
    for (auto asked = told<peer_request>(list);; asked = told<peer_request>(list)) {
      if (asked.size() == 1) return {asked[0].first.key, asked[0].second};
      list = wake();
    }
  }

  matrix::event_ptr oldest;
  /// there.example pushes a message after one whose past it does not give. @returns its question for the state there
  effects far_end() {
    oldest = message_of(eve, "far end", {"$" + std::string(43, 'N')});
    auto list = push({message_of(eve, "near end", {oldest->event_id})});
    list = on(test::answer_to(question_in(list), 200, events_body({oldest})));
    return on(test::answer_to(question_in(list), 200, events_body({})));
  }
};

} // namespace causeway::test
