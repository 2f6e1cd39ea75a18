#include "actors/session/ephemeral_buffer.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using session::ephemeral_buffer;
using session::ephemeral_pending_max;

BOOST_AUTO_TEST_SUITE(ephemeral_buffers)

namespace {

/// The bodies, as they are taken.
std::string all(ephemeral_buffer& buffer, std::size_t count_max = 100) {
  std::string text;
  std::size_t count = 0;
  buffer.offer([&] { return count < count_max; },
               [&](const ephemeral_notification& x) {
                 ++count;
                 text += x.body + ' ';
                 return true;
               });
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_newest_of_a_key_takes_the_place_of_the_older_one) {
  ephemeral_buffer buffer;
  BOOST_TEST(!buffer.keep({"typing", "a", "a1"}));
  BOOST_TEST(!buffer.keep({"typing", "b", "b1"}));
  BOOST_TEST(!buffer.keep({"typing", "a", "a2"}));
  BOOST_TEST(buffer.size() == 2u);
  BOOST_TEST(all(buffer) == "a2 b1 ");
  BOOST_TEST(buffer.size() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_not_taken_keeps_its_place) {
  ephemeral_buffer buffer;
  for (const auto* key : {"a", "b", "c"}) buffer.keep({"typing", key, key});
  buffer.offer([] { return true; }, [](const ephemeral_notification& x) { return x.key == "b"; });
  BOOST_TEST(all(buffer, 1) == "a ");
  BOOST_TEST(all(buffer) == "c ");
}

BOOST_AUTO_TEST_CASE(the_oldest_goes_when_it_is_full) {
  ephemeral_buffer buffer;
  for (std::size_t i = 0; i < ephemeral_pending_max; ++i)
    BOOST_TEST(!buffer.keep({"typing", std::to_string(i), std::to_string(i)}));
  BOOST_TEST(!buffer.keep({"typing", "5", "newer"})); // a key that is there needs no room
  BOOST_TEST(buffer.keep({"typing", "one more", "last"}));
  BOOST_TEST(buffer.size() == ephemeral_pending_max);
  BOOST_TEST(all(buffer, 1) == "1 ");
}

BOOST_AUTO_TEST_SUITE_END()
