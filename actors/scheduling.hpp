#pragma once
#include <caf/abstract_actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace causeway {

/// How CAF's workers share their jobs: one queue, as with CAF's own `sharing`, but a worker that makes another actor
/// ready does not wake a second worker for it, since it will be free itself in a moment. One transaction crosses two
/// dozen mailboxes, each mostly the only one with work: waking a sleeping thread for every hop cost more than the hops.
///
/// At most one job per worker is held back so. It is handed out when the worker takes its next job, or when it goes on
/// with another message of the same actor (`hand_out_held_back`), which may take long.
///
/// *Patient* actors (`set_patient`) stand in a second queue, which has its turn when the first is empty, and once for
/// every `urgent_turns_max` jobs of the first: a crowd of them delays nobody, and nobody starves them.
class work_sharing_with_few_wakes : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::mutex mutex;
    std::condition_variable wakeup;
    std::deque<caf::resumable*> jobs, patient_jobs;
    std::size_t urgent_turns = 0; ///< jobs taken in a row while a patient one waited
    std::size_t sleeping = 0;     ///< workers that wait for a job
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
    for (auto* queue : {&data.jobs, &data.patient_jobs})
      while (!queue->empty()) {
        auto* job = queue->front();
        queue->pop_front();
        f(job);
      }
  }
  static constexpr std::size_t urgent_turns_max = 16;

  /// How the queues are filled and emptied; public for its test.
  static void put(coordinator_data& data, caf::resumable* job);
  static caf::resumable* take(coordinator_data& data);
};

/// For a configuration: `load<few_wakes_scheduler>()`. Takes the place of `scheduler.policy`; its other options count.
using few_wakes_scheduler = caf::scheduler::coordinator<work_sharing_with_few_wakes>;

/// Whether the work of `self` can wait behind that of others; counts from when it becomes ready the next time. Called
/// by the actor itself, or before it runs.
void set_patient(caf::abstract_actor& self, bool patient);
bool is_patient(const caf::abstract_actor& self);

/// Called by an actor that begins with a message: what its thread holds back is given to a sleeping worker. Nothing on
/// other threads.
void hand_out_held_back();

} // namespace causeway
