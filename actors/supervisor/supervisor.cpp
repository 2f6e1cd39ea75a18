#include "actors/shell.hpp"

#include <algorithm>

namespace causeway {
namespace {

using supervisor_ptr = caf::stateful_actor<supervisor_state>*;
using child = supervisor_state::child;

void log(supervisor_ptr self, log_level level, const char* what, const std::string& key, const std::string& why) {
  self->state.others->outside->log(note{level, what, {{"why", why}}}, {self->state.settings.kind, key});
}

void pass_on(supervisor_ptr self, const std::string& key, child& c, message body) {
  ++c.routed;
  self->send(c.handle, routed{key, std::move(body)});
}

/// @returns false when there is no child by that key any more
bool make(supervisor_ptr self, const std::string& key, child& c) {
  auto& s = self->state;
  c.at = child::phase::running;
  c.routed = 0;
  c.since = s.others->outside->now();
  std::shared_ptr<any_machine> machine;
  try {
    machine = s.settings.make(key);
  } catch (const std::exception& e) {
    // A key that no machine can be made of never becomes one; what was meant for it is dropped.
    log(self, log_level::error, "actor cannot be made", key, e.what());
    s.children.erase(key);
    return false;
  }
  c.handle = self->spawn<caf::monitored>(shell, s.others, address{s.settings.kind, key}, std::move(machine),
                                         caf::actor_cast<caf::actor>(self));
  s.keys[c.handle.address()] = key;
  pass_on(self, key, c, start{});
  for (auto& m : std::exchange(c.waiting, {})) pass_on(self, key, c, std::move(m));
  return true;
}

void failed(supervisor_ptr self, const std::string& key, child& c, const std::string& why) {
  auto& s = self->state;
  const auto now = s.others->outside->now();
  c.handle = nullptr;
  c.last_fault = why;
  c.failures.push_back(now);
  while (!c.failures.empty() && now - c.failures.front() > std::int64_t{s.settings.options.restart_window_s} * 1000)
    c.failures.pop_front();
  if (c.failures.size() > s.settings.options.restart_limit) {
    c.at = child::phase::parked;
    log(self, log_level::error, "actor parked: it failed too often", key, why);
    // Parked is not dead: a cause that has gone (a full disk, a busy store) must not need a restart of the process.
    self->delayed_send(self, std::chrono::seconds(s.settings.options.restart_window_s), restart_due{key});
    return;
  }
  c.at = child::phase::restarting;
  log(self, log_level::error, "actor failed and is rebuilt", key, why);
  const auto doublings = std::min<std::size_t>(c.failures.size() - 1, 10);
  self->delayed_send(self, std::chrono::milliseconds(std::int64_t{s.settings.options.restart_delay_ms} << doublings),
                     restart_due{key});
}

} // namespace

caf::behavior supervisor(supervisor_ptr self, std::shared_ptr<const switchboard> others, supervisor_settings settings) {
  self->state.others = std::move(others);
  self->state.settings = std::move(settings);
  self->set_down_handler([self](caf::down_msg& d) {
    auto& s = self->state;
    auto it = s.keys.find(d.source);
    if (it == s.keys.end()) return; // ended by us
    const auto key = it->second;
    s.keys.erase(it);
    if (auto c = s.children.find(key); c != s.children.end())
      failed(self, key, c->second, self->system().render(d.reason));
  });
  return {
    [self](routed& m) {
      auto& s = self->state;
      if (const auto* asked = std::get_if<status_wanted>(&m.body); asked && !s.children.contains(m.key)) {
        // Looking must not make an actor.
        s.others->deliver(asked->reply_to, status_told{asked->asked, {s.settings.kind, m.key}, {}});
        return;
      }
      auto [it, made] = s.children.try_emplace(m.key);
      auto& c = it->second;
      if (made && !make(self, m.key, c)) return;
      if (c.at == child::phase::running) return pass_on(self, m.key, c, std::move(m.body));
      if (c.waiting.size() < s.settings.options.parked_input_max)
        c.waiting.push_back(std::move(m.body));
      else
        log(self, log_level::error, "input dropped: the actor is parked and its queue full", m.key, c.last_fault);
    },
    [self](may_end& m) {
      auto& s = self->state;
      auto it = s.children.find(m.key);
      if (it == s.children.end() || it->second.at != child::phase::running || it->second.routed != m.handled) return;
      s.keys.erase(it->second.handle.address());
      self->send_exit(it->second.handle, caf::exit_reason::user_shutdown);
      s.children.erase(it);
    },
    [self](restart_due& m) {
      auto it = self->state.children.find(m.key);
      if (it != self->state.children.end() && it->second.at != child::phase::running) make(self, m.key, it->second);
    },
    [self](list_children& m) {
      std::vector<supervision> rows;
      for (const auto& [key, c] : self->state.children)
        rows.push_back({std::string{name(self->state.settings.kind)}, key,
                        c.at == child::phase::running      ? "running"
                        : c.at == child::phase::restarting ? "restarting"
                                                           : "parked",
                        c.last_fault, c.since, c.routed, c.failures.size()});
      (*m.done)(std::move(rows));
    },
    [self](end_all&) {
      auto& s = self->state;
      s.keys.clear();
      for (auto& [key, c] : s.children)
        if (c.handle) self->send_exit(c.handle, caf::exit_reason::user_shutdown);
      s.children.clear();
      self->quit();
    },
  };
}

} // namespace causeway
