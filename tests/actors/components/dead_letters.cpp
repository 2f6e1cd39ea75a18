#include "actors/directory/dead_letters.hpp"

#include "messages/chat/codec.hpp"
#include "messages/dead_letter_id.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::dead_letters;

BOOST_AUTO_TEST_SUITE(directory_dead_letters_alone)

namespace {

struct letters_rig {
  decision out{{actor_kind::directory, ""}};
  dead_letters letters{out};
  std::size_t commands = 0;

  template <class Command>
  effects run(Command x) {
    command_received m{{"s", "c" + std::to_string(++commands), 0}, std::make_shared<const chat::command>(x)};
    letters.run(m, x);
    return out.take();
  }
  effects list_after(std::optional<std::string> id = {}) { return run(chat::query_dead_letters{std::move(id)}); }
  effects hear(const effects& asked, store::answer found) {
    BOOST_TEST(letters.answered(
      store_answered{of_kind<ask_store>(asked).at(0).asked, std::make_shared<const store::answer>(std::move(found))}));
    return out.take();
  }
};

store::dead_letters_listed listed(std::vector<store::dead_letter_place> places, std::size_t reason_bytes = 3) {
  store::dead_letters_listed found;
  for (const auto& at : places) {
    auto& one = found.letters.emplace_back();
    one.at = at;
    one.name = "message.received";
    one.reason = std::string(reason_bytes, 'x');
  }
  return found;
}
command_done result_in(const effects& list) {
  const auto results = told<command_done>(list);
  if (results.size() != 1) throw std::runtime_error("not one RESULT");
  return results[0].second;
}
fault_code fault_in(const effects& list) {
  const auto done = result_in(list);
  return done.succeeded ? fault_code::none : chat::decode_fault(done.body).code;
}

const store::dead_letter_place third{0, 3};

} // namespace

BOOST_AUTO_TEST_CASE(id_that_is_none_is_refused_and_nothing_is_read) {
  letters_rig r;
  for (const auto& list : {r.list_after("x"), r.run(chat::dead_letter_retry{"x"}), r.run(chat::dead_letter_drop{""})}) {
    BOOST_TEST(of_kind<ask_store>(list).empty());
    BOOST_TEST(!result_in(list).succeeded);
  }
}

BOOST_AUTO_TEST_CASE(list_goes_on_behind_the_letter_that_is_named) {
  letters_rig r;
  const auto first = std::get<store::list_dead_letters>(of_kind<ask_store>(r.list_after()).at(0).question);
  BOOST_TEST(!first.after.has_value());
  const auto asked = r.list_after(dead_letter_id(third));
  const auto next = std::get<store::list_dead_letters>(of_kind<ask_store>(asked).at(0).question);
  BOOST_REQUIRE(next.after.has_value());
  BOOST_TEST((*next.after == third));
  const auto list = r.hear(asked, listed({{0, 4}, {0, 5}}));
  BOOST_TEST(result_in(list).succeeded);
  BOOST_TEST(written<store::put_command_result>(list).empty());
}

BOOST_AUTO_TEST_CASE(letter_is_brought_again_or_dropped_when_it_is_there) {
  letters_rig r;
  auto list = r.hear(r.run(chat::dead_letter_retry{dead_letter_id(third)}), listed({third}));
  BOOST_TEST(result_in(list).succeeded);
  BOOST_REQUIRE(written<store::retry_dead_letter>(list).size() == 1u);
  BOOST_TEST(written<store::retry_dead_letter>(list)[0].cursor == third.cursor);
  const auto commits = of_kind<persist>(list);
  BOOST_REQUIRE(commits.size() == 1u);
  BOOST_TEST(told<command_done>(commits[0].then).size() == 1u); // not before it is so
  list = r.hear(r.run(chat::dead_letter_drop{dead_letter_id(third)}), listed({third}));
  BOOST_TEST(written<store::drop_dead_letter>(list).size() == 1u);
  BOOST_TEST(written<store::retry_dead_letter>(list).empty());
}

BOOST_AUTO_TEST_CASE(the_next_letter_is_not_taken_for_one_that_is_gone) {
  letters_rig r;
  for (auto found : {listed({}), listed({{0, 4}}), listed({{1, 3}})}) {
    const auto list = r.hear(r.run(chat::dead_letter_drop{dead_letter_id(third)}), std::move(found));
    BOOST_TEST((fault_in(list) == fault_code::not_found));
    BOOST_TEST(written<store::drop_dead_letter>(list).empty());
  }
}

BOOST_AUTO_TEST_CASE(store_that_fails_changes_nothing) {
  letters_rig r;
  const auto list = r.hear(r.run(chat::dead_letter_retry{dead_letter_id(third)}), store::message_found{});
  BOOST_TEST((fault_in(list) == fault_code::store_failed));
  BOOST_TEST(written<store::retry_dead_letter>(list).empty());
  BOOST_TEST(!r.letters.answered(store_answered{12'345, std::make_shared<const store::answer>(listed({}))}));
}

BOOST_AUTO_TEST_CASE(texts_of_a_page_are_bounded_and_it_says_that_there_are_more) {
  letters_rig r;
  const auto bodies = [&](std::size_t reason_bytes) {
    return result_in(r.hear(r.list_after(), listed({{0, 1}, {0, 2}, {0, 3}}, reason_bytes))).body.size();
  };
  constexpr auto half = dead_letters::answer_bytes_max / 2;
  BOOST_TEST(bodies(half) < 2 * half);                   // two would be over it, with their names
  BOOST_TEST(bodies(half - 1'000) > 2 * (half - 1'000)); // two are within
  BOOST_TEST(bodies(half - 1'000) < 3 * (half - 1'000)); // and three are not
  BOOST_TEST(bodies(3 * half) > 3 * half);               // one is told however long it is
}

BOOST_AUTO_TEST_CASE(questions_are_bounded) {
  letters_rig r;
  const auto first = r.list_after();
  for (std::size_t i = 1; i < dead_letters::questions_max; ++i)
    BOOST_REQUIRE(of_kind<ask_store>(r.list_after()).size() == 1u);
  const auto refused = r.list_after();
  BOOST_TEST((fault_in(refused) == fault_code::overloaded));
  (void)r.hear(first, listed({}));
  BOOST_TEST(of_kind<ask_store>(r.list_after()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
