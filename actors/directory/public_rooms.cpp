// The public directory: rooms of this server that anybody may join, and the aliases of this server.
// Source: server-server-api, "Public Room Directory".
#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::directory {
namespace {

using matrix::json::object;

public_directory::filter filter_in(const matrix::json::value* body) {
  const auto* told = body ? body->find("filter") : nullptr;
  if (!told) return {};
  const auto* term = told->find_string("generic_search_term");
  auto f = public_directory::filter_for(term ? *term : std::string{});
  if (const auto* types = told->find_array("room_types")) {
    f.any_type = false;
    for (const auto& t : *types) {
      if (t.is_null()) f.without_type = true;
      if (t.as_string()) f.types.push_back(*t.as_string());
    }
  }
  return f;
}

} // namespace

void directory_machine::list(const room_listed& m) {
  auto told = matrix::json::parse(m.listing.empty() ? "{}" : m.listing);
  if (node_.settings().federation.profiles_need_shared_room) shared_rooms_.listed(m.room_id, told ? &*told : nullptr);
  direct_.listed(m.room_id, told ? &*told : nullptr);
  lookups_.listed(m.room_id, told ? &*told : nullptr);
  std::vector<std::string> now;
  if (const auto* list = told ? told->find_array("aliases") : nullptr)
    for (const auto& a : *list)
      if (a.as_string()) now.push_back(*a.as_string());
  aliases_.listed(m.room_id, std::move(now));
  public_.put(m.room_id, told ? told->find_object("room") : nullptr);
}

void directory_machine::public_rooms(const federation_call& m) {
  if (!node_.settings().federation.public_directory)
    return refuse(out_, m, {fault_code::forbidden, "this server's room directory is closed"});
  const bool posted = m.match->info->id == matrix::endpoint::public_rooms_filtered;
  if (posted && (!m.body || !m.body->as_object()))
    return refuse(out_, m, {fault_code::bad_json, "a JSON object is expected"});
  constexpr std::int64_t page_max = public_directory::page_max;
  std::size_t limit = public_directory::page_default;
  const std::string* since = nullptr;
  if (posted) {
    if (const auto* n = m.body->find_integer("limit"))
      limit = static_cast<std::size_t>(std::clamp<std::int64_t>(*n, 1, page_max));
    since = m.body->find_string("since");
  } else {
    since = m.match->find_query("since");
    if (const auto* text = m.match->find_query("limit")) {
      std::int64_t n = 0;
      const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), n);
      if (problem != std::errc{} || end != text->data() + text->size())
        return refuse(out_, m, {fault_code::invalid_param, "limit"});
      limit = static_cast<std::size_t>(std::clamp<std::int64_t>(n, 1, page_max));
    }
  }
  const auto found = public_.find(filter_in(posted ? m.body.get() : nullptr), since ? *since : std::string{}, limit);
  if (!found) return refuse(out_, m, {fault_code::invalid_param, "since"});
  object answer;
  matrix::json::array chunk;
  for (const auto* room : found->rooms) chunk.emplace_back(*room);
  answer.set("chunk", std::move(chunk));
  answer.set("total_room_count_estimate", static_cast<std::int64_t>(public_.size()));
  if (!found->after.empty()) answer.set("next_batch", found->after);
  if (!found->before.empty()) answer.set("prev_batch", found->before);
  reply(out_, m, 200, matrix::json::canonical(answer));
}

} // namespace causeway::directory
