#include "tests/simulation/scenario.hpp"

#include "actors/room/roles.hpp"
#include "tests/simulation/broker.hpp"
#include "tests/simulation/chat_server.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace causeway::simulation {
namespace {

constexpr time_ms minute_ms = 60'000;
constexpr time_ms hour_ms = 60 * minute_ms;

/// People and fate.
class scenario {
public:
  explicit scenario(world& w) : world_(w) {}

  void run();
  std::size_t crashes() const { return crashes_; }

private:
  struct member {
    std::size_t server = 0;
    std::string room, user;
  };
  void found_world();
  void act();
  void create_room(std::size_t i);
  void invite(const member& m);
  void revoke(const member& m);
  void say(const member& m);
  void take_back_words(const member& m);
  void leave(const member& m);
  void typing(const member& m);
  void read(const member& m);
  void read_everything();
  void moderate(const member& m);
  void change_role(const member& m);
  void give_and_take_back(const member& m);
  void struggle(const member& m);
  void set_role(const member& by, const std::string& whom, chat::role wanted);
  std::vector<std::string> people_of(std::size_t i, const std::string& room, chat::role least) const;
  std::string somebody_in(const member& m);
  void edit(const member& m);
  void react(const member& m);
  void do_more(const member& m);
  void answer(std::size_t i, const std::string& room, const std::string& user);
  void fate();
  void merge_forks();
  void let_speak(const member& m);
  void crash(std::size_t i);
  bool healed_ = false;
  std::vector<member> members(std::size_t i) const;
  std::string name_of(std::size_t i, const std::string& room) const;
  std::vector<std::string> users_of(std::size_t i) const;
  std::string somebody_else(std::size_t i);

