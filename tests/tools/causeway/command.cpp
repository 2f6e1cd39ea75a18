#include "messages/matrix/json.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/files.hpp"
#include "plugin/store/identity.hpp"
#include "tests/tools/causeway/running.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

using namespace causeway;
using namespace causeway::tests;

BOOST_AUTO_TEST_SUITE(causeway_command)

BOOST_AUTO_TEST_CASE(wrong_usage_ends_with_two_and_help_with_zero) {
  BOOST_TEST(run("").code == 2);
  BOOST_TEST(run("make-coffee").code == 2);
  BOOST_TEST(run("room show").code == 2);
  BOOST_TEST(run("rooms --limit 0").code == 2);
  auto help = run("--help");
  BOOST_TEST(help.code == 0);
  for (const char* word : {"rooms", "room", "servers", "server", "invites", "invite", "dead-letters", "status",
                           "actors", "receipts", "keys", "config", "gateway", "demo", "version"})
    BOOST_TEST(help.says(word), word);
}

BOOST_AUTO_TEST_CASE(version_is_printed) {
  BOOST_TEST(run("version").says("causeway 0."));
  BOOST_TEST(run("version --json").parsed().find_string("version") != nullptr);
}

BOOST_AUTO_TEST_CASE(good_configuration_is_called_good) {
  scratch dir;
  auto file = dir.write("causeway.toml", good);
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("The configuration is good"));
  BOOST_TEST(*run("config check --json " + file).parsed().find_bool("ok"));
}

BOOST_AUTO_TEST_CASE(bad_configuration_is_told_with_file_line_and_suggestion) {
  scratch dir;
  auto file = dir.write("causeway.toml", good + "[edge]\nstreems = 2\nheartbeat_ms = 1\n");
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(file + ":6: edge.streems: there is no such key; did you mean streams?"));
  BOOST_TEST(x.says(file + ":7: edge.heartbeat_ms: 1 is out of range"));
  auto body = run("config check --json " + file).parsed();
  BOOST_TEST(!*body.find_bool("ok"));
  BOOST_TEST(body.find_array("problems")->size() == 2U);
}

BOOST_AUTO_TEST_CASE(files_that_the_configuration_names_are_looked_at) {
  scratch dir;
  auto file = dir.write("causeway.toml",
                        "[node]\nserver_name = \"chat.example.org\"\n[gateway]\ncertificate_file = \"/absent.pem\"\n"
                        "private_key_file = \"/absent.key\"\n");
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(file + ":4: gateway.certificate_file: /absent.pem does not exist"));
}

namespace {

/// A certificate of its own for `name` and its key, made as an operator would.
void make_certificate(const scratch& dir, const std::string& stem, const std::string& name) {
  const auto made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout " +
                    dir.file(stem + ".key") + " -out " + dir.file(stem + ".crt") + " -subj /CN=" + name +
                    " -addext subjectAltName=DNS:" + name + " 2>/dev/null";
  BOOST_REQUIRE_EQUAL(std::system(made.c_str()), 0);
}

std::string with_certificate(const scratch& dir, const std::string& certificate, const std::string& key) {
  return "[node]\nserver_name = \"chat.example.org\"\ndata_dir = \"" + dir.path.string() +
         "\"\n[gateway]\ncertificate_file = \"" + dir.file(certificate) + "\"\nprivate_key_file = \"" + dir.file(key) +
         "\"\n";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_is_told_before_others_refuse_it) {
  scratch dir;
  make_certificate(dir, "right", "chat.example.org");
  make_certificate(dir, "wrong", "www.example.org");
  BOOST_TEST(run("config check " + dir.write("a.toml", with_certificate(dir, "right.crt", "right.key"))).code == 0);
  const auto file = dir.write("b.toml", with_certificate(dir, "wrong.crt", "wrong.key"));
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(file + ":5: gateway.certificate_file: " + dir.file("wrong.crt") +
                    " is for www.example.org, not for \"chat.example.org\""));
  BOOST_TEST(x.says("1 problem\n"));
  // Led there by .well-known.
  BOOST_TEST(run("config check --set gateway.well_known_server=www.example.org:443 " + file).code == 0);
  x = run("config check " + dir.write("c.toml", with_certificate(dir, "right.crt", "wrong.key")));
  BOOST_TEST(x.code == 1);
  BOOST_TEST(
    x.says(":6: gateway.private_key_file: " + dir.file("wrong.key") + " is not the key of " + dir.file("right.crt")));
}

