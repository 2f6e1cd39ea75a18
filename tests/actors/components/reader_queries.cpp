#include "actors/receipts/reader_queries.hpp"

#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using receipts::reader_queries;

BOOST_AUTO_TEST_SUITE(receipts_reader_queries_alone)

namespace {

struct queries_rig {
  time_ms now = noon;
  decision out{{actor_kind::receipts, ""}};
  reader_queries queries{out};
  std::size_t commands = 0;

  queries_rig() { out.set_now(now); }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  /// @param event_id  empty: everybody's position
  effects take(const std::string& event_id = "$x", const std::string& after_user = {}) {
    queries.take({{"s", "c" + std::to_string(++commands), 0}, "!r:here.example", event_id, after_user});
    return out.take();
  }
  effects hear(const effects& asked, const store::answer& found) {
    queries.answered(of_kind<ask_store>(asked).at(0).asked, found);
    return out.take();
  }
};

command_done result_in(const effects& list) {
  const auto results = told<command_done>(list);
  if (results.size() != 1) throw std::runtime_error("not one RESULT");
  return results[0].second;
}
fault_code fault_in(const effects& list) {
  const auto done = result_in(list);
  return done.succeeded ? fault_code::none : chat::decode_fault(done.body).code;
}

} // namespace

BOOST_AUTO_TEST_CASE(readers_are_told_as_the_store_has_them_and_nothing_is_kept) {
  queries_rig r;
  const auto asked = r.take("$x", "@bob:here.example");
  const auto question = std::get<store::find_readers>(of_kind<ask_store>(asked).at(0).question);
  BOOST_TEST(question.event_id == "$x");
  BOOST_TEST(question.after == "@bob:here.example");
  BOOST_TEST(question.limit == chat::listed_readers_max);
  store::readers_found found;
  found.known = found.more = true;
  auto& one = found.readers.emplace_back();
  one.marker.user_id = "@eve:there.example";
  one.marker.event_id = "$x";
  one.marker.thread = "$t";
  one.chat_message_id = "m1";
  const auto list = r.hear(asked, found);
  chat::marker_view view{"@eve:there.example", "$x", "m1", one.marker.ts, {}, {}};
  view.thread = "$t";
  BOOST_TEST(result_in(list).succeeded);
  BOOST_TEST(result_in(list).body == chat::encode(chat::answer{chat::readers_answer{{view}, true}}));
  BOOST_TEST(written<store::put_command_result>(list).empty()); // it is asked anew another time
  BOOST_TEST(r.queries.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(positions_are_an_answer_of_their_own) {
  queries_rig r;
  store::readers_found found;
  found.known = true;
  const auto list = r.hear(r.take(""), found);
  BOOST_TEST(result_in(list).body == chat::encode(chat::answer{chat::read_positions_answer{{}, false}}));
}

BOOST_AUTO_TEST_CASE(message_that_is_not_known_and_a_store_that_fails_are_told_apart) {
  queries_rig r;
  BOOST_TEST((fault_in(r.hear(r.take(), store::readers_found{false, {}, false})) == fault_code::not_found));
  BOOST_TEST((fault_in(r.hear(r.take(), store::message_found{})) == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(each_question_ends_at_its_own_time_and_a_late_answer_is_nobodys) {
  queries_rig r;
  const auto first = r.take();
  r.after(1'000);
  const auto second = r.take();
  BOOST_TEST(r.queries.deadline() == r.now + reader_queries::answer_ms_max - 1'000);
  r.after(reader_queries::answer_ms_max - 1'001);
  r.queries.on_deadline();
  BOOST_TEST(r.out.take().empty());
  r.after(1);
  r.queries.on_deadline();
  BOOST_TEST((fault_in(r.out.take()) == fault_code::timed_out));
  store::readers_found found;
  found.known = true;
  BOOST_TEST(r.hear(first, found).empty());
  BOOST_TEST(result_in(r.hear(second, found)).succeeded);
  BOOST_TEST(r.queries.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(open_questions_are_bounded) {
  queries_rig r;
  const auto first = r.take();
  for (std::size_t i = 1; i < reader_queries::open_max; ++i) BOOST_REQUIRE(of_kind<ask_store>(r.take()).size() == 1u);
  const auto refused = r.take();
  BOOST_TEST(of_kind<ask_store>(refused).empty());
  BOOST_TEST((fault_in(refused) == fault_code::overloaded));
  (void)r.hear(first, store::readers_found{});
  BOOST_TEST(of_kind<ask_store>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
