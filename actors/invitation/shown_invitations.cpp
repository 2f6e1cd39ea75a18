#include "actors/invitation/shown_invitations.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

bool is_open(const chat::invitation_view& x) {
  return causeway::is_open(find_invitation_state(x.state).value_or(invitation_state::none));
}

std::size_t bytes_of(const chat::invitation_view& x) {
  return x.room.size() + x.matrix_room_id.size() + x.user.size() + x.by.size() + x.direction.size() + x.state.size() +
         x.reason.size() + x.last_fault.size();
}

} // namespace

bool shorten(std::vector<chat::invitation_view>& list) {
  std::size_t bytes = 0;
  for (const auto& x : list) bytes += bytes_of(x);
  if (list.size() <= shown_max && bytes <= shown_bytes_max) return false; // in the order they were made
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return is_open(a) != is_open(b) ? is_open(a) : a.since_ts > b.since_ts;
  });
  std::size_t kept = 0, used = 0;
  while (kept < std::min(list.size(), shown_max) && used + bytes_of(list[kept]) <= shown_bytes_max)
    used += bytes_of(list[kept++]);
  list.resize(kept);
  return true;
}

} // namespace causeway::invitation
