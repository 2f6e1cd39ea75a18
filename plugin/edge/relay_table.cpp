#include "plugin/edge/relay_table.hpp"

#include "messages/edge/header.hpp"
#include "plugin/edge/relay_greeting.hpp"

#include <algorithm>

namespace causeway::edge {
namespace {

frame bye(const std::string& reason) { return {verb::bye, encode_header(bye_header{reason}), {}}; }

frame not_now() { return make_error({fault_code::stopping, "this node stands by, and no other one serves now"}); }

} // namespace

relay_table::effects relay_table::on_peer(const connection& from, frame x, std::int64_t now) {
  effects out;
  if (x.what == verb::hello) {
    greet(out, from, std::move(x), now);
    return out;
  }
  const auto at = ways_.find({from.endpoint, from.routing_id});
  if (at == ways_.end()) {
    // A peer we forgot, or that never introduced itself. Its BYE, PONG or ERROR wants no answer.
    if (x.what == verb::bye || x.what == verb::pong || x.what == verb::error) return out;
    out.emplace_back(
      to_peer{from, make_error({fault_code::hello_required, std::string{name(x.what)} + " before HELLO"})});
    return out;
  }
  const bool is_last = x.what == verb::bye;
  out.emplace_back(to_node{at->second.to, std::move(x)});
  if (is_last) forget(out, at);
  return out;
}

void relay_table::greet(effects& out, const connection& from, frame x, std::int64_t now) {
  const auto refuse = [&](const fault& why) { out.emplace_back(to_peer{from, make_error(why)}); };
  if (!is_served_) {
    out.emplace_back(to_peer{from, not_now()});
    return;
  }
  auto greeting = greeting_of(from, std::move(x));
  if (!greeting) return refuse(greeting.error());
  const key who{from.endpoint, from.routing_id};
  auto at = ways_.find(who);
  if (at == ways_.end()) {
    if (ways_.size() >= most_.connections_max)
      return refuse({fault_code::overloaded, std::to_string(most_.connections_max) + " connections are open"});
    at = ways_.emplace(who, way{from, ++last_}).first;
    numbers_.emplace(last_, who);
    out.emplace_back(open_way{last_});
    at->second.heard = now;
  }
  // One that is repeated does not put off the end of one that nobody answers.
  if (at->second.is_refused) at->second.heard = now;
  at->second.is_refused = false;
  out.emplace_back(to_node{at->second.to, std::move(*greeting)});
}

relay_table::effects relay_table::on_node(number from, frame x, std::int64_t now) {
  effects out;
  const auto known = numbers_.find(from);
  if (known == numbers_.end()) return out;
  const auto at = ways_.find(known->second);
  auto& w = at->second;
  if (x.what == verb::welcome) w.is_open = true;
  if (x.what == verb::error && !w.is_open) w.is_refused = true;
  if (w.is_open) w.heard = now;
  const bool is_last = x.what == verb::bye;
  out.emplace_back(to_peer{w.peer, std::move(x)});
  if (is_last) forget(out, at);
  return out;
}

relay_table::effects relay_table::on_peer_lost(const connection& gone) {
  effects out;
  const auto at = ways_.find({gone.endpoint, gone.routing_id});
  if (at == ways_.end()) return out;
  out.emplace_back(to_node{at->second.to, bye("the connection was lost")});
  forget(out, at);
  return out;
}

relay_table::effects relay_table::on_node_lost(number gone) {
  effects out;
  if (const auto known = numbers_.find(gone); known != numbers_.end()) end(out, ways_.find(known->second));
  return out;
}

relay_table::effects relay_table::tick(std::int64_t now) {
  effects out;
  for (auto at = ways_.begin(); at != ways_.end();) {
    const auto each = at++;
    if (now >= ends_at(each->second)) end(out, each);
  }
  return out;
}

relay_table::effects relay_table::serve(bool is_there) {
  effects out;
  is_served_ = is_there;
  while (!ways_.empty()) end(out, ways_.begin());
  return out;
}

std::optional<std::int64_t> relay_table::next_tick() const {
  std::optional<std::int64_t> first;
  for (const auto& [who, x] : ways_) first = std::min(first.value_or(ends_at(x)), ends_at(x));
  return first;
}

void relay_table::end(effects& out, ways::iterator at) {
  const auto& w = at->second;
  if (w.is_open) out.emplace_back(to_peer{w.peer, bye(bye_stopping)});
  else if (!w.is_refused) out.emplace_back(to_peer{w.peer, not_now()}); // else it has its answer
  out.emplace_back(to_node{w.to, bye("the chat server was told to connect again")});
  forget(out, at);
}

void relay_table::forget(effects& out, ways::iterator at) {
  out.emplace_back(close_way{at->second.to});
  numbers_.erase(at->second.to);
  ways_.erase(at);
}

} // namespace causeway::edge
