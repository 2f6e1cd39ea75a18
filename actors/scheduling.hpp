#pragma once
#include <caf/actor_system.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace causeway {

/// How CAF's workers share their jobs: one queue, as with CAF's own `sharing`, but a worker that makes another actor ready does not
/// wake a second worker for it, since it will be free itself in a moment. One transaction crosses two dozen mailboxes, each
/// mostly the only one with work: waking a sleeping thread for every hop cost more than the hops.
///
/// At most one job per worker is held back so. It is handed out when the worker takes its next job, or when it goes on with
/// another message of the same actor (`hand_out_held_back`), which may take long.
class work_sharing_with_few_wakes : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::mutex mutex;
    std::condition_variable wakeup;
    std::deque<caf::resumable*> jobs;
    std::size_t sleeping = 0; ///< workers that wait for a job
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    put(d(self), job);
  }
  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    put(d(self->parent()), job);
  }
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    put(d(self->parent()), job);
  }
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    put(d(self->parent()), job);
  }
  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    return take(d(self->parent()));
  }
  template <class Worker, class Function>
  void foreach_resumable(Worker*, Function) {}
  template <class Coordinator, class Function>
  void foreach_central_resumable(Coordinator* self, Function f) {
    auto& data = d(self);
    std::unique_lock lock{data.mutex};
    while (!data.jobs.empty()) {
      auto* job = data.jobs.front();
      data.jobs.pop_front();
      f(job);
    }
  }

private:
  static void put(coordinator_data& data, caf::resumable* job);
  static caf::resumable* take(coordinator_data& data);
};

/// For a configuration: `load<few_wakes_scheduler>()`. Takes the place of `scheduler.policy`; its other options count.
using few_wakes_scheduler = caf::scheduler::coordinator<work_sharing_with_few_wakes>;

/// Called by an actor that begins with a message: what its thread holds back is given to a sleeping worker. Nothing on other threads.
void hand_out_held_back();

} // namespace causeway
