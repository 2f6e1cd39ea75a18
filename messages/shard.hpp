#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The parts of a store that have an owner each. To which of them something belongs follows from its name alone, the
/// same on every machine and in every release: it is on disk who owns which.
namespace causeway {

/// Fixed when a store is made, and the same for all stores.
inline constexpr std::size_t shard_count = 256;
using shard_number = std::uint8_t;
static_assert(shard_count == std::size_t{UINT8_MAX} + 1);

/// FNV-1a, 64 bits.
constexpr std::uint64_t stable_hash(std::string_view name) {
  std::uint64_t hash = 14'695'981'039'346'656'037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  return hash;
}

/// Of a room, with its invitations and knocks, by its id; of another server by its name. It is the lowest byte of the
/// hash that also says the stream of a room's notifications (`identity::stream_of`): where the number of streams
/// divides 256, all rooms of a shard have one stream.
constexpr shard_number shard_of(std::string_view room_id_or_server_name) {
  return static_cast<shard_number>(stable_hash(room_id_or_server_name) % shard_count);
}

/// Where the cursors of a stream are given: the first of the shards whose rooms have it.
constexpr shard_number shard_of_stream(std::uint32_t stream) { return static_cast<shard_number>(stream % shard_count); }

/// What there is one of in a store: users and their names, switches, what operators did.
inline constexpr shard_number shard_of_the_whole = 0;

/// A set of shards; small, and in order.
class shard_set {
public:
  shard_set() = default;
  explicit shard_set(shard_number only) { add(only); }
  static shard_set all() {
    shard_set x;
    x.is_in_.set();
    return x;
  }

  void add(shard_number x) { is_in_.set(x); }
  void add(const shard_set& x) { is_in_ |= x.is_in_; }
  void remove(shard_number x) { is_in_.reset(x); }
  bool has(shard_number x) const { return is_in_.test(x); }
  bool has_all(const shard_set& x) const { return (x.is_in_ & ~is_in_).none(); }
  bool is_empty() const { return is_in_.none(); }
  std::size_t size() const { return is_in_.count(); }
  bool operator==(const shard_set&) const = default;

  /// Calls `see(shard_number)` for each, in order.
  template <class See>
  void for_each(See see) const {
    for (std::size_t i = 0; i < shard_count; ++i)
      if (is_in_.test(i)) see(static_cast<shard_number>(i));
  }

private:
  std::bitset<shard_count> is_in_;
};

/// "0-3, 7, 200-255"; empty: none.
std::string to_string(const shard_set& x);

} // namespace causeway
