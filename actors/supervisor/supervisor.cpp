#include "actors/scheduling.hpp"
#include "actors/shell.hpp"
#include "actors/supervisor/sweep.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace causeway {
namespace {

using supervisor_ptr = caf::stateful_actor<supervisor_state>*;
using child = supervisor_state::child;

void log(supervisor_ptr self, log_level level, const char* what, const std::string& key, const std::string& why,
         trace_id trace) {
  self->state.router->outside->log(note{level, what, {{"why", why}}, trace}, {self->state.settings.kind, key});
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
  else if (const auto* moved = std::get_if<markers_moved>(&m)) found = moved->command ? &*moved->command : nullptr;
  else if (const auto* wanted = std::get_if<readers_request>(&m)) found = &wanted->command;
  return found && !found->command_id.empty() ? found : nullptr;
}

void tell_lost(supervisor_ptr self, lazy_deque<command_reference>& commands, const fault& why) {
  std::map<std::string, commands_lost> by_session;
  for (auto& each : std::exchange(commands, {})) by_session[each.session].references.push_back(std::move(each));
  for (auto& [session, lost] : by_session) {
    lost.why = why;
    self->state.router->deliver({actor_kind::session, session}, std::move(lost));
  }
}

/// How many messages it has begun, of those routed to it.
std::uint64_t messages_begun(const child& c) {
  // All it was sent is older than what it says it has handled.
  return c.progress ? std::min(c.routed, c.progress->handled.load(std::memory_order_relaxed)) : 0;
}

void pass_on(supervisor_ptr self, const std::string& key, child& c, message body) {
  ++c.routed;
  self->state.note(c);
  // A time for every message would cost memory where thousands wait. One of them is enough: nothing that waits is older
  // than the last that was marked, and where the actor has stopped it is the oldest itself or close to it.
  if (messages_begun(c) >= c.marked) {
    c.marked = c.routed;
    c.marked_at = self->state.router->outside->now();
  }
  // The directory passes a command on at once: of what it has had the end is not its to tell.
  if (const auto* command = std::holds_alternative<command_received>(body) ? nullptr : command_in(body)) {
    c.commands.push_back(*command);
    if (c.commands.size() > commands_max) c.commands.pop_front();
  }
  self->send(c.handle, routed{key, std::move(body)});
}

/// Of what waits for an actor to be made, the first; else a new one.
trace_id trace_of_waiting(supervisor_ptr self, const child& c) {
  return c.waiting.empty() ? self->state.router->new_trace() : c.waiting.front().trace;
}

/// @returns false when there is no child by that key any more
/// @param trace  of the message it is made for
bool make(supervisor_ptr self, const std::string& key, child& c, trace_id trace) {
  auto& s = self->state;
  s.enter(c, child::phase::running);
  c.routed = 0;
  c.marked = 0;
  c.progress = std::make_shared<actor_progress>();
  c.since = s.router->outside->now();
  std::shared_ptr<any_machine> machine;
  try {
    machine = s.settings.make(key);
  } catch (const std::exception& e) {
    // A key that no machine can be made of never becomes one; what was meant for it is dropped.
    log(self, log_level::error, "N702 actor not created: invalid key", key, e.what(), trace);
    if (s.settings.known) s.settings.known->ended(key, false);
    note_gone(s, key);
    if (const auto at = s.children.find(key); at != s.children.end()) s.erase(at);
    return false;
  }
  c.handle = self->spawn<caf::monitored>(shell, s.router, address{s.settings.kind, key}, std::move(machine),
                                         caf::actor_cast<caf::actor>(self), c.progress);
  s.keys[c.handle.address()] = key;
  message first{start{}};
  first.trace = trace; // what waits is dealt with when its state is there
  pass_on(self, key, c, std::move(first));
  if (c.waiting.empty()) return true;
  for (auto& m : std::exchange(c.waiting, {})) pass_on(self, key, c, std::move(m));
  c.marked_at = c.waiting_since;
  return true;
}

void failed(supervisor_ptr self, const std::string& key, child& c, const std::string& why) {
  auto& s = self->state;
  const auto now = s.router->outside->now();
  const auto trace = c.progress->failed_under.load(std::memory_order_relaxed);
  c.handle = nullptr;
  c.progress = nullptr;
  c.routed = 0; // what it had not handled is lost with it
  c.last_fault = why;
  c.failures.push_back(now);
  tell_lost(self, c.commands,
            {fault_code::store_failed, "the " + std::string{name(s.settings.kind)} +
                                         " that carried it out has failed (" + why + "); repeat it with the same id"});
  while (!c.failures.empty() && now - c.failures.front() > std::int64_t{s.settings.options.restart_window_s} * 1000)
    c.failures.pop_front();
  if (c.failures.size() > s.settings.options.restart_limit) {
    s.enter(c, child::phase::parked);
    log(self, log_level::error, "N703 actor parked after repeated failures", key, why, trace);
    // Parked is not dead: a cause that has gone (a full disk, a busy store) must not need a restart of the process.
    self->delayed_send(self, std::chrono::seconds(s.settings.options.restart_window_s), restart_due{key});
    return;
  }
  s.enter(c, child::phase::restarting);
  log(self, log_level::error, "N704 actor failed; recreating it from the store", key, why, trace);
  const auto doublings = std::min<std::size_t>(c.failures.size() - 1, 10);
  self->delayed_send(self, std::chrono::milliseconds(std::int64_t{s.settings.options.restart_delay_ms} << doublings),
                     restart_due{key});
}

/// What an exception said, in its own words; what CAF says of anything else.
std::string reason_of(supervisor_ptr self, const caf::error& why) {
  const auto& context = why.context();
  if (why == caf::sec::runtime_error && context.match_elements<std::string>()) return context.get_as<std::string>(0);
  return self->system().render(why);
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
  if (std::exchange(c->second.is_remade, false)) make(self, key, c->second, trace_of_waiting(self, c->second));
  else failed(self, key, c->second, reason_of(self, d.reason));
}

/// When it last had to do with anything else than what is paced; one that fails had better wait.
bulk_pace::time_point last_active(const child& c) {
  const bool fails = c.handle && is_patient(*caf::actor_cast<caf::abstract_actor*>(c.handle));
  return fails ? bulk_pace::time_point{} : c.last_active;
}

/// Hands a message on, to a child that is made for it where there is none.
void hand_on(supervisor_ptr self, routed& m) {
  auto& s = self->state;
  if (const auto* asked = std::get_if<status_request>(&m.body); asked && !s.children.contains(m.key)) {
    // Looking must not make an actor.
    s.router->deliver(asked->reply_to, status_response{asked->asked, {s.settings.kind, m.key}, {}});
    return;
  }
  if (s.settings.guard && !s.children.contains(m.key)) {
    if (auto instead = s.settings.guard->answer(m.key, m.body)) {
      for (auto& t : *instead) {
        t.body.trace = m.body.trace;
        s.router->deliver(t.to, std::move(t.body));
      }
      return;
    }
  }
  auto [it, made] = s.add(m.key);
  auto& c = it->second;
  if (made && s.settings.known) s.settings.known->made(m.key);
  if (made && s.has_made) {
    s.enter(c, child::phase::wanted);
    s.to_make.push_back(m.key);
  } else if (made) {
    s.has_made = true;
    self->send(self, make_due{});
    if (!make(self, m.key, c, m.body.trace)) return;
  }
  if (c.at == child::phase::running) return pass_on(self, m.key, c, std::move(m.body));
  if (const auto* command = command_in(m.body); command && c.at == child::phase::parked) {
    // The chat server can repeat it; what other servers send waits here.
    lazy_deque<command_reference> refused;
    refused.push_back(*command);
    return tell_lost(self, refused,
                     {fault_code::parked, std::string{name(s.settings.kind)} + " " + m.key + ": " + c.last_fault});
  }
  if (c.waiting.empty()) c.waiting_since = s.router->outside->now();
  s.note(c);
  if (c.waiting.size() < s.settings.options.parked_input_max) c.waiting.push_back(std::move(m.body));
  else
    log(self, log_level::error, "N705 message dropped: the parked actor's queue is full", m.key, c.last_fault,
        m.body.trace);
}

void hand_out_bulk(supervisor_ptr self) {
  auto& s = self->state;
  for (auto& m : s.pace->due(self->clock().now())) hand_on(self, m);
  const auto now = self->clock().now();
  const auto next = s.pace->next(now);
  if (!next || std::exchange(s.pace_timer, true)) return;
  self->delayed_send(self, std::max(bulk_pace::together, std::chrono::ceil<std::chrono::milliseconds>(*next - now)),
                     bulk_due{});
}

/// What goes to a crowd takes turns; anything else goes on at once, after what its receiver was to get before.
void route(supervisor_ptr self, routed& m) {
  auto& s = self->state;
  if (!s.pace) return hand_on(self, m);
  const auto found = s.children.find(m.key);
  if (s.settings.paced->is_bulk(m.body)) {
    s.pace->put(std::move(m), found == s.children.end() ? bulk_pace::time_point{} : last_active(found->second));
    return hand_out_bulk(self);
  }
  if (const auto answered = s.settings.paced->answer_in(m.body)) s.pace->note(m.key, *answered);
  for (auto& before : s.pace->take(m.key)) hand_on(self, before);
  const auto key = m.key;
  hand_on(self, m);
  if (const auto active = s.children.find(key); active != s.children.end())
    active->second.last_active = self->clock().now(); // also of one that was made for it
}

void make_due_actors(supervisor_ptr self) {
  auto& s = self->state;
  int made = 0;
  for (; made < made_at_once_max && !s.to_make.empty(); s.to_make.pop_front()) {
    const auto key = s.to_make.front();
    const auto it = s.children.find(key);
    if (it == s.children.end() || it->second.at != child::phase::wanted) continue;
    make(self, key, it->second, trace_of_waiting(self, it->second));
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
  s.erase(it);
  note_gone(s, m.key);
  if (s.settings.known) s.settings.known->ended(m.key, m.on_disk);
}

void list(supervisor_ptr self, const list_children& m) {
  const auto& all = self->state.children;
  std::vector<supervision> rows;
  const auto from = m.only ? all.find(*m.only) : all.begin();
  const auto to = m.only && from != all.end() ? std::next(from) : all.end();
  for (auto at = from; at != to; ++at) rows.push_back(describe(self->state, at->first, at->second));
  (*m.done)(std::move(rows));
}

void hand_on(supervisor_ptr self, const settings_changed& m) {
  for (auto& [key, c] : self->state.children)
    if (c.at == child::phase::running) self->send(c.handle, m);
}

/// Ends all that run; each is made anew from the store when it has ended.
void remake(supervisor_ptr self, const remake_all& m) {
  for (auto& [key, c] : self->state.children) {
    if (c.at != child::phase::running) continue;
    tell_lost(self, c.commands, m.why);
    self->state.enter(c, child::phase::restarting);
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
  s.phases = {};
  self->quit();
}

} // namespace

caf::behavior supervisor(supervisor_ptr self, std::shared_ptr<const message_router> router,
                         supervisor_settings settings) {
  self->state.router = std::move(router);
  self->state.settings = std::move(settings);
  if (const auto& paced = self->state.settings.paced) self->state.pace.emplace(paced->bounds);
  self->set_down_handler([self](caf::down_msg& d) { child_down(self, d); });
  return {
    [self](routed& m) { route(self, m); },
    [self](make_due&) { make_due_actors(self); },
    [self](bulk_due&) {
      self->state.pace_timer = false;
      hand_out_bulk(self);
    },
    [self](may_end& m) { end_child(self, m); },
    [self](restart_due& m) {
      auto it = self->state.children.find(m.key);
      if (it != self->state.children.end() && it->second.at != child::phase::running)
        make(self, m.key, it->second, trace_of_waiting(self, it->second));
    },
    [self](list_children& m) { list(self, m); },
    [self](rank_children& m) { (*m.done)(rank(self->state, m.wanted)); },
    [self](look_at_children& m) { (*m.done)(sweep(self->state, m.rows_max)); },
    [self](remake_all& m) { remake(self, m); },
    [self](settings_changed& m) { hand_on(self, m); },
    [self](end_all&) { end_everything(self); },
  };
}

} // namespace causeway
