#include "engines.hpp"

/// Rooms, events and states: what was written is what is read.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_rooms, *boost::unit_test::timeout(120))

namespace {

std::vector<std::string> ids(const std::vector<stored_event>& events) {
  std::vector<std::string> all;
  for (const auto& one : events) all.push_back(one.event->event_id);
  return all;
}

put_event accepted(const matrix::event_ptr& event, std::int64_t position, std::int64_t group = 0) {
  return {event->room_id, event, verdict::accepted, group, group, position, ""};
}

} // namespace

CAUSEWAY_ENGINE_CASE(unknown_room_does_not_exist, fresh_store) {
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(!loaded.exists);
  BOOST_TEST(loaded.state_events.empty());
}

CAUSEWAY_ENGINE_CASE(room_head_is_replaced_as_a_whole, fresh_store) {
  auto event = sample_message(1);
  put_room head{sample_room,
                "11",
                room_phase::joining,
                "GENERAL",
                chat::room_type::channel,
                false,
                {event->event_id, "$other"},
                3,
                7,
                -4,
                5,
                {"$older", "$oldest"},
                "{\"join\":\"$join\"}",
                "!next:here.example",
                "{\"at\":\"following\"}"};
  must_commit(*store, put_event{accepted(event, 1)},
              put_state_group{sample_room, 3, 0, {{{"m.room.name", ""}, "$name"}}}, put_room{head});
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.exists);
  BOOST_TEST(loaded.room.room_id == sample_room);
  BOOST_TEST(loaded.room.room_version == "11");
  BOOST_TEST((loaded.room.phase == room_phase::joining));
  BOOST_TEST(loaded.room.chat_room_id == "GENERAL");
  BOOST_TEST((loaded.room.type == chat::room_type::channel));
  BOOST_TEST(!loaded.room.federated);
  BOOST_TEST(loaded.room.forward_extremities == head.forward_extremities, boost::test_tools::per_element());
  BOOST_TEST(loaded.room.state_group == 3);
  BOOST_TEST(loaded.room.last_position == 7);
  BOOST_TEST(loaded.room.first_position == -4);
  BOOST_TEST(loaded.room.last_state_group == 5);
  BOOST_TEST(loaded.room.history_from == head.history_from, boost::test_tools::per_element());
  BOOST_TEST(loaded.room.members_omitted == "{\"join\":\"$join\"}");
  BOOST_TEST(loaded.room.successor == "!next:here.example");
  BOOST_TEST(loaded.room.succession == "{\"at\":\"following\"}");
  BOOST_TEST((ids(loaded.extremities) == std::vector{event->event_id}));

  must_commit(*store, sample_head());
  loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.room.chat_room_id == "GENERAL"); // a name once bound stays
  BOOST_TEST(loaded.room.federated);
  BOOST_TEST(loaded.room.forward_extremities.empty());
  BOOST_TEST(loaded.state_groups.empty());
}

CAUSEWAY_ENGINE_CASE(last_head_of_a_transaction_wins_and_events_are_counted, fresh_store) {
  std::vector<store_batch> batches;
  for (std::int64_t n = 1; n <= 5; ++n) {
    auto head = sample_head();
    head.last_position = n;
    batches.push_back(batch_of(accepted(sample_message(n), n), head));
  }
  BOOST_REQUIRE(store->commit(batches));
  const auto shards = must_ask<shards_listed>(*store, list_shards{}).shards;
  BOOST_REQUIRE(shards.size() == shard_count);
  BOOST_TEST(shards.at(shard_of(sample_room)).rooms == 1);
  BOOST_TEST(shards.at(shard_of(sample_room) ^ 1U).rooms == 0);
  auto listed = must_ask<rooms_listed>(*store, list_rooms{});
  BOOST_REQUIRE(listed.rooms.size() == 1u);
  BOOST_TEST(listed.rooms[0].events == 5);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.last_position == 5);
}

