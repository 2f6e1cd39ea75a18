#include "actors/invitation/invite_request.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(invite_request)

namespace {

const matrix::room_version_rules& rules() { return *matrix::find_room_version("11"); }

matrix::event_ptr invite(const std::string& reason = {}) {
  object pdu{{"type", "m.room.member"},
             {"room_id", "!r:here.example"},
             {"sender", "@ann:here.example"},
             {"state_key", "@eve:there.example"},
             {"content", object{{"membership", "invite"}, {"reason", reason}}},
             {"origin_server_ts", 1},
             {"depth", 5},
             {"prev_events", matrix::json::array{}},
             {"auth_events", matrix::json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), rules(), "here.example", key_of('h'));
}

std::string state_with(const std::string& topic) {
  return R"([{"type":"m.room.name","state_key":"","sender":"@ann:here.example","content":{"name":"a channel"},)"
         R"("depth":3,"hashes":{},"signatures":{}},)"
         R"({"type":"m.room.topic","state_key":"","sender":"@ann:here.example","content":{"topic":")" +
         topic + R"("},"depth":4}])";
}

} // namespace

BOOST_AUTO_TEST_CASE(what_the_invited_server_may_know_of_the_room_stands_in_the_event_too) {
  const auto body = *matrix::json::parse(invitation::invite_request_body(*invite(), "11", state_with("t")));
  BOOST_TEST(*body.find_string("room_version") == "11");
  BOOST_TEST(body.find_array("invite_room_state")->size() == 2u);
  BOOST_TEST((body.find_array("invite_room_state")->at(0).find("depth") != nullptr)); // whole events beside the event
  const auto* within = body.find("event")->find("unsigned")->find_array("invite_room_state");
  BOOST_REQUIRE(within->size() == 2u);
  const object stripped{{"type", "m.room.name"},
                        {"state_key", ""},
                        {"sender", "@ann:here.example"},
                        {"content", object{{"name", "a channel"}}}};
  BOOST_TEST((within->at(0) == matrix::json::value{stripped}));
}

BOOST_AUTO_TEST_CASE(the_event_is_the_same_with_it_and_its_receiver_keeps_nothing_of_it) {
  const auto x = invite();
  const auto body = *matrix::json::parse(invitation::invite_request_body(*x, "11", state_with("t")));
  const auto received = *matrix::make_event(*body.find_object("event"), rules());
  BOOST_TEST(received->event_id == x->event_id);
  BOOST_TEST(received->to_json() == x->to_json());
}

BOOST_AUTO_TEST_CASE(no_event_becomes_too_large_by_it) {
  for (const std::size_t bytes : {1'000u, 30'000u, 58'000u, 60'000u, 64'000u}) {
    const auto x = invite(std::string(bytes, 'r'));
    const auto body =
      *matrix::json::parse(invitation::invite_request_body(*x, "11", state_with(std::string(20'000, 't'))));
    const auto event = matrix::json::canonical(*body.find("event"));
    BOOST_TEST(event.size() <= std::max<std::size_t>(65'536, x->to_json().size() + 50));
    const auto kept = body.find("event")->find("unsigned")->find_array("invite_room_state")->size();
    BOOST_TEST(kept == (bytes <= 30'000 ? 2u : bytes <= 60'000 ? 1u : 0u), bytes);
    BOOST_TEST(body.find_array("invite_room_state")->size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(nothing_known_is_an_empty_list) {
  const auto body = *matrix::json::parse(invitation::invite_request_body(*invite(), "11", ""));
  BOOST_TEST(body.find_array("invite_room_state")->empty());
  BOOST_TEST(body.find("event")->find("unsigned")->find_array("invite_room_state")->empty());
}

BOOST_AUTO_TEST_SUITE_END()
