#include "plugin/node_log.hpp"

#include "messages/matrix/json.hpp"

#include <boost/test/unit_test.hpp>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(log_of_a_node)

namespace {

const address room{actor_kind::room, "!r:a.example"};

struct place {
  std::filesystem::path path;
  place() {
    char name[] = "/tmp/cw-log-XXXXXX";
    path = mkdtemp(name);
  }
  ~place() { std::filesystem::remove_all(path); }
  place(const place&) = delete;
  /// What one line becomes.
  std::string written(const note& x, bool as_json) const {
    config::log_options options;
    options.file = (path / "causeway.log").string();
    options.format = as_json ? "json" : "text";
    node_log{options}.write(x, room);
    std::ostringstream out;
    out << std::ifstream{options.file}.rdbuf();
    std::filesystem::remove(options.file);
    return out.str();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(code_of_a_line_is_a_field_of_its_own) {
  const place p;
  const auto line =
    matrix::json::parse(p.written(note{log_level::info, "R102 event soft-failed", {{"event", "$e"}}}, true));
  BOOST_REQUIRE(static_cast<bool>(line));
  BOOST_TEST(*line->find_string("code") == "R102");
  BOOST_TEST(*line->find_string("what") == "event soft-failed");
  BOOST_TEST(*line->find_string("event") == "$e");
  BOOST_TEST(*line->find_string("actor") == "room/!r:a.example");
}

BOOST_AUTO_TEST_CASE(code_of_a_line_of_text_stands_behind_its_level) {
  const place p;
  const auto line = p.written(note{log_level::info, "R102 event soft-failed", {{"event", "$e"}}}, false);
  BOOST_TEST(line.ends_with(" info R102 room/!r:a.example event soft-failed event=$e\n"), line);
}

BOOST_AUTO_TEST_CASE(text_that_only_looks_like_one_with_a_code_stays_as_it_is) {
  const place p;
  for (const std::string text : {"R1020 of them", "R102", "r102 small", "RX02 letters", "plain"}) {
    const auto line = matrix::json::parse(p.written(note{log_level::info, text, {}}, true));
    BOOST_REQUIRE(static_cast<bool>(line));
    BOOST_TEST(line->find_string("code") == nullptr, text);
    BOOST_TEST(*line->find_string("what") == text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
