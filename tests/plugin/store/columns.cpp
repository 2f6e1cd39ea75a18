#include "plugin/sqlite_database.hpp"
#include "plugin/store/columns.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Statements, bound values and what is read follow from one list.
namespace causeway::store::sql {
BOOST_AUTO_TEST_SUITE(store_columns)

namespace {

enum class colour { red, green };
constexpr const char* name(colour x) { return x == colour::red ? "red" : "green"; }
std::optional<colour> find_colour(std::string_view text) {
  if (text == "red") return colour::red;
  if (text == "green") return colour::green;
  return std::nullopt;
}

struct thing {
  std::string title, body;
  std::int64_t weight = 0;
  bool whole = false;
  std::vector<std::string> parts;
  std::vector<std::string> places;
  colour shade = colour::red;
  std::optional<colour> tint;
  bool operator==(const thing&) const = default;
};
struct thing_columns {
  using row = thing;
  static void columns(auto& f, auto& x) {
    f.derived("length", x.title.size());
    f.text("title", x.title);
    f.bytes("body", x.body);
    f.number("weight", x.weight);
    f.number("whole", x.whole);
    f.list("parts", x.parts);
    f.list("places", x.places);
    f.word("shade", x.shade, find_colour);
    f.optional_word("tint", x.tint, find_colour);
  }
};

struct table_of_things {
  table_of_things() {
    db.execute("CREATE TABLE things(id TEXT PRIMARY KEY, length INTEGER, title TEXT, body BLOB, weight INTEGER,"
               " whole INTEGER, parts BLOB, places BLOB, shade TEXT, tint TEXT)");
  }
  thing read() {
    statement select{db, "SELECT id, " + select_list<thing_columns>("t.") + ", weight FROM things t"};
    auto rows = select.query();
    BOOST_REQUIRE(rows.next());
    thing x;
    const auto next = read_row<thing_columns>(rows, 1, x);
    BOOST_TEST(rows.integer(next) == x.weight); // the column behind them
    return x;
  }
  sqlite_database db{":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
};

const thing sample{
  "a b", std::string{"\0\xff", 2}, -5, true, {"", "two words"}, {"one.x", "two.x"}, colour::green, colour::green};

} // namespace

BOOST_AUTO_TEST_CASE(statements_name_every_column_once) {
  BOOST_TEST(select_list<thing_columns>("t.") ==
             "t.length, t.title, t.body, t.weight, t.whole, t.parts, t.places, t.shade, t.tint");
  BOOST_TEST(insert_into<thing_columns>("things", {"id"}) ==
             "INSERT INTO things(id, length, title, body, weight, whole, parts, places, shade, tint)"
             " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  BOOST_TEST(
    insert_or_update<thing_columns>("things", {"id"})
      .ends_with(
        " ON CONFLICT(id) DO UPDATE SET length = ?2, title = ?3, body = ?4, weight = ?5, whole = ?6, parts = ?7,"
        " places = ?8, shade = ?9, tint = ?10"));
}

BOOST_FIXTURE_TEST_CASE(row_is_read_as_it_was_written_and_replaced, table_of_things) {
  statement put{db, insert_or_update<thing_columns>("things", {"id"})};
  write_row<thing_columns>(put, sample, std::string{"k"});
  BOOST_TEST((read() == sample));
  BOOST_TEST(db.integer("SELECT length FROM things") == static_cast<std::int64_t>(sample.title.size()));
  BOOST_TEST(db.integer("SELECT shade = 'green' AND tint = 'green' FROM things") == 1);
  write_row<thing_columns>(put, thing{}, std::string{"k"});
  BOOST_TEST((read() == thing{}));
  BOOST_TEST(db.integer("SELECT tint = '' FROM things") == 1); // none
  BOOST_TEST(db.integer("SELECT count(*) FROM things") == 1);
}

BOOST_FIXTURE_TEST_CASE(every_list_has_the_same_encoding, table_of_things) {
  statement put{db, insert_into<thing_columns>("things", {"id"})};
  thing x;
  x.parts = {"one.x", "two.x"};
  x.places = {"one.x", "two.x"};
  write_row<thing_columns>(put, x, std::string{"k"});
  BOOST_TEST(db.integer("SELECT parts = places FROM things") == 1);
  BOOST_TEST(db.integer("SELECT parts = x'92a56f6e652e78a574776f2e78' FROM things") == 1);
}

BOOST_FIXTURE_TEST_CASE(damaged_columns_are_an_error, table_of_things) {
  statement put{db, insert_into<thing_columns>("things", {"id"})};
  write_row<thing_columns>(put, sample, std::string{"k"});
  const auto is_damaged = [&](const std::string& change) {
    db.execute("BEGIN; UPDATE things SET " + change);
    bool thrown = false;
    try {
      read();
    } catch (const error& failed) {
      thrown = failed.kind == failure::damage;
    }
    db.execute("ROLLBACK");
    return thrown;
  };
  BOOST_TEST(!is_damaged("weight = 1"));
  BOOST_TEST(is_damaged("parts = x'c1'"));
  BOOST_TEST(is_damaged("places = 'one.x two.x'"));
  BOOST_TEST(is_damaged("shade = 'blue'"));
  BOOST_TEST(is_damaged("shade = ''"));
  BOOST_TEST(is_damaged("tint = 'blue'"));
  BOOST_TEST(!is_damaged("tint = 'red'"));
}

BOOST_AUTO_TEST_CASE(words_are_what_stands_between_blanks) {
  using texts = std::vector<std::string>;
  BOOST_TEST(words_of("").empty());
  BOOST_TEST(words_of("  ").empty());
  BOOST_TEST(words_of("a") == texts{"a"}, boost::test_tools::per_element());
  BOOST_TEST(words_of(" a  b ") == (texts{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store::sql
