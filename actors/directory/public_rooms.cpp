// The public directory: rooms of this server that anybody may join, and the aliases of this server.
// Source: server-server-api, "Public Room Directory".
#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace causeway::directory {
namespace {

using matrix::json::object;

constexpr std::size_t page_default = 100;
constexpr std::size_t page_max = 500;

/// A place between two entries: before or after the one with this many members and this id. As text: `n_<members>_<room id>`
/// (what follows it), `p_...` (what precedes it).
struct page_token {
  bool backwards = false;
  std::pair<std::int64_t, std::string> at;
};

std::string to_text(bool backwards, const std::pair<std::int64_t, std::string>& at) {
  return (backwards ? "p_" : "n_") + std::to_string(-at.first) + "_" + at.second;
}

std::optional<page_token> from_text(std::string_view text) {
  if (!text.starts_with("n_") && !text.starts_with("p_")) return {};
  page_token t;
  t.backwards = text[0] == 'p';
  text.remove_prefix(2);
  std::int64_t members = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), members);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (problem != std::errc{} || members < 0 || !text.starts_with('_')) return {};
  t.at = {-members, std::string{text.substr(1)}};
  return t;
}

std::string lowered(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

struct filter {
  std::string term; ///< lower case; empty: any
  bool any_type = true, without_type = false;
  std::vector<std::string> types;

  bool admits(const object& room) const {
    const auto* type = room.find("room_type");
    if (!any_type &&
        !(type ? type->as_string() && std::find(types.begin(), types.end(), *type->as_string()) != types.end()
               : without_type))
      return false;
    if (term.empty()) return true;
    for (const auto* key : {"name", "topic", "canonical_alias"})
      if (const auto* text = room.find(key);
          text && text->as_string() && lowered(*text->as_string()).find(term) != std::string::npos)
        return true;
    return false;
  }
};

filter filter_in(const matrix::json::value* body) {
  filter f;
  const auto* told = body ? body->find("filter") : nullptr;
  if (!told) return f;
  if (const auto* term = told->find_string("generic_search_term")) f.term = lowered(*term);
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
  if (auto it = public_members_.find(m.room_id); it != public_members_.end()) {
    public_rooms_.erase({it->second, m.room_id});
    public_members_.erase(it);
  }
  const auto claimed = std::exchange(aliases_of_[m.room_id], {});
  aliases_of_.erase(m.room_id);
  auto told = matrix::json::parse(m.listing.empty() ? "{}" : m.listing);
  if (node_.federation.profiles_need_shared_room) shared_rooms_.listed(m.room_id, told ? &*told : nullptr);
  std::vector<std::string> now;
  if (const auto* list = told ? told->find_array("aliases") : nullptr)
    for (const auto& a : *list)
      if (a.as_string()) now.push_back(*a.as_string());
  for (const auto& a : claimed)
    if (auto it = aliases_.find(a);
        it != aliases_.end() && it->second == m.room_id && std::find(now.begin(), now.end(), a) == now.end())
      aliases_.erase(it);
  for (const auto& a : now)
    if (const auto at = aliases_.emplace(a, m.room_id).first; at->second != m.room_id) // whoever came first keeps it
      out_.log(log_level::warning, "alias belongs to another room",
               {{"alias", a}, {"room", m.room_id}, {"has_it", at->second}});
  if (!now.empty()) aliases_of_[m.room_id] = std::move(now);
  const auto* room = told ? told->find_object("room") : nullptr;
  const auto* members = room ? room->find("num_joined_members") : nullptr;
  if (!members || !members->as_integer()) return;
  public_members_[m.room_id] = -*members->as_integer();
  public_rooms_[{-*members->as_integer(), m.room_id}] = *room;
}

void directory_machine::public_rooms(const federation_call& m) {
  if (!node_.federation.public_directory)
    return refuse(out_, m, {fault_code::forbidden, "this server's room directory is closed"});
  const bool posted = m.match->info->id == matrix::endpoint::public_rooms_filtered;
  if (posted && (!m.body || !m.body->as_object()))
    return refuse(out_, m, {fault_code::bad_json, "a JSON object is expected"});
  std::size_t limit = page_default;
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
  page_token from;
  if (since && !since->empty()) {
    auto t = from_text(*since);
    if (!t) return refuse(out_, m, {fault_code::invalid_param, "since"});
    from = std::move(*t);
  }
  const auto wanted = filter_in(posted ? m.body.get() : nullptr);
  std::vector<std::map<public_order, object>::const_iterator> page;
  bool more_before = false, more_after = false;
  if (from.backwards) {
    auto it = public_rooms_.lower_bound(from.at);
    more_after = it != public_rooms_.end();
    while (it != public_rooms_.begin() && !more_before) {
      --it;
      if (!wanted.admits(it->second)) continue;
      if (page.size() == limit) more_before = true;
      else page.push_back(it);
    }
    std::reverse(page.begin(), page.end());
  } else {
    auto it = since && !since->empty() ? public_rooms_.upper_bound(from.at) : public_rooms_.begin();
    more_before = it != public_rooms_.begin();
    for (; it != public_rooms_.end() && !more_after; ++it) {
      if (!wanted.admits(it->second)) continue;
      if (page.size() == limit) more_after = true;
      else page.push_back(it);
    }
  }
  object answer;
  matrix::json::array chunk;
  for (const auto& it : page) chunk.emplace_back(it->second);
  answer.set("chunk", std::move(chunk));
  answer.set("total_room_count_estimate", static_cast<std::int64_t>(public_rooms_.size()));
  if (!page.empty() && more_after) answer.set("next_batch", to_text(false, page.back()->first));
  if (!page.empty() && more_before) answer.set("prev_batch", to_text(true, page.front()->first));
  reply(out_, m, 200, matrix::json::canonical(answer));
}

} // namespace causeway::directory
