#include "config/loader.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

using namespace causeway;
using namespace causeway::config;

BOOST_AUTO_TEST_SUITE(config_loader)

namespace {

/// A directory that disappears with the test.
struct scratch {
  std::filesystem::path path;
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-config-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    auto file = path / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
    return file.string();
  }
};

/// The least a valid configuration needs.
const std::string base = "[node]\nserver_name = \"chat.example.org\"\n[gateway]\nplain_http = true\n";

sources of_text(const std::string& text) {
  sources from;
  from.text = text;
  return from;
}

bool has(const examination& x, std::string_view part) {
  for (const auto& p : x.problems)
    if (to_string(p).find(part) != std::string::npos) return true;
  for (const auto& p : x.problems) BOOST_TEST_MESSAGE(to_string(p));
  return false;
}

} // namespace

BOOST_AUTO_TEST_CASE(least_configuration_is_accepted_with_defaults_for_the_rest) {
  auto x = load(of_text(base));
  BOOST_REQUIRE_MESSAGE(x, (x ? std::string{} : x.error().detail));
  BOOST_TEST(x->node.server_name == "chat.example.org");
  BOOST_TEST(x->edge.streams == 1U);
  BOOST_TEST(x->node.signing_key_path() == "/var/lib/causeway/signing.key");
}

BOOST_AUTO_TEST_CASE(unknown_key_is_refused_with_line_and_suggestion) {
  auto x = examine(of_text(base + "[edge]\nstreems = 2\n"));
  BOOST_TEST_REQUIRE(x.problems.size() == 1U);
  BOOST_TEST(to_string(x.problems[0]) == "text:6: edge.streems: there is no such key; did you mean streams?");
}

BOOST_AUTO_TEST_CASE(unknown_section_is_refused_with_suggestion) {
  BOOST_TEST(has(examine(of_text(base + "[federaton]\nroom_version = \"11\"\n")), "did you mean [federation]?"));
  BOOST_TEST(
    has(examine(of_text(base + "[completely_different]\na = 1\n")), "there is no section [completely_different]."));
  BOOST_TEST(has(examine(of_text(base + "[federaton]\n")), "did you mean [federation]?"));
}

