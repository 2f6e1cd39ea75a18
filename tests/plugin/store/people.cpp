#include "stored_events.hpp"

/// Invitations and users, and what is known of both at a start.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_people, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(invitation_is_keyed_by_room_and_user_and_replaced, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::sending));
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::pending));
  auto x = must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation.value();
  BOOST_TEST(x.room_id == sample_room);
  BOOST_TEST(x.user_id == "@bob:there.example");
  BOOST_TEST(x.room_version == "11");
  BOOST_TEST(x.inviter == "@alice:here.example");
  BOOST_TEST(x.direction == invitation_direction::outgoing);
  BOOST_TEST(x.state == invitation_state::pending);
  BOOST_TEST(x.reason == "because");
  BOOST_TEST(x.event == "{\"type\":\"m.room.member\"}");
  BOOST_TEST(x.invite_room_state == "[]");
  BOOST_TEST(x.chat_room_id == "DM1");
  BOOST_TEST((x.type == chat::room_type::dm));
  BOOST_TEST(x.since_ts == 100);
  BOOST_TEST(x.deadline_ts == 200);
  BOOST_TEST(x.attempts == 3u);
  BOOST_TEST(x.retry_at_ts == 400);
  BOOST_TEST(x.pending_request == next_request::invite);
  BOOST_TEST((x.via == std::vector<std::string>{"there.example", "other.example"}));
  BOOST_TEST(x.last_fault == "peer_unreachable: refused");
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@carol:x"}).invitation);
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{"!none:x", "@bob:there.example"}).invitation);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).invitations.size() == 1u);
  BOOST_TEST(!must_ask<room_loaded>(*store, load_room{sample_room}).exists);
}

CAUSEWAY_ENGINE_CASE(invitations_are_found_by_room_user_and_openness, fresh_store) {
  auto elsewhere = sample_invitation("@bob:x", invitation_state::rejected);
  elsewhere.room_id = "!b:x";
  must_commit(*store, sample_invitation("@bob:x", invitation_state::pending),
              sample_invitation("@carol:x", invitation_state::accepted), elsewhere);
  auto count = [&](find_invitations x) { return must_ask<invitations_found>(*store, x).invitations.size(); };
  BOOST_TEST(count({}) == 3u);
  BOOST_TEST(count({sample_room, ""}) == 2u);
  BOOST_TEST(count({"", "@bob:x"}) == 2u);
  BOOST_TEST(count({"!b:x", "@bob:x"}) == 1u);
  BOOST_TEST(count({"", "", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"", "@bob:x", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"!none:x", ""}) == 0u);
}

