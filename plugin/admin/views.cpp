#include "plugin/admin/views.hpp"

#include "messages/dead_letter_id.hpp"
#include "messages/matrix/identifiers.hpp"
#include "plugin/admin/explain.hpp"
#include "plugin/admin/key_waits.hpp"
#include "plugin/admin/sorted_rows.hpp"
#include "plugin/admin/unpacked_json.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace causeway::admin::views {

namespace {

namespace json = matrix::json;

/// Queue entries and extremities shown of one server or room.
constexpr std::size_t events_shown_max = 50;

/// Searches every text of a row.
struct holds_text {
  std::string_view wanted;
  bool found = false;
  void operator()(std::string_view, const std::string& x, std::string_view) {
    found = found || x.find(wanted) != std::string::npos;
  }
  template <class T>
  void operator()(std::string_view, const T&, std::string_view) {}
};

template <class Row>
view list(std::string_view name, std::vector<Row> rows, const arguments& with) {
  if (!with.filter.empty())
    std::erase_if(rows, [&](Row& row) {
      holds_text f{with.filter};
      row.fields(f);
      return !f.found;
    });
  auto total = static_cast<std::int64_t>(rows.size());
  json::object body{{"total", json::value{total}}};
  if (!with.sort.empty()) {
    const auto order = sort_order::of(with.sort);
    if (!order) return order.error();
    if (auto counts = count_states(rows)) body.set("counts", std::move(*counts));
    if (auto sorted = keep_first(rows, *order, with.limit); !sorted) return sorted.error();
  }
  if (rows.size() > with.limit) rows.resize(with.limit);
  body.set(name, json::value{to_json(rows)});
  return body;
}

/// Whoever serves comes first, whoever is gone last.
int rank_of_node(std::string_view state) {
  if (state == "active") return 0;
  return state == "standby" ? 1 : state == "drained" ? 2 : 3;
}

/// The answer to: may I stop this node now?
std::string may_stop(const store::stored_node& x, const store::nodes_listed& of) {
  const auto next = successors(of, x.incarnation);
  if (x.state == "active")
    return next.empty() ? "no: nobody stands by" : "yes, after `causeway drain`: " + next.front() + " takes its place";
  if (x.lease_left_ms < 0 || (x.state != "standby" && x.state != "drained")) return "";
  return next.empty() && x.state == "standby" ? "yes, but then nobody stands by" : "yes";
}

/// "0-99 epoch 7; 100-255 epoch 9"; empty: nothing.
std::string owned_by(const store::stored_node& node, const store::nodes_listed& of) {
  std::map<std::int64_t, shard_set> by_epoch;
  for (const auto& x : of.shards)
    if (x.owner == node.incarnation) by_epoch[x.epoch].add(x.shard);
  std::string text;
  for (const auto& [epoch, shards] : by_epoch) {
    if (!text.empty()) text += "; ";
    text += to_string(shards) + " epoch " + std::to_string(epoch);
  }
  return text;
}

/// Nodes that are there and do not know the schema of the store.
std::string ignorant_nodes(const store::nodes_listed& of) {
  std::string names;
  for (const auto& x : of.nodes)
    if (x.lease_left_ms >= 0 && x.state != "left" && x.state != "dead" && x.schema < of.schema)
      names.append(names.empty() ? "" : ", ").append(x.name).append(" (Causeway " + x.version + ")");
  return names;
}

/// How far an upgrade of the store is, and what comes next.
std::string about_upgrade(const store::nodes_listed& of) {
  const auto schema = std::to_string(of.schema);
  if (of.serves_from >= of.schema)
    return "The store has schema " + schema + ", and whoever serves it has to know that.";
  const auto old = ignorant_nodes(of);
  return "The store has schema " + schema + ", and is still served by builds that know " +
         std::to_string(of.serves_from) + ". " +
         (old.empty() ? "Every node knows it: `causeway cluster upgrade --finish` is due, after which there is no way "
                        "back to an older build."
                      : "Not every node knows it: upgrade " + old + " before `causeway cluster upgrade --finish`.");
}

event_row describe_event(const matrix::event& x) {
  event_row row;
  row.event_id = x.event_id;
  row.room_id = x.room_id;
  row.type = x.type;
  row.sender = x.sender;
  row.depth = x.depth;
  row.written_ts = x.origin_server_ts;
  return row;
}

std::vector<key_row> describe_keys(const store::put_server_keys& x, std::string_view server_name) {
  std::vector<key_row> rows;
  for (const auto& [id, key] : x.keys) {
    auto& row = rows.emplace_back();
    row.server_name = server_name;
    row.key_id = id;
    row.public_key = key.public_key_base64;
    row.old = key.is_old;
    row.valid_until_ts = key.valid_until_ts;
    for (const auto& former : key.replaced) {
      auto& replaced = rows.emplace_back();
      replaced.server_name = server_name;
      replaced.key_id = id;
      replaced.public_key = former.public_key_base64;
      replaced.old = true;
      replaced.valid_until_ts = former.valid_until_ts;
    }
  }
  return rows;
}

/// The summary of `server_name`; one without anything owed when the store has none.
store::destination_summary destination(const query_results& found, std::string_view server_name) {
  if (const auto* listed = found.find<store::destinations_listed>("destinations"))
    for (const auto& x : listed->destinations)
      if (x.destination.server_name == server_name) return x;
  store::destination_summary none;
  none.destination.server_name = server_name;
  return none;
}

/// What the actor says of itself, as part of a view.
json::value actor_of(const query_results& found) {
  if (!found.status || found.status->empty()) return nullptr;
  auto parsed = json::parse(*found.status);
  return parsed ? std::move(*parsed) : json::value{nullptr};
}

std::string actor_sentence(const query_results& found) {
  if (!found.status) return "Its actor did not answer in time: it is busy or hangs (`causeway actors`).";
  return {};
}

json::array sentences(std::initializer_list<std::string> list) {
  json::array out;
  for (const auto& x : list)
    if (!x.empty()) out.push_back(detail::to_value(x));
  return out;
}

std::string text_of(const json::object& content, std::string_view key) {
  const auto* x = content.find(key);
  const auto* text = x ? x->as_string() : nullptr;
  return text ? *text : std::string{};
}

/// Members by the current state: those in the room first.
std::vector<member_row> members_of(const store::room_loaded& room) {
  std::vector<member_row> rows;
  auto state = room.state_groups.find(room.room.state_group);
  if (state == room.state_groups.end() || !state->second) return rows;
  std::map<std::string_view, const matrix::event*> events;
  for (const auto& x : room.state_events)
    if (x.event) events.emplace(x.event->event_id, x.event.get());
  for (const auto& [key, event_id] : *state->second) {
    auto at = events.find(event_id);
    if (key.first != "m.room.member" || at == events.end()) continue;
    const auto& x = *at->second;
    auto& row = rows.emplace_back();
    row.user_id = key.second;
    row.membership = name(x.membership());
    row.display_name = text_of(x.content(), "displayname");
    row.reason = text_of(x.content(), "reason");
    row.by = x.sender;
    row.since_ts = x.origin_server_ts;
  }
  auto rank = [](const member_row& x) {
    static constexpr std::string_view order[] = {"join", "invite", "knock", "ban"};
    return std::find(std::begin(order), std::end(order), x.membership) - std::begin(order);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return rows;
}

server_row describe_server(const query_results& found, const store::destination_summary& x, bool contacted,
                           std::int64_t now_ms, const std::vector<invite_row>& invitations = {}) {
  auto row = describe(x, contacted, now_ms, invitations);
  if (found.why_excluded) exclude(row, found.why_excluded(row.server_name));
  return row;
}

/// Invitations that wait for a server, by its name, by the part "invitations".
std::map<std::string, std::vector<invite_row>> waiting_invitations(const query_results& found, std::int64_t now_ms) {
  std::map<std::string, std::vector<invite_row>> all;
  if (const auto* listed = found.find<store::invitations_found>("invitations"))
    for (const auto& x : listed->invitations)
      if (waits_for_server(x)) all[std::string{other_side(x)}].push_back(describe(x, now_ms));
  return all;
}

std::vector<server_row> servers_of(const query_results& found, const std::vector<member_row>& members,
                                   std::string_view own_server, std::int64_t now_ms) {
  std::set<std::string_view> names;
  for (const auto& x : members)
    if (x.membership == "join") names.insert(matrix::server_name_of(x.user_id));
  names.erase(own_server);
  std::vector<server_row> rows;
  for (auto name : names) rows.push_back(describe_server(found, destination(found, name), true, now_ms));
  return rows;
}

/// Open invitations whose other side is `server_name`, by the part "invitations".
std::vector<invite_row> open_invitations_with(const query_results& found, std::string_view server_name,
                                              std::int64_t now_ms) {
  std::vector<invite_row> rows;
  const auto* listed = found.find<store::invitations_found>("invitations");
  if (!listed) return rows;
  for (const auto& x : listed->invitations) {
    auto row = describe(x, now_ms);
    if (!row.waits_for.empty() && other_side(x) == server_name && rows.size() < events_shown_max)
      rows.push_back(std::move(row));
  }
  return rows;
}

/// A list that is cut loses what is well.
template <class Row>
void waiting_first(std::vector<Row>& rows) {
  std::stable_partition(rows.begin(), rows.end(), [](const Row& x) { return !x.waits_for.empty(); });
}

/// Leaves the first `rows_max`. @returns how many there were
template <class List>
std::int64_t cut(List& list, std::size_t rows_max) {
  const auto total = static_cast<std::int64_t>(list.size());
  if (list.size() > rows_max)
    list.erase(list.begin() + static_cast<typename List::difference_type>(rows_max), list.end());
  return total;
}

} // namespace

view rooms(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::rooms_listed>("rooms");
  if (!listed) return found.why_not("rooms");
  std::vector<room_row> rows;
  rows.reserve(listed->rooms.size());
  for (const auto& x : listed->rooms) rows.push_back(describe(x));
  if (found.ranked && *found.ranked) tell_parked(rows, (*found.ranked)->rows);
  std::stable_sort(rows.begin(), rows.end(), [](const room_row& a, const room_row& b) {
    return std::tuple(a.waits_for.empty(), -a.staged, std::string_view{a.room_id}) <
           std::tuple(b.waits_for.empty(), -b.staged, std::string_view{b.room_id});
  });
  return list("rooms", std::move(rows), with);
}

view servers(const query_results& found, const arguments& with, std::int64_t now_ms) {
  const auto* listed = found.find<store::destinations_listed>("destinations");
  if (!listed) return found.why_not("destinations");
  std::vector<server_row> rows;
  rows.reserve(listed->destinations.size());
  auto invitations = waiting_invitations(found, now_ms);
  for (const auto& x : listed->destinations) {
    const auto waiting = invitations.extract(x.destination.server_name);
    rows.push_back(describe_server(found, x, true, now_ms, waiting ? waiting.mapped() : std::vector<invite_row>{}));
  }
  // A server to which nothing else was ever owed.
  for (const auto& [server, waiting] : invitations) {
    store::destination_summary none;
    none.destination.server_name = server;
    rows.push_back(describe_server(found, none, true, now_ms, waiting));
  }
  auto lateness = [now_ms](const server_row& x) {
    return x.oldest_waiting_ts > 0 ? x.oldest_waiting_ts - now_ms : std::int64_t{1};
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const server_row& a, const server_row& b) {
    return std::tuple(a.waits_for.empty(), lateness(a), std::string_view{a.server_name}) <
           std::tuple(b.waits_for.empty(), lateness(b), std::string_view{b.server_name});
  });
  return list("servers", std::move(rows), with);
}

