#include "engines.hpp"

/// What every engine promises beside what it stores: transactions, order, retention, fences, crashes, bounds.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_engine, *boost::unit_test::timeout(120))

namespace {

put_event accepted_at(const matrix::event_ptr& event, std::int64_t position) {
  return {event->room_id, event, verdict::accepted, 0, 0, position, ""};
}

constexpr std::int64_t day_ms = 86'400'000;

std::size_t purge_all(engine& store, std::int64_t now_ms, const purge_limits& limits = {}) {
  std::size_t total = 0;
  for (;;) {
    auto removed = store.purge(now_ms, limits);
    BOOST_REQUIRE(removed);
    if (*removed == 0) return total;
    total += *removed;
  }
}

} // namespace

CAUSEWAY_ENGINE_CASE(store_is_there_after_reopening, fresh_store) {
  auto event = sample_message(1);
  must_commit(*store, accepted_at(event, 1), sample_head(), append_outbox{0, "a", "b"},
              queue_pdu{"a.example", event->event_id});
  reopen();
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).exists);
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{event->event_id}).events.size() == 1u);
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"a.example"}).pdus.size() == 1u);
  BOOST_TEST(must_commit(*store, append_outbox{0, "c", "d"}).outbox_heads.at(0) == 2);
}

CAUSEWAY_ENGINE_CASE(what_was_acknowledged_is_there_after_a_crash, fresh_store) {
  for (std::int64_t n = 1; n <= 20; ++n) {
    auto event = sample_message(n);
    auto head = sample_head();
    head.last_position = n;
    must_commit(*store, accepted_at(event, n), head, append_outbox{0, "n", std::to_string(n)},
                queue_pdu{"a.example", event->event_id}, put_command_result{std::to_string(n), "n", true, "", n});
    if (n % 7 != 0) continue;
    crash();
    BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.last_position == n);
    BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).head == n);
    BOOST_TEST(must_ask<events_loaded>(*store, find_event{event->event_id}).events.size() == 1u);
    BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"a.example"}).pdus.size() ==
               static_cast<std::size_t>(n));
    BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{std::to_string(n)}).result.has_value());
  }
}

CAUSEWAY_ENGINE_CASE(second_connection_sees_what_was_committed_before, fresh_store) {
  auto second = store->open_reader();
  BOOST_REQUIRE(second);
  if (!*second) return; // the engine has none
  for (int n = 0; n < 5; ++n) {
    must_commit(*store, put_user{"@u:x", "u", std::to_string(n)},
                put_command_result{std::to_string(n), "n", true, "", 1});
    BOOST_TEST(must_ask<user_found>(**second, find_user{"@u:x"}).user.value().display_name == std::to_string(n));
    BOOST_TEST(must_ask<command_result_found>(**second, find_command_result{std::to_string(n)}).result.has_value());
  }
}

CAUSEWAY_ENGINE_CASE(failed_transaction_leaves_nothing_behind, fresh_store) {
  must_commit(*store, append_outbox{0, "kept", ""});
  auto event = sample_message(1, "!new:here.example");
  std::vector<store_batch> batches{
    batch_of(accepted_at(event, 1), sample_head("!new:here.example"), append_outbox{0, "lost", ""},
             append_outbox{1, "lost", ""}, queue_pdu{"new.example", event->event_id},
             put_command_result{"c", "n", true, "b", 1}, bind_message{"!new:here.example", "m", "$e"}),
    batch_of(queue_pdu{"new.example", "$unknown"})};
  BOOST_TEST(!store->commit(batches));
  BOOST_TEST(!must_ask<room_loaded>(*store, load_room{"!new:here.example"}).exists);
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{event->event_id}).events.empty());
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0}).head == 1);
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{1}).head == 0);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c"}).result);
  BOOST_TEST(must_ask<message_found>(*store, find_message{"!new:here.example", "m"}).event_id == "");
  // What the failed transaction had interned must not be used by the next one.
  batches.pop_back();
  BOOST_REQUIRE(store->commit(batches));
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{"!new:here.example"}).exists);
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"new.example"}).pdus.size() == 1u);
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0}).head == 2);
  BOOST_TEST(must_ask<message_found>(*store, find_message{"!new:here.example", "m"}).event_id == "$e");
}

