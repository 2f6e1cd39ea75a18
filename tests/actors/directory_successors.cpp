// Rooms that another one has taken the place of: whoever names them means that one.
#include "actors/directory/directory_machine.hpp"

#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(directory_successors)

namespace {

/// The directory of here.example, which knows ann and rooms as they are stored.
struct rig {
  context node = here();
  std::unique_ptr<directory::directory_machine> machine;
  time_ms now = noon;

  explicit rig(std::vector<store::directory_loaded::room> rooms) {
    machine = std::make_unique<directory::directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{"@ann:here.example", "ann", "Ann", {}}};
    stored.rooms = std::move(rooms);
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  /// The room that a command reaches which names a room so.
  std::string meant_by(const std::string& name) {
    const auto sent = told<chat_command>(machine->on(
      command_received{{"s", "c", 0}, std::make_shared<const chat::command>(chat::member_leave{name, "ann", {}})},
      now));
    return sent.empty() ? std::string{} : sent[0].first.key;
  }
};

store::directory_loaded::room room(std::string id, std::string successor = {}) {
  return {std::move(id), "chat-1", "11", store::room_phase::joined, false, {}, std::move(successor)};
}

} // namespace

BOOST_AUTO_TEST_CASE(all_names_of_a_room_mean_the_one_that_follows) {
  rig r{{room("!a:here.example")}};
  BOOST_TEST(r.meant_by("chat-1") == "!a:here.example");
  const auto told_back =
    told<room_succeeded>(r.machine->on(room_succeeded{"!a:here.example", "!b:here.example", "chat-1"}, r.now));
  BOOST_REQUIRE(told_back.size() == 1u); // behind all commands that were sent there
  BOOST_TEST(told_back[0].first.key == "!a:here.example");
  for (const auto* name : {"chat-1", "!a:here.example", "!b:here.example"})
    BOOST_TEST(r.meant_by(name) == "!b:here.example", name);
  r.machine->on(room_succeeded{"!b:here.example", "!c:here.example", "chat-1"}, r.now);
  for (const auto* name : {"chat-1", "!a:here.example", "!b:here.example"})
    BOOST_TEST(r.meant_by(name) == "!c:here.example", name);
  // A late binding of the former room takes nothing back.
  r.machine->on(room_named{"!a:here.example", "chat-1"}, r.now);
  BOOST_TEST(r.meant_by("chat-1") == "!c:here.example");
}

BOOST_AUTO_TEST_CASE(so_it_is_after_a_restart) {
  rig r{{room("!a:here.example", "!b:here.example"), room("!b:here.example")}};
  BOOST_TEST(r.meant_by("chat-1") == "!b:here.example");
  BOOST_TEST(r.meant_by("!a:here.example") == "!b:here.example");
}

BOOST_AUTO_TEST_CASE(room_whose_successor_is_not_made_yet_is_the_one_that_is_meant) {
  rig r{{room("!a:here.example", "!b:here.example")}};
  BOOST_TEST(r.meant_by("chat-1") == "!a:here.example");
  BOOST_TEST(r.meant_by("!a:here.example") == "!a:here.example");
}

BOOST_AUTO_TEST_SUITE_END()
