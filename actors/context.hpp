#pragma once
#include "actors/signing_gate.hpp"
#include "config/federation_options.hpp"
#include "messages/matrix/signing.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace causeway {

/// What every machine may know of the node it runs in. Constant while the node runs, but for the gate.
struct context {
  std::string server_name;
  matrix::signing_key key;
  config::federation_options federation;
  config::room_options room;
  config::invitation_options invitation;
  std::uint32_t streams = 1;                          ///< durable notification streams of the chat edge
  std::string boot_id;                                ///< unique per start of the process; prefix of transaction ids
  std::vector<matrix::old_signing_key> old_keys = {}; ///< we signed with them once; others may check old events by them
  std::shared_ptr<const signing_gate> gate = nullptr; ///< null: always open

  bool is_local(std::string_view user_id) const;
  /// Stream of a room's notifications: a stable hash of its id.
  std::uint32_t stream_of(std::string_view room_id) const;
  /// Whether the allow and deny lists admit a server.
  bool admits(std::string_view other_server) const;
  /// Whether what is dated now may be signed. @returns clock_wrong
  status may_sign() const { return gate ? gate->look() : ok(); }
};

} // namespace causeway