view dead_letters(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::dead_letters_listed>("dead_letters");
  if (!listed) return found.why_not("dead_letters");
  std::vector<dead_letter_row> rows;
  rows.reserve(listed->letters.size());
  for (const auto& x : listed->letters)
    rows.push_back({dead_letter_id(x.at), x.name, x.room_id, x.event_id, x.reason, x.bytes, x.ts});
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.refused_ts > b.refused_ts; });
  return list("dead_letters", std::move(rows), with);
}

view dead_letter(const query_results& found, const std::string& id) {
  const auto* loaded = found.find<store::dead_letter_loaded>("letter");
  if (!loaded) return found.why_not("letter");
  if (!loaded->letter) return fault{fault_code::not_found, "there is no dead letter " + id};
  const auto& x = *loaded->letter;
  const dead_letter_row row{dead_letter_id(x.at), x.name, x.room_id, x.event_id, x.reason, x.bytes, x.ts};
  auto body = outline_of_msgpack(loaded->body);
  return json::object{{"letter", json::value{to_json(row)}},
                      {"body", body ? json::value{std::move(*body)} : json::value{nullptr}}};
}

std::string incarnation_text(std::int64_t x) {
  std::string text(12, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, x >>= 4) *at = "0123456789abcdef"[x & 15];
  return text;
}

