#include "actors/room/content_repair.hpp"

#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_lists.hpp"

namespace causeway::room {
namespace {

/// Whole events that wait for the store; whoever sends more has to send them again.
constexpr std::size_t restoring_max = 100;
/// Events whose servers were asked are remembered that long.
constexpr std::size_t seen_max = 10'000;

} // namespace

bool is_stripped(const matrix::event& x) { return !x.redacted_because && !matrix::has_valid_content_hash(x); }

void content_repair::want(const matrix::event& x, std::string_view giver, std::string_view own_name) {
  const auto author = matrix::server_name_of(x.sender);
  if (author == giver || author == own_name || wanted_.size() >= wanted_max || seen_.contains(x.event_id)) return;
  if (seen_.size() >= seen_max) seen_.clear();
  seen_.insert(x.event_id);
  wanted_.push_back({std::string{author}, x.event_id});
}

std::optional<content_repair::question> content_repair::next() {
  if (open_ || wanted_.empty()) return {};
  auto q = std::move(wanted_.front());
  wanted_.pop_front();
  open_ = true;
  return q;
}

void room_machine::repair(const std::vector<matrix::event_ptr>& stripped, const std::string& giver) {
  for (const auto& x : stripped) repair_.want(*x, giver, node_.server_name);
  repair_next();
}

void room_machine::repair_next() {
  const auto q = repair_.next();
  if (!q) return;
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::event;
  r.parameters = {q->event_id};
  r.timeout_ms = node_.federation.request_timeout_ms;
  r.response_bytes_max = 2 * limits::event_bytes_max;
  asking_authors_.emplace(r.asked, 0);
  out_.send_at_once({actor_kind::remote_server, q->server}, std::move(r));
}

void room_machine::author_answer(std::uint64_t id, const peer_answer& m) {
  auto body = m.status == 200 ? matrix::json::parse_readable(m.body, {"pdus"}) : result<matrix::json::value>{m.why};
  const auto* pdus = body ? body->find_array("pdus") : nullptr;
  const auto events = pdus ? formed(*pdus, matrix::count_policy::unbounded) : std::vector<matrix::event_ptr>{};
  if (id == 0) { // of an event that is in the room already
    for (const auto& x : events)
      if (matrix::has_valid_content_hash(*x)) ask_for_kept(x);
    repair_.done();
    return repair_next();
  }
  const auto found = work_.find(id);
  if (found == work_.end()) return;
  found->second.author_of_stripped = work::author::answered;
  for (const auto& x : events)
    if (x->event_id == found->second.event->event_id) add_copy(id, found->second, x, m.server_name, {});
  settle_copies(id);
  advance();
}

void room_machine::consider_restoring(const node& kept, const matrix::event_ptr& copy) {
  if (is_stripped(*kept.event) && matrix::restored(*kept.event, *copy)) ask_for_kept(copy);
}

void room_machine::ask_for_kept(const matrix::event_ptr& copy) {
  if (restoring_.size() >= restoring_max) return;
  // Only the store knows whether a redaction took the content: then nobody brings it back.
  const auto asked = out_.next_token();
  out_.ask(asked, store::load_redaction{room_id_, "", copy->event_id});
  restoring_.emplace(asked, copy);
}

void room_machine::restore(const matrix::event_ptr& copy, const store::stored_event& kept) {
  const auto whole = is_stripped(*kept.event) ? matrix::restored(*kept.event, *copy) : nullptr;
  if (!whole) return;
  // The signature of the stripped form covers any content its author has hashed: one the rules do not allow stays out.
  if (const auto verdict = graph_.judge_restored(*whole, kept.judged); verdict.judged == store::verdict::rejected && kept.judged != verdict.judged) {
    out_.log(log_level::warning, "the content of an event is not restored: with it the event is not allowed",
                                {{"room", room_id_}, {"event", whole->event_id}, {"why", verdict.reason}});
    return;
  }
  out_.log(log_level::info, "the content of an event was found again", {{"room", room_id_}, {"event", whole->event_id}});
  graph_.replace(whole);
  out_.write(store::restore_event{room_id_, whole});
  listed_group_ = -1; // the same state may read otherwise now
  if (kept.judged != store::verdict::accepted && kept.judged != store::verdict::outlier) return;
  if (!whole->is_state()) {
    if (kept.judged == store::verdict::accepted) tell_event(whole, kept.position < 0);
  } else if (auto now = graph_.state_event(whole->type, *whole->state_key); now && now->event_id == whole->event_id) {
    tell_state_changes({{{whole->type, *whole->state_key}, kept.event, whole}});
  }
}

} // namespace causeway::room
