#include "actors/scheduling.hpp"

namespace causeway {
namespace {

using coordinator_data = work_sharing_with_few_wakes::coordinator_data;

/// What the running thread does for which coordinator; null on threads that are no workers.
thread_local coordinator_data* worker_of = nullptr;
thread_local bool holds_back = false;

} // namespace

void work_sharing_with_few_wakes::put(coordinator_data& data, caf::resumable* job) {
  bool wake = false;
  {
    std::lock_guard lock{data.mutex};
    data.jobs.push_back(job);
    if (data.sleeping > 0) {
      // The second job of one turn is for another worker: two can run side by side.
      wake = worker_of != &data || holds_back;
      if (worker_of == &data) holds_back = true;
    }
  }
  if (wake) data.wakeup.notify_one();
}

caf::resumable* work_sharing_with_few_wakes::take(coordinator_data& data) {
  worker_of = &data;
  holds_back = false;
  std::unique_lock lock{data.mutex};
  if (data.jobs.empty()) {
    ++data.sleeping;
    data.wakeup.wait(lock, [&] { return !data.jobs.empty(); });
    --data.sleeping;
  }
  auto* job = data.jobs.front();
  data.jobs.pop_front();
  return job;
}

void hand_out_held_back() {
  if (!holds_back) return;
  holds_back = false;
  worker_of->wakeup.notify_one();
}

} // namespace causeway
