#include "actors/deflated.hpp"
#include "actors/room/room_graph.hpp"

#include "messages/matrix/json.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

// A graph nobody asks. One text: a line with what is known of the events and of the states around them, then a line
// with each event. Of the states in the order of their groups each is what it changes on the one before.
namespace causeway::room {

namespace json = matrix::json;

struct room_graph::packed {
  deflated text;
  std::vector<matrix::event_ptr> kept; ///< events that others have as well, and such as a text does not tell
  matrix::event_ptr create;            ///< another form than the one that stands among the events; null: it is that one
  const matrix::room_version_rules* rules = nullptr;
};

namespace {

constexpr const char* damaged = "a graph that was put away cannot be read";

const json::array& list_in(const json::value& x, std::string_view key) {
  const auto* found = x.find_array(key);
  if (!found) throw std::logic_error(damaged);
  return *found;
}
std::int64_t number(const json::value& x) {
  const auto* found = x.as_integer();
  if (!found) throw std::logic_error(damaged);
  return *found;
}
const std::string& text(const json::value& x) {
  const auto* found = x.as_string();
  if (!found) throw std::logic_error(damaged);
  return *found;
}

/// Events by the places they have in the text.
class places {
public:
  void add(const matrix::event& x) {
    places_.emplace(x.event_id, events_.size());
    events_.push_back(&x);
  }
  /// The place of an event, or the id of one that is not there.
  json::value of(const std::string& event_id) const {
    const auto it = places_.find(event_id);
    return it == places_.end() ? json::value{event_id} : json::value{static_cast<std::int64_t>(it->second)};
  }
  /// One change of a state: the place of the event that is there now; or type, key and id; or what is gone.
  json::value change(const matrix::state_key_pair& key, const std::string* now) const {
    if (!now) return json::array{key.first, key.second};
    const auto it = places_.find(*now);
    if (it != places_.end() && events_[it->second]->is_state(key.first, key.second))
      return static_cast<std::int64_t>(it->second);
    return json::array{key.first, key.second, *now};
  }

private:
  std::unordered_map<std::string_view, std::size_t> places_;
  std::vector<const matrix::event*> events_;
};

} // namespace

void room_graph::pack() {
  if (packed_ || !create_ || nodes_.empty() || nodes_.size() > packed_events_max) return;
  json::object head;
  packed out;
  out.rules = &rules();
  const auto create_id = create_->event_id;
  if (const auto* n = find(create_id); !n || n->event != create_) out.create = std::move(create_);
  create_ = nullptr;

  std::vector<const node*> order;
  for (const auto& [id, n] : nodes_) order.push_back(&n);
  // Like events stand together. Those that are kept come last.
  const auto is_kept = [](const node* n) { return n->event.use_count() > 1 || n->event->redacted_because; };
  const auto begin_of_kept = std::partition(order.begin(), order.end(), [&](const node* n) { return !is_kept(n); });
  std::sort(order.begin(), begin_of_kept, [](const node* a, const node* b) {
    return std::pair{a->event->depth, std::string_view{a->event->event_id}} <
           std::pair{b->event->depth, std::string_view{b->event->event_id}};
  });

  places known;
  std::map<std::int64_t, matrix::state_ptr> states;
  const auto note = [&states](const state_ref& s) -> json::value {
    if (s) states.emplace(s.group, s.state);
    return s ? s.group : 0;
  };
  json::array nodes;
  for (const auto* n : order) {
    known.add(*n->event);
    nodes.emplace_back(json::array{static_cast<std::int64_t>(n->judged), note(n->before), note(n->after)});
  }
  head.set("nodes", std::move(nodes));
  head.set("create", known.of(create_id));
  head.set("current", note(current_));
  for (auto& [groups, merged] : groups_.resolved()) {
    note(merged);
    merged.state = nullptr;
  }
  const auto ids = [&known](const lazy_deque<std::string>& of) {
    json::array all;
    for (const auto& id : of) all.push_back(known.of(id));
    return all;
  };
  head.set("recent", ids(recent_));
  head.set("rejected", ids(rejected_));
  json::array versions;
  matrix::state_map before;
  for (const auto& [group, state] : states) {
    json::array changes;
    matrix::state_map::for_each_difference(before, *state,
                                           [&](const matrix::state_key_pair& key, const std::string*,
                                               const std::string* now) { changes.push_back(known.change(key, now)); });
    versions.emplace_back(json::array{group, std::move(changes)});
    before = *state;
  }
  head.set("states", std::move(versions));

  auto lines = json::canonical(head);
  for (auto it = order.begin(); it != begin_of_kept; ++it) {
    lines += '\n';
    json::write(lines, (*it)->event->source);
  }
  for (auto it = begin_of_kept; it != order.end(); ++it) out.kept.push_back((*it)->event);
  out.text = deflate_text(lines);
  packed_ = std::make_shared<const packed>(std::move(out));
  nodes_ = {};
  auth_cache_ = {}; // judged anew the verdict is the same
  recent_.clear();
  rejected_.clear();
  current_ = {};
  // What stays lies between the things that are gone now, and would keep their pages: it moves together.
  extremities_ = std::vector<std::string>{std::as_const(extremities_)};
  members_ = member_counts{std::as_const(members_)};
}

void room_graph::unpack() {
  if (!packed_) return;
  const auto from = std::exchange(packed_, nullptr);
  const auto all = inflate_text(from->text);
  const std::string_view lines{all};
  const auto end_of_head = std::min(lines.find('\n'), lines.size());
  const auto head = json::parse(lines.substr(0, end_of_head));
  if (!head) throw std::logic_error(damaged);

  std::vector<matrix::event_ptr> events;
  for (auto at = end_of_head; at < lines.size();) {
    const auto end = std::min(lines.find('\n', at + 1), lines.size());
    auto event = matrix::parse_event(lines.substr(at + 1, end - at - 1), *from->rules, matrix::count_policy::unbounded);
    if (!event) throw std::logic_error(damaged);
    events.push_back(*std::move(event));
    at = end;
  }
  events.insert(events.end(), from->kept.begin(), from->kept.end());
  const auto event_at = [&](const json::value& place) -> const matrix::event_ptr& {
    return events.at(static_cast<std::size_t>(number(place)));
  };
  const auto id_of = [&](const json::value& x) { return x.as_string() ? *x.as_string() : event_at(x)->event_id; };

  std::map<std::int64_t, matrix::state_ptr> states;
  matrix::state_map state;
  for (const auto& version : list_in(*head, "states")) {
    const auto& row = *version.as_array();
    for (const auto& change : *row.at(1).as_array())
      if (const auto* words = change.as_array()) {
        matrix::state_key_pair key{text(words->at(0)), text(words->at(1))};
        if (words->size() > 2) state.insert_or_assign(std::move(key), text(words->at(2)));
        else state.erase(key);
      } else {
        const auto& x = *event_at(change);
        state.insert_or_assign({x.type, *x.state_key}, x.event_id);
      }
    states.emplace(number(row.at(0)), std::make_shared<const matrix::state_map>(state));
  }
  const auto state_of = [&](const json::value& x) {
    const auto group = number(x);
    return group == 0 ? state_ref{} : state_ref{group, states.at(group)};
  };

  const auto& nodes = list_in(*head, "nodes");
  nodes_.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto& row = *nodes[i].as_array();
    nodes_.emplace(events.at(i)->event_id, node{events.at(i), static_cast<store::verdict>(number(row.at(0))),
                                                state_of(row.at(1)), state_of(row.at(2))});
  }
  create_ = from->create ? from->create : event_at(*head->find("create"));
  current_ = state_of(*head->find("current"));
  for (auto& [groups, merged] : groups_.resolved())
    if (merged.group != 0) merged.state = states.at(merged.group);
  for (const auto& x : list_in(*head, "recent")) recent_.push_back(id_of(x));
  for (const auto& x : list_in(*head, "rejected")) rejected_.push_back(id_of(x));
}

} // namespace causeway::room