CAUSEWAY_ENGINE_CASE(what_another_server_has_still_to_hear_is_found_though_nobody_may_answer_it, fresh_store) {
  auto taken_back = sample_invitation("@bob:x", invitation_state::revoked_unconfirmed),
       said_no = sample_invitation("@carol:x", invitation_state::rejected),
       over = sample_invitation("@dan:x", invitation_state::accepted);
  taken_back.pending_request = over.pending_request = next_request::none;
  said_no.pending_request = next_request::leave;
  must_commit(*store, taken_back, said_no, over, sample_invitation("@eve:x", invitation_state::sending));
  texts users;
  for (const auto& x :
       must_ask<invitations_found>(*store, find_invitations{"", "", invitations_wanted::unsettled}).invitations)
    users.push_back(x.user_id);
  BOOST_TEST(users == (texts{"@eve:x", "@carol:x", "@bob:x"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(user_is_replaced_as_a_whole, fresh_store) {
  must_commit(*store, put_user{"@u:x", "u", "You", "mxc://x/1"});
  must_commit(*store, put_user{"@u:x", "u", "Thou", ""});
  auto found = must_ask<user_found>(*store, find_user{"@u:x"}).user.value();
  BOOST_TEST(found.user_id == "@u:x");
  BOOST_TEST(found.chat_name == "u");
  BOOST_TEST(found.display_name == "Thou");
  BOOST_TEST(found.avatar_url == "");
  BOOST_TEST(!must_ask<user_found>(*store, find_user{"@v:x"}).user);
}

CAUSEWAY_ENGINE_CASE(directory_names_all_that_has_to_be_woken, with_stored_events) {
  auto head = sample_head();
  head.chat_room_id = "GENERAL";
  auto settled = sample_invitation("@done:x", invitation_state::accepted);
  settled.deadline_ts = 0;
  settled.pending_request = next_request::none;
  must_commit(*store, head, sample_invitation("@bob:x", invitation_state::pending), settled, put_user{"@u:x", "u"},
              put_destination{"idle.example"}, put_destination{"flying.example", "txn"});
  must_commit(*store, queue_pdu{"queued.example", stored(1)->event_id}, put_destination{"queued.example", "txn"});
  auto loaded = must_ask<directory_loaded>(*store, load_directory{});
  BOOST_REQUIRE(loaded.rooms.size() == 1u);
  BOOST_TEST(loaded.rooms[0].room_id == sample_room);
  BOOST_TEST(loaded.rooms[0].chat_room_id == "GENERAL");
  BOOST_TEST(loaded.rooms[0].room_version == "11");
  BOOST_TEST(loaded.destinations_owed == (texts{"flying.example", "queued.example"}), boost::test_tools::per_element());
  BOOST_REQUIRE(loaded.invitations_pending.size() == 1u);
  BOOST_TEST(loaded.invitations_pending[0].second == "@bob:x");
  BOOST_REQUIRE(loaded.users.size() == 1u);
  BOOST_TEST(loaded.users[0].user_id == "@u:x");
}

CAUSEWAY_ENGINE_CASE(names_that_mean_something_are_told_at_start, fresh_store) {
  auto early = put_server_keys{"early.example", {}, 100, {}},
       late = put_server_keys{"late.example", {}, 200, R"(["d"])"};
  must_commit(*store, sample_head(), sample_invitation("@bob:x", invitation_state::revoked), early, late);
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms == texts{sample_room}, boost::test_tools::per_element());
  BOOST_REQUIRE(known.invitations.size() == 1u);
  BOOST_TEST(known.invitations[0].first == sample_room);
  BOOST_TEST(known.invitations[0].second == "@bob:x");
  BOOST_TEST(known.servers == (texts{"late.example", "early.example"}), boost::test_tools::per_element());
  BOOST_TEST(must_ask<known_loaded>(*store, load_known{1}).servers == texts{"late.example"},
             boost::test_tools::per_element());
  // Of some shards, by who has taken these.
  BOOST_REQUIRE(shard_of("early.example") != shard_of(sample_room));
  const auto of_room = must_ask<known_loaded>(*store, load_known{.shards = shard_set{shard_of(sample_room)}});
  BOOST_TEST(of_room.rooms == texts{sample_room}, boost::test_tools::per_element());
  BOOST_TEST(of_room.invitations.size() == 1u);
  const auto of_server = must_ask<known_loaded>(*store, load_known{.shards = shard_set{shard_of("early.example")}});
  BOOST_TEST(of_server.rooms.empty());
  BOOST_TEST(of_server.invitations.empty());
  BOOST_TEST(of_server.servers == texts{"early.example"}, boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(rooms_of_a_user_are_found_page_by_page, fresh_store) {
  must_commit(*store, put_member_room{"!a:x", "@u:x"}, put_member_room{"!b:x", "@other:x"},
              put_member_room{"!c:x", "@u:x"}, put_member_room{"!a:x", "@u:x"});
  const auto all = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x"});
  BOOST_TEST(all.room_ids == (texts{"!a:x", "!c:x"}), boost::test_tools::per_element());
  BOOST_TEST(all.next == 0);
  const auto first = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", 0, 1});
  BOOST_TEST(first.room_ids == texts{"!a:x"}, boost::test_tools::per_element());
  const auto second = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", first.next, 1});
  BOOST_TEST(second.room_ids == texts{"!c:x"}, boost::test_tools::per_element());
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", second.next, 1}).room_ids.empty());
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@nobody:x"}).room_ids.empty());
}

CAUSEWAY_ENGINE_CASE(what_is_said_of_a_user_is_kept, fresh_store) {
  const put_user wanted{"@u:x",         "u", "You", "", user_right::no, invite_policy::block, 77, user_update::leave,
                        R"({"m.tz":1})"};
  must_commit(*store, put_user{"@u:x", "u"}, wanted);
  const auto found = must_ask<user_found>(*store, find_user{"@u:x"}).user.value();
  BOOST_TEST((found.may_federate == user_right::no));
  BOOST_TEST((found.invites == invite_policy::block));
  BOOST_TEST(found.deactivated_ts == 77);
  BOOST_TEST((found.update == user_update::leave));
  BOOST_TEST(found.fields == R"({"m.tz":1})");
}

CAUSEWAY_ENGINE_CASE(what_is_switched_is_told_to_node_and_directory_the_latest_word_alone, fresh_store) {
  BOOST_TEST(must_ask<known_loaded>(*store, load_known{}).switches.switches.empty());
  must_commit(*store, put_switches{R"({"enabled":true})", 100});
  must_commit(*store, put_switches{R"({"enabled":false})", 200});
  for (const auto& x : {must_ask<known_loaded>(*store, load_known{}).switches,
                        must_ask<directory_loaded>(*store, load_directory{}).switches}) {
    BOOST_TEST(x.switches == R"({"enabled":false})");
    BOOST_TEST(x.since_ts == 200);
  }
}

CAUSEWAY_ENGINE_CASE(a_room_somebody_is_invited_to_is_no_room_of_ours, fresh_store) {
  must_commit(*store, sample_invitation("@bob:x", invitation_state::pending));
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms.empty());
  BOOST_TEST(known.invitations.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(documents_of_keys_are_told_for_many_servers_at_once, fresh_store) {
  must_commit(*store, put_server_keys{"a.example", {}, 100, R"(["a"])"}, put_server_keys{"none.example", {}, 100, {}});
  const auto found =
    must_ask<key_documents_loaded>(*store, load_key_documents{{"a.example", "none.example", "unknown.example"}})
      .documents;
  BOOST_TEST(found.size() == 1u);
  BOOST_TEST(found.at("a.example") == R"(["a"])");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
