#include "plugin/admin/comparison.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/room_version.hpp"
#include "messages/matrix/state_map.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

/// Of one answer. An id of a state has about 50 bytes.
constexpr std::uint64_t view_bytes_max = 2 * 1024 * 1024;
/// Heads of one server that are looked at: a server has rarely more than a handful.
constexpr std::size_t heads_told_max = 50;
constexpr std::size_t text_shown_max = 300;

std::string part_of(const char* what, const std::string& name) { return std::string{what} + ' ' + name; }

/// What a state event says, in a few words.
std::string words_of(const std::string& type, const std::string& event_id, const json::object& content) {
  if (type != "m.room.member") return event_id;
  const auto* membership = content.find("membership");
  const auto* word = membership ? membership->as_string() : nullptr;
  return word ? word->substr(0, text_shown_max) : event_id;
}

/// "invite: 50, @a:x: 100": the levels of `of` that `other` has not.
std::string levels_beside(const json::object& of, const json::object& other) {
  std::string out;
  const auto add = [&](const std::string& name, const json::value& level, const json::value* there) {
    if (out.size() >= text_shown_max || !level.as_integer()) return;
    if (there && there->as_integer() && *there->as_integer() == *level.as_integer()) return;
    out += (out.empty() ? "" : ", ") + name + ": " + std::to_string(*level.as_integer());
  };
  for (const auto& one : of) {
    const auto* there = other.find(one.key);
    add(one.key, one.mapped, there);
    if (const auto* inner = one.mapped.as_object())
      for (const auto& level : *inner) add(level.key, level.mapped, there ? there->find(level.key) : nullptr);
  }
  return out.empty() ? "the same levels" : out;
}

const json::object* content_of(const json::object& pdu) {
  const auto* content = pdu.find("content");
  return content ? content->as_object() : nullptr;
}

} // namespace

room_comparison::room_comparison(const store::room_loaded& room, std::string room_id, std::string own_server)
    : room_id_(std::move(room_id)), own_server_(std::move(own_server)) {
  std::map<std::string_view, const matrix::event*> events;
  for (const auto& x : room.state_events)
    if (x.event) events.emplace(x.event->event_id, x.event.get());
  const store::stored_event* latest = nullptr;
  for (const auto& x : room.extremities) {
    if (!x.event) continue;
    own_heads_.insert(x.event->event_id);
    if (!latest || x.event->depth > latest->event->depth) latest = &x;
  }
  if (latest) at_ = latest->event;
  const auto state = latest ? room.state_groups.find(latest->state_group_before) : room.state_groups.end();
  if (state != room.state_groups.end() && state->second)
    for (const auto& [key, event_id] : *state->second) {
      const auto found = events.find(event_id);
      const auto content = found == events.end() ? json::object{} : found->second->content();
      own_state_[event_id] = {key.first, key.second, words_of(key.first, event_id, content), content};
    }
  std::map<std::string, std::int64_t> members;
  const auto now = room.state_groups.find(room.room.state_group);
  if (now != room.state_groups.end() && now->second)
    for (const auto& [key, event_id] : *now->second) {
      const auto found = events.find(event_id);
      if (key.first != "m.room.member" || found == events.end() ||
          found->second->membership() != matrix::membership::join)
        continue;
      const std::string server{matrix::server_name_of(key.second)};
      if (server != own_server_) ++members[server];
      else if (as_user_.empty()) as_user_ = key.second;
    }
  servers_total_ = members.size();
  staged_ = room.inbox.size();
  std::vector<std::pair<std::string, std::int64_t>> sorted(members.begin(), members.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > compared_servers_max) sorted.resize(compared_servers_max);
  for (const auto& [server, count] : sorted) views_[server].members = count;
}

status room_comparison::askable() const {
  if (!as_user_.empty()) return ok();
  return fault{fault_code::not_member, "none of our users is in " + room_id_ + ": no server would answer"};
}

std::vector<questions::peer> room_comparison::views_to_ask(bool with_state) const {
  std::vector<questions::peer> all;
  for (const auto& [server, view] : views_) {
    // A template of a join names what the next event follows: the heads of that server's graph. Who is in the room
    // may join again.
    peer_request heads;
    heads.endpoint = matrix::endpoint::make_join;
    heads.parameters = {room_id_, as_user_};
    for (const auto& v : matrix::room_versions()) heads.query.emplace_back("ver", v.id);
    heads.timeout_ms = comparison_timeout_ms;
    heads.response_bytes_max = view_bytes_max;
    all.push_back({part_of("heads", server), server, std::move(heads)});
    if (!with_state || !at_) continue;
    peer_request state;
    state.endpoint = matrix::endpoint::state_ids;
    state.parameters = {room_id_};
    state.query = {{"event_id", at_->event_id}};
    state.timeout_ms = comparison_timeout_ms;
    state.response_bytes_max = view_bytes_max;
    all.push_back({part_of("state", server), server, std::move(state)});
  }
  return all;
}

