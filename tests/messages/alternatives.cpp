#include "messages/alternatives.hpp"

#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/message.hpp"
#include "messages/store.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

using namespace causeway;

namespace {

template <class Struct, class Content>
bool all_stand_at_their_places() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return ((Struct{std::variant_alternative_t<I, Content>{}}.index() == I) && ...);
  }(std::make_index_sequence<std::variant_size_v<Content>>{});
}

} // namespace

BOOST_AUTO_TEST_SUITE(alternatives)

BOOST_AUTO_TEST_CASE(each_alternative_is_put_at_its_place) {
  BOOST_TEST((all_stand_at_their_places<message, message_content>()));
  BOOST_TEST((all_stand_at_their_places<store::write, store::write_content>()));
  BOOST_TEST((all_stand_at_their_places<store::query, store::query_content>()));
  BOOST_TEST((all_stand_at_their_places<store::answer, store::answer_content>()));
  BOOST_TEST((all_stand_at_their_places<chat::command, chat::command_content>()));
  BOOST_TEST((all_stand_at_their_places<chat::notification, chat::notification_content>()));
  BOOST_TEST((all_stand_at_their_places<chat::answer, chat::answer_content>()));
}

BOOST_AUTO_TEST_CASE(what_is_put_in_is_moved_or_a_copy) {
  const std::string id(100, 'x');
  room_named named{id, "chat"};
  const message copy{named};
  BOOST_TEST(named.room_id == id);
  BOOST_TEST(std::get<room_named>(copy).room_id == id);
  const auto* at = named.room_id.data();
  const message moved{std::move(named)};
  BOOST_TEST(std::get<room_named>(moved).room_id == id);
  BOOST_TEST((std::get<room_named>(moved).room_id.data() == at));
  message changed = moved;
  changed = timer_due{};
  BOOST_TEST(std::holds_alternative<timer_due>(changed));
}

BOOST_AUTO_TEST_CASE(what_is_no_alternative_is_not_taken) {
  static_assert(std::is_constructible_v<message, start>);
  static_assert(!std::is_constructible_v<message, std::string>);
  static_assert(!std::is_constructible_v<message, chat::room_create>);
  static_assert(place_in<start, message_content> == 0);
  static_assert(place_in<int, message_content> == std::variant_size_v<message_content>);
}

BOOST_AUTO_TEST_SUITE_END()
