#include "plugin/edge/crossing_table.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace causeway::edge {
namespace {

/// What is not an actor waits for nothing, or has a time-out of its own.
bool is_actor(const address& x) {
  switch (x.kind) {
  case actor_kind::store:
  case actor_kind::gateway:
  case actor_kind::edge:
  case actor_kind::inspector:
  case actor_kind::media:
  case actor_kind::node: return false;
  default: return true;
  }
}

parcel_ptr about_shard(parcel::kind what, shard_number shard) {
  parcel x;
  x.what = what;
  x.shard = shard;
  return std::make_shared<const parcel>(std::move(x));
}

} // namespace

// -- who is there, and who has what -----------------------------------------------------------------------------------

crossing_table::effects crossing_table::set_nodes(const std::set<std::int64_t>& live, std::int64_t now_ms) {
  effects out;
  std::vector<std::int64_t> gone;
  for (const auto& [node, its] : peers_)
    if (!live.contains(node)) gone.push_back(node);
  for (const auto node : gone) {
    end_link(node, out);
    peers_.erase(node);
  }
  for (const auto node : live)
    if (node != self_ && !peers_.contains(node))
      peers_.emplace(node, peer{crossing_link{self_, node, bounds_.link, now_ms}});
  route_all(now_ms, out);
  return out;
}

crossing_table::effects crossing_table::set_owners(const shard_owners& read, std::int64_t now_ms) {
  effects out;
  owners_ = read;
  is_asking_ = false;
  for (std::size_t i = 0; i < shard_count; ++i) route(static_cast<shard_number>(i), now_ms, out);
  return out;
}

crossing_table::effects crossing_table::take(shard_number shard, std::uint64_t epoch, std::int64_t now_ms) {
  effects out;
  own_epochs_[shard] = epoch;
  route(shard, now_ms, out);
  return out;
}

crossing_table::effects crossing_table::release(shard_number shard, std::int64_t now_ms) {
  effects out;
  own_epochs_[shard] = 0;
  route(shard, now_ms, out);
  return out;
}

/// Nobody, where the rows name a node that is gone, or this one without its having taken the shard.
shard_owner crossing_table::owner_of(shard_number shard) const {
  if (own_epochs_[shard] != 0) return {self_, own_epochs_[shard]};
  const auto& x = owners_[shard];
  return peers_.contains(x.incarnation) ? x : shard_owner{};
}

// -- out --------------------------------------------------------------------------------------------------------------

crossing_table::effects crossing_table::send(parcel x, std::int64_t now_ms) {
  effects out;
  if (doomed_.contains(x.from)) return out;
  if (is_actor(x.from)) alive_.insert(x.from);
  const auto shard = *x.shard;
  const auto bytes = x.bytes();
  auto& w = ways_[shard];
  x.epoch = owner_of(shard).epoch;
  hold(w, w.later, std::make_shared<const parcel>(std::move(x)));
  route(shard, now_ms, out);
  keep_bound(bytes, out);
  return out;
}

crossing_table::effects crossing_table::send_to(std::int64_t node, parcel x, std::int64_t now_ms) {
  effects out;
  if (doomed_.contains(x.from)) return out;
  x.shard.reset();
  auto shared = std::make_shared<const parcel>(std::move(x));
  if (node == self_) out.emplace_back(deliver{self_, std::move(shared)});
  else if (const auto at = peers_.find(node); at != peers_.end()) {
    if (is_actor(shared->from)) {
      alive_.insert(shared->from);
      note_spoken(at->second, shared->from);
    }
    put(node, std::move(shared), now_ms, out);
    route_all(now_ms, out);
  }
  return out;
}

void crossing_table::hold(way& w, std::deque<parcel_ptr>& where, parcel_ptr x) {
  held_bytes_ += x->bytes();
  w.held_bytes += x->bytes();
  waiting_.add(*x->shard);
  where.push_back(std::move(x));
}

void crossing_table::note_let_go(way& w, std::size_t bytes) {
  held_bytes_ -= bytes;
  w.held_bytes -= bytes;
}

/// A node that has refused the shard, and is still named by the rows that were read.
bool crossing_table::must_wait(const way& w, const shard_owner& owner, std::int64_t now_ms) const {
  return owner.incarnation == w.refused_by.incarnation && owner.epoch <= w.refused_by.epoch &&
         now_ms - w.refused_ms < bounds_.look_again_ms;
}

/// Sends what waits for the actors of a shard, if it is known where to.
void crossing_table::route(shard_number shard, std::int64_t now_ms, effects& out) {
  auto& w = ways_[shard];
  const auto owner = owner_of(shard);
  if (w.went_to != 0 && w.went_to != owner.incarnation && w.waits_for == 0) {
    w.waits_for = w.went_to;
    put(w.went_to, about_shard(parcel::kind::last, shard), now_ms, out);
  }
  while (!w.is_empty() && w.waits_for == 0) {
    const auto to = owner_of(shard); // each time: a link may end by what is put into it
    if (to.incarnation == 0 || must_wait(w, to, now_ms)) break;
    auto& from = w.returned.empty() ? w.later : w.returned;
    const auto x = std::move(from.front());
    from.pop_front();
    note_let_go(w, x->bytes());
    hand_over(x, to, now_ms, out);
  }
  if (w.is_empty()) waiting_.remove(shard);
  else if (w.waits_for == 0 && (!has_asked_ || now_ms - asked_ms_ >= bounds_.look_again_ms))
    ask_for_owners(now_ms, out);
}

