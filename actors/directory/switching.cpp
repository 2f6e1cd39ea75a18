#include "actors/directory/switching.hpp"

#include "actors/answers.hpp"
#include "config/switched.hpp"

#include <stdexcept>
#include <utility>

namespace causeway::directory {
namespace {

/// As the contract names them.
std::vector<std::string> names_of(const federation_switches& x) {
  std::vector<std::string> names;
  const auto add = [&](bool is_set, const char* name) {
    if (is_set) names.emplace_back(name);
  };
  add(x.enabled.has_value(), "enabled");
  add(x.typing.has_value(), "typing");
  add(x.receipts.has_value(), "receipts");
  add(x.presence.has_value(), "presence");
  add(x.allow.has_value(), "allow");
  add(x.deny.has_value(), "deny");
  add(x.invites.has_value(), "invites");
  add(x.users.has_value(), "users_may_federate");
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

} // namespace

void switching::load(const store::put_switches& from) {
  since_ = from.since_ts;
  if (from.switches.empty()) return;
  auto kept = federation_switches_of(from.switches);
  if (!kept) throw std::runtime_error("federation_switches: " + to_string(kept.error()));
  set_ = std::move(*kept);
}

void switching::configure(const command_received& m, const chat::federation_configure& x) {
  const federation_switches wanted{x.enabled, x.typing, x.receipts, x.presence, x.allow, x.deny, x.invites, x.users};
  merge(set_, wanted);
  since_ = out_.now();
  out_.write(store::put_switches{to_json(set_), since_});
  out_.send({actor_kind::node, ""}, switches_set{set_});
  out_.log(log_level::info, "A811 federation configured by the chat server",
           {{"set", joined(names_of(wanted))}, {"enabled", view().enabled ? "true" : "false"}});
  command_succeeded(out_, m.reference, x.name, view());
}

void switching::tell(const command_received& m) const {
  command_succeeded(out_, m.reference, chat::query_federation::name, view(), false);
}

chat::federation_view switching::view() const {
  const auto now = config::switched(node_.settings().federation, set_);
  chat::federation_view x;
  x.enabled = now.enabled;
  x.typing = now.typing;
  x.receipts = now.receipts;
  x.presence = now.presence;
  x.allow = now.allow_servers;
  x.deny = now.deny_servers;
  x.invites = now.invites;
  x.users = now.users_may_federate;
  x.configured = names_of(set_);
  x.since_ts = since_;
  return x;
}

} // namespace causeway::directory