CAUSEWAY_ENGINE_CASE(room_is_loaded_with_its_state_events_and_outliers_but_for_rejected_ones, fresh_store) {
  auto name = sample_event({.type = "m.room.name", .state_key = ""});
  auto topic = sample_event({.type = "m.room.topic", .state_key = ""});
  auto message = sample_message(3), outlier = sample_message(4);
  auto elsewhere = sample_event({.room_id = "!other:here.example", .type = "m.room.name", .state_key = ""});
  must_commit(*store, accepted(name, 1), put_event{sample_room, topic, verdict::rejected, 0, 0, 2, "no power"},
              accepted(message, 3), put_event{sample_room, outlier, verdict::outlier, 0, 0, 0, ""},
              accepted(elsewhere, 1), sample_head());
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST((ids(loaded.state_events) == std::vector{name->event_id, outlier->event_id}));
  BOOST_TEST(loaded.state_events[0].event->to_json() == name->to_json());
  // Whoever cites the rejected one has it read.
  BOOST_TEST((must_ask<events_loaded>(*store, load_events{sample_room, {topic->event_id}}).events.at(0).judged ==
              verdict::rejected));
}

CAUSEWAY_ENGINE_CASE(outlier_that_found_its_place_keeps_its_json, fresh_store) {
  auto outlier = sample_message(1);
  must_commit(*store, put_event{sample_room, outlier, verdict::outlier, 0, 0, 0, ""}, sample_head());
  must_commit(*store, put_state_group{sample_room, 1, 0, {}},
              put_event{sample_room, outlier, verdict::soft_failed, 1, 1, 9, "later"});
  auto found =
    must_ask<events_loaded>(*store, load_events{sample_room, {outlier->event_id, "$unknown", outlier->event_id}, true});
  BOOST_REQUIRE(found.events.size() == 1u);
  BOOST_TEST((found.events[0].judged == verdict::soft_failed));
  BOOST_TEST(found.events[0].position == 9);
  BOOST_TEST(found.events[0].state_group_before == 1);
  BOOST_TEST(found.events[0].state_group_after == 1);
  BOOST_TEST(found.events[0].event->to_json() == outlier->to_json());
  BOOST_TEST(found.state_groups.count(1) == 1u);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).state_events.empty());
  BOOST_TEST(must_ask<rooms_listed>(*store, list_rooms{}).rooms[0].events == 1);
}

CAUSEWAY_ENGINE_CASE(event_is_found_by_id_in_any_room, fresh_store) {
  auto event = sample_event({.room_id = "!old:here.example", .version = "6"});
  must_commit(*store, accepted(event, 1));
  auto found = must_ask<events_loaded>(*store, find_event{event->event_id});
  BOOST_REQUIRE(found.events.size() == 1u);
  BOOST_TEST(found.events[0].event->room_id == "!old:here.example");
  BOOST_TEST(found.events[0].event->rules().id == "6");
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{"$nothing"}).events.empty());
  BOOST_TEST(must_ask<events_loaded>(*store, load_events{"!elsewhere:x", {event->event_id}}).events.empty());
}

CAUSEWAY_ENGINE_CASE(same_given_id_in_two_rooms_is_two_events, fresh_store) {
  // Versions 1 and 2 let the sender choose the id: it must not reach into another room.
  auto in_room = [](const std::string& room_id, const std::string& body) {
    auto pdu = sample_event({.room_id = room_id, .body = body, .version = "6"})->source;
    pdu.set("event_id", "$chosen:evil.example");
    return *matrix::make_event(std::move(pdu), *matrix::find_room_version("1"));
  };
  auto first = in_room("!a:here.example", "first"), second = in_room("!b:here.example", "second");
  must_commit(*store, accepted(first, 1));
  must_commit(*store, put_event{second->room_id, second, verdict::rejected, 0, 0, 2, "bad"});
  auto loaded = must_ask<events_loaded>(*store, load_events{"!a:here.example", {"$chosen:evil.example"}});
  BOOST_REQUIRE(loaded.events.size() == 1u);
  BOOST_TEST((loaded.events[0].judged == verdict::accepted));
  BOOST_TEST(loaded.events[0].event->to_json() == first->to_json());
  loaded = must_ask<events_loaded>(*store, load_events{"!b:here.example", {"$chosen:evil.example"}});
  BOOST_TEST(loaded.events.at(0).event->to_json() == second->to_json());
}