BOOST_AUTO_TEST_CASE(a_used_store_that_was_made_for_something_else_is_told) {
  scratch dir;
  const auto file =
    dir.write("causeway.toml", good + "[store]\npath = \"" + dir.file("store.db") + "\"\n[edge]\nstreams = 4\n");
  BOOST_TEST(run("config check " + file).code == 0); // there is none yet
  {
    config::store_options options;
    options.path = dir.file("store.db");
    const store::identity made_for{"chat.example.org", 2};
    auto opened = store::open_sqlite(options, &made_for);
    BOOST_REQUIRE(opened);
    std::vector<store::store_batch> batches{{{store::put_user{"@ann:chat.example.org", "ann", "", ""}}}};
    batches.front().shards.add(shard_of_the_whole);
    BOOST_REQUIRE((*opened)->commit(batches));
  }
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(file + ":8: edge.streams: is 4, but the store " + dir.file("store.db") + " was made with 2"));
  BOOST_TEST(x.says("(store.path: " + file + ":6)"));
  x = run("config check --set edge.streams=2 --set node.server_name=b.example " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("--set node.server_name: node.server_name: is \"b.example\", but the store"));
  BOOST_TEST(run("config check --set edge.streams=2 " + file).code == 0);
}

BOOST_AUTO_TEST_CASE(settings_that_contradict_each_other_are_told_with_both_places) {
  scratch dir;
  const auto file = dir.write("causeway.toml", good + "[edge]\nhigh_water_mark = 100\nevent_credit_max = 5000\n");
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says(file +
                    ":6: edge.high_water_mark: 100 is less than edge.event_credit_max and edge.command_credit together "
                    "(5000 + 1000 = 6000)"));
  BOOST_TEST(x.says("(edge.event_credit_max: " + file + ":7)"));
  const auto body = run("config check --json " + file).parsed();
  BOOST_TEST(*body.find_array("problems")->at(0).find_array("others")->at(0).find_string("where") == file + ":7");
}

BOOST_AUTO_TEST_CASE(a_configuration_file_that_is_not_there_is_no_wish_for_the_defaults) {
  scratch dir;
  auto x = run("--config " + dir.file("absent.toml") + " rooms");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("absent.toml: there is no such file"));
  BOOST_TEST(run("--config " + dir.write("broken.toml", "[edge\n") + " rooms").says("broken.toml: "));
  x = run("--config '' rooms");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.says("needs the name of a file"));
  BOOST_TEST(run("config check ''").code == 2);
  BOOST_TEST(run("config check " + dir.file("absent.toml")).says("there is no such file"));
  // What is wrong elsewhere does not keep the operator from the broker: it runs with what it was started with.
  BOOST_TEST(
    run("--config " +
        dir.write("other.toml", "[edge]\nstreems = 2\nadmin_endpoint = \"ipc://" + dir.file("absent.sock") + "\"\n") +
        " rooms")
      .code == 3);
  // The file that was read is named.
  BOOST_TEST(run("config check " + dir.write("good.toml", good)).says("1 file read: " + dir.file("good.toml")));
}

BOOST_AUTO_TEST_CASE(config_show_tells_where_each_value_comes_from) {
  scratch dir;
  auto file = dir.write("causeway.toml", good);
  auto x = run("config show --origin --config " + file + " --set edge.streams=3", "CAUSEWAY_ROOM__IDLE_S=7");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says(file + ":2"));
  BOOST_TEST(x.says("# --set edge.streams"));
  BOOST_TEST(x.says("# environment CAUSEWAY_ROOM__IDLE_S"));
  BOOST_TEST(x.says("# default"));
  // What a running broker takes over, and what not.
  BOOST_TEST(x.says("# environment CAUSEWAY_ROOM__IDLE_S\n"));
  BOOST_TEST(x.says("# default [reload]\n"));
  BOOST_TEST(x.says("systemctl reload causewayd"));
  const auto wrong = run("config show --origin --config " + file + " --set edge.streams=0");
  BOOST_TEST(wrong.code == 1);
  BOOST_TEST(wrong.says("# default, has a problem: see below")); // what stands instead
  auto body = run("config show --json --config " + file + " --set edge.streams=3").parsed();
  BOOST_TEST(*body.find_object("edge.streams")->find("value")->as_integer() == 3);
  BOOST_TEST(*body.find_object("edge.streams")->find("origin")->as_string() == "--set edge.streams");
  BOOST_TEST(!*body.find_object("edge.streams")->find("reload")->as_bool());
  // What it prints is a configuration that means the same.
  auto again = dir.write("again.toml", run("config show --config " + file).out);
  BOOST_TEST(run("config check " + again).code == 0);
}

