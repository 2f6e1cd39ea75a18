#include "tools/causeway/archive.hpp"

#include "tests/tools/causeway/running.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>

using namespace causeway;
using namespace causeway::tests;
using causeway::tools::read_archive;

namespace {

constexpr const char* two_servers =
  R"({"servers":[{"server_name":"b.example","state":"backing_off","queued":12,"retry_at_ts":1700000120000},)"
  R"({"server_name":"a.example","state":"healthy","queued":0,"oldest_waiting_ts":1699999940000}],"total":2})";

/// As `causeway bundle` makes one, by the system's own tar.
std::string make_archive(const scratch& dir, const std::string& folder) {
  const auto root = dir.path / folder;
  std::filesystem::create_directories(root);
  dir.write((folder.empty() ? "" : folder + "/") + "servers.json", two_servers);
  dir.write((folder.empty() ? "" : folder + "/") + "rooms.json", "[]");
  const auto file = dir.file("bundle.tar.gz");
  const auto made = "tar -C '" + dir.path.string() + "' --mtime=@1700000000 -czf '" + file + "' " +
                    (folder.empty() ? "servers.json rooms.json" : folder);
  BOOST_REQUIRE_EQUAL(std::system(made.c_str()), 0);
  return file;
}

} // namespace

BOOST_AUTO_TEST_SUITE(support_archive)

BOOST_AUTO_TEST_CASE(an_answer_is_found_at_the_top_or_in_a_folder_with_the_time_it_was_made) {
  for (const std::string folder : {"", "causeway-bundle"}) {
    scratch dir;
    const auto found = read_archive(make_archive(dir, folder), "servers");
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(found), (found ? "" : found.error().detail));
    BOOST_TEST(found->made_ms == 1'700'000'000'000);
    BOOST_TEST(json::value{found->body}.find_array("servers")->size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_is_no_archive_is_told) {
  scratch dir;
  const auto file = make_archive(dir, "");
  BOOST_TEST((read_archive(file, "edge").error().code == fault_code::not_found));
  BOOST_TEST((read_archive(file, "rooms").error().code == fault_code::bad_json));
  BOOST_TEST((read_archive(dir.write("plain.txt", "hello"), "rooms").error().code == fault_code::bad_json));
  BOOST_TEST((read_archive(dir.file("absent"), "rooms").error().code == fault_code::not_found));
  auto whole = read(file);
  BOOST_TEST(!read_archive(dir.write("half.tar.gz", whole.substr(0, whole.size() / 2)), "servers"));
}

BOOST_AUTO_TEST_CASE(lists_open_it_without_a_broker_and_tell_times_as_they_were) {
  scratch dir;
  const auto file = make_archive(dir, "causeway-bundle");
  auto x = run("servers --archive " + file);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("b.example    backing_off"));
  BOOST_TEST(x.says("60 s ago"));
  BOOST_TEST(x.says("in 2 min"));
  x = run("servers --archive " + file + " --filter 'queued>0' --columns queued,server-name");
  BOOST_TEST(x.out == "QUEUED  SERVER NAME\n    12  b.example\n");
  const auto body = run("servers --json --sort queued --top 1 --archive " + file).parsed();
  BOOST_TEST(*body.find_array("servers")->at(0).find_string("server_name") == "a.example");
  BOOST_TEST(*body.find_integer("total") == 2);
  x = run("invites --archive " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("holds no invites.json"));
}

BOOST_AUTO_TEST_CASE(one_thing_is_shown_as_its_list_has_it) {
  scratch dir;
  const auto file = make_archive(dir, "");
  auto x = run("server show b.example --archive " + file);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("backing_off"));
  BOOST_TEST(x.says("in 2 min"));
  BOOST_TEST(!x.says("not in memory")); // nobody has looked for its actor
  const auto body = run("server show b.example --json --archive " + file).parsed();
  BOOST_TEST(*json::value{*body.find_object("server")}.find_integer("queued") == 12);
  x = run("server show c.example --archive " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("`causeway servers --archive " + file + "` tells which it has"));
  x = run("invite show general @ann:b.example --archive " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("holds no invites.json"));
}

BOOST_AUTO_TEST_CASE(what_was_in_trouble_is_shown_as_the_broker_told_it_then) {
  scratch dir;
  dir.write("servers.json", two_servers);
  dir.write("server.show.json",
            R"({"shown":[{"server":{"server_name":"b.example","queued":12},"waits_for":["It is down."],)"
            R"("errors":[{"ts":1,"phase":"TLS","text":"bad certificate"}]}]})");
  const auto file = dir.file("shown.tar.gz");
  BOOST_REQUIRE_EQUAL(
    std::system(("tar -C '" + dir.path.string() + "' -czf '" + file + "' servers.json server.show.json").c_str()), 0);
  BOOST_TEST(run("server show b.example --archive " + file).says("bad certificate"));
  const auto other = run("server show a.example --archive " + file);
  BOOST_TEST(other.code == 0);
  BOOST_TEST(other.says("healthy"));
}

BOOST_AUTO_TEST_CASE(why_an_event_waited_is_in_an_archive) {
  scratch dir;
  dir.write("why.json", R"({"shown":[{"because":"It waits for a parent.",)"
                        R"("event":{"event_id":"$e","chat_message_id":"m17"},"hops":[]}]})");
  const auto file = dir.file("why.tar.gz");
  const auto made = "tar -C '" + dir.path.string() + "' -czf '" + file + "' why.json";
  BOOST_REQUIRE_EQUAL(std::system(made.c_str()), 0);
  BOOST_TEST(run("why '$e' --archive " + file).out.starts_with("It waits for a parent.\n"));
  BOOST_TEST(run("why m17 --archive " + file).code == 0);
  const auto none = run("why '$other' --archive " + file);
  BOOST_TEST(none.code == 1);
  BOOST_TEST(none.says("has nothing of that event"));
}

BOOST_AUTO_TEST_CASE(a_check_of_an_archive_ends_with_the_code_of_then) {
  scratch dir;
  dir.write("check.json",
            R"({"state":"warning","checks":[{"name":"edge","state":"warning","what":"nobody","do":""}]})");
  const auto file = dir.file("checked.tar.gz");
  BOOST_REQUIRE_EQUAL(std::system(("tar -C '" + dir.path.string() + "' -czf '" + file + "' check.json").c_str()), 0);
  const auto x = run("check --archive " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.out.starts_with("CAUSEWAY warning: edge warning\n"), x.out);
}

BOOST_AUTO_TEST_CASE(keys_of_others_are_not_in_an_archive) {
  scratch dir;
  dir.write("keys.json", R"({"keys":[{"server_name":"us.example","key_id":"ed25519:a"}]})");
  const auto file = dir.file("keys.tar.gz");
  BOOST_REQUIRE_EQUAL(std::system(("tar -C '" + dir.path.string() + "' -czf '" + file + "' keys.json").c_str()), 0);
  BOOST_TEST(run("keys --archive " + file).says("ed25519:a"));
  const auto x = run("keys b.example --archive " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("has our own key only"));
}

BOOST_AUTO_TEST_SUITE_END()
