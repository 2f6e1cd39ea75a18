#pragma once
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/desk.hpp"

#include <span>
#include <string_view>
#include <vector>

/// The operator's commands, a file of verbs/ for each noun. A new one is a function in the file of its noun and a line
/// in the table at the end of that file.
namespace causeway::admin {

struct verb {
  command_info info;
  void (*run)(desk& at, const job& work);
};

std::span<const verb> room_verbs();
std::span<const verb> server_verbs();
std::span<const verb> invitation_verbs();
std::span<const verb> dead_letter_verbs();
std::span<const verb> event_verbs();
std::span<const verb> edge_verbs();
std::span<const verb> actor_verbs(); ///< one actor
std::span<const verb> audit_verbs();
std::span<const verb> cluster_verbs();
std::span<const verb> doctor_verbs();    ///< doctor, server.probe
std::span<const verb> check_verbs();     ///< status, check
std::span<const verb> comparing_verbs(); ///< room.compare, room.resync
std::span<const verb> node_verbs();      ///< actors, receipts, keys

/// Without a page: the operator's lists are sorted and filtered here.
store::find_invitations every_invitation(store::invitations_wanted which);

/// Answers with `body` when the store has said which events are missing for what is staged (staged_waits.hpp).
void tell_staged_waits(desk& at, const job& work, staged_waits waits, matrix::json::object body);

/// All of them, in the order of the groups above.
const std::vector<verb>& verbs();
/// Null when there is none of that name.
const verb* find_verb(std::string_view name);

} // namespace causeway::admin