BOOST_AUTO_TEST_CASE(contract_is_printed_as_the_files_of_the_source_tree) {
  const auto folder = std::filesystem::path{CAUSEWAY_TEST_DATA}.parent_path() / "messages" / "chat";
  BOOST_TEST((run("contract asyncapi").out == read((folder / "asyncapi.yaml").string())));
  scratch dir;
  const auto page = read((folder / "CONTRACT.md").string());
  auto old = page;
  old.replace(old.find("\n| HELLO |"), 1, "\n| GREETING |\n");
  const auto file = dir.write("CONTRACT.md", old);
  BOOST_TEST(run("contract tables " + file).code == 0);
  BOOST_TEST((read(file) == page));
  BOOST_TEST(run("contract tables " + dir.write("other.md", "nothing")).code == 1);
  BOOST_TEST(run("contract tables " + dir.file("absent.md")).code == 1);
}

BOOST_AUTO_TEST_CASE(example_configuration_is_the_file_of_the_source_tree) {
  BOOST_TEST(
    run("config example").out ==
    read((std::filesystem::path{CAUSEWAY_TEST_DATA}.parent_path() / "config" / "causeway.toml.example").string()));
}

BOOST_AUTO_TEST_CASE(broker_that_does_not_run_ends_with_three_and_says_what_to_do) {
  scratch dir;
  auto x = run("--socket ipc://" + dir.file("absent.sock") + " rooms");
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.says("cannot reach the broker"));
  BOOST_TEST(x.says("does not exist: is the broker running"));
  x = run("--socket ipc://" + dir.file("absent.sock") + " --json rooms");
  BOOST_TEST(x.code == 3);
  BOOST_TEST(*x.parsed().find_object("error")->find("code")->as_string() == "unreachable");
  BOOST_TEST(run("--socket nonsense rooms").code == 3);
  // Monitoring reads stdout alone.
  x = run("--socket ipc://" + dir.file("absent.sock") + " check");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.out.starts_with("CAUSEWAY critical: live critical\nlive critical: cannot reach the broker: "));
}

namespace {

constexpr uid_t nobody = 65'534;

/// What is begun with it may not do more than its user may, root included.
std::string without_privileges() { return geteuid() == 0 ? "setpriv --bounding-set=-all --inh-caps=-all" : ""; }

/// Root gives it to somebody else; anybody else closes it to themselves.
void keep_us_out(const std::string& path, mode_t mode) {
  BOOST_REQUIRE_EQUAL(chmod(path.c_str(), geteuid() == 0 ? mode : 0), 0);
  if (geteuid() == 0) BOOST_REQUIRE_EQUAL(chown(path.c_str(), nobody, nobody), 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(check_without_the_right_to_ask_is_unknown_and_says_who_may) {
  broker b;
  const auto socket = b.dir.file("admin.sock");
  BOOST_TEST(run("--socket " + b.endpoint + " status", without_privileges()).code == 0);
  keep_us_out(socket, 0600);
  const std::string denied = "cannot ask the broker: permission denied: " + socket + " is for ";
  auto x = run("--socket " + b.endpoint + " check", without_privileges());
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.out.starts_with("CAUSEWAY unknown: " + denied));
  BOOST_TEST(x.says("as root."));
  x = run("--json --socket " + b.endpoint + " check", without_privileges());
  BOOST_TEST(x.code == 3);
  BOOST_TEST(*x.parsed().find_object("error")->find("code")->as_string() == "not_asked");
  x = run("--socket " + b.endpoint + " rooms", without_privileges());
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.says(denied));
  if (geteuid() != 0) return; // the others need somebody else to own it
  BOOST_TEST(x.says("is for the user nobody alone; run this as that user (`sudo -u nobody causeway ...`) or as root."));
  keep_us_out(socket, 0660);
  x = run("--socket " + b.endpoint + " check", without_privileges());
  BOOST_TEST(x.says("the user nobody and the group nogroup; run this as that user"));
  BOOST_TEST(x.says(", in that group, or as root."));
  keep_us_out(b.dir.path.string(), 0700); // as a folder that only its owner may enter
  x = run("--socket " + b.endpoint + " check", without_privileges());
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.says("permission denied: " + b.dir.path.string() + " is for the user nobody alone"));
}

