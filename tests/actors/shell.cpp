// The shell and the supervisor on CAF's deterministic scheduler: one thread, virtual time, a store that answers when told.
#include "actors/shell.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(shell_suite)

namespace {

/// What a machine of these tests does: the test decides.
using script = std::function<effects(const message&, time_ms)>;

class scripted : public any_machine {
public:
  explicit scripted(script s) : script_(std::move(s)) {}
  effects on(const message& m, time_ms now) override { return script_(m, now); }
  std::string describe(time_ms) const override { return "{}"; }

private:
  script script_;
};

class fake_world : public world {
public:
  explicit fake_world(caf::scheduler::test_coordinator& scheduler) : scheduler_(scheduler) {}
  time_ms now() const override {
    return noon +
           std::chrono::duration_cast<std::chrono::milliseconds>(scheduler_.clock().current_time.time_since_epoch())
             .count();
  }
  void commit(store::store_batch batch, std::shared_ptr<std::atomic<bool>>,
              std::function<void(result<store::commit_outcome>)> done) override {
    commits.emplace_back(std::move(batch), std::move(done));
  }
  void ask(store::query, std::function<void(std::shared_ptr<const store::answer>)> done) override {
    done(std::make_shared<const store::answer>(store::invitation_loaded{}));
  }
  void send(gateway::http_request x) override { requests.push_back(x.id); }
  void send(federation_reply) override {}
  void send(std::vector<send_frame> x) override { frames.push_back(std::move(x)); }
  void media(message) override {}
  void send(status_told x) override { statuses.push_back(x.json); }
  void log(const note& x, const address&) override { logged.push_back(x.what); }

  /// The oldest commit ends, well or not.
  void finish_commit(fault why = {}, std::size_t which = 0) {
    auto done = std::move(commits.at(which).second);
    commits.erase(commits.begin() + static_cast<std::ptrdiff_t>(which));
    if (why.code == fault_code::none) done(store::commit_outcome{});
    else done(std::move(why));
  }

  std::deque<std::pair<store::store_batch, std::function<void(result<store::commit_outcome>)>>> commits;
  std::vector<std::uint64_t> requests;
  std::vector<std::vector<send_frame>> frames; ///< as handed over
  std::vector<std::string> statuses, logged;

private:
  caf::scheduler::test_coordinator& scheduler_;
};

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::causeway>();
    set("scheduler.policy", caf::atom("testing"));
  }
};

/// A supervisor of remote_server actors; "x" is the one the tests speak to.
struct rig {
  system_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  fake_world outside{scheduler};
  std::shared_ptr<switchboard> board = std::make_shared<switchboard>();
  config::supervisor_options options;
  script play = [](const message&, time_ms) { return effects{}; };
  std::vector<std::string> heard; ///< kinds of messages, in order
  int made = 0;
  std::shared_ptr<known_keys> known;
  std::shared_ptr<const causeway::door> guard;
  caf::actor boss;

  rig() { board->outside = &outside; }
  ~rig() {
    if (boss) caf::anon_send(boss, end_all{});
    scheduler.run();
  }
  void open() {
    boss = system.spawn(supervisor, std::shared_ptr<const switchboard>(board),
                        supervisor_settings{actor_kind::remote_server, options,
                                            [this](const std::string&) {
                                              ++made;
                                              return std::make_unique<scripted>([this](const message& m, time_ms now) {
                                                heard.push_back(kind_of(m));
                                                return play(m, now);
                                              });
                                            },
                                            known, guard});
    board->supervisors[static_cast<std::size_t>(actor_kind::remote_server)] = boss;
    scheduler.run();
  }
  static std::string kind_of(const message& m) {
    if (std::holds_alternative<start>(m)) return "start";
    if (const auto* t = std::get_if<timer_due>(&m)) return "timer " + t->name;
    if (const auto* a = std::get_if<server_alive>(&m)) return a->server_name;
    if (std::holds_alternative<store_answered>(m)) return "store";
    if (std::holds_alternative<passivate>(m)) return "passivate";
    return "other";
  }
  /// A message the test can tell from others by its word.
  void say(const std::string& word, const std::string& to = "x") {
    board->deliver({actor_kind::remote_server, to}, server_alive{word});
    scheduler.run();
  }
  void pass(std::chrono::milliseconds time) {
    scheduler.advance_time(time);
    scheduler.run();
  }
  std::vector<supervision> children() {
    std::vector<supervision> rows;
    auto done = std::make_shared<std::function<void(std::vector<supervision>)>>(
      [&](std::vector<supervision> r) { rows = std::move(r); });
    caf::anon_send(boss, list_children{done});
    scheduler.run();
    return rows;
  }
};

