// What the server asks of us: authentication, then PUT /send here and everything else by whom it concerns.
// Source: server-server-api, "Request Authentication", "Transactions".
#include "actors/due.hpp"
#include "actors/remote_server/remote_server_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_lists.hpp"
#include "messages/matrix/request_auth.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

using matrix::endpoint;
using matrix::json::object;

/// Requests that wait for the keys of a server that has not proved to be one.
constexpr std::size_t auth_waiting_max = 50;
constexpr std::size_t waiting_bytes_max = limits::transaction_bytes_max;
/// The same of a server no key of which was ever had: the name may be invented, and there may be many of them.
constexpr std::size_t stranger_waiting_bytes_max = 256 * 1024;
constexpr std::size_t recent_answers_max = 8;
/// Signatures of one request that are checked, each over the whole body, once or twice. Servers have one key; two while they change it.
constexpr std::size_t signatures_checked_max = 8;
/// A room that failed meanwhile answers no more: the sender is told to repeat.
constexpr time_ms handling_ms_max = 50'000;

} // namespace

void remote_server_machine::reply(const std::string& gateway, std::uint64_t id, int status, std::string body) {
  out_.send({actor_kind::gateway, gateway}, federation_reply{gateway, id, status, std::move(body)});
}

void remote_server_machine::refuse(const inbound_request& m, const fault& why, std::uint32_t retry_after_ms) {
  object body{{"errcode", info(why.code).errcode}, {"error", why.detail}};
  if (retry_after_ms != 0) body.set("retry_after_ms", std::int64_t{retry_after_ms});
  out_.send({actor_kind::gateway, m.gateway}, federation_reply{m.gateway, m.id, info(why.code).http_status,
                                                               matrix::json::canonical(body), retry_after_ms});
}

void remote_server_machine::not_authenticated(const inbound_request& m, const fault& why,
                                              std::uint32_t retry_after_ms) {
  if (m.match->info->auth != matrix::authentication::open) return refuse(m, why, retry_after_ms);
  federation_call call{m.gateway, m.id, {}, m.match, nullptr};
  if (!m.request->body.empty()) {
    auto value = matrix::json::parse(m.request->body);
    if (!value) return refuse(m, value.error());
    call.body = std::make_shared<const matrix::json::value>(std::move(*value));
  }
  out_.send_at_once({actor_kind::directory, ""}, std::move(call));
}

void remote_server_machine::inbound(const inbound_request& m) {
  if (!node_.admits(server_name_))
    return refuse(m, {fault_code::server_denied, "this server does not federate with " + server_name_});
  authenticate(m, false);
}

const matrix::verify_key* remote_server_machine::current_key(const std::string& key_id) const {
  const auto key = keys_->find(key_id);
  return key == keys_->end() || key->second.is_old || key->second.valid_until_ts < out_.now() ? nullptr : &key->second;
}

bool remote_server_machine::has_key_for(const inbound_request& m) const {
  return std::any_of(m.authorization->begin(), m.authorization->end(), [&](const auto& header) {
    const auto x = matrix::parse_x_matrix(header);
    return x && x->origin == server_name_ && current_key(x->key_id);
  });
}