BOOST_AUTO_TEST_CASE(key_of_another_section_is_recognised) {
  BOOST_TEST(has(examine(of_text(base + "[edge]\nroom_version = \"11\"\n")), "did you mean federation.room_version?"));
  BOOST_TEST(has(examine(of_text("streams = 3\n" + base)),
                 "text:1: streams: stands outside of any section; it belongs under [edge]."));
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_in_one_run) {
  auto x = examine(of_text(base + "[edge]\nstreems = 2\ncommand_credit = 0\nheartbeat_ms = \"soon\"\n"));
  BOOST_TEST(x.problems.size() == 3U);
  auto y = load(of_text(base + "[edge]\nstreems = 2\ncommand_credit = 0\n"));
  BOOST_REQUIRE(!y);
  BOOST_TEST((y.error().code == fault_code::invalid_param));
  BOOST_TEST(y.error().detail.find('\n') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(value_out_of_range_is_told_with_range_and_unit) {
  BOOST_TEST(has(examine(of_text(base + "[edge]\nheartbeat_ms = 5\n")),
                 "text:6: edge.heartbeat_ms: 5 is out of range: it must lie in 100..600000 milliseconds."));
  BOOST_TEST(has(examine(of_text(base + "[edge]\nstreams = -1\n")), "-1 is out of range: it must lie in 1..64."));
  BOOST_TEST(has(examine(of_text(base + "[edge]\nstreams = 65\n")), "65 is out of range"));
  BOOST_TEST(has(examine(of_text(base + "[edge]\ncommand_credit = 4294967297\n")), "4294967297 is out of range"));
}

BOOST_AUTO_TEST_CASE(value_of_the_wrong_kind_is_told_with_both_kinds) {
  BOOST_TEST(has(examine(of_text(base + "[edge]\nstreams = \"two\"\n")), "must be a whole number, not a text."));
  BOOST_TEST(
    has(examine(of_text(base + "[edge]\nstreams = 1.5\n")), "must be a whole number, not a number with a fraction."));
  BOOST_TEST(
    has(examine(of_text(base + "[edge]\nchat_endpoints = \"ipc:///x\"\n")), "must be a list of texts, not a text."));
  BOOST_TEST(has(examine(of_text(base + "[edge]\nchat_endpoints = [1]\n")), "not a list with a whole number in it."));
  BOOST_TEST(has(examine(of_text(base + "[room]\nidle_s = {a = 1}\n")), "must be a whole number, not a table."));
  BOOST_TEST(has(examine(of_text(base + "[log]\nlevel = \"loud\"\n")),
                 R"("loud" is none of the choices: "debug", "info", "warning" or "error".)"));
  BOOST_TEST(has(examine(of_text(base + "[log]\nlevel = 1979-05-27\n")), "not a date or time."));
}

BOOST_AUTO_TEST_CASE(text_that_is_not_toml_is_told_with_line) {
  BOOST_TEST(has(examine(of_text("[node\n")), "text: line 1"));
  BOOST_TEST(has(examine(of_text(base + "[node]\nserver_name = \"b\"\n")), "is not TOML"));
}

BOOST_AUTO_TEST_CASE(hostile_text_is_a_problem_and_never_an_exception) {
  std::string deep(20'000, '[');
  BOOST_TEST(!examine(of_text("a = " + deep)).problems.empty());
  std::string zeroes(64, '\0');
  BOOST_TEST(!examine(of_text(zeroes)).problems.empty());
  BOOST_TEST(!examine(of_text(std::string{"\xff\xfe"} + '\0')).problems.empty());
}

BOOST_AUTO_TEST_CASE(later_sources_override_earlier_ones_and_origins_are_remembered) {
  scratch dir;
  sources from;
  from.file = dir.write("causeway.toml",
                        base + "[edge]\nstreams = 2\ncommand_credit = 10\nheartbeat_ms = 200\nevent_credit_max = 7\n");
  auto first = dir.write("conf.d/10-first.toml", "[edge]\nstreams = 3\ncommand_credit = 11\nheartbeat_ms = 201\n");
  auto second = dir.write("conf.d/20-second.toml", "[edge]\n\ncommand_credit = 12\n");
  dir.write("conf.d/ignored.txt", "not toml at all");
  from.environment = {
    {"CAUSEWAY_EDGE__HEARTBEAT_MS", "202"}, {"CAUSEWAY_ROOM__IDLE_S", "5"}, {"CAUSEWAY_SHARE", "/x"}, {"HOME", "/"}};
  from.set = {"room.idle_s=6"};
  auto x = examine(from);
  for (const auto& p : x.problems) BOOST_ERROR(to_string(p));
  BOOST_TEST(x.values.edge.event_credit_max == 7U);
  BOOST_TEST(x.values.edge.streams == 3U);
  BOOST_TEST(x.values.edge.command_credit == 12U);
  BOOST_TEST(x.values.edge.heartbeat_ms == 202U);
  BOOST_TEST(x.values.room.idle_s == 6U);
  BOOST_TEST(x.origins.at("edge.event_credit_max") == from.file + ":9");
  BOOST_TEST(x.origins.at("edge.streams") == first + ":2");
  BOOST_TEST(x.origins.at("edge.command_credit") == second + ":3");
  BOOST_TEST(x.origins.at("edge.heartbeat_ms") == "environment CAUSEWAY_EDGE__HEARTBEAT_MS");
  BOOST_TEST(x.origins.at("room.idle_s") == "--set room.idle_s");
  BOOST_TEST(!x.origins.contains("edge.high_water_mark"));
  BOOST_TEST(x.files.size() == 3U);
}

BOOST_AUTO_TEST_CASE(environment_and_flags_take_every_kind) {
  scratch dir;
  const auto key = dir.write("curve.key", "x");
  chmod(key.c_str(), 0600);
  auto from = of_text(base);
  from.environment = {{"CAUSEWAY_EDGE__CHAT_ENDPOINTS", "ipc:///a, tcp://127.0.0.1:5601"},
                      {"CAUSEWAY_GATEWAY__LISTEN", "[\"127.0.0.1:0\"]"},
                      {"CAUSEWAY_GATEWAY__PLAIN_HTTP", "true"},
                      {"CAUSEWAY_FEDERATION__DELIVERY_NOTIFICATIONS", "all"}};
  from.set = {"node.server_name=other.example.org", "edge.command_credit = 5",
              R"(edge.peers=[{public_key="rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", name="chat-1"}])",
              "edge.curve_secret_key_file=" + std::string{key}};
  auto x = load(from);
  // A key with spaces around '=' is somebody's slip, not a key.
  BOOST_REQUIRE(!x);
  BOOST_TEST(x.error().detail.find("--set edge.command_credit ") != std::string::npos);
  from.set[1] = "edge.command_credit=5";
  x = load(from);
  BOOST_REQUIRE_MESSAGE(x, (x ? std::string{} : x.error().detail));
  BOOST_TEST((x->edge.chat_endpoints == std::vector<std::string>{"ipc:///a", "tcp://127.0.0.1:5601"}));
  BOOST_TEST((x->gateway.listen == std::vector<std::string>{"127.0.0.1:0"}));
  BOOST_TEST((x->federation.delivery_notifications == delivery_detail::all));
  BOOST_TEST(x->node.server_name == "other.example.org");
  BOOST_TEST(x->edge.command_credit == 5U);
  BOOST_TEST_REQUIRE(x->edge.peers.size() == 1U);
  BOOST_TEST(x->edge.peers[0].role == "chat");
}

BOOST_AUTO_TEST_CASE(wrong_flags_and_variables_are_named) {
  auto from = of_text(base);
  from.environment = {{"CAUSEWAY_EDGE__STREEMS", "1"}, {"CAUSEWAY_EDGE__STREAMS", "1\nserver = 2"}};
  from.set = {"nonsense", "edge.high_water_mark=many"};
  auto x = examine(from);
  BOOST_TEST(has(x, "environment CAUSEWAY_EDGE__STREEMS: edge.streems: there is no such key; did you mean streams?"));
  BOOST_TEST(has(x, "environment CAUSEWAY_EDGE__STREAMS: edge.streams: must be a whole number"));
  BOOST_TEST(has(x, "--set nonsense: must be written as section.key=value."));
  BOOST_TEST(has(x, "--set edge.high_water_mark: edge.high_water_mark: must be a whole number, not \"many\"."));
}

BOOST_AUTO_TEST_CASE(the_file_of_the_documentation_is_read_where_nobody_names_one) {
  scratch dir;
  const auto usual = (dir.path / "usual.toml").string();
  BOOST_TEST(file_to_read("", usual) == "");
  BOOST_TEST(file_to_read("named.toml", usual) == "named.toml"); // there is none by that name, and that is told
  dir.write("usual.toml", base);
  BOOST_TEST(file_to_read("", usual) == usual);
  BOOST_TEST(file_to_read("named.toml", usual) == "named.toml");
  std::filesystem::remove(usual);
  std::filesystem::create_symlink("nowhere", usual);
  BOOST_TEST(file_to_read("", usual) == usual); // meant to be there
}

BOOST_AUTO_TEST_CASE(absent_or_oversized_file_is_a_problem) {
  scratch dir;
  sources from;
  from.file = (dir.path / "absent.toml").string();
  BOOST_TEST(has(examine(from), "absent.toml: there is no such file."));
  from.file = dir.path.string();
  BOOST_TEST(has(examine(from), "there is no such file."));
  from.file = dir.write("large.toml", std::string(1024 * 1024 + 1, '#'));
  BOOST_TEST(has(examine(from), "is larger than 1 MiB."));
}

BOOST_AUTO_TEST_CASE(store_follows_data_dir_unless_it_is_placed_itself) {
  auto x = examine(of_text(base + "[store]\ncache_kib = 2048\n"));
  BOOST_TEST(x.values.store.path == "/var/lib/causeway/store.db");
  auto from = of_text(base);
  from.set = {"node.data_dir=/srv/causeway"};
  x = examine(from);
  BOOST_TEST(x.values.store.path == "/srv/causeway/store.db");
  BOOST_TEST(x.origins.at("store.path") == "follows node.data_dir");
  from.set.emplace_back("store.path=/fast/store.db");
  BOOST_TEST(examine(from).values.store.path == "/fast/store.db");
}

BOOST_AUTO_TEST_CASE(problem_of_a_rule_names_the_line_of_its_key) {
  auto x = examine(of_text(base + "[edge]\nchat_endpoints = [\"tcp://0.0.0.0:5000\"]\n"));
  BOOST_TEST(
    has(x, "text:6: edge.chat_endpoints: \"tcp://0.0.0.0:5000\" can be reached by other machines and so needs CURVE"));
}

BOOST_AUTO_TEST_CASE(nearest_word_is_near_or_nothing) {
  BOOST_TEST(nearest("streems", {"streams", "heartbeat_ms"}) == "streams");
  BOOST_TEST(nearest("zzzz", {"streams", "heartbeat_ms"}) == "");
  BOOST_TEST(nearest("", {"streams"}) == "");
  BOOST_TEST(nearest(std::string(10'000, 'a'), {"streams"}) == "");
}

BOOST_AUTO_TEST_CASE(files_are_checked_for_presence_and_permissions) {
  scratch dir;
  options x;
  x.node.data_dir = dir.path.string();
  x.gateway.certificate_file = dir.write("cert.pem", "x");
  x.gateway.private_key_file = (dir.path / "absent.pem").string();
  x.edge.curve_secret_key_file = dir.write("curve.key", "x");
  chmod(x.edge.curve_secret_key_file.c_str(), 0644);
  auto problems = check_files(x);
  BOOST_TEST_REQUIRE(problems.size() == 2U);
  BOOST_TEST(problems[0].key == "gateway.private_key_file");
  BOOST_TEST(problems[1].what.find("chmod 600") != std::string::npos);
  chmod(x.edge.curve_secret_key_file.c_str(), 0600);
  dir.write("absent.pem", "x");
  BOOST_TEST(check_files(x).empty());
  dir.write("signing.key", "x");
  chmod((dir.path / "signing.key").c_str(), 0640);
  problems = check_files(x);
  BOOST_TEST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0].key == "node.signing_key_file");
}

BOOST_AUTO_TEST_CASE(example_file_is_what_the_table_says) {
  std::ifstream in{std::filesystem::path{CAUSEWAY_TEST_DATA}.parent_path() / "config" / "causeway.toml.example"};
  std::stringstream text;
  text << in.rdbuf();
  BOOST_CHECK_MESSAGE(text.str() == example_file(),
                      "config/causeway.toml.example is stale: write it again with `causeway config example`");
}

BOOST_AUTO_TEST_CASE(example_file_with_every_key_uncommented_equals_the_defaults) {
  std::string text;
  std::istringstream in{example_file()};
  for (std::string line; std::getline(in, line);)
    text += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  auto from = of_text(text);
  from.set = {"gateway.plain_http=true"};
  auto x = examine(from);
  for (const auto& p : x.problems) BOOST_ERROR(to_string(p));
  const options defaults;
  for (const auto& f : fields()) {
    BOOST_CHECK_MESSAGE(x.origins.contains(f.key()), f.key() + " is not in the example");
    if (!f.required && f.key() != "gateway.plain_http")
      BOOST_CHECK_MESSAGE(f.read(x.values) == f.read(defaults), f.key());
  }
}

BOOST_AUTO_TEST_SUITE_END()
