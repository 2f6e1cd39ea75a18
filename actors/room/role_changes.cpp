#include "actors/room/role_changes.hpp"

#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/identifiers.hpp"

#include <set>

namespace causeway::room {
namespace {

void add_named(std::set<std::string>& out, const matrix::event& levels) {
  const auto* found = levels.content().find("users");
  const auto* users = found ? found->as_object() : nullptr;
  if (!users) return;
  for (const auto& x : *users)
    if (matrix::is_user_id(x.key)) out.insert(x.key);
}

} // namespace

std::vector<role_change> role_changes(const matrix::event* create, const matrix::event& before,
                                      const matrix::event& after) {
  const matrix::power_levels then{create, &before}, now{create, &after};
  std::vector<role_change> out;
  if (const auto level = now.of_action("users_default"); level != then.of_action("users_default"))
    out.push_back({{}, level});
  std::set<std::string> named;
  add_named(named, before);
  add_named(named, after);
  for (const auto& user : named)
    if (const auto level = now.of_user(user); level != then.of_user(user)) out.push_back({user, level});
  return out;
}

} // namespace causeway::room
