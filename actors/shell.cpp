#include "actors/shell.hpp"

#include "actors/scheduling.hpp"
#include "messages/protocols.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace causeway {
namespace {

using shell_ptr = caf::stateful_actor<shell_state>*;

/// By so much a timer may be late before it is set anew for the same time: the wall clock has been changed meanwhile.
constexpr std::chrono::milliseconds timer_tolerance{100};

void perform(shell_ptr self, effects list);

void perform_one(shell_ptr self, persist& p) {
  auto& s = self->state;
  shell_state::pending entry;
  entry.then = std::move(p.then);
  if (p.batch.writes.empty()) {
    if (s.commits.empty()) return perform(self, std::move(entry.then));
    entry.committed = true; // nothing of its own to wait for, but nothing may overtake what came before
    s.commits.push_back(std::move(entry));
    return;
  }
  if (*s.failed) throw std::runtime_error("an earlier commit failed");
  entry.sequence = ++s.last_sequence;
  s.commits.push_back(std::move(entry));
  auto me = caf::actor_cast<caf::actor>(self);
  s.others->outside->commit(std::move(p.batch), s.failed,
                            [me, failed = s.failed, sequence = s.last_sequence](result<store::commit_outcome> outcome) {
                              if (!outcome) *failed = true;
                              caf::anon_send(me, batch_committed{sequence, outcome ? fault{} : outcome.error()});
                            });
}

void perform_one(shell_ptr self, tell& t) { self->state.others->deliver(t.to, std::move(t.body)); }

void perform_one(shell_ptr self, ask_store& a) {
  auto me = caf::actor_cast<caf::actor>(self);
  self->state.others->outside->ask(std::move(a.question),
                                   [me, asked = a.asked](std::shared_ptr<const store::answer> answer) {
                                     caf::anon_send(me, message{store_answered{asked, std::move(answer)}});
                                   });
}

void perform_one(shell_ptr self, wake_me_at& w) {
  auto& s = self->state;
  if (w.at == 0) {
    s.timers.erase(w.name);
    return;
  }
  const auto delay = std::chrono::milliseconds{std::max<time_ms>(0, w.at - s.others->outside->now())};
  const auto due = self->clock().now() + delay;
  // Some ask for the same time again at each message that has to wait for it. One timer for each would fill CAF's
  // clock, which forgets none.
  const auto set = s.timers.find(w.name);
  if (set != s.timers.end() && set->second.at == w.at && set->second.due <= due + timer_tolerance) return;
  const auto generation = ++s.last_generation;
  s.timers[w.name] = {generation, w.at, due};
  self->delayed_send(self, delay, timer_fired{std::move(w.name), generation});
}

void perform_one(shell_ptr self, finish& f) {
  self->state.wants_to_end = true;
  self->state.on_disk = f.on_disk;
}

void perform_one(shell_ptr self, note& n) { self->state.others->outside->log(n, self->state.who); }

void perform(shell_ptr self, effects list) {
  std::vector<send_frame> frames; // they leave together: each hand-over may wake the edge
  const auto hand_over = [&] {
    if (!frames.empty()) self->state.others->outside->send(std::exchange(frames, {}));
  };
  for (auto& e : list) {
    auto* told = std::get_if<tell>(&e);
    if (auto* frame = told && told->to.kind == actor_kind::edge ? std::get_if<send_frame>(&told->body) : nullptr) {
      frames.push_back(std::move(*frame));
      continue;
    }
    // What follows nothing to write is performed at once: its frames come after these.
    if (const auto* p = std::get_if<persist>(&e); p && p->batch.writes.empty()) hand_over();
    std::visit([&](auto& x) { perform_one(self, x); },
               static_cast<std::variant<persist, tell, ask_store, wake_me_at, finish, note>&>(e));
  }
  hand_over();
}

void handle(shell_ptr self, const message& m) {
  hand_out_held_back();
  auto& s = self->state;
  s.wants_to_end = false;
  perform(self, s.machine->on(m, s.others->outside->now()));
  if (const bool patient = s.machine->may_wait(); patient != is_patient(*self)) set_patient(*self, patient);
  // Asked only when everything is on disk; the supervisor ends us unless it has routed something meanwhile.
  if (s.wants_to_end && s.commits.empty()) self->send(s.supervisor, may_end{s.who.key, s.handled, s.on_disk});
}

} // namespace

void switchboard::deliver(const address& to, message body) const {
  if (!understands(to.kind, body)) {
    outside->log(note{log_level::error,
                      "message for an actor that does not understand it",
                      {{"message", std::to_string(body.index())}}},
                 to);
    return;
  }
  switch (to.kind) {
  case actor_kind::gateway:
    if (auto* request = std::get_if<gateway::http_request>(&body)) outside->send(std::move(*request));
    else if (auto* reply = std::get_if<federation_reply>(&body)) outside->send(std::move(*reply));
    return;
  case actor_kind::inspector:
    if (auto* told = std::get_if<status_told>(&body)) outside->send(std::move(*told));
    return;
  case actor_kind::media: return outside->media(std::move(body));
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

caf::behavior shell(shell_ptr self, std::shared_ptr<const switchboard> others, address who,
                    std::shared_ptr<any_machine> machine, caf::actor supervisor) {
  auto& s = self->state;
  s.others = std::move(others);
  s.who = std::move(who);
  s.machine = std::move(machine);
  s.supervisor = std::move(supervisor);
  set_patient(*self, s.machine->may_wait());
  self->set_exception_handler([self](std::exception_ptr& e) -> caf::error {
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
      ++self->state.handled;
      handle(self, m.body);
    },
    [self](message& m) { handle(self, m); },
    [self](timer_fired& t) {
      auto& timers = self->state.timers;
      auto it = timers.find(t.name);
      if (it == timers.end() || it->second.generation != t.generation) return; // replaced or cancelled
      timers.erase(it);
      handle(self, message{timer_due{std::move(t.name)}});
    },
    [self](batch_committed& c) {
      auto& commits = self->state.commits;
      if (c.why.code != fault_code::none) throw std::runtime_error("commit failed: " + to_string(c.why));
      for (auto& p : commits)
        if (p.sequence == c.sequence) p.committed = true;
      while (!commits.empty() && commits.front().committed) {
        auto then = std::move(commits.front().then);
        commits.pop_front();
        perform(self, std::move(then));
      }
      if (self->state.wants_to_end && commits.empty())
        self->send(self->state.supervisor, may_end{self->state.who.key, self->state.handled, self->state.on_disk});
    },
  };
}

} // namespace causeway