tell request_to_gateway(std::uint64_t id) {
  gateway::http_request r;
  r.id = id;
  return {{actor_kind::gateway, ""}, std::move(r)};
}

/// A batch that has something to write, and what follows it.
persist commit_then(std::uint64_t id) {
  persist p;
  p.batch.writes.push_back(store::acknowledge_outbox{0, 1});
  p.then.push_back(request_to_gateway(id));
  return p;
}
persist nothing_then(std::uint64_t id) {
  persist p;
  p.then.push_back(request_to_gateway(id));
  return p;
}

bool is_word(const message& m, const char* word) {
  const auto* a = std::get_if<server_alive>(&m);
  return a && a->server_name == word;
}

using std::chrono::milliseconds;
const std::vector<std::uint64_t> nothing;

} // namespace

// -- persist, then tell -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_follows_a_commit_is_told_when_it_is_on_disk_and_not_before) {
  rig r;
  r.play = [](const message& m, time_ms) {
    return is_word(m, "go") ? effects{commit_then(1), request_to_gateway(2)} : effects{};
  };
  r.open();
  r.say("go");
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{2}), boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_frames_of_one_decision_are_handed_over_together_and_in_order) {
  rig r;
  const auto frame = [](const char* body) {
    return tell{{actor_kind::edge, ""}, send_frame{{}, {edge::verb::event, {}, body}}};
  };
  r.play = [&](const message& m, time_ms) {
    if (!is_word(m, "go")) return effects{};
    persist later;
    later.batch.writes.push_back(store::acknowledge_outbox{0, 1});
    later.then.push_back(frame("after the commit"));
    return effects{frame("1"), std::move(later), request_to_gateway(1), frame("2")};
  };
  r.open();
  r.say("go");
  BOOST_REQUIRE(r.outside.frames.size() == 1u);
  BOOST_REQUIRE(r.outside.frames[0].size() == 2u);
  BOOST_TEST(r.outside.frames[0][0].body.body == "1");
  BOOST_TEST(r.outside.frames[0][1].body.body == "2");
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_REQUIRE(r.outside.frames.size() == 2u);
  BOOST_TEST(r.outside.frames[1].at(0).body.body == "after the commit");
}

BOOST_AUTO_TEST_CASE(a_frame_that_follows_nothing_to_write_comes_after_the_one_before_it) {
  rig r;
  const auto frame = [](const char* body) {
    return tell{{actor_kind::edge, ""}, send_frame{{}, {edge::verb::event, {}, body}}};
  };
  r.play = [&](const message& m, time_ms) {
    persist at_once;
    at_once.then.push_back(frame("2"));
    return is_word(m, "go") ? effects{frame("1"), std::move(at_once), frame("3")} : effects{};
  };
  r.open();
  r.say("go");
  std::string order;
  for (const auto& together : r.outside.frames)
    for (const auto& one : together) order += one.body.body;
  BOOST_TEST(order == "123");
}

BOOST_AUTO_TEST_CASE(nothing_overtakes_an_uncommitted_batch) {
  rig r;
  r.play = [](const message& m, time_ms) {
    if (is_word(m, "write")) return effects{commit_then(1)};
    if (is_word(m, "say")) return effects{nothing_then(2)};
    return effects{};
  };
  r.open();
  r.say("write");
  r.say("say"); // has nothing to write, and rests on what was decided before
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
  r.say("say");
  BOOST_TEST(r.outside.requests.size() == 3u); // nothing to wait for any more
}

BOOST_AUTO_TEST_CASE(commits_that_are_reported_out_of_order_are_told_in_order) {
  rig r;
  std::uint64_t next = 0;
  r.play = [&](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(++next)} : effects{}; };
  r.open();
  r.say("go");
  r.say("go");
  BOOST_REQUIRE(r.outside.commits.size() == 2u);
  r.outside.finish_commit({}, 1);
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_question_to_the_store_is_answered_to_the_one_who_asked) {
  rig r;
  r.play = [](const message& m, time_ms) {
    return std::holds_alternative<start>(m) ? effects{ask_store{7, store::load_invitation{}}} : effects{};
  };
  r.open();
  r.say("go");
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "go", "store"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_for_an_actor_that_does_not_understand_it_is_logged_and_dropped) {
  rig r;
  r.open();
  r.board->deliver({actor_kind::remote_server, "x"}, invite_wanted{});
  r.scheduler.run();
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.logged.size() == 1u);
}

