#include "actors/actor_tap.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(actor_taps)

namespace {

const address room{actor_kind::room, "!r"};

struct fixture {
  actor_tap tap;
  std::optional<std::vector<actor_tap::seen>> told;
  bool begin(std::size_t count, time_ms until, std::size_t every = 1) {
    return tap.begin(room, {count, every, until}, [this](std::vector<actor_tap::seen> x) { told = std::move(x); });
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(nobody_is_watched_until_somebody_looks_and_then_one_actor_is) {
  fixture f;
  BOOST_TEST(!f.tap.wants(room));
  BOOST_TEST(f.begin(2, 1'000));
  BOOST_TEST(f.tap.wants(room));
  BOOST_TEST(!f.tap.wants({actor_kind::room, "!other"}));
  BOOST_TEST(!f.begin(2, 1'000)); // one at a time
}

BOOST_AUTO_TEST_CASE(it_ends_by_itself_after_so_many_messages) {
  fixture f;
  f.begin(2, 1'000);
  f.tap.add(room, {1, "a", 0, {}, 0});
  BOOST_TEST(!f.told);
  f.tap.add({actor_kind::room, "!other"}, {2, "not mine", 0, {}, 0});
  f.tap.add(room, {3, "b", 0, {}, 0});
  BOOST_REQUIRE(f.told);
  BOOST_TEST(f.told->size() == 2u);
  BOOST_TEST(f.told->at(1).message == "b");
  BOOST_TEST(!f.tap.wants(room));
  f.tap.add(room, {4, "late", 0, {}, 0});
  BOOST_TEST(f.told->size() == 2u);
  BOOST_TEST(f.begin(1, 2'000));
}

BOOST_AUTO_TEST_CASE(it_ends_by_itself_after_its_time_with_what_was_seen) {
  fixture f;
  f.begin(10, 1'000);
  f.tap.add(room, {1, "a", 0, {}, 0});
  f.tap.expire(999);
  BOOST_TEST(!f.told);
  f.tap.expire(1'000);
  BOOST_REQUIRE(f.told);
  BOOST_TEST(f.told->size() == 1u);
  BOOST_TEST(!f.tap.wants(room));
}

BOOST_AUTO_TEST_CASE(of_a_busy_actor_one_message_of_several_is_seen) {
  fixture f;
  f.begin(2, 1'000, 3);
  std::string wanted;
  for (char number = '0'; number < '9'; ++number)
    if (f.tap.wants(room)) {
      wanted += number;
      f.tap.add(room, {number, {number}, 0, {}, 0});
    }
  BOOST_TEST(wanted == "03"); // then it has ended
  BOOST_REQUIRE(f.told);
  BOOST_TEST(f.told->back().message == "3");
  // Other actors do not count.
  f.begin(2, 1'000, 2);
  BOOST_TEST(f.tap.wants(room));
  BOOST_TEST(!f.tap.wants({actor_kind::room, "!other"}));
  BOOST_TEST(!f.tap.wants(room));
  BOOST_TEST(f.tap.wants(room));
}

BOOST_AUTO_TEST_CASE(messages_and_effects_are_named_as_their_structs) {
  BOOST_TEST(type_of(server_alive{"a.example"}) == "server_alive");
  persist p;
  p.batch.writes.push_back(store::queue_pdu{"a.example", "$e"});
  p.then.push_back(tell{{actor_kind::session, ""}, server_alive{"a.example"}});
  effects list;
  list.push_back(std::move(p));
  list.push_back(wake_me_at{5, timer_kind::send});
  BOOST_TEST(in_words(list) == "1 row, then (server_alive to session); timer send");
}

BOOST_AUTO_TEST_SUITE_END()
