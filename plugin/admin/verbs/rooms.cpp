#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

/// Parked actors that are looked for; where more are parked, it is not the rooms that are the trouble.
constexpr std::size_t rooms_parked_max = 1'000;

void list_rooms(desk& at, const job& work) {
  questions ask;
  ask.store = {{"rooms", store::list_rooms{}}};
  ask.ranked = actors_request{"failures", true, "parked", rooms_parked_max};
  at.gather(work, std::move(ask),
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::rooms(f, j.with)); });
}

void load_and_show(desk& at, const job& work, const store::room_summary& summary) {
  questions ask;
  ask.store = {{"room", store::load_room{summary.room_id}}, {"destinations", store::list_destinations{}}};
  ask.status = {{actor_kind::room, summary.room_id}};
  at.gather(work, std::move(ask), [summary](desk& d, const job& j, const query_results& f) {
    auto body = views::room(f, summary, d.who().server_name, d.now_ms(), j.with.limit);
    if (!body) return d.refuse(j, body.error());
    tell_staged_waits(d, j, views::waits_of_room(f), std::move(*body));
  });
}

/// A parked actor answers nothing, and its rows may be what it failed of: neither is waited for.
void show_found_room(desk& at, const job& work, const query_results& found) {
  auto summary = views::resolve_room(found, work.with.room);
  if (!summary) return at.refuse(work, summary.error());
  questions ask;
  ask.actor = address{actor_kind::room, summary->room_id};
  at.gather(work, std::move(ask), [summary = *summary](desk& d, const job& j, const query_results& f) {
    const auto* row = f.actors && !f.actors->empty() ? &f.actors->front() : nullptr;
    if (!row || !is_parked(*row)) return load_and_show(d, j, summary);
    d.answer(j, views::parked_room(summary, *row, d.who().supervision, d.now_ms()));
  });
}

void show_room(desk& at, const job& work) {
  store::list_rooms question{work.with.room};
  at.gather(work, {{{"rooms", std::move(question)}}, {}, false}, &show_found_room);
}

} // namespace

std::span<const verb> room_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"rooms", false, "", "All rooms, those that wait for something first."}, &list_rooms},
    {{"room.show", false, "room", "One room: members, head of the graph, invitations, servers, what waits."},
     &show_room},
  }};
  return all;
}

} // namespace causeway::admin
