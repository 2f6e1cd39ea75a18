#pragma once
#include <pthread.h>
#include <sched.h>
#include <zmq.hpp>

/// Threads that only pass messages on: the edge and the I/O thread of ZeroMQ.
///
/// Each wakes the other with the first message of a burst. Where the woken one interrupts the waking one, the burst
/// goes message by message, with two switches for each; under SCHED_BATCH it waits until the other has nothing left, or
/// its time is up (some milliseconds), and takes all that has come. On a core that is idle it runs at once all the
/// same. No privilege is needed.
namespace causeway {

inline void make_this_thread_patient() {
  const sched_param none{};
  // Refused where system calls are filtered: then it is as it was.
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

/// A context of one I/O thread. libzmq starts it with the first socket.
inline zmq::context_t patient_context() {
  zmq::context_t context{1};
  zmq_ctx_set(context.handle(), ZMQ_THREAD_SCHED_POLICY, SCHED_BATCH);
  return context;
}

} // namespace causeway