CAUSEWAY_ENGINE_CASE(state_group_is_its_deltas_on_a_whole_one, fresh_store) {
  must_commit(
    *store, put_state_group{sample_room, 1, 0, {{{"a", ""}, "$a1"}, {{"b", "x"}, "$b1"}, {{"c", ""}, "$c1"}}},
    put_state_group{sample_room, 2, 1, {{{"a", ""}, "$a2"}}}, put_state_group{sample_room, 3, 2, {{{"c", ""}, ""}}},
    put_state_group{sample_room, 4, 2, {{{"d", ""}, "$d4"}}}, put_state_group{"!other:x", 4, 0, {{{"z", ""}, "$z"}}});
  auto event = sample_message(1);
  must_commit(*store, put_event{sample_room, event, verdict::accepted, 3, 4, 1, ""});
  auto states = must_ask<events_loaded>(*store, load_events{sample_room, {event->event_id}, true}).state_groups;
  BOOST_REQUIRE(states.size() == 2u);
  BOOST_TEST((*states[3] == matrix::state_map{{{"a", ""}, "$a2"}, {{"b", "x"}, "$b1"}}));
  BOOST_TEST(
    (*states[4] == matrix::state_map{{{"a", ""}, "$a2"}, {{"b", "x"}, "$b1"}, {{"c", ""}, "$c1"}, {{"d", ""}, "$d4"}}));
}

CAUSEWAY_ENGINE_CASE(chain_of_thousands_of_deltas_is_walked, fresh_store) {
  store_batch batch = batch_of(put_state_group{sample_room, 1, 0, {{{"first", ""}, "$1"}}});
  for (std::int64_t id = 2; id <= 3'000; ++id)
    batch.writes.emplace_back(put_state_group{sample_room, id, id - 1, {{{"counter", ""}, "$" + std::to_string(id)}}});
  auto head = sample_head();
  head.state_group = 3'000;
  batch.writes.emplace_back(head);
  BOOST_REQUIRE(store->commit({&batch, 1}));
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST((*loaded.state_groups.at(3'000) == matrix::state_map{{{"first", ""}, "$1"}, {{"counter", ""}, "$3000"}}));
}

CAUSEWAY_ENGINE_CASE(state_group_on_a_missing_base_is_refused, fresh_store) {
  auto batch = batch_of(put_state_group{sample_room, 2, 1, {}});
  auto refused = store->commit({&batch, 1});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::internal));
  batch = batch_of(put_state_group{sample_room, 0, 0, {}});
  BOOST_TEST(!store->commit({&batch, 1}));
}

CAUSEWAY_ENGINE_CASE(staged_pdus_come_back_in_order_until_removed, fresh_store) {
  must_commit(*store, sample_head(), put_inbox{sample_room, "$1", "a.example", "{\"n\":1}", 10},
              put_inbox{sample_room, "$2", "b.example", "{\"n\":2}", 20},
              put_inbox{sample_room, "$1", "c.example", "{\"n\":3}", 30},
              put_inbox{sample_room, "$1", "a.example", "{\"n\":4}", 40});
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  // Until one is verified, every server's copy is kept, of each the latest.
  BOOST_REQUIRE(loaded.inbox.size() == 3u);
  BOOST_TEST(loaded.inbox[0].event_id == "$1");
  BOOST_TEST(loaded.inbox[0].origin == "a.example");
  BOOST_TEST(loaded.inbox[0].pdu == "{\"n\":4}");
  BOOST_TEST(loaded.inbox[0].received_ts == 40);
  BOOST_TEST(loaded.inbox[1].event_id == "$2");
  BOOST_TEST(loaded.inbox[2].origin == "c.example");
  BOOST_TEST(must_ask<rooms_listed>(*store, list_rooms{}).rooms[0].staged == 3);
  BOOST_TEST(must_ask<directory_loaded>(*store, load_directory{}).rooms[0].has_inbox);
  must_commit(*store, remove_inbox{sample_room, {"$1", "$2", "$3"}}, remove_inbox{"!unknown:x", {"$1"}});
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).inbox.empty());
  BOOST_TEST(!must_ask<directory_loaded>(*store, load_directory{}).rooms[0].has_inbox);
}