  world& world_;
  std::size_t crashes_ = 0, crashes_max_ = 0, rooms_ = 0, messages_ = 0;
  bool partitions_ = false, fails_actors_ = false;
};

std::vector<std::string> scenario::users_of(std::size_t i) const {
  const auto& server = world_.at(i).server_name();
  return {"@ann:" + server, "@bob:" + server, "@cyd:" + server};
}

std::string scenario::somebody_else(std::size_t i) {
  auto other = world_.random.below(world_.size() - 1);
  if (other >= i) ++other;
  return world_.random.pick(users_of(other));
}

std::string scenario::name_of(std::size_t i, const std::string& room) const {
  const auto& known = world_.chat(i).rooms().at(room);
  return known.chat_id.empty() ? room : known.chat_id;
}

std::vector<scenario::member> scenario::members(std::size_t i) const {
  std::vector<member> list;
  for (const auto& [room, known] : world_.chat(i).rooms())
    for (const auto& user : known.joined) list.push_back({i, room, user});
  return list;
}

void scenario::found_world() {
  auto& r = world_.random;
  const std::vector<std::string> versions{"10", "11", "11", "12"};
  const auto version = r.pick(versions);
  const std::uint32_t lifetime_h = r.chance(100) ? 1 : 720;
  const std::size_t servers = r.chance(350) ? 3 : 2;
  for (std::size_t i = 0; i < servers; ++i)
    world_.add_broker(std::string(1, static_cast<char>('a' + i)) + ".example", version, lifetime_h);
  for (std::size_t i = 0; i < servers; ++i) {
    for (const auto& user : users_of(i)) world_.chat(i).send(chat::user_profile{user, "the " + user.substr(1, 3), {}});
    world_.chat(i).listener = [this, i](const chat::notification& n) {
      const auto* x = std::get_if<chat::invitation_received>(&n);
      if (!x || world_.random.chance(100)) return;
      // Quick people, slow people.
      const auto wait = world_.random.chance(600) ? world_.random.between(1'000, 2'000'000)
                                                  : world_.random.between(2'000'000, 600'000'000);
      world_.clock.after(wait, [this, i, room = x->matrix_room_id, user = x->user] { answer(i, room, user); });
    };
  }
  world_.clock.run_for_ms(1'000);
  switch (r.below(4)) {
  case 0: break; // a fine day
  case 1: world_.sky = {50, 50, 50, 50, 0, 0}; break;
  case 2:
    world_.sky = {20, 20, 20, 100, 200, 0};
    crashes_max_ = 3;
    partitions_ = r.chance(500);
    break;
  default:
    world_.sky = {150, 150, 100, 150, 100, 5};
    crashes_max_ = 5;
    partitions_ = true;
    fails_actors_ = true;
    break;
  }
}

void scenario::create_room(std::size_t i) {
  chat::room_create x;
  x.room = "room-" + std::to_string(i) + "-" + std::to_string(++rooms_);
  x.creator = world_.random.pick(users_of(i));
  const auto kind = world_.random.below(10);
  if (kind < 4) {
    x.type = chat::room_type::dm;
    x.members = {somebody_else(i)};
  } else if (kind < 6) {
    x.type = chat::room_type::group_dm;
    x.members = {somebody_else(i), somebody_else(i)};
    if (world_.random.chance(500)) x.members.push_back(users_of(i)[0] == x.creator ? users_of(i)[1] : users_of(i)[0]);
  } else {
    x.type = chat::room_type::channel;
    x.access = world_.random.chance(400) ? chat::visibility::public_ : chat::visibility::private_;
    x.room_name = "channel " + std::to_string(rooms_);
    if (world_.random.chance(700)) x.members = {somebody_else(i)};
  }
  world_.chat(i).send(std::move(x));
}

void scenario::invite(const member& m) {
  const auto whom = world_.random.chance(100) ? world_.random.pick(users_of(m.server)) : somebody_else(m.server);
  world_.chat(m.server).send(chat::invite_send{name_of(m.server, m.room), m.user, whom, {}});
}

void scenario::revoke(const member& m) {
  const auto& known = world_.chat(m.server).rooms().at(m.room);
  std::vector<std::string> open;
  for (const auto& [user, state] : known.outgoing)
    if (state == "sending" || state == "pending") open.push_back(user);
  if (open.empty()) return;
  world_.chat(m.server).send(
    chat::invite_revoke{name_of(m.server, m.room), m.user, world_.random.pick(open), "changed my mind"});
}

void scenario::say(const member& m) {
  const auto id = "m" + std::to_string(++messages_);
  chat::message_send x;
  x.room = name_of(m.server, m.room);
  x.sender = m.user;
  x.message = world_.at(m.server).server_name() + "-" + id;
  x.text = id;
  world_.chat(m.server).send(std::move(x));
}

void scenario::take_back_words(const member& m) {
  // The newest are the ones people regret, and the ones that are still under way.
  const auto& said = world_.chat(m.server).acknowledged_messages();
  for (auto it = said.rbegin(); it != said.rend(); ++it)
    if (it->matrix_room_id == m.room && it->sender == m.user && world_.random.chance(700)) {
      world_.chat(m.server).send(chat::message_delete{name_of(m.server, m.room), m.user, it->event_id, {}});
      return;
    }
}

void scenario::leave(const member& m) {
  world_.chat(m.server).send(chat::member_leave{name_of(m.server, m.room), m.user, {}});
}

void scenario::typing(const member& m) {
  // Not through the chat server: it has no idempotency key.
  if (!world_.at(m.server).is_up()) return;
  world_.at(m.server).command({{"", "", 0}, std::make_shared<const chat::command>(chat::typing{m.room, m.user, true})});
}

void scenario::read(const member& m) {
  const auto all = world_.chat(m.server).messages_in(m.room);
  if (all.empty()) return;
  for (auto scrolls = world_.random.between(1, 4); scrolls > 0; --scrolls) {
    chat::mark_read x{name_of(m.server, m.room), m.user, world_.random.pick(all), {}, {}, world_.random.chance(100)};
    if (world_.random.chance(200)) x.thread = chat::main_thread;
    world_.chat(m.server).send(std::move(x));
  }
}

void scenario::read_everything() {
  // Somebody says something new in each room: whoever came later than what was read before hears of this. Then
  // everybody reads what lies furthest in the room as their own server has it.
  std::set<std::string> spoken;
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& m : members(i))
      if (spoken.insert(m.room).second) say(m);
  world_.clock.run_for_ms(2 * hour_ms);
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& m : members(i)) {
      std::string last;
      std::int64_t furthest = 0;
      const auto all = world_.chat(i).messages_in(m.room);
      for (const auto& e : world_.at(i).read_as<store::events_loaded>(store::load_events{m.room, all, false}).events) {
        if (e.judged != store::verdict::accepted || e.position <= furthest) continue;
        furthest = e.position;
        last = e.event->event_id;
      }
      if (!last.empty()) world_.chat(i).send(chat::mark_read{name_of(i, m.room), m.user, last, {}});
    }
  world_.clock.run_for_ms(2 * hour_ms);
}

std::vector<std::string> scenario::people_of(std::size_t i, const std::string& room, chat::role least) const {
  const auto found = world_.at(i).read_as<store::room_loaded>(store::load_room{room});
  const auto state = found.state_groups.find(found.room.state_group);
  std::vector<std::string> list;
  if (!found.exists || state == found.state_groups.end()) return list;
  const auto now = [&](const char* type) {
    const auto id = state->second->find({type, ""});
    for (const auto& e : found.state_events)
      if (id != state->second->end() && e.event->event_id == id->second) return e.event.get();
    return static_cast<const matrix::event*>(nullptr);
  };
  const room::role_scale roles{now("m.room.create"), now(room::levels_type), false};
  for (const auto& user : world_.chat(i).rooms().at(room).joined)
    if (roles.of_user(user) <= least) list.push_back(user); // owners are the first of the roles
  return list;
}

std::string scenario::somebody_in(const member& m) {
  auto& r = world_.random;
  std::vector<std::string> all;
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& x : members(i))
      if (x.room == m.room && x.user != m.user) all.push_back(x.user);
  // Now and then somebody who may not be in it, and has no role then.
  return all.empty() || r.chance(150) ? somebody_else(m.server) : r.pick(all);
}

