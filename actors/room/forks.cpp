// The ends of a room's graph are brought together where nobody of ours writes anything: each one costs every server of the room a merge of
// states for every event, and a hostile member can make them by the thousand. Source: room specification, "Room DAG"; the event that other
// homeservers send for it is `org.matrix.dummy_event`, which no client shows.
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"

#include <functional>
#include <utility>

namespace causeway::room {
namespace {

/// Ends of the graph that are left to the next message for a while.
constexpr std::size_t forks_patient_max = 10;
/// Beyond these the room is not given the time.
constexpr std::size_t forks_max = 20;
/// How long it is waited for a message that brings them together, and spread over as long again: all servers of the room see the same ends.
constexpr time_ms merge_patience_ms = 60'000;

constexpr const char* merge_type = "org.matrix.dummy_event";

} // namespace

void room_machine::consider_forks() {
  const auto forks = graph_.extremities().size();
  if (forks <= forks_patient_max) return;
  if (forks > forks_max) return merge_forks();
  if (merge_due_) return;
  merge_due_ = true;
  const auto spread = static_cast<time_ms>(std::hash<std::string>{}(node_.server_name + room_id_) % merge_patience_ms);
  out_.wake_at(out_.now() + merge_patience_ms + spread, "forks");
}

void room_machine::forks_overdue() {
  merge_due_ = merge_asked_ = false;
  if (graph_.extremities().size() > forks_patient_max) merge_forks();
}

std::optional<room_machine::draft> room_machine::merging_event() const {
  const auto levels = graph_.levels();
  const auto users = local_speakers();
  for (const auto& user : users)
    if (levels.of_user(user) >= levels.of_event(merge_type, false)) return draft{merge_type, user, {}, {}};
  // Nobody of ours may write. That he is in the room he may always say.
  for (const auto& user : users)
    if (const auto member = graph_.state_event("m.room.member", user)) return draft{"m.room.member", user, user, member->content()};
  return {};
}

void room_machine::merge_forks() {
  if (!exists_ || head_.phase != store::room_phase::joined || without_members_ || join_ || out_.now() < merge_not_before_) return;
  const auto wanted = merging_event();
  if (!wanted) return;
  auto x = author(*wanted);
  if (!x && author_waits_) {
    if (!std::exchange(merge_asked_, true)) policy_waiting_.emplace_back(timer_due{"forks"});
    return;
  }
  const auto forks = graph_.extremities().size();
  const auto done = x ? commit_local(*x) : status{x.error()};
  if (!done) merge_not_before_ = out_.now() + merge_patience_ms; // the next one would be refused for the same reason
  out_.log(done ? log_level::info : log_level::warning, done ? "ends of the room brought together" : "ends of the room could not be brought together",
                              {{"room", room_id_}, {"ends", std::to_string(forks)}, {"now", std::to_string(graph_.extremities().size())},
                               {"why", done ? std::string{} : to_string(done.error())}});
}

} // namespace causeway::room