void remote_server_machine::authenticate(const inbound_request& m, bool after_fetch) {
  const std::string_view sent = m.request->body;
  std::shared_ptr<matrix::json::value> body;
  std::string canonical;
  std::size_t checked = 0;
  bool key_missing = false, key_doubted = false;
  std::string problem = "no usable X-Matrix signature";
  for (const auto& header : *m.authorization) {
    auto x = matrix::parse_x_matrix(header);
    if (!x || x->origin != server_name_) continue;
    if (x->destination && *x->destination != node_.server_name) {
      problem = "the request is signed for " + *x->destination;
      continue;
    }
    const auto* key = current_key(x->key_id);
    if (!key) {
      key_missing = true;
      problem = "key " + x->key_id + " of " + server_name_ + " is not known or not valid now" +
                (keys_fault_.empty() ? "" : ": " + keys_fault_);
      continue;
    }
    if (checked++ == signatures_checked_max) break;
    const auto& destination = x->destination ? *x->destination : node_.server_name;
    const auto is_signed = [&](std::string_view content) {
      return matrix::verify_signature(
        key->public_key_base64, x->signature,
        matrix::request_signed_bytes_of_text(m.request->method, m.request->target, server_name_, destination,
                                             sent.empty() ? std::nullopt : std::optional{content}));
    };
    // Most servers send canonical JSON: then the text that was signed is the text that came, and nothing is parsed before it is known
    // whose it is. Otherwise it is made canonical.
    if (is_signed(sent)) return serve(m, nullptr);
    if (!body && !sent.empty()) {
      auto value = m.match->info->id == endpoint::send ? matrix::json::parse_deep(sent) : matrix::json::parse(sent);
      if (!value) return refuse(m, value.error());
      body = std::make_shared<matrix::json::value>(std::move(*value));
      canonical = matrix::json::canonical(*body);
    }
    if (body && canonical != sent && is_signed(canonical)) return serve(m, std::move(body));
    key_doubted = true;
    problem = "the signature does not match the request";
  }
  // Somebody uses its name right now, so it is worth a try sooner than for an event that may be years old.
  const bool under_way = keys_request_ != 0 || notary_token_ != 0;
  const bool paused = !under_way && is_within(keys_asked_at_, node_.federation.key_fetch_retry_ms, out_.now());
  const bool fetch_for_missing = key_missing && !paused, fetch_for_doubt = key_doubted && may_doubt_keys();
  if (after_fetch || (!fetch_for_missing && !fetch_for_doubt))
    return not_authenticated(m, {fault_code::unauthorized, problem});
  std::size_t waiting_bytes = m.request->body.size();
  for (const auto& w : auth_waiting_) waiting_bytes += w.request.request->body.size();
  const auto room = keys_->empty() ? stranger_waiting_bytes_max : waiting_bytes_max;
  const bool waits = auth_waiting_.size() < auth_waiting_max && waiting_bytes <= room;
  if (waits) auth_waiting_.push_back({m, !fetch_for_missing});
  if (keys_request_ == 0 && (fetch_for_doubt || !under_way)) {
    if (fetch_for_doubt) keys_doubted_at_ = out_.now();
    fetch_keys();
  }
  // When it is repeated the keys may be there.
  if (!waits)
    not_authenticated(m, {fault_code::limit_exceeded, "too much waits for the keys of " + server_name_ + "; repeat"},
                      1'000);
}

void remote_server_machine::serve(const inbound_request& m, std::shared_ptr<matrix::json::value> body) {
  last_contact_ = out_.now();
  sign_of_life();
  refresh_keys();
  const auto& p = m.match->parameters;
  // A transaction has its own bound: one under way.
  if (m.match->info->id == endpoint::send) return take_transaction(m, std::move(body));
  if (const auto wait = budget_.take(node_.federation, out_.now()); wait > 0)
    return refuse(m, {fault_code::limit_exceeded, "too many requests of " + server_name_}, wait);
  if (!body && !m.request->body.empty()) {
    auto value = matrix::json::parse(m.request->body);
    if (!value) return refuse(m, value.error());
    body = std::make_shared<matrix::json::value>(std::move(*value));
  }
  const federation_call call{m.gateway, m.id, server_name_, m.match, body};
  auto hand_to = [&](address to) { out_.send_at_once(std::move(to), call); };
  switch (m.match->info->id) {
  case endpoint::key_query_batch:
    // Each name may cost a server that is asked for its keys.
    if (const auto* names = body ? body->find_object("server_keys") : nullptr; names && names->size() > 1)
      budget_.charge_requests(node_.federation, out_.now(), names->size() - 1);
    return hand_to({actor_kind::directory, ""});
  case endpoint::key_query: return hand_to({actor_kind::directory, ""});
  case endpoint::event: {
    const auto asked = out_.next_token();
    out_.ask(asked, store::find_event{p.at(0)});
    finding_event_.emplace(asked, m);
    return;
  }
  case endpoint::invite_v1:
  case endpoint::invite_v2:
  case endpoint::query_profile:
  case endpoint::query_directory:
  case endpoint::public_rooms:
  case endpoint::public_rooms_filtered:
  case endpoint::user_devices:
  case endpoint::user_keys_query:
  case endpoint::user_keys_claim: return hand_to({actor_kind::directory, ""});
  case endpoint::media_download:
  case endpoint::media_thumbnail: return hand_to({actor_kind::media, ""});
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
    if (!matrix::is_room_id(p.at(0))) return refuse(m, {fault_code::invalid_param, "room id"});
    return hand_to_room(m, call);
  default: return refuse(m, {fault_code::unrecognized, "not served"});
  }
}

void remote_server_machine::hand_to_room(const inbound_request& m, const federation_call& call) {
  const address room{actor_kind::room, call.match->parameters.at(0)};
  const auto hand_on = [&] { out_.send_at_once(room, call); };
  if (!history_calls::is_one(call.match->info->id)) return hand_on();
  switch (history_calls_.begin(node_.federation.inbound_history_requests_max, room, call, out_.now())) {
  case history_calls::admission::hand_on: return hand_on();
  case history_calls::admission::refuse:
    return refuse(m, {fault_code::limit_exceeded, "too many questions of " + server_name_ + " about history are open"},
                  1'000);
  case history_calls::admission::waits: break;
  }
  if (!std::exchange(calls_watched_, true)) out_.wake_at(out_.now() + history_calls::patience_ms, "calls");
}

void remote_server_machine::call_ended(const call_answered& m) {
  budget_.charge_answer(node_.federation, out_.now(), m.bytes);
  history_calls_.ended(m.gateway, m.id);
  hand_on_waiting();
}

void remote_server_machine::hand_on_waiting() {
  while (auto one = history_calls_.next(node_.federation.inbound_history_requests_max, out_.now()))
    out_.send_at_once(one->to, std::move(one->body));
}

void remote_server_machine::calls_overdue() {
  calls_watched_ = false;
  const fault why{fault_code::limit_exceeded, "too many questions of " + server_name_ + " about history are open"};
  const auto text = matrix::json::canonical(object{{"errcode", info(why.code).errcode}, {"error", why.detail}});
  for (const auto& late : history_calls_.overdue(out_.now()))
    reply(late.body.gateway, late.body.id, info(why.code).http_status, text);
  hand_on_waiting(); // what was handed on and never answered no longer counts
  if (history_calls_.waiting() == 0) return;
  calls_watched_ = true;
  out_.wake_at(out_.now() + history_calls::patience_ms / 4, "calls");
}

void remote_server_machine::take_transaction(const inbound_request& m, std::shared_ptr<matrix::json::value> body) {
  const auto& id = m.match->parameters.at(0);
  for (const auto& [known, answer] : recent_answers_)
    if (known == id) return reply(m.gateway, m.id, 200, answer);
  if (receiving_) {
    if (receiving_->id == id) {
      receiving_->waiting.emplace_back(m.gateway, m.id);
      return;
    }
    return refuse(m, {fault_code::limit_exceeded, "another transaction of this server is under way"}, 1'000);
  }
  if (m.request->body.empty()) return refuse(m, {fault_code::not_json, "a body is expected"});
  receiving_.emplace();
  receiving_->id = id;
  receiving_->waiting.emplace_back(m.gateway, m.id);
  if (body) receiving_->body = std::move(body);
  else receiving_->request = m.request;
  receiving_->since = out_.now();
  if (!watching_) out_.wake_at(out_.now() + handling_ms_max, "receiving");
  watching_ = true;
  // A server has one transaction in flight: only the first one after our start can repeat one from before it.
  if (!std::exchange(first_received_, false)) return begin_transaction(id);
  receiving_->repetition_token = out_.next_token();
  out_.ask(receiving_->repetition_token, store::find_received_transaction{server_name_, id});
}

void remote_server_machine::begin_transaction(const std::string&) {
  auto& r = *receiving_;
  auto parsed = r.body ? matrix::transaction_of(std::move(*r.body)) : matrix::parse_transaction(r.request->body);
  r.body.reset();
  r.request.reset();
  fault why;
  if (!parsed)
    why = {parsed.error().code == fault_code::not_json ? fault_code::not_json : fault_code::bad_json,
           parsed.error().detail};
  else if (parsed->origin != server_name_) why = {fault_code::forbidden, "origin of the body is not the sender"};
  if (why.code != fault_code::none) {
    const auto text = matrix::json::canonical(object{{"errcode", info(why.code).errcode}, {"error", why.detail}});
    for (const auto& [gateway, id] : r.waiting) reply(gateway, id, info(why.code).http_status, text);
    receiving_.reset();
    return;
  }
  received_pdus_ += parsed->pdus.size();
  if (parsed->unreadable_pdus > 0) // nobody can be told of them: they have no event id
    out_.log(log_level::warning, "PDUs left out that cannot be read",
             {{"server", server_name_}, {"transaction", r.id}, {"pdus", std::to_string(parsed->unreadable_pdus)}});
  take_edus(parsed->edus);
  // Rooms work in parallel, each in the order received.
  std::vector<std::pair<std::string, std::vector<object>>> by_room;
  for (auto& pdu : parsed->pdus) {
    const auto* room = pdu.find("room_id");
    const auto* id = room ? room->as_string() : nullptr;
    // A create event of version 12 has no room_id and cannot be pushed: it comes with the state of a join.
    if (!id || !matrix::is_room_id(*id)) continue;
    auto it = std::find_if(by_room.begin(), by_room.end(), [&](const auto& r2) { return r2.first == *id; });
    if (it == by_room.end()) it = by_room.insert(by_room.end(), {*id, {}});
    it->second.push_back(std::move(pdu));
  }
  if (by_room.empty()) return end_transaction();
  for (auto& [room, pdus] : by_room) {
    const auto asked = out_.next_token();
    r.rooms[asked] = false;
    out_.send_at_once({actor_kind::room, room}, pdus_received{{actor_kind::remote_server, server_name_},
                                                              asked,
                                                              server_name_,
                                                              std::make_shared<std::vector<object>>(std::move(pdus))});
  }
}

void remote_server_machine::take_edus(const std::vector<matrix::edu>& edus) {
  for (const auto& e : edus) {
    if (e.edu_type != "m.typing") continue; // unknown kinds are ignored, as the specification asks
    const auto* user = e.content.find("user_id");
    const auto* room = e.content.find("room_id");
    if (!user || !user->as_string() || matrix::server_name_of(*user->as_string()) != server_name_) continue;
    if (!room || !room->as_string() || !matrix::is_room_id(*room->as_string())) continue;
    out_.send_at_once({actor_kind::room, *room->as_string()}, edu_received{server_name_, e});
  }
}

void remote_server_machine::handled(const pdus_handled& m) {
  if (!receiving_) return;
  auto& r = *receiving_;
  auto it = r.rooms.find(m.asked);
  if (it == r.rooms.end()) return;
  r.rooms.erase(it);
  r.outcomes.insert(r.outcomes.end(), m.outcomes.begin(), m.outcomes.end());
  r.overloaded = r.overloaded || m.overloaded;
  if (r.rooms.empty()) end_transaction();
}

void remote_server_machine::watch_transaction() {
  watching_ = false;
  if (!receiving_) return;
  if (out_.now() - receiving_->since < handling_ms_max) {
    watching_ = true;
    out_.wake_at(receiving_->since + handling_ms_max, "receiving");
    return;
  }
  for (const auto& [gateway, id] : receiving_->waiting)
    reply(gateway, id, 500,
          matrix::json::canonical(object{{"errcode", "M_UNKNOWN"}, {"error", "not handled in time; repeat"}}));
  receiving_.reset();
}

void remote_server_machine::end_transaction() {
  auto& r = *receiving_;
  if (r.overloaded) {
    const auto why = matrix::json::canonical(
      object{{"errcode", "M_LIMIT_EXCEEDED"}, {"error", "a room has too much under way; repeat"}});
    for (const auto& [gateway, id] : r.waiting) reply(gateway, id, 429, why);
    receiving_.reset();
    return;
  }
  object verdicts;
  // In the order of the answer: each verdict is appended then, where it would move half of the others.
  std::ranges::stable_sort(r.outcomes, {}, &pdu_outcome::event_id);
  for (const auto& o : r.outcomes) {
    if (o.event_id.empty()) continue;
    object v;
    if (!o.error.empty()) v.set("error", o.error);
    verdicts.set(o.event_id, std::move(v));
  }
  const auto text = matrix::json::canonical(object{{"pdus", std::move(verdicts)}});
  // The PDUs are durable by now; the answer is kept for a repetition and rides on the next commit. Losing it in a crash is
  // harmless: events known by their id are answered alike.
  for (const auto& [gateway, id] : r.waiting)
    out_.send_at_once({actor_kind::gateway, gateway}, federation_reply{gateway, id, 200, text});
  lazy_.push_back(store::put_received_transaction{server_name_, r.id, text, out_.now()});
  recent_answers_.emplace_back(r.id, text);
  if (recent_answers_.size() > recent_answers_max) recent_answers_.pop_front();
  receiving_.reset();
}

} // namespace causeway::remote_server