// -- redactions -------------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(what_an_event_was_robbed_of_is_restored_but_not_what_a_redaction_took, fresh_store) {
  const auto said = sample_message(1), redaction = sample_message(2);
  auto put = [](const matrix::event_ptr& x) {
    put_event row;
    row.room_id = sample_room;
    row.event = x;
    return row;
  };
  must_commit(*store, sample_head(), put(matrix::redacted(*said)), put(redaction));
  auto kept = [&] {
    return must_ask<events_loaded>(*store, load_events{sample_room, {said->event_id}, false}).events.at(0).event;
  };
  BOOST_TEST(kept()->content().empty());
  must_commit(*store, restore_event{sample_room, said});
  BOOST_TEST(kept()->to_json() == said->to_json());
  must_commit(*store, redact_event{sample_room, matrix::redacted(*said), redaction->event_id});
  must_commit(*store, restore_event{sample_room, said});
  BOOST_TEST(kept()->content().empty());
}

CAUSEWAY_ENGINE_CASE(redacted_event_is_read_as_what_is_left_with_its_reason, fresh_store) {
  auto said = sample_message(1), other = sample_message(2),
       second = sample_event({.type = "m.room.redaction", .body = "again", .depth = 4});
  auto topic = sample_event({.type = "m.room.topic", .state_key = "", .depth = 2});
  auto redaction = sample_event({.type = "m.room.redaction", .depth = 3});
  must_commit(*store, accepted(said, 1), accepted(topic, 2), accepted(other, 3), accepted(redaction, 4),
              accepted(second, 5), sample_head(), queue_pdu{"there.example", said->event_id});
  must_commit(*store, redact_event{sample_room, matrix::redacted(*said), redaction->event_id},
              redact_event{sample_room, matrix::redacted(*topic), redaction->event_id});
  must_commit(*store,
              redact_event{sample_room, matrix::redacted(*said), second->event_id}); // the first stays the reason
  reopen();
  auto found = must_ask<events_loaded>(*store, load_events{sample_room, {said->event_id, other->event_id}}).events;
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].event->content().empty());
  BOOST_REQUIRE(found[0].event->redacted_because);
  BOOST_TEST(found[0].event->redacted_because->event_id == redaction->event_id);
  BOOST_TEST(!found[1].event->redacted_because);
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{said->event_id}).events.at(0).event->redacted_because);
  BOOST_TEST(must_ask<events_loaded>(*store, load_ancestors{sample_room, {said->event_id}, {}})
               .events.at(0)
               .event->redacted_because);
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_REQUIRE(loaded.state_events.size() == 1u);
  BOOST_TEST(loaded.state_events[0].event->redacted_because->event_id == redaction->event_id);
  // What was not delivered yet goes out as what is left of it.
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"there.example"}).pdus.at(0)->content().empty());
}

CAUSEWAY_ENGINE_CASE(held_redactions_come_back_in_order_until_dropped, fresh_store) {
  must_commit(*store, sample_head(), hold_redaction{sample_room, "$r1", "$t", "@a:x", true, false},
              hold_redaction{sample_room, "$r2", "$t", "@b:x", false, false},
              hold_redaction{"!other:x", "$r1", "$t", "@a:x", true, true});
  BOOST_TEST(must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox); // the room has to be woken
  must_commit(*store, hold_redaction{sample_room, "$r1", "$t", "@a:x", true, true},
              hold_redaction{sample_room, "$r2", "$t", "@b:x", false, true});
  BOOST_TEST(!must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox);
  auto held = must_ask<room_loaded>(*store, load_room{sample_room}).held_redactions;
  BOOST_REQUIRE(held.size() == 2u);
  BOOST_TEST(held[0].redaction_event_id == "$r1");
  BOOST_TEST(held[0].target_event_id == "$t");
  BOOST_TEST(held[0].sender == "@a:x");
  BOOST_TEST(held[0].by_power);
  BOOST_TEST(held[0].looked_up);
  BOOST_TEST(!held[1].by_power);
  must_commit(*store, drop_held_redaction{sample_room, "$r1"}, drop_held_redaction{"!unknown:x", "$r2"});
  held = must_ask<room_loaded>(*store, load_room{sample_room}).held_redactions;
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].redaction_event_id == "$r2");
}

