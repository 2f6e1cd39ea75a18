#include "actors/context.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/shard.hpp"

namespace causeway {

bool identity::is_local(std::string_view user_id) const { return matrix::server_name_of(user_id) == server_name; }

std::uint32_t identity::stream_of(std::string_view room_id) const {
  return streams == 1 ? 0 : static_cast<std::uint32_t>(stable_hash(room_id) % streams);
}

context::context(std::shared_ptr<const causeway::identity> who, std::shared_ptr<const causeway::settings> now)
    : who_(std::move(who)), settings_(std::move(now)), server_name(who_->server_name), key(who_->key),
      old_keys(who_->old_keys), boot_id(who_->boot_id), streams(who_->streams) {}

status context::federates() const {
  if (!settings().federation.enabled) return fault{fault_code::federation_disabled, "the federation is switched off"};
  return ok();
}

status context::federates_with(std::string_view other_server) const {
  if (other_server == server_name) return ok(); // the lists are about others
  if (auto on = federates(); !on) return on;
  const auto& lists = settings().federation;
  const bool is_allowed = lists.allow_servers.empty() || lists_server(lists.allow_servers, other_server);
  if (is_allowed && !lists_server(lists.deny_servers, other_server)) return ok();
  return fault{fault_code::server_denied, "the configuration excludes " + std::string{other_server}};
}

status context::may_federate(const std::string& user_id, user_right said) const {
  if (causeway::may_federate(settings().federation.users_may_federate, said)) return ok();
  return fault{fault_code::may_not_federate, user_id + " may not be in rooms that federate"};
}

} // namespace causeway
