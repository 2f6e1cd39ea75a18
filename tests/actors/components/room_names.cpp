#include "actors/directory/room_names.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using namespace causeway::test;
using directory::room_names;

BOOST_AUTO_TEST_SUITE(directory_room_names_alone)

namespace {

struct names_rig {
  decision out{{actor_kind::directory, ""}};
  room_names names{out};

  names_rig() { out.set_now(noon); }
  fault_code why_not(const std::string& named) const {
    const auto room = names.resolve(named);
    return room ? fault_code::none : room.error().code;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(name_means_the_room_that_was_loaded_with_it_both_ways) {
  names_rig r;
  r.names.load({"!a:here.example", "general", "11"}, false);
  BOOST_TEST(*r.names.resolve("general") == "!a:here.example");
  BOOST_TEST(*r.names.chat_id_of("!a:here.example") == "general");
  BOOST_TEST(r.names.chat_id_of("!b:here.example") == nullptr);
}

BOOST_AUTO_TEST_CASE(room_id_stands_for_itself_and_what_is_none_is_refused) {
  names_rig r;
  BOOST_TEST(*r.names.resolve("!new:there.example") == "!new:there.example");
  BOOST_TEST((r.why_not("!") == fault_code::invalid_identifier));
  BOOST_TEST((r.why_not("") == fault_code::bad_body));
  BOOST_TEST((r.why_not("nobody") == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(room_that_is_being_created_has_its_name_for_a_minute) {
  names_rig r;
  r.names.begin("general", {"!a:here.example", noon, "all"});
  BOOST_TEST(*r.names.resolve("general") == "!a:here.example");
  BOOST_TEST(r.names.find("general") == nullptr);
  BOOST_TEST(r.names.is_being_given("all"));
  r.out.set_now(noon + room_names::creating_ms_max);
  BOOST_TEST((r.why_not("general") == fault_code::not_found));
  BOOST_TEST(!r.names.is_being_given("all"));
}

BOOST_AUTO_TEST_CASE(room_that_did_not_know_its_name_is_told_and_one_that_did_is_not) {
  names_rig r;
  const room_named named{"!a:here.example", "general", {}};
  r.names.name(named);
  BOOST_TEST(told<room_named>(r.out.take()).size() == 1U);
  r.names.name(named);
  BOOST_TEST(told<room_named>(r.out.take()).empty());
}

BOOST_AUTO_TEST_CASE(name_that_another_room_has_is_kept_by_that_one_and_the_log_says_so) {
  names_rig r;
  r.names.load({"!a:here.example", "general", "11"}, false);
  r.names.name({"!b:here.example", "general", {}});
  BOOST_TEST(*r.names.find("general") == "!a:here.example");
  BOOST_TEST(of_kind<note>(r.out.take()).size() == 1U);
  r.names.name({"!b:here.example", "general", "!a:here.example"}); // which goes on as this one
  BOOST_TEST(*r.names.find("general") == "!b:here.example");
}

BOOST_AUTO_TEST_CASE(binding_is_written_and_takes_the_place_of_the_former_one) {
  names_rig r;
  r.names.load({"!a:here.example", "general", "11"}, false);
  r.names.bind("!a:here.example", "all");
  BOOST_TEST(written<store::bind_room>(r.out.take()).size() == 1U);
  BOOST_TEST(*r.names.resolve("all") == "!a:here.example");
  BOOST_TEST((r.why_not("general") == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(room_that_was_founded_again_is_found_under_its_former_id_and_name) {
  names_rig r;
  r.names.load({"!a:here.example", "general", "11"}, false);
  r.names.succeed({"!a:here.example", "!b:here.example", "general"});
  r.names.succeed({"!b:here.example", "!c:here.example", "general"});
  BOOST_TEST(*r.names.resolve("!a:here.example") == "!c:here.example");
  BOOST_TEST(*r.names.resolve("general") == "!c:here.example");
  r.names.name({"!a:here.example", "general", {}}); // a late word
  BOOST_TEST(*r.names.resolve("general") == "!c:here.example");
}

BOOST_AUTO_TEST_SUITE_END()
