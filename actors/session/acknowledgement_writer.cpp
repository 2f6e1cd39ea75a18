#include "actors/session/acknowledgement_writer.hpp"

#include <algorithm>
#include <utility>

namespace causeway::session {

void acknowledgement_writer::acknowledged(std::uint32_t stream, std::size_t events) {
  dirty_.insert(stream);
  unwritten_events_ += std::max<std::size_t>(events, 1);
  if (unwritten_events_ >= acknowledge_events || bindings_.size() >= acknowledge_events) return flush();
  if (std::exchange(timer_is_set_, true)) return;
  out_.wake_at(out_.now() + acknowledge_delay_ms, timer);
}

void acknowledgement_writer::flush() {
  if (is_empty()) return;
  if (!bindings_.empty()) out_.after_commit(wake_me_at{out_.now(), {timer_kind::bound, ++bindings_handed_over_}});
  for (auto& binding : std::exchange(bindings_, {})) out_.write(std::move(binding));
  for (const auto number : std::exchange(dirty_, {}))
    out_.write(store::acknowledge_outbox{number, streams_[number].acked()});
  unwritten_events_ = 0;
}

bool acknowledgement_writer::timer_due(timer_name name) {
  if (name == timer) {
    timer_is_set_ = false;
    flush();
    return true;
  }
  if (name.kind != timer_kind::bound) return false;
  // In order: a batch is on disk when those before it are.
  while (bindings_on_disk_ < bindings_handed_over_)
    if (name.number == ++bindings_on_disk_) break;
  return true;
}

} // namespace causeway::session