std::vector<std::string> successors(const store::nodes_listed& of, std::int64_t but) {
  std::vector<std::string> names;
  for (const auto& x : of.nodes)
    if (x.state == "standby" && x.lease_left_ms >= 0 && x.incarnation != but) names.push_back(x.name);
  std::sort(names.begin(), names.end());
  return names;
}

view terms(std::vector<term_row> rows, const arguments& with) { return list("terms", std::move(rows), with); }

view shards(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::shards_listed>("shards");
  if (!listed) return found.why_not("shards");
  std::vector<shard_row> rows;
  rows.reserve(listed->shards.size());
  for (const auto& x : listed->shards)
    rows.push_back(
      {x.is.shard, x.is.epoch, x.rooms, x.owner_name, x.is.owner == 0 ? std::string{} : incarnation_text(x.is.owner)});
  return list("shards", std::move(rows), with);
}

view nodes(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::nodes_listed>("nodes");
  if (!listed) return found.why_not("nodes");
  std::vector<node_row> rows;
  rows.reserve(listed->nodes.size());
  for (const auto& x : listed->nodes)
    rows.push_back({x.name, x.state, x.version, x.endpoints, incarnation_text(x.incarnation), may_stop(x, *listed),
                    owned_by(x, *listed), x.lease_left_ms, x.shards, x.epoch, x.schema});
  std::stable_sort(rows.begin(), rows.end(), [](const node_row& a, const node_row& b) {
    return std::tuple(rank_of_node(a.state), std::string_view{a.name}) <
           std::tuple(rank_of_node(b.state), std::string_view{b.name});
  });
  auto body = list("nodes", std::move(rows), with);
  if (!body) return body;
  body->set("schema", listed->schema);
  body->set("serves_from", listed->serves_from);
  body->set("upgrade_due", json::value{listed->serves_from < listed->schema});
  body->set("upgrade", about_upgrade(*listed));
  return body;
}

