#include "actors/remote_server/store_questions.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <variant>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(remote_server_store_questions)

BOOST_AUTO_TEST_CASE(each_answer_belongs_to_its_own_question_and_is_taken_once) {
  decision out{{actor_kind::remote_server, "there.example"}};
  store_questions questions{out};
  const auto refill = questions.ask(refill_question{}, store::load_destination{"there.example"});
  inbound_request request;
  request.id = 7;
  const auto event = questions.ask(event_question{std::move(request)}, store::load_events{});
  const auto asked = of_kind<ask_store>(out.take());
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(asked[0].asked == refill);
  BOOST_TEST(std::holds_alternative<store::load_destination>(asked[0].question));
  BOOST_TEST(asked[1].asked == event);
  const auto found = questions.close(event);
  BOOST_REQUIRE(found.has_value());
  BOOST_REQUIRE(std::holds_alternative<event_question>(*found));
  BOOST_TEST(std::get<event_question>(*found).request.id == 7u);
  BOOST_TEST(!questions.close(event).has_value());
  BOOST_TEST(std::holds_alternative<refill_question>(*questions.close(refill)));
}

BOOST_AUTO_TEST_CASE(answer_to_an_earlier_incarnation_is_nobodys) {
  decision out{{actor_kind::remote_server, "there.example"}};
  store_questions questions{out};
  BOOST_TEST(!questions.close(0).has_value());
  const auto asked = questions.ask(catch_up_question{}, store::load_destination{});
  BOOST_TEST(!questions.close(asked + 1).has_value());
  BOOST_TEST(questions.is_open<catch_up_question>());
}

BOOST_AUTO_TEST_CASE(a_question_of_a_kind_is_open_until_the_last_of_it_is_answered) {
  decision out{{actor_kind::remote_server, "there.example"}};
  store_questions questions{out};
  BOOST_TEST(!questions.is_open<repetition_question>());
  const auto first = questions.ask(repetition_question{}, store::find_received_transaction{});
  const auto second = questions.ask(repetition_question{}, store::find_received_transaction{});
  BOOST_TEST(!questions.is_open<refill_question>());
  (void)questions.close(first);
  BOOST_TEST(questions.is_open<repetition_question>());
  (void)questions.close(second);
  BOOST_TEST(!questions.is_open<repetition_question>());
}

BOOST_AUTO_TEST_SUITE_END()
