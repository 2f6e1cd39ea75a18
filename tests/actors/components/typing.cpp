#include "actors/room/typing.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_typing_alone)

namespace {

edu_received edu(const component_rig& r, const std::string& user, bool is_typing,
                 std::string origin = "there.example") {
  edu_received m;
  m.origin = std::move(origin);
  m.body.edu_type = "m.typing";
  m.body.content = matrix::json::object{{"room_id", r.room_id}, {"user_id", user}, {"typing", is_typing}};
  return m;
}

} // namespace

BOOST_AUTO_TEST_CASE(member_who_types_is_told_and_ends_by_themselves) {
  component_rig r;
  room::typing typing{r.room, r.out};
  typing.receive(edu(r, eve, true));
  auto list = r.take();
  BOOST_TEST(told<ephemeral_notification>(list).size() == 1u);
  BOOST_TEST(typing.deadline() == r.now + 60'000);
  BOOST_TEST(!typing.is_idle());
  r.after(60'000);
  typing.on_deadline();
  list = r.take();
  BOOST_TEST(told<ephemeral_notification>(list).size() == 1u);
  BOOST_TEST(typing.deadline() == 0);
  BOOST_TEST(typing.is_idle());
}

BOOST_AUTO_TEST_CASE(who_is_no_member_and_what_is_no_typing_is_passed_over) {
  component_rig r;
  room::typing typing{r.room, r.out};
  typing.receive(edu(r, "@nobody:there.example", true));
  auto odd = edu(r, eve, true);
  odd.body.content.set("typing", "yes");
  typing.receive(odd);
  odd = edu(r, eve, true);
  odd.body.edu_type = "m.receipt";
  typing.receive(odd);
  BOOST_TEST(r.take().empty());
  BOOST_TEST(typing.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
