#include "actors/room/receipt_commands.hpp"

#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_receipt_commands_alone)

namespace {

using texts = std::vector<std::string>;
const address receipts_actor{actor_kind::receipts, ""};

struct receipts_rig : command_rig {
  room::receipt_commands receipts{room, out};

  receipts_rig() { change(node).federation.receipts = true; }
  /// m1 and t1 are messages of the room; all else is none.
  static room::queued_command about(const texts& names) {
    auto c = queued();
    for (const auto& name : names) c.event_ids[name] = name == "m1" || name == "t1" ? "$" + name : "?";
    return c;
  }
  room::command_outcome read(const std::string& user, const std::string& message = "m1",
                             std::optional<std::string> thread = {}, bool is_private = false) {
    texts names{message};
    if (thread && *thread != chat::main_thread) names.push_back(*thread);
    return receipts.run(about(names), chat::mark_read{"chat-1", user, message, std::move(thread), {}, is_private});
  }
  /// What the receipts actor is told; one word.
  template <class T>
  T word() {
    const auto list = take();
    const auto words = told<T>(list);
    if (words.size() != 1 || words[0].first != receipts_actor) throw std::runtime_error("not one word");
    return words[0].second;
  }
  std::shared_ptr<const texts> servers_told() {
    (void)read(ann);
    return word<markers_moved>().servers;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_one_has_read_is_handed_on_with_the_other_servers_and_who_answers, receipts_rig) {
  BOOST_TEST(std::holds_alternative<room::ends_later>(read(ann)));
  const auto moved = word<markers_moved>();
  BOOST_TEST(moved.room_id == room_id);
  BOOST_TEST(moved.chat_room_id == "chat-1");
  BOOST_TEST(moved.origin == "");
  BOOST_REQUIRE(moved.markers.size() == 1u);
  BOOST_TEST(moved.markers[0].user_id == ann);
  BOOST_TEST(moved.markers[0].event_id == "$m1");
  BOOST_TEST(moved.markers[0].thread == "");
  BOOST_TEST(moved.markers[0].ts == 0);
  BOOST_TEST(!moved.markers[0].is_private);
  BOOST_REQUIRE(moved.servers);
  BOOST_TEST(*moved.servers == texts{"there.example"}, boost::test_tools::per_element());
  BOOST_REQUIRE(moved.command.has_value());
  BOOST_TEST(moved.command->command_id == "c1");
}

BOOST_FIXTURE_TEST_CASE(what_is_read_privately_or_not_to_be_told_names_no_server, receipts_rig) {
  (void)read(ann, "m1", {}, true);
  auto moved = word<markers_moved>();
  BOOST_TEST(!moved.servers);
  BOOST_TEST(moved.markers.at(0).is_private);
  change(node).federation.receipts = false;
  (void)read(ann);
  moved = word<markers_moved>();
  BOOST_TEST(!moved.servers);
  BOOST_TEST(!moved.markers.at(0).is_private); // the chat server of ours hears it all the same
}

BOOST_FIXTURE_TEST_CASE(a_thread_is_its_root_and_what_is_in_none_has_a_word_of_its_own, receipts_rig) {
  (void)read(ann, "m1", "t1");
  BOOST_TEST(word<markers_moved>().markers.at(0).thread == "$t1");
  (void)read(ann, "m1", chat::main_thread);
  BOOST_TEST(word<markers_moved>().markers.at(0).thread == chat::main_thread);
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_has_read_nothing_and_no_such_message_or_thread_is_named, receipts_rig) {
  BOOST_TEST((refusal_of(read(cyd)) == fault_code::not_member));
  const auto no_message = read(ann, "gone"), no_thread = read(ann, "m1", "lost");
  BOOST_TEST((refusal_of(no_message) == fault_code::not_found));
  BOOST_TEST(std::get<fault>(no_message).detail.starts_with("message: "));
  BOOST_TEST((refusal_of(no_thread) == fault_code::not_found));
  BOOST_TEST(std::get<fault>(no_thread).detail.starts_with("thread: "));
  BOOST_TEST(
    (refusal_of(receipts.run(about({"gone"}), chat::query_receipts{"chat-1", "gone"})) == fault_code::not_found));
  BOOST_TEST(take().empty());
}

BOOST_FIXTURE_TEST_CASE(a_thousand_who_read_share_one_list_of_servers_until_another_comes_in, receipts_rig) {
  const auto first = servers_told(), second = servers_told();
  BOOST_TEST(first == second);
  member(zoe, zoe, "join");
  const auto third = servers_told();
  BOOST_TEST(*third == (texts{"there.example", "third.example"}), boost::test_tools::per_element());
  BOOST_TEST(*first == texts{"there.example"}, boost::test_tools::per_element()); // who has it reads it still
  member(zoe, zoe, "leave");
  BOOST_TEST(*servers_told() == texts{"there.example"}, boost::test_tools::per_element());
}

// Who had been named by the join alone went on hearing what our users read, until the state changed.
BOOST_FIXTURE_TEST_CASE(where_not_all_members_are_known_servers_that_the_join_named_are_told_for_so_long,
                        receipts_rig) {
  const auto before = servers_told();
  writer.begin_partial_state("{}", {"there.example", "far.example"});
  BOOST_TEST(*servers_told() == (texts{"far.example", "there.example"}), boost::test_tools::per_element());
  writer.end_partial_state();
  BOOST_TEST(*servers_told() == texts{"there.example"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(who_has_read_is_asked_of_the_receipts_actor_from_where_the_page_ended, receipts_rig) {
  BOOST_TEST(
    std::holds_alternative<room::ends_later>(receipts.run(about({"m1"}), chat::query_receipts{"chat-1", "m1", bob})));
  auto asked = word<readers_request>();
  BOOST_TEST(asked.command.command_id == "c1");
  BOOST_TEST(asked.room_id == room_id);
  BOOST_TEST(asked.event_id == "$m1");
  BOOST_TEST(asked.after == bob);
  BOOST_TEST(std::holds_alternative<room::ends_later>(receipts.run(queued(), chat::query_read_positions{"chat-1"})));
  asked = word<readers_request>();
  BOOST_TEST(asked.event_id == "");
  BOOST_TEST(asked.after == "");
}

BOOST_AUTO_TEST_SUITE_END()
