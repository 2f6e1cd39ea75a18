#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

void list_rooms(desk& at, const job& work) {
  at.gather(work, {{{"rooms", store::list_rooms{}}}, {}, false},
            [](desk& d, const job& j, const findings& f) { d.answer(j, views::rooms(f, j.with)); });
}

void show_found_room(desk& at, const job& work, const findings& found) {
  auto summary = views::resolve_room(found, work.with.room);
  if (!summary) return at.refuse(work, summary.error());
  questions ask;
  ask.store = {{"room", store::load_room{summary->room_id}}, {"destinations", store::list_destinations{}}};
  ask.status = {{actor_kind::room, summary->room_id}};
  at.gather(work, std::move(ask), [summary = *summary](desk& d, const job& j, const findings& f) {
    auto body = views::room(f, summary, d.who().server_name, d.now_ms(), j.with.limit);
    if (!body) return d.refuse(j, body.error());
    tell_staged_waits(d, j, views::waits_of_room(f), std::move(*body));
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
