#include "plugin/admin/desk.hpp"

#include "messages/batch_shards.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace causeway::admin {

namespace json = matrix::json;

namespace {

store::store_batch audit_batch(store::put_audit row) {
  store::store_batch batch{{std::move(row)}};
  batch.shards = shards_of({actor_kind::inspector, ""}, batch.writes);
  return batch;
}

} // namespace

void desk::gather(const job& work, questions ask, compose then) {
  auto done = [self = weak_from_this(), work, then = std::move(then)](query_results found) {
    auto alive = self.lock();
    if (!alive) return;
    found.why_excluded = [alive](std::string_view server) { return alive->with_.why_excluded(server); };
    std::invoke(then, *alive, work, found);
  };
  if (ask.size() == 0) return done({});
  auto open = std::make_shared<scatter_gather>(ask.size(), now_ms(), ask.timeout_ms, std::move(done));
  if (!admit(open)) return refuse(work, {fault_code::overloaded, "too many commands are under way"});
  for (auto& [part, question] : ask.store)
    with_.ask_store(std::move(question), [open, part = part](store::answer x) { open->answered(part, std::move(x)); });
  for (auto& who : ask.status)
    with_.ask_status(std::move(who), [open](std::string text) { open->status_response(std::move(text)); });
  if (!ask.probed.empty()) with_.probe(std::move(ask.probed), [open](probe::report x) { open->probed(std::move(x)); });
  for (auto& x : ask.peers)
    with_.ask_peer(x.server, std::move(x.request),
                   [open, part = x.part](peer_answer a) { open->peer_answered(part, std::move(a)); });
  for (auto& x : ask.deliveries)
    with_.hand_in(x.room_id, std::move(x.events),
                  [open, part = x.part](pdus_handled a) { open->pdus_taken(part, std::move(a)); });
  if (ask.ranked)
    with_.rank_actors(std::move(*ask.ranked), [open](result<actors_ranked> x) { open->actors_in_order(std::move(x)); });
  if (ask.actor)
    with_.find_actor(std::move(*ask.actor),
                     [open](std::vector<actor_row> rows) { open->actors_listed(std::move(rows)); });
  if (ask.actors) with_.list_actors([open](std::vector<actor_row> rows) { open->actors_listed(std::move(rows)); });
}

void desk::keep_audit(std::string_view verb, const job& work, std::function<void(desk&, const job&)> run) {
  // The time, and behind it what tells the numbers of one node from those of another.
  constexpr std::int64_t numbers_per_ms = 1'000;
  constexpr std::size_t outcome_bytes_max = 500;
  store::put_audit row;
  row.ts = now_ms();
  row.peer = work.peer;
  row.by = work.with.by;
  row.verb = verb;
  row.arguments = given_arguments(work.with);
  row.reason = work.with.reason;
  row.outcome = "begun";
  {
    const std::lock_guard lock{mutex_};
    row.number = last_audit_ =
      std::max(last_audit_ + numbers_per_ms, row.ts * numbers_per_ms + who_.incarnation % numbers_per_ms);
  }
  auto begin = [self = weak_from_this(), asked_at = row.ts, row, work = job{work},
                run = std::move(run)](const status& written) mutable {
    auto alive = self.lock();
    if (!alive) return;
    if (!written) return alive->refuse(work, written.error());
    work.reply = [self, row, reply = work.reply](bool succeeded, std::string body) mutable {
      row.outcome = "done";
      if (!succeeded) {
        const auto parsed = json::parse(body);
        const auto* message = parsed ? parsed->find_string("message") : nullptr;
        row.outcome = message ? message->substr(0, outcome_bytes_max) : "failed";
      }
      if (auto still = self.lock()) still->with_.commit(audit_batch(std::move(row)), [](const status&) {});
      reply(succeeded, std::move(body));
    };
    // A disk that was full for an hour must not have an hour's commands carried out at once.
    if (alive->now_ms() - asked_at > audit_patience_ms)
      return alive->refuse(work, {fault_code::timed_out, "the store took too long to write it down; nothing was done"});
    run(*alive, work);
  };
  with_.commit(audit_batch(std::move(row)), std::move(begin));
}

void desk::answer(const job& work, const views::view& x) const {
  if (!x) return refuse(work, x.error());
  work.reply(true, json::canonical(*x));
}

void desk::refuse(const job& work, const fault& why) const { work.reply(false, fault_json(why)); }

void desk::expire() {
  const auto now = now_ms();
  std::vector<std::shared_ptr<scatter_gather>> open;
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(open_, [](const auto& x) { return x->finished(); });
    open = open_;
  }
  for (const auto& x : open) x->expire(now);
}

bool desk::admit(const std::shared_ptr<scatter_gather>& x) {
  const std::lock_guard lock{mutex_};
  std::erase_if(open_, [](const auto& y) { return y->finished(); });
  if (open_.size() >= open_commands_max) return false;
  open_.push_back(x);
  return true;
}

} // namespace causeway::admin
