#include "tools/causeway/broker_commands.hpp"
#include "tools/causeway/contract_commands.hpp"
#include "tools/causeway/local_commands.hpp"
#include "tools/causeway/terminal.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace causeway;
using namespace causeway::tools;

/// `--config ""` is a variable that was not set, not the wish to read no file.
std::string a_name(const std::string& text) { return text.empty() ? "needs the name of a file" : std::string{}; }

/// Everything the command line can say.
struct command_line {
  std::string config_file;
  std::vector<std::string> set;
  std::string socket;
  broker_request broker;
  gateway_link link;
  std::string check_file, curve_file, contract_file;
  std::vector<std::string> demo_arguments;
  bool origin = false, only_set = false, for_gateway = false, keep = false;

  config::sources sources() const {
    config::sources from;
    from.file = config::file_to_read(config_file);
    from.environment = config::process_environment();
    from.set = set;
    return from;
  }

  /// Where the broker listens: --socket, else what the broker itself would read.
  broker_request request() const {
    auto x = broker;
    x.where.endpoint = socket.empty() ? configured_endpoint() : socket;
    return x;
  }

  /// Throws where the configuration does not say it: the default would be another broker's.
  std::string configured_endpoint() const {
    const auto from = sources();
    const auto found = config::examine(from);
    // A file as a whole, not one of its lines: those of conf.d end in .toml, whatever the first one is called.
    const auto is_of_a_file = [&from](const config::problem& x) {
      return x.key.empty() && (x.where == from.file || x.where.ends_with(".toml"));
    };
    for (const auto& problem : found.problems)
      if (is_of_a_file(problem) || problem.key == "edge.admin_endpoint")
        throw std::runtime_error("the configuration does not tell where the broker listens: " + to_string(problem) +
                                 " Correct it, or give --socket.");
    return found.values.edge.admin_endpoint;
  }
};