view audit(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::audit_listed>("audit");
  if (!listed) return found.why_not("audit");
  std::vector<audit_row> rows;
  rows.reserve(listed->rows.size());
  for (const auto& x : listed->rows)
    rows.push_back({x.ts, x.peer.empty() ? "local" : x.peer, x.by, x.verb, x.arguments, x.reason, x.outcome});
  return list("audit", std::move(rows), with);
}

view invites(const query_results& found, const arguments& with, std::int64_t now_ms) {
  const auto* listed = found.find<store::invitations_found>("invitations");
  if (!listed) return found.why_not("invitations");
  std::vector<invite_row> rows;
  rows.reserve(listed->invitations.size());
  for (const auto& x : listed->invitations) rows.push_back(describe(x, now_ms));
  std::stable_sort(rows.begin(), rows.end(), [](const invite_row& a, const invite_row& b) {
    return std::tuple(a.waits_for.empty(), -a.since_ts) < std::tuple(b.waits_for.empty(), -b.since_ts);
  });
  return list("invitations", std::move(rows), with);
}

view status(std::vector<alarm_row> alarms, const std::string& server_name, const std::string& version,
            const arguments& with) {
  auto body = list("alarms", std::move(alarms), with);
  if (!body) return body;
  body->set("server_name", server_name);
  body->set("version", version);
  return body;
}

view actors(const query_results& found, const arguments& with) {
  if (!found.actors) return fault{fault_code::timed_out, "the supervisors did not answer in time"};
  auto rows = *found.actors;
  // Who is cut off has waited for less long than who is left: `top` shows the oldest first and asks for some thousands.
  const auto rank = [](const actor_row& x) {
    const auto waits_since = x.oldest_waiting_ts > 0 ? x.oldest_waiting_ts : std::numeric_limits<std::int64_t>::max();
    return std::tuple(x.phase == "running", -x.failures, waits_since, -x.mailbox, std::string_view{x.kind},
                      std::string_view{x.key});
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const actor_row& a, const actor_row& b) { return rank(a) < rank(b); });
  return list("actors", std::move(rows), with);
}

