#include "actors/directory/server_list.hpp"

#include "actors/answers.hpp"
#include "actors/excerpt.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {
namespace {

constexpr std::size_t last_fault_shown_max = 1'000;

chat::server_view server_view_of(const store::destination_summary& x) {
  chat::server_view v;
  v.server = x.destination.server_name;
  v.failures = x.destination.failures;
  v.reachable = x.destination.failures == 0;
  if (x.destination.first_failure_ts > 0) v.failing_since_ts = x.destination.first_failure_ts;
  if (x.destination.retry_at_ts > 0) v.retry_at_ts = x.destination.retry_at_ts;
  if (!v.reachable && !x.destination.last_fault.empty())
    v.last_fault = excerpt(x.destination.last_fault, last_fault_shown_max);
  v.queued = static_cast<std::uint64_t>(x.queued);
  if (x.oldest_queued_ts > 0) v.oldest_queued_ts = x.oldest_queued_ts;
  v.refused = static_cast<std::uint64_t>(x.refused);
  return v;
}

} // namespace

void server_list::forget(const std::string& room_id) {
  const auto known = servers_of_.find(room_id);
  if (known == servers_of_.end()) return;
  for (const auto server : known->second)
    if (--server->second == 0) rooms_.erase(server);
  servers_of_.erase(known);
}

void server_list::listed(const std::string& room_id, const matrix::json::value* listing) {
  forget(room_id);
  const auto* named = listing ? listing->find_array("servers") : nullptr;
  if (!named || named->empty()) return;
  auto& servers = servers_of_[room_id];
  for (const auto& server : *named) {
    if (!server.as_string()) continue;
    const auto at = rooms_.try_emplace(*server.as_string(), 0).first;
    ++at->second;
    servers.push_back(at);
  }
  servers.shrink_to_fit();
}

std::vector<std::string> server_list::rooms_shared_with(const std::string& server, std::size_t max) const {
  std::vector<std::string> found;
  const auto wanted = rooms_.find(server);
  if (wanted == rooms_.end()) return found;
  for (const auto& [room_id, servers] : servers_of_) {
    if (found.size() == max) break;
    if (std::any_of(servers.begin(), servers.end(), [&](const auto& one) { return &*one == &*wanted; }))
      found.push_back(room_id);
  }
  return found;
}

void server_list::run(const command_received& m, const chat::query_servers& x) {
  if (asked_.size() >= questions_max)
    return command_failed(out_, m.reference, chat::query_servers::name,
                          {fault_code::overloaded, "too many questions about servers"});
  const auto after = x.after.value_or("");
  const auto asked = out_.next_token();
  asked_.emplace(asked, question{m, after});
  out_.ask(asked, store::list_destinations{{}, chat::servers_per_answer_max + 1, after});
}

bool server_list::answered(const store_answered& m) {
  const auto found = asked_.find(m.asked);
  if (found == asked_.end()) return false;
  const auto q = std::move(found->second);
  asked_.erase(found);
  const auto* stored = std::get_if<store::destinations_listed>(m.answer.get());
  if (!stored) {
    command_failed(out_, q.command.reference, chat::query_servers::name,
                   {fault_code::store_failed, "the servers cannot be read"});
    return true;
  }
  // Two lists in order of names, of which one server may stand in either or in both.
  chat::servers_answer page;
  auto owed = stored->destinations.begin();
  auto shared = rooms_.upper_bound(q.after);
  while (owed != stored->destinations.end() || shared != rooms_.end()) {
    if (page.servers.size() == chat::servers_per_answer_max) {
      page.more_servers = true;
      break;
    }
    const bool is_owed =
      owed != stored->destinations.end() && (shared == rooms_.end() || owed->destination.server_name <= shared->first);
    const bool is_shared = shared != rooms_.end() && (!is_owed || shared->first == owed->destination.server_name);
    chat::server_view view;
    if (is_owed) view = server_view_of(*owed++);
    if (is_shared) {
      view.server = shared->first;
      view.rooms = shared->second;
      ++shared;
    }
    page.servers.push_back(std::move(view));
  }
  command_succeeded(out_, q.command.reference, chat::query_servers::name, page, false);
  return true;
}

} // namespace causeway::directory
