// `causeway bundle`, and what opens it.
#include "tests/tools/causeway/running.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace causeway;
using namespace causeway::tests;

BOOST_AUTO_TEST_SUITE(support_bundle)

namespace {

/// One file of the archive.
std::string packed(const scratch& dir, const std::string& archive, const std::string& name) {
  const auto command = "tar -xOzf '" + archive + "' './" + name + "' >'" + dir.file("unpacked") + "' 2>/dev/null";
  return std::system(command.c_str()) == 0 ? read(dir.file("unpacked")) : std::string{};
}

/// A journalctl that prints this, and the PATH to find it by.
std::string with_journal(const scratch& dir, const std::string& script) {
  const auto file = dir.write("journalctl", "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return "PATH='" + dir.path.string() + "':$PATH";
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_in_trouble_is_in_it_as_the_broker_shows_it) {
  broker b;
  scratch dir;
  const auto archive = dir.file("support.tar.gz"), config = dir.write("causeway.toml", good);
  const auto made = b.ask("--config " + config + " bundle " + archive);
  BOOST_TEST(made.code == 0);
  BOOST_TEST(made.says("pages of what is in trouble"));
  BOOST_TEST(made.says(b.endpoint + " was asked: give the --config of that one"));
  BOOST_TEST(packed(dir, archive, "problems.txt").find("configuration and log are those that are read here") !=
             std::string::npos);
  const auto x = run("server show dead.example --archive " + archive);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("connection refused"));
  BOOST_TEST(x.says("To be sent to it")); // the list has nothing of that
  BOOST_TEST(x.says("phase  backing_off"));
  BOOST_TEST(run("dead-letters show 0-7 --archive " + archive).says("no such room"));
  BOOST_TEST(run("doctor --archive " + archive).says("chat.example: others"));
  BOOST_TEST(run("doctor chat.example --archive " + archive).says("chat.example: others"));
  const auto other = run("doctor other.example --archive " + archive);
  BOOST_TEST(other.code == 1);
  BOOST_TEST(other.says("of ourselves only"));
}

BOOST_AUTO_TEST_CASE(the_log_is_that_of_the_journal_where_no_file_is_set) {
  broker b;
  scratch dir, tools;
  const auto config = dir.write("causeway.toml", good);
  const auto make = [&](const std::string& name, const std::string& script) {
    return run("--socket " + b.endpoint + " --config " + config + " bundle " + dir.file(name),
               with_journal(tools, script));
  };
  auto made = make("a.tar.gz", "echo \"asked for $*\"");
  BOOST_TEST(made.code == 0);
  BOOST_TEST(made.says("the end of the log"));
  BOOST_TEST(packed(dir, dir.file("a.tar.gz"), "log.txt").starts_with("asked for --unit causewayd --lines 5000"));
  made = make("b.tar.gz", "exit 1");
  BOOST_TEST(made.code == 0);
  BOOST_TEST(made.err.find("log.file is not set") != std::string::npos);
  BOOST_TEST(!made.says("the end of the log"));
  BOOST_TEST(packed(dir, dir.file("b.tar.gz"), "problems.txt").find("log.file is not set") != std::string::npos);
  // Bounded, and without half a line.
  made =
    make("c.tar.gz", "i=0; while [ $i -lt 20000 ]; do echo \"line $i of a journal that has far too many of them\"; "
                     "i=$((i+1)); done");
  const auto log = packed(dir, dir.file("c.tar.gz"), "log.txt");
  BOOST_TEST(log.size() <= std::size_t{512} * 1024);
  BOOST_TEST(log.starts_with("line "));
  BOOST_TEST(log.ends_with("line 19999 of a journal that has far too many of them\n"));
}

BOOST_AUTO_TEST_CASE(a_slow_broker_is_asked_for_pages_for_a_bounded_time_and_the_rest_is_noted) {
  broker b;
  // 50 pages of which each is answered in time take longer than all of them may: six times the time-out.
  b.actors = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds{80}); // that is the slow broker
    std::vector<admin::actor_row> rows(60);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].kind = "room";
      rows[i].key = "!" + std::to_string(i) + ":chat.example";
      rows[i].phase = "restarting";
    }
    return rows;
  };
  scratch dir;
  const auto archive = dir.file("support.tar.gz"), config = dir.write("causeway.toml", good);
  const auto made = b.ask("--timeout-ms 500 --config " + config + " bundle " + archive);
  BOOST_TEST(made.code == 0);
  BOOST_TEST(packed(dir, archive, "problems.txt").find("actor.show: the broker is slow; no time was left") !=
             std::string::npos);
  BOOST_TEST(!packed(dir, archive, "actor.show.json").empty());
  BOOST_TEST(!packed(dir, archive, "doctor.json").empty()); // what comes after is asked for
}

BOOST_AUTO_TEST_CASE(a_password_in_the_address_of_the_database_stays_here) {
  broker b;
  scratch dir;
  const auto archive = dir.file("support.tar.gz");
  const auto config = dir.write(
    "causeway.toml", good + "[store]\nengine = \"postgresql\"\nurl = \"postgresql://cw:hunter2@db.example/cw\"\n");
  BOOST_TEST(b.ask("--config " + config + " bundle " + archive).code == 0);
  const auto told = packed(dir, archive, "configuration.toml");
  BOOST_TEST(told.find("db.example") != std::string::npos, told);
  for (const auto& text : {told, packed(dir, archive, "problems.txt")})
    BOOST_TEST(text.find("hunter2") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
