#include "plugin/admin/comparison.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <functional>
#include <memory>
#include <utility>

namespace causeway::admin {

namespace {

using comparing = std::shared_ptr<room_comparison>;
using go_on = std::function<void(desk&, const job&, const comparing&)>;

/// A round of questions that leave some time for the desk's own.
questions round(std::vector<questions::peer> peers) {
  questions ask;
  ask.peers = std::move(peers);
  ask.timeout_ms = comparison_timeout_ms + 1'000;
  return ask;
}

void load_compared(desk& at, const job& work, const query_results& found, go_on then) {
  auto summary = views::resolve_room(found, work.with.room);
  if (!summary) return at.refuse(work, summary.error());
  at.gather(work, {{{"room", store::load_room{summary->room_id}}}, {}, false},
            [id = summary->room_id, then = std::move(then)](desk& d, const job& j, const query_results& f) {
              const auto* room = f.find<store::room_loaded>("room");
              if (!room) return d.refuse(j, f.why_not("room"));
              auto x = std::make_shared<room_comparison>(*room, id, d.who().server_name);
              if (auto fine = x->askable(); !fine) return d.refuse(j, fine.error());
              then(d, j, x);
            });
}

/// The room, by either name, then how the others see it, then what of that our store knows.
void ask_views(desk& at, const job& work, bool with_state, go_on then) {
  store::list_rooms question{work.with.room};
  auto known = [then = std::move(then)](const comparing& x) {
    return [x, then](desk& d, const job& j, const query_results& f) {
      const auto* events = f.find<store::events_loaded>("events");
      if (!events) return d.refuse(j, f.why_not("events"));
      x->events_known(*events);
      then(d, j, x);
    };
  };
  auto told = [known = std::move(known)](const comparing& x) {
    return [x, known](desk& d, const job& j, const query_results& f) {
      x->views_answered(f);
      d.gather(j, {{{"events", x->events_to_ask()}}, {}, false}, known(x));
    };
  };
  auto loaded = [told = std::move(told), with_state](desk& d, const job& j, const comparing& x) {
    d.gather(j, round(x->views_to_ask(with_state)), told(x));
  };
  at.gather(
    work, {{{"rooms", std::move(question)}}, {}, false},
    [loaded = std::move(loaded)](desk& d, const job& j, const query_results& f) { load_compared(d, j, f, loaded); });
}

void compare_room(desk& at, const job& work) {
  ask_views(at, work, true, [](desk& d, const job& j, const comparing& x) {
    d.gather(j, round(x->missing_to_ask(true)), [x](desk& at_end, const job& done, const query_results& f) {
      x->missing_answered(f);
      at_end.answer(done, x->compared());
    });
  });
}

void hand_in(desk& d, const job& j, const comparing& x) {
  questions ask;
  ask.deliveries = x->fetched();
  ask.timeout_ms = comparison_timeout_ms;
  d.gather(j, std::move(ask),
           [x](desk& at_end, const job& done, const query_results& f) { at_end.answer(done, x->resynced(f)); });
}

void resync_room(desk& at, const job& work) {
  ask_views(at, work, false, [](desk& d, const job& j, const comparing& x) {
    d.gather(j, round(x->missing_to_ask(false)), [x](desk& next, const job& job_at_hand, const query_results& f) {
      x->missing_answered(f);
      hand_in(next, job_at_hand, x);
    });
  });
}

} // namespace

std::span<const verb> comparing_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"room.compare", false, "room", "Asks the servers of a room how they see it, and tells what differs."},
     &compare_room},
    {{"room.resync", true, "room", "Fetches what other servers of the room have and we lack."}, &resync_room},
  }};
  return all;
}

} // namespace causeway::admin
