#include "config/switched.hpp"

namespace causeway::config {
namespace {

/// Each option that there is a switch for: its key, the option, the switch.
template <class Visitor>
void for_each_switched(Visitor visit) {
  using options = federation_options;
  using switches = federation_switches;
  visit("federation.enabled", &options::enabled, &switches::enabled);
  visit("federation.typing", &options::typing, &switches::typing);
  visit("federation.receipts", &options::receipts, &switches::receipts);
  visit("federation.presence", &options::presence, &switches::presence);
  visit("federation.allow_servers", &options::allow_servers, &switches::allow);
  visit("federation.deny_servers", &options::deny_servers, &switches::deny);
  visit("federation.invites", &options::invites, &switches::invites);
  visit("federation.users_may_federate", &options::users_may_federate, &switches::users);
}

} // namespace

federation_options switched(federation_options from, const federation_switches& over) {
  for_each_switched([&](const char*, auto option, auto is_set) {
    if (over.*is_set) from.*option = *(over.*is_set);
  });
  return from;
}

std::vector<std::string> overruled(const federation_options& configured, const federation_switches& over) {
  std::vector<std::string> keys;
  for_each_switched([&](const char* key, auto option, auto is_set) {
    if (over.*is_set && *(over.*is_set) != configured.*option) keys.emplace_back(key);
  });
  return keys;
}

} // namespace causeway::config
