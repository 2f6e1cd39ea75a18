#include "engines.hpp"

/// What operators have changed.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_audit, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(audit_has_its_rows_latest_first_with_their_outcome, fresh_store) {
  put_audit retry{7'000, 7, "desk", "ann", "server.retry", R"({"server":"a.example"})", "they said it is up", "begun"};
  put_audit drop{8'000, 8, "", "bob", "dead_letter.drop", R"({"letter":"0-1"})", "spam", "begun"};
  must_commit(*store, put_audit{retry});
  must_commit(*store, put_audit{drop});
  retry.outcome = "done";
  must_commit(*store, put_audit{retry});
  const auto rows = must_ask<audit_listed>(*store, list_audit{}).rows;
  BOOST_TEST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].verb == "dead_letter.drop");
  BOOST_TEST(rows[0].outcome == "begun");
  const auto& x = rows[1];
  BOOST_TEST(x.number == 7'000);
  BOOST_TEST(x.ts == 7);
  BOOST_TEST(x.peer == "desk");
  BOOST_TEST(x.by == "ann");
  BOOST_TEST(x.arguments == R"({"server":"a.example"})");
  BOOST_TEST(x.reason == "they said it is up");
  BOOST_TEST(x.outcome == "done");
  BOOST_TEST(must_ask<audit_listed>(*store, list_audit{8}).rows.size() == 1u);
  BOOST_TEST(must_ask<audit_listed>(*store, list_audit{0, 1}).rows.at(0).number == 8'000);
}

CAUSEWAY_ENGINE_CASE(audit_keeps_the_latest_rows_and_no_more, fresh_store) {
  auto many = batch_of();
  constexpr std::int64_t surplus = 3;
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(audit_kept_max); ++i) {
    put_audit row;
    row.number = i;
    many.writes.emplace_back(std::move(row));
  }
  BOOST_REQUIRE(store->commit({&many, 1}));
  for (std::int64_t i = 1; i <= surplus; ++i) {
    put_audit row;
    row.number = static_cast<std::int64_t>(audit_kept_max) + i;
    must_commit(*store, std::move(row));
  }
  const auto rows = must_ask<audit_listed>(*store, list_audit{0, rows_max}).rows;
  BOOST_TEST(rows.size() == audit_kept_max);
  BOOST_TEST(rows.back().number == surplus + 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