CAUSEWAY_ENGINE_CASE(redaction_is_asked_with_its_target_and_the_chats_name_of_it, fresh_store) {
  auto said = sample_message(1), redaction = sample_event({.type = "m.room.redaction", .depth = 2});
  must_commit(*store, accepted(said, 1), accepted(redaction, 2), sample_head(),
              bind_message{sample_room, "m1", said->event_id});
  auto found = must_ask<redaction_loaded>(*store, load_redaction{sample_room, redaction->event_id, said->event_id});
  BOOST_TEST(found.redaction->event_id == redaction->event_id);
  BOOST_TEST(found.target.value().event->event_id == said->event_id);
  BOOST_TEST(found.chat_message_id == "m1");
  found = must_ask<redaction_loaded>(*store, load_redaction{sample_room, "", "$unknown"});
  BOOST_TEST(!found.redaction);
  BOOST_TEST(!found.target);
  BOOST_TEST(
    !must_ask<redaction_loaded>(*store, load_redaction{"!other:x", redaction->event_id, said->event_id}).target);
}

CAUSEWAY_ENGINE_CASE(redaction_of_or_by_an_event_that_is_not_stored_is_refused, fresh_store) {
  auto said = sample_message(1);
  must_commit(*store, accepted(said, 1), sample_head());
  auto batch = batch_of(redact_event{sample_room, matrix::redacted(*said), "$unknown"});
  BOOST_TEST(!store->commit({&batch, 1}));
  batch = batch_of(redact_event{sample_room, matrix::redacted(*sample_message(2)), said->event_id});
  BOOST_TEST(!store->commit({&batch, 1}));
  BOOST_TEST(!must_ask<events_loaded>(*store, find_event{said->event_id}).events.at(0).event->content().empty());
}

// -- relations --------------------------------------------------------------------------------------------------------

namespace {

put_relation edit_by(const std::string& sender, const matrix::event_ptr& edit, const std::string& target,
                     relation_standing standing = relation_standing::counts) {
  return {sample_room, edit->event_id, target, "m.replace", sender, "", edit->origin_server_ts, standing, false};
}
put_relation reaction_by(const std::string& sender, const matrix::event_ptr& reaction, const std::string& target,
                         const std::string& key) {
  return {sample_room,
          reaction->event_id,
          target,
          "m.annotation",
          sender,
          key,
          reaction->origin_server_ts,
          relation_standing::counts,
          false};
}

} // namespace

