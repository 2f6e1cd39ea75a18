// Joining a room through another server. Source: server-server-api, "Joining Rooms".
#include "actors/handshake.hpp"
#include "actors/room/joining.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {

using matrix::json::object;

namespace {

/// How long a join waits to be told how large the room is; without an answer it is joined with all its members at once.
constexpr std::uint32_t size_timeout_ms = 5'000;

/// How often the signatures of a join's state are checked while keys are missing; about 40 s each. Afterwards what cannot be verified is left out.
constexpr std::uint32_t join_verifications_max = 3;

} // namespace

void room_machine::want_join(const join_wanted& m) {
  if (exists_ && head_.phase == store::room_phase::joined) return join_local(m);
  if (join_) {
    join_queue_.push_back(m);
    return;
  }
  join_.emplace();
  join_->wanted = m;
  join_->since = out_.now();
  join_->last = {fault_code::not_found, "no server to join through is known"};
  ask_join();
}

void room_machine::join_local(const join_wanted& m) {
  if (graph_.membership(m.user_id) == "join") return join_ended(m, {});
  if (misses_invite(m) && receive_invite(m.invite, std::string{matrix::server_name_of(m.invite->sender)}, m)) return;
  if (needs_authorisation(m.user_id)) return authorise(m.user_id, m);
  commit_join(m, {});
}

void room_machine::commit_join(const join_wanted& m, const std::string& authoriser) {
  object content{{"membership", "join"}};
  if (!m.display_name.empty()) content.set("displayname", m.display_name);
  if (!m.avatar_url.empty()) content.set("avatar_url", m.avatar_url);
  if (!authoriser.empty()) content.set("join_authorised_via_users_server", authoriser);
  fault why;
  if (graph_.membership(m.user_id) != "join") {
    auto e = author({"m.room.member", m.user_id, m.user_id, std::move(content)});
    if (!e && author_waits_) {
      policy_waiting_.emplace_back(m);
      return;
    }
    auto fine = e ? commit_local(*e) : status{e.error()};
    if (!fine) why = fine.error();
  }
  join_ended(m, why);
}

void room_machine::run(const queued_command& c, const chat::room_join& x) {
  join_wanted w;
  w.user_id = x.user;
  w.via = x.via;
  w.command = c.command.reference;
  if (c.command.profiles)
    for (const auto& p : *c.command.profiles)
      if (p.user_id == x.user) {
        w.display_name = p.display_name;
        w.avatar_url = p.avatar_url;
      }
  command_joins_ = true;
  want_join(w);
}

void room_machine::join_ended(const join_wanted& m, const fault& why, bool perhaps_joined) {
  if (!m.command) return out_.send({actor_kind::invitation, room_id_ + "|" + m.user_id}, join_finished{m.user_id, why, perhaps_joined});
  if (why.code == fault_code::none) done(*m.command, chat::room_join::name, chat::room_joined_answer{room_id_, head_.room_version, "joined"});
  else failed(*m.command, chat::room_join::name, why);
  command_joins_ = false;
  run_commands();
}

void room_machine::tell_invited() {
  // What became of the others of ours who were invited may have reached us with the room's state only: the event that says so is known by now
  // and will change nothing when it is pushed.
  graph_.for_each_member(graph_.current(), [this](const matrix::event_ptr& e) {
    if (node_.is_local(*e->state_key) && matrix::is_user_id(*e->state_key)) tell_membership_again(e);
    return true;
  });
}

void room_machine::ask_join() {
  auto& j = *join_;
  if (j.via >= j.wanted.via.size()) {
    const auto ended = std::move(j);
    join_.reset();
    release_pdus();
    auto waiting = std::exchange(join_queue_, {});
    join_ended(ended.wanted, ended.last, ended.perhaps_joined);
    for (auto& w : waiting) {
      // Whoever waited for minutes behind a server that does not answer is not sent to the same door.
      if (weight_of(ended.last) == 1) join_ended(w, ended.last);
      else want_join(w);
    }
    return;
  }
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = j.asked = out_.next_token();
  j.at = join_dance::step::make_join;
  r.endpoint = matrix::endpoint::make_join;
  r.parameters = {room_id_, j.wanted.user_id};
  for (const auto& v : matrix::room_versions()) r.query.emplace_back("ver", v.id);
  r.timeout_ms = node_.federation.make_join_timeout_ms;
  out_.send_at_once({actor_kind::remote_server, j.wanted.via[j.via]}, std::move(r));
  j.is_large = false;
  tell_progress("asking", j.wanted.user_id, j.wanted.via[j.via], 0, 0);
}

