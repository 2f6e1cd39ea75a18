#include "plugin/canary.hpp"

#include "config/loader.hpp"
#include "plugin/node.hpp"
#include "plugin/node_canary.hpp"
#include "plugin/store/store_thread.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <unistd.h>

BOOST_AUTO_TEST_SUITE(node_canary)

namespace {

using namespace causeway;
using namespace std::chrono_literals;

/// A part that answers when it is told to.
struct part {
  std::vector<std::function<void(canary::answer)>> asked;
  bool is_excused = false;
  void answers(canary::answer x) const { asked.back()(x); }
};

/// A watchdog of 40 s over two parts, looked at every pause; the clock is a number.
struct rig {
  part one, two;
  canary bird{{path("one", one), path("two", two)}, 40s};
  canary::clock::time_point now{1000s};
  std::vector<std::string> late;

  static canary::path path(const std::string& name, part& x) {
    return {name, [&x](std::function<void(canary::answer)> done) { x.asked.push_back(std::move(done)); },
            [&x] { return x.is_excused; }};
  }
  /// @returns whether the watchdog was fed at one of the looks
  bool pass(std::chrono::seconds time) {
    bool fed = false;
    for (const auto end = now + time; now < end;) {
      now += bird.pause();
      auto found = bird.look(now);
      fed = fed || found.is_alive;
      late.insert(late.end(), found.late.begin(), found.late.end());
    }
    return fed;
  }
};

struct place {
  std::filesystem::path path;
  place() {
    char name[] = "/tmp/cw-canary-XXXXXX";
    path = mkdtemp(name);
  }
  ~place() { std::filesystem::remove_all(path); }
  place(const place&) = delete;
  config::options options() const {
    config::sources from;
    from.text =
      "[node]\nserver_name = \"node.test\"\ndata_dir = \"" + path.string() +
      "\"\nworker_threads = 2\n[edge]\nchat_endpoints = [\"ipc://" + (path / "chat.sock").string() +
      "\"]\nadmin_endpoint = \"\"\n[gateway]\nlisten = [\"127.0.0.1:0\"]\nplain_http = true\n[log]\nfile = \"" +
      (path / "log").string() + "\"\n";
    auto loaded = config::load(from);
    BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().detail));
    return *loaded;
  }
};

/// What comes of a question along a path, when it comes.
std::future<canary::answer> ask(const canary::path& x) {
  auto told = std::make_shared<std::promise<canary::answer>>();
  x.send([told](canary::answer a) { told->set_value(a); });
  return told->get_future();
}

/// Long enough for any machine; nothing waits for it to pass.
constexpr auto patience = 30s;

} // namespace

BOOST_AUTO_TEST_CASE(watchdog_is_fed_when_every_part_has_answered_and_not_before) {
  rig r;
  BOOST_TEST(!r.pass(5s));
  r.one.answers(canary::answer::arrived);
  BOOST_TEST(!r.pass(5s));
  r.two.answers(canary::answer::arrived);
  BOOST_TEST(r.pass(5s));
}

BOOST_AUTO_TEST_CASE(a_part_that_stands_still_is_asked_once_named_once_and_starves_the_watchdog) {
  rig r;
  BOOST_TEST(!r.pass(5s));
  r.one.answers(canary::answer::arrived);
  BOOST_TEST(!r.pass(400s));
  BOOST_TEST(r.two.asked.size() == 1U);
  BOOST_TEST(r.late == std::vector<std::string>{"two"}, boost::test_tools::per_element());
  r.two.answers(canary::answer::arrived);
  BOOST_TEST(r.pass(5s));
}

BOOST_AUTO_TEST_CASE(rounds_are_a_quarter_of_the_interval_apart) {
  rig r;
  for (int round = 1; round <= 5; ++round) {
    BOOST_TEST(!r.pass(5s));
    BOOST_TEST(r.one.asked.size() == static_cast<std::size_t>(round));
    r.one.answers(canary::answer::arrived);
    r.two.answers(canary::answer::arrived);
    BOOST_TEST(r.pass(5s));
  }
  BOOST_TEST(r.late.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_of_an_earlier_round_does_not_count_for_this_one) {
  rig r;
  r.pass(5s);
  const auto first = r.one.asked.back();
  r.one.answers(canary::answer::arrived);
  r.two.answers(canary::answer::arrived);
  BOOST_TEST(r.pass(5s));
  BOOST_TEST(!r.pass(5s));
  r.two.answers(canary::answer::arrived);
  first(canary::answer::arrived);
  BOOST_TEST(!r.pass(40s));
}

BOOST_AUTO_TEST_CASE(a_part_without_room_for_the_question_is_asked_again) {
  rig r;
  r.pass(5s);
  r.one.answers(canary::answer::arrived);
  r.two.answers(canary::answer::refused);
  BOOST_TEST(!r.pass(5s));
  BOOST_TEST(r.two.asked.size() == 2U);
  BOOST_TEST(r.one.asked.size() == 1U);
  r.two.answers(canary::answer::arrived);
  BOOST_TEST(r.pass(5s));
}

BOOST_AUTO_TEST_CASE(a_part_that_says_itself_why_it_waits_does_not_starve_the_watchdog) {
  rig r;
  r.pass(5s);
  r.one.answers(canary::answer::arrived);
  r.two.is_excused = true;
  BOOST_TEST(r.pass(5s));
  r.two.is_excused = false;
  r.pass(5s);
  r.one.answers(canary::answer::arrived);
  BOOST_TEST(!r.pass(40s));
}

BOOST_AUTO_TEST_CASE(the_canary_comes_through_scheduler_and_store_of_a_node) {
  const place here;
  auto node = node::start(here.options());
  BOOST_REQUIRE_MESSAGE(node, (node ? "" : to_string(node.error())));
  for (const auto& path : (*node)->canary_paths()) {
    auto told = ask(path);
    BOOST_REQUIRE_MESSAGE(told.wait_for(patience) == std::future_status::ready, path.name);
    BOOST_TEST((told.get() == canary::answer::arrived), path.name);
  }
}

BOOST_AUTO_TEST_CASE(the_canary_does_not_come_through_a_store_whose_writing_thread_stands_still) {
  const place here;
  const auto options = here.options();
  auto engine = store::open_sqlite(options.store);
  BOOST_REQUIRE(engine);
  store::store_thread store{std::move(*engine), options.store};
  std::promise<void> held, release;
  store.submit({}, [&](const result<store::commit_outcome>&) {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  canary bird{{through_store(store)}, 40s};
  canary::clock::time_point now{1000s};
  BOOST_TEST(!bird.look(now).is_alive);
  BOOST_TEST(bird.look(now + 20s).late == std::vector<std::string>{"store"}, boost::test_tools::per_element());
  BOOST_TEST(!bird.look(now + 400s).is_alive);
  release.set_value();
  // The next question stands behind that of the canary, in the same queue.
  auto after = ask(through_store(store));
  BOOST_REQUIRE(after.wait_for(patience) == std::future_status::ready);
  BOOST_TEST(bird.look(now + 401s).is_alive);
}

BOOST_AUTO_TEST_SUITE_END()
