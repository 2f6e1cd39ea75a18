#include "actors/receipts/debts.hpp"

#include "messages/matrix/receipts.hpp"

#include <algorithm>
#include <limits>

namespace causeway::receipts {
namespace {

constexpr const char* receipt_edu_type = "m.receipt";

} // namespace

void debts::load(const store::receipt_debts_loaded& from) {
  for (const auto& x : from.markers) unsent_.add(x);
  for (const auto& x : from.debts) {
    auto& one = *servers_.try_emplace(x.server_name).first;
    one.second.since = x.since;
    one.second.wanted = from.last_change;
    since_.insert(x.since);
    schedule(one, out_.now() + gather_ms);
  }
}

void debts::schedule(entry& of, time_ms at) {
  auto& [server, x] = of;
  by_due_.erase({x.due, server});
  x.due = at;
  by_due_.emplace(at, server);
}

void debts::set_since(entry& of, std::int64_t since) {
  auto& x = of.second;
  since_.erase(since_.find(x.since));
  since_.insert(since);
  x.since = since;
  out_.write(store::put_receipt_debt{of.first, since});
}

void debts::owe(const store::put_receipt& x, const room_audiences::servers& servers) {
  audiences_.know(x.room_id, servers);
  if (!unsent_.add(x) && !std::exchange(complained_, true))
    out_.log(log_level::warning, "P802 oldest unsent receipts dropped: too many",
             {{"markers", std::to_string(unsent_.size())}, {"servers", std::to_string(servers_.size())}});
  for (const auto& server : *servers) {
    const auto [at, is_new] = servers_.try_emplace(server);
    at->second.wanted = x.change;
    if (!is_new) continue;
    at->second.since = x.change - 1;
    since_.insert(at->second.since);
    out_.write(store::put_receipt_debt{server, at->second.since});
    schedule(*at, out_.now() + gather_ms);
  }
}

void debts::owe_newcomer(const std::string& server, const std::string& room_id,
                         const std::vector<store::put_receipt>& markers) {
  if (markers.empty()) return;
  audiences_.forget(room_id); // what the room has said is from before
  for (const auto& x : markers) unsent_.add_older(x);
  const auto since = markers.front().change - 1;
  const auto [at, is_new] = servers_.try_emplace(server);
  auto& x = at->second;
  x.wanted = std::max(x.wanted, markers.back().change);
  if (is_new) {
    x.since = since;
    since_.insert(since);
    out_.write(store::put_receipt_debt{server, since});
    schedule(*at, out_.now() + newcomer_ms);
    return;
  }
  if (since < x.since) set_since(*at, since);
  x.covered = std::min(x.covered, since); // what is under way was built without them
}

void debts::on_deadline() {
  if (!node_.settings().federation.receipts) return cancel_all();
  const bool asked = audiences_.asks();
  audiences_.on_deadline();
  if (asked && !audiences_.asks()) // rooms that did not answer are asked again, or passed over
    for (auto& one : servers_)
      if (std::exchange(one.second.waits, false)) schedule(one, out_.now());
  for (std::size_t turns = 0; turns < turns_at_once && !by_due_.empty(); ++turns) {
    const auto [due, server] = *by_due_.begin();
    if (due > out_.now()) return;
    auto& of = *servers_.find(server);
    if (of.second.open.empty()) {
      take_turn(of);
    } else {
      of.second.open.clear();
      failed(of);
    }
  }
}

void debts::take_turn(entry& of) {
  auto& [server, x] = of;
  x.waits = false;
  if (const auto admitted = node_.federates_with(server); !admitted) {
    // While the federation is off nothing is lost; who is excluded is owed nothing.
    if (admitted.error().code == fault_code::federation_disabled) return failed(of);
    return paid(of, std::max(x.since, x.wanted));
  }
  std::vector<const store::put_receipt*> list;
  std::size_t asked = 0;
  auto last = std::max(x.since, x.wanted);
  unsent_.for_each_since(x.since, [&, name = std::string_view{server}](const store::put_receipt& one) {
    last = std::max(last, one.change);
    if (out_.now() - one.ts > age_ms_max) return true;
    switch (audiences_.find(one.room_id, name)) {
    case room_audiences::answer::inside: list.push_back(&one); return true;
    case room_audiences::answer::outside: return true;
    case room_audiences::answer::asked: break;
    }
    return ++asked < rooms_at_once;
  });
  if (asked > 0) {
    x.waits = true;
    return schedule(of, out_.now() + room_audiences::answer_ms_max);
  }
  if (list.empty()) return paid(of, last);
  build(list, last);
  x.covered = last_.covered;
  x.was_dropped = false;
  for (std::size_t i = 0; i < last_.contents.size(); ++i) {
    const auto number = *x.open.insert(out_.next_token()).first;
    // Behind what is being written: nobody hears of a marker that is not on disk.
    out_.send({actor_kind::remote_server, server}, edu_queued{receipt_edu_type, "receipt|" + std::to_string(i),
                                                              last_.contents[i], servers_.size(), out_.self(), number});
  }
  edus_ += last_.contents.size();
  schedule(of, out_.now() + settle_ms_max);
}

void debts::build(const std::vector<const store::put_receipt*>& list, std::int64_t last) {
  std::vector<std::int64_t> changes;
  changes.reserve(list.size());
  for (const auto* x : list) changes.push_back(x->change);
  if (changes == last_.changes) {
    // All of it went into the EDUs: then what lies behind it, in other rooms, is not of these servers.
    if (last_.covered >= changes.back()) last_.covered = std::max(last_.covered, last);
    return;
  }
  std::vector<matrix::receipt_content> edus(1);
  last_ = {std::move(changes), {}, last};
  for (const auto* x : list) {
    const matrix::receipt told{x->room_id, x->user_id, x->event_id, x->thread, x->ts};
    auto into = std::ranges::find_if(edus, [&](auto& edu) { return edu.add(told); });
    if (into == edus.end() && edus.size() < edus_at_once && edus.emplace_back().add(told)) continue;
    if (into != edus.end()) continue;
    last_.covered = x->change - 1; // in order: what does not fit is what comes next
    break;
  }
  for (const auto& edu : edus)
    if (!edu.empty()) last_.contents.push_back(edu.text());
}

void debts::completed(const edu_completed& m) {
  const auto at = servers_.find(m.server_name);
  if (at == servers_.end()) return;
  auto& x = at->second;
  if (x.open.erase(m.asked) == 0) { // of an earlier incarnation
    if (m.delivered) alive(m.server_name);
    return;
  }
  x.was_dropped = x.was_dropped || !m.delivered;
  if (!x.open.empty()) return;
  if (x.was_dropped) failed(*at);
  else paid(*at, x.covered);
}

void debts::paid(entry& of, std::int64_t covered) {
  auto& [server, x] = of;
  x.failures = 0;
  if (covered < x.wanted) {
    set_since(of, std::max(covered, x.since));
    schedule(of, out_.now() + gather_ms);
  } else {
    out_.write(store::put_receipt_debt{server, -1});
    by_due_.erase({x.due, server});
    since_.erase(since_.find(x.since));
    servers_.erase(std::string{server});
  }
  if (!since_.empty()) return unsent_.forget_until(*since_.begin());
  unsent_.clear();
  audiences_.clear();
  last_ = {};
  complained_ = false;
}

void debts::failed(entry& of) {
  auto& x = of.second;
  x.was_dropped = false;
  const auto doublings = std::min<std::uint32_t>(x.failures++, 16);
  schedule(of, out_.now() + std::min(retry_ms_min << doublings, retry_ms_max));
}

void debts::alive(const std::string& server) {
  const auto at = servers_.find(server);
  if (at == servers_.end() || !at->second.open.empty() || at->second.failures == 0) return;
  at->second.failures = 0;
  schedule(*at, out_.now());
}

void debts::settings_replaced() {
  if (!node_.settings().federation.receipts) return cancel_all();
  for (auto& one : servers_)
    if (one.second.open.empty()) schedule(one, out_.now());
}

void debts::told(const room_servers_response& m) {
  audiences_.told(m);
  if (audiences_.asks()) return;
  for (auto& one : servers_)
    if (std::exchange(one.second.waits, false)) schedule(one, out_.now());
}

void debts::cancel_all() {
  for (const auto& [server, x] : servers_) out_.write(store::put_receipt_debt{server, -1});
  servers_.clear();
  by_due_.clear();
  since_.clear();
  unsent_.clear();
  audiences_.clear();
  last_ = {};
  complained_ = false;
}

void debts::describe(matrix::json::object& o) const {
  o.set("unsent", static_cast<std::int64_t>(unsent_.size()));
  o.set("edus_sent", static_cast<std::int64_t>(edus_));
  o.set("servers_owed", static_cast<std::int64_t>(servers_.size()));
  matrix::json::array shown;
  for (const auto& [due, server] : by_due_) {
    if (shown.size() >= described_max) break;
    const auto& x = servers_.at(server);
    shown.emplace_back(matrix::json::object{{"server", server},
                                            {"since_change", x.since},
                                            {"under_way", static_cast<std::int64_t>(x.open.size())},
                                            {"failures", static_cast<std::int64_t>(x.failures)},
                                            {"due_ts", due}});
  }
  o.set("servers", std::move(shown));
}

} // namespace causeway::receipts
