#include "actors/room/extremity_merger.hpp"

#include "messages/limits.hpp"

#include <functional>
#include <utility>

namespace causeway::room {
namespace {

/// How long it is waited for a message that brings them together, and spread over as long again: all servers of the
/// room see the same ends.
constexpr time_ms merge_patience_ms = 60'000;

constexpr const char* merge_type = "org.matrix.dummy_event";

} // namespace

void extremity_merger::consider() {
  const auto forks = room_.graph.extremities().size();
  if (forks <= patient_max) return;
  if (forks > extremities_max) return merge();
  if (alarm_.is_set() || asked_) return;
  const auto spread =
    static_cast<time_ms>(std::hash<std::string>{}(room_.node.server_name + room_.id) % merge_patience_ms);
  alarm_.set(out_.now() + merge_patience_ms + spread);
}

void extremity_merger::try_again() {
  if (asked_) on_deadline();
}

void extremity_merger::on_deadline() {
  alarm_.clear();
  asked_ = false;
  if (room_.graph.extremities().size() > patient_max) merge();
}

std::optional<draft> extremity_merger::merging_event() const {
  const auto levels = room_.graph.levels();
  const auto users = room_.local_speakers();
  for (const auto& user : users)
    if (levels.of_user(user) >= levels.of_event(merge_type, false)) return draft{merge_type, user, {}, {}};
  // Nobody of ours may write. That they are in the room they may always say.
  for (const auto& user : users)
    if (const auto member = room_.graph.state_event("m.room.member", user))
      return draft{"m.room.member", user, user, member->content()};
  return {};
}

void extremity_merger::merge() {
  if (!room_.takes_part() || partial_.is_active() || join_.is_active() || out_.now() < not_before_) return;
  const auto wanted = merging_event();
  if (!wanted) return;
  auto x = authoring_.author(*wanted);
  if (x.waits()) {
    asked_ = true;
    return;
  }
  const auto forks = room_.graph.extremities().size();
  const auto done = x ? authoring_.commit(*x) : status{x.error()};
  if (!done) not_before_ = out_.now() + merge_patience_ms; // the next one would be refused for the same reason
  decision::fields with{
    {"room", room_.id}, {"ends", std::to_string(forks)}, {"now", std::to_string(room_.graph.extremities().size())}};
  if (!done) with.emplace_back("why", to_string(done.error()));
  out_.log(done ? log_level::info : log_level::warning,
           done ? "R107 forward extremities merged" : "R108 forward extremities not merged", std::move(with));
}

} // namespace causeway::room
