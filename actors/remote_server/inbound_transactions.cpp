#include "actors/remote_server/inbound_transactions.hpp"

#include "actors/remote_server/inbound_replies.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/receipts.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

using matrix::json::object;

} // namespace

void inbound_transactions::receive(const inbound_request& m, std::shared_ptr<matrix::json::value> body) {
  const auto& id = m.match->parameters.at(0);
  for (const auto& [known, answer] : recent_answers_)
    if (known == id) return reply(out_, m.gateway, m.id, 200, answer);
  if (current_) {
    if (current_->id == id) {
      current_->waiting.emplace_back(m.gateway, m.id);
      return;
    }
    return refuse(out_, m, {fault_code::limit_exceeded, "another transaction of this server is under way"},
                  repeat_after_ms);
  }
  if (m.request->body.empty()) return refuse(out_, m, {fault_code::not_json, "a body is expected"});
  current_ = transaction{.id = id, .since = out_.now(), .waiting = {{m.gateway, m.id}}};
  if (body) current_->body = std::move(body);
  else current_->request = m.request;
  if (!std::exchange(is_timer_set_, true)) out_.wake_at(out_.now() + handling_ms_max, timer);
  // A server has one transaction in flight: only the first one after our start can repeat one from before it.
  if (!std::exchange(is_first_, false)) return begin();
  current_->repetition_token = store_.ask(repetition_question{}, store::find_received_transaction{server_.name, id});
}

void inbound_transactions::repetition_found(token asked, const store::received_transaction_found* found) {
  if (!current_ || current_->repetition_token != asked) return; // it was given up meanwhile
  current_->repetition_token = 0;
  if (found && found->response) return answer(200, *found->response);
  begin();
}

void inbound_transactions::begin() {
  auto& t = *current_;
  auto parsed = t.body ? matrix::transaction_of(std::move(*t.body)) : matrix::parse_transaction(t.request->body);
  t.body.reset();
  t.request.reset();
  fault why;
  if (!parsed)
    why = {parsed.error().code == fault_code::not_json ? fault_code::not_json : fault_code::bad_json,
           parsed.error().detail};
  else if (parsed->origin != server_.name) why = {fault_code::forbidden, "origin of the body is not the sender"};
  if (why.code != fault_code::none) return answer(info(why.code).http_status, error_body(why));
  received_pdus_ += parsed->pdus.size();
  out_.hop({}, hop_stage::transaction_accepted,
           out_.details([&] { return hop_details{server_.name, t.id, 0, request_phase::unknown, {}}; }));
  if (parsed->unreadable_pdus > 0) // nobody can be told of them: they have no event id
    out_.log(log_level::warning, "S202 unreadable PDUs skipped",
             {{"server", server_.name}, {"transaction", t.id}, {"pdus", std::to_string(parsed->unreadable_pdus)}});
  hand_on(parsed->edus);
  hand_to_rooms(std::move(parsed->pdus));
}

void inbound_transactions::hand_to_rooms(std::vector<object> pdus) {
  // Rooms work in parallel, each in the order received.
  std::vector<std::pair<std::string, std::vector<object>>> by_room;
  for (auto& pdu : pdus) {
    const auto* room = pdu.find("room_id");
    const auto* id = room ? room->as_string() : nullptr;
    // A create event of version 12 has no room_id and cannot be pushed: it comes with the state of a join.
    if (!id || !matrix::is_room_id(*id)) continue;
    auto it = std::find_if(by_room.begin(), by_room.end(), [&](const auto& each) { return each.first == *id; });
    if (it == by_room.end()) it = by_room.insert(by_room.end(), {*id, {}});
    it->second.push_back(std::move(pdu));
  }
  if (by_room.empty()) return end();
  for (auto& [room, list] : by_room) {
    const auto asked = out_.next_token();
    current_->rooms.insert(asked);
    out_.send_at_once({actor_kind::room, room}, pdus_received{out_.self(), asked, server_.name,
                                                              std::make_shared<std::vector<object>>(std::move(list))});
  }
}