BOOST_AUTO_TEST_CASE(check_without_our_key_for_the_broker_is_unknown) {
  scratch dir;
  const auto x = run("--socket tcp://127.0.0.1:1 --server-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' "
                     "--secret-key-file " +
                     dir.file("absent.key") + " check");
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.out.starts_with("CAUSEWAY unknown: cannot ask the broker: "));
}

BOOST_AUTO_TEST_CASE(lists_are_tables_and_json) {
  broker b;
  auto x = b.ask("servers");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("SERVER NAME   STATE"));
  BOOST_TEST(x.says("dead.example  backing_off"));
  // Text of another server does not steer the terminal.
  BOOST_TEST(x.out.find('\x1b') == std::string::npos);
  auto body = b.ask("servers --json").parsed();
  BOOST_TEST(*body.find_array("servers")->at(0).find_integer("failures") == 3);
  BOOST_TEST(b.ask("rooms").says("!r:chat.example  general"));
  BOOST_TEST(b.ask("invites").says("There are no open invitations"));
  BOOST_TEST(b.ask("actors").says("running"));
  BOOST_TEST(b.ask("receipts").says("backing_off"));
  BOOST_TEST(b.ask("receipts --explain").says("since_change"));
  BOOST_TEST(b.ask("keys").says("ed25519:a1"));
}

BOOST_AUTO_TEST_CASE(commands_of_files_refuse_a_socket_in_words) {
  scratch dir;
  for (const auto& words : {std::string{"config show"}, "backup " + dir.file("copy"), std::string{"keys rotate"}}) {
    const auto x = run("--socket ipc://" + dir.file("admin.sock") + " " + words);
    BOOST_TEST(x.code == 2, words);
    BOOST_TEST(x.says("--socket names a broker that runs"), words);
  }
}

BOOST_AUTO_TEST_CASE(status_shows_what_is_wrong_as_a_whole_and_ends_with_a_problem) {
  broker b;
  auto x = b.ask("status");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("All is well."));
  BOOST_TEST(x.says("A message that is late: `causeway why EVENT`"));
  b.session = R"({"phase":"alone"})";
  x = b.ask("status");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.out.starts_with("causeway 0.1.0, chat.example: edge critical\n"));
  BOOST_TEST(x.says("edge critical: No chat server is connected."));
  BOOST_TEST(b.ask("check").code == 2);
  b.session = R"({"phase":"connected","connections":[],"streams":[]})";
  b.standing.set("clock", "it has jumped: set it right", 1'700'000'000'000);
  x = b.ask("status");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("it has jumped: set it right"));
  const auto body = b.ask("status --json").parsed();
  BOOST_TEST(*body.find_array("alarms")->at(0).find_integer("times") == 1);
  b.standing.set("clock", "", 1'700'000'001'000);
  BOOST_TEST(b.ask("status").code == 0);
  b.standing.set("clock", "again", 1'700'000'002'000);
  BOOST_TEST(b.standing.all().at(0).times == 2);
  BOOST_TEST(b.standing.all().at(0).since_ts == 1'700'000'002'000);
}

BOOST_AUTO_TEST_CASE(one_server_is_shown_with_what_waits_and_for_what) {
  broker b;
  auto x = b.ask("server show dead.example");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("2 events wait, the oldest for 2 min. 3 attempts failed"));
  BOOST_TEST(x.says("connection refused"));
  BOOST_TEST(x.says("phase  backing_off"));
  BOOST_TEST(b.ask("server retry dead.example --reason test").says("is made now"));
  BOOST_TEST(b.ask("room show general").code == 0);
}

BOOST_AUTO_TEST_CASE(dead_letters_are_listed_brought_again_and_dropped) {
  broker b;
  auto x = b.ask("dead-letters ls");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("0-7"));
  BOOST_TEST(x.says("no such room"));
  BOOST_TEST(b.ask("dead-letters ls --explain").says("Why, in the chat server's words."));
  BOOST_TEST(b.ask("dead-letters retry 0-7 --reason test").says("The message.received goes to the chat server again"));
  BOOST_TEST(b.ask("dead-letters drop 0-7 --reason test").says("forgotten"));
  x = b.ask("dead-letters drop 0-9 --reason test");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("there is no dead letter 0-9"));
  BOOST_TEST(b.ask("dead-letters").code == 2);
}

BOOST_AUTO_TEST_CASE(what_changes_something_needs_a_reason_and_is_not_done_without) {
  broker b;
  for (const auto* words : {"server retry dead.example", "server pause dead.example", "dead-letters drop 0-7"}) {
    const auto x = b.ask(words);
    BOOST_TEST(x.code == 1, words);
    BOOST_TEST(x.says("needs reason: say why (--reason TEXT)"), words);
  }
}

