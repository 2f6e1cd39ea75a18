#include "actors/due.hpp"
#include "actors/room/answer_id.hpp"
#include "actors/room/intake_limits.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/missing_events.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/json_lists.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace causeway::room {

const matrix::room_version_rules* inbound_events::rules_of_held() const {
  if (room_.exists) return &room_.graph.rules();
  return join_.rules();
}

bool inbound_events::holds_pdus() const {
  // Before a join of ours was signed nobody has reason to send us more than that an invitation was taken back.
  if (join_.is_active()) return rules_of_held() != nullptr;
  return partial_.is_reading();
}

void inbound_events::hold(const pdus_received& m) {
  const auto& rules = *rules_of_held();
  std::vector<pdu_outcome> outcomes;
  for (auto& pdu : *m.pdus) {
    pdu.erase("unsigned");
    held_pdu x;
    x.row = id_for_answer(pdu, rules);
    auto text = matrix::json::canonical(pdu);
    x.bytes = text.size();
    auto& outcome = outcomes.emplace_back(pdu_outcome{x.row, {}});
    if (x.row.empty() || x.row.size() > limits::identifier_bytes_max) outcome = {{}, "no event id"};
    else if (x.bytes > limits::event_bytes_max) outcome.error = "too_large: an event has at most 65536 bytes";
    if (!outcome.error.empty()) continue;
    x.origin = m.origin;
    x.since = out_.now();
    x.pdu = std::move(pdu);
    const auto row = x.row;
    if (held_.add(std::move(x))) out_.write(store::put_inbox{room_.id, row, m.origin, std::move(text), out_.now()});
  }
  out_.send(m.reply_to, pdus_handled{m.asked, std::move(outcomes)});
}

void inbound_events::load_held(const std::vector<store::put_inbox>& rows) {
  lazy_deque<held_pdu> now;
  for (const auto& staged : rows) {
    auto pdu = matrix::json::parse_deep(staged.pdu);
    auto* object = pdu ? pdu->as_object() : nullptr;
    if (!object || out_.now() - staged.received_ts > held_ms_max) {
      out_.write(store::remove_inbox{room_.id, {staged.event_id}});
      continue;
    }
    held_pdu x{*object, staged.event_id, staged.origin, happened_at(staged.received_ts, out_.now()), staged.pdu.size()};
    // An invitation that is taken back must not stand until somebody wants to join again.
    const auto* type = x.pdu.find("type");
    if (type && type->as_string() && *type->as_string() == "m.room.member") now.push_back(std::move(x));
    else held_.add(std::move(x));
  }
  release(std::move(now));
}

void inbound_events::release_pdus() { release(held_.take()); }

void inbound_events::release(lazy_deque<held_pdu> held) {
  if (held.empty()) return;
  std::set<std::string> done, waiting;
  intake in;
  for (auto& h : held) {
    in.origin = h.origin;
    in.last_event_id.clear();
    missing_.record_contact(h.origin);
    const auto what = take_pdu(in, 0, h.pdu, h.row);
    const auto it = work_by_event_.find(in.last_event_id);
    if (what == taken::waits && it != work_by_event_.end() && in.last_event_id == h.row) {
      auto& w = work_.at(it->second);
      w.since = std::min(w.since, h.since);
      for (auto& copy : w.copies)
        if (copy.origin == h.origin) copy.staged = true, copy.bytes = h.bytes;
      if (!w.in_inbox) stage(w);
      waiting.insert(h.row);
    } else if (what == taken::handed_on) {
      waiting.insert(h.row); // its row goes when the invitation has it
    } else {
      done.insert(h.row);
    }
  }
  for (const auto& row : done)
    if (!waiting.contains(row)) out_.write(store::remove_inbox{room_.id, {row}});
  if (!in.copies.empty()) ask_to_verify(std::move(in.copies));
  advance();
}

} // namespace causeway::room
