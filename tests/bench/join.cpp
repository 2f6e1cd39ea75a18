// Load for `tools/bench join`: a fake homeserver invites a user of the broker into a large room whose members are
// spread over many servers; he accepts, and the clock runs until he is joined, and until the chat server was told every
// member. Every key has to be fetched, every signature of the state checked.
//
//   load_join --port P --server-name NAME --pid PID --ca F --certificate F --private-key F --chat ENDPOINT --user USER
//             [--members 10000] [--servers 50] [--whole yes|no]
//
// `--whole yes` gives the state with the join, as a server without `omit_members` does; otherwise the members come
// after it.
#include "tests/bench/chat_peer.hpp"
#include "tests/bench/fake_homeserver.hpp"
#include "tests/bench/large_room.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/json.hpp"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <set>

using namespace causeway;
using namespace causeway::bench;
namespace json = matrix::json;

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto port = static_cast<std::uint16_t>(std::atoi(argument(argc, argv, "port").c_str()));
  const auto broker = argument(argc, argv, "server-name"), user = argument(argc, argv, "user");
  const auto pid = std::atoi(argument(argc, argv, "pid").c_str());
  const tls_files files{argument(argc, argv, "certificate"), argument(argc, argv, "private-key"),
                        argument(argc, argv, "ca")};
  const auto members = static_cast<std::size_t>(std::atoll(argument(argc, argv, "members", "10000").c_str()));
  const auto server_count = static_cast<std::size_t>(std::atoll(argument(argc, argv, "servers", "50").c_str()));
  const auto which =
    argument(argc, argv, "whole", "no") == "yes" ? large_room::members::whole : large_room::members::omitted;
  require(port && pid && !broker.empty() && !user.empty() && members > 1 && server_count,
          "usage: see the head of join.cpp");

  https_listeners listeners{files, server_count, [](std::size_t, std::string_view) {}};
  std::vector<fake_homeserver> servers;
  for (std::size_t i = 0; i < server_count; ++i) {
    servers.emplace_back("localhost:" + std::to_string(listeners.ports()[i]), broker);
    listeners.set_key_document(i, servers.back().key_document());
  }
  large_room room{servers, members};
  const auto invite = room.invite(user);
  const auto joining = room.join_template(user, *invite), joined = room.join_answer(which, *invite, servers),
             state = room.state_answer(*invite), summary = room.summary();
  listeners.set_handler([&](std::size_t, std::string_view, std::string_view target) -> std::optional<http_reply> {
    const auto is = [&](std::string_view path) { return target.find(path) != std::string_view::npos; };
    if (is("/make_join/")) return http_reply{200, joining};
    if (is("/send_join/")) return http_reply{200, joined};
    if (is("/hierarchy/") && which == large_room::members::omitted) return http_reply{200, summary};
    if (is("/state/")) return http_reply{200, state};
    if (is("/backfill/")) return http_reply{200, R"({"pdus":[]})"};
    return std::nullopt;
  });

  chat_peer chat{argument(argc, argv, "chat"), "load", events_to_ask::yes};
  std::set<std::string> told;
  bool complete = false;
  chat.on_event = [&](const std::string& name, const std::string& body) {
    if (name != chat::room_created::name && name != chat::room_members::name) return;
    const auto decoded = chat::decode_notification(name, body);
    require(static_cast<bool>(decoded), "an EVENT cannot be decoded: " + name);
    if (const auto* created = std::get_if<chat::room_created>(&*decoded)) {
      told.insert(created->members.begin(), created->members.end());
      complete = complete || !created->more_members;
    } else if (const auto* more = std::get_if<chat::room_members>(&*decoded)) {
      told.insert(more->members.begin(), more->members.end());
      complete = complete || more->complete;
    }
  };
  chat::user_profile profile;
  profile.user = user;
  profile.display_name = "Load";
  chat.call(profile);
  https_connection connection{files, port};
  const json::value offered{
    json::object{{"event", invite->source}, {"invite_room_state", json::array{}}, {"room_version", "11"}}};
  const auto reply = servers.front().put(
    connection, matrix::endpoint_path(matrix::endpoint::invite_v2, {room.id(), invite->event_id}), offered);
  require(reply.status == 200, "the invitation was answered with " + std::to_string(reply.status) + ' ' + reply.body);

  const auto before = usage_of(pid);
  const auto begun = now_s();
  chat::invite_answer accepted;
  accepted.room = room.id();
  accepted.user = user;
  accepted.accept = true;
  double answered = 0;
  chat.send(accepted, [&](const std::string&) { answered = now_s() - begun; });
  for (const auto deadline = now_s() + 300; answered == 0 || !complete;) {
    require(now_s() < deadline, "not joined with all members after five minutes");
    chat.poll(20);
  }
  const auto all = now_s() - begun;
  const auto after = usage_of(pid);
  // The invited user himself may be among them.
  require(told.size() >= members,
          std::to_string(told.size()) + " of " + std::to_string(members) + " members were told");
  std::printf("{\"joined_s\":%.3f,\"members_s\":%.3f,\"cpu_s\":%.3f,\"rss_peak_mib\":%.1f,\"rss_mib\":%.1f,"
              "\"rss_before_mib\":%.1f,"
              "\"members\":%zu,\"servers\":%zu,\"omitted\":%s,\"state_bytes\":%zu}\n",
              answered, all, after.cpu_seconds - before.cpu_seconds, after.rss_peak_mib, after.rss_mib, before.rss_mib,
              members, server_count, which == large_room::members::omitted ? "true" : "false", state.size());
}