CAUSEWAY_ENGINE_CASE(latest_edit_is_that_of_the_sender_by_time_then_by_event_id, fresh_store) {
  const auto said = sample_message(1);
  const auto at = [](std::int64_t ts, std::int64_t n) {
    return sample_event({.body = "edit " + std::to_string(n), .depth = n, .origin_server_ts = ts});
  };
  const auto first = at(10, 2), other = at(30, 3), ignored = at(40, 4);
  auto a = at(20, 5), b = at(20, 6);
  if (a->event_id > b->event_id) std::swap(a, b);
  const auto& target = said->event_id;
  must_commit(*store, accepted(said, 1), accepted(first, 2), accepted(other, 3), accepted(ignored, 4), accepted(a, 5),
              accepted(b, 6), sample_head(), bind_message{sample_room, "m1", target}, edit_by("@a:x", b, target),
              edit_by("@a:x", first, target), edit_by("@a:x", a, target, relation_standing::waits),
              edit_by("@b:x", other, target), edit_by("@a:x", ignored, target, relation_standing::ignored));
  const load_relations wanted{sample_room, target, "@a:x", "", a->event_id};
  auto found = must_ask<relations_loaded>(*store, wanted);
  BOOST_TEST(found.target.value().event->event_id == target);
  BOOST_TEST(found.chat_message_id == "m1");
  BOOST_TEST(found.relation->event_id == a->event_id);
  BOOST_TEST(found.latest_edit->event_id == b->event_id);
  BOOST_TEST(found.edit_before->event_id == a->event_id);
  BOOST_TEST(!found.reaction);
  must_commit(*store, edit_by("@a:x", b, target, relation_standing::taken_back),
              remove_relation{sample_room, a->event_id});
  found = must_ask<relations_loaded>(*store, wanted);
  BOOST_TEST(found.latest_edit->event_id == first->event_id);
  BOOST_TEST(!found.edit_before);
  must_commit(*store, remove_relations_to{sample_room, target}, remove_relation{"!unknown:x", "$a"},
              remove_relations_to{"!unknown:x", "$a"});
  BOOST_TEST(!must_ask<relations_loaded>(*store, wanted).latest_edit);
  found = must_ask<relations_loaded>(*store, load_relations{"!unknown:x", target, "@a:x", "", ""});
  BOOST_TEST(!found.target);
}

CAUSEWAY_ENGINE_CASE(reaction_is_the_first_of_that_user_with_that_key, fresh_store) {
  const auto said = sample_message(1), first = sample_message(2), second = sample_message(3), minus = sample_message(4),
             others = sample_message(5);
  const auto& target = said->event_id;
  must_commit(*store, accepted(said, 1), accepted(first, 2), accepted(second, 3), accepted(minus, 4),
              accepted(others, 5), sample_head(), reaction_by("@a:x", minus, target, "-"),
              reaction_by("@b:x", others, target, "+"), reaction_by("@a:x", first, target, "+"),
              reaction_by("@a:x", second, target, "+"));
  const auto reaction = [&](const std::string& user, const std::string& key) {
    const auto found = must_ask<relations_loaded>(*store, load_relations{sample_room, target, user, key, ""});
    return found.reaction ? found.reaction->event->event_id : std::string{};
  };
  BOOST_TEST(reaction("@a:x", "+") == first->event_id);
  BOOST_TEST(reaction("@a:x", "-") == minus->event_id);
  BOOST_TEST(reaction("@b:x", "-") == "");
  const auto row = must_ask<redaction_loaded>(*store, load_redaction{sample_room, "", minus->event_id}).relation;
  BOOST_REQUIRE(row);
  BOOST_TEST(row->room_id == sample_room);
  BOOST_TEST(row->event_id == minus->event_id);
  BOOST_TEST(row->target_event_id == target);
  BOOST_TEST(row->rel_type == "m.annotation");
  BOOST_TEST(row->sender == "@a:x");
  BOOST_TEST(row->key == "-");
  BOOST_TEST(row->ts == minus->origin_server_ts);
  BOOST_TEST(!must_ask<redaction_loaded>(*store, load_redaction{sample_room, "", target}).relation);
}

CAUSEWAY_ENGINE_CASE(relations_that_wait_or_are_taken_back_are_loaded_with_the_room, fresh_store) {
  const auto x = sample_message(1), y = sample_message(2), z = sample_message(3);
  auto late = edit_by("@a:x", y, "$t", relation_standing::waits);
  late.historical = true;
  must_commit(*store, sample_head(), late, edit_by("@a:x", x, "$t", relation_standing::taken_back),
              edit_by("@a:x", z, "$t"));
  BOOST_TEST(must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox); // the room has to be woken
  auto open = must_ask<room_loaded>(*store, load_room{sample_room}).open_relations;
  BOOST_REQUIRE(open.size() == 2u);
  BOOST_TEST(open[0].event_id == y->event_id);
  BOOST_TEST(open[0].historical);
  BOOST_TEST((open[1].standing == relation_standing::taken_back));
  late.standing = relation_standing::plain;
  must_commit(*store, late, remove_relation{sample_room, x->event_id});
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).open_relations.empty());
  BOOST_TEST(!must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox);
}

