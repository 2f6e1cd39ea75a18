#include "actors/receipts/newcomers.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(receipts_newcomers)

namespace {

using receipts::debts;
using receipts::newcomers;

const std::string joined_room = "!a:here.example", reader = "@ann:here.example";

struct newcomer_rig {
  context node = here();
  decision out{{actor_kind::receipts, ""}};
  debts owed{node, out};
  newcomers servers{node, out, owed};

  newcomer_rig() {
    out.set_now(noon);
    change(node).federation.receipts = true;
  }
  /// The number of the question to the store; 0: none was asked.
  token joins(const std::string& server) {
    servers.take({joined_room, server, {reader}});
    const auto asked = of_kind<ask_store>(out.take());
    return asked.empty() ? 0 : asked.at(0).asked;
  }
  /// The least change that the server has not been told of, as it is written; -1: it is owed nothing.
  std::int64_t told_since(token asked, std::vector<store::put_receipt> found) {
    store::receipts_loaded loaded;
    loaded.receipts = std::move(found);
    BOOST_TEST(servers.answered(asked, store::answer{std::move(loaded)}));
    const auto rows = written<store::put_receipt_debt>(out.take());
    return rows.empty() ? -1 : rows.at(0).since;
  }
};

store::put_receipt marker(std::int64_t change, time_ms ts = noon) {
  return {joined_room, reader, "$thread" + std::to_string(change), false, "$e", change, ts, change};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_server_that_comes_in_is_owed_what_our_members_have_read, newcomer_rig) {
  const auto asked = joins("there.example");
  BOOST_REQUIRE(asked != 0u);
  BOOST_TEST(told_since(asked, {marker(9), marker(7)}) == 6);
  BOOST_TEST(!owed.is_idle());
  BOOST_TEST(owed.deadline() == noon + debts::newcomer_ms);
  BOOST_TEST(!servers.answered(asked, store::answer{store::receipts_loaded{}})); // once
}

BOOST_FIXTURE_TEST_CASE(what_is_private_or_old_or_was_never_to_be_told_is_owed_to_nobody, newcomer_rig) {
  auto is_private = marker(1);
  is_private.is_private = true;
  const auto of_others = marker(0);
  const auto old = marker(2, noon - debts::age_ms_max - 1);
  BOOST_TEST(told_since(joins("there.example"), {is_private, of_others, old}) == -1);
  BOOST_TEST(owed.is_idle());
}

BOOST_FIXTURE_TEST_CASE(of_many_markers_those_that_moved_last_are_owed, newcomer_rig) {
  std::vector<store::put_receipt> many;
  const auto max = static_cast<std::int64_t>(newcomers::markers_max);
  for (std::int64_t i = 1; i <= max + 5; ++i) many.push_back(marker(i));
  BOOST_TEST(told_since(joins("there.example"), many) == 5);
}

BOOST_FIXTURE_TEST_CASE(at_the_bound_of_questions_the_oldest_server_is_given_up, newcomer_rig) {
  const auto first = joins("s0.example");
  const auto second = joins("s1.example");
  for (std::size_t i = 2; i <= newcomers::questions_max; ++i) joins("s" + std::to_string(i) + ".example");
  BOOST_TEST(!servers.answered(first, store::answer{store::receipts_loaded{}}));
  BOOST_TEST(servers.answered(second, store::answer{store::receipts_loaded{}}));
}

BOOST_FIXTURE_TEST_CASE(nobody_is_asked_for_where_receipts_are_off_or_none_of_ours_is_in_the_room, newcomer_rig) {
  servers.take({joined_room, "there.example", {}});
  BOOST_TEST(out.take().empty());
  const auto asked = joins("there.example");
  change(node).federation.receipts = false;
  BOOST_TEST(joins("third.example") == 0u);
  BOOST_TEST(told_since(asked, {marker(1)}) == -1); // switched off meanwhile
}

BOOST_FIXTURE_TEST_CASE(a_store_that_fails_leaves_the_server_with_what_moves_from_then_on, newcomer_rig) {
  const auto asked = joins("there.example");
  BOOST_TEST(servers.answered(asked, store::answer{fault{fault_code::store_failed, "out of order"}}));
  BOOST_TEST(out.take().empty());
  BOOST_TEST(owed.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