void room_comparison::views_answered(const query_results& found) {
  for (auto& [server, view] : views_) {
    if (const auto heads = found.peers.find(part_of("heads", server)); heads != found.peers.end())
      heads_answered(view, heads->second);
    else view.problem = "it did not answer in time";
    if (const auto state = found.peers.find(part_of("state", server)); state != found.peers.end())
      state_answered(view, state->second);
  }
}

void room_comparison::heads_answered(server_view& to, const peer_answer& answer) const {
  const auto body = json::parse(answer.body);
  const auto* event = answer.status == 200 && body ? body->find_object("event") : nullptr;
  const auto* heads = event ? event->find("prev_events") : nullptr;
  if (!heads || !heads->as_array()) {
    to.problem = answer.status == 200 ? "its template of a join has no prev_events" : to_string(answer.why);
    return;
  }
  to.heads_answered = true;
  for (const auto& one : *heads->as_array()) {
    // Versions 1 and 2 name an event with its hash.
    const auto* pair = one.as_array();
    const auto* id = pair && !pair->empty() ? pair->front().as_string() : one.as_string();
    if (id && to.heads.size() < heads_told_max && matrix::is_event_id(*id)) to.heads.push_back(*id);
  }
}

void room_comparison::state_answered(server_view& to, const peer_answer& answer) const {
  const auto body = json::parse(answer.body);
  const auto* ids = answer.status == 200 && body ? body->find_array("pdu_ids") : nullptr;
  if (!ids) {
    constexpr int not_found = 404;
    to.behind = answer.status == not_found;
    if (to.problem.empty())
      to.problem = "asked for its state at our latest event it answered: " + to_string(answer.why);
    return;
  }
  to.state_answered = true;
  for (const auto& one : *ids)
    if (one.as_string() && matrix::is_event_id(*one.as_string())) to.state.insert(*one.as_string());
}

store::load_events room_comparison::events_to_ask() const {
  std::set<std::string> ids;
  const auto want = [&](const std::string& id) {
    if (ids.size() < looked_up_events_max && !own_heads_.contains(id)) ids.insert(id);
  };
  for (const auto& [server, view] : views_)
    for (const auto& id : view.heads) want(id);
  for (const auto& [server, view] : views_)
    for (const auto& id : view.state)
      if (!own_state_.contains(id)) want(id);
  return {room_id_, {ids.begin(), ids.end()}, false};
}

void room_comparison::events_known(const store::events_loaded& found) {
  for (const auto& x : found.events) {
    const auto& e = *x.event;
    known_[e.event_id] = {e.type, e.state_key.value_or(""), words_of(e.type, e.event_id, e.content()), e.content()};
  }
}

std::vector<questions::peer> room_comparison::missing_to_ask(bool state) const {
  std::map<std::string, std::string> wanted; // event id -> who has it
  const auto want = [&](const std::string& id, const std::string& server) {
    if (wanted.size() < fetched_events_max && !is_known(id) && !own_state_.contains(id)) wanted.emplace(id, server);
  };
  for (const auto& [server, view] : views_)
    for (const auto& id : view.heads)
      if (!state) want(id, server);
  for (const auto& [server, view] : views_)
    for (const auto& id : view.state)
      if (state) want(id, server);
  std::vector<questions::peer> all;
  for (const auto& [id, server] : wanted) {
    peer_request r;
    r.endpoint = matrix::endpoint::event;
    r.parameters = {id};
    r.timeout_ms = comparison_timeout_ms;
    all.push_back({part_of("event", id), server, std::move(r)});
  }
  return all;
}

void room_comparison::missing_answered(const query_results& found) {
  for (const auto& [part, answer] : found.peers) {
    constexpr std::string_view prefix = "event ";
    if (!part.starts_with(prefix) || answer.status != 200) continue;
    const auto id = part.substr(prefix.size());
    const auto body = json::parse(answer.body);
    const auto* pdus = body ? body->find_array("pdus") : nullptr;
    const auto* pdu = pdus && !pdus->empty() ? pdus->front().as_object() : nullptr;
    if (!pdu) continue;
    fetched_[id] = *pdu;
    fetched_from_[id] = answer.server_name;
    const json::value whole{*pdu};
    const auto *type = whole.find_string("type"), *key = whole.find_string("state_key");
    const auto* content = content_of(*pdu);
    if (!type || !content || !key) continue; // of a head only whether it is there matters
    known_[id] = {*type, *key, words_of(*type, id, *content), *content};
  }
}

