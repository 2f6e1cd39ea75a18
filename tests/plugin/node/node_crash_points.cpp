#include "plugin/node_crash_points.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace causeway::crash {
BOOST_AUTO_TEST_SUITE(node_crash_points)

#ifdef CAUSEWAY_CRASH_POINTS

namespace {

/// How a child ends that arms `text` and then passes `at` so many times.
int status_of_child(const std::string& text, point at, int times) {
  const auto child = ::fork();
  if (child == 0) {
    if (!arm_from(text.c_str(), nullptr)) ::_exit(3);
    for (int i = 0; i < times; ++i) pass(at);
    ::_exit(0);
  }
  int ended = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(child, &ended, 0), child);
  return ended;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_point_and_mutant_is_listed_with_its_sentence_and_read_by_its_name) {
  for (const auto& x : points) {
    BOOST_TEST(("\n" + points_text()).find("\n" + std::string{x.name} + " ") != std::string::npos);
    const auto read = read_armed_point(std::string{x.name});
    BOOST_REQUIRE(read);
    BOOST_TEST((read->at == x.what));
    BOOST_TEST(read->passing == 1U);
    BOOST_TEST(!read->holds);
    BOOST_TEST(x.says.ends_with('.'));
  }
  for (const auto& x : mutants) {
    const auto read = read_mutant(std::string{x.name});
    BOOST_REQUIRE(read);
    BOOST_TEST((*read == x.what));
    BOOST_TEST(mutants_text().find(x.says) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_the_passing_and_hold_may_follow_in_any_order) {
  for (const auto* text : {"result_sent:7:hold", "result_sent:hold:7"}) {
    const auto read = read_armed_point(text);
    BOOST_REQUIRE(read);
    BOOST_TEST((read->at == point::result_sent));
    BOOST_TEST(read->passing == 7U);
    BOOST_TEST(read->holds);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused_in_words) {
  for (const auto* text : {"", "nowhere", "result_sent:0", "result_sent:-1", "result_sent:2x", "result_sent:wait",
                           "result_sent:99999999999"}) {
    const auto read = read_armed_point(text);
    BOOST_REQUIRE_MESSAGE(!read, text);
    BOOST_TEST((read.error().code == fault_code::invalid_param));
    BOOST_TEST(read.error().detail.starts_with(std::string{crash_variable} + "=" + text));
  }
  BOOST_TEST(!read_mutant("none"));
  BOOST_TEST(!arm_from("nowhere", nullptr));
  BOOST_TEST(!arm_from(nullptr, "no mutant"));
  BOOST_TEST(static_cast<bool>(arm_from("", nullptr)));
}

BOOST_AUTO_TEST_CASE(the_process_ends_by_sigkill_at_the_passing_that_was_named_and_not_before) {
  const auto killed = status_of_child("ack_received:3", point::ack_received, 3);
  BOOST_TEST(WIFSIGNALED(killed));
  BOOST_TEST(WTERMSIG(killed) == SIGKILL);
  BOOST_TEST(status_of_child("ack_received:3", point::ack_received, 2) == 0);
  BOOST_TEST(status_of_child("ack_received", point::result_sent, 5) == 0);
}

#else

BOOST_AUTO_TEST_CASE(a_build_without_crash_points_has_none_and_arms_none) {
  BOOST_TEST(points_text().empty());
  BOOST_TEST(mutants_text().empty());
  BOOST_TEST(!read_armed_point("result_sent"));
  BOOST_TEST(static_cast<bool>(arm_from("result_sent", "tell_before_commit")));
}

#endif

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::crash