// -- many at once
// -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_crowd_that_is_spoken_to_at_once_does_not_hold_up_who_is_there_already) {
  rig r;
  r.open();
  r.say("hello", "friend");
  r.heard.clear();
  const auto tell = [&](const std::string& to, const char* word) {
    r.board->deliver({actor_kind::remote_server, to}, server_alive{word});
  };
  constexpr int crowd = 100;
  for (int i = 0; i < crowd; ++i) tell("dead" + std::to_string(i), "wake");
  tell("friend", "news");
  r.scheduler.run();
  BOOST_TEST(r.made == crowd + 1);
  const auto news = std::find(r.heard.begin(), r.heard.end(), "news");
  BOOST_TEST(std::count(r.heard.begin(), news, "start") <= 1);
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "wake") == crowd);
}

BOOST_AUTO_TEST_CASE(what_is_said_to_an_actor_that_is_still_wanted_is_heard_in_order) {
  rig r;
  r.open();
  for (const auto* to : {"a", "b"})
    for (const auto* word : {"1", "2"}) r.board->deliver({actor_kind::remote_server, to}, server_alive{word});
  r.scheduler.run();
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "1", "2", "start", "1", "2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_timer_asked_for_again_for_the_same_time_is_one_timer) {
  rig r;
  const auto at = r.outside.now() + 1'000;
  r.play = [&](const message& m, time_ms) { return is_word(m, "wait") ? effects{wake_me_at{at, "send"}} : effects{}; };
  r.open();
  for (int i = 0; i < 50; ++i) r.say("wait");
  BOOST_TEST(r.scheduler.clock().schedule().size() == 1u);
  r.pass(milliseconds{1'000});
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "timer send") == 1);
  r.say("wait"); // it is in the past by now
  r.pass(milliseconds{1});
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "timer send") == 2);
}

// -- failures -----------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_failed_commit_ends_the_actor_and_it_is_rebuilt) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(1)} : effects{}; };
  r.open();
  r.say("go");
  r.outside.finish_commit({fault_code::store_failed, "disk full"});
  r.scheduler.run();
  BOOST_TEST(r.children().at(0).phase == "restarting");
  BOOST_TEST(r.children().at(0).last_fault.find("disk full") != std::string::npos);
  r.say("after"); // waits for the new one
  BOOST_TEST(r.made == 1);
  r.pass(milliseconds{r.options.restart_delay_ms});
  BOOST_TEST(r.made == 2);
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "go", "start", "after"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(after_a_failed_commit_nothing_more_is_written) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(1)} : effects{}; };
  r.open();
  r.say("go");
  // The store has refused, the actor does not know yet and decides once more.
  auto done = std::move(r.outside.commits.front().second);
  done(fault{fault_code::store_failed, "disk full"});
  r.board->deliver({actor_kind::remote_server, "x"}, server_alive{"go"});
  r.outside.commits.pop_front();
  r.scheduler.run();
  BOOST_TEST(r.outside.commits.empty());
}

BOOST_AUTO_TEST_CASE(an_exception_ends_one_actor_and_no_other) {
  rig r;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::logic_error("depth went backwards");
    return {};
  };
  r.open();
  r.say("hello", "other");
  r.say("boom");
  const auto rows = r.children();
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows.at(0).key == "other");
  BOOST_TEST(rows.at(0).phase == "running");
  BOOST_TEST(rows.at(1).phase == "restarting");
  BOOST_TEST(rows.at(1).last_fault.find("depth went backwards") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(commands_that_were_lost_with_an_actor_are_told_to_their_session_and_parked_ones_are_refused) {
  rig r;
  r.options.restart_limit = 1;
  r.options.restart_delay_ms = 1;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("again");
    return {};
  };
  r.open();
  std::vector<std::string> lost;
  auto sessions = r.system.spawn(
    supervisor, std::shared_ptr<const switchboard>(r.board),
    supervisor_settings{actor_kind::session, r.options, [&](const std::string&) {
                          return std::make_unique<scripted>([&](const message& m, time_ms) {
                            if (const auto* told = std::get_if<commands_lost>(&m))
                              for (const auto& each : told->references)
                                lost.push_back(each.command_id + " " + std::string{info(told->why.code).name});
                            return effects{};
                          });
                        }});
  r.board->supervisors[static_cast<std::size_t>(actor_kind::session)] = sessions;
  auto command = [&](const std::string& id) {
    chat_command c;
    c.reference = {"", id, 1};
    caf::anon_send(r.boss, routed{"x", message{std::move(c)}});
    r.scheduler.run();
  };
  command("c1");
  command("c2");
  r.say("boom");
  BOOST_TEST(lost == (std::vector<std::string>{"c1 store_failed", "c2 store_failed"}),
             boost::test_tools::per_element());
  lost.clear();
  command("c3"); // waits for the new one
  r.pass(milliseconds{1});
  BOOST_TEST(lost.empty());
  r.say("boom");
  BOOST_TEST(lost == (std::vector<std::string>{"c3 store_failed"}), boost::test_tools::per_element());
  lost.clear();
  BOOST_TEST(r.children().at(0).phase == "parked");
  command("c4");
  BOOST_TEST(lost == (std::vector<std::string>{"c4 parked"}), boost::test_tools::per_element());
  caf::anon_send(sessions, end_all{});
  r.scheduler.run();
}

