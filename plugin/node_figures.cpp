#include "plugin/node_figures.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/node_rows.hpp"
#include "plugin/node_web_commands.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

namespace json = matrix::json;

/// One question of Prometheus, until all have answered.
struct node_inspector::gatherer::collected {
  std::mutex mutex;
  metrics_input in;                 ///< guarded
  std::size_t open = 1;             ///< guarded; answers that are waited for, and the asking itself
  inspector::answer_function reply; ///< guarded; empty: it is answered
  std::int64_t since_ms = 0;

  /// Takes an answer. @returns whether it was the last
  template <class Take>
  bool took(Take&& take) {
    const std::lock_guard guard(mutex);
    take(in);
    return --open == 0;
  }
};

node_inspector::gatherer::gatherer(inspected_node of)
    : node(std::move(of)), started_ms_(node.now_ms()), maintained_ms_(started_ms_) {}

void node_inspector::gatherer::ask(inspector::question x, inspector::answer_function done) {
  ask_command(*node.admin, x, std::move(done));
}

void node_inspector::gatherer::checks(std::function<void(std::vector<inspector::health_check>)> done) {
  ask_checks(*node.admin, health(), std::move(done));
}

void node_inspector::gatherer::poll(const std::string& topic, std::function<void(inspector::late_rows)> done) {
  topic == "actors" ? sweep_actors(std::move(done)) : poll_list(*node.admin, topic, std::move(done));
}

void node_inspector::gatherer::metrics(inspector::answer_function done) {
  auto x = std::make_shared<collected>();
  x->since_ms = node.now_ms();
  x->reply = std::move(done);
  x->in.server_name = node.server_name;
  x->in.version = node.version;
  x->in.started_ms = started_ms_;
  {
    const std::lock_guard guard(mutex_);
    if (open_.size() >= open_max) return x->reply({503, "text/plain; charset=utf-8", "too many questions\n"});
    open_.push_back(x);
  }
  std::size_t kinds = 0;
  for (const auto& s : node.router->supervisors) kinds += s ? 1 : 0;
  {
    const std::lock_guard guard(x->mutex);
    x->open += kinds + 1;
  }
  node.ask_status({actor_kind::session, ""}, [self = shared_from_this(), x](const std::string& description) {
    if (x->took([&](metrics_input& in) { in.chat = edge_figures::of(description); })) self->finish(x);
  });
  auto seen = std::make_shared<std::function<void(children_seen)>>([self = shared_from_this(), x](children_seen kind) {
    if (x->took([&](metrics_input& in) { in.actors.push_back(std::move(kind)); })) self->finish(x);
  });
  for (const auto& s : node.router->supervisors)
    if (s) caf::anon_send(s, look_at_children{0, seen});
  look_at_store(x);
  if (x->took([](metrics_input&) {})) finish(x);
}

/// Counts anew where what was counted is old.
void node_inspector::gatherer::look_at_store(const std::shared_ptr<collected>& into) {
  {
    const std::lock_guard guard(mutex_);
    const auto age = into->since_ms - figures_.taken_ms;
    if (figures_.taken_ms != 0 && age >= 0 && age < std::max(figures_age_ms, figures_cost_ms_ * figures_age_per_cost))
      return;
  }
  struct counting {
    std::mutex mutex;
    stored_figures figures;
    int open = 3;
  };
  auto all = std::make_shared<counting>();
  {
    const std::lock_guard guard(into->mutex);
    ++into->open;
  }
  auto one = [self = shared_from_this(), all, into](auto&& count) {
    {
      const std::lock_guard guard(all->mutex);
      count(all->figures);
      if (--all->open > 0) return;
      all->figures.taken_ms = self->node.now_ms();
      const std::lock_guard of_all(self->mutex_);
      self->figures_ = all->figures;
      self->figures_cost_ms_ = all->figures.taken_ms - into->since_ms;
    }
    if (into->took([](metrics_input&) {})) self->finish(into);
  };
  node.store->ask(store::list_rooms{}, [one](const store::answer& a) {
    one([&](stored_figures& f) {
      if (const auto* x = std::get_if<store::rooms_listed>(&a)) f.count(*x);
    });
  });
  node.store->ask(store::list_destinations{}, [one, now = into->since_ms](const store::answer& a) {
    one([&](stored_figures& f) {
      if (const auto* x = std::get_if<store::destinations_listed>(&a)) f.owed.count(*x, now);
    });
  });
  store::find_invitations question;
  question.which = store::invitations_wanted::all;
  question.limit = store::rows_max;
  question.bytes_max = std::size_t{64} * 1024 * 1024;
  node.store->ask(question, [one](const store::answer& a) {
    one([&](stored_figures& f) {
      if (const auto* x = std::get_if<store::invitations_found>(&a)) f.count(*x);
    });
  });
}

