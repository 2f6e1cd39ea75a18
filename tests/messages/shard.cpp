#include "messages/shard.hpp"

#include "messages/batch_shards.hpp"
#include "messages/invitation_key.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace causeway {
BOOST_AUTO_TEST_SUITE(shard)

namespace {

const std::string room = "!abc:chat.example";

/// What a batch of these rows is of, when this actor has decided it.
std::string shards_in(const address& writer, std::vector<store::write> rows) {
  return to_string(shards_of(writer, rows));
}

} // namespace

// Whose a row is stands on disk: these never change. FNV-1a with 64 bits, the lowest 8 of them.
BOOST_AUTO_TEST_CASE(shard_of_a_name_is_the_same_for_ever) {
  BOOST_TEST(stable_hash("") == 0xcbf29ce484222325u);
  BOOST_TEST(stable_hash("a") == 0xaf63dc4c8601ec8cu);
  BOOST_TEST(stable_hash("foobar") == 0x85944171f73967e8u);
  BOOST_TEST(stable_hash("\xff") == 0xaf64724c8602eb6eu); // bytes count as such, whatever the sign of a char
  BOOST_TEST(shard_of("") == 0x25);
  BOOST_TEST(shard_of("a") == 0x8c);
  BOOST_TEST(shard_of("foobar") == 0xe8);
  BOOST_TEST(shard_of("matrix.org") == 0xf4);
  BOOST_TEST(shard_of(room) == 0x0);
}

BOOST_AUTO_TEST_CASE(rooms_of_one_shard_have_one_stream_where_the_streams_divide_256) {
  for (const std::uint32_t streams : {1, 2, 4, 16, 64})
    for (int n = 0; n < 2'000; ++n) {
      const auto id = "!" + std::to_string(n) + ":chat.example";
      const auto stream = static_cast<std::uint32_t>(stable_hash(id) % streams);
      BOOST_REQUIRE(shard_of(id) % streams == stream);
      BOOST_REQUIRE(shard_of_stream(stream) % streams == stream);
    }
}

BOOST_AUTO_TEST_CASE(names_that_differ_little_are_spread_evenly) {
  constexpr int names = 256 * 100;
  std::array<int, shard_count> rooms{}, servers{};
  for (int n = 0; n < names; ++n) {
    ++rooms.at(shard_of("!" + std::to_string(n * 7'919) + "abc:chat.example"));
    ++servers.at(shard_of("matrix" + std::to_string(n) + ".example.org"));
  }
  for (std::size_t i = 0; i < shard_count; ++i) {
    BOOST_TEST_CONTEXT("shard " << i) {
      BOOST_TEST(rooms.at(i) > 40);
      BOOST_TEST(rooms.at(i) < 200);
      BOOST_TEST(servers.at(i) > 40);
      BOOST_TEST(servers.at(i) < 200);
    }
  }
}

BOOST_AUTO_TEST_CASE(set_of_shards_is_told_in_ranges) {
  shard_set x;
  BOOST_TEST(to_string(x) == "");
  BOOST_TEST(x.is_empty());
  for (const auto n : {255, 0, 2, 1, 7}) x.add(static_cast<shard_number>(n));
  BOOST_TEST(to_string(x) == "0-2, 7, 255");
  BOOST_TEST(x.size() == 5u);
  BOOST_TEST(shard_set::all().has_all(x));
  BOOST_TEST(!x.has_all(shard_set::all()));
  BOOST_TEST(to_string(shard_set::all()) == "0-255");
  x.remove(1);
  BOOST_TEST(to_string(x) == "0, 2, 7, 255");
  std::string order;
  x.for_each([&](shard_number n) { order += std::to_string(n) + ' '; });
  BOOST_TEST(order == "0 2 7 255 ");
}

BOOST_AUTO_TEST_CASE(batch_is_of_the_shard_of_the_actor_that_decided_it) {
  const auto of_room = std::to_string(shard_of(room)), of_server = std::to_string(shard_of("a.example"));
  BOOST_REQUIRE(of_room != of_server);
  // What it queues for servers and answers to a command is appended to lists of others.
  BOOST_TEST(shards_in({actor_kind::room, room}, {store::put_room{room}, store::queue_pdu{"a.example", "$e"},
                                                  store::put_command_result{"c"}}) == of_room);
  BOOST_TEST(shards_in({actor_kind::invitation, invitation::key_of(room, "@ann:a.example")},
                       {store::put_invitation{}}) == of_room);
  // Both may have bars.
  const std::string odd = "!a|@b:chat.example";
  BOOST_TEST(shards_in({actor_kind::invitation, invitation::key_of(odd, "@c|@d:a.example")}, {}) ==
             std::to_string(shard_of(odd)));
  BOOST_CHECK_THROW(shards_of({actor_kind::invitation, room}, {}), std::logic_error);
  BOOST_TEST(shards_in({actor_kind::remote_server, "a.example"}, {store::put_destination{"a.example"}}) == of_server);
  for (const auto kind : {actor_kind::directory, actor_kind::receipts, actor_kind::inspector})
    BOOST_TEST(shards_in({kind, ""}, {store::put_user{"@ann:chat.example"}}) == std::to_string(shard_of_the_whole));
}

BOOST_AUTO_TEST_CASE(batch_is_besides_of_the_shards_whose_rows_it_changes) {
  const auto of = [](std::initializer_list<int> numbers) {
    shard_set x;
    for (const auto n : numbers) x.add(static_cast<shard_number>(n));
    return to_string(x);
  };
  // Cursors are given by whoever writes, so the stream's owner alone may.
  BOOST_TEST(shards_in({actor_kind::room, room}, {store::append_outbox{3, "n", "b"}}) == of({3, shard_of(room)}));
  BOOST_TEST(shards_in({actor_kind::remote_server, "a.example"}, {store::append_delivery{5, {}}}) ==
             of({5, shard_of("a.example")}));
  BOOST_TEST(shards_in({actor_kind::session, "s"}, {store::acknowledge_outbox{1, 7}, store::put_dead_letter{2, 7},
                                                    store::bind_message{room, "m", "$e"}}) ==
             of({1, 2, shard_of(room)}));
  BOOST_TEST(shards_in({actor_kind::directory, ""},
                       {store::retry_dead_letter{4, 1}, store::drop_dead_letter{6, 1}, store::bind_room{room, "r"}}) ==
             of({shard_of_the_whole, 4, 6, shard_of(room)}));
  BOOST_TEST(shards_in({actor_kind::receipts, ""}, {store::put_receipt{room}, store::remove_receipt{room}}) ==
             of({shard_of_the_whole, shard_of(room)}));
  // Who writes nothing has no shard; the store refuses such a batch.
  BOOST_TEST(shards_of({actor_kind::verifier, ""}, {}).is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway
