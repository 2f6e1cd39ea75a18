#include "messages/matrix/state_conflicts.hpp"
#include "made_room.hpp"
#include "room_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <set>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(state_resolution)

namespace {

/// A set of events and states by readable ids.
struct scenario {
  const room_version_rules* rules = nullptr;
  std::unordered_map<std::string, event_ptr> events;
  const event* create = nullptr;
  std::vector<state_ptr> states;
  std::vector<std::string> rejected;

  const event& add(const json::object& members) {
    auto x = made_event(members, *rules);
    if (x->type == "m.room.create") create = x.get();
    return *(events[x->event_id] = x);
  }
  resolution_context context() const {
    return {rules, create,
            [this](std::string_view id) -> const event* {
              const auto found = events.find(std::string{id});
              return found == events.end() ? nullptr : found->second.get();
            },
            [this](std::string_view id) { return std::find(rejected.begin(), rejected.end(), id) != rejected.end(); }};
  }
  state_map resolved() const { return resolve(states, context()); }
};

state_map as_state(const json::array& entries) {
  state_map state;
  for (const auto& entry : entries) {
    const auto& fields = *entry.as_array();
    state.insert_or_assign({*fields[0].as_string(), *fields[1].as_string()}, *fields[2].as_string());
  }
  return state;
}

std::vector<std::string> as_ids(const json::value& list) {
  std::vector<std::string> ids;
  for (const auto& id : *list.as_array()) ids.push_back(*id.as_string());
  return ids;
}

scenario scenario_of(const json::value& test_case) {
  scenario result;
  result.rules = find_room_version(*test_case.find_string("room_version"));
  BOOST_TEST_REQUIRE(result.rules);
  for (const auto& members : *test_case.find_array("events")) result.add(*members.as_object());
  for (const auto& state : *test_case.find_array("state_sets"))
    result.states.push_back(std::make_shared<const state_map>(as_state(*state.as_array())));
  return result;
}

json::array vector_cases() {
  const auto file = read_json(std::filesystem::path{CAUSEWAY_TEST_DATA} / "vectors" / "state_resolution.json");
  BOOST_TEST_REQUIRE(file.has_value());
  return *file->find("cases")->as_array();
}

std::string name_of(const json::value& test_case) {
  return *test_case.find_string("name") + " in version " + *test_case.find_string("room_version");
}

std::string as_text(const state_map& state) {
  std::string text;
  for (const auto& [key, id] : state) text += key.first + "/" + key.second + "=" + id + " ";
  return text;
}

/// Calls `visit` with every order of `items` (at most 5! of them).
template <class T, class Visit>
void for_each_order(std::vector<T> items, Visit visit) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    std::vector<T> permuted;
    for (const auto i : order) permuted.push_back(items[i]);
    visit(permuted);
  } while (std::next_permutation(order.begin(), order.end()));
}

/// A public room of version `version`, its founder, a power levels event and ids for more.
class growing_room {
public:
  explicit growing_room(std::string_view version) {
    room.rules = find_room_version(version);
    const bool hash_id = room.rules->room_id_is_create_hash;
    const auto content = parsed(R"({"creator":"@alice:a.test"})");
    json::object create{
      {"event_id", "$create"}, {"type", "m.room.create"}, {"sender", "@alice:a.test"}, {"state_key", ""}};
    create.set("content", content);
    if (!hash_id) create.set("room_id", "!room:a.test");
    room.add(create);
    current.insert_or_assign({"m.room.create", ""}, "$create");
    send("m.room.member", "@alice:a.test", "@alice:a.test", R"({"membership":"join"})");
    send("m.room.power_levels", "@alice:a.test", "", hash_id ? "{}" : R"({"users":{"@alice:a.test":100}})");
    send("m.room.join_rules", "@alice:a.test", "", R"({"join_rule":"public"})");
  }

  std::string send(std::string_view type, std::string_view sender, std::string_view state_key,
                   std::string_view content) {
    return send(current, type, sender, state_key, content);
  }
  /// Adds an event after `state`, which it changes.
  std::string send(state_map& state, std::string_view type, std::string_view sender, std::string_view state_key,
                   std::string_view content) {
    const auto id = "$e" + std::to_string(room.events.size());
    const auto fields = parsed(content);
    const std::string key{state_key};
    json::array auth;
    for (const auto& listed : select_auth_events(*room.rules, type, sender, &key, fields, state))
      auth.emplace_back(listed);
    json::object members{{"event_id", id},
                         {"type", type},
                         {"sender", sender},
                         {"state_key", key},
                         {"room_id", room.create->room_id},
                         {"origin_server_ts", ++now},
                         {"depth", now}};
    members.set("content", fields);
    members.set("auth_events", auth);
    // The founder's first join is recognised by its only parent.
    members.set("prev_events", room.events.size() == 1 ? json::array{"$create"} : json::array{"$earlier", "$other"});
    room.add(members);
    state.insert_or_assign({std::string{type}, key}, id);
    return id;
  }
  std::string join(state_map& state, const std::string& user_id) {
    return send(state, "m.room.member", user_id, user_id, R"({"membership":"join"})");
  }
  state_map resolved(const std::vector<state_map>& states) {
    room.states.clear();
    for (const auto& state : states) room.states.push_back(std::make_shared<const state_map>(state));
    return room.resolved();
  }

  scenario room;
  state_map current;
  std::int64_t now = 1000;
};

} // namespace

BOOST_AUTO_TEST_CASE(known_scenarios_resolve_as_the_reference_does) {
  const auto cases = vector_cases();
  BOOST_TEST(cases.size() == 50u);
  for (const auto& test_case : cases)
    BOOST_TEST(as_text(scenario_of(test_case).resolved()) == as_text(as_state(*test_case.find_array("expected_state"))),
               name_of(test_case));
}

BOOST_AUTO_TEST_CASE(intermediate_orders_are_those_of_the_reference) {
  for (const auto& test_case : vector_cases()) {
    BOOST_TEST_CONTEXT(name_of(test_case)) {
      const auto known = scenario_of(test_case);
      std::vector<const state_map*> states;
      for (const auto& state : known.states) states.push_back(state.get());
      resolution_trace trace;
      resolve_v2(states, known.context(), &trace);
      const auto& expected = *test_case.find("debug");
      BOOST_TEST(trace.full_conflicted_set == as_ids(*expected.find("full_conflicted_set")),
                 boost::test_tools::per_element());
      BOOST_TEST(trace.power_order == as_ids(*expected.find("power_order")), boost::test_tools::per_element());
      BOOST_TEST(trace.mainline_order == as_ids(*expected.find("mainline_order")), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(order_and_repetition_of_the_states_do_not_matter) {
  for (const auto& test_case : vector_cases()) {
    auto known = scenario_of(test_case);
    const auto expected = known.resolved();
    for_each_order(known.states, [&](const std::vector<state_ptr>& states) {
      BOOST_TEST(as_text(resolve(states, known.context())) == as_text(expected), name_of(test_case));
      auto repeated = states;
      repeated.push_back(std::make_shared<const state_map>(*states.front())); // equal, yet another object
      BOOST_TEST(as_text(resolve(repeated, known.context())) == as_text(expected), name_of(test_case));
    });
  }
}

BOOST_AUTO_TEST_CASE(no_states_resolve_to_none_and_one_to_itself) {
  growing_room made{"11"};
  BOOST_TEST(made.resolved({}).empty());
  BOOST_TEST((made.resolved({made.current}) == made.current));
  BOOST_TEST((made.resolved({made.current, made.current}) == made.current));
}

// Random rooms: people join, leave, are banned and promoted, topics change, on several branches at once.
BOOST_AUTO_TEST_CASE(random_branches_resolve_to_the_same_state_in_any_order) {
  std::mt19937 random{20240607};
  const auto pick = [&](std::size_t bound) { return random() % bound; };
  for (const auto& rules : room_versions()) {
    for (int round = 0; round < 12; ++round) {
      growing_room made{rules.id};
      std::vector<std::string> users{"@alice:a.test"};
      for (int i = 0; i < 6; ++i) made.join(made.current, users.emplace_back("@user" + std::to_string(i) + ":b.test"));
      std::vector<state_map> branches(2 + pick(3), made.current);
      for (int step = 0; step < 40; ++step) {
        auto& state = branches[pick(branches.size())];
        const auto& sender = users[pick(users.size())];
        const auto& target = users[pick(users.size())];
        made.now -= static_cast<std::int64_t>(pick(3)); // equal and reversed times
        auto next = state;
        std::string id;
        switch (pick(6)) {
        case 0: id = made.send(next, "m.room.topic", sender, "", R"({"topic":"x"})"); break;
        case 1: id = made.send(next, "m.room.member", sender, target, R"({"membership":"ban"})"); break;
        case 2: id = made.send(next, "m.room.member", sender, target, R"({"membership":"leave"})"); break;
        case 3: id = made.join(next, sender); break;
        case 4:
          id = made.send(next, "m.room.join_rules", sender, "",
                         pick(2) ? R"({"join_rule":"invite"})" : R"({"join_rule":"public"})");
          break;
        default:
          id = made.send(next, "m.room.power_levels", sender, "",
                         (rules.privileged_creators ? R"({"users":{")" : R"({"users":{"@alice:a.test":100,")") +
                           users[1 + pick(6)] + R"(":)" + std::to_string(50 * pick(3)) + "}}");
        }
        const auto& x = *made.room.events.at(id);
        const bool is_allowed =
          bool(check_auth(x, made.room.create, [&](std::string_view type, std::string_view key) -> const event* {
            const auto found = state.find({std::string{type}, std::string{key}});
            return found == state.end() ? nullptr : made.room.events.at(found->second).get();
          }));
        if (is_allowed) state = std::move(next);
      }
      const auto expected = as_text(made.resolved(branches));
      for_each_order(branches, [&](const std::vector<state_map>& states) {
        BOOST_TEST(as_text(made.resolved(states)) == expected, "version " << rules.id << ", round " << round);
      });
      // The result is a state the rules accept: every member event in it stands on its own auth events' room.
      const auto result = made.resolved(branches);
      BOOST_TEST((result.at({"m.room.create", ""}) == "$create"));
      BOOST_TEST(result.contains({"m.room.power_levels", ""}));
    }
  }
}

namespace {

/// The full conflicted set by plain set algebra, word for word as the servers read the specification.
std::set<std::string> full_conflicted_set_by_definition(const scenario& room) {
  const auto chain_of = [&](std::vector<std::string> queue) {
    std::set<std::string> chain;
    while (!queue.empty()) {
      const auto id = queue.back();
      queue.pop_back();
      if (!chain.insert(id).second) continue;
      const auto& x = *room.events.at(id);
      queue.insert(queue.end(), x.auth_events.begin(), x.auth_events.end());
      if (room.rules->room_id_is_create_hash && &x != room.create) queue.push_back(room.create->event_id);
    }
    return chain;
  };
  std::map<state_key_pair, std::set<std::string>> values;
  std::map<state_key_pair, std::size_t> holders;
  std::map<std::string, std::size_t> chains; // in how many states' chains an event is
  for (const auto& state : room.states) {
    std::vector<std::string> ids;
    for (const auto& [key, id] : *state) {
      values[key].insert(id);
      ++holders[key];
      ids.push_back(id);
    }
    for (const auto& id : chain_of(ids)) ++chains[id];
  }
  std::set<std::string> conflicted, full;
  for (const auto& [key, ids] : values)
    if (ids.size() > 1 || holders[key] < room.states.size()) conflicted.insert(ids.begin(), ids.end());
  if (conflicted.empty()) return {};
  full = conflicted;
  for (const auto& [id, count] : chains)
    if (count < room.states.size()) full.insert(id);
  if (room.rules->state_resolution == state_resolution_algorithm::v2_1) {
    const auto reached = chain_of({conflicted.begin(), conflicted.end()});
    for (const auto& id : reached) {
      const auto below = chain_of({id});
      if (std::any_of(below.begin(), below.end(), [&](const std::string& x) { return conflicted.contains(x); }))
        full.insert(id);
    }
  }
  return full;
}

} // namespace

// The walk over the auth chains is cut short where it can be; here it is held against the definition, on states that no
// room would come to.
BOOST_AUTO_TEST_CASE(full_conflicted_set_is_that_of_the_definition) {
  std::mt19937 random{7};
  const auto pick = [&](std::size_t bound) { return random() % bound; };
  std::size_t beyond_conflicted = 0;
  for (int round = 0; round < 600; ++round) {
    growing_room made{round % 2 ? "11" : "12"};
    auto& room = made.room;
    std::vector<std::string> ids;
    std::map<std::string, std::vector<std::string>> by_key;
    const auto keys = 3 + pick(6);
    for (std::size_t i = 0; i < 15 + pick(25); ++i) {
      const auto key = std::to_string(pick(keys));
      const auto id = "$r" + std::to_string(i);
      json::object members{{"event_id", id},
                           {"type", "org.example.note"},
                           {"sender", "@alice:a.test"},
                           {"state_key", key},
                           {"room_id", room.create->room_id},
                           {"origin_server_ts", static_cast<std::int64_t>(pick(10))}};
      members.set("content", json::object{});
      json::array auth{"$create"};
      for (std::size_t parent = pick(4); parent > 0 && !ids.empty(); --parent) auth.emplace_back(ids[pick(ids.size())]);
      if (room.rules->room_id_is_create_hash) auth.erase(auth.begin());
      members.set("auth_events", auth);
      room.add(members);
      ids.push_back(id);
      by_key[key].push_back(id);
    }
    room.states.clear();
    for (std::size_t state = 2 + pick(3); state > 0; --state) {
      auto chosen = made.current;
      for (const auto& [key, candidates] : by_key)
        if (pick(10) > 0) // often the same event as in the other states
          chosen.insert_or_assign({"org.example.note", key},
                                  pick(3) ? candidates.back() : candidates[pick(candidates.size())]);
      room.states.push_back(std::make_shared<const state_map>(std::move(chosen)));
    }
    std::vector<const state_map*> states;
    for (const auto& state : room.states) states.push_back(state.get());
    resolution_trace trace;
    resolve_v2(states, room.context(), &trace);
    const auto expected = full_conflicted_set_by_definition(room);
    BOOST_TEST(trace.full_conflicted_set == std::vector<std::string>(expected.begin(), expected.end()),
               boost::test_tools::per_element());
    const auto conflicts = compare_states(states).conflicts;
    beyond_conflicted += !expected.empty() && expected.size() > conflicts.size() * states.size();
  }
  BOOST_TEST(beyond_conflicted > 10u);
}

BOOST_AUTO_TEST_CASE(events_of_another_room_and_unknown_events_are_never_chosen) {
  for (const std::string_view version : {"1", "2", "11", "12"}) {
    growing_room made{version};
    auto left = made.current;
    auto right = made.current;
    const auto topic = made.send(left, "m.room.topic", "@alice:a.test", "", R"({"topic":"ours"})");
    json::object foreign{{"event_id", "$foreign"},         {"type", "m.room.topic"},
                         {"sender", "@alice:a.test"},      {"state_key", ""},
                         {"room_id", "!elsewhere:a.test"}, {"origin_server_ts", made.now + 10},
                         {"depth", made.now + 10}};
    foreign.set("content", json::object{});
    made.room.add(foreign);
    right.insert_or_assign({"m.room.topic", ""}, "$foreign");
    BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == topic);
    right.insert_or_assign({"m.room.topic", ""}, "$nobody_has_it");
    BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == topic);
  }
}

BOOST_AUTO_TEST_CASE(rejected_event_is_never_chosen) {
  for (const std::string_view version : {"1", "2", "11", "12"}) {
    growing_room made{version};
    auto left = made.current;
    auto right = made.current;
    const auto first = made.send(left, "m.room.topic", "@alice:a.test", "", R"({"topic":"first"})");
    const auto second = made.send(right, "m.room.topic", "@alice:a.test", "", R"({"topic":"second"})");
    BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == second, version);
    made.room.rejected = {second};
    BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == first, version);
  }
}

