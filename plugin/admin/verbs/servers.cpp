#include "plugin/admin/verbs.hpp"

#include "messages/invitation_key.hpp"
#include "messages/matrix/identifiers.hpp"
#include "plugin/admin/why_facts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace causeway::admin {

namespace {

void list_servers(desk& at, const job& work) {
  at.gather(work,
            {{{"destinations", store::list_destinations{}},
              {"invitations", every_invitation(store::invitations_wanted::unsettled)}},
             {},
             false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::servers(f, j.with, d.now_ms())); });
}

void show_server(desk& at, const job& work) {
  constexpr std::size_t queue_shown = 50;
  questions ask;
  ask.store = {{"destinations", store::list_destinations{work.with.server}},
               {"destination", store::load_destination{work.with.server, queue_shown}},
               {"staged", store::list_staged{work.with.server, queue_shown}},
               {"shared", store::find_shared_rooms{work.with.server, queue_shown}},
               {"invitations", every_invitation(store::invitations_wanted::unsettled)}};
  ask.status = {{actor_kind::remote_server, work.with.server}};
  at.gather(work, std::move(ask), [](desk& d, const job& j, const query_results& f) {
    auto body = views::server(f, j.with, d.now_ms());
    if (!body) return d.refuse(j, body.error());
    // The rooms know what an event waits for, and there may be many of them: its last hop says the same. To find that
    // is a walk through all hops, so nothing is said of what the further events wait for.
    constexpr std::size_t hops_looked_for_max = 5;
    auto waits = views::waits_of_server(f);
    for (const auto& id : waits.shown(hops_looked_for_max))
      waits.key_looked_up(id, why::last_wait(d.node().find_hops(id)) == "waiting_for_keys");
    tell_staged_waits(d, j, std::move(waits), std::move(*body));
  });
}

void retry_found_server(desk& at, const job& work, const query_results& found) {
  namespace json = matrix::json;
  const auto* listed = found.find<store::destinations_listed>("destinations");
  if (!listed) return at.refuse(work, found.why_not("destinations"));
  auto is_it = [&](const store::destination_summary& x) { return x.destination.server_name == work.with.server; };
  auto row = std::find_if(listed->destinations.begin(), listed->destinations.end(), is_it);
  const bool is_listed = row != listed->destinations.end();
  const auto waiting = views::invitations_waiting_for(found, work.with.server, at.now_ms());
  // A server that only has a request to repeat owes its wait to its actor; a name nobody uses must not make one.
  if (!is_listed && waiting.empty() && (!found.status || found.status->empty()))
    return at.refuse(work, {fault_code::not_found, "nothing is owed to a server called " + work.with.server});
  at.node().tell({actor_kind::remote_server, work.with.server}, retry_now{});
  for (const auto& x : waiting)
    at.node().tell({actor_kind::invitation, invitation::key_of(x.room_id, x.user_id)}, server_alive{work.with.server});
  at.answer(work, json::object{{"server_name", json::value{work.with.server}},
                               {"failures", json::value{std::int64_t{is_listed ? row->destination.failures : 0}}},
                               {"queued", json::value{is_listed ? row->queued : std::int64_t{0}}},
                               {"invitations", json::value{static_cast<std::int64_t>(waiting.size())}},
                               {"retried", json::value{true}}});
}

void retry_server(desk& at, const job& work) {
  questions ask;
  ask.store = {{"destinations", store::list_destinations{work.with.server}},
               {"invitations", every_invitation(store::invitations_wanted::unsettled)}};
  ask.status = {{actor_kind::remote_server, work.with.server}};
  at.gather(work, std::move(ask), &retry_found_server);
}

/// Whoever waits for the server goes on as soon as it may be spoken to.
void wake_invitations(desk& at, const query_results& found, const std::string& server) {
  for (const auto& x : views::invitations_waiting_for(found, server, at.now_ms()))
    at.node().tell({actor_kind::invitation, invitation::key_of(x.room_id, x.user_id)}, server_alive{server});
}

void pause_found_server(desk& at, const job& work, const query_results& found, bool pauses) {
  namespace json = matrix::json;
  const auto& server = work.with.server;
  if (pauses && server == at.who().server_name)
    return at.refuse(work, {fault_code::invalid_param, server + " is ourselves"});
  if (!matrix::is_server_name(server))
    return at.refuse(work, {fault_code::invalid_identifier, "\"" + server + "\" is no server name"});
  const auto* listed = found.find<store::destinations_listed>("destinations");
  if (!listed) return at.refuse(work, found.why_not("destinations"));
  const bool is_paused = !listed->destinations.empty() && listed->destinations.front().destination.paused_since_ts != 0;
  if (!pauses && !is_paused) return at.refuse(work, {fault_code::conflict, server + " is not paused"});
  at.node().tell({actor_kind::remote_server, server}, pause_request{pauses, work.with.reason});
  if (!pauses) wake_invitations(at, found, server);
  at.answer(work, json::object{
                    {"server_name", json::value{server}},
                    {"paused", json::value{pauses}},
                    {"queued", json::value{listed->destinations.empty() ? 0 : listed->destinations.front().queued}}});
}

template <bool Pauses>
void pause_server(desk& at, const job& work) {
  questions ask;
  ask.store = {{"destinations", store::list_destinations{work.with.server}},
               {"invitations", every_invitation(store::invitations_wanted::unsettled)}};
  at.gather(work, std::move(ask),
            [](desk& d, const job& j, const query_results& f) { pause_found_server(d, j, f, Pauses); });
}

} // namespace

std::span<const verb> server_verbs() {
  static constexpr std::array<verb, 5> all = {{
    {{"servers", false, "", "All other servers we owe or owed something, the latest first."}, &list_servers},
    {{"server.show", false, "server",
      "One server: queue, transaction in flight, back-off, keys, and why its messages wait."},
     &show_server},
    {{"server.retry", true, "server", "Ends the back-off of a server: the next attempt is made now."}, &retry_server},
    {{"server.pause", true, "server",
      "Sends nothing more to a server until it is resumed; what is owed to it is kept."},
     &pause_server<true>},
    {{"server.resume", true, "server", "Ends the pause of a server: what is owed to it is sent."},
     &pause_server<false>},
  }};
  return all;
}

} // namespace causeway::admin
