#include "actors/shell.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace causeway {
namespace {

using supervisor_ptr = caf::stateful_actor<supervisor_state>*;
using child = supervisor_state::child;

void log(supervisor_ptr self, log_level level, const char* what, const std::string& key, const std::string& why) {
  self->state.others->outside->log(note{level, what, {{"why", why}}}, {self->state.settings.kind, key});
}

/// Commands remembered of an actor: as many as a chat server usually may have open.
constexpr std::size_t commands_max = 1'000;

/// Actors made in one turn, when more are wanted.
constexpr int made_at_once_max = 8;

/// A command somebody waits for; null: it is none.
const command_reference* command_in(const message& m) {
  const command_reference* found = nullptr;
  if (const auto* resolved = std::get_if<chat_command>(&m)) found = &resolved->reference;
  else if (const auto* received = std::get_if<command_received>(&m)) found = &received->reference;
  return found && !found->command_id.empty() ? found : nullptr;
}

void tell_lost(supervisor_ptr self, std::deque<command_reference>& commands, fault why) {
  std::map<std::string, commands_lost> by_session;
  for (auto& each : std::exchange(commands, {})) by_session[each.session].references.push_back(std::move(each));
  for (auto& [session, lost] : by_session) {
    lost.why = why;
    self->state.others->deliver({actor_kind::session, session}, std::move(lost));
  }
}

void pass_on(supervisor_ptr self, const std::string& key, child& c, message body) {
  ++c.routed;
  // The directory passes a command on at once: of what it has had the end is not its to tell.
  if (const auto* command = std::holds_alternative<chat_command>(body) ? command_in(body) : nullptr) {
    c.commands.push_back(*command);
    if (c.commands.size() > commands_max) c.commands.pop_front();
  }
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
    if (s.settings.known) s.settings.known->ended(key, false);
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
  tell_lost(self, c.commands,
            {fault_code::store_failed, "the " + std::string{name(s.settings.kind)} +
                                         " that carried it out has failed (" + why + "); repeat it with the same id"});
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

void child_down(supervisor_ptr self, const caf::down_msg& d) {
  auto& s = self->state;
  auto it = s.keys.find(d.source);
  if (it == s.keys.end()) return; // ended by us
  const auto key = it->second;
  s.keys.erase(it);
  auto c = s.children.find(key);
  if (c == s.children.end()) return;
  // Not before it has ended: what it decided last is on its way to the store, and what is asked after that sees it.
  if (std::exchange(c->second.is_remade, false)) make(self, key, c->second);
  else failed(self, key, c->second, self->system().render(d.reason));
}

/// Hands a message on, to a child that is made for it where there is none.
void route(supervisor_ptr self, routed& m) {
  auto& s = self->state;
  if (const auto* asked = std::get_if<status_wanted>(&m.body); asked && !s.children.contains(m.key)) {
    // Looking must not make an actor.
    s.others->deliver(asked->reply_to, status_told{asked->asked, {s.settings.kind, m.key}, {}});
    return;
  }
  if (s.settings.guard && !s.children.contains(m.key)) {
    if (auto instead = s.settings.guard->answer(m.key, m.body)) {
      for (auto& t : *instead) s.others->deliver(t.to, std::move(t.body));
      return;
    }
  }
  auto [it, made] = s.children.try_emplace(m.key);
  auto& c = it->second;
  if (made && s.settings.known) s.settings.known->made(m.key);
  if (made && s.has_made) {
    c.at = child::phase::wanted;
    s.to_make.push_back(m.key);
  } else if (made) {
    s.has_made = true;
    self->send(self, make_due{});
    if (!make(self, m.key, c)) return;
  }
  if (c.at == child::phase::running) return pass_on(self, m.key, c, std::move(m.body));
  if (const auto* command = command_in(m.body); command && c.at == child::phase::parked) {
    // The chat server can repeat it; what other servers send waits here.
    std::deque<command_reference> refused{*command};
    return tell_lost(self, refused,
                     {fault_code::parked, std::string{name(s.settings.kind)} + " " + m.key + ": " + c.last_fault});
  }
  if (c.waiting.size() < s.settings.options.parked_input_max) c.waiting.push_back(std::move(m.body));
  else log(self, log_level::error, "input dropped: the actor is parked and its queue full", m.key, c.last_fault);
}

void make_wanted(supervisor_ptr self) {
  auto& s = self->state;
  int made = 0;
  for (; made < made_at_once_max && !s.to_make.empty(); s.to_make.pop_front()) {
    const auto key = s.to_make.front();
    const auto it = s.children.find(key);
    if (it == s.children.end() || it->second.at != child::phase::wanted) continue;
    make(self, key, it->second);
    ++made;
  }
  s.has_made = made > 0;
  if (s.has_made) self->send(self, make_due{});
}

/// Unless something was routed to it meanwhile.
void end_child(supervisor_ptr self, const may_end& m) {
  auto& s = self->state;
  auto it = s.children.find(m.key);
  if (it == s.children.end() || it->second.at != child::phase::running || it->second.routed != m.handled) return;
  s.keys.erase(it->second.handle.address());
  self->send_exit(it->second.handle, caf::exit_reason::user_shutdown);
  s.children.erase(it);
  if (s.settings.known) s.settings.known->ended(m.key, m.on_disk);
}

void list(supervisor_ptr self, const list_children& m) {
  std::vector<supervision> rows;
  for (const auto& [key, c] : self->state.children)
    rows.push_back({std::string{name(self->state.settings.kind)}, key,
                    c.at == child::phase::running      ? "running"
                    : c.at == child::phase::wanted     ? "wanted"
                    : c.at == child::phase::restarting ? "restarting"
                                                       : "parked",
                    c.last_fault, c.since, c.routed, c.failures.size()});
  (*m.done)(std::move(rows));
}

/// Ends all that run; each is made anew from the store when it has ended.
void remake(supervisor_ptr self, const remake_all& m) {
  for (auto& [key, c] : self->state.children) {
    if (c.at != child::phase::running) continue;
    tell_lost(self, c.commands, m.why);
    c.at = child::phase::restarting;
    c.is_remade = true;
    self->send_exit(c.handle, caf::exit_reason::user_shutdown);
  }
}

void end_everything(supervisor_ptr self) {
  auto& s = self->state;
  s.keys.clear();
  for (auto& [key, c] : s.children)
    if (c.handle) self->send_exit(c.handle, caf::exit_reason::user_shutdown);
  s.children.clear();
  self->quit();
}

} // namespace

caf::behavior supervisor(supervisor_ptr self, std::shared_ptr<const switchboard> others, supervisor_settings settings) {
  self->state.others = std::move(others);
  self->state.settings = std::move(settings);
  self->set_down_handler([self](caf::down_msg& d) { child_down(self, d); });
  return {
    [self](routed& m) { route(self, m); },
    [self](make_due&) { make_wanted(self); },
    [self](may_end& m) { end_child(self, m); },
    [self](restart_due& m) {
      auto it = self->state.children.find(m.key);
      if (it != self->state.children.end() && it->second.at != child::phase::running) make(self, m.key, it->second);
    },
    [self](list_children& m) { list(self, m); },
    [self](remake_all& m) { remake(self, m); },
    [self](end_all&) { end_everything(self); },
  };
}

} // namespace causeway
