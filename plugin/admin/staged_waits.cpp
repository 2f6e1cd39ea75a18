#include "plugin/admin/staged_waits.hpp"

#include "plugin/admin/explain.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/why_facts.hpp"

#include <algorithm>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

std::string parents_part(const std::string& room_id) { return "parents of " + room_id; }

std::string keys_part(const std::string& server) { return "keys of " + server; }

/// "events we do not have: $a, $b and 3 more"
std::string cited_events(const std::vector<std::string>& ids, const char* one, const char* several) {
  return std::string{ids.size() == 1 ? one : several} + ": " + few_of(ids, staged_waits::named_max);
}

} // namespace

void staged_waits::add(const store::put_inbox& x) {
  is_staged(x);
  const auto seen = [&](const one& e) { return e.event_id == x.event_id && e.room_id == x.room_id; };
  if (std::any_of(events_.begin(), events_.end(), seen)) return; // another server's copy
  auto& e = events_.emplace_back();
  e.event_id = x.event_id;
  e.room_id = x.room_id;
  const auto pdu = json::parse(x.pdu);
  if (pdu) e.signers = signers_of(*pdu);
  if (e.signers.empty()) e.signers = {{x.origin, {}}};
  if (!pdu) return;
  auto cites = why::cited_by(*pdu);
  const auto room = asked_.find(x.room_id);
  if (room == asked_.end() ? asked_.size() == rooms_max : room->second.size() + cites.size() > ids_of_room_max) return;
  e.cites = std::move(cites);
  asked_[x.room_id].insert(e.cites.begin(), e.cites.end());
}

void staged_waits::key_looked_up(const std::string& event_id, bool waits_for_it) {
  for (auto& e : events_)
    if (e.event_id == event_id) e.waits_for_key = waits_for_it;
}

std::vector<std::string> staged_waits::shown(std::size_t limit) const {
  std::vector<std::string> ids;
  for (const auto& e : events_)
    if (ids.size() < limit) ids.push_back(e.event_id);
  return ids;
}

std::vector<std::pair<std::string, store::query>> staged_waits::questions() const {
  std::vector<std::pair<std::string, store::query>> all;
  for (const auto& [room_id, ids] : asked_)
    if (!ids.empty()) all.emplace_back(parents_part(room_id), store::load_events{room_id, {ids.begin(), ids.end()}});
  std::set<std::string> servers;
  for (const auto& e : events_)
    for (const auto& signer : e.signers)
      if (e.waits_for_key.value_or(false) && servers.size() < key_servers_max) servers.insert(signer.server);
  for (const auto& server : servers) all.emplace_back(keys_part(server), store::load_destination{server, 1});
  return all;
}

std::string staged_waits::key_server() const {
  const auto at =
    std::find_if(events_.begin(), events_.end(), [](const one& e) { return e.waits_for_key.value_or(false); });
  return at == events_.end() ? std::string{} : at->signers.front().server;
}

void staged_waits::take(const query_results& found) {
  for (const auto& [room_id, ids] : asked_)
    if (const auto* loaded = found.find<store::events_loaded>(parents_part(room_id))) {
      auto& known = known_[room_id];
      for (const auto& x : loaded->events)
        if (x.event) known.insert(x.event->event_id);
    }
  const auto told = found.status ? json::parse(*found.status) : result<json::value>{fault{}};
  const json::value status = told ? *told : json::value{nullptr};
  const auto asked = key_server();
  for (const auto& e : events_)
    for (const auto& signer : e.signers)
      if (const auto* loaded = found.find<store::destination_loaded>(keys_part(signer.server)))
        keys_[signer.server] = known_keys_of(loaded->keys, signer.server == asked ? status : json::value{nullptr});
}

known_keys staged_waits::known_of(const std::string& server) const {
  const auto at = keys_.find(server);
  return at == keys_.end() ? known_keys{} : at->second;
}

