#include "actors/room/gap_answers.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(gap_answers_suite)

BOOST_AUTO_TEST_CASE(of_each_event_the_last_answer_to_each_question_is_told_the_latest_last) {
  room::gap_answers answers;
  answers.note(1, {"a.example", "what leads to it", "no answer", 10});
  answers.note(1, {"a.example", "the state before it", "HTTP 404", 20});
  answers.note(1, {"b.example", "what leads to it", "HTTP 403", 30});
  answers.note(2, {"c.example", "what leads to it", "HTTP 500", 40});
  const auto told = answers.describe(1);
  BOOST_TEST_REQUIRE(told.size() == 2u);
  BOOST_TEST(*told[0].find_string("question") == "the state before it");
  BOOST_TEST(*told[1].find_string("server") == "b.example");
  BOOST_TEST(*told[1].find_string("answer") == "HTTP 403");
  BOOST_TEST(*told[1].find_integer("ts") == 30);
  answers.forget(1);
  BOOST_TEST(answers.describe(1).empty());
  BOOST_TEST(answers.describe(2).size() == 1u);
}

BOOST_AUTO_TEST_CASE(so_many_of_the_latest_are_kept) {
  room::gap_answers answers;
  for (std::size_t i = 0; i <= room::gap_answers::kept_max; ++i)
    answers.note(1, {"a.example", std::to_string(i), "no answer", 1});
  const auto told = answers.describe(1);
  BOOST_TEST_REQUIRE(told.size() == room::gap_answers::kept_max);
  BOOST_TEST(*told.front().find_string("question") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
