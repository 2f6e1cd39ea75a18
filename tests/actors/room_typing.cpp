#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_typing)

namespace {

struct typing_room : shared_room {
  /// What the chat server is told when the EDU comes: nothing, or whether she is typing.
  std::vector<bool> edu(const std::string& user, bool typing) {
    edu_received m;
    m.origin = std::string{matrix::server_name_of(user)};
    m.body.edu_type = "m.typing";
    m.body.content = object{{"room_id", room_id}, {"user_id", user}, {"typing", typing}};
    last = on(m);
    return told_in(last);
  }
  std::vector<bool> told_in(const effects& list) const {
    std::vector<bool> found;
    for (const auto& [to, n] : told<ephemeral_notification>(list))
      found.push_back(n.body == chat::encode(chat::typing_changed{"chat-1", room_id, subject(n), true}));
    return found;
  }
  /// The user a notification is about, by the key under which a newer one replaces it.
  static std::string subject(const ephemeral_notification& n) { return n.key.substr(n.key.rfind('|') + 1); }
  effects last;
};

} // namespace

BOOST_AUTO_TEST_CASE(typing_is_told_as_it_comes) {
  typing_room r;
  BOOST_TEST(r.edu(eve, true) == std::vector<bool>{true}, boost::test_tools::per_element());
  BOOST_TEST(r.edu(eve, false) == std::vector<bool>{false}, boost::test_tools::per_element());
  BOOST_TEST(r.edu("@nobody:there.example", true).empty());
}

BOOST_AUTO_TEST_CASE(who_falls_silent_has_stopped_typing_after_a_minute) {
  typing_room r;
  r.edu(eve, true);
  r.pass(40'000);
  r.edu(eve, true); // said again
  r.edu(eli, true);
  BOOST_TEST(r.told_in(r.pass(59'000)).empty());
  const auto done = r.pass(1'000);
  BOOST_TEST(r.told_in(done) == (std::vector<bool>{false, false}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_of_the_next_half_hour_is_shown_with_the_time_of_now) {
  typing_room r;
  object pdu = r.message_of(eve, "from a fast clock")->source;
  pdu.set("origin_server_ts", r.now + 30 * 60'000);
  for (const auto* key : {"hashes", "signatures"}) pdu.erase(key);
  const auto x = *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
  const auto told = notified<chat::message_received>(r.push({x}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].ts <= r.now + 5 * 60'000);
  BOOST_TEST(told[0].ts >= r.now);
}

BOOST_AUTO_TEST_SUITE_END()