BOOST_AUTO_TEST_CASE(an_upgrade_of_the_store_is_looked_at_and_finished) {
  broker b;
  const std::string due = "Every node knows it: `causeway cluster upgrade --finish` is due";
  auto x = b.ask("cluster status");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("SCHEMA"), x.out);
  BOOST_TEST(x.says(due), x.out);
  BOOST_TEST(*b.ask("cluster status --json").parsed().find_bool("upgrade_due"));
  x = b.ask("cluster upgrade");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.out.starts_with("The store has schema 15, and is still served by builds that know 14. " + due), x.out);
  x = b.ask("cluster upgrade --finish");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("needs reason: say why (--reason TEXT)"));
  x = b.ask("cluster upgrade --finish --reason test");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("The upgrade is finished: builds that do not know the schema"), x.out);
}

BOOST_AUTO_TEST_CASE(check_ends_with_the_code_monitoring_has_for_the_worst_part) {
  broker b;
  b.session = R"({"phase":"loading"})";
  auto x = b.ask("check --backlog-age-s 100000");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.out.starts_with("CAUSEWAY warning: edge warning\n"), x.out);
  x = b.ask("check --backlog-age-s 10 --backlog-critical-s 60");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.says("What is to be sent to dead.example waits for 2 min."));
}

BOOST_AUTO_TEST_CASE(a_check_that_is_called_wrongly_is_unknown_and_never_critical) {
  scratch dir;
  const auto socket = "--socket ipc://" + dir.file("absent.sock") + " ";
  const auto broken = dir.write("broken.toml", "[edge\n");
  for (const auto& words :
       {std::string{"check --bcklog-age-s 5"}, std::string{"check --backlog-age-s soon"}, std::string{"check now"},
        std::string{"check --timeout-ms 1"}, std::string{"--socket nonsense check"}, "--config " + broken + " check",
        socket + "check --server-key KEY"}) {
    const auto x = run(words);
    BOOST_TEST(x.code == 3, words);
    BOOST_TEST(x.out.starts_with("CAUSEWAY unknown: "), words + ": " + x.out);
    BOOST_TEST(x.err.starts_with("causeway: "), words + ": " + x.err);
  }
  BOOST_TEST(run("check --bcklog-age-s 5").says("`--backlog-age-s`"));
  BOOST_TEST(run("check --backlog-age-s soon").says("For example: causeway check"));
  auto x = run("check --json --bcklog-age-s 5");
  BOOST_TEST(x.code == 3);
  BOOST_TEST(x.out == "");
  // A broker that does not answer is critical, as before.
  x = run(socket + "check");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.out.starts_with("CAUSEWAY critical: live critical\n"), x.out);
  BOOST_TEST(run("check --help").says("3  unknown: also where the command line"));
  // Other commands have a code of their own for that.
  BOOST_TEST(run("rooms --sotr x").code == 2);
}

BOOST_AUTO_TEST_CASE(what_the_broker_refuses_ends_with_one_and_a_reason) {
  broker b;
  auto x = b.ask("server show typo.example");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("not_found"));
  BOOST_TEST(x.says("check the id"));
  x = b.ask("--json invite show '!r:chat.example' @nobody:dead.example");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(*x.parsed().find_object("error")->find("code")->as_string() == "not_found");
}

BOOST_AUTO_TEST_CASE(columns_are_explained_without_a_broker) {
  auto x = run("--socket nonsense servers --explain");
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("oldest_waiting_ts"));
  BOOST_TEST(x.says("When the oldest of them was written."));
}

BOOST_AUTO_TEST_CASE(socket_is_taken_from_the_configuration) {
  broker b;
  auto file = b.dir.write("causeway.toml", good + "[edge]\nadmin_endpoint = \"" + b.endpoint + "\"\n");
  BOOST_TEST(run("--config " + file + " rooms").code == 0);
  BOOST_TEST(run("rooms", "CAUSEWAY_EDGE__ADMIN_ENDPOINT=" + b.endpoint).code == 0);
}