BOOST_AUTO_TEST_CASE(actors_are_made_anew_when_the_clock_was_set_and_nothing_that_is_said_to_them_is_lost) {
  rig r;
  r.options.restart_limit = 1;
  r.open();
  r.say("one");
  r.say("two", "y");
  BOOST_TEST(r.made == 2);
  for (int times = 2; times <= 4; ++times) { // no failures: nobody is parked
    r.heard.clear();
    caf::anon_send(r.boss, remake_all{{fault_code::clock_wrong, "set"}});
    r.board->deliver({actor_kind::remote_server, "x"}, server_alive{"meanwhile"});
    r.scheduler.run();
    BOOST_TEST(r.made == 2 * times);
    BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "start") == 2);
    BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "meanwhile") == 1);
    for (const auto& row : r.children()) {
      BOOST_TEST(row.phase == "running");
      BOOST_TEST(row.failures == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_pause_before_a_restart_doubles) {
  rig r;
  r.options.restart_delay_ms = 100;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("again");
    return {};
  };
  r.open();
  r.say("boom");
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 2);
  r.say("boom");
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 2);
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 3);
}

BOOST_AUTO_TEST_CASE(an_actor_that_fails_too_often_is_parked_and_its_input_kept) {
  rig r;
  r.options.restart_limit = 2;
  r.options.restart_delay_ms = 1;
  r.options.parked_input_max = 2;
  bool broken = true;
  r.play = [&](const message& m, time_ms) -> effects {
    if (is_word(m, "boom") && broken) throw std::runtime_error("again");
    return {};
  };
  r.open();
  for (int i = 0; i < 3; ++i) {
    r.say("boom");
    r.pass(milliseconds{10});
  }
  BOOST_TEST(r.children().at(0).phase == "parked");
  BOOST_TEST(r.children().at(0).failures == 3u);
  const auto before = r.made;
  r.heard.clear();
  r.say("one");
  r.say("two");
  r.say("three"); // over the bound: dropped, and said so
  BOOST_TEST(r.heard.empty());
  BOOST_TEST(r.made == before);
  BOOST_TEST(r.outside.logged.back().find("dropped") != std::string::npos);
  r.say("hello", "other"); // others go on
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "hello"}), boost::test_tools::per_element());
  // Parked is not dead: after the window it is tried again, with its input.
  broken = false;
  r.heard.clear();
  r.pass(std::chrono::seconds{r.options.restart_window_s});
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "one", "two"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_key_no_machine_can_be_made_of_is_no_reason_to_fail) {
  rig r;
  r.open();
  auto boss = r.system.spawn(
    supervisor, std::shared_ptr<const switchboard>(r.board),
    supervisor_settings{actor_kind::invitation, r.options, [](const std::string& key) -> std::unique_ptr<any_machine> {
                          throw std::logic_error("not the key of an invitation: " + key);
                        }});
  r.board->supervisors[static_cast<std::size_t>(actor_kind::invitation)] = boss;
  r.board->deliver({actor_kind::invitation, "nonsense"}, invite_wanted{});
  r.scheduler.run();
  BOOST_TEST(r.outside.logged.size() == 1u);
  caf::anon_send(boss, end_all{});
  r.scheduler.run();
}

