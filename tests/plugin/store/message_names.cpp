#include "stored_events.hpp"

/// The chat server's names of messages and rooms, also where a room goes on as another.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_message_names, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(message_is_found_by_either_name_within_its_room, fresh_store) {
  must_commit(*store, bind_message{sample_room, "m1", "$1"}, bind_message{sample_room, "m1", "$2"},
              bind_message{"!b:x", "m1", "$3"});
  auto find = [&](const std::string& room, const std::string& id) {
    auto found = must_ask<message_found>(*store, find_message{room, id});
    return found.chat_message_id + " " + found.event_id;
  };
  BOOST_TEST(find(sample_room, "m1") == "m1 $1");
  BOOST_TEST(find(sample_room, "$2") == "m1 $2");
  BOOST_TEST(find("!b:x", "m1") == "m1 $3");
  BOOST_TEST(find("!b:x", "$1") == " ");
  BOOST_TEST(find("!c:x", "m1") == " ");
  must_commit(*store, bind_message{sample_room, "m9", "$2"}, bind_message{sample_room, "m9", "$2"});
  BOOST_TEST(find(sample_room, "$2") == "m9 $2");
  BOOST_TEST(find(sample_room, "m9") == "m9 $2");
  BOOST_TEST(find(sample_room, "m1") == "m1 $1");
}

CAUSEWAY_ENGINE_CASE(names_of_a_message_go_on_in_the_room_that_follows, fresh_store) {
  const auto find = [&](const std::string& room, const std::string& id) {
    auto found = must_ask<message_found>(*store, find_message{room, id});
    return found.chat_message_id + " " + found.event_id;
  };
  must_commit(*store, bind_message{"!a:x", "m1", "$a1"}, put_former_name{"!b:x", "$b1", "!a:x", "$a1"},
              put_former_name{"!b:x", "$b2", "!a:x", "$a2"});
  BOOST_TEST(find("!b:x", "m1") == "m1 $b1");
  BOOST_TEST(find("!b:x", "$b1") == "m1 $b1");
  BOOST_TEST(find("!b:x", "$a1") == " $b1");
  BOOST_TEST(find("!b:x", "$b2") == "$a2 $b2"); // the chat server has no other name of it
  BOOST_TEST(find("!b:x", "$a2") == "$a2 $b2");
  BOOST_TEST(find("!a:x", "m1") == "m1 $a1");
  // And in the one after that.
  must_commit(*store, put_former_name{"!c:x", "$c1", "!b:x", "$b1"}, put_former_name{"!c:x", "$c2", "!b:x", "$b2"});
  BOOST_TEST(find("!c:x", "m1") == "m1 $c1");
  BOOST_TEST(find("!c:x", "$a1") == " $c1");
  BOOST_TEST(find("!c:x", "$b1") == " $c1");
  BOOST_TEST(find("!c:x", "$a2") == "$a2 $c2");
  BOOST_TEST(find("!c:x", "$b2") == " $c2");
  must_commit(*store, put_former_name{"!c:x", "$c1", "!b:x", "$b1"}); // twice
  BOOST_TEST(find("!c:x", "m1") == "m1 $c1");
}

CAUSEWAY_ENGINE_CASE(room_that_is_founded_again_is_known_with_what_follows_it, fresh_store) {
  auto head = sample_head();
  head.refounded_as = "!next:x";
  head.founding = "{}";
  must_commit(*store, head);
  const auto room_of = [&](const std::string& id) {
    for (const auto& one : must_ask<directory_loaded>(*store, load_directory{}).rooms)
      if (one.room_id == id) return one;
    return directory_loaded::room{};
  };
  BOOST_TEST(room_of(sample_room).refounded_as == "!next:x");
  BOOST_TEST(room_of(sample_room).has_inbox); // it has to be woken
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.room.founding == "{}");
  head.founding.clear();
  head.refounded_from = "!before:x";
  must_commit(*store, head);
  BOOST_TEST(!room_of(sample_room).has_inbox);
  loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.room.refounded_from == "!before:x");
}

CAUSEWAY_ENGINE_CASE(invitation_that_another_room_has_is_none_any_more, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::sending),
              sample_invitation("@eve:there.example", invitation_state::sending));
  must_commit(*store, remove_invitation{sample_room, "@bob:there.example"});
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation);
  BOOST_TEST(must_ask<invitations_found>(*store, find_invitations{}).invitations.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(a_room_that_nobody_is_in_yet_keeps_the_name_it_was_given, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::pending), bind_room{sample_room, "r1"},
              bind_room{"!unknown:x", "r2"});
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(!loaded.exists);
  BOOST_TEST(loaded.room.chat_room_id == "r1");
  const auto invitation =
    must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation.value();
  BOOST_TEST(invitation.chat_room_id == "r1");
  auto named = [&] {
    std::map<std::string, std::string> names;
    for (const auto& r : must_ask<directory_loaded>(*store, load_directory{}).rooms) names[r.chat_room_id] = r.room_id;
    return names;
  };
  const std::map<std::string, std::string> expected{{"r1", sample_room}, {"r2", "!unknown:x"}};
  BOOST_TEST((named() == expected));
  must_commit(*store, bind_room{"!third:x", "r1"}); // whoever came first keeps it
  BOOST_TEST((named() == expected));
  // The room's own actor has not heard of the name when we join.
  auto head = sample_head();
  head.chat_room_id.clear();
  must_commit(*store, head);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.chat_room_id == "r1");
  must_commit(*store, bind_room{sample_room, "r3"});
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.chat_room_id == "r3");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
