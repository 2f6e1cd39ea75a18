#include "actors/room/room_graph.hpp"

#include "tests/messages/matrix/room_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

using namespace causeway;
using matrix::json::value;

BOOST_AUTO_TEST_SUITE(room_graph)

namespace {

constexpr std::size_t recent_events_max = 1'000; // more than any of these rooms has
constexpr std::int64_t state_group_full_every = 10;
const std::string own_server = "a.test";

std::vector<std::filesystem::path> room_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{CAUSEWAY_TEST_DATA} / "rooms"})
    if (entry.path().extension() == ".gz") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::set<std::string> ids_at(const value& x, std::string_view key) {
  std::set<std::string> ids;
  if (const auto* list = x.find_array(key))
    for (const auto& id : *list) ids.insert(*id.as_string());
  return ids;
}

/// A file's events as one server receives them in an order with parents first.
class received_room {
public:
  received_room(const matrix::json::object& file, const std::string& order) : file_(file), order_(order) {}

  void run() {
    const auto& rules = *matrix::find_room_version(*file_.find("room_version")->as_string());
    const auto& pdus = *file_.find("pdus")->as_array();
    const auto& told = *file_.find("events")->as_array();
    for (const auto index : order(pdus.size())) {
      const auto* fails = told[index].find_object("fails");
      if (fails && fails->contains("signature")) continue; // dropped before the graph hears of it
      take(*matrix::parse_event(matrix::json::canonical(pdus[index]), rules), told[index]);
    }
    compare(*file_.find("receive")->find(order_));
  }

  const room::room_graph& graph() const { return graph_; }

private:
  std::vector<std::size_t> order(std::size_t count) const {
    std::vector<std::size_t> out;
    if (const auto* list = file_.find("orders")->find_array(order_))
      for (const auto& index : *list) out.push_back(static_cast<std::size_t>(*index.as_integer()));
    for (std::size_t i = 0; out.size() < count; ++i) out.push_back(i);
    return out;
  }

  void take(const matrix::event_ptr& x, const value& told) {
    const bool first = !graph_.create();
    if (first) graph_.begin(x);
    const auto before = first ? graph_.adopt_state({}, batch_) : graph_.state_before(x->prev_events, batch_);
    const auto j = first ? room::room_graph::judgement{} : graph_.judge(*x, before);
    BOOST_TEST((j.judged == store::verdict::rejected) == (*told.find_string("verdict") == "rejected"),
               x->event_id << " " << j.reason);
    if (j.judged == store::verdict::soft_failed) soft_failed_.insert(x->event_id);
    graph_.add(x, before, j, batch_);
    batch_.clear();
    count(before);
    if (++taken_ % 5 == 0) put_away_and_take_out();
  }

  /// All there is to see of the graph.
  struct seen {
    std::map<std::string, std::tuple<store::verdict, std::int64_t, std::int64_t, std::string>> events;
    std::map<std::int64_t, matrix::state_map> states;
    std::int64_t current = 0;
    std::vector<std::string> extremities, local_joined;
    std::string create;
    bool operator==(const seen&) const = default;
  };
  seen all() const {
    seen out;
    const auto note = [&](const room::state_ref& state) {
      if (state) out.states.emplace(state.group, *state.state);
      return state ? state.group : 0;
    };
    for (const auto& [id, n] : graph_.nodes())
      out.events.emplace(id, std::tuple{n.judged, note(n.before), note(n.after), n.event->to_json()});
    out.current = note(graph_.current());
    out.extremities = graph_.extremities();
    out.local_joined.assign(graph_.members().local_joined().begin(), graph_.members().local_joined().end());
    out.create = graph_.create()->event_id;
    return out;
  }
  void put_away_and_take_out() {
    const auto before = all();
    graph_.pack();
    BOOST_TEST(graph_.is_packed());
    BOOST_TEST(graph_.nodes().empty());
    BOOST_TEST((graph_.extremities() == before.extremities));
    graph_.unpack();
    BOOST_TEST(!graph_.is_packed());
    BOOST_TEST((all() == before), "what was put away is as it was");
  }