BOOST_AUTO_TEST_CASE(key_that_only_one_state_has_is_conflicted_from_version_2_on) {
  // bob leaves of his own accord on the left; on the right he is banned and thus absent from what may set a topic
  for (const std::string_view version : {"1", "2", "11", "12"}) {
    growing_room made{version};
    made.join(made.current, "@bob:b.test");
    auto left = made.current;
    auto right = made.current;
    const auto note = made.send(left, "org.example.note", "@bob:b.test", "@bob:b.test", "{}");
    made.send(right, "m.room.member", "@alice:a.test", "@bob:b.test", R"({"membership":"ban"})");
    const auto result = made.resolved({left, right});
    // Version 1 keeps what nobody contradicts; later versions ask the rules, and a note needs level 50.
    BOOST_TEST(result.contains({"org.example.note", "@bob:b.test"}) == (version == "1"), version << " " << note);
  }
}

BOOST_AUTO_TEST_CASE(version_1_takes_the_first_member_event_that_passes_and_the_deepest_other) {
  growing_room made{"1"};
  made.join(made.current, "@bob:b.test");
  auto left = made.current;
  auto right = made.current;
  const auto ban = made.send(left, "m.room.member", "@alice:a.test", "@bob:b.test", R"({"membership":"ban"})");
  const auto rename =
    made.send(right, "m.room.member", "@bob:b.test", "@bob:b.test", R"({"membership":"join","displayname":"b"})");
  // The ban is the less deep one, and a banned user cannot join.
  BOOST_TEST(made.resolved({left, right}).at({"m.room.member", "@bob:b.test"}) == ban, rename);
  const auto shallow = made.send(left, "m.room.topic", "@alice:a.test", "", R"({"topic":"1"})");
  const auto deep = made.send(right, "m.room.topic", "@alice:a.test", "", R"({"topic":"2"})");
  BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == deep, shallow);
}

