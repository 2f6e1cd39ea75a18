#include "tools/causeway/broker_commands.hpp"
#include "tools/causeway/command_table.hpp"
#include "tools/causeway/top/top.hpp"
#include "tools/causeway/usual_parameters.hpp"

/// The entries of commands that ask a running broker.
namespace causeway::tools {

namespace {

constexpr parameter any_server_argument = {"[SERVER]", "", "Name of a server; default: our own key",
                                           [](command_line& x) -> place { return &x.broker.with.server; }};
constexpr parameter all_option = {"--all", "", "Also those that are over",
                                  [](command_line& x) -> place { return &x.broker.with.all; }};

} // namespace

std::vector<command> commands_of_broker() {
  using enum purpose;
  return {
    {"status",
     see_what_is_wrong,
     "What is wrong with the broker as a whole",
     "status",
     {explain_option, archive_option},
     on_broker(&show_status),
     !changes,
     {{1, "something is wrong; it was told"}}},
    {"server show",
     see_what_is_wrong,
     "Queue, transaction, back-off, keys of a server, and why its messages wait",
     "server show other.example",
     {server_argument, archive_option, explain_option},
     on_broker(&show_server)},
    {"room show",
     see_what_is_wrong,
     "Members, graph, invitations, servers of a room, and what waits",
     "room show general",
     {room_argument, limit_option, archive_option, explain_option},
     on_broker(&show_room)},
    {"invite show",
     see_what_is_wrong,
     "The state of an invitation, and what it waits for",
     "invite show general @ann:other.example",
     {room_argument, user_argument, archive_option, explain_option},
     on_broker(&show_invite)},
    {"top",
     see_what_is_wrong,
     "Actors, servers, invitations, peers and nodes live, the busiest and the latest first",
     "top",
     {},
     on_broker(&run_top)},

    {"rooms", look, "List rooms, those that wait for something first", "rooms --filter 'staged>0'", list_takes(),
     on_broker(&list_rooms)},
    {"servers", look, "List other servers, the latest first", "servers --filter state=backing_off --sort retry-at",
     list_takes(), on_broker(&list_servers)},
    {"invites", look, "List open invitations and knocks", "invites --all --since 1d", list_takes({all_option}),
     on_broker(&list_invites)},
    {"actors", look, "List actors in memory, those in trouble first", "actors --sort mailbox:desc --top 10 --watch",
     list_takes(), on_broker(&list_actors)},
    {"dead-letters ls", look, "List what the chat server has refused for good, the latest first",
     "dead-letters ls --since 2h", list_takes(), on_broker(&list_dead_letters)},
    {"keys", look, "Our verify key, or the known keys of a server", "keys other.example",
     list_takes({any_server_argument}), on_broker(&list_keys)},
    {"receipts", look, "What other servers have still to be told of what our users have read",
     "receipts --filter 'failures>0'", list_takes(), on_broker(&list_receipts)},

    {"server retry",
     steer,
     "Try to reach a server now",
     "server retry other.example --reason 'it is up again'",
     {server_argument, reason_option},
     on_broker(&retry_server),
     changes},
    {"dead-letters retry",
     steer,
     "Send one to the chat server again",
     "dead-letters retry 0-17 --reason 'the channel is there now'",
     {letter_argument, reason_option},
     on_broker(&retry_dead_letter),
     changes},
    {"dead-letters drop",
     steer,
     "Forget one for good",
     "dead-letters drop 0-17 --reason 'of a removed room'",
     {letter_argument, reason_option},
     on_broker(&drop_dead_letter),
     changes},
  };
}

} // namespace causeway::tools
