#pragma once
#include "plugin/canary.hpp"

namespace caf {
class actor_system;
}

namespace causeway {

namespace store {
class store_thread;
}

/// The canary's way through CAF's scheduler: an actor of its own. One of ours that failed or is parked is told
/// elsewhere, and must not cost the process its life.
canary::path through_scheduler(caf::actor_system& system);

/// Its way through the store's writing thread, behind the batches that wait. A store that cannot write excuses itself:
/// a full disk is full for the next process, too, and `causeway status` tells of it.
canary::path through_store(store::store_thread& store);

} // namespace causeway
