#include "plugin/node_canary.hpp"

#include "plugin/store/store_thread.hpp"

#include <caf/all.hpp>

#include <utility>

namespace causeway {

canary::path through_scheduler(caf::actor_system& system) {
  return {"scheduler",
          [&system](std::function<void(canary::answer)> done) {
            system.spawn([done = std::move(done)] { done(canary::answer::arrived); });
          },
          {}};
}

canary::path through_store(store::store_thread& store) {
  return {"store",
          [&store](std::function<void(canary::answer)> done) {
            store.ask(store::find_received_transaction{}, [done = std::move(done)](const store::answer& x) {
              const auto* why = std::get_if<fault>(&x);
              done(why && why->code == fault_code::overloaded ? canary::answer::refused : canary::answer::arrived);
            });
          },
          [&store] { return store.counters().is_out; }};
}

} // namespace causeway
