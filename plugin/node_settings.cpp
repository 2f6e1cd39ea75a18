#include "plugin/node_settings.hpp"

#include "config/fields.hpp"
#include "config/switched.hpp"
#include "config/validate.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace causeway {

status node_settings::restore(const std::string& switches) {
  if (!switches.empty()) {
    auto kept = federation_switches_of(switches);
    if (!kept)
      return fault{fault_code::store_failed,
                   "what federation.configure has set cannot be read: " + kept.error().detail};
    switches_ = std::move(*kept);
  }
  renew();
  log_overruled();
  return ok();
}

std::shared_ptr<const settings> node_settings::now() const {
  const std::lock_guard guard(mutex_);
  return now_;
}

store::purge_limits node_settings::retention() const {
  store::purge_limits limits;
  const std::lock_guard guard(mutex_);
  limits.received_transaction_ms = std::int64_t{options_.store.received_transaction_retention_h} * 3'600'000;
  limits.command_result_ms = std::int64_t{options_.edge.command_retention_days} * 86'400'000;
  limits.outbox_ms = std::int64_t{options_.edge.outbox_retention_days} * 86'400'000;
  limits.dead_letter_ms = std::int64_t{options_.edge.dead_letter_retention_days} * 86'400'000;
  return limits;
}

void node_settings::reload(const config::options& wanted) {
  const address us{actor_kind::inspector, ""};
  auto next = options_;
  std::vector<std::string> changed;
  for (const auto& field : config::fields()) {
    // Those have been taken over already, or could not be.
    if (!field.is_reloadable || field.key() == "edge.peers" || field.key() == "log.level") continue;
    if (field.read(wanted) == field.read(options_)) continue;
    field.write(next, field.read(wanted));
    changed.push_back(field.key());
  }
  if (changed.empty()) return;
  // Each file makes sense by itself; what of the new one may be taken over now, with the rest of the old one, need not.
  if (const auto wrong = config::validate(next); !wrong.empty()) {
    log_.write(note{log_level::error, "N718 changed options not reloaded", {{"why", config::to_string(wrong.front())}}},
               us);
    return;
  }
  {
    const std::lock_guard guard(mutex_);
    for (const auto& key : changed) config::find_field(key)->write(options_, config::find_field(key)->read(next));
    renew();
  }
  publish();
  log_overruled();
  for (const auto& key : changed)
    log_.write(note{log_level::info, "N717 changed option reloaded", {{"option", key}}}, us);
}

void node_settings::renew() {
  now_ = std::make_shared<const settings>(
    settings{config::switched(options_.federation, switches_), options_.room, options_.invitation});
}

void node_settings::switch_federation(federation_switches now) {
  {
    const std::lock_guard guard(mutex_);
    switches_ = std::move(now);
    renew();
  }
  publish();
}

void node_settings::log_overruled() {
  std::vector<std::string> keys;
  {
    const std::lock_guard guard(mutex_);
    keys = config::overruled(options_.federation, switches_);
  }
  for (const auto& key : keys)
    log_.write(note{log_level::info, "N741 option overruled by federation.configure", {{"option", key}}},
               {actor_kind::inspector, ""});
}

void node_settings::publish() {
  const std::lock_guard one_at_a_time(publishing_);
  publish_(now()); // who is made in between has it already, and gets it once more
}

} // namespace causeway
