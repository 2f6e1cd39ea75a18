#include "engines.hpp"

/// How far everybody has read: what was written is what is read.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_receipts, *boost::unit_test::timeout(120))

namespace {

const std::string other_room = "!other:here.example";

put_event placed(const matrix::event_ptr& event, std::int64_t position, verdict judged = verdict::accepted) {
  return {event->room_id, event, judged, 0, 0, position, ""};
}
put_receipt marker(const std::string& user, const matrix::event_ptr& event, std::int64_t position,
                   std::int64_t change = 0, const std::string& thread = "", bool is_private = false) {
  return {event->room_id, user, thread, is_private, event->event_id, position, 1'700'000'000'000 + position, change};
}
matrix::event_ptr in_thread(const std::string& root) {
  namespace json = matrix::json;
  static const auto key = *matrix::signing_key::from_seed(std::string(32, 's'));
  json::object pdu{
    {"type", "m.room.message"},
    {"room_id", sample_room},
    {"sender", "@alice:here.example"},
    {"content",
     json::object{{"body", "x"}, {"m.relates_to", json::object{{"rel_type", "m.thread"}, {"event_id", root}}}}},
    {"depth", 9},
    {"origin_server_ts", 1'700'000'000'000},
    {"prev_events", json::array{}},
    {"auth_events", json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key);
}

using texts = std::vector<std::string>;
texts readers(engine& store, const find_readers& q) {
  texts all;
  for (const auto& x : must_ask<readers_found>(store, q).readers)
    all.push_back(x.marker.user_id + " " + std::to_string(x.marker.position) + x.marker.thread +
                  (x.marker.is_private ? " private" : ""));
  return all;
}

} // namespace

CAUSEWAY_ENGINE_CASE(markers_are_kept_by_user_thread_and_privacy, fresh_store) {
  const auto a = sample_message(1), b = sample_message(2);
  must_commit(*store, placed(a, 1), placed(b, 2), sample_head(), bind_message{sample_room, "m1", a->event_id},
              marker("@a:x", a, 1, 5), marker("@a:x", b, 2, 0, "main"), marker("@a:x", b, 2, 0, "", true),
              marker("@b:x", b, 2));
  must_commit(*store, marker("@a:x", b, 2, 7), remove_receipt{sample_room, "@a:x", "main", false},
              remove_receipt{"!unknown:x", "@a:x", "", false});
  reopen();
  const auto loaded =
    must_ask<receipts_loaded>(*store, load_receipts{sample_room, {"@a:x", "@c:x"}, {a->event_id, "$none"}});
  BOOST_REQUIRE(loaded.receipts.size() == 2u);
  const auto& open = loaded.receipts[0].is_private ? loaded.receipts[1] : loaded.receipts[0];
  BOOST_TEST(open.room_id == sample_room);
  BOOST_TEST(open.user_id == "@a:x");
  BOOST_TEST(open.thread == "");
  BOOST_TEST(!open.is_private);
  BOOST_TEST(open.event_id == b->event_id);
  BOOST_TEST(open.position == 2);
  BOOST_TEST(open.ts == 1'700'000'000'002);
  BOOST_TEST(open.change == 7);
  BOOST_REQUIRE(loaded.places.size() == 1u);
  BOOST_TEST(loaded.places[0].event_id == a->event_id);
  BOOST_TEST(loaded.places[0].position == 1);
  BOOST_TEST(loaded.places[0].ts == a->origin_server_ts);
  BOOST_TEST(loaded.places[0].chat_message_id == "m1");
  const auto nowhere = must_ask<receipts_loaded>(*store, load_receipts{"!unknown:x", {"@a:x"}, {a->event_id}});
  BOOST_TEST(nowhere.receipts.empty());
  BOOST_TEST(nowhere.places.empty());
}

CAUSEWAY_ENGINE_CASE(events_that_are_not_shown_have_no_place, fresh_store) {
  const auto a = sample_message(1), b = sample_message(2), c = sample_message(3), d = sample_message(4),
             elsewhere = sample_message(5, other_room);
  must_commit(*store, placed(a, -3), placed(b, 2, verdict::rejected), placed(c, 3, verdict::soft_failed),
              placed(d, 0, verdict::outlier), placed(elsewhere, 1), sample_head(), sample_head(other_room));
  const auto loaded = must_ask<receipts_loaded>(
    *store, load_receipts{sample_room, {}, {a->event_id, b->event_id, c->event_id, d->event_id, elsewhere->event_id}});
  BOOST_REQUIRE(loaded.places.size() == 1u);
  BOOST_TEST(loaded.places[0].position == -3);
  BOOST_TEST(!must_ask<readers_found>(*store, find_readers{sample_room, b->event_id, "", 10}).known);
  BOOST_TEST(!must_ask<readers_found>(*store, find_readers{sample_room, "$none", "", 10}).known);
  BOOST_TEST(!must_ask<readers_found>(*store, find_readers{"!unknown:x", a->event_id, "", 10}).known);
}

CAUSEWAY_ENGINE_CASE(readers_of_a_message_are_those_whose_marker_lies_at_it_or_behind, fresh_store) {
  const auto a = sample_message(1), b = sample_message(2), c = sample_message(3), root = sample_message(4);
  const auto reply = in_thread(root->event_id);
  must_commit(*store, placed(a, 1), placed(b, 2), placed(c, 3), placed(root, 4), placed(reply, 5), sample_head(),
              bind_message{sample_room, "m2", b->event_id}, marker("@a:x", a, 1), marker("@b:x", b, 2),
              marker("@c:x", c, 3, 0, "main"), marker("@c:x", a, 1), marker("@d:x", reply, 5, 0, root->event_id),
              marker("@e:x", c, 3, 0, "", true), marker("@f:x", reply, 5), marker("@f:x", b, 2, 0, "main"),
              marker("@alice:here.example", c, 3));
  BOOST_TEST(readers(*store, {sample_room, b->event_id, "", 10}) == (texts{"@b:x 2", "@c:x 3main", "@f:x 5"}),
             boost::test_tools::per_element());
  BOOST_TEST(readers(*store, {sample_room, reply->event_id, "", 10}) == (texts{"@d:x 5" + root->event_id, "@f:x 5"}),
             boost::test_tools::per_element());
  const auto first = must_ask<readers_found>(*store, find_readers{sample_room, b->event_id, "", 2});
  BOOST_TEST(first.more);
  BOOST_TEST(first.readers.at(0).chat_message_id == "m2");
  BOOST_TEST(first.readers.at(1).chat_message_id == "");
  BOOST_TEST(readers(*store, {sample_room, b->event_id, "@c:x", 2}) == texts{"@f:x 5"},
             boost::test_tools::per_element());
  BOOST_TEST(!must_ask<readers_found>(*store, find_readers{sample_room, b->event_id, "@b:x", 2}).more);
  BOOST_TEST(readers(*store, {sample_room, "", "", 10}) ==
               (texts{"@a:x 1", "@alice:here.example 3", "@b:x 2", "@c:x 3main", "@d:x 5" + root->event_id,
                      "@e:x 3 private", "@f:x 5"}),
             boost::test_tools::per_element());
  BOOST_TEST(readers(*store, {"!unknown:x", "", "", 10}).empty());
}

CAUSEWAY_ENGINE_CASE(debts_bring_the_markers_since_the_least_of_them, fresh_store) {
  const auto a = sample_message(1), b = sample_message(2, other_room);
  must_commit(*store, placed(a, 1), placed(b, 1), marker("@a:x", a, 1, 1), marker("@b:x", a, 1, 3),
              marker("@c:x", b, 1, 2, "main"), marker("@theirs:y", a, 1), marker("@d:x", a, 1, 4),
              put_receipt_debt{"there.example", 1}, put_receipt_debt{"third.example", 3},
              put_receipt_debt{"gone.example", 0});
  must_commit(*store, put_receipt_debt{"gone.example", -1}, put_receipt_debt{"unknown.example", -1},
              put_receipt_debt{"third.example", 2});
  reopen();
  auto found = must_ask<receipt_debts_loaded>(*store, load_receipt_debts{});
  std::map<std::string, std::int64_t> debts;
  for (const auto& x : found.debts) debts[x.server_name] = x.since;
  BOOST_TEST((debts == std::map<std::string, std::int64_t>{{"there.example", 1}, {"third.example", 2}}));
  BOOST_TEST(found.last_change == 4);
  texts markers;
  for (const auto& x : found.markers)
    markers.push_back(x.room_id + " " + x.user_id + " " + x.thread + " " + std::to_string(x.change));
  BOOST_TEST(markers == (texts{other_room + " @c:x main 2", sample_room + " @b:x  3", sample_room + " @d:x  4"}),
             boost::test_tools::per_element());
  found = must_ask<receipt_debts_loaded>(*store, load_receipt_debts{1}); // the newest
  BOOST_REQUIRE(found.markers.size() == 1u);
  BOOST_TEST(found.markers[0].user_id == "@d:x");
  must_commit(*store, put_receipt_debt{"there.example", -1}, put_receipt_debt{"third.example", -1});
  found = must_ask<receipt_debts_loaded>(*store, load_receipt_debts{});
  BOOST_TEST(found.markers.empty());
  BOOST_TEST(found.last_change == 4);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
