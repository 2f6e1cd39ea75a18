#include "actors/scheduling.hpp"

#include <caf/scheduled_actor.hpp>

namespace causeway {
namespace {

using coordinator_data = work_sharing_with_few_wakes::coordinator_data;

/// What the running thread does for which coordinator; null on threads that are no workers.
thread_local coordinator_data* worker_of = nullptr;
thread_local bool holds_back = false;

/// Among the flags CAF keeps of an actor; it uses none above 0x2000. Only the actor itself writes them while it runs.
constexpr int patient_flag = 0x10000;

bool is_patient_job(caf::resumable* job) {
  return job->subtype() == caf::resumable::scheduled_actor && is_patient(*static_cast<caf::scheduled_actor*>(job));
}

} // namespace

void set_patient(caf::abstract_actor& self, bool patient) {
  if (patient) self.setf(patient_flag);
  else self.unsetf(patient_flag);
}

bool is_patient(const caf::abstract_actor& self) { return self.getf(patient_flag); }

void work_sharing_with_few_wakes::put(coordinator_data& data, caf::resumable* job) {
  bool wake = false;
  const bool patient = is_patient_job(job);
  {
    std::lock_guard lock{data.mutex};
    (patient ? data.patient_jobs : data.jobs).push_back(job);
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
  if (data.jobs.empty() && data.patient_jobs.empty()) {
    ++data.sleeping;
    data.wakeup.wait(lock, [&] { return !data.jobs.empty() || !data.patient_jobs.empty(); });
    --data.sleeping;
  }
  const bool patient = data.jobs.empty() || (!data.patient_jobs.empty() && data.urgent_turns >= urgent_turns_max);
  data.urgent_turns = patient || data.patient_jobs.empty() ? 0 : data.urgent_turns + 1;
  auto& queue = patient ? data.patient_jobs : data.jobs;
  auto* job = queue.front();
  queue.pop_front();
  return job;
}

void hand_out_held_back() {
  if (!holds_back) return;
  holds_back = false;
  worker_of->wakeup.notify_one();
}

} // namespace causeway
