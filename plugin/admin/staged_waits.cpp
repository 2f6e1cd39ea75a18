#include "plugin/admin/staged_waits.hpp"

#include "messages/matrix/identifiers.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/why_facts.hpp"

#include <algorithm>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

std::string parents_part(const std::string& room_id) { return "parents of " + room_id; }

/// "events we do not have: $a, $b and 3 more"
std::string cited_events(const std::vector<std::string>& ids, const char* one, const char* several) {
  std::string text = ids.size() == 1 ? one : several;
  text += ": ";
  const auto named = std::min(ids.size(), staged_waits::named_max);
  for (std::size_t i = 0; i < named; ++i) text += (i == 0 ? "" : ", ") + ids[i];
  if (ids.size() > named) text += " and " + std::to_string(ids.size() - named) + " more";
  return text;
}

} // namespace

void staged_waits::add(const store::put_inbox& x) {
  is_staged(x);
  const auto seen = [&](const one& e) { return e.event_id == x.event_id && e.room_id == x.room_id; };
  if (std::any_of(events_.begin(), events_.end(), seen)) return; // another server's copy
  auto& e = events_.emplace_back();
  e.event_id = x.event_id;
  e.room_id = x.room_id;
  e.key_server = x.origin;
  const auto pdu = json::parse(x.pdu);
  if (!pdu) return;
  if (const auto* sender = pdu->find_string("sender"); sender && !matrix::server_name_of(*sender).empty())
    e.key_server = matrix::server_name_of(*sender);
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
  return all;
}

void staged_waits::take(const findings& found) {
  for (const auto& [room_id, ids] : asked_)
    if (const auto* loaded = found.find<store::events_loaded>(parents_part(room_id))) {
      auto& known = known_[room_id];
      for (const auto& x : loaded->events)
        if (x.event) known.insert(x.event->event_id);
    }
}

std::string staged_waits::in_words(const one& x) const {
  if (!x.waits_for_key) return {}; // it may be that or its parents
  if (!*x.waits_for_key) return parents_in_words(x);
  const auto fault = key_faults_.find(x.key_server);
  const bool is_told = fault != key_faults_.end() && !fault->second.empty();
  return "the key of " + x.key_server + (is_told ? ", which could not be had: " + fault->second : "");
}

std::string staged_waits::parents_in_words(const one& x) const {
  const auto known = known_.find(x.room_id);
  if (known == known_.end() || x.cites.empty()) return {};
  const auto staged = staged_.find(x.room_id);
  std::vector<std::string> missing, waiting;
  for (const auto& id : x.cites) {
    if (known->second.contains(id)) continue;
    (staged != staged_.end() && staged->second.contains(id) ? waiting : missing).push_back(id);
  }
  // What is missing holds up the others too. Where we do not see all that is staged, it may be that.
  if (!missing.empty())
    return knows_all_staged_
             ? cited_events(missing, "an event we do not have", "events we do not have")
             : cited_events(missing, "an event that is not stored here", "events that are not stored here");
  if (!waiting.empty()) return cited_events(waiting, "an event that waits itself", "events that wait themselves");
  return "its turn: nothing it cites is missing";
}

void staged_waits::fill(json::object& body) const {
  auto* member = body.find("staged");
  auto* rows = member ? member->as_array() : nullptr;
  if (!rows) return;
  for (auto& value : *rows) {
    auto* row = value.as_object();
    const auto* id = row ? value.find_string("event_id") : nullptr;
    if (!id) continue;
    const auto at = std::find_if(events_.begin(), events_.end(), [&](const one& e) { return e.event_id == *id; });
    if (at != events_.end()) row->set("waits_for", detail::to_value(in_words(*at)));
  }
}

} // namespace causeway::admin