/// Builds the tree of commands; the chosen one is left in `chosen`.
class command_tree {
public:
  command_tree(CLI::App& app, command_line& line, std::function<int()>& chosen)
      : app_(app), line_(line), chosen_(chosen) {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_flag("--json", line_.broker.how.json, "Print JSON");
    app_
      .add_option("--config", line_.config_file,
                  std::string{"Configuration file; default: "} + config::default_file + ", where there is one")
      ->check(a_name);
    app_.add_option("--set", line_.set, "Override a value of the configuration: section.key=value")
      ->allow_extra_args(false);
    app_.add_option("--socket", line_.socket,
                    "The broker's admin endpoint; default: edge.admin_endpoint of the configuration");
    app_.add_option("--server-key", line_.broker.where.server_key,
                    "The broker's CURVE public key, for an endpoint on another machine");
    app_.add_option("--secret-key-file", line_.broker.where.secret_key_file, "File with our CURVE secret key");
    app_.add_option("--timeout-ms", line_.broker.where.answer_timeout_ms, "How long to wait for the broker's answer")
      ->check(CLI::Range(100, 600'000));
    app_.footer("Exit codes: 0 fine, 1 a problem, 2 wrong usage, 3 the broker cannot be reached.");
    broker_commands();
    local_commands();
  }

private:
  CLI::App* add(CLI::App& to, const std::string& name, const std::string& doc, std::function<int()> run) {
    auto* x = to.add_subcommand(name, doc);
    if (run)
      x->final_callback([this, run = std::move(run)] {
        if (!chosen_) chosen_ = run;
      });
    return x;
  }
  CLI::App* add_list(const std::string& name, const std::string& doc, int (*run)(const broker_request&)) {
    auto* x = add(app_, name, doc, [this, run] { return run(line_.request()); });
    x->add_option("--filter", line_.broker.with.filter, "Only rows that hold this text");
    x->add_option("--limit", line_.broker.with.limit, "Most rows")->check(CLI::Range(1, 100'000));
    x->add_flag("--wide", line_.broker.how.wide, "Every column");
    x->add_flag("--explain", line_.broker.how.explain, "Say what the columns mean");
    return x;
  }
  CLI::App* add_group(const std::string& name, const std::string& doc) {
    auto* x = add(app_, name, doc, {});
    x->require_subcommand(1);
    return x;
  }
  CLI::App* add_show(CLI::App& to, const std::string& doc, int (*run)(const broker_request&)) {
    auto* x = add(to, "show", doc, [this, run] { return run(line_.request()); });
    x->add_flag("--explain", line_.broker.how.explain, "Say what the fields mean");
    return x;
  }

  void broker_commands() {
    auto& with = line_.broker.with;
    add_list("rooms", "List rooms, those that wait for something first", &list_rooms);
    auto* room = add_group("room", "One room");
    add_show(*room, "Members, graph, invitations, servers, and what waits", &show_room)
      ->add_option("ROOM", with.room, "Matrix id or the chat server's id")
      ->required();

    add_list("servers", "List other servers, the latest first", &list_servers);
    auto* server = add_group("server", "One other server");
    add_show(*server, "Queue, transaction, back-off, keys, and why its messages wait", &show_server)
      ->add_option("NAME", with.server, "Server name")
      ->required();
    add(*server, "retry", "Try to reach it now", [this] { return retry_server(line_.request()); })
      ->add_option("NAME", with.server, "Server name")
      ->required();

    add_list("invites", "List open invitations and knocks", &list_invites)
      ->add_flag("--all", with.all, "Also those that are over");
    auto* invite = add_group("invite", "One invitation");
    auto* show = add_show(*invite, "Its state and what it waits for", &show_invite);
    show->add_option("ROOM", with.room, "Matrix id or the chat server's id")->required();
    show->add_option("USER", with.user, "@name:server")->required();

    auto* status = add(app_, "status", "What is wrong with the broker as a whole (exit code 1: something is)",
                       [this] { return show_status(line_.request()); });
    status->add_flag("--explain", line_.broker.how.explain, "Say what the fields mean");
    add_list("actors", "List actors in memory, those in trouble first", &list_actors);
  }

  void local_commands() {
    auto& json = line_.broker.how.json;
    auto* keys =
      add(app_, "keys", "Our verify key, or the known keys of a server", [this] { return list_keys(line_.request()); });
    keys->add_option("SERVER", line_.broker.with.server, "Server name");
    keys->add_flag("--explain", line_.broker.how.explain, "Say what the columns mean");
    add(*keys, "rotate", "Give the stopped broker a new signing key; the former stays published as an old one",
        [this, &json] { return rotate_key(line_.sources(), json); });
    auto* curve = add(app_, "curve-key", "Make a CURVE key for a connection between machines",
                      [this, &json] { return make_curve_key(line_.curve_file, json); });
    curve->add_option("FILE", line_.curve_file, "New file for the secret half; the public half is printed")->required();

    auto* config = add_group("config", "The configuration");
    auto* check = add(*config, "check", "Tell every problem", [this, &json] {
      auto from = line_.sources();
      if (!line_.check_file.empty()) from.file = line_.check_file;
      return check_config(from, line_.for_gateway, json);
    });
    check->add_option("FILE", line_.check_file, std::string{"Default: "} + config::default_file)->check(a_name);
    check->add_flag("--gateway", line_.for_gateway, "It is for a gateway of its own");
    auto* show = add(*config, "show", "Every key with its value",
                     [this, &json] { return show_config(line_.sources(), line_.origin, line_.only_set, json); });
    show->add_flag("--origin", line_.origin, "Tell where each value comes from");
    show->add_flag("--set-only", line_.only_set, "Leave the defaults out");
    add(*config, "example", "Print the documented example file", [] { return print_example_config(); });

    auto* contract = add_group("contract", "The chat contract, printed from the codec");
    add(*contract, "asyncapi", "As an AsyncAPI 3 document", [] { return print_asyncapi(); });
    add(*contract, "tables", "Print the tables of CONTRACT.md anew, in place",
        [this] { return print_contract_tables(line_.contract_file); })
      ->add_option("FILE", line_.contract_file, "The page")
      ->required();

    auto* gateway = add(app_, "gateway", "Run a gateway as a process of its own", [this] {
      auto link = line_.link;
      link.secret_key_file = line_.broker.where.secret_key_file;
      return run_gateway(line_.sources(), link);
    });
    gateway->add_option("--node", line_.link.node, "The node's endpoint for gateways; default: edge.gateway_endpoints");
    gateway->add_option("--node-key", line_.link.node_key, "The node's CURVE public key");

    auto* demo = add(app_, "demo", "Two brokers, two chat servers, one conversation, on this machine", [this, &json] {
      auto arguments = line_.demo_arguments;
      if (line_.keep) arguments.insert(arguments.begin(), "--keep");
      if (json) arguments.insert(arguments.begin(), "--json");
      return run_demo(arguments);
    });
    demo->add_flag("--keep", line_.keep, "Leave it running and type into it");
    demo->add_option("ARGUMENTS", line_.demo_arguments, "Further arguments of the demo, after --");

    add(app_, "version", "Print the version", [&json] { return print_version(json); });
  }

  CLI::App& app_;
  command_line& line_;
  std::function<int()>& chosen_;
};

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Causeway: look at a running broker, check its configuration, run its parts.", "causeway"};
  command_line line;
  std::function<int()> chosen;
  const command_tree tree{app, line, chosen};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    return chosen ? chosen() : exit_usage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "causeway: %s\n", printable(e.what()).c_str());
    return exit_problem;
  }
}