BOOST_AUTO_TEST_CASE(version_1_breaks_a_tie_of_depth_by_sha1_of_the_id) {
  growing_room made{"1"};
  auto left = made.current;
  auto right = made.current;
  const auto first = made.send(left, "m.room.topic", "@alice:a.test", "", "{}");
  made.now -= 1;
  const auto second = made.send(right, "m.room.topic", "@alice:a.test", "", "{}");
  // SHA-1 of "$e4" starts with 38, that of "$e5" with f1; the lower one is tried first.
  BOOST_TEST(first == "$e4");
  BOOST_TEST(second == "$e5");
  BOOST_TEST(made.resolved({left, right}).at({"m.room.topic", ""}) == first);
}

BOOST_AUTO_TEST_CASE(more_than_64_states_are_resolved) {
  growing_room made{"11"};
  std::vector<state_map> states;
  std::string last;
  for (int i = 0; i < 130; ++i) {
    auto state = made.current;
    last = made.send(state, "m.room.topic", "@alice:a.test", "", "{}");
    states.push_back(std::move(state));
  }
  BOOST_TEST(made.resolved(states).at({"m.room.topic", ""}) == last);
}

BOOST_AUTO_TEST_CASE(circle_of_auth_events_ends) {
  // Ids of versions 1 and 2 are the sender's word, so that two events may cite each other.
  growing_room made{"2"};
  auto left = made.current;
  auto right = made.current;
  const auto first = made.send(left, "m.room.power_levels", "@alice:a.test", "", R"({"users":{"@alice:a.test":100}})");
  const auto second = made.send(right, "m.room.power_levels", "@alice:a.test", "", R"({"users":{"@alice:a.test":99}})");
  auto circular = *made.room.events.at(first);
  circular.auth_events.push_back(second);
  made.room.events[first] = std::make_shared<const event>(circular);
  circular = *made.room.events.at(second);
  circular.auth_events.push_back(first);
  made.room.events[second] = std::make_shared<const event>(circular);
  made.send(left, "m.room.topic", "@alice:a.test", "", "{}");
  made.send(right, "m.room.topic", "@alice:a.test", "", "{}");
  BOOST_TEST(made.resolved({left, right}).size() >= made.current.size());
}

BOOST_AUTO_TEST_CASE(long_auth_chain_does_not_exhaust_the_stack) {
  growing_room made{"11"};
  auto left = made.current;
  for (int i = 0; i < 20'000; ++i)
    made.send(left, "m.room.power_levels", "@alice:a.test", "", R"({"users":{"@alice:a.test":100}})");
  BOOST_TEST((made.resolved({left, made.current}) == left));
}

BOOST_AUTO_TEST_CASE(thousand_conflicted_events_take_milliseconds) {
  for (const std::string_view version : {"11", "12"}) {
    growing_room made{version};
    for (int i = 0; i < 5'000; ++i) made.join(made.current, "@user" + std::to_string(i) + ":b.test");
    auto left = made.current;
    auto right = made.current;
    // Two changes: the first is in the chain of one state only, so that what the unconflicted members reach is asked
    // too.
    for (int i = 0; i < 2; ++i)
      made.send(left, "m.room.power_levels", "@alice:a.test", "",
                version == "12" ? R"({"ban":40})" : R"({"users":{"@alice:a.test":100},"ban":40})");
    for (int i = 0; i < 500; ++i) {
      const auto user_id = "@user" + std::to_string(i) + ":b.test";
      made.send(left, "m.room.member", "@alice:a.test", user_id, R"({"membership":"ban"})");
      made.send(right, "m.room.member", user_id, user_id, R"({"membership":"leave"})");
    }
    const auto start = std::chrono::steady_clock::now();
    const auto result = made.resolved({left, right});
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    BOOST_TEST_MESSAGE("version " << version << ": " << took.count() << " ms");
    BOOST_TEST((result.at({"m.room.member", "@user7:b.test"}) == left.at({"m.room.member", "@user7:b.test"})));
    BOOST_TEST(took.count() < 5'000); // far above the goal, for sanitizers and busy machines
  }
}

BOOST_AUTO_TEST_SUITE_END()
