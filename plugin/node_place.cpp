#include "plugin/node_place.hpp"

#include "plugin/node_addresses.hpp"
#include "plugin/node_inspector.hpp"
#include "plugin/node_standby_page.hpp"
#include "plugin/version.hpp"

#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

namespace causeway {
namespace {

/// A place that is free for so long, or used by somebody without a name, is not about to be taken by a node that stands
/// by: then an operator may want to ask this one, or to undrain it.
constexpr std::int64_t settled_after_ms = 2'000;
/// A node that has its turn and has told no endpoint for so long has none (a host process), or is stuck.
constexpr std::int64_t starting_ms_max = 60'000;

std::string endpoints_of(const config::options& options) {
  std::string all;
  for (const auto* each : {&options.edge.chat_endpoints, &options.gateway.listen})
    for (const auto& x : *each) all.append(all.empty() ? "" : " ").append(x);
  if (const auto words = address_words(options.edge); !words.empty()) all.append(all.empty() ? "" : " ").append(words);
  return all;
}

} // namespace

std::string name_of_node(const config::options& options) {
  if (!options.node.name.empty()) return options.node.name;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

node_place::node_place(const config::options& options, node_log& log, node_events told, std::function<status()> check,
                       bool without_gateway)
    : options_(options), log_(log), told_(std::move(told)), check_(std::move(check)) {
  if (options.store.engine != config::store_engine::postgresql) return;
  const auto leave_out = [this](const char* option, const std::vector<std::string>& addresses) {
    for (const auto& x : addresses)
      log_.write(note{log_level::warning,
                      "N768 address not told to nodes that stand by: others cannot connect to it",
                      {{"option", option}, {"address", x}}},
                 {actor_kind::store, ""});
  };
  leave_out("edge.gateway_endpoints", unreachable_addresses(options.edge));
  leave_out("edge.chat_endpoints", unreachable_chat_addresses(options.edge));
  if (node_forwarder::is_wanted(options, without_gateway))
    forwarder_ = std::make_unique<node_forwarder>(options, log, name_of_node(options));
  if (chat_forwarder::is_wanted(options)) chat_ = std::make_unique<chat_forwarder>(options, log);
  if (!told_.is_drained) told_.is_drained = std::make_shared<std::atomic<store::drained>>(store::drained::no);
  held_ = std::make_shared<store::lease>([this](const std::string& why) {
    log_.write(note{log_level::error, "N762 another node has taken this one's place", {{"why", why}}},
               {actor_kind::store, ""});
    if (told_.replaced) told_.replaced();
  });
}

store::seat node_place::seat() {
  store::seat x;
  x.name = name_of_node(options_);
  x.endpoints = endpoints_of(options_);
  x.version = version();
  x.held = held_;
  x.is_drained = told_.is_drained;
  x.listens = listens_;
  x.forwards = forwards_;
  x.why_left = [this] { return why_left(); };
  if (!options_.node.standby) return x;
  x.patience_ms = -1;
  x.on_wait = [this](const store::store_in_use& by) { return wait(by); };
  return x;
}

status node_place::drain(bool has_successor, const std::string& reason) {
  if (!held_)
    return fault{fault_code::conflict,
                 "this broker has its store to itself: no other node can take its place; stop it"};
  if (!options_.node.standby)
    return fault{fault_code::conflict, "this node does not stand by for others (node.standby = false); stop it"};
  if (!told_.hand_over) return fault{fault_code::conflict, "this node is part of another program, which ends it"};
  {
    const std::lock_guard guard(mutex_);
    why_drained_ = reason;
  }
  // Of a node that serves it is `serves`: no operator changes it at the socket of one that stands by.
  *told_.is_drained = has_successor ? store::drained::until_needed : store::drained::until_undrained;
  log_.write(note{log_level::info, "N765 drained by an operator: the place is handed over", {{"reason", reason}}},
             {actor_kind::store, ""});
  told_.hand_over();
  return ok();
}

std::string node_place::why_leaving() {
  const std::lock_guard guard(mutex_);
  return why_drained_.empty() ? std::string{} : "this node is drained (" + why_drained_ + "): another one is to serve";
}

std::string node_place::why_left() {
  const std::lock_guard guard(mutex_);
  return why_drained_.empty() ? "it was stopped" : "it was drained: " + why_drained_;
}

std::string node_place::about() {
  const std::lock_guard guard(mutex_);
  return about_;
}

void node_place::open_desk() {
  if (options_.edge.admin_endpoint.empty()) return;
  auto opened = standby_desk::open(options_, log_, told_.is_drained, [this] { return about(); });
  if (opened) desk_ = std::move(*opened);
  // Where both nodes are on one machine, and have one configuration, the socket is that of the one that serves.
  else
    log_.write(
      note{log_level::warning, "N766 stands by without the operator's socket", {{"why", to_string(opened.error())}}},
      {actor_kind::store, ""});
}

/// Opens the socket when whoever comes next has had time to, and closes it when somebody may want it. What is seen of
/// one that uses the store without a name says nothing new.
void node_place::tend_desk(const store::store_in_use& by) {
  if (by.name.empty() && !by.is_free && !seen_.empty()) return;
  const auto seen = by.is_free ? std::string{"free"} : (by.is_starting() ? "starts " : "serves ") + by.name;
  const auto now = store::boot_time_ms();
  if (seen != seen_) {
    seen_ = seen;
    seen_since_ms_ = now;
    is_desk_tried_ = false;
    if (by.is_free || by.is_starting()) desk_.reset();
  }
  const auto wait_ms = !by.is_free && !by.endpoints.empty() ? 0 : by.is_starting() ? starting_ms_max : settled_after_ms;
  if (desk_ || is_desk_tried_ || now - seen_since_ms_ < wait_ms) return;
  is_desk_tried_ = true;
  open_desk();
}

status node_place::wait(const store::store_in_use& by) {
  const bool is_drained = *told_.is_drained != store::drained::no;
  auto about = (is_drained ? "Drained, leaves its turn to others for " : "Stands by for ") + options_.node.server_name +
               ": " +
               (by.is_free ? std::string{"nobody serves"}
                : by.name.empty()
                  ? std::string{"an older causewayd, or a command, uses the database"}
                  : "node " + by.name + " serves" + (by.endpoints.empty() ? std::string{} : " at " + by.endpoints));
  {
    const std::lock_guard guard(mutex_);
    about_ = about;
  }
  // Who says no name may be making the tables at this moment.
  if ((by.is_free || !by.name.empty()) && !std::exchange(is_checked_, true))
    if (auto fine = check_(); !fine) return fine;
  if (!std::exchange(stands_by_, true)) {
    log_.write(note{log_level::info, "N761 standing by for another node", {{"node", by.name}, {"at", by.endpoints}}},
               {actor_kind::store, ""});
    if (!options_.admin.web_listen.empty())
      if (auto opened = open_page(); !opened) return opened;
  }
  tend_desk(by);
  if (forwarder_) forwarder_->see(by);
  if (chat_) chat_->see(by);
  *forwards_ = passes_on();
  if (told_.standing_by && !told_.standing_by(about))
    return fault{fault_code::stopping, "this node was stopped while it stood by"};
  return ok();
}

/// All that it is to pass on.
bool node_place::passes_on() const {
  return (forwarder_ || chat_) && (!forwarder_ || forwarder_->is_up()) && (!chat_ || chat_->is_up());
}

/// Ready is who takes connections, also to pass them on. Whoever is drained is to be stopped: it passes on what comes,
/// and is to get nothing new.
std::vector<inspector::health_check> node_place::readiness(bool of_all_doors) {
  const bool forwards = passes_on();
  const bool is_drained = *told_.is_drained != store::drained::no;
  const auto door = [is_drained](const char* name, bool is_up) {
    return inspector::health_check{name, is_up && !is_drained, is_up ? "" : "not passed on at this moment"};
  };
  std::vector<inspector::health_check> all{
    {"ready", forwards && !is_drained, about() + (forwards ? ", and is asked by way of this one" : "")}};
  if (forwarder_ || of_all_doors) all.push_back(door("ready federation", forwarder_ && forwarder_->is_up()));
  if (chat_ || of_all_doors) all.push_back(door("ready chat", chat_ && chat_->is_up()));
  return all;
}

status node_place::open_page() {
  auto secret = read_web_token(options_.admin.web_token_file);
  if (!secret) return secret.error();
  answers_ = std::make_unique<standby_answers>(options_, log_, told_.is_drained, [this] { return about(); });
  waiting_ = std::make_unique<inspector::web_server>(
    inspector::web_settings{options_.admin.web_address(), std::move(*secret), options_.admin.web_hosts},
    std::make_shared<standby_page>(*answers_, [this](bool of_all_doors) { return readiness(of_all_doors); }));
  return waiting_->start();
}

} // namespace causeway
