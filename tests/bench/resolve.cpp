// `tools/bench resolve`: state resolution of a room that was split for long. Two states: half of the members changed
// something on both sides of the split, moderators banned some of them on one side, and both sides changed the power
// levels again and again.
//
//   bench_resolve [--conflicted 1000] [--rounds 51] [--version 11]
//
// One line of JSON: milliseconds of one `matrix::resolve`, median and longest. The result is checked before it is
// timed.
#include "tests/bench/fake_homeserver.hpp"

#include "messages/matrix/state_resolution.hpp"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace {

using namespace causeway;
using namespace causeway::bench;
namespace json = matrix::json;

constexpr std::size_t admins = 10;
/// Changes of the power levels on each side.
constexpr std::size_t level_changes = 20;

/// One side of the split: its state, and what the next event follows.
struct room_side {
  matrix::state_map state;
  std::string last;
  std::int64_t depth = 0;
};

class split_room {
public:
  split_room(std::size_t conflicted, std::string_view version) : server_{"split.example", "here.example"} {
    rules_ = matrix::find_room_version(version);
    require(rules_ && rules_->state_resolution != matrix::state_resolution_algorithm::v1,
            "a room version from 2 on is wanted");
    require(!rules_->room_id_is_create_hash, "a room version below 12 is wanted");
    room_side common;
    create_ = add(common, user(0), "m.room.create", "", {{"creator", user(0)}, {"room_version", version}}, {});
    add(common, user(0), "m.room.member", user(0), {{"membership", "join"}}, {key("m.room.create")});
    levels(common, 0);
    add(common, user(0), "m.room.join_rules", "", {{"join_rule", "public"}},
        {key("m.room.create"), key("m.room.power_levels"), member(0)});
    // The power levels and two events for each member.
    members_ = std::max<std::size_t>(admins + 2, conflicted / 2 - 1);
    for (std::size_t i = 1; i <= members_; ++i) join(common, i, "before");
    sides_ = {common, common};
    for (std::size_t n = 0; n < sides_.size(); ++n) {
      auto& at = sides_[n];
      for (std::size_t i = 1; i <= members_; ++i) {
        if ((i - 1) % std::max<std::size_t>(1, members_ / level_changes) == 0) levels(at, n * 1'000 + i);
        const auto admin = i % admins + 1;
        if (n == 1 && i > admins && i % 5 == 0)
          add(at, user(admin), "m.room.member", user(i), {{"membership", "ban"}},
              {key("m.room.create"), key("m.room.power_levels"), member(admin), member(i)});
        else join(at, i, "side " + std::to_string(n));
      }
    }
  }
  std::vector<matrix::state_ptr> states() const {
    std::vector<matrix::state_ptr> out;
    for (const auto& s : sides_) out.push_back(std::make_shared<const matrix::state_map>(s.state));
    return out;
  }
  matrix::resolution_context context() const {
    return {rules_, create_.get(), [this](std::string_view id) { return find(id); },
            [](std::string_view) { return false; }};
  }
  std::size_t conflicted() const {
    std::size_t count = 0;
    for (const auto& [at, id] : sides_[0].state)
      if (sides_[1].state.at(at) != id) count += 2;
    return count;
  }
  std::size_t events() const { return events_.size(); }
  std::size_t banned(const matrix::state_map& state) const {
    std::size_t count = 0;
    for (const auto& [at, id] : state) count += find(id)->membership() == matrix::membership::ban;
    return count;
  }

private:
  static std::string user(std::size_t i) { return "@user" + std::to_string(i) + ":split.example"; }
  static matrix::state_key_pair key(const char* type) { return {type, ""}; }
  static matrix::state_key_pair member(std::size_t i) { return {"m.room.member", user(i)}; }
  const matrix::event* find(std::string_view id) const {
    const auto found = events_.find(std::string{id});
    return found == events_.end() ? nullptr : found->second.get();
  }
  void levels(room_side& at, std::size_t number) {
    json::object users{{user(0), 100}};
    for (std::size_t i = 1; i <= admins; ++i) users.set(user(i), 50);
    std::vector<matrix::state_key_pair> auth{key("m.room.create"), member(0)};
    if (at.state.contains(key("m.room.power_levels"))) auth.push_back(key("m.room.power_levels"));
    add(at, user(0), "m.room.power_levels", "",
        {{"users", std::move(users)}, {"events", json::object{{"org.example." + std::to_string(number), 50}}}}, auth);
  }
  void join(room_side& at, std::size_t i, const std::string& display_name) {
    std::vector<matrix::state_key_pair> auth{key("m.room.create"), key("m.room.power_levels"),
                                             key("m.room.join_rules")};
    if (at.state.contains(member(i))) auth.push_back(member(i));
    add(at, user(i), "m.room.member", user(i), {{"displayname", display_name}, {"membership", "join"}}, auth);
  }
  matrix::event_ptr add(room_side& at, const std::string& sender, const char* type, const std::string& state_key,
                        json::object content, const std::vector<matrix::state_key_pair>& auth) {
    json::array auth_events, prev_events;
    for (const auto& k : auth) auth_events.emplace_back(at.state.at(k));
    if (!at.last.empty()) prev_events.emplace_back(at.last);
    auto event = server_.sign({{"auth_events", std::move(auth_events)},
                               {"content", std::move(content)},
                               {"depth", ++at.depth},
                               {"origin_server_ts", 1'700'000'000'000 + at.depth},
                               {"prev_events", std::move(prev_events)},
                               {"room_id", "!split:split.example"},
                               {"sender", sender},
                               {"state_key", state_key},
                               {"type", type}},
                              *rules_);
    at.state.insert_or_assign({type, state_key}, event->event_id);
    at.last = event->event_id;
    events_.emplace(event->event_id, event);
    return event;
  }

  fake_homeserver server_;
  const matrix::room_version_rules* rules_ = nullptr;
  matrix::event_ptr create_;
  std::size_t members_ = 0;
  std::vector<room_side> sides_;
  std::unordered_map<std::string, matrix::event_ptr> events_;
};

} // namespace

int main(int argc, char** argv) {
  require(sodium_init() >= 0, "libsodium does not start");
  const auto conflicted = static_cast<std::size_t>(std::atoll(argument(argc, argv, "conflicted", "1000").c_str()));
  const auto rounds = static_cast<std::size_t>(std::atoll(argument(argc, argv, "rounds", "51").c_str()));
  require(conflicted >= 24 && rounds > 0, "usage: see the head of resolve.cpp");
  const split_room room{conflicted, argument(argc, argv, "version", "11")};
  const auto states = room.states();
  const auto first = matrix::resolve(states, room.context());
  const std::vector<matrix::state_ptr> turned(states.rbegin(), states.rend());
  require(first == matrix::resolve(turned, room.context()), "the result depends on the order of the states");
  require(first.size() == states[0]->size() && room.banned(first) == room.banned(*states[1]),
          "a ban was lost by resolving");
  std::vector<double> seconds;
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto begun = now_s();
    const auto resolved = matrix::resolve(states, room.context());
    seconds.push_back(now_s() - begun);
    require(resolved.size() == first.size(), "the result differs from round to round");
  }
  std::printf("{\"median_ms\":%.3f,\"max_ms\":%.3f,\"conflicted\":%zu,\"events\":%zu,\"rounds\":%zu}\n",
              percentile(seconds, 0.5) * 1e3, percentile(seconds, 1) * 1e3, room.conflicted(), room.events(), rounds);
}
