#include "actors/shell.hpp"

#include "actors/scheduling.hpp"
#include "messages/crash_point.hpp"
#include "messages/protocols.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace causeway {
namespace {

using shell_ptr = caf::stateful_actor<shell_state>*;

/// By so much a timer may be late before it is set anew for the same time: the wall clock has been changed meanwhile.
constexpr std::chrono::milliseconds timer_tolerance{100};

/// @param trace  because of what
void perform(shell_ptr self, effects list, trace_id trace);

/// Breaks a promise about the store, for a test that wants to see that this is noticed; else nothing.
void spoil(shell_ptr self, persist& p, trace_id trace) {
  auto& rows = p.batch.writes;
  const auto answer_in = [](store::write& row) { return std::get_if<store::put_command_result>(&row); };
  if (crash::is_mutant(crash::mutant::tell_before_commit) && std::ranges::any_of(rows, answer_in))
    perform(self, std::exchange(p.then, {}), trace);
  if (crash::is_mutant(crash::mutant::idempotency_key_dropped)) {
    std::erase_if(rows, [](const auto& row) { return std::holds_alternative<store::bind_message>(row); });
    for (auto& row : rows)
      if (auto* answer = answer_in(row))
        answer->command_id.insert(0, "nobody asks for "); // the row stays: there is a commit
  }
  if (crash::is_mutant(crash::mutant::outbox_row_forgotten))
    std::erase_if(rows, [](const auto& row) {
      return std::holds_alternative<store::queue_pdu>(row) || std::holds_alternative<store::put_fan_out>(row);
    });
}

void perform_one(shell_ptr self, persist& p, trace_id trace) {
  if constexpr (crash::is_compiled_in) spoil(self, p, trace);
  auto& s = self->state;
  shell_state::pending entry;
  entry.trace = trace;
  entry.then = std::move(p.then);
  if (p.batch.writes.empty()) {
    if (s.commits.empty()) return perform(self, std::move(entry.then), trace);
    entry.committed = true; // nothing of its own to wait for, but nothing may overtake what came before
    s.commits.push_back(std::move(entry));
    return;
  }
  if (*s.failed) throw std::runtime_error("an earlier commit failed");
  entry.sequence = ++s.last_sequence;
  s.commits.push_back(std::move(entry));
  auto me = caf::actor_cast<caf::actor>(self);
  s.router->outside->commit(
    std::move(p.batch), trace, s.failed,
    [me, failed = s.failed, sequence = s.last_sequence](const result<store::commit_outcome>& outcome) {
      if (!outcome) *failed = true;
      caf::anon_send(me, batch_committed{sequence, outcome ? fault{} : outcome.error()});
    });
}

void perform_one(shell_ptr self, tell& t, trace_id trace) {
  if (t.body.trace == 0) t.body.trace = trace;
  self->state.router->deliver(t.to, std::move(t.body));
}

void perform_one(shell_ptr self, ask_store& a, trace_id trace) {
  auto me = caf::actor_cast<caf::actor>(self);
  self->state.router->outside->ask(std::move(a.question),
                                   [me, asked = a.asked, trace](std::shared_ptr<const store::answer> answer) {
                                     caf::anon_send(me, store_reply{asked, std::move(answer), trace});
                                   });
}

void perform_one(shell_ptr self, wake_me_at& w, trace_id) {
  auto& s = self->state;
  if (w.at == 0) {
    s.timers.erase(w.name);
    return;
  }
  const auto delay = std::chrono::milliseconds{std::max<time_ms>(0, w.at - s.router->outside->now())};
  const auto due = self->clock().now() + delay;
  // Some ask for the same time again at each message that has to wait for it. One timer for each would fill CAF's
  // clock, which forgets none.
  const auto set = s.timers.find(w.name);
  if (set != s.timers.end() && set->second.at == w.at && set->second.due <= due + timer_tolerance) return;
  const auto generation = ++s.last_generation;
  s.timers[w.name] = {generation, w.at, due};
  self->delayed_send(self, delay, timer_fired{w.name, generation});
}

void perform_one(shell_ptr self, finish& f, trace_id) {
  self->state.wants_to_end = true;
  self->state.on_disk = f.on_disk;
}

void perform_one(shell_ptr self, note& n, trace_id trace) {
  if (n.trace == 0) n.trace = trace;
  self->state.router->outside->log(n, self->state.who);
}

void perform_one(shell_ptr self, hops& made, trace_id trace) {
  self->state.router->add_hops(made.all, self->state.who, trace);
}

void perform(shell_ptr self, effects list, trace_id trace) {
  std::vector<send_frame> frames; // they leave together: each hand-over may wake the edge
  const auto hand_over = [&] {
    if (!frames.empty()) self->state.router->outside->send(std::exchange(frames, {}));
  };
  for (auto& e : list) {
    auto* told = std::get_if<tell>(&e);
    if (auto* frame = told && told->to.kind == actor_kind::edge ? std::get_if<send_frame>(&told->body) : nullptr) {
      frames.push_back(std::move(*frame));
      continue;
    }
    // What follows nothing to write is performed at once: its frames come after these.
    if (const auto* p = std::get_if<persist>(&e); p && p->batch.writes.empty()) hand_over();
    std::visit([&](auto& x) { perform_one(self, x, trace); }, static_cast<effect_content&>(e));
  }
  hand_over();
}

/// One such message at a time, however many turns there are meanwhile.
void wake_to_rest(shell_ptr self) {
  auto& s = self->state;
  if (std::exchange(s.rest_is_due, true)) return;
  self->delayed_send(self, rest_after, rest_due{s.turns});
}

/// While an operator looks at this actor.
effects handle_watched(shell_ptr self, const message& m) {
  auto& s = self->state;
  const auto now = s.router->outside->now();
  const auto begun = self->clock().now();
  auto list = s.machine->on(m, now);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(self->clock().now() - begun);
  s.router->tap.add(s.who, {now, type_of(m), took.count(), in_words(list), m.trace});
  return list;
}

void handle(shell_ptr self, message& m) {
  hand_out_held_back();
  const auto begun = std::chrono::steady_clock::now(); // measured for the operator; nothing is decided by it
  auto& s = self->state;
  ++s.turns;
  if (s.machine->can_rest()) wake_to_rest(self);
  s.wants_to_end = false;
  s.trace = m.trace;
  m.watched = s.router->watched();
  if (s.router->tap.wants(s.who)) perform(self, handle_watched(self, m), m.trace);
  else perform(self, s.machine->on(m, s.router->outside->now()), m.trace);
  if (const bool patient = s.machine->may_wait(); patient != is_patient(*self)) set_patient(*self, patient);
  // Asked only when everything is on disk; the supervisor ends us unless it has routed something meanwhile.
  if (s.wants_to_end && s.commits.empty()) self->send(s.supervisor, may_end{s.who.key, s.handled, s.on_disk});
  auto& total = s.progress->handling_ns; // written here only
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
  total.store(total.load(std::memory_order_relaxed) + took.count(), std::memory_order_relaxed);
}

} // namespace