bool room_machine::may_be_large() const {
  // Each member is an event at least, and a template stands behind all of them: what is no deeper than the bound has no more members.
  return !join_->wanted.is_direct && join_->join->depth > std::int64_t{node_.room.omit_members_above};
}

void room_machine::ask_join_size() {
  // How many members there are decides whether they come with the join or later. Only where there may be many: servers that do not know the
  // question take it for an error.
  auto& j = *join_;
  j.at = join_dance::step::sizing;
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = j.asked = out_.next_token();
  r.endpoint = matrix::endpoint::hierarchy;
  r.parameters = {room_id_};
  r.query = {{"suggested_only", "true"}};
  r.timeout_ms = size_timeout_ms;
  out_.send_at_once({actor_kind::remote_server, j.wanted.via[j.via]}, std::move(r));
}

void room_machine::join_size(const peer_answer& m) {
  auto& j = *join_;
  if (auto body = m.status == 200 ? matrix::json::parse(m.body) : result<matrix::json::value>{m.why})
    if (const auto* room = body->find("room"))
      if (const auto* members = room->find_integer("num_joined_members")) j.is_large = *members > std::int64_t{node_.room.omit_members_above};
  send_join();
}

void room_machine::join_next(const fault& why) {
  const bool unanswered = weight_of(why) == 1 && why.code != fault_code::peer_bad_answer;
  join_->perhaps_joined = join_->perhaps_joined || (join_->at == join_dance::step::send_join && unanswered);
  if (weight_of(why) >= weight_of(join_->last)) join_->last = why;
  out_.log(log_level::info, "join attempt failed", {{"room", room_id_}, {"via", join_->wanted.via[join_->via]}, {"why", to_string(why)}});
  ++join_->via;
  ask_join();
}

void room_machine::join_answer(const peer_answer& m) {
  if (join_->at == join_dance::step::sizing) return join_size(m);
  if (m.status != 200) {
    if (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION") {
      join_->via = join_->wanted.via.size();
      join_->last = incompatible_version(m);
      return ask_join();
    }
    // A join that was answered with something that is no answer may have come through.
    const bool is_unanswered = m.why.code == fault_code::peer_bad_answer && join_->at == join_dance::step::send_join;
    join_->perhaps_joined = join_->perhaps_joined || is_unanswered;
    return join_next(refusal_of(m));
  }
  return join_->at == join_dance::step::make_join ? join_template(m) : join_state(m);
}

void room_machine::join_template(const peer_answer& m) {
  auto& j = *join_;
  auto x = join_of_template(m, j.wanted);
  if (!x) return join_next(x.error());
  j.join = *x;
  if (may_be_large()) ask_join_size();
  else send_join();
}

