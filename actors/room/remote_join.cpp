#include "actors/room/remote_join.hpp"

#include "actors/handshake.hpp"
#include "actors/room/join_attempt.hpp"
#include "actors/room/joining.hpp"
#include "actors/room/partial_state.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

using matrix::json::object;

namespace {

/// How long a join waits to be told how large the room is; without an answer it is joined with all its members at once.
constexpr std::uint32_t size_timeout_ms = 5'000;

/// How often the signatures of a join's state are checked while keys are missing; about 40 s each. Afterwards what
/// cannot be verified is left out.
constexpr std::uint32_t join_verifications_max = 3;

} // namespace

void remote_join::want(const join_request& m) {
  if (join_) {
    queue_.push_back(m);
    return;
  }
  join_ = handshake{};
  join_->wanted = m;
  join_->since = out_.now();
  join_->last = {fault_code::not_found, "no server to join through is known"};
  ask();
}

void remote_join::ask() {
  auto& j = *join_;
  if (j.via >= j.wanted.via.size()) {
    auto ended = std::move(*join_);
    join_.reset();
    events_.join_failed(ended.wanted, ended.last, ended.join_outcome_unknown, std::exchange(queue_, {}));
    return;
  }
  peer_request r;
  j.at = step::make_join;
  r.endpoint = matrix::endpoint::make_join;
  r.parameters = {room_.id, j.wanted.user_id};
  for (const auto& v : matrix::room_versions()) r.query.emplace_back("ver", v.id);
  r.timeout_ms = room_.node.settings().federation.make_join_timeout_ms;
  ask_server(std::move(r));
  j.is_large = false;
  notifier_.join_progress(chat::join_phase::asking, j.wanted.user_id, j.wanted.via[j.via], 0, 0);
}

void remote_join::ask_server(peer_request r) {
  join_->is_asking = true;
  pending_.ask_server(join_->wanted.via[join_->via], std::move(r), question::of_join{});
}

bool remote_join::may_be_large() const {
  // Each member is an event at least, and a template stands behind all of them: what is no deeper than the bound has no
  // more members.
  return !join_->wanted.is_direct && join_->event->depth > std::int64_t{room_.node.settings().room.omit_members_above};
}

void remote_join::ask_size() {
  // How many members there are decides whether they come with the join or later. Only where there may be many: servers
  // that do not know the question take it for an error.
  auto& j = *join_;
  j.at = step::sizing;
  peer_request r;
  r.endpoint = matrix::endpoint::hierarchy;
  r.parameters = {room_.id};
  r.query = {{"suggested_only", "true"}};
  r.timeout_ms = size_timeout_ms;
  ask_server(std::move(r));
}

void remote_join::size_received(const peer_answer& m) {
  auto& j = *join_;
  if (auto body = m.status == 200 ? matrix::json::parse(m.body) : result<matrix::json::value>{m.why})
    if (const auto* room = body->find("room"))
      if (const auto* members = room->find_integer("num_joined_members"))
        j.is_large = *members > std::int64_t{room_.node.settings().room.omit_members_above};
  send();
}

void remote_join::next(const fault& why) {
  const bool unanswered = rank_of_refusal(why) == refusal_rank::no_answer && why.code != fault_code::peer_bad_answer;
  join_->join_outcome_unknown = join_->join_outcome_unknown || (join_->at == step::send_join && unanswered);
  if (rank_of_refusal(why) >= rank_of_refusal(join_->last)) join_->last = why;
  out_.log(log_level::info, "R117 join attempt failed; trying the next server",
           {{"room", room_.id}, {"via", join_->wanted.via[join_->via]}, {"why", to_string(why)}});
  ++join_->via;
  ask();
}

