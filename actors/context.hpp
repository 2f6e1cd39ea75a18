#pragma once
#include "actors/answering_servers.hpp"
#include "actors/signing_gate.hpp"
#include "config/federation_options.hpp"
#include "messages/matrix/signing.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace causeway {

/// Who this node is. Constant while it runs; there is one, which all actors read.
struct identity {
  std::string server_name;
  matrix::signing_key key;
  std::uint32_t streams = 1;                          ///< durable notification streams of the chat edge
  std::string boot_id;                                ///< unique per start of the process; prefix of transaction ids
  std::vector<matrix::old_signing_key> old_keys = {}; ///< we signed with them once; others may check old events by them
  std::shared_ptr<const signing_gate> gate = nullptr; ///< null: always open. It changes
  std::shared_ptr<answering_servers> answering = nullptr; ///< null: nobody knows. It changes

  bool is_local(std::string_view user_id) const;
  /// Stream of a room's notifications: a stable hash of its id.
  std::uint32_t stream_of(std::string_view room_id) const;
  /// Whether what is dated now may be signed. @returns clock_wrong
  status may_sign() const { return gate ? gate->look() : ok(); }
};

/// What the operator may change while the node runs (config/fields.hpp: `reloadable`). A snapshot: it is never changed,
/// a new one takes its place.
struct settings {
  config::federation_options federation;
  config::room_options room;
  config::invitation_options invitation;
};

/// What one machine knows of its node: who it is, and the settings as of the last change it was told of. Each machine
/// has its own, which its components refer to; the change comes between two messages, so that within one nothing
/// changes.
class context {
public:
  explicit context(std::shared_ptr<const identity> who,
                   std::shared_ptr<const causeway::settings> now = std::make_shared<const causeway::settings>());
  context(const context&) = default;
  context& operator=(const context&) = delete;

private:
  std::shared_ptr<const identity> who_;
  std::shared_ptr<const causeway::settings> settings_;

public:
  const std::string& server_name;
  const matrix::signing_key& key;
  const std::vector<matrix::old_signing_key>& old_keys;
  const std::string& boot_id;
  const std::uint32_t streams;

  const std::shared_ptr<const causeway::identity>& who() const { return who_; }
  /// Not to be kept over the message at hand.
  const causeway::settings& settings() const { return *settings_; }
  const std::shared_ptr<const causeway::settings>& snapshot() const { return settings_; }
  /// Between two messages.
  void take_over(std::shared_ptr<const causeway::settings> now) { settings_ = std::move(now); }

  bool is_local(std::string_view user_id) const { return who_->is_local(user_id); }
  std::uint32_t stream_of(std::string_view room_id) const { return who_->stream_of(room_id); }
  status may_sign() const { return who_->may_sign(); }
  /// Whether federation is enabled at all. @returns federation_disabled
  status federates() const;
  /// And whether the allow and deny lists admit a server. Ourselves always. @returns federation_disabled, server_denied
  status federates_with(std::string_view other_server) const;
  /// Whether a user of ours may be in rooms that federate. @param said  of the user. @returns may_not_federate
  status may_federate(const std::string& user_id, user_right said) const;
  bool admits(std::string_view other_server) const { return bool{federates_with(other_server)}; }
};

} // namespace causeway