result<matrix::event_ptr> room_machine::join_of_template(const peer_answer& m, const join_wanted& wanted) const {
  auto bad = [](std::string why) { return fault{fault_code::peer_bad_answer, "make_join: " + std::move(why)}; };
  auto body = matrix::json::parse(m.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  if (!shape) return bad("no event");
  const auto* version = body->find_string("room_version");
  const auto* rules = matrix::find_room_version(version ? *version : "1");
  if (!rules) return fault{fault_code::unsupported_room_version, version ? *version : "1"};
  // An invitation in the old form does not tell version 1 from 2.
  const bool old_form = wanted.room_version == "1" && rules->id == "2";
  if (!wanted.room_version.empty() && wanted.room_version != rules->id && !old_form) return bad("the room version is not the one known before");
  object own{{"membership", "join"}};
  if (!wanted.display_name.empty()) own.set("displayname", wanted.display_name);
  if (!wanted.avatar_url.empty()) own.set("avatar_url", wanted.avatar_url);
  const auto* offered = shape->find("content");
  if (const auto* via = offered ? offered->find_string("join_authorised_via_users_server") : nullptr) own.set("join_authorised_via_users_server", *via);
  auto x = sign_from_template(node_, *shape, *rules, room_id_, wanted.user_id, std::move(own), out_.now());
  if (!x) return bad(x.error().detail);
  return *x;
}

void room_machine::send_join() {
  auto& j = *join_;
  j.at = join_dance::step::send_join;
  tell_progress("receiving", j.wanted.user_id, j.wanted.via[j.via], 0, 0);
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = j.asked = out_.next_token();
  r.endpoint = matrix::endpoint::send_join_v2;
  r.parameters = {room_id_, j.join->event_id};
  if (j.is_large) r.query = {{"omit_members", "true"}};
  r.body = j.join->to_json();
  r.timeout_ms = node_.federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  out_.send_at_once({actor_kind::remote_server, j.wanted.via[j.via]}, std::move(r));
}

void room_machine::join_state(const peer_answer& m) {
  auto& j = *join_;
  j.asked = 0;
  const auto& rules = j.join->rules();
  auto body = j.told.read(m.body, "state", room_id_, rules);
  if (!body) return join_next({fault_code::peer_bad_answer, "send_join: " + to_string(body.error())});
  if (restricted_join_of(*j.join)) {
    auto signed_join = with_authorising_signature(*j.join, *body);
    if (!signed_join) return join_next(signed_join.error());
    j.join = *signed_join;
  }
  if (!j.told.create()) return join_next({fault_code::peer_bad_answer, "send_join: the state has no create event"});
  j.servers.clear();
  const auto* omitted = body->find("members_omitted");
  j.members_omitted = omitted && omitted->as_bool() && *omitted->as_bool();
  if (j.members_omitted) {
    if (const auto* servers = body->find("servers_in_room"); servers && servers->as_array())
      for (const auto& name : *servers->as_array())
        if (name.as_string() && matrix::is_server_name(*name.as_string()) && j.servers.size() < omitted_servers_max) j.servers.insert(*name.as_string());
    // Without members nobody would be left to send anything to.
    if (j.servers.empty()) return join_next({fault_code::peer_bad_answer, "send_join: members are omitted and servers_in_room is missing"});
  }
  j.at = join_dance::step::verifying;
  j.verifications = 1;
  j.own_check.reset();
  verify_join();
}

void room_machine::verify_join() {
  auto& j = *join_;
  if (j.at != join_dance::step::verifying || j.asked != 0) return;
  tell_progress("verifying", j.wanted.user_id, j.wanted.via[j.via], j.told.verified(), j.told.size());
  j.since = out_.now();
  j.asked = out_.next_token();
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, j.asked,
                                                                     j.told.verified() < j.told.size() ? j.told.next_part() : std::vector{j.join}});
}

matrix::state_map room_machine::add_told(told_state::proven told) {
  std::vector<matrix::event_ptr> all = std::move(told.auth_chain);
  all.insert(all.end(), told.state.begin(), told.state.end());
  add_outliers(std::move(all));
  matrix::state_map state;
  for (const auto& e : told.state)
    if (const auto* n = graph_.find(e->event_id); n && n->judged != store::verdict::rejected) state.insert_or_assign({e->type, *e->state_key}, e->event_id);
  return state;
}