  /// What the graph has counted is what a walk through the members comes to, by the current state and by another.
  void count(const room::state_ref& other) const {
    const auto walk = [this](const room::state_ref& state) {
      room::member_counts counts{own_server};
      for (const auto& e : graph_.events_of(state))
        if (e->type == "m.room.member") counts.change(*e->state_key, {}, e->membership());
      return counts;
    };
    const auto now = walk(graph_.current()), there = walk(other);
    BOOST_TEST((graph_.members() == now), "members by the current state");
    BOOST_TEST((graph_.members_in(other) == there.all()), "members by another state");
    BOOST_TEST(graph_.servers_in(other) == there.servers(), boost::test_tools::per_element());
    for (const auto& state : {other, graph_.current(), other})
      BOOST_TEST((graph_.members_in(state, own_server, graph_.current(), graph_.members().of(own_server)) ==
                  walk(state).of(own_server)));
  }

  void compare(const value& expected) const {
    BOOST_TEST((soft_failed_ == ids_at(expected, "soft_failed")), "soft-failed events");
    const auto& ends = graph_.extremities();
    BOOST_TEST((std::set<std::string>{ends.begin(), ends.end()} == ids_at(expected, "extremities")),
               "ends of the graph");
    matrix::json::array state;
    for (const auto& [key, id] : *graph_.current().state)
      state.emplace_back(matrix::json::array{key.first, key.second, id});
    const auto* list = expected.find_array("state");
    BOOST_TEST((state == (list ? *list : *file_.find("final_state")->as_array())), "current state");
  }

  const matrix::json::object& file_;
  std::string order_;
  room::room_graph graph_{recent_events_max, state_group_full_every, own_server};
  std::vector<store::write> batch_;
  std::set<std::string> soft_failed_;
  std::size_t taken_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_soft_failed_and_where_the_graph_ends_is_as_synapse_has_it_in_two_orders_of_arrival) {
  const auto files = room_files();
  BOOST_TEST(files.size() == 150u);
  for (const auto& file : files) {
    const auto content = test::read_json(file);
    BOOST_REQUIRE(content.has_value());
    for (const std::string order : {"causal", "causal2"}) {
      BOOST_TEST_CONTEXT(file.filename() << ", " << order) { received_room{*content, order}.run(); }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_auth_chain_of_a_version_12_event_holds_the_create_event_that_nobody_cites) {
  const auto content = test::read_json(std::filesystem::path{CAUSEWAY_TEST_DATA} / "rooms" / "room_005_v12.json.gz");
  BOOST_REQUIRE(content.has_value());
  received_room room{*content, "causal"};
  room.run();
  const auto& graph = room.graph();
  const auto chain = graph.auth_chain(graph.extremities());
  BOOST_TEST(std::count(chain.begin(), chain.end(), graph.create()->event_id) == 1);
  BOOST_TEST(graph.auth_chain({graph.create()->event_id}).empty());
}

BOOST_AUTO_TEST_CASE(an_event_that_others_have_too_or_that_was_redacted_is_the_same_when_it_is_taken_out) {
  const auto content = test::read_json(std::filesystem::path{CAUSEWAY_TEST_DATA} / "rooms" / "room_005_v12.json.gz");
  BOOST_REQUIRE(content.has_value());
  received_room room{*content, "causal"};
  room.run();
  auto graph = room.graph(); // both have all events now
  const auto others = *graph.current().state->get(matrix::state_key_view{"m.room.power_levels", ""});
  const auto held = graph.find(others)->event;
  const auto create = graph.create(), redacted = matrix::redacted(*create, held);
  graph.replace(redacted);
  graph.pack();
  graph.unpack();
  BOOST_TEST((graph.find(others)->event == held));
  BOOST_TEST((graph.create() == create));
  BOOST_TEST((graph.find(redacted->event_id)->event->redacted_because == held));
  BOOST_TEST((graph.find(redacted->event_id)->event->to_json() == redacted->to_json()));
}

BOOST_AUTO_TEST_SUITE_END()