// -- ancestors --------------------------------------------------------------------------------------------------------

namespace {

/// create <- a <- b <- d <- e, and a <- c <- d: a fork that was merged.
struct forked_room : fresh_store {
  matrix::event_ptr make(const std::string& name, std::int64_t depth, std::vector<std::string> parents) {
    return sample_event({.body = name, .depth = depth, .prev_events = std::move(parents)});
  }
  matrix::event_ptr create = make("create", 1, {}), a = make("a", 2, {create->event_id}),
                    b = make("b", 3, {a->event_id}), c = make("c", 3, {a->event_id}),
                    d = make("d", 4, {b->event_id, c->event_id}), e = make("e", 5, {d->event_id});
  explicit forked_room(const engine_kind& kind) : fresh_store(kind) {
    must_commit(*store, put_state_group{sample_room, 1, 0, {{{"m.room.name", ""}, "$n"}}}, accepted(create, -1, 1),
                accepted(a, 1, 1), accepted(b, 2, 1), accepted(c, 3, 1), accepted(d, 4, 1), accepted(e, 5, 1),
                sample_head());
  }
  std::vector<std::string> walk(load_ancestors x) {
    x.room_id = sample_room;
    return ids(must_ask<events_loaded>(*store, x).events);
  }
};

} // namespace

CAUSEWAY_ENGINE_CASE(ancestors_come_newest_first_and_once, forked_room) {
  BOOST_TEST((walk({.from = {e->event_id}}) ==
              std::vector{e->event_id, d->event_id, c->event_id, b->event_id, a->event_id, create->event_id}));
  auto answered = must_ask<events_loaded>(*store, load_ancestors{sample_room, {e->event_id}, {}});
  BOOST_TEST(answered.state_groups.size() == 1u);
  BOOST_TEST(answered.state_groups.at(1)->size() == 1u);
}

CAUSEWAY_ENGINE_CASE(ancestors_stop_at_limit_depth_and_known_events, forked_room) {
  BOOST_TEST((walk({.from = {e->event_id}, .limit = 2}) == std::vector{e->event_id, d->event_id}));
  BOOST_TEST((walk({.from = {e->event_id}, .min_depth = 4}) == std::vector{e->event_id, d->event_id}));
  BOOST_TEST((walk({.from = {e->event_id}, .stop_at = {b->event_id}, .include_from = false}) ==
              std::vector{d->event_id, c->event_id, a->event_id, create->event_id}));
  BOOST_TEST(
    (walk({.from = {e->event_id}, .stop_at = {b->event_id, c->event_id}}) == std::vector{e->event_id, d->event_id}));
  BOOST_TEST((walk({.from = {e->event_id}, .limit = 0}).empty()));
  BOOST_TEST((walk({.from = {"$unknown"}}).empty()));
}

CAUSEWAY_ENGINE_CASE(an_old_parent_that_is_missing_comes_before_newer_events_that_may_be_known, forked_room) {
  auto tip = make("tip", 6, {e->event_id, a->event_id});
  must_commit(*store, accepted(tip, 6, 1));
  BOOST_TEST((walk({.from = {tip->event_id}, .limit = 3, .include_from = false}) ==
              std::vector{e->event_id, a->event_id, d->event_id}));
}

CAUSEWAY_ENGINE_CASE(ancestors_do_not_leave_the_graph_through_an_outlier, forked_room) {
  auto outlier = make("outlier", 6, {e->event_id});
  auto tip = make("tip", 7, {outlier->event_id, b->event_id});
  must_commit(*store, put_event{sample_room, outlier, verdict::outlier, 0, 0, 0, ""}, accepted(tip, 6, 1));
  BOOST_TEST(
    (walk({.from = {tip->event_id}}) == std::vector{tip->event_id, b->event_id, a->event_id, create->event_id}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