// -- ends ---------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_actor_that_has_finished_ends_and_is_made_again_when_spoken_to) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{}} : effects{}; };
  r.open();
  r.say("end");
  BOOST_TEST(r.children().empty());
  r.say("hello");
  BOOST_TEST(r.made == 2);
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "end", "start", "hello"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_that_crosses_the_end_is_not_lost) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{}} : effects{}; };
  r.open();
  // The supervisor routes the second before it hears that the actor may end.
  caf::anon_send(r.boss, routed{"x", server_alive{"end"}});
  caf::anon_send(r.boss, routed{"x", server_alive{"late"}});
  r.scheduler.run();
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "end", "late"}), boost::test_tools::per_element());
  BOOST_TEST(r.made == 1);
  BOOST_TEST(r.children().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_actor_ends_only_when_everything_is_on_disk) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{commit_then(1), finish{}} : effects{}; };
  r.open();
  r.say("end");
  BOOST_TEST(r.children().size() == 1u);
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests.size() == 1u);
  BOOST_TEST(r.children().empty());
}

BOOST_AUTO_TEST_CASE(what_the_door_answers_makes_no_actor_and_a_living_one_is_not_kept_from) {
  struct closed : causeway::door {
    std::optional<std::vector<tell>> answer(const std::string&, const message& m) const override {
      if (is_word(m, "please")) return std::nullopt;
      return std::vector<tell>{request_to_gateway(9)};
    }
  };
  rig r;
  r.known = std::make_shared<known_keys>();
  r.guard = std::make_shared<closed>();
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{.on_disk = false}} : effects{}; };
  r.open();
  r.say("hello");
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.requests == std::vector<std::uint64_t>{9}, boost::test_tools::per_element());
  r.say("please");
  BOOST_TEST(r.made == 1);
  BOOST_TEST(r.known->contains("x"));
  r.say("hello");
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "please", "hello"}), boost::test_tools::per_element());
  r.say("end");
  BOOST_TEST(!r.known->contains("x")); // nothing is kept under its key
  r.say("hello");
  BOOST_TEST(r.made == 1);
}

BOOST_AUTO_TEST_CASE(looking_at_an_actor_that_does_not_exist_makes_none) {
  rig r;
  r.open();
  r.board->deliver({actor_kind::remote_server, "x"}, status_wanted{{actor_kind::inspector, ""}, 3});
  r.scheduler.run();
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.statuses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_actors_end_together) {
  rig r;
  r.open();
  r.say("hello", "a");
  r.say("hello", "b");
  caf::anon_send(r.boss, end_all{});
  r.scheduler.run();
  r.boss = nullptr;
  r.board->supervisors = {};
  BOOST_TEST(r.system.registry().running() == 0u);
}

// -- timers -------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_timer_comes_at_its_time_and_once) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    return is_word(m, "set") ? effects{wake_me_at{now + 30'000, "retry"}} : effects{};
  };
  r.open();
  r.say("set");
  r.pass(milliseconds{29'999});
  BOOST_TEST(r.heard.back() == "set");
  r.pass(milliseconds{1});
  BOOST_TEST(r.heard.back() == "timer retry");
  r.heard.clear();
  r.pass(milliseconds{100'000});
  BOOST_TEST(r.heard.empty());
}

BOOST_AUTO_TEST_CASE(a_later_timer_of_the_same_name_replaces_the_earlier) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    if (is_word(m, "soon")) return effects{wake_me_at{now + 1'000, "retry"}};
    if (is_word(m, "later")) return effects{wake_me_at{now + 5'000, "retry"}, wake_me_at{now + 2'000, "other"}};
    return effects{};
  };
  r.open();
  r.say("soon");
  r.say("later");
  r.heard.clear();
  r.pass(milliseconds{1'000});
  BOOST_TEST(r.heard.empty());
  r.pass(milliseconds{4'000});
  BOOST_TEST(r.heard == (std::vector<std::string>{"timer other", "timer retry"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_timer_can_be_cancelled) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    if (is_word(m, "set")) return effects{wake_me_at{now + 1'000, "retry"}};
    if (is_word(m, "cancel")) return effects{wake_me_at{0, "retry"}};
    return effects{};
  };
  r.open();
  r.say("set");
  r.say("cancel");
  r.heard.clear();
  r.pass(milliseconds{10'000});
  BOOST_TEST(r.heard.empty());
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_due_already_comes_at_once) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    return is_word(m, "set") ? effects{wake_me_at{now - 1'000, "retry"}} : effects{};
  };
  r.open();
  r.say("set");
  r.pass(milliseconds{1});
  BOOST_TEST(r.heard.back() == "timer retry");
}

BOOST_AUTO_TEST_SUITE_END()
