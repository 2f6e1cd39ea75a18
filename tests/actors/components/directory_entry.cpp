#include "actors/room/directory_entry.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_directory_entry_alone)

namespace {

struct entry_rig : component_rig {
  room::directory_entry entry{room, out};
  effects observe() {
    entry.observe();
    return take();
  }
  void change(const std::string& type, matrix::json::object content) {
    const auto x = made(ann, type, std::move(content), "");
    (void)writer.add(x, writer.state_before(x->prev_events), {});
    (void)take();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(public_channel_is_listed_with_the_change_that_made_it_so_and_once) {
  entry_rig r;
  const auto list = r.observe();
  BOOST_REQUIRE(written<store::put_room_listing>(list).size() == 1u);
  BOOST_TEST(told<room_listed>(list).size() == 1u);
  BOOST_TEST(r.observe().empty());
}

BOOST_AUTO_TEST_CASE(change_that_is_seen_in_the_directory_is_told_and_no_other) {
  entry_rig r;
  (void)r.observe();
  r.change("m.room.history_visibility", {{"history_visibility", "joined"}});
  BOOST_TEST(written<store::put_room_listing>(r.observe()).empty());
  r.change("m.room.name", {{"name", "The lodge"}});
  const auto rows = written<store::put_room_listing>(r.observe());
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(told<room_listed>(r.observe()).empty());
}

BOOST_AUTO_TEST_CASE(room_that_is_left_is_taken_out) {
  entry_rig r;
  const auto before = told<room_listed>(r.observe());
  BOOST_REQUIRE(before.size() == 1u);
  r.writer.left();
  const auto list = r.observe();
  BOOST_REQUIRE(written<store::put_room_listing>(list).size() == 1u);
  BOOST_TEST(told<room_listed>(list).size() == 1u);
}

BOOST_AUTO_TEST_CASE(alias_that_one_of_ours_gave_the_room_is_served_and_one_of_others_is_not) {
  entry_rig r;
  r.change("m.room.canonical_alias", {{"alias", "#lodge:here.example"}});
  (void)r.observe();
  auto ask = [&](const std::string& alias) {
    r.entry.serve_alias(
      r.call_of("GET", "/_matrix/federation/v1/query/directory?room_alias=" + matrix::percent_encode(alias)));
    return shared_room::reply_in(r.take());
  };
  const auto known = ask("#lodge:here.example");
  BOOST_TEST(known.status == 200);
  BOOST_TEST(known.body.find("there.example") != std::string::npos);
  BOOST_TEST(ask("#other:here.example").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