void crossing_table::route_all(std::int64_t now_ms, effects& out) {
  for (std::size_t i = 0; i < shard_count; ++i)
    if (const auto shard = static_cast<shard_number>(i); waiting_.has(shard) || ways_[i].went_to != 0)
      route(shard, now_ms, out);
}

void crossing_table::hand_over(const parcel_ptr& x, const shard_owner& to, std::int64_t now_ms, effects& out) {
  if (to.incarnation == self_) {
    out.emplace_back(deliver{self_, x});
    return;
  }
  ways_[*x->shard].went_to = to.incarnation;
  if (is_actor(x->from)) note_spoken(peers_.at(to.incarnation), x->from);
  if (x->what == parcel::kind::message && x->epoch == to.epoch) return put(to.incarnation, x, now_ms, out);
  parcel addressed = *x; // it has waited, or come back
  addressed.what = parcel::kind::message;
  addressed.epoch = to.epoch;
  put(to.incarnation, std::make_shared<const parcel>(std::move(addressed)), now_ms, out);
}

void crossing_table::note_spoken(peer& to, const address& actor) const {
  const last_word said{to.link.next_number(), !alive_.contains(actor)}; // what has waited may outlive who said it
  to.spoken.insert_or_assign(actor, said);
  if (said.has_ended) to.ended.emplace(said.number, actor);
}

void crossing_table::forget_settled(peer& x) {
  for (auto at = x.ended.begin(); at != x.ended.end() && at->first <= x.link.settled(); at = x.ended.erase(at))
    if (const auto its = x.spoken.find(at->second);
        its != x.spoken.end() && its->second.has_ended && its->second.number == at->first)
      x.spoken.erase(its);
}

void crossing_table::put(std::int64_t node, parcel_ptr x, std::int64_t now_ms, effects& out) {
  const auto at = peers_.find(node);
  if (at != peers_.end() && at->second.link.send(std::move(x), now_ms) == crossing_link::outcome::ended)
    end_link(node, out);
}

// -- in ---------------------------------------------------------------------------------------------------------------

crossing_table::effects crossing_table::on_frame(const link_frame& x, std::int64_t now_ms) {
  effects out;
  const auto at = peers_.find(x.from);
  if (at == peers_.end()) return out; // gone, or not seen yet: it sends again
  std::vector<parcel_ptr> come;
  const bool has_ended = at->second.link.on_frame(x, come, now_ms) == crossing_link::outcome::ended;
  if (has_ended) end_link(x.from, out);
  const auto generation = at->second.link.generation();
  for (const auto& one : come) {
    take_parcel(x.from, one, now_ms, out);
    if (at->second.link.generation() != generation) break; // an answer was too much: the rest is lost with the link
  }
  if (at->second.link.generation() != generation || has_ended) route_all(now_ms, out);
  forget_settled(at->second);
  return out;
}

void crossing_table::take_parcel(std::int64_t from, const parcel_ptr& x, std::int64_t now_ms, effects& out) {
  if (!x->shard) {
    if (x->what == parcel::kind::message) out.emplace_back(deliver{from, x});
    if (x->what == parcel::kind::unread && is_actor(x->from)) tell_lost(from, {x->from}, out);
    return;
  }
  const auto shard = *x->shard;
  auto& w = ways_[shard];
  switch (x->what) {
  case parcel::kind::message: {
    const auto own = own_epochs_[shard];
    const bool is_refused = own == 0 || own < x->epoch || peers_.at(from).returning.has(shard);
    if (is_refused) return give_back(from, *x, now_ms, out);
    out.emplace_back(deliver{from, x});
    return;
  }
  case parcel::kind::returned:
    w.refused_by = {from, x->epoch};
    w.refused_ms = now_ms;
    if (!w.silenced.contains(x->from)) hold(w, w.returned, x);
    if (std::exchange(w.waits_for, from) == 0) put(from, about_shard(parcel::kind::last, shard), now_ms, out);
    keep_bound(x->bytes(), out);
    if (!is_asking_) ask_for_owners(now_ms, out);
    return;
  case parcel::kind::last:
    peers_.at(from).returning.remove(shard);
    return put(from, about_shard(parcel::kind::last_seen, shard), now_ms, out);
  case parcel::kind::last_seen:
    if (w.waits_for != from) return;
    w.waits_for = w.went_to = 0;
    w.silenced.clear();
    return route(shard, now_ms, out);
  case parcel::kind::unread: return; // is of no shard
  }
}

