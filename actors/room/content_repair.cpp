#include "actors/room/content_repair.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_lists.hpp"

#include <utility>

namespace causeway::room {

bool is_stripped(const matrix::event& x) { return !x.redacted_because && !matrix::has_valid_content_hash(x); }

void content_repair::repair(const std::vector<matrix::event_ptr>& stripped, const std::string& giver) {
  for (const auto& x : stripped) {
    const auto author = matrix::server_name_of(x->sender);
    if (author == giver || author == room_.node.server_name || wanted_.size() >= wanted_max ||
        seen_.contains(x->event_id))
      continue;
    seen_.insert(x->event_id);
    wanted_.push_back({std::string{author}, x->event_id});
  }
  ask_next();
}

void content_repair::ask_next() {
  if (pending_.count<question::whole_event>() != 0 || wanted_.empty()) return;
  const auto x = std::move(wanted_.front());
  wanted_.pop_front();
  peer_request r;
  r.endpoint = matrix::endpoint::event;
  r.parameters = {x.event_id};
  r.timeout_ms = room_.node.settings().federation.request_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  pending_.ask_server(x.server, std::move(r), question::whole_event{});
}

void content_repair::answered(question::whole_event, const peer_answer& m) {
  const auto body =
    m.status == 200 ? matrix::json::parse_readable(m.body, {"pdus"}) : result<matrix::json::value>{m.why};
  if (const auto* pdus = body ? body->find_array("pdus") : nullptr)
    for (const auto& x : import_.parse(*pdus, matrix::count_policy::unbounded))
      if (matrix::has_valid_content_hash(*x)) ask_for_kept(x);
  ask_next();
}

void content_repair::offer(const node& kept, const matrix::event_ptr& copy) {
  if (is_stripped(*kept.event) && matrix::restored(*kept.event, *copy)) ask_for_kept(copy);
}

void content_repair::ask_for_kept(const matrix::event_ptr& copy) {
  if (pending_.count<question::kept_event>() >= restoring_max) return;
  // Only the store knows whether a redaction took the content: then nobody brings it back.
  pending_.ask_store(store::load_redaction{room_.id, "", copy->event_id}, question::kept_event{copy});
}

void content_repair::answered(const question::kept_event& q, const store_answered& m) {
  if (const auto* told = std::get_if<store::redaction_loaded>(m.answer.get()); told && told->target)
    restore(q.copy, *told->target);
}

void content_repair::restore(const matrix::event_ptr& copy, const store::stored_event& kept) {
  // While the store was asked a redaction may have taken it, or another copy brought it.
  if (const auto* now = room_.graph.find(copy->event_id); now && !is_stripped(*now->event)) return;
  const auto whole = is_stripped(*kept.event) ? matrix::restored(*kept.event, *copy) : nullptr;
  if (!whole) return;
  // The signature of the stripped form covers any content its author has hashed: one the rules do not allow stays out.
  if (const auto verdict = room_.graph.judge_restored(*whole, kept.judged);
      verdict.judged == store::verdict::rejected && kept.judged != verdict.judged) {
    out_.log(log_level::warning, "R105 restored content rejected by auth rules; redacted form kept",
             {{"room", room_.id}, {"event", whole->event_id}, {"why", verdict.reason}});
    return;
  }
  out_.log(log_level::info, "R106 event content restored", {{"room", room_.id}, {"event", whole->event_id}});
  writer_.restore(whole);
  entry_.invalidate();
  if (kept.judged != store::verdict::accepted && kept.judged != store::verdict::outlier) return;
  if (!whole->is_state()) {
    if (kept.judged != store::verdict::accepted) return;
    notifier_.message(whole, kept.position < 0);
    events_.content_known(*whole, kept.position < 0);
  } else if (auto now = room_.graph.state_event(whole->type, *whole->state_key);
             now && now->event_id == whole->event_id) {
    events_.state_changed({{{whole->type, *whole->state_key}, kept.event, whole}});
  }
}

} // namespace causeway::room