view ranked_actors(const query_results& found) {
  if (!found.ranked) return fault{fault_code::timed_out, "the supervisors did not answer in time"};
  if (!*found.ranked) return found.ranked->error();
  const auto& x = **found.ranked;
  json::object counts;
  for (const auto& [phase, count] : x.phases) counts.set(phase, count);
  return json::object{{"actors", json::value{to_json(x.rows)}},
                      {"counts", json::value{std::move(counts)}},
                      {"total", json::value{static_cast<std::int64_t>(x.total)}}};
}

view server_keys(const query_results& found, const arguments& with) {
  const auto* loaded = found.find<store::destination_loaded>("destination");
  if (!loaded) return found.why_not("destination");
  const auto known = known_keys_of(loaded->keys, actor_of(found));
  auto published = known; // a retired key still verifies what is older
  for (const auto& [id, key] : loaded->keys.keys)
    if (key.is_old) published.ids.push_back(id);
  std::set<std::string> wanted;
  if (const auto* staged = found.find<store::staged_listed>("staged"))
    for (const auto& x : staged->staged)
      if (const auto pdu = json::parse(x.pdu))
        for (const auto& signer : signers_of(*pdu)) {
          if (signer.server != with.server) continue;
          const auto missing = missing_key_ids(signer, published);
          if (missing.size() == signer.key_ids.size()) wanted.insert(missing.begin(), missing.end()); // one is enough
        }
  json::array waited_for;
  for (const auto& id : wanted) waited_for.push_back(detail::to_value(id));
  return json::object{{"keys", json::value{to_json(describe_keys(loaded->keys, with.server))}},
                      {"fetched_ts", json::value{loaded->keys.fetched_ts}},
                      {"asked_again_ts", json::value{known.asked_again_ts}},
                      {"fault", detail::to_value(known.fault)},
                      {"waited_for", json::value{std::move(waited_for)}}};
}

result<store::room_summary> resolve_room(const query_results& found, std::string_view name) {
  const auto* listed = found.find<store::rooms_listed>("rooms");
  if (!listed) return found.why_not("rooms");
  for (const auto& x : listed->rooms)
    if (x.room_id == name || x.chat_room_id == name) return x;
  return fault{fault_code::not_found,
               "no room is called " + std::string{name} + ", neither by its Matrix id nor by the chat server's"};
}

result<store::put_invitation> resolve_invitation(const query_results& found, const arguments& with) {
  const auto* listed = found.find<store::invitations_found>("invitations");
  if (!listed) return found.why_not("invitations");
  for (const auto& x : listed->invitations)
    if (x.user_id == with.user && (x.room_id == with.room || x.chat_room_id == with.room)) return x;
  return fault{fault_code::not_found, with.user + " has no invitation to " + with.room};
}

view room(const query_results& found, const store::room_summary& summary, std::string_view own_server,
          std::int64_t now_ms, std::size_t rows_max) {
  const auto* loaded = found.find<store::room_loaded>("room");
  if (!loaded) return found.why_not("room");
  auto row = describe(summary);
  auto members = members_of(*loaded);
  auto servers = servers_of(found, members, own_server, now_ms);

  std::vector<event_row> extremities;
  for (const auto& x : loaded->extremities)
    if (x.event && extremities.size() < events_shown_max) extremities.push_back(describe_event(*x.event));
  std::vector<invite_row> invitations;
  for (const auto& x : loaded->invitations) invitations.push_back(describe(x, now_ms));
  waiting_first(servers);
  waiting_first(invitations);
  std::vector<staged_row> staged;
  for (const auto& x : loaded->inbox) {
    if (staged.size() == events_shown_max) break;
    staged.push_back({x.event_id, x.origin, x.received_ts, {}});
  }

  auto waits = sentences({row.waits_for, actor_sentence(found)});
  for (const auto& x : invitations)
    if (!x.waits_for.empty()) waits.push_back(detail::to_value(x.waits_for));
  for (const auto& x : servers)
    if (!x.waits_for.empty()) waits.push_back(detail::to_value(x.server_name + ": " + x.waits_for));

  const auto members_total = cut(members, rows_max);
  const auto invitations_total = cut(invitations, rows_max);
  const auto servers_total = cut(servers, rows_max);
  const auto waits_total = cut(waits, rows_max);
  return json::object{{"room", json::value{to_json(row)}},
                      {"members", json::value{to_json(members)}},
                      {"members_total", json::value{members_total}},
                      {"extremities", json::value{to_json(extremities)}},
                      {"invitations", json::value{to_json(invitations)}},
                      {"invitations_total", json::value{invitations_total}},
                      {"servers", json::value{to_json(servers)}},
                      {"servers_total", json::value{servers_total}},
                      {"staged", json::value{to_json(staged)}},
                      {"staged_total", json::value{static_cast<std::int64_t>(loaded->inbox.size())}},
                      {"actor", actor_of(found)},
                      {"waits_for", json::value{std::move(waits)}},
                      {"waits_for_total", json::value{waits_total}}};
}