crossing_table::effects crossing_table::refuse_unread(const deliver& x, std::int64_t now_ms) {
  effects out;
  if (x.from == self_ && is_actor(x.what->from)) tell_lost(self_, {x.what->from}, out);
  parcel said;
  said.what = parcel::kind::unread;
  said.from = x.what->from;
  said.to = x.what->to;
  put(x.from, std::make_shared<const parcel>(std::move(said)), now_ms, out); // to nobody, where it came from here
  return out;
}

/// With it all that follows for the shard: order is kept by who sends it.
void crossing_table::give_back(std::int64_t to, const parcel& x, std::int64_t now_ms, effects& out) {
  peers_.at(to).returning.add(*x.shard);
  auto back = x;
  back.what = parcel::kind::returned;
  put(to, std::make_shared<const parcel>(std::move(back)), now_ms, out);
}

// -- loss -------------------------------------------------------------------------------------------------------------

/// What was under way over it is gone, in both directions.
void crossing_table::end_link(std::int64_t node, effects& out) {
  auto& its = peers_.at(node);
  its.returning = {};
  its.ended = {};
  for (auto& w : ways_) {
    if (w.went_to == node) w.went_to = 0;
    if (w.waits_for != node) continue;
    w.waits_for = 0;
    w.silenced.clear();
  }
  std::set<address> spoken;
  for (const auto& [actor, said] : std::exchange(its.spoken, {})) spoken.insert(actor);
  tell_lost(node, spoken, out);
}

/// Where too much waits for owners now that a parcel of so many bytes has come, all that waits for the shard with the
/// most is given up: one that nobody takes must not cost the others theirs.
void crossing_table::keep_bound(std::size_t bytes, effects& out) {
  if (held_bytes_ <= bounds_.held_bytes_max || held_bytes_ <= bytes) return;
  const auto& most = *std::max_element(ways_.begin(), ways_.end(),
                                       [](const way& a, const way& b) { return a.held_bytes < b.held_bytes; });
  std::set<address> from;
  for (const auto* queue : {&most.returned, &most.later})
    for (const auto& x : *queue) from.insert(x->from);
  tell_lost(0, from, out);
}

/// What these actors still have here is dropped, so that nobody hears of them what they said later and not what they
/// said before.
void crossing_table::tell_lost(std::int64_t node, const std::set<address>& actors, effects& out) {
  if (actors.empty()) return;
  for (std::size_t i = 0; i < shard_count; ++i) {
    if (ways_[i].waits_for != 0) ways_[i].silenced.insert(actors.begin(), actors.end());
    if (!waiting_.has(static_cast<shard_number>(i))) continue;
    for (auto* queue : {&ways_[i].returned, &ways_[i].later})
      std::erase_if(*queue, [&](const parcel_ptr& x) {
        if (!actors.contains(x->from)) return false;
        note_let_go(ways_[i], x->bytes());
        return true;
      });
    if (ways_[i].is_empty()) waiting_.remove(static_cast<shard_number>(i));
  }
  lost told{node, {}};
  for (const auto& one : actors) {
    if (!is_actor(one)) continue;
    doomed_.insert(one);
    told.actors.push_back(one);
  }
  if (!told.actors.empty()) out.emplace_back(std::move(told));
}

void crossing_table::forget(const address& ended) {
  doomed_.erase(ended);
  alive_.erase(ended);
  for (auto& [node, its] : peers_) {
    const auto said = its.spoken.find(ended);
    if (said == its.spoken.end()) continue;
    said->second.has_ended = true;
    its.ended.emplace(said->second.number, ended);
    forget_settled(its);
  }
}

// -- time -------------------------------------------------------------------------------------------------------------

void crossing_table::ask_for_owners(std::int64_t now_ms, effects& out) {
  is_asking_ = has_asked_ = true;
  asked_ms_ = now_ms;
  out.emplace_back(read_owners{});
}

void crossing_table::on_connected(std::int64_t node) {
  if (const auto at = peers_.find(node); at != peers_.end()) at->second.link.on_connected();
}

crossing_table::effects crossing_table::tick(std::int64_t now_ms) {
  effects out;
  for (auto& [node, its] : peers_) its.link.tick(now_ms);
  const auto waiting = waiting_; // routing changes it
  waiting.for_each([&](shard_number shard) { route(shard, now_ms, out); });
  return out;
}

std::int64_t crossing_table::due() const {
  auto at = std::numeric_limits<std::int64_t>::max();
  for (const auto& [node, its] : peers_) at = std::min(at, its.link.due());
  waiting_.for_each([&](shard_number shard) {
    if (ways_[shard].waits_for == 0) at = std::min(at, asked_ms_ + bounds_.look_again_ms);
  });
  return at;
}

std::optional<link_frame> crossing_table::next_frame(std::int64_t node, std::int64_t now_ms) {
  const auto at = peers_.find(node);
  return at == peers_.end() ? std::nullopt : at->second.link.next_frame(now_ms);
}

const crossing_link* crossing_table::link_to(std::int64_t node) const {
  const auto at = peers_.find(node);
  return at == peers_.end() ? nullptr : &at->second.link;
}

} // namespace causeway::edge