// -- fences -----------------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(batch_that_does_not_say_of_which_shard_it_is_is_refused, fresh_store) {
  std::vector<store_batch> batches{batch_of(put_user{"@beside:x"}), batch_of(put_user{"@nobodys:x"})};
  batches.back().shards = {};
  const auto refused = store->commit(batches);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::internal), to_string(refused.error()));
  BOOST_TEST(refused.error().detail == "a batch does not say of which shard it is");
  for (const std::string user : {"@beside:x", "@nobodys:x"})
    BOOST_TEST(!must_ask<user_found>(*store, find_user{user}).user.has_value());
  batches.back().shards = shard_set::all();
  BOOST_TEST(bool(store->commit(batches)));
  BOOST_TEST(must_ask<user_found>(*store, find_user{"@nobodys:x"}).user.has_value());
  BOOST_TEST(store->owns(shard_set::all())); // of its one node
}

CAUSEWAY_ENGINE_CASE(batch_of_the_present_owner_is_committed_and_that_of_another_refused, fresh_store) {
  const auto fenced = [](std::string user, std::uint64_t epoch) {
    auto batch = batch_of(put_user{std::move(user)});
    batch.fence = ownership{sample_shard, epoch};
    return batch;
  };
  const auto is_there = [&](const std::string& user) {
    return must_ask<user_found>(*store, find_user{user}).user.has_value();
  };
  // A new store has epoch 1 for each shard.
  std::vector<store_batch> batches{fenced("@present:x", 1), batch_of(put_user{"@unfenced:x"})};
  BOOST_TEST(bool(store->commit(batches)));
  BOOST_TEST(is_there("@present:x"));
  BOOST_TEST(is_there("@unfenced:x"));
  for (const std::uint64_t other : {0, 2}) {
    // What was to be committed with it is not: whoever gave the batches commits the others again, without it.
    batches = {batch_of(put_user{"@beside:x"}), fenced("@stale:x", other)};
    const auto refused = store->commit(batches);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == fault_code::stale_owner), to_string(refused.error()));
    BOOST_TEST(!is_there("@beside:x"));
    BOOST_TEST(!is_there("@stale:x"));
  }
  batches = {fenced("@present_again:x", 1)};
  BOOST_TEST(bool(store->commit(batches)));
  BOOST_TEST(is_there("@present_again:x"));
}

// -- retention --------------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(old_answers_go_in_slices_and_young_ones_stay, fresh_store) {
  auto batch = batch_of();
  for (int n = 0; n < 25; ++n) {
    auto ts = n < 20 ? 1'000 : 40 * day_ms;
    batch.writes.emplace_back(put_received_transaction{"a.example", std::to_string(n), "{}", ts});
    batch.writes.emplace_back(put_command_result{std::to_string(n), "n", true, "b", ts});
  }
  BOOST_REQUIRE(store->commit({&batch, 1}));
  purge_limits limits;
  limits.rows_max = 8;
  auto first = store->purge(41 * day_ms, limits);
  BOOST_REQUIRE(first);
  BOOST_TEST(*first == 16u);
  BOOST_TEST(purge_all(*store, 41 * day_ms, limits) == 24u);
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "19"}).response);
  BOOST_TEST(
    must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "20"}).response.has_value());
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"19"}).result);
  BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"20"}).result.has_value());
}

CAUSEWAY_ENGINE_CASE(answers_of_a_clock_that_ran_ahead_keep_no_others_and_go_when_others_do, fresh_store) {
  auto batch = batch_of();
  for (int n = 0; n < 20; ++n) {
    const auto ts = n < 10 ? 400 * day_ms : 40 * day_ms; // those in front: a year ahead
    batch.writes.emplace_back(put_received_transaction{"a.example", std::to_string(n), "{}", ts});
    batch.writes.emplace_back(put_command_result{std::to_string(n), "n", true, "b", ts});
  }
  BOOST_REQUIRE(store->commit({&batch, 1}));
  purge_limits limits;
  limits.rows_max = 8;
  BOOST_TEST(purge_all(*store, 41 * day_ms, limits) == 0u);
  BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"0"})
               .result.has_value()); // or it would be carried out again
  const auto first = purge_all(*store, 80 * day_ms, limits);
  BOOST_TEST(first >= 36u);
  BOOST_TEST(first + purge_all(*store, 120 * day_ms, limits) == 40u); // those that were not yet in front
}