void message_router::add_hops(std::span<const causeway::hop> seen, const address& where, trace_id trace) const {
  const auto now = outside->now();
  for (const auto& x : seen) hops.add(now, where, trace, x);
}

void message_router::deliver(const address& to, message body) const {
  if (body.trace == 0) {
    // What is no actor (files) answers a command without its envelope.
    const auto* done = std::get_if<command_done>(&body);
    body.trace = done && done->reference.trace != 0 ? done->reference.trace : new_trace();
  }
  if (!understands(to.kind, body)) {
    outside->log(note{log_level::error,
                      "N701 message for an actor kind that does not accept it",
                      {{"message", std::to_string(body.index())}},
                      body.trace},
                 to);
    return;
  }
  outside->passes(to, body);
  switch (to.kind) {
  case actor_kind::gateway:
    if (auto* request = std::get_if<gateway::http_request>(&body)) outside->send(std::move(*request), body.trace);
    else if (auto* reply = std::get_if<federation_reply>(&body)) outside->send(std::move(*reply), body.trace);
    return;
  case actor_kind::inspector: return outside->inspect(std::move(body));
  case actor_kind::media: return outside->media(std::move(body));
  case actor_kind::node:
    if (auto* set = std::get_if<switches_set>(&body)) outside->switch_federation(std::move(set->now));
    return;
  case actor_kind::edge:
    if (auto* frame = std::get_if<send_frame>(&body)) {
      std::vector<send_frame> one;
      one.push_back(std::move(*frame));
      outside->send(std::move(one));
    }
    return;
  default: {
    const auto& supervisor = supervisors[static_cast<std::size_t>(to.kind)];
    if (supervisor) caf::anon_send(supervisor, routed{to.key, std::move(body)});
  }
  }
}

