#pragma once
#include "messages/address.hpp"
#include "messages/invitation_key.hpp"
#include "messages/shard.hpp"

namespace causeway::crossing {

/// The shard whose owner's node has this actor.
/// @pre an invitation's key is one of `invitation::key_of`
inline shard_number shard_of(const address& x) {
  switch (x.kind) {
  case actor_kind::room:
  case actor_kind::remote_server: return causeway::shard_of(x.key);
  case actor_kind::invitation: return causeway::shard_of(invitation::names_in(x.key).room_id);
  default: return shard_of_the_whole;
  }
}

} // namespace causeway::crossing
