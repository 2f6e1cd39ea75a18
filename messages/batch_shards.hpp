#pragma once
#include "messages/address.hpp"
#include "messages/shard.hpp"
#include "messages/store.hpp"

#include <span>

namespace causeway {

/// The shards that a batch is of (`store::store_batch::shards`): that of the actor that decided it, since all of a
/// decision rests on what that actor alone knows, and those whose rows it changes besides, such as the cursors of a
/// stream. What is only appended to a list of another shard (a PDU to the queue of a server, the answer to a command)
/// names no shard.
/// @returns empty: a kind of actor that writes nothing
/// @throws std::logic_error: not the key of an invitation
shard_set shards_of(const address& writer, std::span<const store::write> rows);

} // namespace causeway