CAUSEWAY_ENGINE_CASE(command_is_known_again_after_all_results_were_purged, fresh_store) {
  for (int round = 0; round < 3; ++round) {
    must_commit(*store, put_command_result{"c", "n", true, std::to_string(round), round * 40 * day_ms});
    BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"c"}).result.value().body ==
               std::to_string(round));
    BOOST_TEST(purge_all(*store, (round * 40 + 39) * day_ms) == 1u);
    BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c"}).result);
    reopen();
  }
}

CAUSEWAY_ENGINE_CASE(outbox_rows_go_after_acknowledgement_and_retention_and_cursors_never_return, fresh_store) {
  for (int n = 0; n < 10; ++n) must_commit(*store, append_outbox{0, "n", "b"});
  must_commit(*store, acknowledge_outbox{0, 6});
  BOOST_TEST(purge_all(*store, 100 * day_ms) == 0u);
  must_commit(*store, acknowledge_outbox{0, 10});
  BOOST_TEST(purge_all(*store, 101 * day_ms) == 0u);
  BOOST_TEST(purge_all(*store, 130 * day_ms) == 6u);
  auto read = must_ask<outbox_read>(*store, read_outbox{});
  BOOST_TEST(read.first_kept == 7);
  BOOST_TEST(read.rows.size() == 4u);
  BOOST_TEST(purge_all(*store, 131 * day_ms) == 4u);
  read = must_ask<outbox_read>(*store, read_outbox{});
  BOOST_TEST(read.first_kept == 0);
  BOOST_TEST(read.head == 10);
  BOOST_TEST(read.acknowledged == 10);
  reopen();
  BOOST_TEST(must_commit(*store, append_outbox{0, "n", "b"}).outbox_heads.at(0) == 11);
}

CAUSEWAY_ENGINE_CASE(dead_letters_go_after_their_time_in_slices, fresh_store) {
  for (int n = 1; n <= 20; ++n)
    must_commit(*store, append_outbox{1, "n", "b"}, put_dead_letter{0, n, "why", n <= 15 ? day_ms : 40 * day_ms});
  purge_limits limits;
  limits.dead_letter_ms = 30 * day_ms;
  limits.rows_max = 8;
  BOOST_TEST(purge_all(*store, 31 * day_ms, limits) == 0u);
  BOOST_TEST(purge_all(*store, 32 * day_ms, limits) == 15u);
  const auto left = must_ask<dead_letters_listed>(*store, list_dead_letters{});
  BOOST_REQUIRE(left.letters.size() == 5u);
  BOOST_TEST(left.letters[0].at.cursor == 16);
}

