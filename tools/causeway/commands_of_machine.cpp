#include "tools/causeway/backup_command.hpp"
#include "tools/causeway/command_table.hpp"
#include "tools/causeway/contract_commands.hpp"
#include "tools/causeway/restore_command.hpp"
#include "tools/causeway/store_command.hpp"
#include "tools/causeway/table_commands.hpp"
#include "tools/causeway/terminal.hpp"

/// The entries of commands that need no broker.
namespace causeway::tools {

namespace {

std::string names_a_file(const std::string& text) { return text.empty() ? "needs the name of a file" : std::string{}; }

int check(const command_line& x) {
  auto from = x.sources();
  if (!x.check_file.empty()) from.file = x.check_file;
  return check_config(from, x.for_gateway, x.broker.how.json);
}

int demonstrate(const command_line& x) {
  auto arguments = x.demo_arguments;
  const auto put_first = [&](std::string word) { arguments.insert(arguments.begin(), std::move(word)); };
  if (x.tour) put_first("--tour");
  if (!x.web.value.empty()) put_first(x.web.value);
  if (x.web.is_given) put_first("--web");
  if (x.keep) put_first("--keep");
  if (x.is_cluster) put_first("--cluster");
  if (x.broker.how.json) put_first("--json");
  return run_demo(arguments);
}

int serve_gateway(const command_line& x) {
  auto link = x.link;
  link.secret_key_file = x.broker.where.secret_key_file;
  return run_gateway(x.sources(), link);
}

/// Of a command that reads files: a socket says nothing of the files of the broker behind it, and those of this
/// machine's configuration may be another one's.
std::function<int(const command_line&)> on_files(int (*run)(const command_line&)) {
  return [run](const command_line& x) {
    if (x.socket.empty()) return run(x);
    return put_out({exit_usage,
                    {},
                    "causeway: --socket names a broker that runs, and this command reads files: give the "
                    "configuration of that broker with --config FILE instead.\n"});
  };
}

std::vector<command> of_configuration() {
  using enum purpose;
  return {
    {"config check",
     set_up,
     "Tell every problem of the configuration, and of the files it names",
     "config check causeway.toml",
     {{"[FILE]", "", "Default: /etc/causeway/causeway.toml", [](command_line& x) -> place { return &x.check_file; },
       &names_a_file},
      {"--gateway", "", "It is for a gateway of its own", [](command_line& x) -> place { return &x.for_gateway; }}},
     on_files(&check),
     false,
     {{1, "it has a problem; each was told"}}},
    {"config show",
     set_up,
     "Every key with the value that files, environment and options give it",
     "config show --origin --set-only",
     {{"--origin", "", "Tell where each value comes from, and what a reload takes over",
       [](command_line& x) -> place { return &x.origin; }},
      {"--set-only", "", "Leave the defaults out", [](command_line& x) -> place { return &x.only_set; }}},
     on_files([](const command_line& x) { return show_config(x.sources(), x.origin, x.only_set, x.broker.how.json); })},
    {"config example",
     set_up,
     "Print the documented example of a configuration",
     "config example > causeway.toml",
     {},
     [](const command_line&) { return print_example_config(); }},
    {"config man",
     set_up,
     "Print the manual page of the options, causeway.toml.5",
     "config man > causeway.toml.5",
     {},
     [](const command_line&) { return print_options_page(); }},
    {"backup",
     set_up,
     "Copy store, files and signing key, also of a running broker",
     "backup /var/backups/causeway-2026-11-29",
     {{"FOLDER", "", "New folder, for the broker's user alone",
       [](command_line& x) -> place { return &x.backup_folder; }}},
     on_files([](const command_line& x) { return back_up(x.sources(), x.backup_folder, x.broker.how.json); })},
    {"restore",
     set_up,
     "Put a backup where the stopped broker's store, files and key belong; nothing is written over",
     "restore /var/backups/causeway-2026-11-29",
     {{"FOLDER", "", "As `backup` has made it", [](command_line& x) -> place { return &x.backup_folder; },
       &a_file_name}},
     on_files([](const command_line& x) { return restore(x.sources(), x.backup_folder, x.broker.how.json); })},
    {"store copy",
     set_up,
     "Copy the stopped broker's SQLite store into an empty PostgreSQL database",
     "store copy postgresql:///causeway",
     {{"URL", "", "The database, as store.url names it", [](command_line& x) -> place { return &x.database_url; }}},
     on_files([](const command_line& x) { return copy_store_into(x.sources(), x.database_url, x.broker.how.json); })},
    {"media copy",
     set_up,
     "Copy the stopped broker's files out of their folder into the PostgreSQL database of its store",
     "media copy",
     {},
     on_files([](const command_line& x) { return copy_media_into_store(x.sources(), x.broker.how.json); })},
    {"keys rotate",
     set_up,
     "Give the stopped broker a new signing key; the former stays published as an old one",
     "keys rotate",
     {},
     on_files([](const command_line& x) { return rotate_key(x.sources(), x.broker.how.json); })},
    {"curve-key",
     set_up,
     "Make a CURVE key for a connection between machines",
     "curve-key /etc/causeway/curve.key",
     {{"FILE", "", "New file for the secret half; the public half is printed",
       [](command_line& x) -> place { return &x.curve_file; }}},
     [](const command_line& x) { return make_curve_key(x.curve_file, x.broker.how.json); }},
  };
}

std::vector<command> of_programs() {
  using enum purpose;
  return {
    {"gateway",
     set_up,
     "Run a gateway as a process of its own, until SIGTERM",
     "gateway --node tcp://10.0.0.1:7420 --node-key KEY --secret-key-file curve.key",
     {{"--node", "ENDPOINT",
       "The node's endpoint for gateways, of each node that shares the store; default: edge.gateway_endpoints",
       [](command_line& x) -> place { return &x.link.nodes; }},
      {"--node-key", "KEY", "The node's CURVE public key; as often as --node, or one for all",
       [](command_line& x) -> place { return &x.link.node_keys; }}},
     &serve_gateway},
    {"demo",
     set_up,
     "Two brokers, two chat servers, one conversation, on this machine",
     "demo --web --tour",
     {{"--keep", "", "Leave it running and type into it", [](command_line& x) -> place { return &x.keep; }},
      {"--web", "[PORT]", "Show the two chats in a browser of this machine",
       [](command_line& x) -> place { return &x.web; }},
      {"--tour", "", "With --web: play the tour as soon as somebody looks",
       [](command_line& x) -> place { return &x.tour; }},
      {"--cluster", "", "Three nodes over a PostgreSQL: one is killed, one drained, one replaced",
       [](command_line& x) -> place { return &x.is_cluster; }},
      {"[ARGUMENTS...]", "", "Further arguments of the demo, after --",
       [](command_line& x) -> place { return &x.demo_arguments; }}},
     &demonstrate},
    {"contract asyncapi",
     set_up,
     "The chat contract as an AsyncAPI 3 document",
     "contract asyncapi > asyncapi.yaml",
     {},
     [](const command_line&) { return print_asyncapi(); }},
    {"contract tables",
     set_up,
     "Print the tables of CONTRACT.md anew, in place",
     "contract tables messages/chat/CONTRACT.md",
     {{"FILE", "", "The page", [](command_line& x) -> place { return &x.contract_file; }}},
     [](const command_line& x) { return print_contract_tables(x.contract_file); }},
    {"completion",
     set_up,
     "Print what completes words of this command in a shell",
     "completion bash > /etc/bash_completion.d/causeway",
     {{"SHELL", "", "bash, zsh or fish", [](command_line& x) -> place { return &x.shell; }}},
     [](const command_line& x) { return print_completion(x.shell); }},
    {"man",
     set_up,
     "Print the manual page causeway.1",
     "man > causeway.1",
     {},
     [](const command_line&) { return print_man_page(); }},
    {"help",
     set_up,
     "Tell how a command is used",
     "help server show",
     {{"[COMMAND...]", "", "Its words", [](command_line& x) -> place { return &x.topic; }}},
     [](const command_line& x) { return print_help(x.topic); }},
    {"version",
     set_up,
     "Print the version",
     "version",
     {},
     [](const command_line& x) { return print_version(x.broker.how.json); }},
  };
}

} // namespace

std::vector<command> commands_of_machine() {
  auto all = of_configuration();
  for (auto& x : of_programs()) all.push_back(std::move(x));
  return all;
}

} // namespace causeway::tools
