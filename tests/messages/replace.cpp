#include "messages/replace.hpp"

#include "messages/message.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(replacing)

namespace {

message alive(const std::string& server) {
  message x{server_alive{server}};
  x.trace = 7;
  x.watched = watched_hops;
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_assigned_takes_the_place_of_another_alternative_with_its_envelope) {
  message x{room_named{"!a:here.example", "a room whose name is too long to be kept in the string itself"}};
  const auto from = alive("a server whose name is too long to be kept in the string itself");
  x = from;
  BOOST_TEST(std::get<server_alive>(x).server_name == std::get<server_alive>(from).server_name);
  BOOST_TEST(x.trace == 7u);
  BOOST_TEST(x.watched == watched_hops);
  x = message{start{}};
  BOOST_TEST(std::holds_alternative<start>(x));
  BOOST_TEST(x.trace == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_moved_is_not_copied_and_what_was_there_is_gone) {
  auto old = std::make_shared<const store::answer>(fault{fault_code::store_failed, "old"});
  const std::weak_ptr<const store::answer> gone{old};
  message x{store_answered{1, std::move(old)}};
  auto answer = std::make_shared<const store::answer>(fault{fault_code::store_failed, "new"});
  const auto* kept = answer.get();
  message from{store_answered{2, std::move(answer)}};
  x = std::move(from);
  BOOST_TEST(gone.expired());
  BOOST_TEST(std::get<store_answered>(x).answer.get() == kept);
  BOOST_TEST(std::get<store_answered>(x).answer.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(assigned_to_itself_it_stays_what_it_is) {
  auto x = alive("a server whose name is too long to be kept in the string itself");
  const auto& same = x;
  x = same;
  auto& moved = x;
  x = std::move(moved);
  BOOST_TEST(std::get<server_alive>(x).server_name ==
             "a server whose name is too long to be kept in the string itself");
  BOOST_TEST(x.trace == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