caf::behavior shell(shell_ptr self, std::shared_ptr<const message_router> router, address who,
                    std::shared_ptr<any_machine> machine, caf::actor supervisor,
                    std::shared_ptr<actor_progress> progress) {
  auto& s = self->state;
  s.router = std::move(router);
  s.who = std::move(who);
  s.machine = std::move(machine);
  s.supervisor = std::move(supervisor);
  s.progress = std::move(progress);
  set_patient(*self, s.machine->may_wait());
  self->set_exception_handler([self](std::exception_ptr& e) -> caf::error {
    self->state.progress->failed_under.store(self->state.trace, std::memory_order_relaxed);
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& x) {
      return caf::make_error(caf::sec::runtime_error, std::string{x.what()});
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, std::string{"unknown exception"});
    }
  });
  return {
    [self](routed& m) {
      // Before it is handled: it waits no more.
      self->state.progress->handled.store(++self->state.handled, std::memory_order_relaxed);
      handle(self, m.body);
    },
    [self](store_reply& r) {
      message m{store_answered{r.asked, std::move(r.answer)}};
      m.trace = r.trace;
      handle(self, m);
    },
    [self](settings_changed& m) {
      self->state.machine->take_over(m.now);
      message replaced{settings_replaced{}};
      if (!understands(self->state.who.kind, replaced)) return;
      replaced.trace = self->state.router->new_trace();
      handle(self, replaced);
    },
    [self](timer_fired& t) {
      auto& timers = self->state.timers;
      auto it = timers.find(t.name);
      if (it == timers.end() || it->second.generation != t.generation) return; // replaced or cancelled
      timers.erase(it);
      // A new trace: what a timer does is about all that has come to wait meanwhile, and one that repeats itself would
      // carry its first one for ever.
      message m{timer_due{t.name}};
      m.trace = self->state.router->new_trace();
      handle(self, m);
    },
    [self](rest_due& r) {
      auto& own = self->state;
      own.rest_is_due = false;
      if (own.turns == r.turn && own.commits.empty()) own.machine->rest();
      else wake_to_rest(self);
    },
    [self](batch_committed& c) {
      auto& commits = self->state.commits;
      for (const auto& p : commits)
        if (p.sequence == c.sequence) self->state.trace = p.trace;
      if (c.why.code != fault_code::none) throw std::runtime_error("commit failed: " + to_string(c.why));
      for (auto& p : commits)
        if (p.sequence == c.sequence) p.committed = true;
      while (!commits.empty() && commits.front().committed) {
        auto first = std::move(commits.front());
        commits.pop_front();
        perform(self, std::move(first.then), first.trace);
      }
      if (self->state.wants_to_end && commits.empty())
        self->send(self->state.supervisor, may_end{self->state.who.key, self->state.handled, self->state.on_disk});
    },
  };
}

} // namespace causeway
