#include "tools/causeway/command_table.hpp"
#include "tools/causeway/operator_commands.hpp"
#include "tools/causeway/usual_parameters.hpp"
#include "tools/causeway/why_commands.hpp"

/// The entries of commands that look for what is wrong, and of those that steer one thing.
namespace causeway::tools {

namespace {

using enum purpose;

constexpr parameter event_argument = {"EVENT", "",
                                      "Id of an event, of a message (the chat server's) or of a transaction",
                                      [](command_line& x) -> place { return &x.broker.with.event; }};
constexpr parameter room_option = {"--room", "ROOM", "The message's room, where rooms share ids",
                                   [](command_line& x) -> place { return &x.broker.with.room; }};
constexpr parameter server_option = {"--server", "NAME",
                                     "The transaction's server, where it came more than an hour ago",
                                     [](command_line& x) -> place { return &x.broker.with.server; }};
constexpr parameter every_hop_option = {"--all", "", "Each attempt by itself, also those of the same outcome",
                                        [](command_line& x) -> place { return &x.broker.with.all; }};
constexpr parameter kind_argument = {"KIND", "", "room, remote_server, invitation, session, ...",
                                     [](command_line& x) -> place { return &x.broker.with.kind; }};
constexpr parameter key_argument = {"[KEY]", "",
                                    "Which one: room id, server name, ...; left out where there is one only",
                                    [](command_line& x) -> place { return &x.broker.with.key; }};
constexpr parameter looked_at_argument = {"[SERVER]", "", "Name of a server; default: ourselves",
                                          [](command_line& x) -> place { return &x.broker.with.server; }};

std::vector<command> of_trouble() {
  return {
    {"why",
     see_what_is_wrong,
     "Why an event is late, or was: the cause, the servers, its way through the node",
     "why '$event'",
     {event_argument, room_option, server_option, every_hop_option, limit_option, archive_option},
     on_broker(&explain_event)},
    {"doctor",
     see_what_is_wrong,
     "How others see us, or a server, and what to do about it",
     "doctor other.example",
     {looked_at_argument, archive_option},
     on_broker(&run_doctor),
     false,
     {{1, "federation does not work; what is wrong was told"}}},
    {"check",
     see_what_is_wrong,
     "For monitoring: live, store, edge, keys, certificates, backlog, clock",
     "check --backlog-age-s 600",
     {{"--backlog-age-s", "N", "Warn when the oldest unsent event is so old",
       [](command_line& x) -> place { return &x.broker.with.backlog_age_s; }},
      {"--backlog-critical-s", "N", "Critical from this age on",
       [](command_line& x) -> place { return &x.broker.with.backlog_critical_s; }},
      {"--certificate-days", "N", "Warn so many days before a certificate expires",
       [](command_line& x) -> place { return &x.broker.with.certificate_days; }},
      {"--certificate-critical-days", "N", "Critical so many days before",
       [](command_line& x) -> place { return &x.broker.with.certificate_critical_days; }},
      {"--unacknowledged-s", "N", "Warn when a connected chat server has not acknowledged for so long",
       [](command_line& x) -> place { return &x.broker.with.unacknowledged_s; }},
      {"--unacknowledged-critical-s", "N", "Critical from this time on",
       [](command_line& x) -> place { return &x.broker.with.unacknowledged_critical_s; }},
      archive_option},
     on_broker(&run_check),
     false,
     {{0, "ok"},
      {1, "warning"},
      {2, "critical: also where the broker cannot be reached"},
      {3, "unknown: also where the command line or the configuration is wrong, and where permission is denied"}},
     true},
    {"server probe",
     see_what_is_wrong,
     "Look at a server now, step by step: DNS, TCP, TLS, HTTP, keys",
     "server probe other.example",
     {server_argument},
     on_broker(&run_probe)},
    {"room compare",
     see_what_is_wrong,
     "Ask the servers of a room how they see it, and tell what differs",
     "room compare general",
     {room_argument},
     on_broker(&run_compare)},
    {"actor show",
     see_what_is_wrong,
     "The state of an actor, and what it says of itself",
     "actor show remote_server other.example",
     {kind_argument, key_argument, archive_option},
     on_broker(&show_actor)},
    {"actor trace",
     see_what_is_wrong,
     "What an actor handles from now on",
     "actor trace remote_server other.example --seconds 30",
     {kind_argument,
      key_argument,
      {"--count", "N", "End after so many messages", [](command_line& x) -> place { return &x.broker.with.count; }},
      {"--seconds", "N", "End after so long at the latest",
       [](command_line& x) -> place { return &x.broker.with.seconds; }},
      {"--every", "N", "See one message of so many: a busy actor over a longer time",
       [](command_line& x) -> place { return &x.broker.with.every; }}},
     on_broker(&trace_actor)},
  };
}

std::vector<command> of_lists() {
  return {
    {"edge", look, "Who is connected: version, credit, and how far behind", "edge --sort lag:desc --watch",
     list_takes(), on_broker(&list_peers)},
    {"streams", look, "Streams of notifications: how far each is acknowledged, and what it waits for",
     "streams --filter 'lag>0'", list_takes(), on_broker(&list_streams)},
    {"dead-letters show",
     look,
     "One notification that was refused, and what it says",
     "dead-letters show 0-17",
     {letter_argument, archive_option},
     on_broker(&run_show_letter)},
    {"cluster status", look, "Nodes that share the store: which one serves, and which may be stopped now",
     "cluster status --watch",
     list_takes({{"--shards", "", "The shards of the store instead: who owns each, and how many rooms are in it",
                  [](command_line& x) -> place { return &x.lists_shards; }}}),
     [](const command_line& x) {
       return x.lists_shards ? run_cluster_shards(x.request()) : run_cluster_status(x.request());
     }},
    {"cluster history", look, "Who served from when to when, and why that ended", "cluster history --top 5",
     list_takes(), on_broker(&run_cluster_history)},
    {"audit", look, "What operators have changed, by whom and why, the latest first", "audit --since 7d", list_takes(),
     on_broker(&run_audit)},
    {"bundle",
     look,
     "Write an archive for support, which --archive opens: lists, what is in trouble, log; no messages, no keys",
     "bundle support.tar.gz",
     {{"FILE", "", "New file, NAME.tar.gz", [](command_line& x) -> place { return &x.bundle_file; }}},
     [](const command_line& x) { return write_bundle(x.request(), x.sources(), x.bundle_file); }},
  };
}

std::vector<command> of_steering() {
  return {
    {"server pause",
     steer,
     "Send nothing more to a server; what is owed to it is kept",
     "server pause other.example --reason 'it is being moved'",
     {server_argument, reason_option},
     on_broker(&run_pause),
     changes},
    {"server resume",
     steer,
     "End the pause of a server",
     "server resume other.example --reason 'it has moved'",
     {server_argument, reason_option},
     on_broker(&run_resume),
     changes},
    {"room resync",
     steer,
     "Fetch what the other servers of a room have and we lack",
     "room resync general --reason 'messages are missing'",
     {room_argument, reason_option},
     on_broker(&run_resync),
     changes},
    {"invite revoke",
     steer,
     "Take an invitation back",
     "invite revoke general @ann:other.example --reason 'sent by mistake'",
     {room_argument, user_argument, reason_option},
     on_broker(&run_revoke),
     changes},
    {"invite resend",
     steer,
     "Try now what an invitation waits for; invite again where it is over",
     "invite resend general @ann:other.example --reason 'her server is up again'",
     {room_argument, user_argument, reason_option},
     on_broker(&run_resend),
     changes},
    {"drain",
     steer,
     "Hand this node's place over to one that stands by, before it is stopped",
     "drain --wait --reason 'new kernel'",
     {{"--wait", "", "Return when the other node serves", [](command_line& x) -> place { return &x.waits; }},
      {"--force", "", "Also where nobody stands by: then nobody serves",
       [](command_line& x) -> place { return &x.broker.with.force; }},
      reason_option},
     [](const command_line& x) { return run_drain(x.request(), x.waits); },
     changes},
    {"undrain",
     steer,
     "Let a drained node take its turn again",
     "undrain --reason 'the new kernel runs'",
     {reason_option},
     on_broker(&run_undrain),
     changes},
    {"cluster upgrade",
     steer,
     "How far an upgrade of the store is; with --finish, end it when every node runs the new version",
     "cluster upgrade --finish --reason 'all nodes run 0.2'",
     {{"--finish", "", "Take away what older builds need: there is no way back to them",
       [](command_line& x) -> place { return &x.finishes; }},
      reason_option},
     [](const command_line& x) { return run_upgrade(x.request(), x.finishes); },
     changes},
  };
}

} // namespace

std::vector<command> commands_of_operator() {
  auto all = of_trouble();
  for (auto& x : of_lists()) all.push_back(std::move(x));
  for (auto& x : of_steering()) all.push_back(std::move(x));
  return all;
}

} // namespace causeway::tools