const event_signer& staged_waits::signer_to_ask(const one& x) const {
  const auto at = std::find_if(x.signers.begin(), x.signers.end(), [this](const event_signer& s) {
    return keys_.contains(s.server) && !missing_key_ids(s, known_of(s.server)).empty();
  });
  return at == x.signers.end() ? x.signers.front() : *at;
}

std::string staged_waits::in_words(const one& x, std::int64_t now_ms) const {
  if (!x.waits_for_key) return {}; // it may be that or its parents
  if (!*x.waits_for_key) return parents_in_words(x);
  const auto& signer = signer_to_ask(x);
  return "the key of " + signer.server + ": " + key_in_words(signer, known_of(signer.server), now_ms);
}

std::optional<staged_waits::lacks> staged_waits::lacks_of(const one& x) const {
  const auto known = known_.find(x.room_id);
  if (known == known_.end() || x.cites.empty()) return {};
  const auto staged = staged_.find(x.room_id);
  lacks found;
  for (const auto& id : x.cites) {
    if (known->second.contains(id)) continue;
    (staged != staged_.end() && staged->second.contains(id) ? found.waiting : found.missing).push_back(id);
  }
  return found;
}

std::string staged_waits::parents_in_words(const one& x) const {
  const auto found = lacks_of(x);
  if (!found) return {};
  const auto& [missing, waiting] = *found;
  // What is missing holds up the others too. Where we do not see all that is staged, it may be that.
  if (!missing.empty())
    return knows_all_staged_
             ? cited_events(missing, "an event we do not have", "events we do not have")
             : cited_events(missing, "an event that is not stored here", "events that are not stored here");
  if (!waiting.empty()) return cited_events(waiting, "an event that waits itself", "events that wait themselves");
  return "its turn: nothing it cites is missing";
}

void staged_waits::sum_up(json::object& body) const {
  auto* member = body.find("room");
  auto* room = member ? member->as_object() : nullptr;
  const auto* staged = room ? member->find_integer("staged") : nullptr;
  if (!staged) return;
  std::int64_t for_key = 0, for_missing = 0, for_others = 0;
  for (const auto& e : events_) {
    const auto found = lacks_of(e);
    if (e.waits_for_key.value_or(false)) ++for_key;
    else if (e.waits_for_key && found && !found->missing.empty()) ++for_missing;
    else ++for_others;
  }
  if (for_key + for_missing == 0) return; // nothing is known that the row does not say
  std::string parts;
  const auto add = [&](std::int64_t n, const char* what) {
    if (n > 0) parts += (parts.empty() ? "" : ", ") + std::to_string(n) + what;
  };
  add(for_key, " for the key of a server");
  add(for_missing, " for missing events, which are asked for");
  add(for_others, " for their turn, or for what is not known");
  const auto shown = static_cast<std::int64_t>(events_.size());
  const auto before = staged_sentence(*staged);
  const auto sentence = std::to_string(*staged) + (*staged == 1 ? " received event waits" : " received events wait") +
                        (shown < *staged ? "; of the " + std::to_string(shown) + " shown " : ": ") + parts + ".";
  const auto replace = [&](json::value& x) {
    const auto* text = x.as_string();
    if (text && text->starts_with(before)) x = detail::to_value(sentence + text->substr(before.size()));
  };
  if (auto* of_room = room->find("waits_for")) replace(*of_room);
  if (auto* all = body.find("waits_for"); all && all->as_array())
    for (auto& x : *all->as_array()) replace(x);
}

void staged_waits::fill(json::object& body, std::int64_t now_ms) const {
  auto* member = body.find("staged");
  auto* rows = member ? member->as_array() : nullptr;
  if (!rows) return;
  for (auto& value : *rows) {
    auto* row = value.as_object();
    const auto* id = row ? value.find_string("event_id") : nullptr;
    if (!id) continue;
    const auto at = std::find_if(events_.begin(), events_.end(), [&](const one& e) { return e.event_id == *id; });
    if (at != events_.end()) row->set("waits_for", detail::to_value(in_words(*at, now_ms)));
  }
  sum_up(body);
}

} // namespace causeway::admin