void scenario::set_role(const member& by, const std::string& whom, chat::role wanted) {
  world_.chat(by.server).send(chat::member_set_role{name_of(by.server, by.room), by.user, whom, wanted});
}

void scenario::change_role(const member& m) {
  // Owners most of all: whoever comes of another server is to have changes of their own.
  const std::vector roles{chat::role::owner,  chat::role::owner,  chat::role::moderator, chat::role::moderator,
                          chat::role::leader, chat::role::member, chat::role::muted};
  set_role(m, somebody_in(m), world_.random.pick(roles));
}

void scenario::give_and_take_back(const member& m) {
  auto& r = world_.random;
  const auto whom = somebody_in(m);
  for (auto times = r.between(1, 3); times > 0; --times) {
    set_role(m, whom, r.chance(700) ? chat::role::moderator : chat::role::leader);
    if (r.chance(300)) world_.clock.run_for_ms(r.between(0, 3'000));
    set_role(m, whom, r.chance(300) ? chat::role::muted : chat::role::member);
  }
}

void scenario::struggle(const member& m) {
  // Owners of several servers change the levels in the same moment, perhaps of the same user: state resolution takes
  // one change whole.
  auto& r = world_.random;
  const std::vector roles{chat::role::moderator, chat::role::leader, chat::role::member, chat::role::muted};
  const auto whom = somebody_in(m);
  const bool is_about_one = r.chance(300);
  const bool is_cut = r.chance(300);
  for (std::size_t i = 0; is_cut && i < world_.size(); ++i)
    for (std::size_t j = i + 1; j < world_.size(); ++j) world_.partition(i, j, true);
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (!world_.chat(i).rooms().contains(m.room)) continue;
    const auto owners = people_of(i, m.room, chat::role::owner);
    if (owners.empty()) continue;
    const member by{i, m.room, r.pick(owners)};
    set_role(by, is_about_one && whom != by.user ? whom : somebody_in(by), r.pick(roles));
  }
  if (!is_cut) return;
  world_.clock.run_for_ms(r.between(100, 60'000));
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (std::size_t j = i + 1; j < world_.size(); ++j) world_.partition(i, j, false);
}

void scenario::moderate(const member& anybody) {
  auto& r = world_.random;
  auto m = anybody;
  // Mostly somebody who may, be it in a room of another server; now and then whoever it is, who is refused.
  const auto what = r.below(20);
  const auto able = people_of(m.server, m.room, what < 10 ? chat::role::moderator : chat::role::owner);
  if (!able.empty() && r.chance(800)) m.user = r.pick(able);
  const auto room = name_of(m.server, m.room);
  if (what >= 10) return what < 14 ? change_role(m) : what < 16 ? give_and_take_back(m) : struggle(m);
  const auto whom = r.chance(250) ? r.pick(users_of(m.server)) : somebody_else(m.server);
  if (whom == m.user) return;
  if (what < 4) world_.chat(m.server).send(chat::member_ban{room, m.user, whom, "enough", false});
  else if (what < 8) world_.chat(m.server).send(chat::member_unban{room, m.user, whom, {}});
  else world_.chat(m.server).send(chat::member_kick{room, m.user, whom, {}});
}

void scenario::edit(const member& m) {
  const auto& said = world_.chat(m.server).acknowledged_messages();
  for (auto it = said.rbegin(); it != said.rend(); ++it)
    if (it->matrix_room_id == m.room && it->sender == m.user && world_.random.chance(500)) {
      chat::message_edit x{name_of(m.server, m.room), m.user, it->event_id, it->text + " or so", {}, {}};
      world_.chat(m.server).send(std::move(x));
      return;
    }
}

void scenario::react(const member& m) {
  auto& r = world_.random;
  auto& chat = world_.chat(m.server);
  const std::vector<std::string> keys{"+1", "-1", "?"};
  if (r.chance(300)) {
    for (const auto& x : chat.reactions())
      if (x.matrix_room_id == m.room && x.sender == m.user && r.chance(500)) {
        chat.send(chat::reaction_remove{name_of(m.server, m.room), m.user, x.target, x.key});
        return;
      }
  }
  const auto all = chat.messages_in(m.room);
  if (!all.empty()) chat.send(chat::reaction_add{name_of(m.server, m.room), m.user, r.pick(all), r.pick(keys)});
}

void scenario::do_more(const member& m) {
  const auto what = world_.random.below(10);
  if (what < 4) moderate(m);
  else if (what < 7) edit(m);
  else react(m);
}

void scenario::answer(std::size_t i, const std::string& room, const std::string& user) {
  if (!world_.chat(i).rooms().at(room).incoming.contains(user)) return;
  world_.chat(i).send(chat::invite_answer{room, user, world_.random.chance(700), {}});
}

void scenario::act() {
  auto& r = world_.random;
  const auto i = r.below(world_.size());
  const auto list = members(i);
  if (list.empty() || (rooms_ < 4 && r.chance(150))) return create_room(i);
  const auto& m = r.pick(list);
  if (world_.has_receipts && r.chance(400)) return read(m);
  if (world_.has_people && r.chance(400)) return do_more(m);
  const auto what = r.below(100);
  if (what < 55) {
    for (auto burst = r.chance(100) ? r.between(5, 60) : r.between(1, 3); burst > 0; --burst) say(m);
  } else if (what < 70) invite(m);
  else if (what < 82) revoke(m);
  else if (what < 88) leave(m);
  else if (what < 90) typing(m);
  else if (what < 95) take_back_words(m);
  else {
    // Somebody thinks again about an invitation he left lying.
    for (const auto& [room, known] : world_.chat(i).rooms())
      if (!known.incoming.empty()) return answer(i, room, *known.incoming.begin());
  }
}

void scenario::crash(std::size_t i) {
  if (healed_ || !world_.at(i).is_up()) return; // it was still to come when all was healed
  ++crashes_;
  world_.at(i).crash();
  const auto down = world_.random.chance(700)   ? world_.random.between(10'000, 5'000'000)
                    : world_.random.chance(900) ? world_.random.between(5'000'000, 20 * minute_ms * 1'000)
                                                : world_.random.between(1 * hour_ms, 30 * hour_ms) * 1'000;
  world_.clock.after(down, [this, i] {
    if (!world_.at(i).is_up()) world_.at(i).start();
  });
}

void scenario::fate() {
  auto& r = world_.random;
  if (crashes_ < crashes_max_ && r.chance(80)) {
    // At any moment of what was just begun.
    const auto i = r.below(world_.size());
    const auto when = r.between(0, r.chance(500) ? 20'000 : 3'000'000);
    world_.clock.after(when, [this, i] { crash(i); });
    if (r.chance(150)) // the lights go out everywhere
      for (std::size_t j = 0; j < world_.size(); ++j)
        if (j != i) world_.clock.after(when + r.between(0, 1'000'000), [this, j] { crash(j); });
  }
  if (partitions_ && r.chance(50)) {
    const auto a = r.below(world_.size());
    const auto b = (a + 1) % world_.size();
    world_.partition(a, b, true);
    const auto length = r.chance(700)   ? r.between(1'000, 5 * minute_ms)
                        : r.chance(900) ? r.between(5 * minute_ms, 3 * hour_ms)
                                        : r.between(3 * hour_ms, 30 * hour_ms); // longer than any back-off
    world_.clock.after(length * 1'000, [this, a, b] { world_.partition(a, b, false); });
  }
  if (fails_actors_ && r.chance(40)) {
    const auto i = r.below(world_.size());
    const auto there = world_.at(i).actors();
    if (!there.empty()) world_.at(i).fail_actor(r.pick(there).first);
  }
}

void scenario::run() {
  found_world();
  auto& r = world_.random;
  const auto actions = r.between(5, 40);
  for (std::int64_t n = 0; n < actions; ++n) {
    act();
    fate();
    const auto pace = r.below(100);
    world_.clock.run_for_ms(pace < 50   ? r.between(0, 50)
                            : pace < 90 ? r.between(50, 5'000)
                            : pace < 97 ? r.between(5'000, 2 * minute_ms)
                                        : r.between(10 * minute_ms, r.chance(100) ? 30 * hour_ms : 2 * hour_ms));
  }
  healed_ = true;
  world_.heal();
  world_.clock.run_for_ms(2 * hour_ms);
  if (r.chance(500)) {
    // Rooms and servers have long gone to sleep: everybody says a last word.
    for (std::size_t i = 0; i < world_.size(); ++i)
      for (const auto& m : members(i)) say(m);
    world_.clock.run_for_ms(2 * hour_ms);
  }
  merge_forks();
  if (world_.has_receipts) read_everything();
  check_invariants(world_);
}

void scenario::let_speak(const member& m) {
  // All of a server were muted while they spoke: nobody else sees what they said, and they may not say more.
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (!world_.chat(i).rooms().contains(m.room)) continue;
    const auto owners = people_of(i, m.room, chat::role::owner);
    if (!owners.empty()) return set_role({i, m.room, owners.front()}, m.user, chat::role::member);
  }
}

void scenario::merge_forks() {
  // What was said while somebody joined may lie on a branch he is not told of before the next event cites it; with the
  // protocol as it is, a room that forked in its last moments stays so until then. Only who sees both branches can join
  // them.
  for (std::size_t round = 0; round < world_.size() + (world_.has_people ? 1 : 0); ++round) {
    std::set<std::string> merged;
    for (std::size_t i = 0; i < world_.size(); ++i)
      for (const auto& m : members(i)) {
        const auto found = world_.at(i).read_as<store::room_loaded>(store::load_room{m.room});
        if (!found.exists || found.room.phase != store::room_phase::joined || found.room.forward_extremities.size() < 2)
          continue;
        if (!merged.insert(m.room).second) continue;
        const auto speakers = people_of(i, m.room, chat::role::member);
        if (speakers.empty()) let_speak(m);
        else say(std::ranges::find(speakers, m.user) != speakers.end() ? m : member{i, m.room, speakers.front()});
      }
    if (merged.empty()) return;
    world_.clock.run_for_ms(2 * hour_ms);
  }
}

} // namespace

run_report run_scenario(std::uint64_t seed, bool tracing, played also) {
  world w(seed, tracing);
  w.has_receipts = also.receipts;
  w.has_people = also.people;
  scenario s(w);
  s.run();
  run_report report{w.violations(), w.story(), w.clock.steps(), w.returned.of_effects(), w.returned.of_logs()};
  report.crashes = s.crashes();
  for (std::size_t i = 0; i < w.size(); ++i) {
    report.messages += w.chat(i).acknowledged_messages().size();
    report.rooms += w.chat(i).rooms().size();
    report.receipts += w.chat(i).receipts();
    for (const auto& h : w.chat(i).notifications()) {
      report.invitations += std::holds_alternative<chat::invitation_received>(h.what);
      const auto* m = std::get_if<chat::member_changed>(&h.what);
      report.bans += m && m->membership == "ban";
      report.roles += std::holds_alternative<chat::role_changed>(h.what);
      report.edits += std::holds_alternative<chat::message_edited>(h.what);
      report.reactions += std::holds_alternative<chat::reaction_added>(h.what);
    }
  }
  return report;
}

} // namespace causeway::simulation
