#include "actors/room/room_removal.hpp"

#include <utility>
#include <vector>

namespace causeway::room {
namespace {

using matrix::json::object;

object leave_content(const chat::room_remove& x) {
  object content{{"membership", "leave"}};
  if (x.reason && !x.reason->empty()) content.set("reason", *x.reason);
  return content;
}

} // namespace

bool room_removal::closes(const std::string& by) const {
  return room_.type() == chat::room_type::channel && room_.is_ours() && room_.roles().of_user(by) == chat::role::owner;
}

bool room_removal::author(const draft& d, const std::vector<std::string>& further_servers) {
  const std::pair step{d.type, d.state_key.value_or("")};
  if (forbidden_.contains(step)) return true;
  auto e = authoring_.author(d);
  if (e.waits()) return false;
  // What the rules forbid is left as it is: that ours go is what counts, and that nobody can forbid.
  if (e && authoring_.commit(*e, further_servers)) return true;
  // A policy server that does not answer has forbidden nothing: the command can be said again.
  if (!e && info(e.error().code).retryable) {
    failed_ = e.error();
    return false;
  }
  forbidden_.insert(step);
  return true;
}

command_outcome room_removal::unfinished() {
  if (auto failed = std::exchange(failed_, {})) return std::move(*failed);
  return waits_for_policy_server{};
}

bool room_removal::close(const chat::room_remove& x) {
  if (room_.text("m.room.join_rules", "join_rule") != "invite" &&
      !author({"m.room.join_rules", x.by, "", {{"join_rule", "invite"}}}))
    return false;
  std::vector<std::string> others;
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    if ((membership == matrix::membership::join || membership == matrix::membership::knock) &&
        !room_.node.is_local(*e->state_key))
      others.push_back(*e->state_key);
    return others.size() < removed_max;
  });
  for (const auto& user : others)
    if (!author({"m.room.member", x.by, user, leave_content(x)})) return false;
  return true;
}

bool room_removal::leave(const std::string& user, const chat::room_remove& x) {
  // Who joined through others a moment ago would be told by nobody once we have left.
  return author({"m.room.member", user, user, leave_content(x)}, inbound_.servers_arriving());
}

command_outcome room_removal::run(const queued_command& c, const chat::room_remove& x) {
  if (room_.graph.membership(x.by) != matrix::membership::join)
    return fault{fault_code::not_member, x.by + " is not in the room"};
  if (auto of = c.command.reference.session + "|" + c.command.reference.command_id; of != of_) {
    of_ = std::move(of);
    forbidden_.clear();
  }
  if (invitations_.withdraw_all(x.by, x.reason, c.withdrawn)) return waits_for_withdrawals{};
  by_ = x.by;
  const auto ends = [&](command_outcome outcome) {
    by_.clear();
    return outcome;
  };
  if (closes(x.by) && !close(x)) return ends(unfinished());
  std::vector<std::string> ours;
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    const auto& user = *e->state_key;
    if (room_.node.is_local(user) && user != x.by &&
        (membership == matrix::membership::join || membership == matrix::membership::invite ||
         membership == matrix::membership::knock))
      ours.push_back(user);
    return true;
  });
  ours.push_back(x.by); // the last: until then the room has somebody who may do all of this
  for (const auto& user : ours)
    if (!leave(user, x)) return ends(unfinished());
  if (room_.takes_part())
    return ends(fault{fault_code::forbidden, "the room does not let all of your users go; they are still in it"});
  return ends(succeeded{chat::empty_answer{}});
}

} // namespace causeway::room
