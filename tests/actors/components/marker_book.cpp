#include "actors/receipts/marker_book.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(receipts_marker_book_alone)

namespace {

using receipts::debts;
using receipts::marker_book;
using receipts::parked_markers;
using servers = std::vector<std::string>;

const std::string one_room = "!a:here.example", other_room = "!b:here.example";
const std::string ann = "@ann:here.example", eve = "@eve:there.example";

struct book_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::receipts, ""}};
  debts owed{node, out};
  parked_markers parked;
  marker_book book{node, out, owed, parked};
  std::size_t commands = 0;

  book_rig() {
    change(node).federation.receipts = true;
    out.set_now(now);
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  /// One of ours has read; there.example is in the room.
  markers_moved read(const std::string& event_id, const std::string& thread = {}, const std::string& room = one_room) {
    markers_moved m{room, "chat-1", "", {{ann, event_id, thread, 0, false}}};
    m.servers = std::make_shared<const servers>(servers{"there.example"});
    m.command = command_reference{"s", "c" + std::to_string(++commands), 0};
    return m;
  }
  static markers_moved theirs(const std::string& event_id, std::int64_t ts = noon - 1) {
    return {one_room, "chat-1", "there.example", {{eve, event_id, "", ts, false}}};
  }
  effects take(const markers_moved& m) {
    book.take(m);
    return out.take();
  }
  effects hear(const effects& asked, store::answer found) {
    BOOST_TEST(book.answered(token_in(asked), found));
    return out.take();
  }
  static token token_in(const effects& asked) {
    const auto questions = of_kind<ask_store>(asked);
    if (questions.size() != 1) throw std::runtime_error(std::to_string(questions.size()) + " questions");
    return questions[0].asked;
  }
  static store::load_receipts question_in(const effects& asked) {
    return std::get<store::load_receipts>(of_kind<ask_store>(asked).at(0).question);
  }
};