std::vector<difference_row> room_comparison::differences_to(const std::string& server, const server_view& of) const {
  std::map<std::pair<std::string, std::string>, std::pair<const entry*, const entry*>> by_key;
  std::vector<difference_row> rows;
  for (const auto& [id, own] : own_state_)
    if (!of.state.contains(id)) by_key[{own.type, own.state_key}].first = &own;
  for (const auto& id : of.state) {
    if (own_state_.contains(id)) continue;
    const auto known = known_.find(id);
    if (known != known_.end()) by_key[{known->second.type, known->second.state_key}].second = &known->second;
    else rows.push_back({server, "?", "", "", id});
  }
  for (const auto& [key, both] : by_key) {
    const auto [ours, theirs] = both;
    difference_row row{server, key.first, key.second, ours ? ours->text : "none", theirs ? theirs->text : "none"};
    if (key.first == "m.room.power_levels" && ours && theirs) {
      row.ours = levels_beside(ours->content, theirs->content);
      row.theirs = levels_beside(theirs->content, ours->content);
    }
    rows.push_back(std::move(row));
  }
  const auto rank = [](const difference_row& x) {
    return x.type == "m.room.member" ? 0 : x.type == "m.room.power_levels" ? 1 : 2;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return rows;
}

json::object room_comparison::compared() const {
  std::vector<view_row> rows;
  std::vector<difference_row> differences;
  std::size_t total = 0;
  for (const auto& [server, view] : views_) {
    view_row row;
    row.server_name = server;
    row.members = view.members;
    row.extremities = static_cast<std::int64_t>(view.heads.size());
    row.ahead = std::count_if(view.heads.begin(), view.heads.end(), [this](const auto& id) { return !is_known(id); });
    row.behind = view.behind;
    row.problem = view.problem;
    row.state = "unknown";
    if (view.state_answered) {
      auto found = differences_to(server, view);
      row.differences = static_cast<std::int64_t>(found.size());
      row.state = found.empty() ? "same" : "different";
      total += found.size();
      for (auto& x : found)
        if (differences.size() < differences_max) differences.push_back(std::move(x));
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    const auto worry = [](const view_row& x) { return x.differences + x.ahead + (x.behind ? 1 : 0); };
    return worry(a) > worry(b);
  });
  json::array heads;
  for (const auto& id : own_heads_) heads.push_back(detail::to_value(id));
  return json::object{{"room_id", detail::to_value(room_id_)},
                      {"at_event", at_ ? detail::to_value(at_->event_id) : json::value{""}},
                      {"extremities", json::value{std::move(heads)}},
                      {"servers", json::value{to_json(rows)}},
                      {"servers_total", json::value{static_cast<std::int64_t>(servers_total_)}},
                      {"differences", json::value{to_json(differences)}},
                      {"differences_total", json::value{static_cast<std::int64_t>(total)}},
                      {"staged", json::value{static_cast<std::int64_t>(staged_)}}};
}

std::vector<questions::delivery> room_comparison::fetched() const {
  std::map<std::string, std::vector<json::object>> by_server;
  for (const auto& [id, pdu] : fetched_) by_server[fetched_from_.at(id)].push_back(pdu);
  std::vector<questions::delivery> all;
  for (auto& [server, pdus] : by_server) {
    pdus_received events;
    events.origin = server;
    events.pdus = std::make_shared<std::vector<json::object>>(std::move(pdus));
    all.push_back({server, room_id_, std::move(events)});
  }
  return all;
}

json::object room_comparison::resynced(const query_results& found) const {
  std::vector<resynced_row> rows;
  std::map<std::string, std::string> heads; // those we did not have -> who has told them
  std::int64_t answered = 0;
  for (const auto& [server, view] : views_) {
    answered += view.heads_answered ? 1 : 0;
    for (const auto& id : view.heads)
      if (fetched_.contains(id) || !is_known(id)) heads.emplace(id, server);
  }
  for (const auto& [id, server] : heads) {
    resynced_row row{id, server, "it could not be had"};
    if (fetched_.contains(id)) {
      row.server_name = fetched_from_.at(id);
      row.outcome = "the room did not answer in time";
      if (const auto told = found.handled.find(row.server_name); told != found.handled.end()) {
        row.outcome = told->second.overloaded ? "the room has too much under way" : "taken";
        for (const auto& one : told->second.outcomes)
          if (one.event_id == id && !one.error.empty()) row.outcome = one.error;
      }
    }
    rows.push_back(std::move(row));
  }
  std::vector<silent_row> silent;
  for (const auto& [server, view] : views_)
    if (!view.heads_answered) silent.push_back({server, view.problem});
  return json::object{{"room_id", detail::to_value(room_id_)},
                      {"asked", json::value{static_cast<std::int64_t>(views_.size())}},
                      {"answered", json::value{answered}},
                      {"heads", json::value{static_cast<std::int64_t>(heads.size())}},
                      {"events", json::value{to_json(rows)}},
                      {"silent", json::value{to_json(silent)}},
                      {"staged", json::value{static_cast<std::int64_t>(staged_)}}};
}

} // namespace causeway::admin
