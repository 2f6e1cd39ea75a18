// For `tools/bench memory`: a store with many rooms and servers, as a broker leaves it that nobody speaks to.
//
//   bench_idle_store --store FILE --server-name NAME [--rooms 100000] [--servers 10000] [--users 10000]
//
// Written by the store's own writer. Each room has its row, its name at the chat server (`idle-0`, `idle-1`, ...), its
// create event and the state after it; each server its keys, the document that proves them, and a destination to which
// nothing is owed. One line of JSON: seconds it took.
#include "actors/room/found_room.hpp"
#include "config/store_options.hpp"
#include "messages/matrix/base64.hpp"
#include "messages/matrix/signing.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/identity.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include <sodium.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace causeway;
using namespace causeway::bench;

/// Rooms or servers one commit takes in.
constexpr int rows_per_commit = 2'000;

matrix::signing_key key_of(const std::string& seed) {
  auto key = matrix::signing_key::from_seed(seed);
  require(static_cast<bool>(key), "a signing key could not be made");
  return *std::move(key);
}

std::string random_text(std::size_t bytes) {
  std::string out(bytes, '\0');
  randombytes_buf(out.data(), bytes);
  return out;
}

class idle_store {
public:
  idle_store(const std::string& path, const std::string& server_name)
      : node_{std::make_shared<const causeway::identity>(
          causeway::identity{server_name, key_of(random_text(32)), 1, "bench", {}, nullptr})},
        disk_(open(path, server_name)) {}

  void add_room(int number, int users) {
    chat::room_create wanted;
    wanted.room = "idle-" + std::to_string(number);
    wanted.type = chat::room_type::channel;
    wanted.creator = user(users ? number % users : 0);
    const auto create =
      room::found_room(node_, wanted, wanted.creator, matrix::base64url_encode(random_text(18)), now_ms());
    require(static_cast<bool>(create), "a room could not be founded");
    const auto& x = **create;
    write(store::put_state_group{x.room_id, 1, 0, {}});
    write(store::put_state_group{x.room_id, 2, 0, {{{"m.room.create", ""}, x.event_id}}});
    write(store::put_event{x.room_id, *create, store::verdict::accepted, 1, 2, 1, {}});
    store::put_room row;
    row.room_id = x.room_id;
    row.room_version = x.rules().id;
    row.chat_room_id = wanted.room;
    row.type = chat::room_type::channel;
    row.forward_extremities = {x.event_id};
    row.state_group = row.last_state_group = 2;
    row.last_position = 1;
    write(std::move(row));
  }
  void add_server(int number) {
    const fake_homeserver server{"server" + std::to_string(number) + ".example", node_.server_name};
    store::put_server_keys keys;
    keys.server_name = server.server_name();
    keys.fetched_ts = now_ms();
    keys.keys.emplace("ed25519:1",
                      matrix::verify_key{matrix::base64_encode(random_text(32)), now_ms() + 86'400'000, false});
    keys.documents = '[' + server.key_document() + ']';
    write(store::put_destination{.server_name = keys.server_name});
    write(std::move(keys));
  }
  void add_user(int number) {
    write(store::put_user{user(number), "user" + std::to_string(number), "User " + std::to_string(number), {}});
  }
  void commit() {
    std::array batches{std::exchange(batch_, {})};
    batches.front().shards = shard_set::all();
    const auto done = disk_->commit(batches);
    require(static_cast<bool>(done), done ? "" : "the store failed: " + done.error().detail);
  }

private:
  static std::unique_ptr<store::engine> open(const std::string& path, const std::string& server_name) {
    config::store_options options;
    options.path = path;
    const store::identity made_for{server_name, 1};
    auto disk = store::open_sqlite(options, &made_for);
    require(static_cast<bool>(disk), disk ? "" : "the store cannot be opened: " + disk.error().detail);
    return *std::move(disk);
  }
  std::string user(int number) const { return "@user" + std::to_string(number) + ':' + node_.server_name; }
  void write(store::write row) { batch_.writes.push_back(std::move(row)); }

  context node_;
  std::unique_ptr<store::engine> disk_;
  store::store_batch batch_;
};

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto number = [&](std::string_view name, std::string_view otherwise) {
    return std::atoi(argument(argc, argv, name, otherwise).c_str());
  };
  const auto path = argument(argc, argv, "store"), server_name = argument(argc, argv, "server-name");
  const auto rooms = number("rooms", "100000"), servers = number("servers", "10000"), users = number("users", "10000");
  require(!path.empty() && !server_name.empty() && rooms >= 0 && servers >= 0 && users >= 0,
          "usage: see the head of idle_store.cpp");
  const auto begun = now_s();
  idle_store to{path, server_name};
  int written = 0;
  const auto add = [&](int count, const auto& one) {
    for (int i = 0; i < count; ++i) {
      one(i);
      if (++written % rows_per_commit == 0) to.commit();
    }
  };
  add(users, [&](int i) { to.add_user(i); });
  add(rooms, [&](int i) { to.add_room(i, users); });
  add(servers, [&](int i) { to.add_server(i); });
  to.commit();
  std::printf("{\"rooms\":%d,\"servers\":%d,\"users\":%d,\"written_s\":%.1f}\n", rooms, servers, users,
              now_s() - begun);
}