void remote_join::answered(question::of_join, const peer_answer& m) {
  join_->is_asking = false;
  if (join_->at == step::sizing) return size_received(m);
  if (m.status != 200) {
    if (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION") {
      join_->via = join_->wanted.via.size();
      join_->last = incompatible_version(m);
      return ask();
    }
    // A join that was answered with something that is no answer may have come through.
    const bool is_unanswered = m.why.code == fault_code::peer_bad_answer && join_->at == step::send_join;
    join_->join_outcome_unknown = join_->join_outcome_unknown || is_unanswered;
    return next(refusal_of(m));
  }
  if (join_->at == step::make_join) template_received(m);
  else state_received(m);
}

void remote_join::answered(question::of_join, const timed_out&) {
  join_->is_asking = false;
  next({fault_code::timed_out, "no answer"});
}

void remote_join::template_received(const peer_answer& m) {
  auto& j = *join_;
  auto x = join_of_template(room_, m, j.wanted, out_.now());
  if (!x) return next(x.error());
  j.event = *x;
  if (may_be_large()) ask_size();
  else send();
}

result<matrix::event_ptr> join_of_template(const room_state& room, const peer_answer& m, const join_request& wanted,
                                           time_ms now) {
  auto bad = [](std::string why) { return fault{fault_code::peer_bad_answer, "make_join: " + std::move(why)}; };
  auto body = matrix::json::parse(m.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  if (!shape) return bad("no event");
  const auto* version = body->find_string("room_version");
  const auto* rules = matrix::find_room_version(version ? *version : "1");
  if (!rules) return fault{fault_code::unsupported_room_version, version ? *version : "1"};
  // An invitation in the old form does not tell version 1 from 2.
  const bool old_form = wanted.room_version == "1" && rules->id == "2";
  if (!wanted.room_version.empty() && wanted.room_version != rules->id && !old_form)
    return bad("the room version is not the one known before");
  object own{{"membership", "join"}};
  if (!wanted.display_name.empty()) own.set("displayname", wanted.display_name);
  if (!wanted.avatar_url.empty()) own.set("avatar_url", wanted.avatar_url);
  const auto* offered = shape->find("content");
  if (const auto* via = offered ? offered->find_string("join_authorised_via_users_server") : nullptr)
    own.set("join_authorised_via_users_server", *via);
  auto x = sign_from_template(room.node, *shape, *rules, room.id, wanted.user_id, std::move(own), now);
  if (!x) return bad(x.error().detail);
  return *x;
}

void remote_join::send() {
  auto& j = *join_;
  j.at = step::send_join;
  notifier_.join_progress(chat::join_phase::receiving, j.wanted.user_id, j.wanted.via[j.via], 0, 0);
  peer_request r;
  r.endpoint = matrix::endpoint::send_join_v2;
  r.parameters = {room_.id, j.event->event_id};
  if (j.is_large) r.query = {{"omit_members", "true"}};
  r.body = j.event->to_json();
  r.timeout_ms = room_.node.settings().federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  ask_server(std::move(r));
}

void remote_join::state_received(const peer_answer& m) {
  auto& j = *join_;
  const auto& rules = j.event->rules();
  auto body = j.told.read(m.body, "state", room_.id, rules);
  if (!body) return next({fault_code::peer_bad_answer, "send_join: " + to_string(body.error())});
  if (restricted_join_of(*j.event)) {
    auto signed_join = with_authorising_signature(*j.event, *body);
    if (!signed_join) return next(signed_join.error());
    j.event = *signed_join;
  }
  const auto create = j.told.create();
  if (!create) return next({fault_code::peer_bad_answer, "send_join: the state has no create event"});
  if (auto fine = goes_on_from(*create, j.wanted.predecessor); !fine) {
    j.via = j.wanted.via.size(); // no other server has another create event
    j.last = fine.error();
    return ask();
  }
  j.servers.clear();
  const auto* omitted = body->find("members_omitted");
  j.members_omitted = omitted && omitted->as_bool() && *omitted->as_bool();
  if (j.members_omitted) {
    if (const auto* servers = body->find("servers_in_room"); servers && servers->as_array())
      for (const auto& name : *servers->as_array())
        if (name.as_string() && matrix::is_server_name(*name.as_string()) &&
            j.servers.size() < partial_state::servers_max)
          j.servers.insert(*name.as_string());
    // Without members nobody would be left to send anything to.
    if (j.servers.empty())
      return next({fault_code::peer_bad_answer, "send_join: members are omitted and servers_in_room is missing"});
  }
  j.at = step::verifying;
  j.verifications = 1;
  j.own_check.reset();
  verify();
}

void remote_join::verify() {
  auto& j = *join_;
  if (j.at != step::verifying || j.is_asking) return;
  notifier_.join_progress(chat::join_phase::verifying, j.wanted.user_id, j.wanted.via[j.via], j.told.verified(),
                          j.told.size());
  j.since = out_.now();
  j.is_asking = true;
  pending_.verify(j.told.verified() < j.told.size() ? j.told.next_part() : std::vector{j.event}, question::join_state{},
                  pending_questions::foreign_keys_patience_ms);
}

void remote_join::answered(question::join_state, const timed_out&) {
  join_->is_asking = false;
  next({fault_code::timed_out, "the verifier did not answer"});
}

void remote_join::answered(question::join_state, const events_verified& m) {
  auto& j = *join_;
  const bool restricted = restricted_join_of(*j.event) != nullptr;
  j.is_asking = false;
  if (j.told.verified() < j.told.size()) j.told.take(m.checks);
  else j.own_check = m.checks.front();
  if (j.told.verified() < j.told.size() || (restricted && !j.own_check)) return verify();
  const bool own_lacks_key = restricted && *j.own_check == event_check::no_key;
  if (const auto missing = j.told.without_key(); missing > 0 || own_lacks_key) {
    // Without these we would see the room otherwise than all others do. Keys that cannot be had now may be had a moment
    // later.
    if (j.verifications < join_verifications_max) {
      ++j.verifications;
      j.told.try_again();
      j.own_check.reset();
      alarm_.set(out_.now() + std::int64_t{room_.node.settings().federation.key_fetch_retry_ms} * j.verifications +
                 1'000);
      return;
    }
    out_.log(log_level::warning, "R116 join: state events left out, signing key unavailable",
             {{"room", room_.id}, {"events", std::to_string(missing)}});
  }
  if (restricted && *j.own_check != event_check::valid)
    return next({fault_code::peer_bad_answer, "send_join: the signature that lets us in is not valid"});
  all_verified();
}

void remote_join::all_verified() {
  auto& j = *join_;
  auto told = j.told.take_verified();
  auto stripped = std::move(told.stripped);
  auto tried = try_join(room_, std::move(told), j.event, j.members_omitted);
  if (!tried) return next(tried.error());
  auto ended = std::move(j);
  join_.reset();
  auto waiting = std::exchange(queue_, {});
  const bool again = room_.exists;
  auto changes = std::move(tried->changes);
  auto outliers = std::move(tried->outliers);
  writer_.join(std::move(*tried), *ended.event, ended.wanted.chat_room_id, ended.wanted.is_direct, ended.wanted.type);
  events_.joined({std::move(ended.wanted), std::move(ended.event), ended.via, again, ended.members_omitted,
                  std::move(ended.servers), std::move(changes), std::move(outliers), std::move(stripped),
                  std::move(waiting)});
}

void remote_join::on_deadline() {
  alarm_.clear();
  if (join_) verify();
}

void remote_join::describe(object& o, time_ms now) const {
  if (!join_) return;
  const auto& j = *join_;
  const char* at = j.at == step::make_join ? "make_join" : j.at == step::send_join ? "send_join" : "verifying";
  o.set("join", object{{"user", j.wanted.user_id},
                       {"via", j.via < j.wanted.via.size() ? j.wanted.via[j.via] : std::string{}},
                       {"step", at},
                       {"since_ms", now - j.since}});
}

} // namespace causeway::room