BOOST_AUTO_TEST_CASE(what_is_open_to_other_users_is_a_warning_and_no_problem) {
  scratch dir;
  const auto file =
    dir.write("causeway.toml", good + "[edge]\nchat_endpoints = [\"tcp://127.0.0.1:7411\"]\nadmin_endpoint = \"ipc://" +
                                 dir.file("admin.sock") + "\"\n");
  auto x = run("config check " + file);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("warning: " + file));
  BOOST_TEST(x.says("every user of this machine can act as the chat server"));
  chmod(file.c_str(), 0666);
  x = run("--json config check " + file);
  BOOST_TEST(x.code == 0);
  const auto told = x.parsed();
  BOOST_TEST(*told.find_bool("ok"));
  BOOST_TEST(told.find_array("warnings")->size() >= 2U);
  x = run("config check " + file + " --set edge.admin_endpoint=tcp://127.0.0.1:7412");
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("every user of this machine could act as the operator"));
}

BOOST_AUTO_TEST_CASE(curve_key_is_made_once_and_its_secret_stays_in_the_file) {
  scratch dir;
  auto file = dir.file("curve.key");
  auto x = run("curve-key " + file);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.out.size() == 41U);
  BOOST_TEST(read(file).size() == 41U);
  BOOST_TEST(x.out != read(file));
  struct stat about {};
  BOOST_REQUIRE_EQUAL(stat(file.c_str(), &about), 0);
  BOOST_TEST((about.st_mode & 07777U) == 0600U);
  x = run("curve-key " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("exists already"));
}

BOOST_AUTO_TEST_CASE(signing_key_is_rotated_only_while_the_broker_is_down) {
  scratch dir;
  dir.write("signing.key", "ed25519 first YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1\n");
  chmod(dir.file("signing.key").c_str(), 0600);
  const auto file = dir.write("causeway.toml", good + "[store]\npath = \"" + dir.file("store.db") + "\"\n");
  const auto rotate = "keys rotate --json --config " + file + " --set node.signing_key_file=" + dir.file("signing.key");
  {
    auto running = store::lock_store(dir.file("store.db"));
    BOOST_REQUIRE(running);
    auto x = run(rotate);
    BOOST_TEST(x.code == 1);
    BOOST_TEST(x.says("stop the broker first"));
    BOOST_TEST(read(dir.file("signing.key")).starts_with("ed25519 first "));
  }
  auto x = run(rotate);
  BOOST_TEST(x.code == 0);
  BOOST_TEST(*x.parsed().find_string("key_id") != "ed25519:first");
  BOOST_TEST(read(dir.file("signing.key")).find("old_ed25519 first XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI ") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(gateway_without_a_node_is_refused_with_the_reason) {
  scratch dir;
  auto file = dir.write("causeway.toml", "[gateway]\nplain_http = true\nlisten = [\"127.0.0.1:0\"]\n");
  auto x = run("gateway --config " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("edge.gateway_endpoints: is empty"));
  x = run("gateway --node tcp://192.0.2.1:5000 --config " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("needs CURVE"));
  x = run("gateway --node ipc:///a --node tcp://192.0.2.1:5000 --config " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("tcp://192.0.2.1:5000 is on another machine"));
  const std::string key(40, 'a');
  x = run("gateway --node ipc:///a --node ipc:///b --node ipc:///c --node-key " + key + " --node-key " + key +
          " --config " + file);
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("as often as --node"));
  x = run("gateway --node nonsense --config " + file);
  BOOST_TEST(x.says("must begin with ipc://, tcp:// or inproc://"));
}

BOOST_AUTO_TEST_CASE(demo_is_looked_for_where_the_environment_says) {
  scratch dir;
  auto x = run("demo", "CAUSEWAY_SHARE=" + dir.path.string());
  BOOST_TEST(x.code == 1);
  BOOST_TEST(x.says("set CAUSEWAY_SHARE"));
  std::filesystem::create_directories(dir.path / "demo");
  dir.write("demo/__main__.py", "import os, sys\nprint(sys.argv[1:], os.environ['CAUSEWAY_BIN'])\n");
  x = run("demo --json --keep -- --causewayd /x", "CAUSEWAY_SHARE=" + dir.path.string());
  BOOST_TEST(x.code == 0);
  BOOST_TEST(x.says("['--json', '--keep', '--causewayd', '/x'] "));
  x = run("demo --web", "CAUSEWAY_SHARE=" + dir.path.string());
  BOOST_TEST(x.says("['--web'] "));
  x = run("demo --web 8480 --tour -- --causewayd /x", "CAUSEWAY_SHARE=" + dir.path.string());
  BOOST_TEST(x.says("['--web', '8480', '--tour', '--causewayd', '/x'] "));
}

BOOST_AUTO_TEST_SUITE_END()
