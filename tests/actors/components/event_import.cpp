#include "actors/room/event_import.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::redaction_target;

BOOST_AUTO_TEST_SUITE(room_event_import_alone)

namespace {

using events_list = std::vector<matrix::event_ptr>;

struct import_rig : assembled_rig {
  /// A member event of another server's user with the state of today behind it.
  matrix::event_ptr joins(const std::string& user, std::vector<std::string> prev = {}) const {
    return made(user, "m.room.member", {{"membership", "join"}}, user, {}, std::move(prev));
  }
  /// The same event, resting on one more.
  matrix::event_ptr citing(const matrix::event_ptr& x, const std::string& event_id) const {
    auto pdu = x->source;
    for (const auto* key : {"hashes", "signatures"}) pdu.erase(key);
    auto auth = *pdu.find("auth_events")->as_array();
    auth.emplace_back(event_id);
    pdu.set("auth_events", std::move(auth));
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  /// As it would be in another room.
  static matrix::json::object elsewhere(const matrix::event_ptr& x) {
    auto pdu = x->source;
    pdu.set("room_id", "!other:there.example");
    return pdu;
  }
};

std::vector<std::string> ids(const events_list& list) {
  std::vector<std::string> all;
  for (const auto& x : list) all.push_back(x->event_id);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(of_what_a_server_gives_the_events_of_this_room_alone_are_taken) {
  import_rig r;
  const auto good = r.message_of(eve, "hello");
  auto no_sender = good->source;
  no_sender.erase("sender");
  const matrix::json::array given{7, nullptr, matrix::json::object{}, no_sender, r.elsewhere(good), good->source};
  BOOST_TEST(ids(r.import.parse(given, matrix::count_policy::bounded)) == ids({good}),
             boost::test_tools::per_element());
  BOOST_TEST(r.import.parse({}, matrix::count_policy::bounded).empty());
  BOOST_TEST(r.take().empty()); // nothing is taken in by reading it
}

BOOST_AUTO_TEST_CASE(what_is_at_hand_is_not_verified_again) {
  import_rig r;
  const auto known = r.message_of(eve, "known"), unknown = r.message_of(eve, "unknown");
  r.add(known);
  BOOST_TEST(ids(r.import.parse_unknown({known->source, unknown->source})) == ids({unknown}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_not_validly_signed_is_left_out_and_what_was_altered_is_stripped) {
  import_rig r;
  const events_list given{r.message_of(eve, "a"), r.message_of(eve, "b"), r.message_of(eve, "c"),
                          r.message_of(eve, "d"), r.message_of(eve, "e")};
  const std::vector<event_check> checks{event_check::valid, event_check::bad_signature, event_check::bad_hash,
                                        event_check::missing_signature, event_check::no_key};
  const auto good = room::event_import::verified(given, checks);
  BOOST_TEST(ids(good) == ids({given[0], given[2]}), boost::test_tools::per_element());
  BOOST_TEST(good[0]->content().find("body") != nullptr);
  BOOST_TEST(good[1]->content().find("body") == nullptr); // what it says is not what its server has signed
  BOOST_TEST(ids(room::event_import::stripped(given, checks)) == ids({given[2]}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_event_that_the_verifier_says_nothing_of_is_not_believed) {
  import_rig r;
  const events_list given{r.message_of(eve, "a"), r.message_of(eve, "b")};
  BOOST_TEST(room::event_import::verified(given, {event_check::valid}).size() == 1u);
  BOOST_TEST(room::event_import::stripped(given, {event_check::valid}).empty());
  BOOST_TEST(room::event_import::verified({}, {event_check::valid, event_check::valid}).empty());
}

BOOST_AUTO_TEST_CASE(outliers_are_taken_in_whatever_their_order_and_change_no_state) {
  import_rig r;
  const std::string zed = "@zed:there.example";
  const auto join = r.joins(zed);
  const auto leave = r.citing(r.made(zed, "m.room.member", {{"membership", "leave"}}, zed), join->event_id);
  r.import.add_outliers({leave, join});
  for (const auto& x : {join, leave}) {
    BOOST_REQUIRE(r.room.graph.find(x->event_id) != nullptr);
    BOOST_TEST((r.room.graph.find(x->event_id)->judged == store::verdict::outlier));
  }
  BOOST_TEST((r.room.graph.membership(zed) == matrix::membership::none));
  BOOST_TEST(r.events.changes.empty());
  const auto rows = written<store::put_event>(r.take());
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].event->event_id == join->event_id);
  r.import.add_outliers({leave}); // once
  BOOST_TEST(written<store::put_event>(r.take()).empty());
}

BOOST_AUTO_TEST_CASE(an_outlier_that_cites_what_nobody_has_is_left_out) {
  import_rig r;
  const auto odd = r.citing(r.joins("@zed:there.example"), "$" + std::string(43, 'x'));
  r.import.add_outliers({odd});
  BOOST_TEST(!r.has(odd));
}

BOOST_AUTO_TEST_CASE(an_event_that_was_redacted_before_it_came_is_looked_for_when_it_is_taken_in) {
  import_rig r;
  const std::string zed = "@zed:there.example";
  const auto target = r.joins(zed);
  const auto by = r.redaction_of(eve, target->event_id);
  r.redacted.accepted(*by, r.room.graph.current());
  store::redaction_loaded row;
  row.redaction = by;
  (void)r.hear<redaction_target>(r.redacted, assembled_rig::stored(r.take(), row)); // it is held
  r.import.add_outliers({target});
  const auto asked = of_kind<ask_store>(r.take());
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(std::get<store::load_redaction>(asked[0].question).target_event_id == target->event_id);
}

BOOST_AUTO_TEST_CASE(a_whole_state_is_what_its_events_make_without_what_is_rejected) {
  import_rig r;
  const std::string zed = "@zed:there.example", mal = "@mal:there.example";
  const auto join = r.joins(zed);
  auto pdu = r.made(mal, "m.room.name", {{"name", "mine"}}, "")->source; // who is not in the room names nothing
  const auto forbidden = *matrix::make_event(pdu, r.rules(), matrix::count_policy::bounded);
  room::remote_state::verified_events told;
  for (const auto& [key, id] : r.state()) told.state.push_back(r.event(id));
  told.state.push_back(join);
  told.state.push_back(forbidden);
  const auto state = r.import.add_state(std::move(told));
  BOOST_REQUIRE(state.contains({"m.room.member", zed}));
  BOOST_TEST((state.at({"m.room.member", zed}) == join->event_id));
  BOOST_TEST(state.contains({"m.room.member", ann}));
  BOOST_TEST(!state.contains({"m.room.name", ""}));
}

BOOST_AUTO_TEST_SUITE_END()