/// $1 to $9 lie in the room one behind the other, a second apart, the last of them at noon.
store::receipts_loaded nine(std::vector<store::put_receipt> known = {}) {
  store::receipts_loaded found;
  found.receipts = std::move(known);
  for (int i = 1; i <= 9; ++i)
    found.places.push_back(
      {"$" + std::to_string(i), i, noon - 1'000 * (9 - i), i == 3 ? std::string{"m3"} : std::string{}});
  return found;
}
store::put_receipt known_of(const std::string& user, std::int64_t position, const std::string& thread = {}) {
  return {one_room, user, thread, false, "$" + std::to_string(position), position, noon, 0};
}
/// How a command has ended; nothing: it has not.
std::optional<fault_code> end_of(const effects& list, const std::string& id = {}) {
  for (const auto& [to, done] : told<command_done>(list))
    if (id.empty() || done.reference.command_id == id)
      return done.succeeded ? fault_code::none : chat::decode_fault(done.body).code;
  return {};
}

} // namespace

// -- ours

BOOST_FIXTURE_TEST_CASE(a_marker_is_written_owed_and_answered, book_rig) {
  const auto asked = take(read("$3", "$root"));
  BOOST_TEST(question_in(asked).room_id == one_room);
  BOOST_TEST(question_in(asked).user_ids == servers{ann}, boost::test_tools::per_element());
  BOOST_TEST(question_in(asked).event_ids == servers{"$3"}, boost::test_tools::per_element());
  BOOST_TEST(book.waiting() == 1u);
  const auto list = hear(asked, nine());
  const auto rows = written<store::put_receipt>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].user_id == ann);
  BOOST_TEST(rows[0].thread == "$root");
  BOOST_TEST(rows[0].position == 3);
  BOOST_TEST(rows[0].change == 1);
  BOOST_TEST(rows[0].ts == now);
  BOOST_TEST(written<store::put_receipt_debt>(list).size() == 1u);
  BOOST_TEST((end_of(list) == fault_code::none));
  BOOST_TEST(told<ephemeral_notification>(list).empty()); // the chat server has said so itself
  BOOST_TEST(book.waiting() == 0u);
  BOOST_TEST(book.is_idle());
  BOOST_TEST(book.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(changes_are_counted_on_from_what_is_on_disk, book_rig) {
  book.load({{}, {}, 41});
  BOOST_TEST(written<store::put_receipt>(hear(take(read("$3")), nine())).at(0).change == 42);
  BOOST_TEST(written<store::put_receipt>(hear(take(read("$4")), nine())).at(0).change == 43);
}

BOOST_FIXTURE_TEST_CASE(a_marker_that_is_not_ahead_is_answered_and_changes_nothing, book_rig) {
  for (const auto* behind : {"$4", "$5"}) {
    const auto list = hear(take(read(behind)), nine({known_of(ann, 5)}));
    BOOST_TEST((end_of(list) == fault_code::none));
    BOOST_TEST(written<store::put_receipt>(list).empty());
  }
  BOOST_TEST(written<store::put_receipt>(hear(take(read("$6")), nine({known_of(ann, 5)}))).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(of_each_thread_and_of_what_is_private_there_is_a_marker_of_its_own, book_rig) {
  BOOST_TEST(written<store::put_receipt>(hear(take(read("$2", "main")), nine({known_of(ann, 5)}))).size() == 1u);
  auto m = read("$2");
  m.markers[0].is_private = true;
  const auto list = hear(take(m), nine({known_of(ann, 5)}));
  BOOST_REQUIRE(written<store::put_receipt>(list).size() == 1u);
  BOOST_TEST(written<store::put_receipt>(list)[0].change == 0); // nobody is ever told of it
  BOOST_TEST(written<store::put_receipt_debt>(list).empty());
}

BOOST_FIXTURE_TEST_CASE(nobody_is_owed_what_nobody_else_can_hear_but_who_comes_later_is, book_rig) {
  auto alone = read("$1");
  alone.servers = std::make_shared<const servers>();
  auto list = hear(take(alone), nine());
  BOOST_TEST(written<store::put_receipt>(list).at(0).change == 1);
  BOOST_TEST(written<store::put_receipt_debt>(list).empty());
  auto untold = read("$2");
  untold.servers = nullptr;
  list = hear(take(untold), nine());
  BOOST_TEST(written<store::put_receipt>(list).at(0).change == 0);
  change(node).federation.receipts = false;
  list = hear(take(read("$3")), nine());
  BOOST_TEST(written<store::put_receipt>(list).at(0).change == 0);
  BOOST_TEST((end_of(list) == fault_code::none));
}

BOOST_FIXTURE_TEST_CASE(a_message_that_is_not_there_and_a_store_that_fails_are_told_apart, book_rig) {
  BOOST_TEST((end_of(hear(take(read("$x")), nine())) == fault_code::not_found));
  BOOST_TEST(parked.size() == 0u); // ours does not overtake its message
  BOOST_TEST((end_of(hear(take(read("$3")), fault{fault_code::store_failed, "broken"})) == fault_code::store_failed));
  BOOST_TEST(book.waiting() == 0u);
  BOOST_TEST(book.is_idle());
}

BOOST_FIXTURE_TEST_CASE(of_several_markers_those_that_can_move_do_though_one_cannot, book_rig) {
  auto m = read("$3");
  m.markers.push_back({ann, "$x", "main", 0, false});
  const auto list = hear(take(m), nine());
  BOOST_TEST((end_of(list) == fault_code::not_found));
  BOOST_TEST(written<store::put_receipt>(list).size() == 1u);
}

// -- one question of a room at a time

BOOST_FIXTURE_TEST_CASE(what_comes_while_the_store_is_asked_knows_what_was_decided_before, book_rig) {
  const auto first = take(read("$5"));
  BOOST_TEST(of_kind<ask_store>(take(read("$6"))).empty());
  BOOST_TEST(of_kind<ask_store>(take(read("$4"))).empty());
  const auto elsewhere = take(read("$2", {}, other_room));
  BOOST_TEST(question_in(elsewhere).room_id == other_room); // another room does not wait for it
  const auto second = hear(first, nine());
  BOOST_TEST((end_of(second, "c1") == fault_code::none));
  BOOST_TEST(!end_of(second, "c2"));
  BOOST_TEST(question_in(second).event_ids.size() == 2u); // both together
  // $4 is not written: $6 has been, with the same answer.
  const auto list = hear(second, nine({known_of(ann, 5)}));
  const auto rows = written<store::put_receipt>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].position == 6);
  BOOST_TEST((end_of(list, "c2") == fault_code::none));
  BOOST_TEST((end_of(list, "c3") == fault_code::none));
  BOOST_TEST(!book.is_idle());
  (void)hear(elsewhere, nine());
  BOOST_TEST(book.is_idle());
}

BOOST_FIXTURE_TEST_CASE(so_many_markers_are_decided_with_one_answer_and_the_rest_with_the_next, book_rig) {
  const auto first = take(read("$1"));
  auto half = theirs("$1");
  half.markers.assign(marker_book::at_once_max / 2, half.markers[0]);
  (void)take(half);
  (void)take(half);
  (void)take(read("$2"));
  const auto second = hear(first, nine());
  BOOST_TEST(book.waiting() == marker_book::at_once_max + 1);
  BOOST_TEST(question_in(second).user_ids == servers{eve}, boost::test_tools::per_element());
  const auto third = hear(second, nine());
  BOOST_TEST(question_in(third).user_ids == servers{ann}, boost::test_tools::per_element());
  // More than that in one message are decided all the same.
  auto many = theirs("$1");
  many.markers.assign(marker_book::at_once_max + 1, many.markers[0]);
  (void)take(many);
  const auto fourth = hear(third, nine());
  BOOST_TEST(of_kind<ask_store>(fourth).size() == 1u);
  (void)hear(fourth, nine());
  BOOST_TEST(book.waiting() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_store_that_says_nothing_is_not_waited_for_and_its_late_answer_is_nobodys, book_rig) {
  const auto first = take(read("$1"));
  after(1'000);
  (void)take(read("$2"));
  BOOST_TEST(book.deadline() == noon + marker_book::answer_ms_max);
  after(marker_book::answer_ms_max - 1'001);
  book.on_deadline();
  BOOST_TEST(out.take().empty());
  after(1);
  book.on_deadline();
  const auto list = out.take();
  BOOST_TEST((end_of(list, "c1") == fault_code::timed_out));
  BOOST_TEST(!end_of(list, "c2"));
  BOOST_TEST(!book.answered(token_in(first), nine()));
  BOOST_TEST((end_of(hear(list, nine())) == fault_code::none));
  BOOST_TEST(book.is_idle());
}

BOOST_FIXTURE_TEST_CASE(beyond_the_bound_a_command_is_refused_and_what_others_say_is_passed_over_with_one_line,
                        book_rig) {
  auto many = theirs("$1");
  many.markers.assign(marker_book::waiting_max, many.markers[0]);
  const auto first = take(many);
  BOOST_TEST((end_of(take(read("$1"))) == fault_code::overloaded));
  const auto passed_over = of_kind<note>(take(theirs("$2")));
  BOOST_REQUIRE(passed_over.size() == 1u);
  BOOST_TEST(passed_over[0].what.starts_with("P801 "));
  BOOST_TEST(of_kind<note>(take(theirs("$2"))).empty());
  after(60'000);
  BOOST_TEST(of_kind<note>(take(theirs("$2"))).size() == 1u);
  BOOST_TEST(book.waiting() == marker_book::waiting_max);
  (void)hear(first, nine());
  BOOST_TEST(of_kind<ask_store>(take(read("$1"))).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(of_too_many_threads_the_marker_furthest_back_goes_and_no_other_users, book_rig) {
  std::vector<store::put_receipt> known;
  for (std::size_t i = 0; i < marker_book::threads_max; ++i)
    known.push_back(known_of(ann, i == 7 ? 1 : 2, "$root" + std::to_string(i)));
  known.push_back(known_of("@anna:here.example", 0));
  known.push_back(known_of("@an:here.example", 0));
  auto list = hear(take(read("$9", "$new")), nine(known));
  const auto gone = written<store::remove_receipt>(list);
  BOOST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0].user_id == ann);
  BOOST_TEST(gone[0].thread == "$root7");
  BOOST_TEST(written<store::put_receipt>(list).size() == 1u);
  // One that moves takes its own place.
  BOOST_TEST(written<store::remove_receipt>(hear(take(read("$9", "$root7")), nine(known))).empty());
  // With one less there is place.
  known.erase(known.begin());
  BOOST_TEST(written<store::remove_receipt>(hear(take(read("$9", "$new")), nine(known))).empty());
}

// -- those of other servers

BOOST_FIXTURE_TEST_CASE(a_receipt_of_another_server_is_kept_and_told_and_owed_to_nobody, book_rig) {
  const auto list = hear(take(theirs("$3")), nine());
  BOOST_TEST(written<store::put_receipt>(list).at(0).change == 0);
  BOOST_TEST(written<store::put_receipt_debt>(list).empty());
  const auto told_of = told<ephemeral_notification>(list);
  BOOST_REQUIRE(told_of.size() == 1u);
  BOOST_TEST((told_of[0].first.kind == actor_kind::session));
  const auto n = *edge::unpack<chat::receipt_changed>(told_of[0].second.body, fault_code::bad_body);
  BOOST_TEST(n.user == eve);
  BOOST_TEST(n.message == "m3");
  BOOST_TEST(n.room == "chat-1");
  BOOST_TEST(!n.thread);
  BOOST_TEST(told<ephemeral_notification>(hear(take(theirs("$2")), nine({known_of(eve, 3)}))).empty());
}

BOOST_FIXTURE_TEST_CASE(when_somebody_has_read_lies_between_the_message_and_now, book_rig) {
  const auto ts = [&](std::int64_t said, const std::string& event_id = "$3") {
    return written<store::put_receipt>(hear(take(theirs(event_id, said)), nine())).at(0).ts;
  };
  const auto sent = noon - 6'000;
  BOOST_TEST(ts(sent - 1) == sent);
  BOOST_TEST(ts(sent + 1) == sent + 1);
  BOOST_TEST(ts(now + 1) == now);
  BOOST_TEST(ts(0) == now);
  BOOST_TEST(ts(-5) == now);
  after(-2'000); // a message from the future
  BOOST_TEST(ts(now - 1, "$9") == now);
}

BOOST_FIXTURE_TEST_CASE(a_receipt_that_overtakes_its_message_is_looked_for_again_until_it_has_come, book_rig) {
  BOOST_TEST(written<store::put_receipt>(hear(take(theirs("$x")), nine())).empty());
  BOOST_TEST(parked.size() == 1u);
  BOOST_TEST(!book.is_idle());
  BOOST_TEST(book.deadline() == now + parked_markers::pause_ms_min);
  after(parked_markers::pause_ms_min);
  book.on_deadline();
  const auto again = out.take();
  BOOST_TEST(question_in(again).event_ids == servers{"$x"}, boost::test_tools::per_element());
  auto found = nine();
  found.places.push_back({"$x", 10, noon, {}});
  BOOST_TEST(told<ephemeral_notification>(hear(again, found)).size() == 1u);
  BOOST_TEST(parked.size() == 0u);
  BOOST_TEST(book.is_idle());
}

BOOST_FIXTURE_TEST_CASE(switched_off_nobody_is_waited_for_any_more, book_rig) {
  (void)hear(take(theirs("$x")), nine());
  change(node).federation.receipts = false;
  after(parked_markers::pause_ms_min);
  book.on_deadline();
  BOOST_TEST(of_kind<ask_store>(out.take()).empty());
  BOOST_TEST(book.is_idle());
  BOOST_TEST(book.deadline() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