std::vector<invite_row> invitations_waiting_for(const query_results& found, const std::string& server_name,
                                                std::int64_t now_ms) {
  return waiting_invitations(found, now_ms)[server_name];
}

namespace {

/// A list that the actor has told of itself.
json::value list_of_actor(const json::value& actor, std::string_view name) {
  const auto* list = actor.find_array(name);
  return list ? json::value{*list} : json::value{json::array{}};
}

std::int64_t number_of_actor(const json::value& actor, std::string_view name) {
  const auto* number = actor.find_integer(name);
  return number ? *number : 0;
}

} // namespace

view server(const query_results& found, const arguments& with, std::int64_t now_ms) {
  if (!found.find<store::destinations_listed>("destinations")) return found.why_not("destinations");
  const auto* loaded = found.find<store::destination_loaded>("destination");
  if (!loaded) return found.why_not("destination");
  auto summary = destination(found, with.server);
  bool contacted = loaded->keys.fetched_ts > 0 || !loaded->keys.keys.empty();
  auto is_listed = [&](const store::destination_summary& x) { return x.destination.server_name == with.server; };
  const auto& listed = found.find<store::destinations_listed>("destinations")->destinations;
  auto invitations = open_invitations_with(found, with.server, now_ms);
  const bool in_memory = found.status && !found.status->empty();
  if (!contacted && !in_memory && invitations.empty() && std::none_of(listed.begin(), listed.end(), is_listed))
    return fault{fault_code::not_found, "we never had anything to do with a server called " + with.server};
  auto waiting = waiting_invitations(found, now_ms);
  auto row = describe_server(found, summary, contacted, now_ms, waiting[with.server]);
  std::vector<event_row> queue;
  for (const auto& x : loaded->pdus)
    if (x && queue.size() < events_shown_max) queue.push_back(describe_event(*x));
  std::vector<refused_row> refused;
  for (const auto& x : loaded->refused)
    if (refused.size() < events_shown_max) refused.push_back({x.event_id, x.room_id, x.type, x.reason, x.ts});
  auto why = row.waits_for.empty() ? "Nothing waits for " + with.server + "." : row.waits_for;
  auto never = row.state == "never_contacted" ? "It has never answered: is the name right?" : "";
  if (row.waits_for.empty() && !invitations.empty()) why.clear();
  auto waits = sentences({why, never, advice(row.last_fault), actor_sentence(found)});
  if (!refused.empty())
    waits.push_back(detail::to_value(
      std::to_string(loaded->refused_count) + (loaded->refused_count == 1 ? " event is" : " events are") +
      " not sent to it any more: it takes others and refuses these by themselves; last: " + refused.front().reason));
  for (const auto& x : invitations)
    waits.push_back(
      detail::to_value((x.direction == "knock" ? "Knock of " : "Invitation of ") + x.user_id + ": " + x.waits_for));
  std::vector<staged_in_row> staged;
  const auto* in_rooms = found.find<store::staged_listed>("staged");
  if (in_rooms)
    for (const auto& x : in_rooms->staged) staged.push_back({x.room_id, x.event_id, x.received_ts, {}});
  if (in_rooms && in_rooms->total > 0)
    waits.push_back(detail::to_value(std::to_string(in_rooms->total) +
                                     (in_rooms->total == 1 ? " event of it waits" : " events of it wait") +
                                     " in rooms here; what for stands below."));
  std::vector<shared_row> shared;
  const auto* with_it = found.find<store::shared_rooms_found>("shared");
  if (with_it)
    for (const auto& x : with_it->rooms) shared.push_back({x.room_id, x.chat_room_id});
  const auto actor = actor_of(found);
  return json::object{
    {"server", json::value{to_json(row)}},
    {"queue", json::value{to_json(queue)}},
    {"ephemeral", json::value{json::object{{"queued", json::value{number_of_actor(actor, "edus")}},
                                           {"oldest_ts", json::value{number_of_actor(actor, "oldest_edu_ts")}}}}},
    {"errors", list_of_actor(actor, "last_errors")},
    {"returned", list_of_actor(actor, "returned_errors")},
    {"staged", json::value{to_json(staged)}},
    {"staged_total", json::value{in_rooms ? in_rooms->total : std::int64_t{0}}},
    {"rooms", json::value{to_json(shared)}},
    {"rooms_total", json::value{with_it ? with_it->total : std::int64_t{0}}},
    {"refused", json::value{to_json(refused)}},
    {"invitations", json::value{to_json(invitations)}},
    {"keys", json::value{to_json(describe_keys(loaded->keys, with.server))}},
    {"actor", actor},
    {"waits_for", json::value{std::move(waits)}}};
}