CAUSEWAY_ENGINE_CASE(clock_that_ran_ahead_does_not_keep_the_outbox_for_ever, fresh_store) {
  must_commit(*store, append_outbox{0, "n", "b"}, acknowledge_outbox{0, 1});
  purge_all(*store, 100'000 * day_ms);
  purge_all(*store, 100 * day_ms);
  BOOST_TEST(purge_all(*store, 131 * day_ms) == 1u);
}

// -- bounds of answers ------------------------------------------------------------------------------------------------

namespace {

/// Invitations to one room by their turn: since n, of a state that says how they are listed.
struct many_invitations : fresh_store {
  explicit many_invitations(const engine_kind& kind) : fresh_store(kind) {
    auto batch = batch_of();
    for (std::int64_t n = 0; n < 30; ++n) {
      put_invitation x;
      x.room_id = n % 2 == 0 ? sample_room : "!other:x";
      x.user_id = "@u" + std::to_string(n) + ":x";
      x.state = n % 5 == 0   ? invitation_state::pending
                : n % 5 == 1 ? invitation_state::revoked_unconfirmed
                             : invitation_state::accepted;
      x.since_ts = n / 3; // so that some have the same
      x.event = std::string(1'000, 'e');
      x.invite_room_state = std::string(100'000, 's');
      batch.writes.emplace_back(x);
    }
    BOOST_REQUIRE(store->commit({&batch, 1}));
  }
  /// All pages of the list, one after another.
  std::vector<std::string> users(find_invitations x) {
    std::vector<std::string> all;
    for (int page = 0; page < 100; ++page) {
      const auto found = must_ask<invitations_found>(*store, x);
      BOOST_TEST(found.invitations.size() <= x.limit);
      for (const auto& one : found.invitations) {
        BOOST_TEST(one.event.empty());
        BOOST_TEST(one.invite_room_state.empty());
        all.push_back(one.user_id);
      }
      if (!found.next) return all;
      BOOST_TEST(!found.invitations.empty());
      x.after = found.next;
    }
    BOOST_ERROR("the list does not end");
    return all;
  }
};

} // namespace

CAUSEWAY_ENGINE_CASE(list_of_invitations_has_the_same_order_whatever_its_pages, many_invitations) {
  const auto whole = users({});
  BOOST_REQUIRE(whole.size() == 30u);
  BOOST_TEST(whole.front() == "@u25:x"); // open ones first, the latest of them before the others
  BOOST_TEST(whole[6] == "@u26:x");      // then what another server has still to hear
  BOOST_TEST(whole[12] == "@u29:x");     // then what is over
  BOOST_TEST(whole.back() == "@u2:x");
  for (const std::size_t limit : {1, 2, 3, 6, 7, 29, 30, 31})
    BOOST_TEST(users({.limit = limit}) == whole, boost::test_tools::per_element());
  const auto unsettled = users({.which = invitations_wanted::unsettled, .limit = 5});
  BOOST_TEST((unsettled == std::vector(whole.begin(), whole.begin() + 12)));
  const auto open = users({.which = invitations_wanted::open, .limit = 4});
  BOOST_TEST((open == std::vector(whole.begin(), whole.begin() + 6)));
}

CAUSEWAY_ENGINE_CASE(list_of_invitations_of_a_room_or_user_has_pages_too, many_invitations) {
  const auto of_room = users({.room_id = sample_room});
  BOOST_TEST(of_room.size() == 15u);
  BOOST_TEST(of_room.front() == "@u20:x");
  BOOST_TEST(users({.room_id = sample_room, .limit = 2}) == of_room, boost::test_tools::per_element());
  for (int n = 0; n < 4; ++n) {
    put_invitation x;
    x.room_id = "!r" + std::to_string(n) + ":x";
    x.user_id = "@u3:x";
    x.state = invitation_state::accepted;
    must_commit(*store, x);
  }
  BOOST_TEST(users({.user_id = "@u3:x", .limit = 2}).size() == 5u);
  BOOST_TEST(users({.room_id = sample_room, .user_id = "@u4:x", .limit = 1}).size() == 1u);
  BOOST_TEST(users({.room_id = sample_room, .user_id = "@u4:x", .which = invitations_wanted::open}).empty());
}

CAUSEWAY_ENGINE_CASE(list_of_invitations_is_bounded_in_bytes_and_gives_one_at_least, many_invitations) {
  put_invitation x;
  x.room_id = sample_room;
  x.user_id = "@wordy:x";
  x.state = invitation_state::pending;
  x.since_ts = 1'000;
  x.reason = std::string(50'000, 'r');
  must_commit(*store, x);
  const auto first = must_ask<invitations_found>(*store, find_invitations{.bytes_max = 10'000});
  BOOST_TEST(first.invitations.size() == 1u);
  BOOST_TEST(first.invitations.at(0).user_id == "@wordy:x");
  BOOST_TEST(users({.bytes_max = 1}).size() == 31u);
}

CAUSEWAY_ENGINE_CASE(invitation_that_changes_changes_its_place, many_invitations) {
  put_invitation x;
  x.room_id = "!other:x";
  x.user_id = "@u5:x";
  x.state = invitation_state::accepted;
  x.since_ts = 1'000;
  must_commit(*store, x);
  const auto all = users({.limit = 10});
  BOOST_TEST(all.size() == 30u);
  BOOST_TEST(all[11] == "@u5:x"); // the first of those that are over
}

CAUSEWAY_ENGINE_CASE(queue_is_read_in_parts_that_are_bounded_in_bytes, fresh_store) {
  std::vector<matrix::event_ptr> events;
  for (std::int64_t n = 1; n <= 4; ++n) {
    events.push_back(sample_message(n));
    must_commit(*store, accepted_at(events.back(), n), queue_pdu{"a.example", events.back()->event_id});
  }
  const auto bytes = events[0]->to_json().size();
  const auto read = [&](std::size_t bytes_max) {
    return must_ask<destination_loaded>(*store, load_destination{.server_name = "a.example", .bytes_max = bytes_max});
  };
  BOOST_TEST(read(1).pdus.size() == 1u);
  BOOST_TEST(read(1).more);
  BOOST_TEST(read(2 * bytes + 10).pdus.size() == 2u);
  BOOST_TEST(read(2 * bytes + 10).more);
  BOOST_TEST(read(5 * bytes).pdus.size() == 4u);
  BOOST_TEST(!read(5 * bytes).more);
}

CAUSEWAY_ENGINE_CASE(rooms_and_destinations_are_listed_within_a_bound_what_waits_first, fresh_store) {
  auto joining = sample_head("!joining:x");
  joining.phase = room_phase::joining;
  auto named = sample_head("!named:x");
  named.chat_room_id = "GENERAL";
  must_commit(*store, sample_head("!idle:x"), joining, named, put_inbox{"!named:x", "$1", "a.example", "{}", 1});
  const auto rooms = [&](list_rooms x) {
    std::vector<std::string> ids;
    for (const auto& room : must_ask<rooms_listed>(*store, std::move(x)).rooms) ids.push_back(room.room_id);
    return ids;
  };
  using texts = std::vector<std::string>;
  BOOST_TEST(rooms({}) == (texts{"!named:x", "!joining:x", "!idle:x"}), boost::test_tools::per_element());
  BOOST_TEST(rooms({.limit = 1}) == (texts{"!named:x"}), boost::test_tools::per_element());
  BOOST_TEST(rooms({.name = "GENERAL"}) == (texts{"!named:x"}), boost::test_tools::per_element());
  BOOST_TEST(rooms({.name = "!idle:x"}) == (texts{"!idle:x"}), boost::test_tools::per_element());
  BOOST_TEST(rooms({.name = "NOWHERE"}).empty());

  put_destination fails{"fails.example"}, failed_longer{"longer.example"};
  fails.failures = failed_longer.failures = 2;
  fails.first_failure_ts = 20;
  failed_longer.first_failure_ts = 10;
  must_commit(*store, put_destination{"healthy.example"}, fails, failed_longer);
  const auto servers = [&](list_destinations x) {
    texts all;
    for (const auto& one : must_ask<destinations_listed>(*store, std::move(x)).destinations)
      all.push_back(one.destination.server_name);
    return all;
  };
  BOOST_TEST(servers({}) == (texts{"longer.example", "fails.example", "healthy.example"}),
             boost::test_tools::per_element());
  BOOST_TEST(servers({.limit = 2}) == (texts{"longer.example", "fails.example"}), boost::test_tools::per_element());
  BOOST_TEST(servers({.server_name = "fails.example"}) == (texts{"fails.example"}), boost::test_tools::per_element());
  BOOST_TEST(servers({.server_name = "unknown.example"}).empty());
}

CAUSEWAY_ENGINE_CASE(room_is_loaded_with_its_invitations_but_not_what_they_showed_of_the_room, many_invitations) {
  must_commit(*store, sample_head());
  const auto loaded = must_ask<room_loaded>(*store, load_room{sample_room}).invitations;
  BOOST_REQUIRE(loaded.size() == 15u);
  BOOST_TEST(loaded[1].user_id == "@u2:x"); // in the order they were made
  BOOST_TEST(loaded[1].event.size() == 1'000u);
  BOOST_TEST(loaded[1].invite_room_state.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
