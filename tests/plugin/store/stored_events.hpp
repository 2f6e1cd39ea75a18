#pragma once
#include "engines.hpp"
#include "tests/invitation_words.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// A store with events in a room, and the sample of an invitation.
namespace causeway::store {

struct with_stored_events : fresh_store {
  using fresh_store::fresh_store;

  matrix::event_ptr stored(std::int64_t n) {
    auto event = sample_event({.body = std::to_string(n), .origin_server_ts = 1'000 + n});
    must_commit(*store, put_event{sample_room, event, verdict::accepted, 0, 0, n, ""});
    return event;
  }
  std::vector<std::string> queue_of(const std::string& server, std::size_t limit = 1'000) {
    std::vector<std::string> all;
    for (const auto& event : must_ask<destination_loaded>(*store, load_destination{server, limit}).pdus)
      all.push_back(*event->content().find("body")->as_string());
    return all;
  }
};

using texts = std::vector<std::string>;

inline put_invitation sample_invitation(const std::string& user_id, invitation_state state) {
  return {sample_room,
          user_id,
          "11",
          "@alice:here.example",
          invitation_direction::outgoing,
          state,
          "because",
          "{\"type\":\"m.room.member\"}",
          "[]",
          "DM1",
          chat::room_type::dm,
          100,
          200,
          3,
          400,
          next_request::invite,
          {"there.example", "other.example"},
          "peer_unreachable: refused"};
}

} // namespace causeway::store