void room_machine::join_verified(const events_verified& m) {
  auto& j = *join_;
  const bool restricted = restricted_join_of(*j.join) != nullptr;
  j.asked = 0;
  if (j.told.verified() < j.told.size()) j.told.take(m.checks);
  else j.own_check = m.checks.front();
  if (j.told.verified() < j.told.size() || (restricted && !j.own_check)) return verify_join();
  const bool own_lacks_key = restricted && *j.own_check == event_check::no_key;
  if (const auto missing = j.told.without_key(); missing > 0 || own_lacks_key) {
    // Without these we would see the room otherwise than all others do. Keys that cannot be had now may be had a moment later.
    if (j.verifications < join_verifications_max) {
      ++j.verifications;
      j.told.try_again();
      j.own_check.reset();
      out_.wake_at(out_.now() + std::int64_t{node_.federation.key_fetch_retry_ms} * j.verifications + 1'000, "join");
      return;
    }
    out_.log(log_level::warning, "join: state events without a key", {{"room", room_id_}, {"events", std::to_string(missing)}});
  }
  if (restricted && *j.own_check != event_check::valid)
    return join_next({fault_code::peer_bad_answer, "send_join: the signature that lets us in is not valid"});
  auto told = j.told.take_proven();
  auto create = std::find_if(told.state.begin(), told.state.end(), [](const auto& e) { return e->is_state("m.room.create"); });
  if (create == told.state.end()) return join_next({fault_code::peer_bad_answer, "send_join: the create event is not validly signed"});
  // Everything hangs from it. In room version 12 the rules also see to it that it is the one the room is named after.
  if (auto lawful = matrix::check_auth(**create, nullptr, [](auto, auto) { return nullptr; }); !lawful)
    return join_next({fault_code::peer_bad_answer, "send_join: " + lawful.error().detail});
  const auto* version = (*create)->content().find("room_version");
  if ((version && version->as_string() ? *version->as_string() : "1") != j.join->rules().id)
    return join_next({fault_code::peer_bad_answer, "send_join: the create event has another room version"});

  // From here on the answer is tried on a graph of its own; the room is only touched when the join stands.
  room_graph fresh(node_.room.recent_events_max, node_.room.state_group_full_every, node_.server_name);
  std::vector<store::write> writes;
  if (exists_) fresh = graph_; // we were here before: what is known stays known
  else fresh.begin(*create);
  auto kept_graph = std::move(graph_);
  auto kept_writes = std::move(out_.writes());
  graph_ = std::move(fresh);
  out_.writes().clear();
  const auto bare = std::move(told.stripped);
  auto before = add_told(std::move(told));
  const auto state = graph_.adopt_state(std::move(before), out_.writes());
  const auto missing = graph_.missing_auth_events(*j.join);
  auto verdict = missing.empty() ? matrix::check_auth(*j.join, graph_.create().get(), graph_.lookup(state))
                                 : status{fault_code::peer_bad_answer, "auth events of our join are missing"};
  if (!verdict) {
    graph_ = std::move(kept_graph);
    out_.writes() = std::move(kept_writes);
    return join_next({fault_code::peer_bad_answer, "send_join: our join does not pass the rules against the given state: " + verdict.error().detail});
  }
  graph_.set_members_omitted(j.members_omitted);
  auto changes = graph_.restart_at(j.join, state, out_.writes());
  out_.writes().insert(out_.writes().begin(), std::make_move_iterator(kept_writes.begin()), std::make_move_iterator(kept_writes.end()));

  const bool again = exists_;
  exists_ = true;
  head_.room_version = std::string{j.join->rules().id};
  head_.phase = store::room_phase::joined;
  if (head_.chat_room_id.empty()) head_.chat_room_id = j.wanted.chat_room_id;
  if (head_.type.empty()) head_.type = type_name(infer_room_type(traits(j.wanted.is_direct)));
  head_.history_from.clear();
  for (const auto& id : j.join->prev_events) head_.history_from += (head_.history_from.empty() ? "" : " ") + id;
  head_changed_ = true;
  const auto server = j.wanted.via[j.via];
  const auto wanted = std::move(j.wanted);
  repair(bare, server);
  const auto& user = wanted.user_id;
  const bool omitted = j.members_omitted;
  if (omitted) begin_without_members(j.join->event_id, server, std::move(j.servers));
  else end_without_members();
  auto waiting = std::move(join_queue_);
  join_queue_.clear();
  join_.reset();

  auto text = [&](const char* type, const char* key) {
    auto e = graph_.state_event(type);
    const auto* v = e ? e->content().find(key) : nullptr;
    return v && v->as_string() ? *v->as_string() : std::string{};
  };
  chat::room_created created{head_.chat_room_id, room_id_, head_.room_version, room_type(), graph_.create()->sender,
                             text("m.room.name", "name"), text("m.room.topic", "topic"), {}, false};
  std::vector<std::string> members;
  graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
    if (e->membership() == "join") members.push_back(*e->state_key);
    return true;
  });
  if (!again) tell_created(std::move(created), std::move(members), omitted);
  // The members that were there before us are told with the room; of the changes only our own join is news, and, where we were in the room before, what
  // has become of those who were invited then.
  std::erase_if(changes, [&](const auto& c) {
    const bool ends_invitation = again && c.key.first == "m.room.member" && c.before && c.before->membership() == "invite";
    return !ends_invitation && c.key != matrix::state_key_pair{"m.room.member", user};
  });
  tell_state_changes(changes);
  out_.send({actor_kind::directory, ""}, room_named{room_id_, head_.chat_room_id});
  tell_invited();
  start_history(server);
  ask_members();
  join_ended(wanted, {});
  for (const auto& w : waiting) join_local(w);
  release_pdus(); // the past may take minutes: who speaks now is heard now
}

} // namespace causeway::room