void inbound_transactions::hand_on(const std::vector<matrix::edu>& edus) {
  for (const auto& e : edus) {
    if (e.edu_type == "m.receipt") hand_on_receipts(e.content);
    if (e.edu_type == "m.presence") hand_on_presence(e.content);
    if (e.edu_type != "m.typing") continue; // unknown kinds are ignored, as the specification asks
    const auto* user = e.content.find("user_id");
    const auto* room = e.content.find("room_id");
    if (!user || !user->as_string() || matrix::server_name_of(*user->as_string()) != server_.name) continue;
    if (!room || !room->as_string() || !matrix::is_room_id(*room->as_string())) continue;
    out_.send_at_once({actor_kind::room, *room->as_string()}, edu_received{server_.name, e});
  }
}

void inbound_transactions::hand_on_receipts(const object& content) {
  if (!server_.options().receipts) return;
  std::optional<std::pair<std::string, receipts_received>> of_room;
  const auto send = [&] {
    if (of_room) out_.send_at_once({actor_kind::room, of_room->first}, std::move(of_room->second));
  };
  for (auto& x : matrix::receipts_of(content, server_.name)) { // those of a room stand together
    if (!of_room || of_room->first != x.room_id) {
      send();
      of_room.emplace(x.room_id, receipts_received{server_.name, {}});
    }
    of_room->second.markers.push_back({std::move(x.user_id), std::move(x.event_id), std::move(x.thread_id), x.ts});
  }
  send();
}

void inbound_transactions::hand_on_presence(const object& content) {
  if (!server_.options().presence) return;
  auto users = matrix::presences_of(content, server_.name);
  if (!users.empty()) out_.send_at_once({actor_kind::directory, ""}, presence_received{server_.name, std::move(users)});
}

void inbound_transactions::handled(const pdus_handled& m) {
  if (!current_ || current_->rooms.erase(m.asked) == 0) return;
  auto& t = *current_;
  t.outcomes.insert(t.outcomes.end(), m.outcomes.begin(), m.outcomes.end());
  t.is_overloaded = t.is_overloaded || m.overloaded;
  if (t.rooms.empty()) end();
}

void inbound_transactions::on_timer() {
  is_timer_set_ = false;
  if (!current_) return;
  if (out_.now() - current_->since < handling_ms_max) {
    is_timer_set_ = true;
    return out_.wake_at(current_->since + handling_ms_max, timer);
  }
  constexpr int internal_server_error = 500;
  answer(internal_server_error,
         matrix::json::canonical(object{{"errcode", "M_UNKNOWN"}, {"error", "not handled in time; repeat"}}));
}

void inbound_transactions::end() {
  auto& t = *current_;
  if (t.is_overloaded) {
    const fault why{fault_code::limit_exceeded, "a room has too much under way; repeat"};
    return answer(info(why.code).http_status, error_body(why));
  }
  object verdicts;
  // In the order of the answer: each verdict is appended then, where it would move half of the others.
  std::ranges::stable_sort(t.outcomes, {}, &pdu_outcome::event_id);
  for (const auto& o : t.outcomes) {
    if (o.event_id.empty()) continue;
    object v;
    if (!o.error.empty()) v.set("error", o.error);
    verdicts.set(o.event_id, std::move(v));
  }
  const auto text = matrix::json::canonical(object{{"pdus", std::move(verdicts)}});
  // The PDUs are durable by now; the answer is kept for a repetition and rides on the next commit. Losing it in a
  // crash is harmless: events known by their id are answered alike.
  for (const auto& [gateway, id] : t.waiting)
    out_.send_at_once({actor_kind::gateway, gateway}, federation_reply{gateway, id, 200, text});
  deferred_.add(store::put_received_transaction{server_.name, t.id, text, out_.now()});
  recent_answers_.emplace_back(t.id, text);
  if (recent_answers_.size() > recent_answers_max) recent_answers_.pop_front();
  current_.reset();
}

void inbound_transactions::answer(int status, const std::string& body) {
  for (const auto& [gateway, id] : current_->waiting) reply(out_, gateway, id, status, body);
  current_.reset();
}

} // namespace causeway::remote_server