json::object parked_room(const store::room_summary& summary, const actor_row& actor, const supervision_limits& limits,
                         std::int64_t now_ms) {
  std::vector<room_row> rows{describe(summary)};
  tell_parked(rows, {&actor, 1});
  json::array waits;
  for (const auto& sentence : about_parked(actor, limits, now_ms)) waits.push_back(detail::to_value(sentence));
  waits.emplace_back("Members, servers and the graph of the room are not read while its actor is parked.");
  return json::object{{"room", json::value{to_json(rows.front())}},
                      {"parked", json::value{to_json(actor)}},
                      {"waits_for", json::value{std::move(waits)}}};
}

staged_waits waits_of_room(const query_results& found) {
  staged_waits waits{true};
  const auto* loaded = found.find<store::room_loaded>("room");
  for (std::size_t i = 0; loaded && i < loaded->inbox.size(); ++i)
    if (i < events_shown_max) waits.add(loaded->inbox[i]);
    else waits.is_staged(loaded->inbox[i]);
  const auto actor = actor_of(found);
  const auto* under_way = actor.find_array("under_way");
  const std::int64_t told = under_way ? static_cast<std::int64_t>(under_way->size()) : 0;
  // A room tells some of them only; what becomes of the others is not known then.
  if (number_of_actor(actor, "events_under_way") <= told)
    for (const auto& id : waits.shown(events_shown_max)) waits.key_looked_up(id, false);
  for (std::int64_t i = 0; i < told; ++i) {
    const auto& x = (*under_way)[static_cast<std::size_t>(i)];
    const auto* id = x.find_string("event_id");
    const auto* phase = x.find_string("phase");
    if (id && phase) waits.key_looked_up(*id, *phase == "waiting_for_keys");
  }
  return waits;
}

staged_waits waits_of_server(const query_results& found) {
  staged_waits waits{false}; // other servers' events are staged in these rooms too
  if (const auto* listed = found.find<store::staged_listed>("staged"))
    for (const auto& x : listed->staged) waits.add(x);
  return waits;
}

view receipts(const query_results& found) {
  auto actor = actor_of(found);
  json::array servers;
  if (auto* told = actor.as_object()) {
    if (auto* list = told->find("servers"); list && list->as_array()) servers = std::move(*list->as_array());
    told->erase("servers");
  }
  return json::object{{"servers", json::value{std::move(servers)}}, {"actor", std::move(actor)}};
}

view invitation(const query_results& found, const store::put_invitation& x, std::string_view own_server,
                std::int64_t now_ms) {
  auto row = describe(x, now_ms);
  auto other = matrix::server_name_of(x.user_id);
  if (other == own_server) other = matrix::server_name_of(x.inviter);
  if (x.direction == invitation_direction::knock) other = other_side(x);
  auto peer = describe_server(found, destination(found, other), true, now_ms);
  if (waits_for_server(x) && peer.state == "healthy") peer.state = "waiting"; // for this one at least
  auto why = row.waits_for;
  if (why.empty())
    why = std::string{x.direction == invitation_direction::knock ? "The knock" : "The invitation"} + " is over (" +
          row.state + (row.reason.empty() ? "" : ", " + row.reason) + ").";
  return json::object{
    {"invitation", json::value{to_json(row)}},
    {"server", json::value{to_json(peer)}},
    {"actor", actor_of(found)},
    {"waits_for",
     json::value{sentences({why, advice(row.reason.empty() ? row.last_fault : row.reason), actor_sentence(found)})}}};
}

} // namespace causeway::admin::views
