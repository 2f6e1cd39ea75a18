#include "messages/batch_shards.hpp"

#include "messages/invitation_key.hpp"

namespace causeway {
namespace {

shard_set shards_of_writer(const address& writer) {
  switch (writer.kind) {
  case actor_kind::room:
  case actor_kind::remote_server: return shard_set{shard_of(writer.key)};
  case actor_kind::invitation: return shard_set{shard_of(invitation::names_in(writer.key).room_id)};
  // One of each in a store. A session writes of streams and messages, each for itself.
  case actor_kind::directory:
  case actor_kind::receipts:
  case actor_kind::inspector: return shard_set{shard_of_the_whole};
  case actor_kind::session:
  case actor_kind::verifier:
  case actor_kind::store:
  case actor_kind::gateway:
  case actor_kind::edge:
  case actor_kind::media:
  case actor_kind::node: break;
  }
  return {};
}

/// Whose rows are changed by somebody who need not be their owner.
struct rows_changed {
  shard_set& out;

  void operator()(const store::append_outbox& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::append_delivery& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::acknowledge_outbox& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::put_dead_letter& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::retry_dead_letter& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::drop_dead_letter& x) const { out.add(shard_of_stream(x.stream)); }
  void operator()(const store::bind_message& x) const { out.add(shard_of(x.room_id)); }
  void operator()(const store::bind_room& x) const { out.add(shard_of(x.room_id)); }
  void operator()(const store::put_receipt& x) const { out.add(shard_of(x.room_id)); }
  void operator()(const store::remove_receipt& x) const { out.add(shard_of(x.room_id)); }
  template <class Other>
  void operator()(const Other&) const {}
};

} // namespace

shard_set shards_of(const address& writer, std::span<const store::write> rows) {
  auto out = shards_of_writer(writer);
  for (const auto& row : rows) std::visit(rows_changed{out}, static_cast<const store::write_content&>(row));
  return out;
}

} // namespace causeway