void node_inspector::gatherer::finish(const std::shared_ptr<collected>& x) {
  stored_figures figures;
  {
    const std::lock_guard guard(mutex_);
    open_.remove(x);
    figures = figures_;
  }
  inspector::answer_function reply;
  metrics_input in;
  {
    const std::lock_guard guard(x->mutex);
    reply = std::exchange(x->reply, nullptr);
    in = x->in;
  }
  if (!reply) return; // it was answered without the last of them
  in.now_ms = node.now_ms();
  in.stored = std::move(figures);
  in.seen = node.seen;
  in.store = node.store->counters();
  in.frames = node.edge->count();
  in.alarms = node.alarms();
  in.certificates = node.certificates();
  reply({200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(in)});
}

void node_inspector::gatherer::expire(std::int64_t now_ms) {
  std::vector<std::shared_ptr<collected>> late;
  {
    const std::lock_guard guard(mutex_);
    for (const auto& x : open_)
      if (now_ms - x->since_ms >= patience_ms) late.push_back(x);
  }
  for (const auto& x : late) finish(x);
}

void node_inspector::gatherer::maintenance_ran() {
  const auto now = node.now_ms();
  maintained_ms_.store(now, std::memory_order_relaxed);
  expire(now);
}

std::vector<inspector::health_check> node_inspector::gatherer::health() {
  std::vector<inspector::health_check> list;
  const auto idle = node.now_ms() - maintained_ms_.load(std::memory_order_relaxed);
  list.push_back({"live", idle < maintenance_patience_ms,
                  idle < maintenance_patience_ms
                    ? ""
                    : "the node's own thread has stood still for " + std::to_string(idle / 1'000) + " s: restart it"});
  const auto counters = node.store->counters();
  const auto alarms = node.alarms();
  const auto clock = std::find_if(alarms.begin(), alarms.end(), [](const auto& x) { return x.name == "clock"; });
  // One that slept through its lease finds out by its next commit that it was replaced; until then it is not asked.
  const bool is_held = !node.held || node.held->is_held();
  // Whoever shares out connections gives it none that would be cut at once.
  const auto leaving = node.why_leaving();
  const bool is_ready = is_held && !counters.is_out && clock == alarms.end() && leaving.empty();
  list.push_back({"ready", is_ready,
                  is_ready           ? ""
                  : !leaving.empty() ? leaving
                                     : "what is given to the broker is not taken; see the other checks"});
  const auto state = [&](const char* name) {
    const auto at = std::find_if(alarms.begin(), alarms.end(), [name](const auto& x) { return x.name == name; });
    list.push_back({name, at == alarms.end(), at == alarms.end() ? "" : at->what});
  };
  for (const auto* name : alarm_names) state(name);
  for (const auto& x : alarms)
    if (std::find(alarm_names.begin(), alarm_names.end(), x.name) == alarm_names.end()) state(x.name.c_str());
  return list;
}

void node_inspector::gatherer::look_at_debts(std::int64_t now_ms) {
  {
    const std::lock_guard guard(mutex_);
    // A clock that was set back does not put it off for ever.
    const bool is_due = now_ms >= owed_next_ms_ || owed_next_ms_ - now_ms > owed_wait_max_ms;
    if (owed_asked_ || !is_due) return;
    owed_asked_ = true;
  }
  node.store->ask(store::list_destinations{}, [self = shared_from_this(), now_ms](const store::answer& a) {
    std::optional<owed_figures> counted;
    if (const auto* x = std::get_if<store::destinations_listed>(&a)) counted.emplace().count(*x, now_ms);
    const auto cost = std::max<std::int64_t>(self->node.now_ms() - now_ms, 0);
    const std::lock_guard guard(self->mutex_);
    self->owed_asked_ = false;
    self->owed_next_ms_ = now_ms + std::clamp(cost * owed_age_per_cost, owed_age_ms, owed_wait_max_ms);
    if (counted) self->owed_ = *counted; // else the store is busy: what was known stands
  });
}

std::string node_inspector::gatherer::sample() {
  const auto& n = node.seen->all();
  const auto read = [](const traffic::count& x) { return x.load(std::memory_order_relaxed); };
  const auto store = node.store->counters();
  const auto frames = node.edge->count();
  const totals now{node.now_ms(),
                   read(n.pdus_received),
                   read(n.pdu_destinations),
                   read(n.transactions),
                   read(n.requests_in),
                   read(n.requests_failed),
                   store.commits,
                   store.rows,
                   frames.frames_in,
                   frames.frames_out,
                   read(n.events_soft_failed)};
  const auto before = std::exchange(last_, now);
  const auto elapsed = std::max<std::int64_t>(now.at_ms - before.at_ms, 1);
  json::object out;
  // Of a second, in hundredths: JSON of ours has whole numbers.
  const auto rate = [&](std::string_view name, std::uint64_t totals::*of) {
    const auto moved = before.at_ms == 0 || now.*of < before.*of ? 0 : now.*of - before.*of;
    out.set(name, static_cast<std::int64_t>(moved * 100'000 / static_cast<std::uint64_t>(elapsed)));
  };
  rate("pdus_in_100", &totals::pdus_in);
  rate("pdus_out_100", &totals::pdus_out);
  rate("transactions_100", &totals::transactions);
  rate("requests_in_100", &totals::requests_in);
  rate("requests_failed_100", &totals::requests_failed);
  rate("commits_100", &totals::commits);
  rate("rows_100", &totals::commit_rows);
  rate("frames_in_100", &totals::frames_in);
  rate("frames_out_100", &totals::frames_out);
  rate("soft_failed_100", &totals::soft_failed);
  const auto whole = [&](std::string_view name, auto x) { out.set(name, static_cast<std::int64_t>(x)); };
  whole("commit_us", store.last_commit_us);
  whole("commit_us_p50", store.commit_us_p50);
  whole("commit_us_p99", store.commit_us_p99);
  whole("store_queued", store.queued);
  whole("store_reader_queued", store.reader_queued);
  whole("edge_queued", frames.frames_queued);
  whole("staged", node.seen->staged_count());
  const auto requests = n.request_time.read();
  const auto spell = duration_classes::between(std::exchange(last_requests_, requests), requests);
  if (before.at_ms != 0 && spell.count > 0) { // else nothing is known of it
    whole("request_ms", spell.mean_ms);
    whole("request_ms_slowest", spell.slowest_ms);
  }
  look_at_debts(now.at_ms);
  std::optional<owed_figures> owed;
  {
    const std::lock_guard guard(mutex_);
    owed = owed_;
  }
  if (owed) {
    whole("owed", owed->queued);
    whole("owed_age_ms",
          owed->oldest_queued_ts > 0 ? std::max<std::int64_t>(now.at_ms - owed->oldest_queued_ts, 0) : 0);
    whole("servers_paused", owed->paused);
    whole("servers_backing_off", owed->backing_off);
    whole("servers_sending", owed->sending);
    whole("servers_waiting", owed->waiting);
  }
  return json::canonical(out);
}

void node_inspector::gatherer::sweep_actors(std::function<void(inspector::late_rows)> done) {
  struct swept {
    std::mutex mutex;
    std::vector<children_seen> kinds;
    std::size_t open = 0;
    std::function<void(inspector::late_rows)> done;
  };
  auto all = std::make_shared<swept>();
  all->done = std::move(done);
  for (const auto& s : node.router->supervisors) all->open += s ? 1 : 0;
  auto one = std::make_shared<std::function<void(children_seen)>>([all](children_seen seen) {
    {
      const std::lock_guard guard(all->mutex);
      all->kinds.push_back(std::move(seen));
      if (--all->open > 0) return;
    }
    all->done([all]() -> std::optional<inspector::topic_rows> {
      inspector::topic_rows out;
      out.is = inspector::topic_rows::extent::changes;
      for (const auto& kind : all->kinds) {
        const auto prefix = std::string{name(kind.kind)} + "|";
        if (kind.begins) out.is = inspector::topic_rows::extent::begins;
        for (const auto& r : kind.changed) {
          auto row = row_of(r);
          out.rows.push_back({prefix + r.key, admin::to_text(row)});
        }
        for (const auto& key : kind.gone) out.gone.push_back(prefix + key);
      }
      return out;
    });
  });
  for (const auto& s : node.router->supervisors)
    if (s) caf::anon_send(s, look_at_children{actor_rows_max, one});
}

} // namespace causeway
