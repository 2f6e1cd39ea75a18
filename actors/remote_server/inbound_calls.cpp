#include "actors/remote_server/inbound_calls.hpp"

#include "actors/remote_server/inbound_replies.hpp"
#include "messages/matrix/identifiers.hpp"

#include <string>
#include <utility>

namespace causeway::remote_server {
namespace {

fault too_much_history(const std::string& server) {
  return {fault_code::limit_exceeded, "too many questions of " + server + " about history are open"};
}

} // namespace

void inbound_calls::receive(const inbound_request& m, std::shared_ptr<matrix::json::value> body) {
  if (const auto wait = budget_.take(server_.options(), out_.now()); wait > 0)
    return refuse(out_, m, {fault_code::limit_exceeded, "too many requests of " + server_.name}, wait);
  if (!body && !m.request->body.empty()) {
    auto value = matrix::json::parse(m.request->body);
    if (!value) return refuse(out_, m, value.error());
    body = std::make_shared<matrix::json::value>(std::move(*value));
  }
  hand_on(m, {m.gateway, m.id, server_.name, m.match, std::move(body)});
}

void inbound_calls::hand_on(const inbound_request& m, const federation_call& call) {
  using matrix::endpoint;
  const auto& p = m.match->parameters;
  switch (m.match->info->id) {
  case endpoint::key_query_batch:
    // Each name may cost a server that is asked for its keys.
    if (const auto* names = call.body ? call.body->find_object("server_keys") : nullptr; names && names->size() > 1)
      budget_.charge_requests(server_.options(), out_.now(), names->size() - 1);
    return out_.send_at_once({actor_kind::directory, ""}, call);
  case endpoint::event: store_.ask(event_question{m}, store::find_event{p.at(0)}); return;
  case endpoint::key_query:
  case endpoint::invite_v1:
  case endpoint::invite_v2:
  case endpoint::query_profile:
  case endpoint::query_directory:
  case endpoint::public_rooms:
  case endpoint::public_rooms_filtered:
  case endpoint::user_devices:
  case endpoint::user_keys_query:
  case endpoint::user_keys_claim: return out_.send_at_once({actor_kind::directory, ""}, call);
  case endpoint::media_download:
  case endpoint::media_thumbnail: return out_.send_at_once({actor_kind::media, ""}, call);
  case endpoint::make_join:
  case endpoint::send_join_v1:
  case endpoint::send_join_v2:
  case endpoint::make_knock:
  case endpoint::send_knock:
  case endpoint::make_leave:
  case endpoint::send_leave_v1:
  case endpoint::send_leave_v2:
  case endpoint::state:
  case endpoint::state_ids:
  case endpoint::backfill:
  case endpoint::get_missing_events:
  case endpoint::event_auth:
  case endpoint::hierarchy:
  case endpoint::timestamp_to_event:
    if (!matrix::is_room_id(p.at(0))) return refuse(out_, m, {fault_code::invalid_param, "room id"});
    return hand_to_room(m, call);
  default: return refuse(out_, m, {fault_code::unrecognized, "not served"});
  }
}

void inbound_calls::hand_to_room(const inbound_request& m, const federation_call& call) {
  const address room{actor_kind::room, call.match->parameters.at(0)};
  if (!history_calls::is_one(call.match->info->id)) return out_.send_at_once(room, call);
  switch (history_.begin(server_.options().inbound_history_requests_max, room, call, out_.now())) {
  case history_calls::admission::hand_on: return out_.send_at_once(room, call);
  case history_calls::admission::refuse: return refuse(out_, m, too_much_history(server_.name), repeat_after_ms);
  case history_calls::admission::waits: break;
  }
  if (!std::exchange(is_timer_set_, true)) out_.wake_at(out_.now() + history_calls::patience_ms, timer);
}

void inbound_calls::event_found(const event_question& asked, const store::events_loaded* found) {
  const auto& m = asked.request;
  if (!found || found->events.empty()) return refuse(out_, m, {fault_code::not_found, "the event is unknown here"});
  out_.send_at_once({actor_kind::room, found->events.front().event->room_id},
                    federation_call{m.gateway, m.id, server_.name, m.match, nullptr});
}

void inbound_calls::answered(const call_answered& m) {
  budget_.charge_answer(server_.options(), out_.now(), m.bytes);
  history_.ended(m.gateway, m.id);
  hand_on_waiting();
}

void inbound_calls::hand_on_waiting() {
  while (auto one = history_.next(server_.options().inbound_history_requests_max, out_.now()))
    out_.send_at_once(one->to, std::move(one->body));
}

void inbound_calls::on_timer() {
  is_timer_set_ = false;
  const auto why = too_much_history(server_.name);
  for (const auto& late : history_.overdue(out_.now()))
    reply(out_, late.body.gateway, late.body.id, info(why.code).http_status, error_body(why));
  hand_on_waiting(); // what was handed on and never answered no longer counts
  if (history_.waiting() == 0) return;
  is_timer_set_ = true;
  out_.wake_at(out_.now() + history_calls::patience_ms / 4, timer);
}

} // namespace causeway::remote_server
