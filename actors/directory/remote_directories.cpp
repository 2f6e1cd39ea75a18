#include "actors/directory/remote_directories.hpp"

#include "actors/answers.hpp"
#include "actors/excerpt.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/media.hpp"

#include <algorithm>

namespace causeway::directory {
namespace {

using matrix::json::object;

/// The remote_server actor answers always, unless it failed meanwhile.
constexpr time_ms directory_slack_ms = 10'000;

void take_public_text(std::optional<std::string>& into, const object& from, std::string_view key,
                      std::size_t bytes_max) {
  const auto* told = from.find(key);
  if (told && told->as_string() && !told->as_string()->empty()) into = excerpt(*told->as_string(), bytes_max);
}

fault refusal_of_directory(const peer_answer& m) {
  if (m.status == 401 || m.status == 403)
    return {fault_code::forbidden, m.server_name + " does not show its public rooms: " + m.why.detail};
  if (m.errcode == "M_INVALID_PARAM") return {fault_code::invalid_param, "after: " + m.why.detail};
  return m.why;
}

} // namespace

void remote_directories::fail(const command_received& m, const fault& why) {
  command_failed(out_, m.reference, chat::query_public_rooms::name, why);
}

time_ms remote_directories::patience() const {
  return time_ms{node_.settings().federation.request_timeout_ms} + directory_slack_ms;
}

void remote_directories::run(const command_received& m, const chat::query_public_rooms& x) {
  if (!x.server || *x.server == node_.server_name) return show_own(m, x);
  if (!matrix::is_server_name(*x.server))
    return fail(m, {fault_code::invalid_identifier, "server: " + *x.server + " is no server name"});
  if (asked_.size() >= questions_max)
    return fail(m, {fault_code::overloaded, std::to_string(asked_.size()) + " directories are being asked for"});
  peer_request r;
  r.reply_to = out_.self();
  r.asked = out_.next_token();
  r.timeout_ms = node_.settings().federation.request_timeout_ms;
  r.response_bytes_max = answer_bytes_max;
  if (x.search) {
    r.endpoint = matrix::endpoint::public_rooms_filtered;
    object body{{"limit", static_cast<std::int64_t>(x.limit)}, {"filter", object{{"generic_search_term", *x.search}}}};
    if (x.after) body.set("since", *x.after);
    r.body = matrix::json::canonical(body);
  } else {
    r.endpoint = matrix::endpoint::public_rooms;
    r.query = {{"limit", std::to_string(x.limit)}};
    if (x.after) r.query.emplace_back("since", *x.after);
  }
  asked_.emplace(r.asked, question{m, *x.server, out_.now()});
  out_.send_at_once({actor_kind::remote_server, *x.server}, std::move(r));
}

bool remote_directories::answered(const peer_answer& m) {
  const auto found = asked_.find(m.asked);
  if (found == asked_.end()) return false;
  const auto q = std::move(found->second);
  asked_.erase(found);
  if (m.status != 200) {
    fail(q.command, refusal_of_directory(m));
  } else if (auto page = read(m); !page) {
    fail(q.command, page.error());
  } else {
    page->server = q.server;
    command_succeeded(out_, q.command.reference, chat::query_public_rooms::name, *page, false);
  }
  return true;
}

result<chat::public_rooms_answer> remote_directories::read(const peer_answer& m) const {
  const auto body = matrix::json::parse(m.body);
  const auto* chunk = body ? body->find_array("chunk") : nullptr;
  if (!chunk) return {fault_code::peer_bad_answer, m.server_name + " does not list its public rooms"};
  chat::public_rooms_answer page;
  for (const auto& told : *chunk) {
    if (page.rooms.size() == chat::listed_public_rooms_max) break; // more than was asked for
    if (!told.as_object()) continue;
    if (auto room = read_room(*told.as_object())) page.rooms.push_back(std::move(*room));
  }
  if (const auto* next = body->find_string("next_batch");
      next && !next->empty() && next->size() <= chat::directory_place_bytes_max)
    page.next = *next;
  if (const auto* total = body->find_integer("total_room_count_estimate"); total && *total >= 0)
    page.total = static_cast<std::uint64_t>(*total);
  return page;
}

std::optional<chat::public_room_view> remote_directories::read_room(const object& told) const {
  const auto* id = told.find("room_id");
  if (!id || !id->as_string() || !matrix::is_room_id(*id->as_string())) return {};
  chat::public_room_view x;
  x.matrix_room_id = *id->as_string();
  if (const auto own = names_.find(x.matrix_room_id); own != names_.end()) x.room = own->second;
  take_public_text(x.room_name, told, "name", name_bytes_max);
  take_public_text(x.topic, told, "topic", topic_bytes_max);
  take_public_text(x.join_rule, told, "join_rule", limits::identifier_bytes_max);
  take_public_text(x.room_kind, told, "room_type", limits::identifier_bytes_max);
  if (const auto* alias = told.find("canonical_alias");
      alias && alias->as_string() && matrix::is_room_alias(*alias->as_string()))
    x.alias = *alias->as_string();
  if (const auto* avatar = told.find("avatar_url"); avatar && avatar->as_string() &&
                                                    avatar->as_string()->size() <= name_bytes_max &&
                                                    matrix::split_mxc(*avatar->as_string()))
    x.avatar = *avatar->as_string();
  if (const auto* members = told.find("num_joined_members"); members && members->as_integer())
    x.members = static_cast<std::uint64_t>(std::max<std::int64_t>(*members->as_integer(), 0));
  if (const auto* readable = told.find("world_readable"); readable && readable->as_bool())
    x.world_readable = *readable->as_bool();
  return x;
}

void remote_directories::show_own(const command_received& m, const chat::query_public_rooms& x) {
  const auto wanted = x.search ? public_directory::filter_for(*x.search) : public_directory::filter{};
  const auto found = own_.find(wanted, x.after.value_or(""), static_cast<std::size_t>(x.limit));
  if (!found) return fail(m, {fault_code::invalid_param, "after: is not the `next` of an answer"});
  chat::public_rooms_answer page;
  page.server = node_.server_name;
  for (const auto* told : found->rooms)
    if (auto room = read_room(*told)) page.rooms.push_back(std::move(*room));
  if (!found->after.empty()) page.next = found->after;
  page.total = own_.size();
  command_succeeded(out_, m.reference, chat::query_public_rooms::name, page, false);
}

time_ms remote_directories::deadline() const { return asked_.empty() ? 0 : asked_.begin()->second.since + patience(); }

void remote_directories::expire() {
  while (!asked_.empty() && out_.now() >= deadline()) {
    const auto q = std::move(asked_.begin()->second);
    asked_.erase(asked_.begin());
    fail(q.command, {fault_code::peer_timeout, q.server + " was asked for its public rooms"});
  }
}

} // namespace causeway::directory
