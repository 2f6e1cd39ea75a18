#include "tests/simulation/broker.hpp"

#include "actors/directory/directory_machine.hpp"
#include "actors/invitation/invitation_machine.hpp"
#include "actors/receipts/receipts_machine.hpp"
#include "actors/remote_server/remote_server_machine.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/verifier/verifier_machine.hpp"
#include "messages/invitation_key.hpp"
#include "messages/protocols.hpp"
#include "tests/simulation/chat_server.hpp"
#include "tests/simulation/fingerprint.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <typeinfo>

namespace causeway::simulation {
namespace {

constexpr std::size_t restart_limit = 5;
constexpr time_ms restart_window_ms = 60'000;
constexpr time_us restart_delay_us = 100'000;

std::string name_of(const message& m) {
  return std::visit(
    [](const auto& x) {
      int status = 0;
      std::unique_ptr<char, void (*)(void*)> text{abi::__cxa_demangle(typeid(x).name(), nullptr, nullptr, &status),
                                                  std::free};
      std::string s = text ? text.get() : typeid(x).name();
      const auto colon = s.rfind(':');
      return colon == std::string::npos ? s : s.substr(colon + 1);
    },
    m);
}

template <class Machine>
class hosted : public hosted_machine {
public:
  template <class... Args>
  explicit hosted(Args&&... args) : machine_(std::forward<Args>(args)...) {}
  effects on(const message& m, time_ms now) override {
    auto list = machine_.on(m, now);
    // Whether it rests between two messages must not matter.
    if constexpr (requires { machine_.rest(); })
      if (++turns_ % turns_without_rest == 0) machine_.rest();
    return list;
  }
  std::string describe(time_ms now) const override { return machine_.describe(now); }

private:
  static constexpr std::uint64_t turns_without_rest = 6;
  Machine machine_;
  std::uint64_t turns_ = 0;
};

/// The verifier's worker, with the world's memory of what was checked before.
class remembering_worker : public hosted_machine {
public:
  explicit remembering_worker(world& w) : world_(w) {}
  effects on(const message& m, time_ms) override {
    const auto* p = std::get_if<verify_piece>(&m);
    if (!p) return {};
    piece_verified done{p->asked, p->first, {}};
    for (const auto& e : p->events) done.checks.push_back(world_.check(*e, *p->keys, p->own_name));
    effects out;
    out.emplace_back(tell{p->reply_to, std::move(done)});
    return out;
  }
  std::string describe(time_ms) const override { return "{}"; }

private:
  world& world_;
};

matrix::signing_key key_for(std::size_t index) {
  auto key = matrix::signing_key::from_seed(std::string(31, 'k') + static_cast<char>('0' + index));
  if (!key) throw std::runtime_error(to_string(key.error()));
  return *key;
}

} // namespace

/// What shell_state is to the real shell.
struct broker::cell {
  address who;
  std::unique_ptr<hosted_machine> machine;
  struct pending {
    std::uint64_t sequence = 0;
    bool committed = false;
    effects then;
  };
  std::deque<pending> commits;
  std::uint64_t last_sequence = 0;
  std::map<timer_name, std::uint64_t> timers;
  std::uint64_t last_generation = 0;
  bool wants_to_end = false;
  bool on_disk = true;
  bool alive = true;
  std::shared_ptr<bool> failed = std::make_shared<bool>(false);
  time_us last_from_store = 0;
  fingerprint::names names;
};

/// What a supervisor knows of one actor.
struct broker::child {
  cell_ptr running;
  std::deque<message> waiting; ///< while it is being rebuilt
  std::deque<time_ms> failures;
  std::uint64_t rebuilt = 0;
  bool parked = false;
};

broker::broker(world& w, std::size_t index, std::string server_name, std::string room_version,
               std::uint32_t invitation_lifetime_h)
    : world_(w), index_(index), server_name_(std::move(server_name)), room_version_(std::move(room_version)),
      invitation_lifetime_h_(invitation_lifetime_h), key_(key_for(index)) {
  config::store_options options;
  options.path = ":memory:";
  auto opened = store::open_sqlite(options);
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  disk_ = std::move(*opened);
}

broker::~broker() = default;

void broker::start() {
  up_ = true;
  ++epoch_;
  auto wanted = std::make_shared<settings>();
  wanted->federation.room_version = room_version_;
  // Outages are short here; every second broker takes them for long ones, so that both orders of catching up are seen.
  if (index_ % 2 == 1) {
    wanted->federation.catch_up_after_ms = 1'000;
    wanted->federation.catch_up_pdus_min = 2;
  }
  // Rooms are small here: what goes to a second server takes turns on every second broker.
  wanted->federation.fan_out_part = index_ % 2 == 0 ? 1 : 64;
  wanted->invitation.lifetime_h = invitation_lifetime_h_;
  wanted->federation.receipts = world_.has_receipts;
  context_ = std::make_unique<context>(
    std::make_shared<const identity>(identity{server_name_,
                                              key_,
                                              2,
                                              "b" + std::to_string(index_) + "e" + std::to_string(epoch_),
                                              {},
                                              nullptr,
                                              std::make_shared<answering_servers>()}),
    std::move(wanted));
  directory_seed_ = world_.random.bytes(32);
  open_doors();
  world_.trace(server_name_, [] { return std::string{"starts"}; });
  deliver("node", {actor_kind::directory, ""}, passivate{});
  if (world_.has_receipts) deliver("node", {actor_kind::receipts, ""}, passivate{});
  world_.chat(index_).broker_started();
}

void broker::crash() {
  // What waited for the store may be on disk or not, but in the order given; nobody has heard of it either way.
  if (world_.random.chance(500)) {
    std::vector<store::store_batch> written;
    auto left = world_.random.below(store_queue_.size() + 1);
    for (auto& item : store_queue_) {
      if (left-- == 0) break;
      if (auto* b = std::get_if<waiting_batch>(&item); b && !*b->failed) written.push_back(std::move(b->batch));
    }
    if (!written.empty()) (void)disk_->commit(written);
  }
  world_.trace(server_name_, [] { return std::string{"CRASHES"}; });
  up_ = false;
  ++epoch_;
  for (auto& [key, c] : children_)
    if (c.running) c.running->alive = false;
  children_.clear();
  channels_.clear();
  store_queue_.clear();
  store_awake_ = false;
  inbound_.clear();
  world_.chat(index_).broker_lost();
}

void broker::later(time_us delay, std::function<void()> what) {
  world_.clock.after(delay, [this, epoch = epoch_, what = std::move(what)] {
    if (epoch == epoch_) what();
  });
}

time_us broker::hop() {
  const auto luck = world_.random.below(100);
  if (luck < 90) return world_.random.between(1, 300);
  return luck < 99 ? world_.random.between(300, 5'000) : world_.random.between(5'000, 50'000);
}

std::unique_ptr<hosted_machine> broker::machine_of(const address& who) {
  const auto& c = *context_;
  switch (who.kind) {
  case actor_kind::room: return std::make_unique<hosted<room::room_machine>>(c, who.key);
  case actor_kind::remote_server: return std::make_unique<hosted<remote_server::remote_server_machine>>(c, who.key);
  case actor_kind::invitation: return std::make_unique<hosted<invitation::invitation_machine>>(c, who.key);
  case actor_kind::receipts: return std::make_unique<hosted<receipts::receipts_machine>>(c);
  case actor_kind::directory: return std::make_unique<hosted<directory::directory_machine>>(c, directory_seed_);
  case actor_kind::verifier:
    if (who.key.empty()) return std::make_unique<hosted<verifier::verifier_machine>>(c, 1);
    return std::make_unique<remembering_worker>(world_);
  default: throw std::logic_error("no such machine: " + to_string(who));
  }
}

// -- delivery ---------------------------------------------------------------------------------------------------------

void broker::deliver(const std::string& from, const address& to, message m) {
  if (!understands(to.kind, m))
    return world_.violation(server_name_ + ": " + from + " tells " + to_string(to) +
                            " what it does not understand: " + name_of(m));
  switch (to.kind) {
  case actor_kind::gateway:
    if (auto* x = std::get_if<gateway::http_request>(&m)) return request(*x);
    if (auto* x = std::get_if<federation_reply>(&m)) {
      auto it = inbound_.find(x->id);
      if (it == inbound_.end()) return world_.violation(server_name_ + ": a request is answered twice");
      auto answer = std::move(it->second);
      inbound_.erase(it);
      if (!x->origin.empty())
        deliver("gateway", {actor_kind::remote_server, x->origin}, call_answered{x->gateway, x->id, x->body.size()});
      return answer(x->status, std::move(x->body));
    }
    return;
  case actor_kind::session:
    if (const auto* x = std::get_if<command_done>(&m)) world_.chat(index_).command_done_now(*x);
    if (const auto* x = std::get_if<ephemeral_notification>(&m)) world_.chat(index_).ephemeral_now(*x);
    return;
  case actor_kind::edge:
  case actor_kind::media: // no scenario has files
  case actor_kind::node:  // nor switches anything
  case actor_kind::inspector: return;
  default: break;
  }
  // First in, first out between an actor and a supervisor; between different ones anything goes.
  auto& last = channels_[{from, static_cast<int>(to.kind)}];
  last = std::max(last, world_.clock.now_us() + hop());
  auto it = children_.find({static_cast<int>(to.kind), to.key});
  const auto rebuilt = it == children_.end() ? 0 : it->second.rebuilt;
  world_.trace(server_name_, [&] { return from + " -> " + to_string(to) + " " + name_of(m); });
  later(last - world_.clock.now_us(), [this, to, rebuilt, body = std::make_shared<message>(std::move(m))] {
    auto found = children_.find({static_cast<int>(to.kind), to.key});
    // What was in the mailbox of an actor that failed is lost with it.
    if (found != children_.end() && found->second.rebuilt != rebuilt && world_.random.chance(500)) return;
    route(to, std::move(*body));
  });
}

void broker::open_doors() {
  known_rooms_ = std::make_shared<known_keys>();
  known_invitations_ = std::make_shared<known_keys>(&invitation::shard_of);
  const auto known = read_as<store::known_loaded>(store::load_known{});
  for (const auto& room : known.rooms) known_rooms_->on_disk(room);
  for (const auto& [room, user] : known.invitations) known_invitations_->on_disk(room + "|" + user);
  room_door_ = std::make_unique<room_door>(context_->who(), known_rooms_, known_invitations_);
  invitation_door_ = std::make_unique<invitation_door>(known_invitations_);
}

known_keys* broker::known_of(actor_kind kind) const {
  return kind == actor_kind::room         ? known_rooms_.get()
         : kind == actor_kind::invitation ? known_invitations_.get()
                                          : nullptr;
}

const door* broker::door_of(actor_kind kind) const {
  return kind == actor_kind::room         ? room_door_.get()
         : kind == actor_kind::invitation ? invitation_door_.get()
                                          : nullptr;
}

void broker::route(const address& to, message m) {
  if (const auto* guard = door_of(to.kind); guard && !children_.contains({static_cast<int>(to.kind), to.key}))
    if (auto instead = guard->answer(to.key, m)) {
      for (auto& t : *instead) deliver("door|" + to_string(to), t.to, std::move(t.body));
      return;
    }
  auto [it, is_new] = children_.try_emplace({static_cast<int>(to.kind), to.key});
  if (auto* known = known_of(to.kind); known && is_new) known->made(to.key);
  auto& c = it->second;
  if (c.parked) return;
  if (!c.running) {
    if (!is_new && c.rebuilt > 0 && !c.failures.empty()) {
      c.waiting.push_back(std::move(m));
      return;
    }
    make(to, c);
  }
  const auto running = c.running; // the child, and with it the reference, may be gone when the machine ends
  handle(running, m);
}

void broker::make(const address& who, child& c) {
  c.running = std::make_shared<cell>();
  c.running->who = who;
  c.running->machine = machine_of(who);
  const auto made = c.running;
  handle(made, causeway::start{});
}

void broker::handle(const cell_ptr& c, const message& m) {
  if (!c->alive) return;
  world_.trace(server_name_, [&] { return to_string(c->who) + " hears " + name_of(m); });
  c->wants_to_end = false;
  try {
    auto list = c->machine->on(m, world_.clock.now());
    world_.returned.add(c->who, c->names, list);
    perform(c, std::move(list));
  } catch (const std::exception& x) {
    return failed(c->who, x.what(), false);
  }
  consider_end(c);
}

void broker::consider_end(const cell_ptr& c) {
  if (!c->alive || !c->wants_to_end || !c->commits.empty()) return;
  world_.trace(server_name_, [&] { return to_string(c->who) + " ends"; });
  c->alive = false;
  children_.erase({static_cast<int>(c->who.kind), c->who.key}); // `c` is held by the caller
  if (auto* known = known_of(c->who.kind)) known->ended(c->who.key, c->on_disk);
}

void broker::failed(const address& who, const std::string& why, bool expected) {
  auto it = children_.find({static_cast<int>(who.kind), who.key});
  if (it == children_.end() || !it->second.running) return;
  auto& c = it->second;
  if (!expected) world_.violation(server_name_ + ": " + to_string(who) + " failed: " + why);
  world_.trace(server_name_, [&] { return to_string(who) + " FAILS: " + why; });
  c.running->alive = false;
  c.running = nullptr;
  ++c.rebuilt;
  ++failures_;
  const auto now = world_.clock.now();
  c.failures.push_back(now);
  while (now - c.failures.front() > restart_window_ms) c.failures.pop_front();
  if (c.failures.size() > restart_limit) {
    c.parked = true;
    return world_.violation(server_name_ + ": " + to_string(who) + " is parked: " + why);
  }
  later(restart_delay_us << (c.failures.size() - 1), [this, who] {
    auto found = children_.find({static_cast<int>(who.kind), who.key});
    if (found == children_.end() || found->second.running || found->second.parked) return;
    auto waiting = std::exchange(found->second.waiting, {});
    make(who, found->second);
    for (auto& m : waiting) route(who, std::move(m));
  });
}

void broker::fail_actor(const address& who) { failed(who, "an injected fault", true); }

void broker::command(command_received m) { deliver("session|", {actor_kind::directory, ""}, std::move(m)); }

std::vector<std::pair<address, std::string>> broker::actors() const {
  std::vector<std::pair<address, std::string>> list;
  for (const auto& [key, c] : children_)
    list.emplace_back(address{static_cast<actor_kind>(key.first), key.second},
                      c.running ? c.running->machine->describe(world_.clock.now()) : "failed");
  return list;
}

// -- effects ----------------------------------------------------------------------------------------------------------

void broker::perform(const cell_ptr& c, effects list) {
  for (auto& e : list) {
    if (!c->alive) return;
    std::visit([&](auto& x) { perform_one(c, x); }, static_cast<effect_content&>(e));
  }
}

void broker::perform_one(const cell_ptr& c, persist& p) {
  cell::pending entry;
  entry.then = std::move(p.then);
  if (p.batch.writes.empty()) {
    if (c->commits.empty()) return perform(c, std::move(entry.then));
    entry.committed = true;
    c->commits.push_back(std::move(entry));
    return;
  }
  const auto sequence = entry.sequence = ++c->last_sequence;
  c->commits.push_back(std::move(entry));
  submit(std::move(p.batch), c->failed,
         [this, who = std::weak_ptr<cell>(c), sequence](const result<store::commit_outcome>& outcome) {
           auto to = who.lock();
           if (!to || !to->alive) return;
           if (!outcome && outcome.error().code != fault_code::store_failed)
             world_.violation(server_name_ + ": the store refuses a batch of " + to_string(to->who) + ": " +
                              to_string(outcome.error()));
           // The store's thread speaks to the actor itself, in the order of the commits.
           to->last_from_store = std::max(to->last_from_store, world_.clock.now_us() + hop());
           later(to->last_from_store - world_.clock.now_us(),
                 [this, to, sequence, why = outcome ? fault{} : outcome.error()] { committed(to, sequence, why); });
         });
}

void broker::committed(const cell_ptr& c, std::uint64_t sequence, const fault& why) {
  if (!c->alive) return;
  if (why.code != fault_code::none)
    return failed(c->who, "commit failed: " + to_string(why), why.code == fault_code::store_failed);
  for (auto& p : c->commits)
    if (p.sequence == sequence) p.committed = true;
  while (c->alive && !c->commits.empty() && c->commits.front().committed) {
    auto then = std::move(c->commits.front().then);
    c->commits.pop_front();
    perform(c, std::move(then));
  }
  consider_end(c);
}

void broker::perform_one(const cell_ptr& c, tell& t) {
  deliver(std::string{name(c->who.kind)} + "|" + c->who.key, t.to, std::move(t.body));
}

void broker::perform_one(const cell_ptr& c, ask_store& a) {
  ask(std::move(a.question), [this, who = std::weak_ptr<cell>(c), asked = a.asked](store::answer found) {
    auto to = who.lock();
    if (!to || !to->alive) return;
    to->last_from_store = std::max(to->last_from_store, world_.clock.now_us() + hop());
    later(to->last_from_store - world_.clock.now_us(),
          [this, to, asked, answer = std::make_shared<const store::answer>(std::move(found))] {
            handle(to, store_answered{asked, answer});
          });
  });
}

void broker::perform_one(const cell_ptr& c, wake_me_at& w) {
  const auto generation = ++c->last_generation;
  if (w.at == 0) {
    c->timers.erase(w.name);
    return;
  }
  c->timers[w.name] = generation;
  const auto delay = are_timers_aside() ? std::max<time_us>(0, w.at * 1'000 - world_.clock.now_us())
                                        : std::max<time_ms>(0, w.at - world_.clock.now()) * 1'000 + hop();
  later(delay, [this, who = std::weak_ptr<cell>(c), name = w.name, generation] {
    auto to = who.lock();
    if (!to || !to->alive) return;
    auto it = to->timers.find(name);
    if (it == to->timers.end() || it->second != generation) return;
    to->timers.erase(it);
    handle(to, timer_due{name});
  });
}

void broker::perform_one(const cell_ptr& c, finish& f) {
  c->wants_to_end = true;
  c->on_disk = f.on_disk;
}

void broker::perform_one(const cell_ptr& c, note& n) {
  if (n.what == "R116 join: state events left out, signing key unavailable") world_.excuse(c->who.key);
  world_.trace(server_name_, [&] {
    auto text = to_string(c->who) + " notes: " + n.what;
    for (const auto& [k, v] : n.fields) text += " " + k + "=" + v;
    return text;
  });
}

} // namespace causeway::simulation
