#include "actors/room/room_upgrade.hpp"

#include "actors/answers.hpp"
#include "actors/room/event_text.hpp"
#include "actors/room/roles.hpp"
#include "actors/room/succession.hpp"
#include "actors/room/successor_state.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr const char* tombstone_text = "This room has been replaced";
/// Of an upgraded room: what its members need to write there, or to invite, at least.
constexpr std::int64_t closed_level = 50;

draft tombstone_of(const std::string& by, const std::string& successor) {
  return {"m.room.tombstone", by, "", {{"body", tombstone_text}, {"replacement_room", successor}}};
}

} // namespace

// -- the room that is upgraded

command_outcome room_upgrade::run(const queued_command& c, const chat::room_upgrade& x) {
  if (room_.graph.membership(x.by) != matrix::membership::join)
    return fault{fault_code::not_member, x.by + " is not in the room"};
  if (auto fine = may_go_on(room_); !fine) return fine.error();
  const auto version = x.version.value_or(room_.node.settings().federation.room_version);
  const auto* rules = matrix::find_room_version(version);
  // Before version 8 a room cannot let in who was in another one: its members could not come along.
  if (!rules || !rules->restricted_join) return fault{fault_code::unsupported_room_version, "version: " + version};
  auto create = successor_create(room_, *rules, x.by, c.command.random, out_.now());
  if (!create) return create.error();
  if (auto may = authoring_.draft_event(tombstone_of(x.by, (*create)->room_id)); !may) return may.error();
  work_ = work{*create, c.command.reference, out_.now(), 0};
  writer_.put_succession(to_row(*work_));
  ask();
  return ends_later{};
}

std::string room_upgrade::to_row(const work& w) {
  return matrix::json::canonical(object{{"at", "founding"},
                                        {"create", w.create->to_json()},
                                        {"version", w.create->rules().id},
                                        {"session", w.command.session},
                                        {"command_id", w.command.command_id},
                                        {"since", w.since}});
}

std::optional<room_upgrade::work> room_upgrade::from_row(const std::string& row) {
  const auto told = matrix::json::parse(row);
  const auto* at = told ? told->find_string("at") : nullptr;
  if (!at || *at != "founding") return {};
  const auto* text = told->find_string("create");
  const auto* version = told->find_string("version");
  const auto* session = told->find_string("session");
  const auto* command = told->find_string("command_id");
  const auto* since = told->find_integer("since");
  const auto* rules = version ? matrix::find_room_version(*version) : nullptr;
  if (!text || !rules || !session || !command || !since) return {};
  auto create = matrix::parse_event(*text, *rules);
  if (!create) return {};
  return work{*create, {*session, *command, 0}, *since, 0};
}

void room_upgrade::load() {
  if (!room_.takes_part() || room_.head.succession.empty()) return;
  work_ = from_row(room_.head.succession);
  if (work_) ask();
}

void room_upgrade::ask() {
  out_.send({actor_kind::room, work_->create->room_id},
            successor_request{room_.id, work_->create, room_.type(), state_to_copy(room_)});
  alarm_.set(out_.now() + repeat_ms);
}

void room_upgrade::on_deadline() {
  alarm_.clear();
  if (!work_) return;
  if (++work_->repeats > repeats_max) return fail({fault_code::timed_out, "the new room could not be made in time"});
  ask();
}

void room_upgrade::fail(const fault& why) {
  out_.log(log_level::warning, "R144 room upgrade failed",
           {{"room", room_.id}, {"successor", work_->create->room_id}, {"why", to_string(why)}});
  command_failed(out_, work_->command, chat::room_upgrade::name, why);
  work_.reset();
  alarm_.clear();
  writer_.put_succession({});
}

void room_upgrade::founded(const successor_founded& m) {
  if (!work_ || m.room_id != work_->create->room_id) return;
  if (m.why.code != fault_code::none) return fail(m.why);
  const auto& create = *work_->create;
  auto tombstone = authoring_.author(tombstone_of(create.sender, create.room_id));
  if (tombstone.waits()) return authoring_.try_again_later(m);
  auto done = tombstone ? authoring_.commit(*tombstone) : status{tombstone.error()};
  if (!done) return fail(done.error());
  close(create.sender);
  const auto of = std::exchange(work_, {});
  alarm_.clear();
  go_on_as(room_, out_, writer_, notifier_,
           {of->create->room_id, std::string{of->create->rules().id}, of->create->sender, (*tombstone)->event_id,
            notifier_.shown_ts(tombstone->get())});
  writer_.put_succession({});
  command_succeeded(out_, of->command, chat::room_upgrade::name,
                    chat::room_upgraded_answer{of->create->room_id, std::string{of->create->rules().id}});
}

void room_upgrade::close(const std::string& by) {
  quiet_ = true;
  const auto alias = room_.graph.state_event("m.room.canonical_alias");
  if (alias && !alias->content().empty()) try_set("m.room.canonical_alias", by, {});
  if (const auto levels = room_.graph.state_event(levels_type)) {
    auto content = levels->content();
    const auto now = room_.graph.levels();
    const auto least = std::max(closed_level, now.of_action("users_default") + 1);
    for (const auto* key : {"events_default", "invite"})
      if (now.of_action(key) < least) content.set(key, least);
    if (content != levels->content()) try_set(levels_type, by, std::move(content));
  }
  quiet_ = false;
}

void room_upgrade::try_set(const char* type, const std::string& by, object content) {
  // It would be better so; the room has gone on without it too, where `by` may not, or the policy server has to be
  // asked.
  auto e = authoring_.author({type, by, "", std::move(content)});
  if (e) (void)authoring_.commit(*e);
}

// -- the room that is made

void room_upgrade::found(const successor_request& m) {
  successor_founded answer{room_.id, {}};
  if (!room_.exists)
    if (auto fine = make(m); !fine) answer.why = fine.error();
  out_.send({actor_kind::room, m.predecessor}, std::move(answer));
}

status room_upgrade::make(const successor_request& m) {
  const auto* federates = m.create->content().find("m.federate");
  quiet_ = true;
  writer_.create(m.create, {}, m.type, !federates || !federates->as_bool() || *federates->as_bool());
  status fine = ok();
  for (auto& d : successor_drafts(room_.node, m)) {
    auto e = authoring_.author(d);
    fine = e ? authoring_.commit(*e) : status{e.waits() ? fault{fault_code::internal, "a policy server"} : e.error()};
    if (!fine) break;
  }
  quiet_ = false;
  if (fine) writer_.write_head_again();
  else writer_.give_up_create();
  return fine;
}

void room_upgrade::describe(object& o, time_ms now) const {
  if (!work_) return;
  o.set("upgrade", object{{"successor", work_->create->room_id},
                          {"repeats", static_cast<std::int64_t>(work_->repeats)},
                          {"since_ms", now - work_->since}});
}

} // namespace causeway::room
